from __future__ import annotations

import random
from itertools import cycle, islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.core.flaky_rates import _beta_share
from brinell.core.spending import LEAST_S, RATE, STEADY, Missed, Tried, next_reruns, what_could_be_missed

TRIED = st.builds(
    Tried,
    seconds=st.one_of(st.sampled_from([0.0, 0.01, 0.5]), st.floats(0, 2)),
    passed=st.integers(0, 4),
    failed=st.sampled_from([0, 0, 0, 1, 2]),
    new=st.booleans(),
    suspicion=st.sampled_from([0.0, 0.0, 0.5, 1.0]),
)
SUITES = st.lists(TRIED, max_size=8)
BUDGETS = st.floats(0, 3)
MOST = 200


def cost(test):
    return max(test.seconds, LEAST_S)


def by_definition(tests, budget, outcome):
    """The best that fits, looked for among all of them each time."""
    left = budget
    while True:
        open_ones = [i for i, test in enumerate(tests) if not (test.passed and test.failed) and cost(test) <= left]
        if not open_ones:
            return
        best = max(open_ones, key=lambda i: (tests[i].surprise(tests[i].runs) / cost(tests[i]), -i))
        left -= cost(tests[best])
        yield best
        outcome(tests[best])


def copies(tests):
    return [Tried(test.seconds, test.passed, test.failed, test.new, test.suspicion) for test in tests]


@given(SUITES, BUDGETS, st.integers(0, 2**32))
def test_each_rerun_is_the_best_there_is(tests, budget, seed):
    def outcome(draw):
        def record(test):
            if draw.random() < 0.2:
                test.failed += 1
            else:
                test.passed += 1

        return record

    expected_record, record = (outcome(random.Random(seed)) for _ in range(2))  # noqa: S311 - a simulation
    expected = list(islice(by_definition(copies(tests), budget, expected_record), MOST))
    got = []
    for index in islice(next_reruns(tests, budget), MOST):
        got.append(index)
        record(tests[index])
    assert got == expected


@given(SUITES, BUDGETS)
def test_the_budget_holds_and_nothing_that_fits_is_left(tests, budget):
    flaky = [test.is_flaky for test in tests]
    asked = list(islice(next_reruns(tests, budget), 5000))
    spent = sum(cost(tests[index]) for index in asked)
    assert spent <= budget + 1e-9
    assert not any(flaky[index] for index in asked)
    assert all(test.is_flaky or cost(test) > budget - spent - 1e-9 for test in tests)


@given(SUITES, BUDGETS)
def test_without_outcomes_it_is_a_plan_that_takes_all_to_stay_the_same(tests, budget):
    def same(test):
        test.passed += not test.failed
        test.failed += test.failed > 0

    plan = list(islice(next_reruns([test for test in copies(tests) if test.runs], budget), MOST))
    again = [test for test in tests if test.runs]
    assert plan == list(islice(by_definition(again, budget, same), MOST))


def test_the_prior_is_what_the_sources_report():
    assert Tried(1.0).surprise(0) == pytest.approx(0.015, abs=0.0005)
    assert 1 - _beta_share(1 / 1000, RATE, STEADY) == pytest.approx(0.16, abs=0.005)


def test_new_suspected_failing_and_fast_tests_come_first():
    plain = Tried(1.0, passed=1)
    for better in [Tried(1.0, passed=1, new=True), Tried(1.0, passed=1, suspicion=0.5), Tried(1.0, failed=1)]:
        assert next(next_reruns([plain, better], 9)) == 1
    assert next(next_reruns([plain, Tried(0.9, passed=1)], 9)) == 1
    assert next(next_reruns([plain, Tried(1.0)], 9)) == 1
    assert list(next_reruns([plain, Tried(1.0, passed=1)], 4.5)) == [0, 1, 0, 1]


def test_a_test_that_went_both_ways_is_done():
    tests = [Tried(1.0, passed=1, new=True), Tried(1.0, passed=1)]
    reruns = next_reruns(tests, 5)
    assert next(reruns) == 0
    tests[0].failed += 1
    assert list(reruns) == [1, 1, 1, 1]


def test_late_outcomes_are_not_counted_twice():
    tests = [Tried(1.0, passed=1), Tried(1.0, passed=1)]
    reruns = next_reruns(tests, 6)
    asked = [next(reruns), next(reruns)]
    for index in asked:
        tests[index].passed += 1
    assert [*asked, *reruns] == [0, 1, 0, 1, 0, 1]


def planted(draw, count, spread):
    """Tests and the rates they fail with, which vary widely: one in six is flaky, of the new ones half."""
    tests, rates = [], []
    for _ in range(count):
        new = draw.random() < 0.1
        flaky = draw.random() < (0.5 if new else 1 / 6)
        tests.append(Tried(draw.lognormvariate(-4, spread), new=new))
        rates.append(10 ** draw.uniform(-3, -0.5) if flaky else 0.0)
    return tests, rates


def found(tests, rates, order, budget, draw):
    for index in order:
        budget -= cost(tests[index])
        if budget < 0:
            break
        if draw.random() < rates[index]:
            tests[index].failed += 1
        else:
            tests[index].passed += 1
    return sum(test.is_flaky for test in tests)


@pytest.mark.parametrize(
    ("rounds", "spread", "times"), [(3, 1.5, 1.8), (10, 1.5, 1.4), (30, 1.5, 1.2), (3, 0.0, 1.1), (10, 0.0, 1.05)]
)
def test_it_finds_more_planted_flakes_than_running_everything_equally_often(rounds, spread, times):
    """In the time of so many runs of the whole suite; 20 suites, the same for both. Without spread only "new" helps."""
    planned = uniform = 0
    for seed in range(20):
        tests, rates = planted(random.Random(seed), 200, spread)  # noqa: S311 - a simulation
        budget = rounds * sum(map(cost, tests))
        other = copies(tests)
        one, same = (random.Random(1000 + seed) for _ in range(2))  # noqa: S311 - a simulation
        planned += found(tests, rates, next_reruns(tests, budget), budget * (1 + 1e-9), one)
        uniform += found(other, rates, cycle(range(len(other))), budget * (1 + 1e-9), same)
    assert planned > times * uniform


@given(st.lists(st.integers(0, 500), min_size=1), st.floats(0, 1))
def test_what_could_be_missed_is_the_chance_of_no_failure(runs, rate):
    told = what_could_be_missed(runs, rate)
    assert (told.rate, told.least_runs) == (rate, min(runs))
    assert sum(one <= told.median_runs for one in runs) >= len(runs) / 2 <= sum(one >= told.median_runs for one in runs)
    assert told.probability_least == pytest.approx((1 - rate) ** told.least_runs, rel=1e-9, abs=1e-12)
    assert told.probability_median == pytest.approx((1 - rate) ** told.median_runs, rel=1e-9, abs=1e-12)


def test_a_hundred_runs_miss_one_in_two_hundred_with_three_in_five():
    told = what_could_be_missed([400, 100, 0, 100, 100])
    assert told == Missed(1 / 200, 0, 100, 1.0, pytest.approx(0.606, abs=0.001))


@pytest.mark.parametrize("budget", [-1, float("inf"), float("nan")])
def test_no_reruns_for_what_is_no_budget(budget):
    with pytest.raises(ValueError, match="not a budget"):
        next(next_reruns([Tried(1.0)], budget))


@pytest.mark.parametrize("bad", [Tried(-1.0), Tried(float("nan")), Tried(1.0, passed=-1), Tried(1.0, suspicion=-0.1)])
def test_no_reruns_of_what_cannot_be(bad):
    with pytest.raises(ValueError, match="test 0 cannot be"):
        next(next_reruns([bad], 1))


def test_nothing_is_missed_of_nothing():
    with pytest.raises(ValueError, match="no test"):
        what_could_be_missed([])
    with pytest.raises(ValueError, match="rate is between"):
        what_could_be_missed([1], 1.5)
