from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.core.sequential import BROKEN, HELD, Bound, Decision, Second, decide, growth, shares

P95 = Bound("p95_ms", 0.05, 0.5)
ERRORS = Bound("error_rate", 0.01)
MEAN = Bound("mean_ms", 2e6, is_share=False)


def seconds(number, due, ended, *sums):
    return [Second(due, ended, tuple(float(one) for one in sums))] * number


def told(*rows):
    return [Second(due, ended, (float(above),)) for due, ended, above in rows]


def test_a_subject_that_keeps_up_and_is_quick_is_held_after_a_few_seconds():
    assert decide(seconds(2, 500, 500, 0), [P95], rate=500).verdict is None
    assert decide(seconds(3, 500, 500, 0), [P95], rate=500) == Decision(HELD, "")


def test_few_requests_take_longer_to_say_the_same():
    assert decide(seconds(4, 20, 20, 0), [P95], rate=20).verdict is None
    assert decide(seconds(15, 20, 20, 0), [P95], rate=20).verdict == HELD
    assert decide(seconds(4, 20, 20, 0), [P95], rate=20, ended=True).verdict == HELD


def test_too_many_slow_answers_break_it():
    assert decide(seconds(4, 500, 500, 250), [P95], rate=500) == Decision(BROKEN, "p95_ms")


def test_errors_break_it_whatever_the_times_are():
    assert decide(seconds(4, 500, 500, 0, 100), [P95, ERRORS], rate=500) == Decision(BROKEN, "error_rate")


def test_falling_behind_breaks_it_long_before_the_limit_is_reached():
    rows = told(*[(1000, 950, 0)] * 3)
    assert decide(rows, [P95], rate=1000) == Decision(BROKEN, "falling behind")


def test_a_backlog_that_was_made_once_and_goes_is_no_falling_behind():
    rows = told((500, 400, 0), (500, 600, 0), (500, 500, 0), (500, 500, 0), (500, 500, 0), (500, 500, 0))
    assert decide(rows, [P95], rate=500, ended=True).verdict == HELD


def test_at_a_few_requests_a_second_what_is_on_its_way_at_the_end_is_no_growth():
    rows = told(*[(2, 2, 0)] * 8, (2, 1, 0))
    assert decide(rows, [P95], rate=2, ended=True).verdict == HELD
    swings = told(*[(7, 4, 0), (7, 10, 0)] * 4, (7, 4, 0))
    assert decide(swings, [P95], rate=7, ended=True).verdict == HELD
    assert decide([*rows, *rows[-1:] * 4], [P95], rate=2, ended=True).verdict == BROKEN


def test_where_nothing_was_asked_nothing_broke():
    rows = told(*[(0, 0, 0)] * 9)
    assert decide(rows, [P95], rate=0.1).verdict is None
    assert decide(rows, [P95], rate=0.1, ended=True).verdict == HELD
    assert decide(rows, [P95], rate=None, ended=True) == Decision(BROKEN, "no answers")


def test_deliveries_of_one_message_prove_as_much_as_one():
    def rows(events):
        return [Second(1000, 1000, (0.0,), (1000,), events)] * 5

    assert decide(rows(None), [P95], rate=1000).verdict == HELD
    assert decide(rows(5), [P95], rate=1000).verdict is None


def test_a_backlog_that_comes_and_goes_is_surer_not_to_grow_than_one_that_wanders():
    swings, wanders = (growth(told(*[(500, 500 - one, 0) for one in row])) for row in ((9, -9) * 4, (9, 9, -9, -9) * 2))
    assert swings.value == wanders.value == 0
    assert swings.high < 0.7 * wanders.high
    assert swings.low == wanders.low


def test_requests_that_wait_for_longer_than_the_limit_count_before_they_are_answered():
    (estimate,) = shares(told((100, 100, 0), (100, 0, 0), (100, 0, 0)), [P95], 100)
    assert estimate.value == pytest.approx(150 / 250)  # 200 wait, and 50 at most are younger than half a second


def test_a_subject_that_never_answers_is_broken_in_both_models():
    assert decide(told(*[(100, 0, 0)] * 4), [P95], rate=100).verdict == BROKEN
    assert decide(told(*[(0, 0, 0)] * 4), [P95], rate=None, ended=True) == Decision(BROKEN, "no answers")


def test_what_the_intervals_leave_open_the_estimates_decide_at_the_end():
    edge = told((20, 20, 0), (20, 20, 3), (20, 20, 0), (20, 20, 2))
    assert decide(edge, [P95], rate=20).verdict is None
    assert decide(edge, [P95], rate=20, ended=True) == Decision(BROKEN, "p95_ms")
    assert decide(told((20, 20, 0), (20, 20, 1), (20, 20, 0)), [P95], rate=20, ended=True).verdict == HELD


def test_a_mean_is_decided_like_a_share():
    assert decide(seconds(5, 100, 100, 100 * 1e6), [MEAN], rate=100).verdict == HELD
    assert decide(seconds(5, 100, 100, 100 * 3e6), [MEAN], rate=100) == Decision(BROKEN, "mean_ms")


def test_seconds_that_resemble_their_neighbours_prove_less():
    above = [0, 0, 0, 0, 10, 10, 10, 10]
    mixed = [0, 10, 0, 10, 0, 10, 0, 10]
    (together,), (apart,) = (
        shares([Second(100, 100, (float(one),)) for one in row], [P95], 100) for row in (above, mixed)
    )
    assert together.value == apart.value == 0.05
    assert together.high - together.low > 1.3 * (apart.high - apart.low)


def test_no_seconds_say_nothing():
    assert decide([], [P95], rate=10, ended=True).verdict is None


@given(
    rows=st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 5000), st.integers(0, 5000)), min_size=1, max_size=40),
    rate=st.one_of(st.none(), st.floats(1, 1e5)),
)
def test_any_seconds_give_intervals_around_their_estimates_and_a_verdict_at_the_end(rows, rate):
    it = [Second(due, ended, (float(min(ended, above)),)) for due, ended, above in rows]
    for estimate in [*shares(it, [P95], rate), growth(it)]:
        assert estimate.low <= estimate.value <= estimate.high
        assert not math.isnan(estimate.value)
    assert decide(it, [P95], rate=rate, ended=True).verdict in {HELD, BROKEN}


@given(number=st.integers(4, 30), rate=st.integers(50, 5000), over=st.floats(1.03, 4))
def test_a_subject_of_even_pace_breaks_at_anything_above_what_it_can_do(number, rate, over):
    ended = int(rate / over)
    it = told(*[(rate, ended, 0)] * number)
    assert decide(it, [P95], rate=rate, ended=True).verdict == BROKEN
