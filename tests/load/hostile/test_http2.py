"""Hostile servers of HTTP/2: frames made by hand, after a preface that is as it should be."""

from __future__ import annotations

import asyncio

import pytest
from hpack import Decoder, Encoder

from brinell.core.plan import RequestSpec
from brinell.core.verdicts import Verdict

pytestmark = pytest.mark.prove  # real workers and servers, seconds each

CLOSED = {"kind": "closed", "duration": 0.5}
DATA, HEADERS, PRIORITY, RST, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED = 1, 1, 4, 8


def frame(kind, stream=0, payload=b"", flags=0, length=None):
    size = len(payload) if length is None else length
    return size.to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def head(stream=1, *fields, flags=END_HEADERS, status=b"200"):
    # Nothing of it enters a table: the same bytes mean the same on every stream.
    block = Encoder().encode([(b":status", status, True), *((name, value, True) for name, value in fields)])
    return frame(HEADERS, stream, block, flags)


GREETING = frame(SETTINGS)


def saying(lab, *parts, greeting=GREETING, again=b"", pause_s=0.0, close=False, asked=True):
    """Return the port of a server that greets, waits for a request, says the parts, then ``again`` for ever."""

    async def handler(reader, writer):
        await reader.readexactly(24)
        writer.write(greeting)
        await writer.drain()
        reading = asyncio.ensure_future(_swallow(reader, writer))
        try:
            await asyncio.sleep(0.02 if asked else 0.0)
            for part in parts:
                writer.write(part)
                await writer.drain()
            while again:
                writer.write(again)
                await writer.drain()
                await asyncio.sleep(pause_s)
            if not close:
                await asyncio.sleep(30)
        finally:
            reading.cancel()

    return lab.start(handler)


async def _swallow(reader, writer):
    while await reader.read(65536):
        pass
    writer.transport.abort()


GREETINGS = {
    "no-settings-first": ({"greeting": frame(PING, payload=bytes(8))}, {"protocol", "timeout"}),
    "garbage": ({"greeting": b"\xff" * 100}, {"protocol"}),
    "http-1": ({"greeting": b"HTTP/1.1 400 Bad Request\r\n\r\n"}, {"protocol"}),
    "settings-beyond-all": ({"greeting": frame(SETTINGS, payload=b"\0\x04" + b"\xff" * 4)}, {"protocol"}),
    "settings-of-odd-length": ({"greeting": frame(SETTINGS, payload=b"\0\x04\0")}, {"protocol"}),
    "closed-after-the-greeting": ({"close": True}, {"reset"}),
    "goodbye-at-once": ({"greeting": GREETING + frame(GOAWAY, payload=bytes(8)), "close": True}, {"reset"}),
    "goodbye-before-the-settings": ({"greeting": frame(GOAWAY, payload=bytes(8)) + GREETING}, {"reset", "protocol"}),
    "no-stream-allowed": ({"greeting": frame(SETTINGS, payload=b"\0\x03\0\0\0\0")}, {"timeout"}),
    "silence": ({"greeting": b""}, {"timeout"}),
    "silence-after-the-greeting": ({}, {"timeout"}),
}


@pytest.mark.parametrize("case", GREETINGS.values(), ids=GREETINGS)
def test_connections_that_begin_badly_are_told_by_kind(lab, press, case):
    fields, kinds = case
    limit = 0.2 if "timeout" in kinds else 2.0
    press(saying(lab, **fields), connections=4, version="2", streams=1, timeout_s=limit).failed_as(*kinds)


BROKEN = {
    "a-frame-of-16-mb": ({"parts": [frame(DATA, 1, length=2**24 - 1)], "again": bytes(65536)}, {"protocol"}),
    "data-before-headers": ({"parts": [frame(DATA, 1, b"hello", END_STREAM)]}, {"protocol"}),
    "data-for-no-stream": ({"parts": [frame(DATA, 0, b"hello", END_STREAM)]}, {"protocol"}),
    "an-answer-nobody-asked-for": ({"parts": [head(99, flags=END_HEADERS | END_STREAM)]}, {"protocol"}),
    "a-push-nobody-wanted": ({"parts": [frame(PUSH, 1, (2).to_bytes(4, "big") + b"\x88", 4)]}, {"protocol"}),
    "a-continuation-of-nothing": ({"parts": [frame(CONTINUATION, 1, b"\x88", 4)]}, {"protocol"}),
    "no-status": ({"parts": [frame(HEADERS, 1, Encoder().encode([("a", "b", True)]), 5)]}, {"protocol"}),
    "a-status-that-is-none": ({"parts": [head(1, flags=5, status=b"2x0")]}, {"protocol"}),
    "a-status-too-long": ({"parts": [head(1, flags=5, status=b"2000")]}, {"protocol"}),
    "headers-of-noise": ({"parts": [frame(HEADERS, 1, b"\xff" * 50, 5)]}, {"protocol"}),
    "upper-case": ({"parts": [head(1, (b"X-A", b"b"), flags=5)]}, {"protocol"}),
    "a-length-too-short": (
        {"parts": [head(1, (b"content-length", b"3")), frame(DATA, 1, b"hello", END_STREAM)]},
        {"protocol"},
    ),
    "a-length-too-long": (
        {"parts": [head(1, (b"content-length", b"30")), frame(DATA, 1, b"hello", END_STREAM)]},
        {"protocol"},
    ),
    "padding-longer-than-the-frame": ({"parts": [head(1), frame(DATA, 1, b"\xffhello", PADDED)]}, {"protocol"}),
    "a-window-beyond-all": (
        {"parts": [frame(WINDOW, 0, (2**31 - 1).to_bytes(4, "big"))]},
        {"protocol"},
    ),
    "closed-in-the-answer": ({"parts": [head(1), frame(DATA, 1, b"hel")], "close": True}, {"short-body", "reset"}),
    "closed-in-a-frame": ({"parts": [head(1)[:7]], "close": True}, {"reset"}),
    "goodbye-to-all": ({"parts": [frame(GOAWAY, payload=bytes(7) + b"\x0b" + b"slow down")]}, {"reset"}),
}


@pytest.fixture(scope="module")
def all_broken(lab_once, press_once):
    """One trial over every broken answer, each at a path of its own and on a socket of its own."""

    async def handler(reader, writer):
        await reader.readexactly(24)
        writer.write(GREETING)
        kind = None
        while kind != HEADERS:
            start = await reader.readexactly(9)
            size, kind = int.from_bytes(start[:3], "big"), start[3]
            block = await reader.readexactly(size)
        path = dict(Decoder().decode(block))[":path"]
        fields, _ = BROKEN[path[1:]]
        for part in fields.get("parts", ()):
            writer.write(part)
        while fields.get("again"):
            writer.write(fields["again"])
            await writer.drain()
        if not fields.get("close"):
            await reader.read(-1)

    requests = tuple(RequestSpec(path=f"/{name}", name=name) for name in BROKEN)
    shape = {"kind": "constant", "rate": 300, "duration": 1.0}
    fields = {"requests": requests, "version": "2", "streams": 1, "connections": 16, "timeout_s": 2.0}
    return press_once(lab_once.start(handler), shape, **fields).failed_as("protocol", "short-body", "reset")


@pytest.mark.parametrize("name", BROKEN)
def test_broken_answers_are_told_by_kind(all_broken, name):
    kinds = all_broken.kinds_of(name)
    assert kinds
    assert kinds <= BROKEN[name][1]


ENDLESS = {
    "body": ([head(1)], frame(DATA, 1, bytes(16384)) * 4),
    "body-of-nothing": ([head(1)], frame(DATA, 1) * 1000),
    "body-of-padding": ([head(1)], frame(DATA, 1, b"\xff" + bytes(255), PADDED) * 100),
    "body-of-single-bytes": ([head(1)], frame(DATA, 1, b"x") * 1000),
    "continuations": ([frame(HEADERS, 1, b"\x88", 0)], frame(CONTINUATION, 1, b"\x88" * 100) * 10),
    "empty-continuations": ([frame(HEADERS, 1, b"\x88", 0)], frame(CONTINUATION, 1) * 1000),
    "announcements": ([], head(1, status=b"103") * 1000),
    "pings": ([], frame(PING, payload=bytes(8)) * 1000),
    "settings": ([], frame(SETTINGS, payload=b"\0\x01\0\0\0\0\0\x01\0\0\x10\0") * 1000),
    "windows": ([], frame(WINDOW, 0, b"\0\0\0\x01") * 1000),
    "priorities": ([], frame(PRIORITY, 1, b"\0\0\0\x03\x10") * 1000),
    "unknown-frames": ([], frame(77, 0, b"what") * 1000),
    "resets": ([], frame(RST, 1, bytes(4)) * 1000),
    "header-blocks": ([head(1)], head(1, (b"x-trailer", b"y" * 200)) * 100),
    "drip": ([head(1)], frame(DATA, 1, b"x")),
}


@pytest.mark.parametrize("case", ENDLESS.items(), ids=ENDLESS)
def test_what_never_ends_is_cut_and_not_kept(lab, press, case):
    name, (parts, again) = case
    port = saying(lab, *parts, again=again, pause_s=0.01 if name == "drip" else 0.0)
    press(port, connections=10, version="2", streams=5, timeout_s=0.2).failed_as("timeout", "protocol", "reset")


def test_ten_gigabytes_in_answers_that_announce_them(lab, press):
    parts = [head(1, (b"content-length", b"10000000000"))]
    port = saying(lab, *parts, again=frame(DATA, 1, bytes(16384)) * 4)
    pressed = press(port, CLOSED, connections=1, version="2", streams=1, timeout_s=0.2).failed_as("timeout")
    assert "inside the answer" in pressed.said
    assert sum(one.bytes_in for one in pressed.slices if one.outcome == "timeout") > 1_000_000


def test_a_window_that_never_opens_is_a_time_out_while_sending(lab, press):
    greeting = frame(SETTINGS, payload=b"\0\x04\0\0\0\0")
    upload = RequestSpec(method="POST", body="x" * 4_000_000)
    pressed = press(saying(lab, greeting=greeting), requests=(upload,), version="2", timeout_s=0.2).failed_as("timeout")
    assert "sending the request" in pressed.said


def test_a_window_that_opens_byte_by_byte_is_a_time_out(lab, press):
    greeting = frame(SETTINGS, payload=b"\0\x04\0\0\0\0")
    upload = RequestSpec(method="POST", body="x" * 4_000_000)
    port = saying(lab, greeting=greeting, again=frame(WINDOW, 1, b"\0\0\0\x01") * 10, pause_s=0.001)
    press(port, requests=(upload,), version="2", timeout_s=0.2).failed_as("timeout", "protocol")


def test_a_server_that_reads_nothing_and_pings_is_cut(lab, press):
    async def deaf(_reader, writer):
        writer.transport.pause_reading()
        writer.write(GREETING)
        while True:
            writer.write(frame(PING, payload=bytes(8)) * 1000)
            await writer.drain()
            await asyncio.sleep(0)

    press(lab.start(deaf), version="2", timeout_s=0.2).failed_as("protocol", "timeout", "reset")


def test_a_goodbye_after_every_answer_costs_connections_and_no_request(lab, press):
    async def hello(machine, event, writer):
        await lab.answer_hello(machine, event, writer)
        if type(event).__name__ == "StreamEnded":
            state = machine.state_machine.state
            machine.close_connection(last_stream_id=event.stream_id)
            machine.state_machine.state = state

    pressed = press(lab.start(lab.http2(hello)), version="2", connections=4, timeout_s=1.0).survived()
    assert pressed.kinds <= {"ok", "reset"}
    assert pressed.verdicts["ran"] is Verdict.PASS


def test_streams_that_are_cancelled_again_and_again_leave_nothing_behind(lab, press):
    """Every request times out, on sockets that stay: streams are reset, and a thousand of them weigh nothing."""
    shape = {"kind": "constant", "rate": 400, "duration": 1.5}
    port = saying(lab, again=frame(PING, payload=bytes(8)), pause_s=0.01)
    press(port, shape, version="2", connections=100, timeout_s=0.1).failed_as("timeout", "unfinished")


@pytest.mark.parametrize("length", [b"nonsense", b"-1", b"1_000", b"9" * 5000])
def test_a_length_that_is_none_in_an_answer_without_a_body(lab, press, length):
    """An answer to HEAD: nobody counts its bytes, so h2 lets anything pass for their number."""

    async def handler(reader, writer):
        await reader.readexactly(24)
        writer.write(GREETING)
        answered = 0
        while True:
            start = await reader.readexactly(9)
            await reader.readexactly(int.from_bytes(start[:3], "big"))
            if start[3] == HEADERS:
                writer.write(head(2 * answered + 1, (b"content-length", length), flags=END_HEADERS | END_STREAM))
                answered += 1
                await writer.drain()

    requests = (RequestSpec(path="/", method="HEAD"),)
    pressed = press(lab.start(handler), requests=requests, version="2", streams=1, timeout_s=0.5).survived()
    assert pressed.kinds <= {"ok", "protocol"}
