"""The slowest tests, and what their own numbers suggest; nothing is recommended that was not measured."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping

from brinell.checks.suite_categories import PROPERTY
from brinell.checks.suite_facts import Seen
from brinell.core.judgement import SlowTest

MOST = 20
TIERS_S = (("fast", 1.0), ("medium", 10.0), ("slow", 60.0))
PROPERTY_TIERS_S = (("fast", 10.0), ("medium", 60.0), ("slow", 100.0))
_DOMINANT = 0.6


def slowest(tests: Iterable[Seen], categories: Mapping[str, str]) -> tuple[SlowTest, ...]:
    """Return the ``MOST`` slowest tests, slowest first; ``categories`` by test id."""
    tests = list(tests)
    setups = _setups_by_file(tests)
    found = heapq.nsmallest(MOST, tests, key=lambda test: (-test.total_s, test.id))
    return tuple(
        SlowTest(
            test=test.id,
            duration=round(test.total_s, 6),
            tier=tier(test.total_s, is_property=_is_property(test, categories)),
            category=categories[test.id],
            recommendation=_recommendation(test, setups[test.path], is_property=_is_property(test, categories)),
        )
        for test in found
        if test.total_s > 0
    )


def tier(seconds: float, *, is_property: bool = False) -> str:
    """Return fast, medium, slow or too-slow; a property test runs many examples and has wider bounds."""
    bounds = PROPERTY_TIERS_S if is_property else TIERS_S
    return next((name for name, bound_s in bounds if seconds < bound_s), "too-slow")


def _is_property(test: Seen, categories: Mapping[str, str]) -> bool:
    return categories[test.id] == PROPERTY or "hypothesis" in test.markers


def _setups_by_file(tests: Iterable[Seen]) -> dict[str, tuple[int, float]]:
    """Number of set-ups and their seconds together, by file."""
    found: dict[str, tuple[int, float]] = {}
    for test in tests:
        number, seconds = found.get(test.path, (0, 0.0))
        found[test.path] = (number + 1, seconds + (test.seconds.setup or 0.0))
    return found


def _recommendation(test: Seen, setups: tuple[int, float], *, is_property: bool) -> str:
    total = test.total_s
    if tier(total, is_property=is_property) == "fast":
        return "fast: leave it"
    setup, call, teardown = (test.seconds.setup or 0.0, test.seconds.call or 0.0, test.seconds.teardown or 0.0)
    if setup >= _DOMINANT * total:
        return _wider_scope(setup, total, setups)
    if teardown >= _DOMINANT * total:
        return (
            f"teardown takes {teardown:.1f} of {total:.1f} s: look at what the fixtures wait for when they close"
            " (a thread, a server, a time-out)"
        )
    if call < _DOMINANT * total:
        return f"spread over setup {setup:.1f} s, call {call:.1f} s, teardown {teardown:.1f} s: no single part to blame"
    if is_property:
        return f"the examples take {call:.1f} of {total:.1f} s: fewer max_examples, or a cheaper strategy"
    return f"the test itself takes {call:.1f} of {total:.1f} s: profile it, or mark it slow and run it apart"


def _wider_scope(setup: float, total: float, setups: tuple[int, float]) -> str:
    number, together = setups
    advice = f"setup takes {setup:.1f} of {total:.1f} s"
    if number > 1 and together >= 2 * setup:
        return (
            f"{advice}, and {together:.1f} s over the {number} tests of this file: give the fixture behind it"
            ' scope="module" or "session", if the tests can share it'
        )
    return f"{advice} and is not repeated by its neighbours: see what the fixture behind it waits for"
