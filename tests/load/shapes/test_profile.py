from __future__ import annotations

import itertools
from bisect import bisect_left
from fractions import Fraction
from itertools import pairwise

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brinell.load.shapes import profile
from brinell.load.shapes.constant import Constant
from brinell.load.shapes.poisson import Poisson
from brinell.load.shapes.ramp import Ramp
from brinell.load.shapes.sine import Sine
from brinell.load.shapes.spike import Spike
from brinell.load.shapes.steps import Steps
from brinell.rosters.shapes import SHAPES as ROSTER


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


def keeps(shape, workers):
    """What any open shape keeps to; returns its due times."""
    alone = list(shape.due_ns(0, 1))
    assert interleaved(shares(shape, workers)) == alone
    assert all(early <= late for early, late in pairwise(alone))
    assert all(0 <= due < shape.span_s * 1e9 for due in alone)
    assert all(isinstance(due, int) for due in alone[:3])
    assert list(shape.due_ns(0, 1)) == alone
    assert shape.planned() == len(alone)
    return alone


ANY = st.one_of(*SHAPES.values())


@settings(max_examples=150)
@given(ANY, st.integers(1, 7))
def test_workers_together_are_one_worker_and_everything_lies_in_the_span(shape, workers):
    keeps(shape, workers)


@given(ANY, st.floats(0, 5, allow_nan=False))
def test_what_is_planned_by_a_moment_is_what_falls_due_by_then(shape, until_s):
    dues = list(shape.due_ns(0, 1))
    assert shape.planned(until_s) == bisect_left(dues, int(profile.exact(until_s) * profile.SECOND_NS))


@given(ANY)
def test_the_n_th_request_is_the_first_of_so_many_and_one_workers(shape):
    """What a bound on the number of requests rests on."""
    dues = list(shape.due_ns(0, 1))
    for index in {0, len(dues) // 2, max(0, len(dues) - 1), len(dues)}:
        found = next(shape.due_ns(index, index + 1), None)
        assert found == (dues[index] if index < len(dues) else None)


@given(ANY)
def test_a_shape_goes_over_the_wire_unchanged(shape):
    again = msgspec.convert(msgspec.json.decode(msgspec.json.encode(msgspec.to_builtins(shape))), type(shape))
    assert again == shape


@given(ANY)
def test_rates_are_told_as_they_are(shape):
    assert 0 < shape.target_rate <= shape.peak_rate * (1 + 1e-9) + 1 / shape.span_s
    assert shape.model == "open"
    assert all(one.from_s < one.to_s <= shape.span_s + 1e-9 for one in shape.stages)


def exact_ramp(shape):
    """Due times by integers alone: request i is due at the largest ns whose integral does not exceed i."""
    low, high = Fraction(repr(float(shape.from_rate))), Fraction(repr(float(shape.to_rate)))
    lasts = Fraction(repr(float(shape.duration)))

    def integral(ns):
        t = Fraction(ns, 10**9)
        return low * t + (high - low) / lasts * t * t / 2

    end = int(lasts * 10**9)
    for index in itertools.count():
        if integral(end) <= index:
            return
        below, above = 0, end
        while above - below > 1:
            middle = (below + above) // 2
            below, above = (middle, above) if integral(middle) <= index else (below, middle)
        yield below


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 300), st.integers(0, 300), st.integers(1, 3))
def test_a_ramp_is_the_inverse_of_its_integral_to_the_nanosecond(low, high, lasts):
    if low == high == 0:
        return
    shape = Ramp(float(low), float(high), float(lasts))
    found, wanted = list(shape.due_ns(0, 1)), list(exact_ramp(shape))
    assert len(found) == len(wanted)
    # Where the rate is 0, the integral is flat: a nanosecond more or less is then a matter of 1e-15 requests.
    assert all(abs(one - other) <= 2 + 1e-7 * other for one, other in zip(found, wanted, strict=True))


@pytest.mark.parametrize(
    ("shape", "count"),
    [
        (Ramp(0, 100, 10), 500),
        (Ramp(100, 0, 10), 500),
        (Ramp(100, 1000, 60), 33_000),
        (Steps((100, 200, 400), 10), 7000),
        (Spike(100, 1000, 10, 5, 30), 7500),
        (Spike(0, 100, 2, 3, 10, 1), 400),
        (Sine(0, 200, 4, 12), 1200),
        (Sine(50, 150, 60, 120), 12_000),
    ],
)
def test_the_count_is_the_area_under_the_rate(shape, count):
    assert len(keeps(shape, 3)) == count


def test_nothing_falls_due_while_the_rate_is_zero():
    dues = list(Spike(0, 50, 2, 1, 5).due_ns(0, 1))
    assert min(dues) == 2 * 10**9
    assert max(dues) < 3 * 10**9
    steps = list(Steps((10, 0, 10), 1).due_ns(0, 1))
    assert not [due for due in steps if 10**9 <= due < 2 * 10**9]
    assert len(steps) == 20


@pytest.mark.parametrize("shape", [Ramp(100, 1000, 10), Ramp(1000, 100, 10), Sine(100, 1000, 5, 10)])
def test_the_local_rate_is_the_planned_one(shape):
    dues = np.array(list(shape.due_ns(0, 1))) / 1e9
    for second in range(10):
        got = np.count_nonzero((dues >= second) & (dues < second + 1))
        assert abs(got - (shape.planned(second + 1) - shape.planned(second))) == 0
        t = second + 0.5
        if isinstance(shape, Ramp):
            assert got == pytest.approx(shape.from_rate + (shape.to_rate - shape.from_rate) * t / 10, abs=2)
        else:
            assert got == pytest.approx(550 - 450 * np.cos(2 * np.pi * t / 5), abs=40)


MONTH = 30 * 86_400.0


@pytest.mark.parametrize(
    "shape",
    [
        Ramp(1, 3, MONTH),
        Ramp(1_000_000, 0, MONTH),
        Ramp(0, 1_000_000, MONTH),
        Steps((1_000_000.0, 0.1), MONTH / 2),
        Sine(0, 1_000_000, 86_400, MONTH),
        Spike(1, 1_000_000, 86_400, MONTH / 2, MONTH, 3600),
    ],
)
def test_thirty_days_do_not_drift(shape):
    """A request is due when the integral reaches its number: the schedule's own count says so to the end."""
    whole = shape.planned()
    for share in (0.001, 0.3, 0.77, 0.999999):
        index = int(whole * share)
        due = next(shape.due_ns(index, index + 1))
        # Counted up to that nanosecond it is number `index`: no error has added up.
        assert abs(shape.planned(due / 1e9) - index) <= max(1, shape.peak_rate * 2e-6)
    assert next(shape.due_ns(whole, whole + 1), None) is None
    assert next(shape.due_ns(whole - 1, whole)) < MONTH * 1e9


def test_a_high_rate_is_even():
    shape = Ramp(1_000_000, 1_000_000, 0.01)
    dues = list(shape.due_ns(0, 1))
    assert dues == list(range(0, 10_000_000, 1000))


@pytest.mark.parametrize(
    ("kind", "options", "named"),
    [
        ("ramp", {"from_rate": 0, "to_rate": 0, "duration": 1}, "to_rate"),
        ("ramp", {"from_rate": -1, "to_rate": 5, "duration": 1}, "from_rate"),
        ("ramp", {"from_rate": 1, "to_rate": 2e6, "duration": 1}, "to_rate"),
        ("ramp", {"from_rate": 1, "to_rate": 2, "duration": 0}, "duration"),
        ("steps", {"rates": [], "each_s": 1}, "rates"),
        ("steps", {"rates": [0, 0], "each_s": 1}, "rates"),
        ("steps", {"rates": [5, -5], "each_s": 1}, "rates"),
        ("steps", {"rates": [5] * 100, "each_s": 86_400}, "each_s"),
        ("spike", {"rate": 1, "peak": 0, "at_s": 1, "lasts_s": 1, "duration": 5}, "peak"),
        ("spike", {"rate": 1, "peak": 5, "at_s": 4, "lasts_s": 2, "duration": 5}, "duration"),
        ("spike", {"rate": 1, "peak": 5, "at_s": -1, "lasts_s": 2, "duration": 5}, "at_s"),
        ("spike", {"rate": 1, "peak": 5, "at_s": 1, "lasts_s": 2, "duration": 5, "rise_s": -1}, "rise_s"),
        ("sine", {"low": 5, "high": 1, "period_s": 1, "duration": 5}, "low"),
        ("sine", {"low": 0, "high": 0, "period_s": 1, "duration": 5}, "high"),
        ("sine", {"low": 0, "high": 1, "period_s": 0.001, "duration": 3600}, "period_s"),
        ("poisson", {"rate": 0, "duration": 5}, "rate"),
        ("poisson", {"rate": 1, "duration": 5, "seed": -1}, "seed"),
        ("replay", {"file": "x", "speed": 0}, "speed"),
        ("replay", {"file": "x", "duration": 0}, "duration"),
        ("closed", {"duration": 5, "think_s": [3, 1]}, "think_s"),
        ("closed", {"duration": 5, "think_s": -1}, "think_s"),
        ("closed", {"duration": 5, "user_rate": 0}, "user_rate"),
    ],
)
def test_what_cannot_be_scheduled_is_refused_by_name(kind, options, named):
    with pytest.raises(msgspec.ValidationError, match=f"^{named}"):
        msgspec.convert(options, ROSTER[kind])


def test_a_falling_ramp_is_a_rising_one_read_backwards():
    up, down = list(Ramp(0, 100, 10).due_ns(0, 1)), list(Ramp(100, 0, 10).due_ns(0, 1))
    # Request i of the one has 500 - i requests after it in the other.
    assert all(abs((10**10 - down[len(down) - i]) - up[i]) <= 2 for i in range(1, len(up)))


def test_stages_are_the_parts_one_would_look_at():
    assert [one.from_rate for one in Steps((1, 2, 3), 5).stages] == [1, 2, 3]
    assert len(Ramp(0, 100, 60).stages) == 10
    assert len(Ramp(0, 100, 3).stages) == 3
    assert Ramp(0, 100, 0.5).stages == ()
    before, peak, after = Spike(10, 100, 5, 2, 20, 1).stages
    assert (before.to_s, peak.from_s, peak.to_s, after.from_s) == (5, 6, 8, 9)
    assert len(Spike(10, 100, 0, 20, 20).stages) == 1
