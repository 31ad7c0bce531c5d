"""Bad manners against a sound server, and against bare ones that do harm in ways of their own."""

from __future__ import annotations

import os

import pytest

from brinell.checks.websocket import websocket
from brinell.core.errors import Interrupted
from brinell.core.evidence import MemoryEvidence
from brinell.core.fakes import FakeRoom
from brinell.core.load_records import LoadEnded
from brinell.core.observation import StepStarted
from brinell.core.plan import LoadSpec, WebSocketSpec
from brinell.core.socket_manners import MANNERS
from brinell.core.socket_records import HostileTried
from brinell.load.trial import LoadTrial
from brinell.load.websocket import handshake
from brinell.load.websocket import hostile as trial
from brinell.load.websocket.frames import CLOSE, PING, PONG, TEXT, server_head
from brinell.rosters.drivers import DRIVERS
from brinell.rosters.shapes import SHAPES

THREE = 0x83  # the first byte of a message with a reserved opcode


def nothing(_server, _writer):
    """Bear it."""


class Bare:
    """A server that takes whatever comes, and answers pings and closes. ``at_three``: what else it does with that."""

    def __init__(self, at_three=nothing, *, echoes=False, relays=False, refusal=b""):
        self.at_three, self.echoes, self.relays, self.refusal = at_three, echoes, relays, refusal
        self.writers = set()
        self.full = self.deaf = self.closes = False

    async def handle(self, reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        if self.full:
            writer.write(self.refusal)
            writer.close()
            return
        key = next(line.split(b":")[1].strip() for line in head.split(b"\r\n") if line.startswith(b"Sec-WebSocket-Key"))
        lines = [b"HTTP/1.1 101 Switching Protocols", b"Upgrade: websocket", b"Connection: Upgrade"]
        writer.write(b"\r\n".join([*lines, b"Sec-WebSocket-Accept: " + handshake.accept(key).encode(), b"", b""]))
        if self.closes:
            writer.write(server_head(CLOSE, 2) + (4001).to_bytes(2, "big"))
        self.writers.add(writer)
        try:
            while True:
                self.take(*await read_frame(reader), writer)
        except (EOFError, ConnectionError):
            pass
        finally:
            self.writers.discard(writer)
            writer.close()

    def take(self, first, payload, writer):
        if first & 15 == CLOSE:
            writer.write(server_head(CLOSE, 2) + (1000).to_bytes(2, "big"))
            raise EOFError
        if first == THREE:
            self.at_three(self, writer)
        if first & 15 == PING and not self.deaf:
            writer.write(server_head(PONG, len(payload)) + payload)
        elif first == 0x81 and self.echoes:
            writer.write(server_head(TEXT, len(payload)) + payload)
        elif first == 0x81 and self.relays:
            for other in self.writers - {writer}:
                other.write(server_head(TEXT, len(payload)) + payload)


async def read_frame(reader):
    first, size = await reader.readexactly(2)
    is_masked, size = size & 128, size & 127
    if size > 125:
        size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8), "big")
    if size >> 40:
        raise EOFError
    key = await reader.readexactly(4) if is_masked else bytes(4)
    payload = await reader.readexactly(size)
    return first, bytes(byte ^ key[at % 4] for at, byte in enumerate(payload))


def end_others(server, writer):
    for other in server.writers - {writer}:
        other.transport.abort()


def end_all_and_stop(server, _writer):
    server.full = True
    for other in server.writers:
        other.transport.abort()


def end_others_once(server, writer):
    end_others(server, writer)
    server.at_three = nothing


@pytest.fixture
def misbehave(tmp_path, monkeypatch):
    monkeypatch.setattr(trial, "GRACE_S", 0.05)
    monkeypatch.setattr(trial, "BACK_S", 0.3)
    rooms = []

    def begin(port, timeout_s=20.0, **fields):
        spec = LoadSpec(
            name="bad", shape={"kind": "closed", "duration": 60.0}, driver="websocket", url=f"ws://127.0.0.1:{port}",
            connections=4, timeout_s=timeout_s, websocket=WebSocketSpec(mode="hostile"),
        )  # fmt: skip
        room = FakeRoom(spec, tmp_path, **fields)
        rooms.append(room)
        LoadTrial(DRIVERS, SHAPES).run(room)
        return room

    begin.rooms = rooms
    yield begin
    for room in rooms:
        room.close()


def judged(room):
    part = websocket(MemoryEvidence(room.plan, [StepStarted(room.step.id), *room.records]))
    (entry,) = part.websocket
    found = {one.id.removeprefix("websocket.bad."): one for one in part.findings}
    assert found["ran"].verdict.value == "pass"
    return entry.hostile, found


def outcomes(hostile):
    return {one.case: one.outcome for one in hostile.cases if one.case in MANNERS}


def test_a_sound_server_cuts_them_off_and_is_told_nothing(circle, misbehave):
    hostile, found = judged(misbehave(circle.start(max_size=1 << 20)))
    assert hostile.whole
    assert {one.harm for one in hostile.cases} == {""}
    assert [one.case for one in hostile.cases if one.tolerated] == []
    came = outcomes(hostile)
    assert {came[case] for case in ("not-utf8", "not-utf8-in-pieces", "close-not-utf8")} == {"closed-1007"}
    assert {came[case] for case in ("unmasked", "interleaved", "reserved-bit", "close-of-one-byte")} == {"closed-1002"}
    assert (came["ping"], came["cut"]) == ("pong", "cut-off")
    assert {one.verdict.value for one in found.values()} == {"pass"}
    assert found["hostile_serves"].title == f"bad: none of {len(MANNERS)} kinds of bad clients harmed others"


def test_a_tolerant_server_is_told_so_and_fails_nothing(lab, misbehave):
    hostile, found = judged(misbehave(lab.start(Bare(echoes=True).handle)))
    came = outcomes(hostile)
    assert came["unmasked"] == came["reserved-bit"] == came["lone-continuation"] == "went-on"
    assert came["not-utf8"] == "passed-on"
    assert came["close-of-one-byte"] == "closed-1000"
    told = found["hostile_tolerates"]
    assert not told.required
    assert "a frame without a mask (5.1, 1002)" in told.detail
    assert "a text that is not UTF-8 (8.1, 1007): it was sent back as it was" in told.detail
    assert found["hostile_serves"].verdict.value == "pass"


def test_who_ends_connections_of_others_has_a_bug(lab, misbehave):
    hostile, found = judged(misbehave(lab.start(Bare(end_others).handle)))
    assert {one.case: one.harm for one in hostile.cases if one.harm} == {"reserved-opcode": "ended"}
    serves = found["hostile_serves"]
    assert (serves.verdict.value, serves.required, serves.severity.value) == ("fail", True, "P0")
    assert serves.title == ("bad: after a message with a reserved opcode, the subject ended connections of others")
    assert hostile.whole


def test_who_passes_on_what_ends_the_connections_of_others_has_a_bug(lab, misbehave):
    hostile, found = judged(misbehave(lab.start(Bare(relays=True).handle)))
    assert {one.case: one.harm for one in hostile.cases if one.harm} == {"not-utf8": "ended"}
    assert found["hostile_serves"].verdict.value == "fail"
    assert "passed-on (a text that is not UTF-8" in found["hostile_serves"].detail


def test_what_happened_once_is_nobodys_fault(lab, misbehave):
    hostile, found = judged(misbehave(lab.start(Bare(end_others_once).handle)))
    assert {one.harm for one in hostile.cases} == {""}
    assert found["hostile_serves"].verdict.value == "pass"


def test_who_serves_nobody_any_more_has_a_bug(lab, misbehave):
    hostile, found = judged(misbehave(lab.start(Bare(end_all_and_stop).handle)))
    assert hostile.cases[-1].harm == "stopped"
    assert not hostile.whole
    assert found["hostile_serves"].verdict.value == "fail"
    assert "let nobody in any more" in found["hostile_serves"].title


def test_who_refuses_them_from_then_on_is_not_accused(lab, misbehave):
    refusal = b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n"
    hostile, found = judged(misbehave(lab.start(Bare(end_all_and_stop, refusal=refusal).handle)))
    assert hostile.cases[-1].harm == "banned"
    assert (found["hostile_serves"].verdict.value, found["hostile_serves"].reason.value) == ("unknown", "inconclusive")


def test_who_ends_connections_by_itself_is_not_tried(lab, misbehave):
    server = Bare()
    server.closes = True
    hostile, found = judged(misbehave(lab.start(server.handle)))
    assert [one.case for one in hostile.cases] == ["quiet"]
    assert (found["hostile_serves"].verdict.value, found["hostile_serves"].reason.value) == ("unknown", "not-exercised")
    assert "with nobody misbehaving" in found["hostile_serves"].detail


@pytest.mark.prove
def test_who_answers_no_pings_is_told_so(lab, misbehave):
    server = Bare()
    server.deaf = True
    hostile, found = judged(misbehave(lab.start(server.handle), timeout_s=3.0))
    assert outcomes(hostile)["ping"] == "silent"
    assert not found["hostile_ping"].required
    assert found["hostile_serves"].verdict.value == "pass"


@pytest.mark.prove
def test_who_answers_others_no_more_has_a_bug(lab, misbehave):
    class Mute(Bare):
        def take(self, first, payload, writer):
            self.deaf = self.deaf and writer in self.writers and self.mute in self.writers
            super().take(first, payload, writer)

    def fall_silent(server, writer):
        server.deaf, server.mute = True, writer

    hostile, found = judged(misbehave(lab.start(Mute(fall_silent).handle), timeout_s=5.0))
    assert {one.case: one.harm for one in hostile.cases if one.harm} == {"reserved-opcode": "mute"}
    assert found["hostile_serves"].verdict.value == "fail"


@pytest.mark.prove
@pytest.mark.parametrize(("most", "verdict"), [(1000, "fail"), (8, "pass")])
def test_descriptors_count_where_a_second_round_leaves_more(lab, misbehave, monkeypatch, most, verdict):
    monkeypatch.setattr(trial, "LONG_SETTLE_S", 0.5)
    kept = []

    def keep(*_):
        kept.extend(os.open(os.devnull, os.O_RDONLY) for _ in range(min(8, most - len(kept))))

    try:
        _, found = judged(misbehave(lab.start(Bare(keep).handle)))
    finally:
        for one in kept:
            os.close(one)
    assert found["hostile_leaks"].verdict.value == verdict


def has_begun(room):
    return sum(isinstance(one, HostileTried) for one in room.records) > 5


def test_what_is_interrupted_says_what_was_not_tried(circle, misbehave):
    with pytest.raises(Interrupted):
        misbehave(circle.start(), interrupt_when=has_begun)
    (room,) = misbehave.rooms
    assert [one.interrupted for one in room.records if isinstance(one, LoadEnded)] == [True]
    part = websocket(MemoryEvidence(room.plan, [StepStarted(room.step.id), *room.records]))
    serves = next(one for one in part.findings if one.id == "websocket.bad.hostile_serves")
    assert (serves.verdict.value, serves.reason.value) == ("unknown", "inconclusive")
    assert "not tried: " in serves.detail
