"""The calibration of WebSocket scenarios with its real processes, and the server that does nothing."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys

import pytest
import websockets.asyncio.client as client_side
from hypothesis import given
from hypothesis import strategies as st

from brinell.core.fakes import FakeRoom
from brinell.core.plan import LoadSpec, WebSocketSpec
from brinell.load.calibration import null_socket_server as null
from brinell.load.calibration import trial
from brinell.load.calibration.null_server import listener
from brinell.load.calibration.trial import calibrate
from brinell.load.drivers.websocket import Sockets
from brinell.load.schedule import Schedule
from brinell.load.shapes.constant import Constant
from brinell.load.websocket import frames
from brinell.subject.targets import check_target

SERVE = """
import socket, sys
from brinell.load.calibration.null_server import serve
from brinell.load.calibration.null_socket_server import Sockets
serve(socket.socket(fileno=int(sys.argv[1])), Sockets.doing(sys.argv[3]), int(sys.argv[2]))
"""


@pytest.fixture
def calibrated(tmp_path, monkeypatch):
    monkeypatch.setattr(trial, "PATIENCE_S", 60.0)  # whatever else this machine does
    rooms = []

    def run(rate=200.0, connections=4, workers=1, url="ws://127.0.0.1:9", fields=None, **does):
        spec = LoadSpec(
            name="x", shape={}, driver="websocket", url=url, connections=connections, workers=workers,
            websocket=WebSocketSpec(**does), **(fields or {}),
        )  # fmt: skip
        shape = Constant(rate=rate, duration=1.0)
        where = check_target(url, ()), "127.0.0.1", tmp_path
        specs = Sockets().workers(spec, Schedule(spec, shape, tmp_path), *where)
        rooms.append(FakeRoom(spec, tmp_path))
        return calibrate(rooms[-1], spec, specs, rate)

    yield run
    for room in rooms:
        room.close()


def count(found):
    return sum(found.response[1])


def test_an_echo_has_a_reach_and_a_time_at_its_own_rate(calibrated):
    found = calibrated(rate=400.0, workers=2)
    assert found.skipped == ""
    assert found.rate == 200.0  # its half
    assert count(found) == 60  # 200 a second for 0.3 s
    assert found.most_rate > 1000
    assert found.reach >= 2 * found.most_rate
    assert (found.connections, found.asked, found.workers, found.note) == (2, 400.0, 2, "")


@pytest.mark.parametrize(
    "does",
    [
        {"mode": "request-reply"},
        {"mode": "request-reply", "codec": "socketio"},
        {"codec": "msgpack", "fragments": 3, "size": 0},
        {"codec": "text", "size": 3000, "join": "hello", "joined": "welcome"},
    ],
)
@pytest.mark.prove
def test_messages_of_every_kind_are_answered(calibrated, does):
    found = calibrated(rate=100.0, **does)
    assert found.skipped == ""
    assert count(found) == 30


@pytest.mark.prove
def test_a_broadcast_costs_what_its_receivers_cost(calibrated):
    few, many = calibrated(10.0, 10, mode="broadcast"), calibrated(10.0, 100, mode="broadcast")
    assert many.cpu_ns > few.cpu_ns > 0
    assert count(many) == 0  # what it takes is mostly the server's sending


@pytest.mark.prove
def test_workers_and_rooms_share_the_receivers_of_a_broadcast(calibrated):
    halves = calibrated(10.0, 100, 2, mode="broadcast")
    assert halves.connections == 50
    assert halves.reach == pytest.approx(2 * 1e9 / halves.cpu_ns)  # they share the receivers
    assert calibrated(10.0, 100, mode="broadcast", rooms=10).connections == 10


@pytest.mark.prove
def test_what_is_not_as_in_the_scenario_is_said(calibrated):
    found = calibrated(10.0, 300, url="wss://127.0.0.1:9", fields={"compression": True})
    assert found.skipped == ""
    assert found.note == "uncompressed and over 64 connections"
    assert found.connections == 64


@pytest.mark.parametrize(
    ("url", "does", "connections"),
    [
        ("ws://127.0.0.1:9", {"size": 1 << 20}, 16),
        pytest.param("wss://127.0.0.1:9", {"size": 1 << 20}, 16, marks=pytest.mark.prove),
        pytest.param("ws://127.0.0.1:9", {"size": 4 << 20, "max_message_bytes": 4 << 20}, 4, marks=pytest.mark.prove),
        pytest.param("wss://127.0.0.1:9", {"size": 300_000, "mode": "request-reply"}, 55, marks=pytest.mark.prove),
        pytest.param("wss://127.0.0.1:9", {"size": 70_000, "mode": "broadcast"}, 64, marks=pytest.mark.prove),
    ],
)
def test_long_messages_have_a_reach_over_as_many_connections_as_their_length_allows(calibrated, url, does, connections):
    for _ in range(6):  # where this machine stands still for a second, there is none, and it says so
        found = calibrated(rate=20.0, connections=100, url=url, **does)
        if not found.skipped:
            break
        assert found.skipped.startswith("not one of its")
    else:
        assert os.getloadavg()[0] > (os.cpu_count() or 1), found.skipped  # nobody else is to blame
        pytest.skip(f"not here: this machine is too busy for a message of that length in a second: {found.skipped}")
    assert found.connections == connections
    assert found.most_rate > 0
    assert found.reach > 0
    assert found.note == f"over {connections} connections"
    if does.get("mode") != "broadcast":
        assert count(found) <= 6  # 20 a second for 0.3 s
        assert found.server_ns > 0


@pytest.mark.parametrize(
    ("does", "why"),
    [
        ({"mode": "limit", "limit": 4}, "a limit is tried"),
        pytest.param({"codec": "mine.py:Mine"}, "no class Mine", marks=pytest.mark.prove),
        pytest.param({"codec": "mine.py:Deaf", "mode": "request-reply"}, "not one of its", marks=pytest.mark.prove),
    ],
)
def test_where_there_is_none_it_says_why(calibrated, tmp_path, does, why):
    (tmp_path / "mine.py").write_text(
        "from brinell.load.websocket.codec import Codec\n"
        "class Deaf(Codec):\n"
        "    def reaction(self, payload): return b''\n"
    )
    assert why in calibrated(**does).skipped


@given(st.binary(max_size=2000), st.integers(0, 2**32 - 1), st.sampled_from([1, 2]), st.integers(0, 12))
def test_it_reads_what_the_generator_writes(payload, key, opcode, cut):
    whole = frames.frame(opcode, payload, key)
    assert null.take(whole + b"more") == (0x80 | opcode, payload, b"more")
    assert null.take(whole[: len(whole) - 1 - cut]) is None
    assert frames.Reader(1 << 20).read(null.frame(0x80 | opcode, b"x" * len(payload))) == [
        (opcode, b"x" * len(payload))
    ]


@pytest.mark.parametrize(("does", "answers"), [("echo", ["ab", b"cd"]), ("request-reply", ["ab ", b"cd "])])
def test_another_client_is_answered_too(does, answers):
    async def talk(port):
        async with client_side.connect(f"ws://127.0.0.1:{port}/any?thing=1", compression=None) as visitor:
            await visitor.send(["a", "b"])
            await visitor.send(b"cd")
            return [await visitor.recv(), await visitor.recv()]

    with _server(does) as port:
        assert asyncio.run(talk(port)) == answers


def test_everybody_gets_a_broadcast_but_who_has_left():
    async def talk(port):
        visitors = [await client_side.connect(f"ws://127.0.0.1:{port}/", compression=None) for _ in range(3)]
        await visitors.pop().close()
        await visitors[0].send("x")
        heard = [await one.recv() for one in visitors]
        for one in visitors:
            await one.close()
        return heard

    with _server("broadcast") as port:
        assert asyncio.run(talk(port)) == ["x", "x"]


class _server:  # noqa: N801 - used as a function
    def __init__(self, does):
        listening, (theirs, self.ours) = listener(), os.pipe()
        self.port = listening.getsockname()[1]
        argv = [sys.executable, "-P", "-c", SERVE, str(listening.fileno()), str(theirs), does]
        self.process = subprocess.Popen(argv, pass_fds=(listening.fileno(), theirs))
        listening.close()
        os.close(theirs)

    def __enter__(self):
        return self.port

    def __exit__(self, *_):
        os.close(self.ours)
        assert self.process.wait(30) == 0
