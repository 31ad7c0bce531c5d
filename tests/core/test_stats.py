from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import comb
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.core.stats import (
    ALPHA,
    median_interval,
    runs_to_confirm,
    sign_test,
    upper_tail,
)

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40)


@pytest.mark.parametrize("n", range(9))
def test_the_tail_is_what_counting_every_outcome_gives(n):
    for least in range(n + 2):
        outcomes = list(product((0, 1), repeat=n))
        expected = Fraction(sum(sum(outcome) >= least for outcome in outcomes), len(outcomes))
        assert upper_tail(least, n) == float(expected)


@given(st.integers(0, 200), st.integers(0, 200))
def test_tails_are_exact(least, n):
    expected = Fraction(sum(comb(n, k) for k in range(n + 1) if k >= least), 2**n)
    assert upper_tail(least, n) == pytest.approx(float(expected), rel=1e-15, abs=0)


@given(VALUES, st.floats(-1e6, 1e6))
def test_the_sign_test_counts(values, threshold):
    test = sign_test(values, threshold)
    assert test.above == len([value for value in values if value > threshold])
    assert test.counted == len(values) - values.count(threshold)
    assert 0 < test.p <= 1
    assert test.confirmed == (test.p <= ALPHA)


@given(VALUES)
def test_a_median_below_the_threshold_is_never_confirmed(values):
    assert not sign_test(values, median(values)).confirmed


@pytest.mark.parametrize(("above", "n", "confirmed"), [(4, 4, False), (5, 5, True), (5, 6, False), (7, 8, True)])
def test_confirmation_at_five_percent(above, n, confirmed):
    assert sign_test([2.0] * above + [0.5] * (n - above), 1.0).confirmed is confirmed


def test_five_runs_settle_it_from_the_start():
    assert runs_to_confirm() == 5
    assert runs_to_confirm(1, 1) == 5


@given(st.integers(0, 30), st.integers(0, 30))
def test_the_number_of_runs_is_the_least_that_confirms(above, below):
    counted = above + below
    needed = runs_to_confirm(above, counted)
    assert needed >= counted
    assert upper_tail(above + needed - counted, needed) <= ALPHA
    if needed > counted:
        assert upper_tail(above + needed - 1 - counted, needed - 1) > ALPHA


@given(VALUES, st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99]))
def test_an_interval_of_the_median(values, confidence):
    interval = median_interval(values, confidence)
    ordered = sorted(values)
    n = len(values)
    if interval is None:
        assert 1 - 2 * Fraction(1, 2**n) < confidence
        return
    assert interval.low <= median(values) <= interval.high
    assert interval.confidence >= confidence
    lower = next(rank for rank in range(n) if ordered[rank] == interval.low)
    narrower = 1 - 2 * upper_tail(n - lower - 1, n)
    assert lower + 1 > n // 2 or narrower < confidence or ordered.count(interval.low) > 1


def test_the_interval_of_known_tables():
    """Conover, table A3: for n = 10 the second and the ninth value hold the median with 97.9 %."""
    low, high, confidence = median_interval([float(i) for i in range(1, 11)])
    assert (low, high, round(confidence, 4)) == (2.0, 9.0, 0.9785)
    assert median_interval([1.0, 2.0, 3.0, 4.0, 5.0]) is None


@given(st.permutations([float(i) for i in range(12)]))
def test_order_does_not_matter(values):
    assert median_interval(values) == median_interval(sorted(values))
