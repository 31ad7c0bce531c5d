from __future__ import annotations

from array import array

from hypothesis import given
from hypothesis import strategies as st

from brinell.load.engine.pacing import NEVER, GrainedPacer, Pacer
from brinell.load.shapes.constant import Constant

offsets = st.lists(st.integers(0, 10**10), max_size=50).map(sorted)


@given(offsets, st.lists(st.integers(0, 2 * 10**9), max_size=60), st.integers(0, 10**12))
def test_every_request_falls_due_once_in_order_and_its_lag_is_known(dues, steps, start):
    pacer = Pacer(iter(dues), start, array("q"))
    now, seen, lags = start, [], []
    for step in [*steps, 10**11]:
        now += step
        found = list(pacer.due_by(now))
        assert all(due <= now for due in found)
        seen += found
        lags += [now - due for due in found]
        assert pacer.next_ns > now
    assert seen == [start + due for due in dues]
    assert list(pacer.lag) == lags
    assert pacer.next_ns == NEVER


@given(st.integers(1, 5000), st.integers(1, 200))
def test_a_loop_that_wakes_late_catches_up_without_losing_its_place(rate, grain_ms):
    pacer = Pacer(Constant(rate, 1).due_ns(0, 1), 0, array("q"))
    seen = [due for moment in range(0, 2_000, grain_ms) for due in pacer.due_by(moment * 1_000_000)]
    assert len(seen) == rate
    assert max(pacer.lag) <= grain_ms * 1_000_000


def test_nothing_falls_due_after_a_stop():
    pacer = Pacer(iter([1, 2, 3]), 0, array("q"))
    assert list(pacer.due_by(1)) == [1]
    pacer.stop()
    assert list(pacer.due_by(10)) == []
    assert pacer.next_ns == NEVER


@given(offsets, st.lists(st.integers(0, 10**9), max_size=60), st.integers(1, 10**9), st.integers(0, 10**12))
def test_with_a_grain_nobody_is_early_and_nobody_waits_longer_than_the_grain(dues, steps, grain, start):
    end = start + 10**10 + 1
    pacer = GrainedPacer(iter(dues), start, array("q"), grain, end)
    now, seen = start, []
    for step in steps:
        now = min(now + step, pacer.next_ns)  # a loop that is never late
        found = list(pacer.due_by(now))
        assert all(now - grain <= due <= now for due in found)
        seen += found
    seen += pacer.due_by(end)
    assert seen == [start + due for due in dues]
    assert pacer.next_ns == NEVER
    assert min(pacer.lag, default=0) >= 0


def test_a_grain_sends_together_what_falls_due_together_and_the_last_before_the_end():
    pacer = GrainedPacer(Constant(1000, 0.01).due_ns(0, 1), 0, array("q"), 2_500_000, 10_000_000)
    wakes = []
    while pacer.next_ns != NEVER:
        now = pacer.next_ns
        wakes.append((now / 1e6, len(pacer.due_by(now))))
    assert wakes == [(2.5, 3), (5.5, 3), (8.5, 3), (10.0, 1)]
    assert list(pacer.lag) == [0] * 10
