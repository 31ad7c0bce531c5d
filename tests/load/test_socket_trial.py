"""The whole trial of connections that stay: real workers, a real server, a room in memory."""

from __future__ import annotations

import asyncio
import threading

import pytest
import websockets.asyncio.server as server_side

from brinell.checks.websocket import websocket
from brinell.core.errors import Interrupted, UsageError
from brinell.core.evidence import MemoryEvidence
from brinell.core.fakes import FakeRoom
from brinell.core.load_records import LoadEnded, LoadStarted
from brinell.core.observation import StepStarted, Vitals
from brinell.core.plan import LoadSpec, RequestSpec, WebSocketSpec
from brinell.core.socket_records import Deliveries, Membership, SocketSecond
from brinell.load.trial import LoadTrial
from brinell.rosters.drivers import DRIVERS
from brinell.rosters.shapes import SHAPES


async def serve(connection):
    """Echo on /echo; elsewhere everybody on the same path hears everything. /full has no place."""
    path = connection.request.path
    if path == "/echo":
        async for message in connection:
            await connection.send(message)
        return
    rooms = serve.rooms.setdefault(path, set())
    rooms.add(connection)
    try:
        async for message in connection:
            server_side.broadcast(rooms, message)
    finally:
        rooms.discard(connection)


serve.rooms = {}


@pytest.fixture(scope="module")
def port():
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def begin():
        return await server_side.serve(serve, "127.0.0.1", 0, compression=None, ping_interval=None)

    server = asyncio.run_coroutine_threadsafe(begin(), loop).result(10)
    yield next(iter(server.sockets)).getsockname()[1]
    server.close()
    asyncio.run_coroutine_threadsafe(server.wait_closed(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


@pytest.fixture
def run(tmp_path):
    rooms = []

    def begin(spec, **fields):
        room = FakeRoom(spec, tmp_path, **fields)
        rooms.append(room)
        LoadTrial(DRIVERS, SHAPES).run(room)
        return room

    begin.rooms = rooms
    yield begin
    for room in rooms:
        room.close()


def spec(port, path, rate=50, duration=0.6, **fields):
    does = {"settle_s": 0.5} | fields.pop("does", {})
    return LoadSpec(
        name="chat", shape={"kind": "constant", "rate": rate, "duration": duration}, driver="websocket",
        url=f"ws://127.0.0.1:{port}", requests=(RequestSpec(path=path),), timeout_s=2.0,
        **{"connections": 6, "calibrate": False, "websocket": WebSocketSpec(**does), **fields},
    )  # fmt: skip


def of(room, kind):
    return [record for record in room.records if isinstance(record, kind)]


def judged(room):
    part = websocket(MemoryEvidence(room.plan, [StepStarted(room.step.id), *room.records]))
    (entry,) = part.websocket
    return entry, {one.id.removeprefix("websocket.chat."): one for one in part.findings}


def test_two_workers_hear_one_broadcast(port, run):
    does = {"mode": "broadcast", "rooms": 2}
    room = run(spec(port, "/rooms/{{room}}", 25, 1.2, workers=2, connections=10, does=does, thresholds={"reach": 1.0}))
    entry, findings = judged(room)
    (started,), (ended,) = of(room, LoadStarted), of(room, LoadEnded)
    assert (started.socket, started.target_rate, started.connections) == ("broadcast", 25, 10)
    assert (ended.scheduled, ended.unfinished, ended.worker_failures, ended.planned) == (30, 0, (), 30)
    assert (entry.requests, entry.errors) == (30, {})
    assert 0 < entry.achieved_rate < 25.01  # less, where the last one was written after the end
    assert (entry.expected, entry.received, entry.lost, entry.reach) == (150, 150, 0, 1.0)
    assert {(one.room, one.published, one.expected) for one in entry.rooms} == {(0, 15, 75), (1, 15, 75)}
    assert entry.sockets.opened == entry.sockets.most_open == 10
    assert {one.worker for one in of(room, Deliveries)} == {0, 1}
    assert sum(one.publishers for one in of(room, Membership)) == 2
    assert min(one.second for one in of(room, SocketSecond)) < 0
    assert entry.delivery_ms.p50 > 0
    assert entry.skew_ms.p50 is not None
    assert findings["reach"].verdict.value == ("pass" if entry.generator.valid else "unknown")
    assert entry.sockets_course.open[0] == 10
    assert "open" in room.said[-1][2]


@pytest.mark.prove
def test_an_echo(port, run):
    room = run(spec(port, "/echo", thresholds={"error_rate": 0.0, "p50_ms": 1000}))
    entry, findings = judged(room)
    assert (entry.mode, entry.requests, entry.errors, entry.reach) == ("echo", 30, {}, None)
    assert entry.sockets.sent == entry.sockets.received == 30
    assert findings["ran"].verdict.value == "pass"
    assert of(room, Vitals)


@pytest.mark.prove
def test_a_server_that_is_not_there(run, tmp_path):
    del tmp_path
    room = run(spec(1, "/echo", duration=30.0, workers=2, thresholds={"error_rate": 1}))
    entry, findings = judged(room)
    assert findings["ran"].title == "chat: not one of 6 connections was made"
    assert entry.sockets.failed == {"refused": 6}
    assert entry.sockets.opened == 0
    (ended,) = of(room, LoadEnded)
    assert ended.span_s < 30.0  # nothing more could come of it
    assert (ended.interrupted, ended.worker_failures) == (False, ())


def test_who_is_stopped_keeps_what_was_measured(port, run):
    with pytest.raises(Interrupted):
        run(spec(port, "/echo", duration=30.0), interrupt_when=lambda room: any(
            one.second >= 0 for one in of(room, SocketSecond)))  # fmt: skip
    (room,) = run.rooms
    (ended,) = of(room, LoadEnded)
    assert ended.interrupted
    entry, findings = judged(room)
    assert entry.requests > 0
    assert findings["ran"].reason.value == "inconclusive"


@pytest.mark.prove
def test_what_a_worker_refuses_is_the_users_mistake(port, run, tmp_path):
    (tmp_path / "mine.py").write_text("class Mine: pass\n")
    with pytest.raises(UsageError, match="Mine"):
        run(spec(port, "/echo", does={"codec": "mine.py:Mine"}))
