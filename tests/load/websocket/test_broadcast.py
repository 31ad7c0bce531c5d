"""Broadcast: what every receiver of every worker gets, and what a server that loses, doubles or shuffles does to it."""

from __future__ import annotations

import asyncio
import json
import threading
import time

import pytest

from brinell.core.socket_records import CONNECT, DELIVERY, PUBLISH
from brinell.load.websocket.codec import SocketIo


def test_everybody_gets_everything(circle):
    run = circle.drive(circle.start(circle.to_all()), connections=8, rate=50, duration=0.4, mode="broadcast")
    assert run.outcomes(CONNECT) == {"ok": 8}
    assert run.outcomes(PUBLISH) == {"ok": 20}
    assert run.outcomes(DELIVERY) == {"ok": 160}
    assert run.engine.scheduled == 20
    assert run.expected == run.received == 160
    assert run.disorder == []
    assert run.total("received") == 160
    assert run.total("sent") == 20
    assert run.total("strays") == 0
    firsts = [one for told in run.deliveries for one in told.first_ns if one >= 0]
    lasts = [one for told in run.deliveries for one in told.last_ns if one >= 0]
    assert max(lasts) > 0
    assert min(firsts) > 0
    (member,) = run.members
    assert (member.publishers, member.slow) == (1, 0)
    longest = max(one.max_response_ns for one in run.slices if one.operation == DELIVERY)
    assert longest == max(lasts)


@pytest.mark.prove
def test_bytes_are_those_on_the_wire(circle):
    run = circle.drive(circle.start(circle.to_all()), connections=5, rate=50, duration=0.2, mode="broadcast")
    frame = 2 + 59
    assert run.total("received_bytes") == 5 * 10 * frame + 5 * 4  # and a close frame each
    assert run.total("sent_bytes") == 10 * (frame + 4)


@pytest.mark.prove
def test_rooms_and_workers_add_up(circle):
    port = circle.start(circle.to_all())
    start_ns = time.monotonic_ns() + 10**9
    runs = [None, None]

    def one(worker):
        runs[worker] = circle.drive(
            port, 10, 40, 0.5, worker=worker, workers=2, path="/room/{{room}}", mode="broadcast", rooms=2,
            publishers=2, start_ns=start_ns,
        )  # fmt: skip

    threads = [threading.Thread(target=one, args=(worker,)) for worker in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(run.outcomes(PUBLISH)["ok"] for run in runs) == 20
    assert sum(run.engine.scheduled for run in runs) == 20
    assert sum(run.expected for run in runs) == sum(run.received for run in runs) == 20 * 5
    by_room = {}
    for run in runs:
        for told in run.deliveries:
            for room, number, received in zip(told.rooms, told.numbers, told.received, strict=True):
                by_room[room, number] = by_room.get((room, number), 0) + received
    assert by_room == {(room, number): 5 for room in range(2) for number in range(10)}


@pytest.mark.prove
def test_a_publisher_that_does_not_hear_itself_is_owed_nothing(circle):
    others = set()

    async def to_others(connection):
        others.add(connection)
        async for message in connection:
            for one in others - {connection}:
                await one.send(message)

    port = circle.start(to_others)
    run = circle.drive(port, connections=4, rate=50, duration=0.2, mode="broadcast", publisher_hears=False)
    assert run.expected == run.received == 30


FAULTS = {
    "lost": (lambda number: 0 if number % 5 == 0 else 1, 16, 0),
    "doubled": (lambda number: 2 if number % 5 == 0 else 1, 20, 4),
}


@pytest.mark.prove
@pytest.mark.parametrize(("copies", "received", "duplicated"), FAULTS.values(), ids=FAULTS)
def test_what_is_lost_or_comes_twice_is_counted(circle, copies, received, duplicated):
    async def faulty(connection):
        number = 0
        async for message in connection:
            for _ in range(copies(number)):
                await connection.send(message)
            number += 1

    run = circle.drive(circle.start(faulty), connections=1, rate=100, duration=0.2, mode="broadcast", settle_s=0.2)
    assert (run.expected, run.received) == (20, received)
    assert sum(sum(one.duplicated) for one in run.disorder) == duplicated
    assert sum(sum(one.reordered) for one in run.disorder) == 0


@pytest.mark.prove
def test_what_comes_after_a_later_one_is_reordered_and_not_lost(circle):
    async def swapping(connection):
        held = None
        async for message in connection:
            if held is None:
                held = message
            else:
                await connection.send(message)
                await connection.send(held)
                held = None

    run = circle.drive(circle.start(swapping), connections=1, rate=100, duration=0.2, mode="broadcast")
    assert run.expected == run.received == 20
    assert sum(sum(one.reordered) for one in run.disorder) == 10


@pytest.mark.prove
def test_among_several_publishers_each_ones_own_order_counts(circle):
    room = set()

    async def late(message):
        await asyncio.sleep(0.03)
        for one in room:
            await one.send(message)

    async def moderated(connection):
        rank = len(room)
        room.add(connection)
        waits = []
        async for message in connection:
            if rank % 2:
                waits.append(asyncio.create_task(late(message)))
            else:
                for one in room:
                    await one.send(message)
        room.discard(connection)

    run = circle.drive(circle.start(moderated), connections=2, rate=100, duration=0.4, mode="broadcast", publishers=2)
    assert run.expected == run.received == 80
    assert sum(sum(one.reordered) for one in run.disorder) == 0


def test_several_messages_may_come_in_one(circle):
    room = set()

    async def bundling(connection):
        room.add(connection)
        held = []
        async for message in connection:
            held.append(message)
            if len(held) == 4:
                for one in room:
                    await one.send("[" + ",".join(held) + "]")
                held.clear()

    run = circle.drive(circle.start(bundling), connections=3, rate=100, duration=0.4, mode="broadcast")
    assert run.expected == run.received == 120
    assert run.total("strays") == 0
    assert run.disorder == []


@pytest.mark.prove
def test_what_is_told_again_beside_a_message_is_no_second_delivery(circle):
    room, history = set(), []

    async def remembering(connection):
        room.add(connection)
        async for message in connection:
            history.append(message)
            for one in room:
                await one.send(json.dumps({"new": message, "before": history[-4:-1]}))

    run = circle.drive(circle.start(remembering), connections=3, rate=100, duration=0.2, mode="broadcast")
    assert run.expected == run.received == 60
    assert run.disorder == []


def test_what_comes_from_another_room_is_told(circle):
    everybody = set()

    async def leaking(connection):
        everybody.add(connection)
        async for message in connection:
            for one in everybody:
                await one.send(message)
        everybody.discard(connection)

    run = circle.drive(circle.start(leaking), connections=4, rate=50, duration=0.2, mode="broadcast", rooms=2)
    assert run.expected == run.received == 20
    assert 10 <= run.total("foreign") == run.total("strays") <= 20
    assert run.total("served") == 4


def test_at_whom_something_is_missing_is_told_once(circle):
    room = []

    async def some(connection):
        room.append(connection)
        number = 0
        async for message in connection:
            number += 1
            for rank, one in enumerate(room):
                if rank < 2 or (rank == 2 and number % 2):
                    await one.send(message)

    run = circle.drive(circle.start(some), connections=4, rate=50, duration=0.2, mode="broadcast", settle_s=0.2)
    assert [run.total(name) for name in ("served", "short", "unserved")] == [2, 1, 1]


@pytest.mark.prove
def test_who_leaves_is_owed_what_was_due_before_and_nothing_after(circle):
    members = set()

    async def leaving(connection):
        members.add(connection)
        count = 0
        async for message in connection:
            count += 1
            for one in list(members):
                await one.send(message)
            if count == 5:
                (victim, *_) = [one for one in members if one is not connection]
                members.discard(victim)
                await victim.close(1008, "out")

    run = circle.drive(circle.start(leaving), connections=3, rate=50, duration=1.0, mode="broadcast", settle_s=1.0)
    assert run.closes() == {"1008": 1}
    assert run.received == 5 * 3 + 45 * 2
    assert run.received <= run.expected < run.received + 25  # until we see that it ended


@pytest.mark.prove
def test_a_publisher_that_is_gone_publishes_nothing_and_owes_nobody(circle):
    async def refusing(connection):
        await connection.recv()
        await connection.close(1011, "no")

    run = circle.drive(circle.start(refusing), connections=1, rate=20, duration=1.0, mode="broadcast", settle_s=0.2)
    found = run.outcomes(PUBLISH)
    assert sum(found.values()) == 20
    assert found["closed-1006"] >= 3
    assert run.received == 0


@pytest.mark.prove
def test_slow_receivers_are_owed_nothing_and_read_little(circle):
    run = circle.drive(
        circle.start(circle.to_all()), connections=6, rate=50, duration=0.4, mode="broadcast", size=2000,
        slow_share=0.5, slow_bytes_s=4096,
    )  # fmt: skip
    (member,) = run.members
    assert member.slow >= 2
    assert run.expected == run.received == 20 * (6 - member.slow)


@pytest.mark.parametrize("fields", [{"compression": True}, {"fragments": 2}, {"size": 20_000}])
@pytest.mark.prove
def test_messages_that_take_the_long_way_count_the_same(circle, fields):
    options = {"compression": "deflate"} if fields.get("compression") else {}
    run = circle.drive(circle.start(circle.to_all(), **options), 4, 50, 0.2, mode="broadcast", **fields)
    assert run.expected == run.received == 40
    assert run.total("received") == 40


@pytest.mark.prove
def test_an_event_of_socketio_is_found_in_what_the_server_makes_of_it(circle):
    members = set()

    async def socketio(connection):
        await connection.send('0{"sid":"x"}')
        assert await connection.recv() == "40"
        members.add(connection)
        await connection.send('40{"sid":"y"}')
        async for message in connection:
            for one in list(members):
                await one.send('42["said",{"by":"someone","what":' + message[2:] + "}]")

    run = circle.drive(circle.start(socketio), 3, 50, 0.2, mode="broadcast", speaks=SocketIo())
    assert run.expected == run.received == 30


@pytest.mark.prove
def test_joining_late_owes_nothing_from_before(circle):
    run = circle.drive(
        circle.start(circle.to_all()),
        connections=10,
        connect_rate=20.0,
        lead_s=0.2,
        rate=40,
        duration=0.5,
        mode="broadcast",
    )
    assert run.outcomes(CONNECT) == {"ok": 10}
    assert run.received == run.expected < 10 * 20
    assert run.disorder == []


@pytest.mark.prove
def test_what_the_socket_does_not_take_is_written_later_and_counted_from_when_it_was_due(circle):
    members = set()

    async def pausing(connection):
        members.add(connection)
        connection.transport.pause_reading()
        await asyncio.sleep(0.8)
        connection.transport.resume_reading()
        async for message in connection:
            for one in list(members):
                await one.send(message)

    run = circle.drive(
        circle.start(pausing), 2, 10, 0.5, mode="broadcast", size=4_000_000, max_message_bytes=8 << 20,
        settle_s=8, timeout_s=8,
    )  # fmt: skip
    assert run.outcomes(PUBLISH) == {"ok": 5}
    assert run.expected == run.received == 10
    longest = max(one.max_response_ns for one in run.slices if one.operation == PUBLISH)
    assert longest > 10**8


@pytest.mark.prove
def test_what_was_never_written_is_unfinished(circle):
    async def deaf(connection):
        connection.transport.pause_reading()
        await asyncio.sleep(3)
        connection.transport.resume_reading()

    run = circle.drive(circle.start(deaf), 2, 20, 0.5, mode="broadcast", size=4_000_000, settle_s=0.2, timeout_s=0.2)
    found = run.outcomes(PUBLISH)
    assert sum(found.values()) == run.engine.scheduled == 10
    assert found["unfinished"] >= 5
    assert run.received == 0
