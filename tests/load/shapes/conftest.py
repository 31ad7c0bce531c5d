"""Shapes of every kind, drawn; and what all of them keep to."""

from __future__ import annotations

import itertools
from itertools import pairwise

import pytest
from hypothesis import strategies as st

from brinell.load.shapes.constant import Constant
from brinell.load.shapes.poisson import Poisson
from brinell.load.shapes.ramp import Ramp
from brinell.load.shapes.sine import Sine
from brinell.load.shapes.spike import Spike
from brinell.load.shapes.steps import Steps


def number(low, high, digits=3):
    return st.floats(low, high, allow_nan=False).map(lambda value: round(value, digits)).filter(lambda value: value > 0)


RATES = number(0.01, 600)
MAYBE_NONE = st.just(0.0) | RATES
TIMES = number(0.01, 2, 4)

SHAPES = {
    "constant": st.builds(Constant, RATES, TIMES),
    "poisson": st.builds(Poisson, RATES, TIMES, st.integers(0, 2**32 - 1)),
    "ramp": st.tuples(MAYBE_NONE, MAYBE_NONE, TIMES).filter(lambda one: one[0] or one[1]).map(lambda one: Ramp(*one)),
    "steps": st.tuples(st.lists(MAYBE_NONE, min_size=1, max_size=5).filter(any), number(0.01, 1, 4)).map(
        lambda one: Steps(tuple(one[0]), one[1])
    ),
    "spike": st.tuples(MAYBE_NONE, RATES, *[number(0.001, 0.5, 4)] * 4).map(
        lambda one: Spike(one[0], one[1], one[2], one[3], round(one[2] + one[3] + 2 * one[4] + one[5], 6), one[4])
    ),
    "sine": st.tuples(MAYBE_NONE, RATES, number(0.05, 3, 4), TIMES).map(
        lambda one: Sine(min(one[:2]), max(one[:2]), one[2], one[3])
    ),
}


def shares(shape, workers):
    return [list(shape.due_ns(worker, workers)) for worker in range(workers)]


def interleaved(parts):
    """The first of each worker, then the second of each, and so on: the sequence that they share."""
    rounds = itertools.zip_longest(*parts)
    return [due for one in rounds for due in one if due is not None]


@pytest.fixture(scope="session")
def keeps():
    """What any open shape keeps to; returns its due times."""

    def check(shape, workers):
        alone = list(shape.due_ns(0, 1))
        assert interleaved(shares(shape, workers)) == alone
        assert all(early <= late for early, late in pairwise(alone))
        assert all(0 <= due < shape.span_s * 1e9 for due in alone)
        assert all(isinstance(due, int) for due in alone[:3])
        assert list(shape.due_ns(0, 1)) == alone
        assert shape.planned() == len(alone)
        return alone

    return check
