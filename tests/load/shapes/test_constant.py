from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.load.shapes.constant import Constant

rates = st.floats(0.01, 5000, allow_nan=False).map(lambda rate: round(rate, 3)).filter(lambda rate: rate > 0)
durations = st.floats(0.001, 3, allow_nan=False).map(lambda seconds: round(seconds, 4)).filter(lambda s: s > 0)


@given(rates, durations, st.integers(1, 7))
def test_workers_together_keep_the_even_schedule(rate, duration, workers):
    shape = Constant(rate, duration)
    alone = list(shape.due_ns(0, 1))
    together = sorted(due for worker in range(workers) for due in shape.due_ns(worker, workers))
    assert together == alone


@given(rates, durations)
def test_every_due_time_is_exact_however_long_the_run(rate, duration):
    dues = list(Constant(rate, duration).due_ns(0, 1))
    exact = Fraction(str(rate))
    assert dues[0] == 0
    assert all(0 <= index * 10**9 / exact - due < 1 for index, due in enumerate(dues))
    assert all(due < duration * 1e9 for due in dues)
    # The next one would not fall into the span any more.
    assert len(dues) * 10**9 / exact >= Fraction(str(duration)) * 10**9 - 1


@given(rates, durations, st.integers(2, 5))
def test_a_workers_share_is_spread_not_bunched(rate, duration, workers):
    shape = Constant(rate, duration)
    for worker in range(workers):
        dues = list(shape.due_ns(worker, workers))
        gaps = {late - early for early, late in pairwise(dues)}
        assert not gaps or max(gaps) - min(gaps) <= 1


def test_the_count_is_rate_times_duration():
    assert sum(1 for _ in Constant(1000, 30).due_ns(0, 1)) == 30_000
    assert list(Constant(0.1, 25).due_ns(0, 1)) == [0, 10**10, 2 * 10**10]


@pytest.mark.parametrize(
    "options", [{"rate": 0, "duration": 1}, {"rate": 10, "duration": 0}, {"rate": 2e6, "duration": 1}]
)
def test_what_cannot_be_scheduled_is_refused_by_name(options):
    with pytest.raises(msgspec.ValidationError, match=r"rate lies above 0|duration lies above 0"):
        msgspec.convert(options, Constant)
