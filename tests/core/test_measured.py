"""Intervals of two runs to that of their difference: properties of the arithmetic, and simulated truth."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.core.measured import Measured, by_bracket, by_points, by_ratio

SHARES = st.floats(0, 1)
ABOVE_ZERO = st.floats(1e-6, 1e9)


@st.composite
def intervals(draw, values):
    low, value, high = sorted(draw(st.tuples(values, values, values)))
    return Measured(value=value, low=low, high=high)


@given(a=intervals(ABOVE_ZERO), b=intervals(ABOVE_ZERO))
def test_a_ratio_lies_in_its_interval_and_the_way_back_is_its_inverse(a, b):
    there, back = by_ratio(a, b), by_ratio(b, a)
    assert there.low <= there.ratio * (1 + 1e-9)
    assert there.ratio <= there.high * (1 + 1e-9)
    assert there.low * back.high == pytest.approx(1.0)
    assert {there.answer, back.answer} in ({"higher", "lower"}, {"could be noise"})


@given(a=intervals(SHARES), b=intervals(SHARES))
def test_a_difference_of_shares_lies_in_its_interval_and_the_way_back_is_its_opposite(a, b):
    there, back = by_points(a, b), by_points(b, a)
    assert there.low <= there.points <= there.high
    assert there.low == pytest.approx(-back.high)
    assert {there.answer, back.answer} in ({"higher", "lower"}, {"could be noise"})


@given(one=intervals(ABOVE_ZERO))
def test_a_number_beside_itself_is_never_a_difference(one):
    assert by_ratio(one, one).answer == "could be noise"
    assert by_points(one, one).answer == "could be noise"
    assert by_bracket(one, one).answer == "could be noise"


@given(a=intervals(ABOVE_ZERO), b=intervals(ABOVE_ZERO), apart=st.floats(1, 2))
def test_brackets_that_meet_are_no_difference(a, b, apart):
    found = by_bracket(a, b, apart)
    if a.low <= b.high and b.low <= a.high:
        assert found.answer == "could be noise"
    assert (found.answer == "higher") == (by_bracket(b, a, apart).answer == "lower")


def test_what_was_not_measured_cannot_be_told_and_says_why():
    known = Measured(value=2.0, low=1.0, high=3.0)
    assert by_ratio(known, Measured(value=None)).why == "there is nothing to divide by"
    assert by_points(known, Measured(value=None)).why == "nothing was measured"
    short = Measured(value=4.0, why="it was too short")
    for found in (by_ratio(known, short), by_points(known, short), by_bracket(known, short)):
        assert (found.answer, found.why) == ("cannot tell", "it was too short")
    assert by_ratio(known, short).ratio == 2.0
    assert by_ratio(Measured(value=0.0, low=0.0, high=1.0), known).answer == "cannot tell"


def test_a_bracket_without_an_upper_end_can_only_be_higher():
    open_end = Measured(value=500.0, low=500.0, high=None)
    narrow = Measured(value=100.0, low=98.0, high=102.0)
    assert by_bracket(narrow, open_end).answer == "higher"
    assert by_bracket(open_end, narrow).answer == "lower"
    assert by_bracket(open_end, open_end).why == "neither run broke it"
    assert by_bracket(Measured(value=600.0, low=590.0, high=610.0), open_end).answer == "could be noise"


def test_normal_means_are_called_different_as_often_as_stated():
    """Two thousand pairs of runs of thirty seconds each, of the same subject and of one that is 5 % slower."""
    generator = np.random.default_rng(3)
    called = {1.0: 0, 1.05: 0}
    for factor in called:
        for _ in range(2000):
            a, b = (_mean(generator.normal(100 * by, 5, 30)) for by in (1.0, factor))
            called[factor] += by_ratio(a, b).answer != "could be noise"
    assert called[1.0] <= 0.07 * 2000
    assert called[1.05] >= 0.9 * 2000


def _mean(values):
    half = 2.045 * values.std(ddof=1) / math.sqrt(len(values))
    return Measured(value=float(values.mean()), low=float(values.mean() - half), high=float(values.mean() + half))
