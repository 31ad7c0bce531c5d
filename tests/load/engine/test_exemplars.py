from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from brinell.load.engine.exemplars import EACH_ERROR, SLOWEST, Exemplars


@given(st.lists(st.lists(st.integers(0, 10**9), max_size=40), max_size=6))
def test_the_slowest_of_all_are_told_over_the_seconds(seconds):
    kept, told, every = Exemplars(), [], []
    for second in seconds:
        for response in second:
            every.append(response)
            if response > kept.floor_ns:
                kept.slow("a", "ok", (0, 0, 0, response), "")
        new = kept.take()
        assert len(new) <= SLOWEST
        told += [one.ended_ns for one in new]
    assert sorted(told, reverse=True)[:SLOWEST] == sorted(every, reverse=True)[:SLOWEST]


def test_each_kind_of_error_keeps_its_first_few():
    kept = Exemplars()
    for number in range(10):
        kept.error("a", "timeout", (0, 0, 0, number), "")
        kept.error("a", "status-503", (0, 0, 0, number), "")
    assert [(one.outcome, one.ended_ns) for one in kept.take()] == [
        (kind, number) for number in range(EACH_ERROR) for kind in ("timeout", "status-503")
    ]
    assert kept.take() == []


def test_what_the_subject_said_is_masked_before_it_is_cut():
    kept = Exemplars()
    kept.error("a", "protocol", (0, 0, 0, 1), "x" * 280 + " password=hunter2hunter2hunter2\x1b[31m")
    (one,) = kept.take()
    assert "hunter2" not in one.detail
    assert "\x1b" not in one.detail
    assert len(one.detail) <= 300
