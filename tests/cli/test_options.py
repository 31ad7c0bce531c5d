from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.cli import options
from brinell.core.errors import UsageError
from brinell.core.thresholds import METRICS


def test_limits_are_read():
    assert options.limits(["p95_ms=500", " error_rate = 0.01 "]) == {"p95_ms": 500, "error_rate": 0.01}
    assert options.limits(None) == {}


@pytest.mark.parametrize("item", ["p95_ms", "p95=3", "p95_ms=fast", "p95_ms=-1", "p95_ms=nan", "p95_ms=inf", "=3", ""])
def test_other_limits_are_refused_with_a_fix(item):
    with pytest.raises(UsageError, match="--slo"):
        options.limits([item])


def test_the_nearest_threshold_is_named():
    with pytest.raises(UsageError) as caught:
        options.limits(["p95=300"])
    assert caught.value.hint == "did you mean p95_ms=300?"


@given(st.sampled_from(METRICS), st.floats(0, 1e15))
def test_every_threshold_takes_a_number(name, limit):
    limit = limit / 1e15 if name.endswith("error_rate") else limit  # a share
    assert options.limits([f"{name}={limit!r}"]) == {name: limit}


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["run", "--out", "x"], "--out"),
        (["suite", "tests"], "DIRECTORY"),
        (["suite", "--repeat", "3"], "--repeat"),
        (["suite", "--from", "x"], "--from"),
        (["suite", "--", "-x"], "pytest arguments"),
        (["load", "http://127.0.0.1/"], "URL"),
        (["load", "--connections", "64"], "--connections"),
        (["load", "--slo", "p95_ms=1"], "--slo"),
    ],
)
def test_options_that_cannot_change_a_resumed_run_are_refused(brinell, argv, said):
    name, *rest = argv
    given = brinell(name, "--resume", "latest", *rest)
    assert given.code == 2
    assert f"{said} cannot change it" in given.err
