"""Does it come back: on seconds that are made up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.core.histogram import Histogram
from brinell.core.load_records import LoadSlice
from brinell.core.returning import Second, Spell, back_at, is_back, look, usual, worst_second

SPELL = Spell(5, 8)


def second(milliseconds, count=100, failed=0):
    found = Second()
    for outcome, number in (("ok", count - failed), ("timeout", failed)):
        histogram = Histogram()
        if number:
            histogram.record(int(milliseconds * 1e6), number)
            found.add(LoadSlice(0, 0, "GET /", outcome, number, histogram.sparse(), ((), ()), histogram.max_ns, 0))
    return found


def seconds(*milliseconds):
    return {number: second(value) for number, value in enumerate(milliseconds)}


def back(found, last=None, factor=2.0, calm_s=3):
    return back_at(found, usual(found, SPELL), SPELL, last or len(found), factor=factor, calm_s=calm_s)


QUIET = [10.0] * 5


def test_it_is_back_from_the_first_good_second_on():
    found = seconds(*QUIET, 500, 800, 900, 700, 300, 11, 12, 10, 10, 10)
    assert back(found) == 10
    assert worst_second(found, range(8, 15)) == pytest.approx(700e6, rel=0.001)


def test_it_is_not_back_before_it_has_been_calm_for_long_enough():
    found = seconds(*QUIET, 500, 800, 900, 700, 10, 10)
    assert back(found) is None
    assert back(found, calm_s=2) == 9


def test_what_never_comes_back_is_metastable():
    assert back(seconds(*QUIET, 500, 800, 900, *[400.0] * 20)) is None


def test_what_falls_back_again_is_back_only_after_that():
    found = seconds(*QUIET, 500, 500, 500, 10, 10, 10, 900, 900, 10, 10, 10, 10)
    assert back(found) == 13


def test_one_bad_second_in_ten_is_no_relapse():
    assert back(seconds(*QUIET, 500, 500, 500, *[10.0] * 7, 90.0, *[10.0] * 7)) == 8


def test_fast_services_have_some_milliseconds_of_noise():
    found = seconds(*[0.5] * 5, 50, 50, 50, 4.0, 5.0, 3.0)
    assert back(found) == 8


def test_errors_are_part_of_it():
    found = seconds(*QUIET, 500, 500, 500, 10, 10, 10)
    for number in (8, 9, 10):
        found[number] = second(10.0, failed=5)
    assert back(found) is None


def test_a_second_in_which_nothing_ended_is_not_back():
    found = seconds(*QUIET, 500, 500, 500, 10, 10, 10)
    del found[9]
    assert back(found) is None


def test_what_was_given_up_at_the_end_counts_for_nothing():
    one = second(10.0)
    histogram = Histogram()
    histogram.record(10**10, 5)
    one.add(LoadSlice(0, 0, "GET /", "unfinished", 5, histogram.sparse(), ((), ()), histogram.max_ns, 0))
    assert look({0: one}, 0, 1).ended == 100


def test_nothing_is_not_like_anything():
    nothing = look({}, 0, 5)
    assert nothing.p99_ns is None
    assert not is_back(nothing, nothing, 2.0)


@given(st.lists(st.floats(1, 1000), min_size=12, max_size=30), st.integers(1, 4))
def test_from_there_on_it_was_calm(milliseconds, calm_s):
    found = seconds(*QUIET, *milliseconds)
    at = back(found, calm_s=calm_s)
    if at is not None:
        was = usual(found, SPELL)
        assert at >= SPELL.end_s
        assert all(is_back(look(found, number, number + 1), was, 2.0) for number in range(at, at + calm_s))
