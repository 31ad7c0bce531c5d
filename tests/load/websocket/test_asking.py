"""Echo and request-reply: the engine of a worker against real servers."""

from __future__ import annotations

import asyncio
import itertools
import json
import ssl
import threading
import time

import pytest

from brinell.core.socket_records import CONNECT, ECHO, JOIN, PING, PUBLISH, REPLY
from brinell.load.websocket import asking
from brinell.load.websocket.codec import MessagePack, SocketIo


def test_every_message_that_was_due_came_back(circle):
    run = circle.drive(circle.start(), connections=3, rate=200, duration=0.3)
    assert run.outcomes(CONNECT) == {"ok": 3}
    assert run.outcomes(ECHO) == {"ok": 60}
    assert run.engine.scheduled == 60
    assert run.engine.unfinished == 0
    assert run.population.completed == run.population.sent == 60
    assert 1 <= run.engine.in_span[1] <= run.engine.in_span[0] <= 60
    assert run.total("sent") == run.total("received") == 60
    assert run.total("opened") == 3
    assert run.total("strays") == 0
    assert run.closes(own=True) == {"1000": 3}
    assert run.closes() == {}
    assert sorted(circle.codes) == [(1000, "")] * 3
    assert run.seconds[0].second < 0
    assert [one.second for one in run.seconds] == sorted({one.second for one in run.seconds})
    (member,) = run.members
    assert (member.connections, member.publishers, member.slow) == (3, 0, 0)


def test_what_lies_unread_is_not_timed_by_what_comes_after_it(circle):
    grain_ns = 400_000_000  # each connection is sent a message in every grain, and nobody reads in between
    run = circle.drive(circle.start(), connections=4, rate=10, duration=2.0, grain_ns=grain_ns)
    assert run.outcomes(ECHO) == {"ok": 20}
    assert run.service(ECHO).quantiles_ns([0.7])[0] < grain_ns / 2


def test_who_is_asked_again_before_it_answered_is_read_at_once(circle):
    async def late(connection):
        async for message in connection:
            await asyncio.sleep(0.03)
            await connection.send(message)

    seen = []

    def during(engine):
        while engine._population.completed < 10:
            seen.append(engine._population.sent > 1 and bool(engine._population.urgent))
            time.sleep(0.002)

    run = circle.drive(circle.start(late), connections=1, rate=100, duration=0.1, during=during)
    assert run.outcomes(ECHO) == {"ok": 10}
    assert any(seen)
    assert not run.population.urgent


def test_long_answers_never_lie(circle):
    run = circle.drive(circle.start(), connections=2, rate=50, duration=0.3, size=1 << 17)
    assert run.outcomes(ECHO) == {"ok": 15}
    assert run.population._hurries


@pytest.mark.prove
def test_two_workers_share_connections_and_schedule(circle):
    port = circle.start()
    runs = [circle.drive(port, connections=5, rate=100, worker=worker, workers=2) for worker in range(2)]
    assert [run.outcomes(CONNECT)["ok"] for run in runs] == [3, 2]
    assert [run.outcomes(ECHO)["ok"] for run in runs] == [15, 15]


def test_answers_out_of_order_belong_to_their_messages(circle):
    async def shuffled(connection):
        kept = []
        async for message in connection:
            kept.append(message)
            if len(kept) == 5:
                for one in reversed(kept):
                    await connection.send(one)
                kept.clear()

    run = circle.drive(circle.start(shuffled), connections=1, rate=100, duration=0.2)
    assert run.outcomes(ECHO) == {"ok": 20}
    assert run.total("strays") == 0
    longest = max(one.max_response_ns for one in run.slices if one.operation == ECHO)
    assert longest >= 4 * 10**9 // 100 // 2  # the first of five waited for the other four


@pytest.mark.prove
def test_an_answer_that_says_more_is_read(circle):
    async def wrapping(connection):
        async for message in connection:
            await connection.send(json.dumps({"kind": "noise"}))
            await connection.send(json.dumps({"you said": json.loads(message)}))

    run = circle.drive(circle.start(wrapping), connections=2, mode="request-reply")
    assert run.outcomes(REPLY) == {"ok": 30}
    assert run.total("strays") == 30


def test_what_is_never_answered_times_out_and_what_is_late_is_a_stray(circle):
    async def late(connection):
        async for message in connection:
            await asyncio.sleep(0.25)
            await connection.send(message)

    run = circle.drive(circle.start(late), connections=1, rate=20, duration=0.1, timeout_s=0.1)
    assert run.outcomes(ECHO) == {"timeout": 2}
    assert all(one.max_response_ns >= 10**8 for one in run.slices if one.operation == ECHO)


def test_what_the_end_finds_without_an_answer_is_unfinished(circle):
    async def silent(connection):
        async for _ in connection:
            pass

    run = circle.drive(circle.start(silent), connections=2, rate=50, duration=0.2, settle_s=0.1, timeout_s=5)
    assert run.outcomes(ECHO) == {"unfinished": 10}
    assert run.engine.unfinished == 10
    assert run.closes(own=True) == {"1000": 2}


def test_a_connection_that_ends_fails_what_it_owed_by_its_code(circle):
    async def closing(connection):
        await connection.recv()
        await connection.close(1011, "broken")

    run = circle.drive(circle.start(closing), connections=1, rate=20, duration=0.3)
    found = run.outcomes(ECHO)
    assert found.pop("closed-1011") >= 1
    assert sum(found.values()) + 1 <= 6
    assert set(found) <= {"closed-1006", "closed-1011"}
    assert run.closes() == {"1011": 1}
    assert sum(run.outcomes(ECHO).values()) == run.engine.scheduled == 6
    assert any("broken" in one.detail for one in run.exemplars)


@pytest.mark.prove
def test_nobody_to_send_to_is_told(circle):
    def busy(connection, _request):
        return connection.respond(503, "full\n")

    run = circle.drive(circle.start(process_request=busy), connections=2, rate=20, duration=0.2)
    assert run.outcomes(CONNECT) == {"status-503": 2}
    assert run.outcomes(ECHO) == {"closed-1006": 4}
    assert run.total("failed") == 2
    assert any("no connection is open" in one.detail for one in run.exemplars)


def test_a_message_that_waits_takes_the_next_connection_that_can_take_it(circle, monkeypatch):
    """Of two connections one takes nothing; whoever is due at its turn must not wait for it."""
    monkeypatch.setattr(asking, "MOST_TRIED", 1)

    def clog(engine):
        while len(engine._population.members) < 2:
            time.sleep(0.005)
        engine._population.members[0].rest = memoryview(b"x")

    run = circle.drive(circle.start(), connections=2, rate=50, duration=0.4, lead_s=0.4, during=clog)
    assert run.outcomes(ECHO)["ok"] >= 19  # of 20; the last one may be due at its turn
    assert run.population.waiting == 0


VARIANTS = {
    "compressed": {"compression": True, "size": 500},
    "in-pieces": {"fragments": 3},
    "binary": {"binary": True},
    "text": {"codec": "text", "size": 40_000},
    "template": {"message": '{"id": "{{uuid}}", "n": {{n}}}'},
}


@pytest.mark.parametrize("fields", VARIANTS.values(), ids=VARIANTS)
@pytest.mark.prove
def test_messages_of_every_kind_are_echoed(circle, fields):
    options = {"compression": "deflate"} if fields.get("compression") else {}
    run = circle.drive(circle.start(**options), rate=100, duration=0.2, **fields)
    assert run.outcomes(ECHO) == {"ok": 20}
    assert run.total("strays") == 0


@pytest.mark.prove
def test_messagepack(circle):
    run = circle.drive(circle.start(), rate=100, duration=0.1, speaks=MessagePack())
    assert run.outcomes(ECHO) == {"ok": 10}


async def socketio(connection):
    """Speak Engine.IO 4 and Socket.IO 5, as far as a client must know them."""
    await connection.send('0{"sid":"x","upgrades":[],"pingInterval":25000,"pingTimeout":20000}')
    assert await connection.recv() == "40"
    await connection.send('40{"sid":"y"}')
    await connection.send("2")
    async for message in connection:
        if message != "3":
            assert message.startswith("42")
            number = message[2 : message.index("[")]
            await connection.send(f"43{number}[]")


def test_socketio_is_joined_kept_and_acknowledged(circle):
    port = circle.start(socketio)
    run = circle.drive(port, mode="request-reply", speaks=SocketIo(), path="/", rate=100, duration=0.2)
    assert run.outcomes(REPLY) == {"ok": 20}
    assert run.total("strays") == 0


@pytest.mark.prove
def test_joining_is_waited_for_and_timed(circle):
    paths = []

    async def joining(connection):
        paths.append(connection.request.path)
        hello = json.loads(await connection.recv())
        await asyncio.sleep(0.05)
        await connection.send(json.dumps({"joined": hello["room"]}))
        async for message in connection:
            await connection.send(message)

    run = circle.drive(
        circle.start(joining), connections=4, rooms=2, path="/rooms/{{room}}", rate=40,
        join='{"room": {{room}}, "me": {{connection}}}', joined='"joined"',
    )  # fmt: skip
    assert run.outcomes(JOIN) == {"ok": 4}
    assert run.outcomes(ECHO) == {"ok": 12}
    assert sorted(paths) == ["/rooms/0", "/rooms/0", "/rooms/1", "/rooms/1"]


@pytest.mark.prove
def test_who_is_never_let_in_takes_no_part(circle):
    run = circle.drive(
        circle.start(), connections=2, rate=20, duration=0.2, join="hello", joined="welcome", timeout_s=0.2
    )
    assert run.outcomes(JOIN) == {"timeout": 2}
    assert {one.detail for one in run.exemplars if one.operation == JOIN} == {"hello"}  # what came in place of it
    assert set(run.outcomes(ECHO)) <= {"closed-1006", "unfinished"}


def test_who_was_not_let_in_by_the_end_is_told_though_its_time_is_not_over(circle):
    def ended(duration):
        fields = {"join": "hello", "joined": "welcome", "timeout_s": 30, "settle_s": 0.1}
        run = circle.drive(port, connections=2, rate=20, duration=duration, **fields)
        return run.outcomes(JOIN), {one.detail for one in run.exemplars if one.operation == JOIN}

    port = circle.start()
    assert ended(1.2) == ({"unfinished": 2}, {"hello"})  # what came in place of it
    assert ended(0.1) == ({}, set())  # of a moment nothing can be said


@pytest.mark.prove
def test_connections_are_pinged(circle):
    run = circle.drive(circle.start(), connections=4, rate=20, duration=0.5, ping_s=0.1)
    found = run.outcomes(PING)
    assert found["ok"] >= 4
    assert run.total("pings") >= run.total("pongs") == found["ok"]
    assert max(one.max_ping_ns for one in run.seconds) > 0


@pytest.mark.prove
def test_tls(circle, server_tls, certificate):
    trusting = ssl.create_default_context(cafile=str(certificate[1]))
    run = circle.drive(circle.start(ssl=server_tls), rate=50, duration=0.2, tls=trusting)
    assert run.outcomes(ECHO) == {"ok": 10}


def test_connections_are_made_at_their_rate(circle):
    run = circle.drive(circle.start(), connections=20, connect_rate=100.0, rate=10, duration=0.1, lead_s=0.3)
    assert run.outcomes(CONNECT) == {"ok": 20}
    assert run.outcomes(ECHO) == {"ok": 1}


@pytest.mark.prove
def test_a_stop_ends_it_before_the_start_and_in_the_middle(circle):
    port = circle.start()

    def soon(engine):
        time.sleep(0.1)
        engine.stop()

    run = circle.drive(port, rate=10, duration=30, start_ns=time.monotonic_ns() + 20 * 10**9, during=soon)
    assert run.outcomes(ECHO) == {}

    def later(engine):
        while not engine._population.completed:
            time.sleep(0.01)
        engine.stop()

    run = circle.drive(port, rate=50, duration=30, during=later)
    assert 1 <= run.outcomes(ECHO)["ok"] < 1500


@pytest.mark.prove
def test_connections_that_the_server_ends_are_made_again(circle):
    served = []

    async def impatient(connection):
        served.append(connection)
        async for message in connection:
            await connection.send(message)
            if len(served) < 3:
                await connection.close(1012, "restarting")

    run = circle.drive(circle.start(impatient), connections=1, rate=20, duration=0.6, reconnect_s=0.05)
    assert run.outcomes(CONNECT) == {"ok": 3}
    assert run.closes() == {"1012": 2}
    assert run.closes(own=True) == {"1000": 1}
    assert run.outcomes(ECHO)["ok"] >= 10


@pytest.mark.prove
def test_who_cannot_come_back_tries_again_later_each_time(circle):
    seen = []

    def closing(connection, _request):
        seen.append(time.monotonic())
        return connection.respond(503, "no\n") if 1 < len(seen) < 4 else None

    async def once(connection):
        message = await connection.recv()
        if len(seen) < 4:
            await connection.close(1012)
        await connection.send(message)
        await connection.wait_closed()

    run = circle.drive(
        circle.start(once, process_request=closing), connections=1, rate=10, duration=2.0, reconnect_s=0.1
    )
    assert run.outcomes(CONNECT) == {"ok": 2, "status-503": 2}
    pauses = [later - earlier for earlier, later in itertools.pairwise(seen[1:])]
    assert pauses[1] > pauses[0]


@pytest.mark.parametrize("mode", ["echo", "broadcast"])
def test_a_message_that_is_noticed_after_everybody_left_is_nobodys_failure(circle, mode):
    """A loop that is far behind comes to what was due when it has closed its connections itself."""
    run = circle.drive(circle.start(circle.to_all()), connections=2, rate=20, duration=0.2, mode=mode)
    late, before = run.population, run.population.unfinished
    late.issue(time.monotonic_ns() - 5000, time.monotonic_ns())
    name = {"echo": ECHO, "broadcast": PUBLISH}[mode]
    assert late.unfinished == before + 1
    assert late.scheduled == 5
    assert len(late.cell(name, "unfinished").response) == 1
    assert len(late.cell(name, "closed-1006").response) == 0


def test_an_answer_that_goes_to_another_connection_is_foreign(circle):
    last = []

    async def mixing(connection):
        async for message in connection:
            last.append(connection)
            await last[-2 if len(last) > 1 else -1].send(message)  # whoever asked before

    run = circle.drive(circle.start(mixing), connections=4, rate=100, duration=0.2, mode="request-reply", settle_s=0.2)
    assert run.total("foreign") > 0
    assert run.total("foreign") + run.outcomes(REPLY)["ok"] == 20


def test_an_echo_that_comes_once_more_is_told_and_no_second_answer(circle):
    async def twice(connection):
        async for message in connection:
            await connection.send(message)
            await connection.send(message)

    port = circle.start(twice)
    assert 10 <= circle.drive(port, connections=2, rate=100, duration=0.2).total("again") <= 20
    asked = circle.drive(port, connections=2, rate=100, duration=0.2, mode="request-reply")
    assert asked.total("strays") >= 10
    assert asked.total("again") == 0


@pytest.mark.prove
def test_what_is_late_is_neither_foreign_nor_once_more(circle):
    async def late(connection):
        async for message in connection:
            await asyncio.sleep(0.25)
            await connection.send(message)

    run = circle.drive(circle.start(late), connections=1, rate=10, duration=1.0, timeout_s=0.1)
    assert run.total("strays") > 0
    assert (run.total("foreign"), run.total("again")) == (0, 0)


@pytest.mark.parametrize("fragments", [1, 3])
def test_an_echo_that_does_not_hold_what_was_sent_is_changed(circle, fragments):
    async def other(connection):
        numbers = []
        async for message in connection:
            said = json.loads(message)
            numbers.append(said.pop("body"))
            await connection.send(json.dumps({"stamp": said["stamp"], "body": numbers[len(numbers) // 2]}))

    text = '{"stamp":"{{stamp}}","body":"b{{n}}"}'
    run = circle.drive(circle.start(other), connections=1, rate=100, duration=0.2, message=text, fragments=fragments)
    assert run.outcomes(ECHO) == {"ok": 20}
    assert run.total("changed") == 18
    assert run.population._kept == 0


@pytest.mark.prove
def test_binary_that_comes_back_as_text_is_told(circle):
    async def texts(connection):
        async for message in connection:
            await connection.send(message.decode())

    run = circle.drive(circle.start(texts), connections=2, rate=100, duration=0.2, binary=True)
    assert run.outcomes(ECHO) == {"ok": 20}
    assert run.total("retyped") == 20


@pytest.mark.prove
def test_of_several_workers_an_answer_may_be_anothers(circle):
    async def everybody(connection):
        room.add(connection)
        async for message in connection:
            for one in room:
                await one.send(message)

    room = set()
    port = circle.start(everybody)
    start_ns = time.monotonic_ns() + 600_000_000
    runs = []

    def other():
        runs.append(circle.drive(port, connections=4, rate=100, duration=0.3, worker=1, workers=2, start_ns=start_ns))

    beside = threading.Thread(target=other)
    beside.start()
    runs.append(circle.drive(port, connections=4, rate=100, duration=0.3, worker=0, workers=2, start_ns=start_ns))
    beside.join()
    assert [run.outcomes(ECHO) for run in runs] == [{"ok": 15}] * 2
    assert 30 <= sum(run.total("foreign") for run in runs) <= 30 * 7
    assert sum(run.total("again") for run in runs) == 0


def test_several_answers_may_come_in_one(circle):
    async def bundling(connection):
        held = []
        async for message in connection:
            held.append(message)
            if len(held) == 5:
                await connection.send("[" + ",".join(held) + "]")
                held.clear()

    run = circle.drive(circle.start(bundling), connections=1, rate=100, duration=0.2)
    assert run.outcomes(ECHO) == {"ok": 20}
    assert (run.total("strays"), run.total("changed")) == (0, 0)
