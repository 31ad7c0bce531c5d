from __future__ import annotations

import pytest

from brinell.core.thresholds import ALL_METRICS, example_limit, why_no_limit


@pytest.mark.parametrize("name", ALL_METRICS)
def test_the_limit_of_an_example_is_one(name):
    assert why_no_limit(name, example_limit(name)) is None
    assert "0 or more" in why_no_limit(name, -1)
    assert "0 or more" in why_no_limit(name, float("nan"))


@pytest.mark.parametrize("name", ["error_rate", "hit_rate", "reach"])
def test_a_share_is_no_percentage(name):
    assert why_no_limit(name, 1) is None
    assert why_no_limit(name, 90) == "a share lies between 0 and 1: 90 % is 0.9"


@pytest.mark.parametrize("name", ["min_rate", "p95_ms", "lost", "stale_reads", "directory_bytes"])
def test_other_limits_are_as_high_as_one_likes(name):
    assert why_no_limit(name, 90) is None
