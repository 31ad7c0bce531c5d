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
    assert options.limits([f"{name}={limit!r}"]) == {name: limit}


def test_options_beside_resume_are_refused():
    options.alone("--resume", python=None, repeat=None)
    with pytest.raises(UsageError, match="--repeat cannot change it"):
        options.alone("--resume", python=None, repeat=3)
    with pytest.raises(UsageError, match="--from cannot change it"):
        options.alone("--resume", recording="x")
