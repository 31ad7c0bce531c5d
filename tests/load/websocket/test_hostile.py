"""Whole trials against WebSocket servers that mean harm: real worker processes, their highest memory, what was told."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
import zlib
from collections import Counter
from pathlib import Path

import pytest

from brinell.core.fakes import FakeRoom
from brinell.core.load_records import Exemplar, LoadEnded, LoadSlice
from brinell.core.plan import LoadSpec, WebSocketSpec
from brinell.core.socket_records import Deliveries, SocketSecond
from brinell.load.trial import LoadTrial
from brinell.load.websocket import handshake
from brinell.load.websocket.frames import BINARY, CLOSE, PING, TEXT, server_head
from brinell.rosters.drivers import DRIVERS
from brinell.rosters.shapes import SHAPES

pytestmark = pytest.mark.prove  # real workers and servers, seconds each

MOST_BYTES = 200 << 20  # of a worker's memory
LONGEST_S = 40.0
FLOOD = b"x" * 65536


class Pressed:
    """What a trial came to."""

    def __init__(self, room, peak_bytes, took_s):
        self.room = room
        self.peak_bytes = peak_bytes
        self.took_s = took_s
        self.said = " / ".join(one.detail for one in room.records if isinstance(one, Exemplar))

    def outcomes(self, operation):
        counts = Counter()
        for one in self.room.records:
            if isinstance(one, LoadSlice) and one.operation == operation:
                counts[one.outcome] += one.count
        return counts

    @property
    def closes(self):
        counts = Counter()
        for one in self.room.records:
            if isinstance(one, SocketSecond):
                counts.update(one.closes)
                counts.update(one.own_closes)
        return counts

    def survived(self):
        """Assert that the worker reached its end, in time, small, and told all of it."""
        (ended,) = (one for one in self.room.records if isinstance(one, LoadEnded))
        assert ended.worker_failures == ()
        assert (self.room.folder / "load-workers.log").read_text() == ""
        assert 0 < self.peak_bytes < MOST_BYTES
        assert self.took_s < LONGEST_S
        return self


@pytest.fixture
def press(tmp_path):
    rooms = []

    def run(port, *, connections=4, rate=40, timeout_s=1.0, compression=False, **fields):
        folder = tmp_path / str(len(rooms))
        folder.mkdir()
        does = WebSocketSpec(**{"settle_s": 0.3, "connect_rate": 1000.0} | fields)
        shape = {"kind": "constant", "rate": rate, "duration": 0.5}
        spec = LoadSpec(
            name="hostile", shape=shape, driver="websocket", url=f"ws://127.0.0.1:{port}", connections=connections,
            timeout_s=timeout_s, compression=compression, calibrate=False, websocket=does,
        )  # fmt: skip
        peak = 0

        def look(room):
            nonlocal peak
            peak = max([peak, *(peak_bytes(child.pid) for child in room.children)])
            return False

        room = FakeRoom(spec, folder, interrupt_when=look)
        rooms.append(room)
        began = time.monotonic()
        LoadTrial(DRIVERS, SHAPES).run(room)
        return Pressed(room, peak, time.monotonic() - began).survived()

    yield run
    for room in rooms:
        room.close()


def peak_bytes(pid):
    with contextlib.suppress(OSError):
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(encoding="ascii"))
        return int(found.group(1)) * 1024 if found else 0
    return 0


def upgrading(lab, then, extension=b""):
    """Return the port of a server that completes the handshake, and goes on with ``then(reader, writer)``."""

    async def handler(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        key = next(line.split(b":")[1].strip() for line in head.split(b"\r\n") if line.startswith(b"Sec-WebSocket-Key"))
        lines = [b"HTTP/1.1 101 Switching Protocols", b"Upgrade: websocket", b"Connection: Upgrade", *extension.split()]
        lines += [b"Sec-WebSocket-Accept: " + handshake.accept(key).encode(), b"", b""]
        writer.write(b"\r\n".join(lines))
        await then(reader, writer)

    return lab.start(handler)


def flooding(first, again, pause_s=0.0):
    async def then(_reader, writer):
        writer.write(first)
        while True:
            writer.write(again)
            await writer.drain()
            await asyncio.sleep(pause_s)

    return then


def bomb():
    packer = zlib.compressobj(wbits=-15)
    packed = (packer.compress(b"\0" * (64 << 20)) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]
    head = server_head(BINARY, len(packed))
    return bytes((head[0] | 0x40,)) + head[1:] + packed


ENDLESS = {
    "a-frame-of-2**62": (bytes((0x82, 127)) + (1 << 62).to_bytes(8, "big"), FLOOD, "1009"),
    "a-frame-of-2**63": (bytes((0x82, 127)) + (1 << 63).to_bytes(8, "big"), FLOOD, "1002"),
    "fragments-for-ever": (bytes((0x01, 0)), bytes((0x00, 100)) + b"x" * 100, "1009"),
    "masked": (bytes((0x81, 0x85)) + b"keyshello", b"", "1002"),
    "no-utf8": (bytes((0x81, 2)) + b"\xff\xfe", b"", "1007"),
    "noise": (b"\xff\xff\xff\xff", FLOOD, "1002"),
    "more-than-is-allowed": (server_head(TEXT, 2 << 20), FLOOD, "1009"),
}


@pytest.mark.parametrize(("first", "again", "code"), ENDLESS.values(), ids=ENDLESS)
def test_what_may_not_be_ends_with_its_code(lab, press, first, again, code):
    again = again * 500 if len(again) < 1000 else again
    pressed = press(upgrading(lab, flooding(first, again)), timeout_s=5.0, settle_s=3.0)
    assert pressed.closes[code] == 4
    assert pressed.outcomes("echo").keys() <= {f"closed-{code}", "closed-1006"}


def test_a_bomb_is_not_unpacked(lab, press):
    packed = bomb()

    async def then(reader, writer):
        writer.write(packed)
        await reader.read()

    extension = b"Sec-WebSocket-Extensions:permessage-deflate"
    assert press(upgrading(lab, then, extension), compression=True).closes["1009"] == 4


QUIET = {
    "fragments-of-nothing": (bytes((0x01, 0)), bytes((0x00, 0)) * 2048, 0.005),
    "pings": (b"", (server_head(PING, 125) + b"p" * 125) * 20, 0.005),
    "messages-nobody-waits-for": (b"", (server_head(TEXT, 20) + b"n" * 20) * 50, 0.005),
    "a-drip": (server_head(TEXT, 60_000), b"d", 0.001),
    "long-messages-almost-whole": (server_head(BINARY, 1 << 20) + b"x" * ((1 << 20) - 10), b"", 0.05),
}


@pytest.mark.parametrize("case", QUIET.values(), ids=QUIET)
@pytest.mark.parametrize("mode", ["echo", "broadcast"])
def test_what_says_nothing_of_ours_costs_little_and_answers_nothing(lab, press, case, mode):
    pressed = press(upgrading(lab, flooding(*case)), mode=mode, timeout_s=0.2)
    assert "ok" not in pressed.outcomes("echo")
    assert "ok" not in pressed.outcomes("delivery")


def test_a_close_is_not_answered(lab, press):
    async def then(reader, _writer):
        while await reader.read(65536):
            pass
        await asyncio.sleep(30)

    pressed = press(upgrading(lab, then), timeout_s=0.2)
    assert set(pressed.outcomes("echo")) <= {"timeout", "unfinished"}
    assert pressed.closes["1006"] == 4


def test_many_closes_are_one(lab, press):
    async def then(_reader, writer):
        writer.write((server_head(CLOSE, 2) + (1001).to_bytes(2, "big")) * 1000)
        await writer.drain()

    assert press(upgrading(lab, then)).closes == {"1001": 4}


HANDSHAKES = {
    "silence": (b"", b"", {"timeout"}),
    "endless-head": (b"HTTP/1.1 101 OK\r\n", b"X-A: " + b"b" * 60_000 + b"\r\n", {"protocol"}),
    "endless-line": (b"HTTP/1.1 101 ", FLOOD, {"protocol"}),
    "endless-refusal": (b"HTTP/1.1 503 Busy\r\n\r\n", FLOOD, {"status-503"}),
    "refusal-of-10-gb": (b"HTTP/1.1 503 Busy\r\nContent-Length: 10000000000\r\n\r\n", FLOOD, {"status-503"}),
    "dripping-head": (b"HTTP/1.1 101 OK\r\nX-A: ", b"b", {"timeout"}),
    "noise": (b"\x00\x01\x02", FLOOD, {"protocol"}),
}


@pytest.mark.parametrize(("first", "again", "kinds"), HANDSHAKES.values(), ids=HANDSHAKES)
def test_handshakes_that_never_end_are_cut(lab, press, first, again, kinds):
    async def handler(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        await flooding(first, again, 0.01 if len(again) < 10 else 0.0)(reader, writer)

    pressed = press(lab.start(handler), timeout_s=0.3)
    assert set(pressed.outcomes("connect")) == kinds
    assert pressed.outcomes("connect").total() == 4
    assert set(pressed.outcomes("echo")) <= {"closed-1006"}  # the run may end before any is due


def test_stamps_that_are_made_up_are_nobodys(lab, press):
    async def then(reader, writer):
        data = await reader.read(65536)
        size, key = data[1] & 127, data[2:6]
        text = bytes(byte ^ key[at % 4] for at, byte in enumerate(data[6 : 6 + size]))
        at = text.index(b"bn") + 10
        number = 0
        while True:
            for _ in range(200):
                number += 1
                forged = text[: at + 4] + b"%08x" % (number * 7919 % 2**32) + text[at + 12 :]
                writer.write(server_head(TEXT, len(forged)) + forged)
            await writer.drain()
            await asyncio.sleep(0.005)

    pressed = press(upgrading(lab, then), mode="broadcast", connections=1)
    rows = [one for one in pressed.room.records if isinstance(one, Deliveries)]
    assert sum(len(one.rooms) for one in rows) < 200


def test_a_server_that_reads_nothing_gets_no_more_than_so_much(lab, press):
    async def then(_reader, _writer):
        await asyncio.sleep(30)

    pressed = press(upgrading(lab, then), rate=400, size=200_000, timeout_s=0.3)
    assert set(pressed.outcomes("echo")) <= {"timeout", "unfinished", "closed-1006"}
