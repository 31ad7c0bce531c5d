from __future__ import annotations

import itertools
import math
from statistics import median

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.core.paired import (
    ALPHA,
    LOOKS,
    _critical,
    _null,
    level,
    pairs_to_settle,
    shift,
    smallest_detectable,
    spread,
)

VALUES = st.lists(st.floats(-100, 100), min_size=1, max_size=24)


@given(VALUES, st.sampled_from([0.001, 0.01, 0.05, 0.2]))
def test_the_estimate_lies_within_its_interval_and_among_the_values(values, alpha):
    found = shift(values, alpha)
    assert found.low <= found.estimate <= found.high
    assert min(values) <= found.estimate <= max(values)


@given(VALUES, st.floats(-50, 50), st.sampled_from([0.01, 0.05]))
def test_what_is_added_to_all_is_added_to_the_shift(values, more, alpha):
    before, after = shift(values, alpha), shift([value + more for value in values], alpha)
    for name in ("estimate", "low", "high"):
        assert getattr(after, name) == pytest.approx(getattr(before, name) + more, abs=1e-9)


@given(VALUES, st.sampled_from([0.01, 0.05]))
def test_the_other_way_round_it_is_the_same_with_the_other_sign(values, alpha):
    here, there = shift(values, alpha), shift([-value for value in values], alpha)
    assert (there.estimate, there.low, there.high) == pytest.approx((-here.estimate, -here.high, -here.low))


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=9))
def test_the_estimate_is_the_median_of_the_walsh_averages(values):
    pairs = itertools.combinations_with_replacement(values, 2)
    assert shift(values, 0.05).estimate == pytest.approx(median((a + b) / 2 for a, b in pairs))


@pytest.mark.parametrize("n", range(1, 13))
def test_the_null_distribution_counts_every_assignment_of_signs(n):
    counted = np.zeros(n * (n + 1) // 2 + 1)
    for signs in itertools.product((0, 1), repeat=n):
        counted[sum(rank for rank, sign in enumerate(signs, 1) if sign)] += 1
    assert _null(n) == pytest.approx(counted / 2**n)


@pytest.mark.parametrize("alpha", [0.05, 0.01, 0.001])
@pytest.mark.parametrize("n", [5, 8, 11, 12])
def test_every_assignment_of_signs_taken_once_the_end_errs_as_often_as_it_may(n, alpha):
    values = np.random.default_rng(n).normal(size=n)
    wrong = sum(shift(values * np.array(signs), alpha).low > 0 for signs in itertools.product((-1, 1), repeat=n))
    assert wrong / 2**n <= alpha
    assert wrong == 0 or wrong / 2**n > alpha / 3


def test_critical_values_are_those_of_the_tables():
    # Hollander and Wolfe, table A.4: P(W >= 44) = .053 and P(W >= 47) = .024 for n = 10
    assert _critical(10, 0.0245) == 55 - 47 + 1
    assert _critical(10, 0.0535) == 55 - 44 + 1
    assert _critical(7, 0.005) == 0


def test_errors_of_all_looks_together_are_the_error():
    assert sum(level(n) for n in LOOKS) < ALPHA
    assert sum(ALPHA * 6 / (math.pi * k) ** 2 for k in range(1, 100_000)) == pytest.approx(ALPHA, rel=1e-4)


@given(st.integers(1, 700))
def test_a_last_look_between_two_spends_what_the_next_would_have(n):
    later = [look for look in LOOKS if look >= n]
    if later:
        assert level(n) == level(later[0])


def test_the_first_look_can_decide():
    assert shift([1.0 + i / 100 for i in range(LOOKS[0])], level(LOOKS[0])).low > 0


@given(st.lists(st.integers(-1000, 1000), min_size=2, max_size=50))
def test_spread_knows_no_place(values):
    assert spread(values) >= 0
    assert spread([value + 1 for value in values]) == pytest.approx(spread(values), abs=1e-9)


@given(st.floats(0.001, 1), st.floats(0.01, 1))
def test_more_pairs_and_larger_gaps_settle_sooner(deviation, gap):
    n = pairs_to_settle(deviation, gap)
    assert n is None or n in LOOKS
    wider = pairs_to_settle(deviation, gap * 2)
    assert n is None or (wider is not None and wider <= n)
    assert smallest_detectable(deviation, 30, 0.05) < smallest_detectable(deviation, 10, 0.05)
    assert smallest_detectable(deviation, 5, 0.05) == math.inf
