"""Searches for the breaking point, compared: the same subject twice is seldom a difference, a weaker one is."""

from __future__ import annotations

import random

import pytest

from brinell.core.capacity_judgement import Capacity, CapacityLimit
from brinell.core.capacity_search import RATE, Search, Stop, Tried, bracket, next_step
from brinell.core.measured_capacity import capacity_change, capacity_conditions
from brinell.core.sequential import BROKEN, HELD


def capacity(low, high, *, confirmed=True, quantity=RATE, tolerance=0.05):
    return Capacity(
        name="x", quantity=quantity, unit="/s", url="", low=low, high=high, confirmed=confirmed, knee=None,
        limited_by=None, limited_by_reason="", thresholds={"p95_ms": CapacityLimit(limit=500.0, stated=False)},
        at_least=None, tolerance=tolerance, ended="found", reason="", steps=(), took_s=1.0,
    )  # fmt: skip


def searched(noise, truth, wavers):
    """A whole search of a subject whose steps hold or break by chance near its capacity."""
    tried = []
    plan = Search(quantity=RATE, start=50, limit=100_000, tolerance=0.05, budget_s=1e9)
    while not isinstance(move := next_step(plan, tried), Stop):
        held = move.level <= truth * noise.uniform(1 - wavers, 1 + wavers)
        tried.append(Tried(move.level, HELD if held else BROKEN, 1.0))
    found = bracket(tried)
    return capacity(found.low, found.high, confirmed=found.confirmed)


def test_the_same_subject_is_seldom_called_different_and_a_weaker_one_is():
    """Steps waver by 5 %, and capacity by 5 % from start to start: 600 pairs. A fifth less capacity is seen."""
    noise = random.Random(20)  # noqa: S311 - a subject that wavers
    alarms = found = 0
    for _ in range(600):
        truth = 10 ** noise.uniform(2, 4)
        a, b, weaker = (searched(noise, by * truth * noise.uniform(0.95, 1.05), 0.05) for by in (1.0, 1.0, 0.8))
        alarms += capacity_change(a, b).answer in {"higher", "lower"}
        found += capacity_change(a, weaker).answer == "lower"
    assert alarms <= 0.05 * 600
    assert found >= 0.9 * 600


@pytest.mark.parametrize(
    ("b", "answer"),
    [
        (capacity(100, 104), "could be noise"),
        (capacity(106, 111), "could be noise"),  # beside each other, and no further apart than they are exact
        (capacity(115, 120), "higher"),
        (capacity(80, 84), "lower"),
        (capacity(0, 1, confirmed=False), "lower"),  # nothing held
        (capacity(200, None), "higher"),
        (capacity(90, None), "could be noise"),
        (capacity(115, 120, confirmed=False), "cannot tell"),
        (capacity(0, None, confirmed=False), "cannot tell"),
        (capacity(115, 120, quantity="connections"), "cannot tell"),
    ],
)
def test_brackets_to_answers(b, answer):
    found = capacity_change(capacity(100, 105), b)
    assert found.answer == answer
    assert bool(found.why) == (answer == "cannot tell")


def test_what_was_looked_for_is_a_condition():
    stricter = capacity(1, 2, tolerance=0.02)
    assert capacity_conditions(stricter) == {
        "quantity": "rate", "unit": "/s", "thresholds": "p95_ms 500", "tolerance": "0.02",
    }  # fmt: skip
