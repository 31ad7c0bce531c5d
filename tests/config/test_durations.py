from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.config.durations import LONGEST_S, seconds, spell


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("30s", 30),
        ("5m", 300),
        ("250ms", 0.25),
        ("1h30m", 5400),
        ("90", 90),
        (2, 2),
        (0.5, 0.5),
        ("1.5m", 90),
        ("1d", 86400),
    ],
)
def test_reads_what_people_write(given, expected):
    assert seconds(given) == pytest.approx(expected)


@pytest.mark.parametrize("given", ["", "s", "5x", "5 m", "-3s", "0", 0, -1, "1e3", "31d", float("inf"), 10**400, "٣s"])
def test_refuses_everything_else(given):
    with pytest.raises(ValueError, match="duration"):
        seconds(given)


def test_refuses_not_a_number():
    with pytest.raises(ValueError, match="duration"):
        seconds(float("nan"))


@given(st.integers(1, int(LONGEST_S * 1000)))
def test_what_is_spelled_reads_back(milliseconds):
    assert seconds(spell(milliseconds / 1000)) == pytest.approx(milliseconds / 1000)


@given(st.text())
def test_any_text_is_a_duration_or_a_value_error(text):
    with contextlib.suppress(ValueError):
        assert 0 < seconds(text) <= LONGEST_S
