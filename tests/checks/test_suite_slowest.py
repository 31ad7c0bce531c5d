from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.checks.suite_facts import Seen
from brinell.checks.suite_slowest import MOST, slowest, tier
from brinell.core.judgement import Seconds


def seen(name="t.py::a", setup=0.0, call=0.0, teardown=0.0, markers=()):
    seconds = Seconds(setup=setup, call=call, teardown=teardown)
    return Seen(name, "passed", seconds, name.split("::")[0], markers, "", False, "suite#1", ("passed",))


def only(*tests, category="other"):
    return slowest(tests, {test.id: category for test in tests})


@pytest.mark.parametrize(
    ("seconds", "plain", "for_property"),
    [
        (0.9, "fast", "fast"),
        (1.0, "medium", "fast"),
        (9.9, "medium", "fast"),
        (10.0, "slow", "medium"),
        (60.0, "too-slow", "slow"),
        (100.0, "too-slow", "too-slow"),
    ],
)
def test_tiers(seconds, plain, for_property):
    assert (tier(seconds), tier(seconds, is_property=True)) == (plain, for_property)


@pytest.mark.parametrize(
    ("test", "said"),
    [
        (seen(call=0.5), "leave it"),
        (seen(call=9, setup=1), "the test itself takes 9.0 of 10.0 s"),
        (seen(setup=9, call=1), "setup takes 9.0 of 10.0 s and is not repeated"),
        (seen(teardown=9, call=1), "teardown takes 9.0 of 10.0 s"),
        (seen(setup=5, call=5), "spread over setup 5.0 s, call 5.0 s"),
        (seen(call=50, markers=("hypothesis",)), "the examples take 50.0 of 50.0 s"),
        (seen(call=5, markers=("hypothesis",)), "leave it"),
    ],
)
def test_what_is_recommended_follows_from_the_numbers(test, said):
    (slow,) = only(test)
    assert said in slow.recommendation


def test_a_setup_that_its_neighbours_repeat_names_the_scope():
    tests = [seen(f"t.py::{n}", setup=2.0, call=0.1) for n in range(4)]
    assert "8.0 s over the 4 tests of this file" in only(*tests)[0].recommendation
    assert "scope=" in only(*tests)[0].recommendation


def test_property_tests_by_category_have_the_wider_tiers():
    assert only(seen(call=5.0), category="property")[0].tier == "fast"


@given(st.lists(st.floats(0, 1000), max_size=60))
def test_they_are_the_slowest(durations):
    tests = [seen(f"t.py::{n}", call=duration) for n, duration in enumerate(durations)]
    found = only(*tests)
    assert len(found) == min(MOST, sum(duration > 0 for duration in durations))
    assert [slow.duration for slow in found] == [
        round(duration, 6) for duration in sorted(durations, reverse=True)[: len(found)]
    ]
