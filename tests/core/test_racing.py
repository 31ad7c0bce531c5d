"""Invariants of a round, and how much many rounds prove."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.core.drill_records import Race
from brinell.core.racing import (
    LONGEST,
    Rules,
    broken,
    kept,
    middle,
    number_of,
    rules_of,
    status_of,
    wilson,
    would_be_seen,
)


def race(*statuses, same=(), then=None, failures=()):
    return Race(0, "r", 0, 0, 1, statuses, failures=failures, same=same, then=then)


RULES = Rules({201: 1}, same=True, then="1")


def test_a_round_that_keeps_everything_breaks_nothing():
    assert broken(race(201, 200, 200, same=("7", "7", "7"), then="1"), RULES) == ()


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (race(201, 201, 200, same=("7",), then="1"), "2 answers with status 201 instead of 1"),
        (race(200, 200, same=("7",), then="1"), "0 answers with status 201 instead of 1"),
        (race(201, 200, same=("7", "8"), then="1"), "2 different values where one was to be in all answers"),
        (race(201, 200, same=("7", "7"), then="2"), "afterwards there was 2 instead of 1"),
        (race(201, 200, same=("7", "7")), "afterwards there was nothing instead of 1"),
        (race(201, 500, same=("7",), then="1"), "1 answers with a status of 500 or more"),
        (race(201, 0, same=("7",), then="1", failures=("reset",)), "1 requests without a whole answer"),
    ],
)
def test_what_is_broken_is_said(one, words):
    assert broken(one, RULES) == (words,)


def test_without_invariants_only_failures_count():
    assert broken(race(201, 201, 409, same=("1", "2"), then="9"), Rules({})) == ()
    assert not Rules({}).stated
    assert Rules({}, same=True).stated


@pytest.mark.parametrize(
    ("word", "status"), [("created", 201), ("ok", 200), ("too-many-requests", 429), ("Conflict", 409), ("204", 204)]
)
def test_statuses_by_name(word, status):
    assert status_of(word) == status


@pytest.mark.parametrize("word", ["creatd", "99", "600", "", "20.1"])
def test_what_is_no_status(word):
    with pytest.raises(ValueError, match="is no status"):
        status_of(word)


def test_equal_values_are_the_same_text():
    assert kept({"b": 1, "a": [1.0, "é"]}) == kept({"a": [1.0, "é"], "b": 1}) == '{"a":[1.0,"é"],"b":1}'


@given(st.text(min_size=LONGEST), st.text(max_size=3), st.text(max_size=3))
def test_long_values_that_differ_are_other_lines(text, one, other):
    assert (kept(text + one) == kept(text + other)) == (one == other)
    assert len(kept(text)) <= LONGEST
    assert "\n" not in kept(text)


@pytest.mark.parametrize(
    ("value", "found"), [(1, 1), ("2.50", 2.5), (0.1, 0.1), (True, None), ("x", None), (None, None), ("NaN", None)]
)
def test_numbers_may_be_in_quotes(value, found):
    number = number_of(value)
    assert (number if number is None else float(number)) == found


def test_rules_of_options_that_an_older_run_wrote_down():
    assert rules_of({"expect": {"created": 1}, "same": None, "then": {}}) == Rules({201: 1})


@given(st.integers(0, 400), st.integers(1, 400))
def test_the_interval_holds_the_estimate(hits, count):
    hits = min(hits, count)
    low, high = wilson(hits, count)
    assert 0 <= low <= hits / count <= high <= 1
    assert high > low


@pytest.mark.parametrize("chance", [0.0, 0.02, 0.3, 0.97])
def test_the_interval_covers_the_truth_about_as_often_as_it_says(chance):
    draw = random.Random(7)  # noqa: S311 - a simulation
    covered = 0
    for _ in range(2000):
        low, high = wilson(sum(draw.random() < chance for _ in range(60)), 60)
        covered += low <= chance <= high
    assert covered / 2000 > 0.92  # Wilson is about 95 % on average, a little less for some chances


def test_clean_rounds_have_the_power_they_say():
    assert would_be_seen(0) is None
    assert would_be_seen(50) == pytest.approx(0.0582, abs=1e-4)
    draw = random.Random(11)  # noqa: S311 - a simulation
    chance = would_be_seen(50) or 0.0
    seen = sum(any(draw.random() < chance for _ in range(50)) for _ in range(4000))
    assert seen / 4000 == pytest.approx(0.95, abs=0.015)


def test_middles():
    assert middle([]) is None
    assert middle([3.0, 1.0, 2.0]) == 2.0
    assert middle(list(range(1, 101)), 0.95) == 95
