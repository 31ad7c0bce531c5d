"""The cost model: exact where the truth is simple, honest about luck where it is not."""

from __future__ import annotations

import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.core.property_cost import EXHAUSTED, fit, growth_of, least_young, undisturbed_s, usable, usual_pace_s
from brinell.core.property_records import PropertyRun


def run(costs_us, *, once_s=0.0, ran=None, statuses=None, purpose="measure", stopped="", **more):
    """An ordinary run whose examples cost that much; ``once_s`` is outside of the generate phase."""
    statuses = statuses or "v" * len(costs_us)
    inside = sum(costs_us) / 1e6
    return PropertyRun(
        purpose, "t", more.pop("outcome", "passed"), ran=ran or statuses.count("v"),
        call_s=once_s + inside, phases_s={"generate": inside}, stopped=stopped, statuses=statuses,
        cost_us=tuple(costs_us), **more,
    )  # fmt: skip


def test_equal_examples_are_predicted_exactly_at_any_number():
    cost = fit([run([1000] * 100, once_s=0.5)])
    for examples in (1, 10, 50, 100, 1000):
        assert cost.predict(examples).seconds == pytest.approx(0.5 + 0.001 * examples)


def test_the_first_example_is_paid_once():
    cost = fit([run([900_000, *[1000] * 99])])
    assert cost.predict(50).seconds == pytest.approx(0.9 + 0.049)


def test_small_early_examples_are_cheaper_at_every_number():
    def costs(examples):
        young = max(0, examples // 10)
        return [500, *[500] * young, *[2000] * (examples - 1 - young)]

    cost = fit([run(costs(200))])
    assert cost.predict(50).seconds == pytest.approx(sum(costs(50)) / 1e6)
    assert cost.predict(400).seconds == pytest.approx(sum(costs(400)) / 1e6)


def test_what_is_rejected_belongs_to_the_valid_ones():
    cost = fit([run([1000] * 200, statuses="iv" * 100)])
    assert cost.count(50) == 50
    assert cost.predict(50).seconds == pytest.approx(0.1, rel=0.03)


def test_an_exhausted_space_gives_no_more_examples():
    cost = fit([run([1000] * 8, ran=200, stopped=EXHAUSTED)])
    assert cost.exhausted == 8
    assert cost.predict(1000) == cost.predict(8)


def test_an_engine_that_gives_up_gives_up_again():
    cost = fit([run([1000] * 200, ran=100, statuses="iiiv" * 50)])
    assert cost.count(100) == 50


def test_what_the_first_look_cost_once_counts_only_where_there_is_nothing_else():
    look, later = run([900_000, *[1000] * 9], purpose="look"), run([1000] * 100)
    assert fit([look, later]).predict(50).seconds == pytest.approx(0.05)
    assert fit([look]).predict(10).seconds == pytest.approx(0.909)


def test_only_ordinary_runs_that_passed_count():
    bad = [
        run([1000] * 10, outcome="failed"),
        run([1000] * 10, purpose="observe"),
        run([1000] * 10, purpose="ci"),
        run([]),
    ]
    assert usable(bad) == []
    assert fit(bad) is None


def test_time_without_a_core_is_nobody_s():
    busy = run([2000] * 100, cpu_s=0.1, starved_s=0.1)
    assert undisturbed_s(busy) == pytest.approx(0.1)
    assert fit([busy]).predict(50).seconds == pytest.approx(0.05)
    assert undisturbed_s(run([1000] * 10)) == pytest.approx(0.01)


@pytest.mark.parametrize(("version", "least"), [("6.80.0", 10), ("6.119.4", 10), ("6.120.0", 0), ("7.0", 0), ("?", 10)])
def test_few_examples_are_all_small_in_old_versions(version, least):
    assert least_young(version) == least


COSTS = st.lists(st.integers(0, 10**7), min_size=1, max_size=60)


@given(COSTS, st.floats(0, 10), st.sampled_from([0, 10]))
def test_more_examples_never_cost_less_and_the_interval_holds_the_prediction(costs, once_s, least):
    cost = fit([run(costs, once_s=once_s)], least)
    said = [cost.predict(examples) for examples in (1, 2, 5, 20, 100, 1000)]
    assert all(0 <= one.low <= one.seconds <= one.high for one in said)
    same = [cost.predict(examples).seconds for examples in (11, 12, 13, 14)]
    assert same == sorted(same)


@given(COSTS, st.floats(0.001, 100), st.integers(1, 500))
def test_the_most_examples_for_some_seconds(costs, seconds, most):
    cost = fit([run(costs)])
    found = cost.most_examples(seconds, most)
    assert 1 <= found <= most
    if found > 1:
        assert cost.predict(found).seconds <= seconds


def test_intervals_hold_what_they_say_for_examples_of_very_unequal_cost():
    """Log-normal costs, as measured of strategies that nest: 95 % intervals of runs nobody has seen, 400 cases."""
    rng = random.Random(7)  # noqa: S311 - costs, not secrets

    def draw(number):
        return [round(1000 * rng.lognormvariate(0, 1)) for _ in range(number)]

    held = 0
    for _ in range(400):
        cost = fit([run(draw(100)), run(draw(100))])
        took = sum(draw(50)) / 1e6
        said = cost.predict(50)
        held += said.low <= took <= said.high
    assert held >= 360


def test_a_slower_machine_is_taken_back_for_what_was_worked_and_not_for_what_was_slept():
    run = PropertyRun("measure", "t", "passed", ran=10, call_s=3.0, cpu_s=2.0, pace_s=0.002)
    assert undisturbed_s(run) == 3.0
    assert undisturbed_s(run, 0.001) == 2.0  # one second slept, two worked at half the speed
    assert undisturbed_s(run, 0.00001) == 2.0  # nobody is a hundred times as slow: the yardstick was disturbed
    assert undisturbed_s(msgspec.structs.replace(run, pace_s=0.0), 0.001) == 3.0


def test_the_usual_pace_is_that_of_the_measuring_sessions():
    paces = (("look", 1.0), ("measure", 2.0), ("measure", 6.0), ("ci", 50.0))
    runs = [PropertyRun(purpose, "t", "passed", pace_s=pace) for purpose, pace in paces]
    assert usual_pace_s(runs) == 2.0
    assert usual_pace_s([]) == 0.0


def _growing(source, *, early=0.8, young=20, examples=200, mean_us=2000):
    """A run whose examples up to the fiftieth cost less than later ones, each its own."""

    def cost(index):
        share = 0.5 if index <= young else early if index < 50 else 1.0
        return max(1, round(source.expovariate(1 / (share * mean_us))))

    return run([cost(index) for index in range(examples)])


def test_what_examples_cost_less_before_the_fiftieth_is_learned_from_all_tests():
    source = random.Random(7)  # noqa: S311 - the same costs every time
    tests = [[_growing(source) for _ in range(3)] for _ in range(40)]
    growth = growth_of(tests)
    assert growth == pytest.approx(0.8, abs=0.06)
    said = [fit(runs, growth=growth).predict(50).seconds for runs in tests]
    true_s = (0.5 * 1 + 5 * 0.5 + 44 * 0.8) * 0.002
    assert sum(said) / len(said) == pytest.approx(true_s, rel=0.05)
    without = [fit(runs).predict(50).seconds for runs in tests]
    assert sum(without) / len(without) > 1.08 * true_s


def test_a_few_tests_tell_no_growth():
    source = random.Random(7)  # noqa: S311 - the same costs every time
    assert growth_of([[_growing(source)] for _ in range(4)]) == 1.0


def test_luck_and_error_shrink_with_what_they_are_a_matter_of():
    source = random.Random(3)  # noqa: S311 - the same costs every time
    few, many = fit([_growing(source)]), fit([_growing(source) for _ in range(9)])
    assert many.error(200) == pytest.approx(few.error(200) / 3, rel=0.2)
    assert many.luck(200) == pytest.approx(few.luck(200), rel=0.2)
    assert many.luck(50) > many.luck(200)
