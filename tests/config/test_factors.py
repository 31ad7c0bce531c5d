from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.config.factors import FACTORS, levels
from brinell.core.errors import UsageError
from brinell_inside import factors as inside

PAGE = (Path(__file__).parents[2] / "docs" / "COMMANDS.md").read_text(encoding="utf-8")


def test_the_factors_are_those_that_can_be_applied():
    assert set(FACTORS) == set(inside.FACTORS)


def test_every_factor_is_described():
    table = PAGE[PAGE.index("| Factor | Level |") :].partition("\n\n")[0]
    described = [
        name for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    ]
    assert sorted(described) == sorted(FACTORS)


@pytest.mark.parametrize("name", FACTORS)
def test_every_example_is_a_level(name):
    assert set(levels([f"{name}={FACTORS[name].example}"])) == {name}


@pytest.mark.parametrize(
    ("given_", "level"),
    [
        ("umask=077", "077"),
        ("hash=7", 7),
        ("switch=1e-6", 1e-6),
        (
            'clock={"at":"2028-02-29T10:17:00","tz":"Europe/Berlin"}',
            {"at": "2028-02-29T10:17:00", "tz": "Europe/Berlin"},
        ),
        ('nofile={"limit":64,"exact":true}', {"limit": 64, "exact": True}),
        ('cpu={"spinners":3}', {"spinners": 3}),
        ("tz=<+0545>-5:45", "<+0545>-5:45"),
    ],
)
def test_levels_are_read_as_they_are_applied(given_, level):
    assert list(levels([given_]).values()) == [level]


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        (["tz"], "FACTOR=LEVEL"),
        (["hsh=1"], "valid: tz, locale"),
        (["hash=1", "hash=2"], "given twice"),
        (["network=block"], "valid: apart, blocked, all"),
        (["locale={}"], "locale takes the name"),
        (["hash=-1"], "a whole number"),
        (["umask=99"], "octal"),
        (["clock=noon"], "ISO 8601"),
        (["clock={}"], "ISO 8601"),
        (["switch=nan"], "seconds"),
        (["nofile={}"], "a number of files"),
        (["cpu={]"], "starved"),
        (["tz="], "a time zone"),
    ],
)
def test_what_is_no_level_is_refused(given_, said):
    with pytest.raises(UsageError, match=re.escape(said)) as caught:
        levels(given_)
    assert caught.value.hint


@given(st.sampled_from(sorted(FACTORS)), st.text(max_size=30) | st.integers().map(str) | st.just('{"at": 3}'))
def test_any_text_is_a_level_or_a_usage_error(name, text):
    with contextlib.suppress(UsageError):
        json.dumps(levels([f"{name}={text}"]))
