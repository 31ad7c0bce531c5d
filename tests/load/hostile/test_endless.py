"""Servers that never end: bodies, heads, trailers, silence. Counted, cut at the time-out, and never kept."""

from __future__ import annotations

import asyncio

import pytest

from brinell.core.plan import RequestSpec

pytestmark = pytest.mark.prove  # real workers and servers, seconds each

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
CLOSED = {"kind": "closed", "duration": 0.5}
FLOOD = b"x" * 65536


def flooding(lab, first, again, *, pause_s=0.0):
    """Return the port of a server that says ``first``, then ``again`` for as long as somebody listens."""

    async def handler(reader, writer):
        await lab.read_request(reader)
        writer.write(first)
        while True:
            writer.write(again)
            await writer.drain()
            await asyncio.sleep(pause_s)

    return lab.start(handler)


ENDLESS = {
    "body-without-a-length": (OK + b"\r\n", FLOOD),
    "body-of-10-gb": (OK + b"Content-Length: 10000000000\r\n\r\n", FLOOD),
    "chunks": (CHUNKED, b"10000\r\n" + FLOOD + b"\r\n"),
    "one-chunk": (CHUNKED + b"7FFFFFFFFFFFFFF\r\n", FLOOD),
    "chunks-of-one-byte": (CHUNKED, b"1\r\nx\r\n" * 10_000),
    "chunk-extensions": (CHUNKED + b"5;", FLOOD),
    "trailers": (CHUNKED + b"0\r\n", b"X-Trailer: y\r\n" * 5_000),
    "one-trailer": (CHUNKED + b"0\r\nX-Trailer: ", FLOOD),
}


@pytest.mark.parametrize("case", ENDLESS.values(), ids=ENDLESS)
def test_what_never_ends_is_cut_at_the_time_out_and_not_kept(lab, press, case):
    pressed = press(flooding(lab, *case), timeout_s=0.2).failed_as("timeout", "protocol")
    assert "timeout" in pressed.kinds or "verflow" in pressed.said


def test_ten_gigabytes_are_counted_as_they_come(lab, press):
    pressed = press(flooding(lab, *ENDLESS["body-of-10-gb"]), CLOSED, connections=1, timeout_s=0.2).failed_as("timeout")
    assert "inside the answer" in pressed.said
    assert sum(one.bytes_in for one in pressed.slices if one.outcome == "timeout") > 1_000_000


HEADS = {
    "one-line": (OK + b"X-A: ", FLOOD),
    "many-lines": (OK, b"X-A: b\r\n" * 5_000),
    "cookies": (OK, b"Set-Cookie: a=" + b"b" * 60_000 + b"\r\n"),
    "reason": (b"HTTP/1.1 200 ", b"a" * 65536),
}


@pytest.mark.parametrize("case", HEADS.values(), ids=HEADS)
def test_a_head_that_never_ends_is_no_answer(lab, press, case):
    pressed = press(flooding(lab, *case), connections=64).failed_as("protocol")
    assert "head" in pressed.said


def test_all_unfinished_heads_together_are_bounded(lab, press):
    """500 heads of 250 kB that stay unfinished: 125 MB if each were kept."""
    shape = {"kind": "constant", "rate": 500, "duration": 1.0}
    port = flooding(lab, OK + b"X-A: " + b"a" * 250_000, b"", pause_s=10)
    pressed = press(port, shape, connections=500, timeout_s=8.0).failed_as("timeout", "protocol")
    assert "all connections together" in pressed.said


DRIPS = {
    "head": (b"HTTP/1.1 200 OK\r\nX-A: ", b"a"),
    "body": (OK + b"Content-Length: 100000\r\n\r\n", b"b"),
    "chunk": (CHUNKED, b"1\r\nc\r\n"),
    "announcements": (b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
}


@pytest.mark.parametrize("case", DRIPS.values(), ids=DRIPS)
def test_a_drip_does_not_hold_a_request_beyond_its_limit(lab, press, case):
    press(flooding(lab, *case, pause_s=0.005), timeout_s=0.2).failed_as("timeout")


def test_silence_is_a_time_out(lab, press):
    async def silent(reader, _writer):
        await reader.read(-1)

    assert "waiting for the first byte" in press(lab.start(silent), timeout_s=0.2).failed_as("timeout").said


def test_a_server_that_never_reads_is_a_time_out_while_sending(lab, press):
    async def deaf(_reader, writer):
        writer.transport.pause_reading()
        await asyncio.sleep(30)

    upload = RequestSpec(method="POST", body="x" * 8_000_000)
    pressed = press(lab.start(deaf), requests=(upload,), connections=2, timeout_s=0.2).failed_as("timeout")
    assert "sending the request" in pressed.said


def test_a_server_that_answers_every_request_differently_costs_no_more(lab, press):
    """Every head is new and 6 kB long, every status another: nothing is kept for them that grows without end."""
    number = 0

    async def inventive(reader, writer):
        nonlocal number
        while True:
            await lab.read_request(reader)
            number += 1
            head = b"HTTP/1.1 %d X\r\nX-Id: %d%s\r\nContent-Length: 0\r\n\r\n" % (
                200 + number % 799,
                number,
                b"a" * 6000,
            )
            writer.write(head)
            await writer.drain()

    requests = tuple(RequestSpec(path=f"/{one}") for one in range(8))
    shape = {"kind": "closed", "duration": 2.5}
    pressed = press(lab.start(inventive), shape, requests=requests, timeout_s=1.0).survived()
    assert len(pressed.kinds) > 100
