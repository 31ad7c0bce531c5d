"""Answers that are broken on purpose: each is counted under its kind, and none passes for an answer."""

from __future__ import annotations

import asyncio
import itertools
import socket
import struct

import pytest

from brinell.core.plan import RequestSpec

pytestmark = pytest.mark.prove  # real workers and servers, seconds each

OK = b"HTTP/1.1 200 OK\r\n"
LENGTH = OK + b"Content-Length: 5\r\n\r\nhello"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
OPEN = {"kind": "constant", "rate": 100, "duration": 0.2}
CLOSED = {"kind": "closed", "duration": 0.5}
models = pytest.mark.parametrize("shape", [OPEN, CLOSED], ids=["open", "closed"])


def saying(lab, *parts, close=False):
    """Return the port of a server that says this to whoever asks."""

    async def handler(reader, writer):
        while True:
            await lab.read_request(reader)
            for part in parts:
                writer.write(part)
                await writer.drain()
            if close:
                return

    return lab.start(handler)


BROKEN = {
    "chunk-size-huge": (CHUNKED + b"FFFFFFFFFFFFFFFFFF\r\nhello", "protocol"),
    "chunk-size-negative": (CHUNKED + b"-5\r\nhello\r\n0\r\n\r\n", "protocol"),
    "chunk-size-not-hex": (CHUNKED + b"five\r\nhello\r\n0\r\n\r\n", "protocol"),
    "chunk-size-missing": (CHUNKED + b"\r\nhello\r\n0\r\n\r\n", "protocol"),
    "length-negative": (OK + b"Content-Length: -5\r\n\r\nhello", "protocol"),
    "length-beyond-64-bits": (OK + b"Content-Length: 99999999999999999999999\r\n\r\nhello", "protocol"),
    "length-no-number": (OK + b"Content-Length: 0x5\r\n\r\nhello", "protocol"),
    "length-not-ascii": (OK + b"Content-Length: \xd9\xa5\r\n\r\nhello", "protocol"),
    "two-lengths": (OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", "protocol"),
    "lengths-in-a-list": (OK + b"Content-Length: 5, 5\r\n\r\nhello", "protocol"),
    "length-and-chunks": (OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "protocol"),
    "body-longer-than-said": (LENGTH + b"more", "protocol"),
    "a-second-answer": (LENGTH + LENGTH, "protocol"),
    "a-space-before-the-colon": (OK + b"Content-Length : 5\r\n\r\nhello", "protocol"),
    "a-folded-line": (OK + b"X: 1\r\n 2\r\nContent-Length: 5\r\n\r\nhello", "protocol"),
    "nul-in-a-header": (OK + b"X: a\x00b\r\nContent-Length: 5\r\n\r\nhello", "protocol"),
    "bare-line-feeds": (LENGTH.replace(b"\r\n", b"\n"), "protocol"),
    "no-status": (b"HTTP/1.1 OK\r\n\r\n", "protocol"),
    "status-zero": (b"HTTP/1.1 000 OK\r\nContent-Length: 0\r\n\r\n", "protocol"),
    "status-of-four-digits": (b"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n", "protocol"),
    "another-version": (b"HTTP/9.9 200 OK\r\nContent-Length: 0\r\n\r\n", "protocol"),
    "http-0.9": (b"<html>hello</html>", "protocol"),
    "http-2-unasked": (b"\x00\x00\x00\x04\x00\x00\x00\x00\x00", "protocol"),
    "tls-unasked": (b"\x15\x03\x01\x00\x02\x02\x46", "protocol"),
    "protocols-switched": (b"HTTP/1.1 101 S\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", "protocol"),
    "endless-announcements": (b"HTTP/1.1 103 Early Hints\r\n\r\n" * 3000, "protocol"),
    "closed-in-the-head": (OK + b"Content-", "short-body"),
    "closed-in-the-body": (OK + b"Content-Length: 5\r\n\r\nhel", "short-body"),
    "closed-in-a-chunk": (CHUNKED + b"5\r\nhel", "short-body"),
    "closed-before-the-last-chunk": (CHUNKED + b"5\r\nhello\r\n", "short-body"),
    "closed-after-an-announcement": (b"HTTP/1.1 100 Continue\r\n\r\n", "short-body"),
    "closed-without-a-word": (b"", "reset"),
}


@pytest.fixture(scope="module")
def all_broken(lab_once, press_once):
    """One trial over every broken answer, each at a path of its own."""

    async def handler(reader, writer):
        head, _ = await lab_once.read_request(reader)
        writer.write(BROKEN[head.split()[1].decode()[1:]][0])
        await writer.drain()

    requests = tuple(RequestSpec(path=f"/{name}", name=name) for name in BROKEN)
    shape = {"kind": "constant", "rate": 400, "duration": 1.0}
    pressed = press_once(lab_once.start(handler), shape, requests=requests, connections=16, timeout_s=2.0)
    return pressed.failed_as("protocol", "short-body", "reset")


@pytest.mark.parametrize("name", BROKEN)
def test_broken_answers_are_told_by_kind(all_broken, name):
    assert all_broken.kinds_of(name) == {BROKEN[name][1]}


@models
def test_a_connection_that_is_reset_is_reset(lab, press, shape):
    async def resetting(reader, writer):
        await lab.read_request(reader)
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # closes with a reset

    press(lab.start(resetting), shape).failed_as("reset")


@models
def test_a_reset_inside_the_answer_is_a_reset(lab, press, shape):
    async def resetting(reader, writer):
        await lab.read_request(reader)
        writer.write(OK + b"Content-Length: 100\r\n\r\nhel")
        await asyncio.sleep(0.02)
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    press(lab.start(resetting), shape).failed_as("reset", "short-body")


@models
def test_answers_that_nobody_asked_for_end_the_connection(lab, press, shape):
    """A second answer that comes later is not taken for the answer to the next request, as long as that is unsent."""

    async def generous(reader, writer):
        while True:
            await lab.read_request(reader)
            writer.write(LENGTH)
            await writer.drain()
            await asyncio.sleep(0.01)
            writer.write(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")

    pressed = press(lab.start(generous), shape, connections=60).survived()
    assert "ok" in pressed.kinds
    assert pressed.kinds <= {"ok", "status-500", "protocol", "reset"}


def test_an_answer_before_the_request_is_out_is_taken_and_ends_the_connection(lab, press):
    async def impatient(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        await asyncio.sleep(0.05)

    upload = RequestSpec(method="POST", body="x" * 4_000_000)
    press(lab.start(impatient), requests=(upload,), connections=2, timeout_s=1.0).failed_as("status-413", "reset")


def test_bytes_that_are_no_text_are_counted_and_never_decoded(lab, press):
    """Neither a header nor a body has to be UTF-8; samples and the journal stay text."""
    noise = bytes(range(128, 256))
    fine = OK + b"X-Name: " + noise + b"\r\nContent-Length: %d\r\n\r\n" % len(noise) + noise
    pressed = press(saying(lab, fine)).survived()
    assert pressed.kinds == {"ok"}
    broken = press(saying(lab, OK + noise + b": x\r\n\r\n", close=True)).failed_as("protocol")
    assert broken.said.isprintable()


def test_what_a_server_says_cannot_write_to_the_terminal(lab, press):
    pressed = press(saying(lab, b"\x1b]0;owned\x07\x1b[2Jnot http\r\n", close=True)).failed_as("protocol")
    assert pressed.said.isprintable()


@models
def test_redirects_are_not_followed_however_they_loop(lab, press, shape):
    asked = itertools.count()
    strangers = []

    async def looping(reader, writer):
        while True:
            head, _ = await lab.read_request(reader)
            next(asked)
            if not head.startswith(b"GET / "):
                strangers.append(head)
            writer.write(b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n")

    pressed = press(lab.start(looping), shape).survived()
    assert pressed.kinds == {"ok"}
    assert strangers == []
    assert next(asked) == pressed.numbers.requests
