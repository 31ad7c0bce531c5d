"""Shedding, thinking and bounded traffic against real servers on loopback."""

from __future__ import annotations

import asyncio
import socket
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.load.drivers.http_exchange import ExchangeOperation
from brinell.load.engine.limited import Bounds, Manners
from brinell.load.engine.session import Send
from brinell.load.shapes.closed import Closed
from brinell.load.shapes.constant import Constant

SECOND = 10**9
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


def slow(lab, pause_s):
    async def handler(reader, writer):
        while True:
            await lab.read_request(reader)
            await asyncio.sleep(pause_s)
            writer.write(lab.ok())

    return handler


# --- shedding -------------------------------------------------------------------------------------------------------


def test_what_waits_too_long_is_dropped_unsent_and_counted(lab):
    met = []

    async def handler(reader, writer):
        while True:
            await lab.read_request(reader)
            met.append(1)
            await asyncio.sleep(0.05)
            writer.write(lab.ok())

    done = lab.drive(lab.start(handler), Constant(200, 0.5), connections=2, bounds=Bounds(shed_ns=SECOND // 10))
    assert set(done.outcomes) == {"ok", "shed"}
    assert sum(done.outcomes.values()) == done.engine.scheduled == 100
    assert done.outcomes["ok"] == len(met) < 50  # nothing that was shed was ever sent
    assert done.engine.unfinished == 0
    shed = [one for one in done.slices if one.outcome == "shed"]
    assert all(one.service == ((), ()) for one in shed)  # never sent: no service time
    # In the response times at their age, which is the limit and at most a look of the loop more.
    assert all(one.max_response_ns >= SECOND // 10 for one in shed)
    # Of those that were sent, none had waited longer.
    sent_late = [one for one in done.exemplars if one.outcome == "ok" and one.started_ns - one.due_ns > SECOND // 5]
    assert sent_late == []


def test_samples_of_what_was_shed_are_kept(lab):
    done = lab.drive(lab.start(slow(lab, 0.2)), Constant(100, 0.3), connections=1, bounds=Bounds(shed_ns=SECOND // 20))
    kept = [one for one in done.exemplars if one.outcome == "shed"]
    assert kept
    assert all(one.started_ns == 0 and one.ended_ns - one.due_ns >= SECOND // 20 for one in kept)
    assert "waiting for a connection" in done.details


def test_a_subject_that_keeps_up_is_never_shed(lab):
    done = lab.drive(
        lab.start(lab.always(lab.ok())), Constant(200, 0.2), timeout_s=20, bounds=Bounds(shed_ns=5 * SECOND)
    )
    assert done.outcomes == {"ok": 40}


def test_what_waits_for_a_connection_that_does_not_open_is_shed_too(lab):
    """A listener whose queue is full takes no connection: the handshake never ends."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        takers = []
        for _ in range(4):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(full.getsockname())
            takers.append(one)
        done = lab.drive(
            full.getsockname()[1], Constant(50, 0.2), connections=2, timeout_s=9.0, bounds=Bounds(shed_ns=SECOND // 10)
        )
        for one in takers:
            one.close()
    assert done.outcomes == {"shed": 10}
    assert done.response().max_ns < 5 * SECOND  # long before the time-out


def test_started_requests_of_a_second_leave_out_what_was_shed(lab):
    done = lab.drive(lab.start(slow(lab, 0.1)), Constant(100, 0.3), connections=1, bounds=Bounds(shed_ns=SECOND // 20))
    assert sum(one.scheduled for one in done.seconds) == 30
    assert sum(one.started for one in done.seconds) == 30 - done.outcomes["shed"]


def test_requests_of_sessions_are_shed_and_the_session_is_told(lab):
    told = []

    class One:
        def __init__(self, recorder):
            self.operation = ExchangeOperation("one", recorder)

        def begin(self, _user):
            answer = yield Send(self.operation, GET)
            told.append(answer.outcome)

    done = lab.drive(
        lab.start(slow(lab, 0.1)), Constant(100, 0.3), connections=1, sessions=One, bounds=Bounds(shed_ns=SECOND // 20)
    )
    assert set(done.outcomes) == {"ok", "shed"}
    assert sum(done.outcomes.values()) == 30
    assert sorted(told) == sorted(["ok"] * done.outcomes["ok"] + ["shed"] * done.outcomes["shed"])


# --- users ----------------------------------------------------------------------------------------------------------


def begun(lab):
    """A server that writes down when each request came, and on which connection."""
    times = []

    async def handler(reader, writer):
        while True:
            await lab.read_request(reader)
            times.append(asyncio.get_running_loop().time())
            writer.write(lab.ok())

    return handler, times


def test_users_think_before_they_come_back(lab):
    handler, times = begun(lab)
    done = lab.drive(
        lab.start(handler), Closed(1.0), connections=2, bounds=Bounds(think_ns=(SECOND // 10, SECOND // 10))
    )
    assert set(done.outcomes) == {"ok"}
    # Two users, each at most once in 0.1 s, the first time within that.
    assert 2 <= done.outcomes["ok"] <= 22
    assert len(times) == done.outcomes["ok"]


def test_a_request_is_due_when_its_user_comes_back(lab):
    done = lab.drive(
        lab.start(lab.always(lab.ok())),
        Closed(0.5),
        connections=1,
        bounds=Bounds(think_ns=(SECOND // 20, SECOND // 20)),
    )
    for one in done.exemplars:
        assert one.due_ns <= one.woken_ns <= one.started_ns <= one.ended_ns
        assert one.due_ns > 0
    assert sum(sum(one.lag[1]) for one in done.seconds) > done.outcomes["ok"]  # coming back late is lag


def test_users_keep_to_a_rate(lab):
    done = lab.drive(lab.start(lab.always(lab.ok())), Closed(1.0), connections=2, bounds=Bounds(gap_ns=SECOND // 10))
    assert 2 < done.outcomes["ok"] <= 22


def test_a_user_slower_than_its_rate_begins_again_at_once(lab):
    done = lab.drive(lab.start(slow(lab, 0.1)), Closed(0.6), connections=1, bounds=Bounds(gap_ns=SECOND // 1000))
    assert 1 < done.outcomes["ok"] <= 7


@pytest.mark.parametrize("connections", [1, 3])
@pytest.mark.parametrize("think_ns", [0, 1_000_000])
def test_no_more_than_so_many_are_sent_and_then_it_ends(lab, connections, think_ns):
    handler, times = begun(lab)
    done = lab.drive(
        lab.start(handler), Closed(30.0), connections=connections, bounds=Bounds(requests=50, think_ns=(0, think_ns))
    )
    assert done.outcomes == {"ok": 50}
    assert len(times) == done.engine.scheduled == 50
    assert done.engine.in_span == (50, 50)
    assert done.seconds[-1].second < 25  # not at the end of its 30 s


def test_the_schedule_of_a_bounded_number_ends_with_the_last_answer(lab):
    """So that requests by seconds is the rate."""
    ends = []
    port = lab.start(slow(lab, 0.05))

    def during(engine):
        ends.append(engine)

    done = lab.drive(port, Closed(30.0), connections=1, bounds=Bounds(requests=4), during=during)
    assert done.outcomes == {"ok": 4}
    assert ends == [done.engine]


def test_failures_count_as_begun_and_do_not_end_the_rest(lab):
    answers = iter([b"", lab.ok(), b"", lab.ok(), lab.ok(), lab.ok()])
    lock = threading.Lock()

    async def handler(reader, writer):
        while True:
            await lab.read_request(reader)
            with lock:
                answer = next(answers)
            if not answer:
                writer.close()
                return
            writer.write(answer)

    done = lab.drive(lab.start(handler), Closed(30.0), connections=1, bounds=Bounds(requests=6))
    assert done.outcomes == {"ok": 4, "reset": 2}


def test_nobody_listening_is_asked_no_more_than_so_often(lab):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        done = lab.drive(nobody.getsockname()[1], Closed(30.0), connections=2, bounds=Bounds(requests=6))
    assert done.outcomes == {"refused": 6}


def test_a_worker_without_a_part_of_the_bound_ends_at_once(lab):
    done = lab.drive(lab.start(lab.always(lab.ok())), Closed(30.0), connections=2, bounds=Bounds(requests=0))
    assert done.outcomes == {}
    assert done.seconds[-1].second < 25


def test_requests_of_sessions_are_bounded_too(lab):
    handler, times = begun(lab)

    class Two:
        def __init__(self, recorder):
            self.operation = ExchangeOperation("one", recorder)

        def begin(self, _user):
            yield Send(self.operation, GET)
            yield Send(self.operation, GET)

    done = lab.drive(lab.start(handler), Closed(30.0), connections=2, sessions=Two, bounds=Bounds(requests=7))
    assert done.outcomes == {"ok": 7}
    assert len(times) == 7
    assert done.seconds[-1].second < 25


def test_users_of_sessions_think_between_them(lab):
    handler, times = begun(lab)

    class One:
        def __init__(self, recorder):
            self.operation = ExchangeOperation("one", recorder)

        def begin(self, _user):
            yield Send(self.operation, GET)

    bounds = Bounds(think_ns=(SECOND // 10, SECOND // 10))
    done = lab.drive(lab.start(handler), Closed(0.8), connections=2, sessions=One, bounds=bounds)
    assert 2 <= done.outcomes["ok"] == len(times) <= 18


def test_ctrl_c_ends_users_who_think(lab):
    port = lab.start(lab.always(lab.ok()))
    stop = threading.Event()

    def during(engine):
        stop.wait(0.3)
        engine.stop()

    done = lab.drive(
        port, Closed(30.0), connections=2, bounds=Bounds(think_ns=(SECOND // 20, SECOND // 20)), during=during
    )
    assert done.seconds[-1].second < 25


times = st.integers(0, 10**9)


@given(times, times, times, times, st.integers(0, 100))
def test_a_user_comes_back_after_the_think_time_and_not_before_the_gap(least, more, gap, now, seed):
    bounds = Bounds(think_ns=(least, least + more), gap_ns=gap, seed=str(seed))
    manners, began = Manners(bounds), now // 2
    back = manners.next_ns(began, now)
    assert back >= now + least
    assert back >= began + gap
    assert back <= max(now + least + more, began + gap)
    assert now <= Manners(bounds).first_ns(now) <= now + max(least + more, gap)
    assert bounds.users_wait == bool(least + more or gap)
    assert Manners(bounds).next_ns(began, now) == Manners(bounds).next_ns(began, now)


# --- HTTP/2: lanes of one socket are connections to all of this ------------------------------------------------------


def test_bounded_users_over_http2(lab):
    done = lab.drive(
        lab.start(lab.http2()), Closed(30.0), connections=6, version="2", streams=3, bounds=Bounds(requests=40)
    )
    assert done.outcomes == {"ok": 40}
    assert done.seconds[-1].second < 25


def test_thinking_users_over_http2(lab):
    bounds = Bounds(think_ns=(SECOND // 20, SECOND // 10))
    done = lab.drive(lab.start(lab.http2()), Closed(0.6), connections=6, version="2", streams=3, bounds=bounds)
    assert set(done.outcomes) == {"ok"}
    assert 1 <= done.outcomes["ok"] <= 6 * 13


def test_stale_requests_are_shed_over_http2(lab):
    async def late(machine, event, writer):
        await asyncio.sleep(0.05)
        await lab.answer_hello(machine, event, writer)

    done = lab.drive(
        lab.start(lab.http2(late)),
        Constant(200, 0.4),
        connections=2,
        version="2",
        streams=2,
        bounds=Bounds(shed_ns=SECOND // 10),
    )
    assert set(done.outcomes) == {"ok", "shed"}
    assert sum(done.outcomes.values()) == 80
