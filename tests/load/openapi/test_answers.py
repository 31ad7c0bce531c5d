"""Answers as services give them: packed, in chunks, after announcements, one connection each, over HTTP/2."""

from __future__ import annotations

import gzip
import json

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived

from brinell.checks.traffic import traffic
from brinell.core.evidence import MemoryEvidence
from brinell.core.fakes import FakeRoom
from brinell.core.load_records import Exemplar, LoadSlice
from brinell.core.observation import StepStarted
from brinell.core.plan import LoadSpec
from brinell.core.verdicts import Verdict
from brinell.load.engine.recorder import Recorder
from brinell.load.openapi.judged import decode
from brinell.load.openapi.kept import MOST_BYTES, TOGETHER_BYTES, Kept
from brinell.load.trial import LoadTrial
from brinell.load.wire import WireOperation
from brinell.rosters.drivers import DRIVERS
from brinell.rosters.shapes import SHAPES

THING = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}
ID = {"name": "thing_id", "in": "path", "required": True, "schema": {"type": "integer"}}


def answers(schema):
    return {"responses": {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}}


DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Things", "version": "1"},
    "paths": {
        "/things": {"get": answers({"type": "array", "items": THING})},
        "/things/{thing_id}": {"get": {**answers(THING), "parameters": [ID]}},
        "/lie": {"get": answers({"type": "object", "required": ["truth"]})},
    },
}
SAID = {
    "/openapi.json": DOCUMENT,
    "/things": [{"id": 1}, {"id": 2}],
    "/things/1": {"id": 1},
    "/things/2": {"id": 2},
    "/lie": {"lie": "x" * 100},
}
KIND = b"Content-Type: application/json"


def content(path):
    return json.dumps(SAID[path]).encode() if path in SAID else None


def packed(lab, path, head):
    """Packed wherever somebody takes it so."""
    if b"\r\naccept-encoding: gzip" not in head.lower():
        return lab.ok(content(path), KIND)
    return lab.ok(gzip.compress(content(path)), KIND, b"Content-Encoding: gzip")


def in_chunks(lab, path, head):
    del lab, head
    body = content(path)
    halves = (body[:5], body[5:])
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(half), half) for half in halves)
    return b"HTTP/1.1 200 OK\r\n" + KIND + b"\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"


def announced(lab, path, head):
    del head
    return b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" + lab.ok(content(path), KIND)


def plain(lab, path, head):
    del head
    return lab.ok(content(path), KIND)


def both(lab, way):
    """Speak HTTP/1.1, and HTTP/2 to whoever begins with it; ``way`` gives the answers of the former."""

    async def handler(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        while not head.startswith(b"PRI "):
            path = head.split(b" ")[1].decode()
            writer.write(way(lab, path, head) if path in SAID else lab.ok(b"", status=b"404 Not Found"))
            await writer.drain()
            head = await reader.readuntil(b"\r\n\r\n")
        machine = H2Connection(H2Configuration(client_side=False))
        machine.initiate_connection()
        handler.streams = 0
        while head:
            for event in machine.receive_data(head):
                if isinstance(event, RequestReceived):
                    handler.streams += 1
                    path = dict(event.headers)[b":path"].decode()
                    machine.send_headers(event.stream_id, [(":status", "200"), ("content-type", "application/json")])
                    body = content(path)
                    machine.send_data(event.stream_id, body[:3])
                    machine.send_data(event.stream_id, body[3:], end_stream=True)
            writer.write(machine.data_to_send())
            await writer.drain()
            head = await reader.read(65536)

    handler.streams = 0
    return handler


@pytest.fixture
def run(lab, tmp_path):
    rooms = []

    def begin(way, **fields):
        port = lab.start(both(lab, way))
        shape = {"kind": "constant", "rate": 60, "duration": 0.5}
        spec = LoadSpec(
            name="api", shape=shape, url=f"http://127.0.0.1:{port}", openapi="/openapi.json", calibrate=False, **fields
        )
        room = FakeRoom(spec, tmp_path)
        rooms.append(room)
        LoadTrial(DRIVERS, SHAPES).run(room)
        return room

    yield begin
    for room in rooms:
        room.close()


@pytest.mark.prove
@pytest.mark.parametrize(
    ("way", "fields"),
    [
        (plain, {}),
        (packed, {"compression": True}),
        (in_chunks, {}),
        (announced, {}),
        (plain, {"keep_alive": False}),
        (in_chunks, {"keep_alive": False}),
        (plain, {"version": "2", "streams": 4}),
        (plain, {"version": "2", "openapi_unsafe": True}),
    ],
    ids=["plain", "packed", "in-chunks", "announced", "once", "once-in-chunks", "http2", "http2-unsafe"],
)
def test_answers_are_compared_however_they_come(run, way, fields):
    room = run(way, **fields)
    counts = {}
    for one in room.records:
        if isinstance(one, LoadSlice):
            counts.setdefault(one.operation, set()).add(one.outcome)
    assert counts == {"GET /things": {"ok"}, "GET /things/{thing_id}": {"ok"}, "GET /lie": {"check"}}
    part = traffic(MemoryEvidence(room.plan, [StepStarted(room.step.id), *room.records]))
    (numbers,) = part.traffic
    assert (numbers.not_exercised, numbers.unseen) == ((), 0)
    assert numbers.looked + numbers.known > 0
    (contract,) = (one for one in part.findings if one.id.endswith(".contract"))
    assert contract.verdict is Verdict.FAIL
    assert '"truth" is a required property' in contract.detail
    details = {one.detail for one in room.records if isinstance(one, Exemplar) and one.operation == "GET /lie"}
    assert details
    assert all(one.startswith('status 200: $: "truth"') or "required property" in one for one in details)
    # Every byte of an answer that is wrong belongs to what is wrong.
    assert all(one.bytes_in >= 100 * one.count for one in room.records if isinstance(one, LoadSlice)
               and one.operation == "GET /lie")  # fmt: skip


def test_long_heads_are_not_kept_and_requests_of_one_name_share_what_is_known():
    wires = [WireOperation("GET /a", 1.0, b"GET /a?%d HTTP/1.1\r\n\r\n" % number) for number in range(3)]
    one, other, _ = decode(wires, Recorder(0))
    assert one.heads is other.heads
    long = b"HTTP/1.1 200 OK\r\nContent-Type: A/B; c\r\nX: " + b"x" * 100_000 + b"\r\n\r\n"
    assert one.fields(long) == ("a/b; c", "")
    assert one._head == b""
    short = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"
    assert one.fields(short) == ("", "gzip")
    assert one._head == short


def test_what_is_kept_is_bounded_each_and_together():
    one = Kept()
    one.begin(wanted=True)
    one.add(b"a")
    one.add(b"b")
    assert (one.is_whole, one.take()) == (True, b"ab")
    one.begin(wanted=False)
    one.add(b"a")
    assert (one.is_whole, one.take(), Kept.together) == (False, b"", 0)
    one.begin(wanted=True)
    one.add(bytes(MOST_BYTES))
    one.add(b"x")
    assert (one.is_whole, Kept.together) == (False, 0)
    several = [Kept() for _ in range(TOGETHER_BYTES // MOST_BYTES + 2)]
    for kept in several:
        kept.begin(wanted=True)
        kept.add(bytes(MOST_BYTES))
    assert [kept.is_whole for kept in several].count(False) == 2
    assert Kept.together <= TOGETHER_BYTES
    for kept in several:
        kept.drop()
    assert Kept.together == 0
