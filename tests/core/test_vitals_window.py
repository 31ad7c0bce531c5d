from __future__ import annotations

import pytest

from brinell.core.vitals_records import Pool, ProbeLook, ProbeSilent, ProcessLook, Stack, StacksSeen, VitalsDetail
from brinell.core.vitals_window import Span, window

S = 1_000_000_000


def detail(second: float, **values) -> VitalsDetail:
    return VitalsDetail(at_ns=int(second * S), **values)


def process(cpu_s: float, **values) -> ProcessLook:
    return ProcessLook(**{"pid": 7, "name": "uvicorn", "cpu_s": cpu_s} | values)


def test_counters_become_rates():
    looks = []
    for at in (0.0, 1.0, 2.0, 4.0):
        one = process(at * 0.5, starved_s=at * 0.2, major_faults=int(at * 30))
        looks.append(detail(10 + at, processes=(one,), busy_s=(at, at / 4)))
    found = window(looks, Span(10 * S, 14 * S))
    one = found.processes[7]
    assert (one.cores, one.starved, one.major_faults) == pytest.approx((0.5, 0.2, 30.0))
    assert found.cores == pytest.approx((1.0, 0.25))
    assert one.full_at_ns is None


def test_only_what_lies_in_the_span_counts():
    looks = [detail(at, processes=(process(0.0 if at < 5 else at - 5.0),)) for at in range(11)]
    assert window(looks, Span(0, 5 * S)).processes[7].cores == 0
    late = window(looks, Span(5 * S, 10 * S)).processes[7]
    assert late.cores == pytest.approx(1.0)
    assert late.full_at_ns == 6 * S


def test_one_look_tells_no_rate():
    assert window([detail(1, processes=(process(1.0),))], Span(0, 2 * S)).processes == {}
    assert window([], Span(0, S)).looks == 0


def test_descriptors_at_their_limit_are_seen_when_they_first_are():
    looks = [detail(at, processes=(process(0.0, fds=60 + at, fd_limit=64),)) for at in range(6)]
    one = window(looks, Span(0, 9 * S)).processes[7]
    assert (one.fds, one.fd_limit, one.crowded_at_ns) == (65, 64, 3 * S)


def test_the_queue_is_told_at_its_fullest_and_overflows_since_the_first_look():
    looks = [detail(at, accept_queue=queue, accept_limit=8, refused=100 + at) for at, queue in enumerate((0, 9, 9, 2))]
    found = window(looks, Span(0, 9 * S))
    assert (found.accept_queue, found.accept_at_ns, found.accept_limit, found.refused) == (9, S, 8, 3)


def test_what_a_probe_says_is_added_up():
    looks = [
        ProbeLook(
            at_ns=at * S,
            pid=7,
            span_ns=S,
            looks=18,
            busy=9,
            long=3,
            loop_cpu_s=0.25,
            lag_max_ms=at * 1.0,
            gc_s=0.1,
            pools=(Pool("SQLAlchemy", at, 5),),
            stacks=(Stack("loop", "page (./app.py:1)", 4, 2),),
        )
        for at in (1, 2, 3)
    ]
    one = window(looks, Span(0, 3 * S)).inside[7]
    assert (one.looks, one.busy, one.long, one.seconds, one.lag_max_ms) == (54, 27, 9, 3.0, 3.0)
    assert one.loop_cpu_s == pytest.approx(0.75)
    assert one.pools["SQLAlchemy"].out == 3
    assert one.stacks == {("loop", "page (./app.py:1)"): (12, 6)}


def test_what_py_spy_saw_and_why_it_saw_nothing():
    seen = StacksSeen(S, 3 * S, 7, 40, (Stack("thread", "page (./app.py:1)", 40),))
    assert window([seen], Span(0, 3 * S)).stacks == {7: (40, {("thread", "page (./app.py:1)"): (40, 0)})}
    assert window([seen], Span(3 * S, 9 * S)).stacks == {}
    assert window([StacksSeen(S, S, 7, why="no py-spy")], Span(5 * S, 9 * S)).why_no_stacks == "no py-spy"
    assert window([ProbeSilent(S, 2)], Span(0, S)).malformed == 2


def test_the_second_in_which_a_load_rose_belongs_to_neither_side():
    looks = [ProbeLook(at_ns=int((at + 0.4) * S), pid=7, span_ns=S, looks=at) for at in range(1, 9)]
    assert window(looks, Span(0, 4 * S)).inside[7].looks == 1 + 2 + 3
    assert window(looks, Span(4 * S, 9 * S)).inside[7].looks == 5 + 6 + 7 + 8
    assert window(looks, Span(4 * S, int(5.1 * S))).inside[7].looks == 5  # none lies wholly in it
