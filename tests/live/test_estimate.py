from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.live.estimate import Estimate


def test_a_steady_pace_is_extrapolated():
    estimate = Estimate(0.0)
    for second in range(1, 11):
        estimate.update(second * 2, second)
    assert estimate.remaining_s(100) == pytest.approx(40)


def test_nothing_is_said_before_there_is_anything_to_go_by():
    estimate = Estimate(0.0)
    assert estimate.remaining_s(10) is None
    estimate.update(5, 0.5)
    assert estimate.remaining_s(10) is None
    assert estimate.remaining_s(None) is None


def test_a_step_that_has_not_moved_has_no_estimate():
    estimate = Estimate(0.0)
    estimate.update(0, 10.0)
    assert estimate.remaining_s(10) is None


def test_a_stall_makes_the_rest_longer():
    estimate = Estimate(0.0)
    for second in range(1, 11):
        estimate.update(second, second)
    before = estimate.remaining_s(20)
    estimate.update(10, 30.0)
    assert estimate.remaining_s(20) > before


def test_what_comes_before_the_first_test_is_not_its_pace():
    estimate = Estimate(0.0)
    for second in range(60):
        estimate.update(0, second)
    for second in range(60, 65):
        estimate.update((second - 59) * 10, second)
    assert estimate.remaining_s(100) == pytest.approx(5)


def test_a_slow_start_is_forgotten():
    estimate = Estimate(0.0)
    estimate.update(1, 30.0)
    for second in range(31, 120):
        estimate.update(1 + (second - 30) * 10, second)
    assert estimate.remaining_s(1000) == pytest.approx((1000 - estimate._done) / 10, rel=0.05)


def test_beginning_anew_keeps_what_was_learnt():
    estimate = Estimate(0.0)
    for second in range(1, 11):
        estimate.update(second, second)
    estimate.update(0, 11.0)
    assert estimate.remaining_s(10) == pytest.approx(10, rel=0.05)


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1e3)), max_size=30), st.floats(0, 1e6))
def test_never_negative_whatever_is_reported(steps, total):
    estimate, now = Estimate(0.0), 0.0
    for done, passed in steps:
        now += passed
        estimate.update(done, now)
        left = estimate.remaining_s(total)
        assert left is None or left >= 0


def test_a_rate_that_is_hardly_one_says_nothing():
    estimate = Estimate(0.0)
    estimate.update(2.2e-308, 1.0)
    estimate.update(2.2e-308, 2.0)
    assert estimate.remaining_s(8.0) is None
