"""Errors as usual, or more than that: against the same probability, counted in whole numbers."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.checks.drills.usual import answered, as_usual, surplus


@given(st.data(), st.integers(0, 40), st.integers(1, 200))
def test_the_probability_is_that_of_drawing_without_putting_back(data, answers, before):
    errors, usual = data.draw(st.integers(0, answers)), data.draw(st.integers(0, before))
    total = errors + usual
    ways = sum(comb(answers, here) * comb(before, total - here) for here in range(errors, min(answers, total) + 1))
    exact = Fraction(ways, comb(answers + before, total))
    assert surplus(errors, answers, usual, before) == pytest.approx(float(exact), rel=1e-6, abs=1e-12)


def test_what_never_came_before_is_not_usual():
    assert not as_usual("status-503", 1, 10, {"ok": 10_000})
    assert as_usual("status-503", 1, 10, {"ok": 90, "status-503": 10})
    assert not as_usual("status-503", 10, 10, {"ok": 90, "status-503": 10})
    assert not as_usual("status-503", 10, 10, {"ok": 9_999, "status-503": 1, "reset": 500})


def test_only_whole_answers_are_answers():
    assert answered({"ok": 5, "status-503": 2, "reset": 3, "refused": 4, "timeout": 1}) == 7
