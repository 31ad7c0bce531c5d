from __future__ import annotations

import random
from collections import Counter
from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.core import flaky_rates
from brinell.core.flaky_rates import ALPHA, LEVELS, TwoRates, interval, missed, runs_to_see
from brinell.core.trust import SEED_RUNS

RATES = st.floats(1e-4, 1, exclude_max=True)


def at_most(k, n, rate):
    """P(X <= k), exactly."""
    rate = Fraction(rate)
    return float(sum(comb(n, i) * rate**i * (1 - rate) ** (n - i) for i in range(k + 1)))


@given(st.integers(0, 40), st.integers(0, 40), st.sampled_from([0.5, 0.9, 0.95, 0.999]))
def test_each_end_leaves_half_of_the_error_in_its_tail(failures, passes, confidence):
    runs = failures + passes
    low, high = interval(failures, runs, confidence)
    tail = (1 - confidence) / 2
    if failures:
        assert 1 - at_most(failures - 1, runs, low) == pytest.approx(tail, rel=1e-6)
    if passes:
        assert at_most(failures, runs, high) == pytest.approx(tail, rel=1e-6)
    assert (low == 0) == (failures == 0)
    assert (high == 1) == (passes == 0)


@pytest.mark.parametrize("rate", [0.01, 0.2, 0.5, 0.93])
@pytest.mark.parametrize("runs", [5, 30])
def test_the_interval_holds_the_rate_as_often_as_it_says(rate, runs):
    held = 0.0
    for failures in range(runs + 1):
        low, high = interval(failures, runs)
        held += (low <= rate <= high) * comb(runs, failures) * rate**failures * (1 - rate) ** (runs - failures)
    assert held >= 0.95


def test_intervals_of_a_million_runs():
    low, high = interval(0, 1_000_000)
    assert low == 0
    assert high == pytest.approx(1 - 0.025 ** (1 / 1_000_000), rel=1e-9)
    low, high = interval(500_000, 1_000_000)
    assert (0.5 - low, high - 0.5) == pytest.approx((0.00098, 0.00098), rel=1e-3)


@given(st.integers(0, 3000), st.integers(0, 3000))
def test_intervals_mirror(failures, passes):
    low, high = interval(failures, failures + passes)
    mirrored = interval(passes, failures + passes)
    assert (1 - high, 1 - low) == pytest.approx(mirrored, rel=1e-9, abs=1e-12)
    assert 0 <= low <= high <= 1


@pytest.mark.parametrize("arguments", [(-1, 3), (4, 3), (1, 3, 0.0), (1, 3, 1.0)])
def test_no_interval_of_what_cannot_be(arguments):
    with pytest.raises(ValueError, match="no interval"):
        interval(*arguments)


def test_one_in_two_hundred_is_missed_by_a_hundred_runs_more_often_than_not():
    assert missed(1 / 200, 100) == pytest.approx(0.6058, abs=1e-4)
    assert runs_to_see(1 / 200, 0.95) == 598
    assert [missed(1, 0), missed(1, 1), missed(0, 9)] == [1, 0, 1]


@given(RATES, st.floats(0, 0.9999))
def test_the_number_of_runs_is_the_least(rate, probability):
    runs = runs_to_see(rate, probability)
    assert 1 - missed(rate, runs) >= probability
    assert runs == 0 or 1 - missed(rate, runs - 1) < probability


@pytest.mark.parametrize(("rate", "probability"), [(0, 0.5), (1.1, 0.5), (0.5, 1), (0.5, -0.1)])
def test_some_things_never_show(rate, probability):
    with pytest.raises(ValueError, match="shows"):
        runs_to_see(rate, probability)
    with pytest.raises(ValueError, match="between 0 and 1"):
        missed(1.5, 3)


def pairs_until_decided(test, draw, with_rate, without_rate):
    pairs = 0
    while test.decision is None:
        test.add(True, draw() < with_rate)
        test.add(False, draw() < without_rate)
        pairs += 1
    return pairs


def simulate(with_rate, without_rate, cases, seed=20):
    draw = random.Random(seed).random  # noqa: S311 - a simulation
    decisions, pairs = Counter(), []
    for _ in range(cases):
        test = TwoRates()
        pairs.append(pairs_until_decided(test, draw, with_rate, without_rate))
        decisions[test.decision, test.settled] += 1
    return decisions, sorted(pairs)


def test_always_against_never_takes_eight_pairs():
    test = TwoRates()
    assert pairs_until_decided(test, lambda: 0.5, 1, 0) == 8
    assert (test.decision, test.settled, test.rates, test.counts) == ("higher", True, (1.0, 0.0), (8, 8, 0, 8))
    assert test.e_value >= 1 / ALPHA


@pytest.mark.parametrize("rate", [0, 1])
def test_never_or_always_on_both_sides_takes_twelve_pairs(rate):
    test = TwoRates()
    assert pairs_until_decided(test, lambda: 0.5, rate, rate) == 12
    assert (test.decision, test.settled) == ("same", True)


@pytest.mark.prove
@pytest.mark.parametrize("rate", [0.5, 0.05, 0.95])
def test_false_alarms_stay_below_alpha(rate):
    decisions, _ = simulate(rate, rate, 10_000)
    assert decisions["higher", True] <= 10


@pytest.mark.parametrize("rate", [0.5, 0.1, 0.9])
def test_a_pure_flake_gets_a_wrong_cause_from_no_level_of_any_factor_in_99_of_100_cases(rate):
    draw = random.Random(7).random  # noqa: S311 - a simulation
    wrong, cases = 0, 500
    for _ in range(cases):
        trials = [TwoRates(max_runs=60) for _ in range(LEVELS)]
        for test in trials:
            pairs_until_decided(test, draw, rate, rate)
        wrong += any(test.decision == "higher" for test in trials)
    assert wrong <= 0.01 * cases


@pytest.mark.parametrize("runs", SEED_RUNS.values())
def test_two_seeds_agree_by_chance_no_more_often_than_a_factor_is_blamed(runs):
    assert max(rate**runs * (1 - rate) ** runs for rate in (0.3, 0.5, 0.7)) <= ALPHA


def test_a_factor_that_protects_is_no_alarm():
    decisions, _ = simulate(0.3, 0.6, 2000)
    assert decisions["higher", True] <= 2


@pytest.mark.parametrize(
    ("with_rate", "without_rate", "power", "median_pairs"),
    [(0.5, 0.05, 0.99, 40), (0.5, 0, 0.99, 29), (1, 0.5, 0.99, 29), (0.3, 0, 0.95, 55), (0.9, 0.1, 0.99, 15)],
)
def test_power(with_rate, without_rate, power, median_pairs):
    decisions, pairs = simulate(with_rate, without_rate, 1000)
    assert decisions["higher", True] >= power * 1000
    assert pairs[500] <= median_pairs


@pytest.mark.parametrize(("with_rate", "without_rate"), [(0.3, 0), (0.5, 0.2), (0.65, 0.35), (1, 0.7)])
def test_a_difference_of_at_least_the_least_is_rarely_called_none(with_rate, without_rate):
    decisions, _ = simulate(with_rate, without_rate, 2000)
    assert decisions["same", True] <= 0.05 * 2000


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=300), st.integers(2, 40))
def test_runs_in_any_sequence_end_in_a_decision(runs, max_runs):
    test = TwoRates(max_runs=max_runs)
    for with_factor, failed in runs:
        before = test.decision
        test.add(with_factor, failed)
        assert before in (None, test.decision)
    kinds = Counter(with_factor for with_factor, _ in runs)
    failures = Counter(with_factor for with_factor, failed in runs if failed)
    assert test.counts == (failures[True], kinds[True], failures[False], kinds[False])
    if min(kinds[True], kinds[False]) >= max_runs // 2:
        assert test.decision is not None


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=30), st.randoms())
def test_how_the_runs_interleave_does_not_matter(pairs, draw):
    one, other = TwoRates(), TwoRates()
    for with_factor, without in pairs:
        one.add(True, with_factor)
        one.add(False, without)
    for kind, outcomes in draw.sample([(True, [a for a, _ in pairs]), (False, [b for _, b in pairs])], 2):
        for failed in outcomes:
            other.add(kind, failed)
    assert (one.decision, one.e_value, one.counts) == (other.decision, other.e_value, other.counts)


@given(st.floats(0, 1), st.floats(0, 1))
def test_no_bet_wins_where_the_factor_does_no_harm(one, other):
    """The heart of the error bound: each e-variable's mean is at most 1 under any null."""
    w, o = sorted((one, other))
    for bet in flaky_rates._BETS:
        mean = w * o * bet.both + w * (1 - o) * bet.only_with + (1 - w) * o * bet.only_without
        assert mean + (1 - w) * (1 - o) * bet.neither <= 1 + 1e-9
    assert sum(bet.weight for bet in flaky_rates._BETS) == pytest.approx(1)


@given(st.integers(1, 30), st.data())
def test_the_best_likelihood_apart_is_no_worse_than_any_on_a_grid(pairs, data):
    failed_with, failed_without = (data.draw(st.integers(0, pairs)) for _ in range(2))
    least = 0.3
    best = flaky_rates._best_apart(failed_with, failed_without, pairs, least)
    for step in range(71):
        for further in range(0, 71 - step, 7):
            without, with_factor = step / 100, step / 100 + least + further / 100
            likelihood = flaky_rates._log_likelihood(failed_with, pairs, min(1.0, with_factor))
            assert likelihood + flaky_rates._log_likelihood(failed_without, pairs, without) <= best + 1e-6


@pytest.mark.parametrize("options", [{"alpha": 0}, {"beta": 1}, {"least": 0}, {"max_runs": 1}, {"max_runs": 1001}])
def test_impossible_options_are_refused(options):
    with pytest.raises(ValueError, match="not a test"):
        TwoRates(**options)
