"""Calls of functions: whether the interpreter was full with our part of the calls, and where a loop stood still."""

from __future__ import annotations

import pytest

from brinell.core.call_records import CallSecond, LoopStall


def seconds(own_s, cpu_s, starved_s=0.0, count=10):
    return [CallSecond(0, second, 20_000, cpu_s, own_s, starved_s) for second in range(count)]


@pytest.mark.parametrize(("own_s", "cpu_s", "starved_s"), [(0.3, 0.95, 0), (0.6, 0.91, 0), (0.2, 0.4, 0.57)])
def test_an_interpreter_full_with_our_part_is_not_believed(story, own_s, cpu_s, starved_s):
    extra = seconds(own_s, cpu_s, starved_s)
    found = story(extra=extra, thresholds={"service_p95_ms": 5, "p95_ms": 500}).findings()
    assert found["generator"].reason.value == "invalid"
    assert "making the calls" in found["generator"].detail
    assert found["p95_ms"].reason.value == found["service_p95_ms"].reason.value == "invalid"


@pytest.mark.parametrize(
    ("own_s", "cpu_s", "starved_s"), [(0.2, 0.99, 0), (0.6, 0.8, 0), (0.0, 1.0, 0.5), (0.05, 0.4, 0.6), (0.0, 0.0, 1)]
)
def test_a_function_that_fills_its_interpreter_is_believed(story, own_s, cpu_s, starved_s):
    assert story(extra=seconds(own_s, cpu_s, starved_s)).verdicts()["generator"] == "pass"


def test_stalls_are_added_up_and_the_longest_is_named(story):
    extra = [LoopStall(0, 1, "a.py:1 in f", 3, 0.6, 0.3), LoopStall(0, 2, "b.py:9 in g", 1, 0.5, 0.5)]
    found = story(extra=extra).findings()["loop_stall"]
    assert (found.required, found.verdict.value) == (False, "fail")
    assert "for 0.1 s or longer 4 times, 0.5 s at most, in b.py:9 in g" in found.title
    assert found.detail.index("a.py:1 in f (0.6 s)") < found.detail.index("b.py:9 in g (0.5 s)")
    assert "loop_stall" not in story().findings()
