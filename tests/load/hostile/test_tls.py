"""Servers that are hostile below HTTP: garbage for a handshake, half of one, ends that are not TLS's."""

from __future__ import annotations

import asyncio
import os

import pytest

pytestmark = pytest.mark.prove  # real workers and servers, seconds each

OK = b"HTTP/1.1 200 OK\r\n"
LENGTH = OK + b"Content-Length: 5\r\n\r\nhello"
CLOSED = {"kind": "closed", "duration": 0.5}

SERVER_HELLO = bytes.fromhex("16030300310200002d0303") + b"r" * 32 + bytes.fromhex("00c02f000005ff01000100")
HANDSHAKES = {
    "noise": b"\x00" * 500,
    "http": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "an-alert": b"\x15\x03\x03\x00\x02\x02\x28",
    "alerts-without-end": b"\x15\x03\x03\x00\x02\x01\x5a" * 5000,
    "a-record-too-long": b"\x16\x03\x03\xff\xff" + b"a" * 65535,
    "a-hello-of-16-mb": b"\x16\x03\x03\x40\x00\x02\xff\xff\xff" + b"a" * 16380,
    "half-a-hello": SERVER_HELLO[:20],
}


@pytest.mark.parametrize("data", HANDSHAKES.values(), ids=HANDSHAKES)
def test_a_handshake_that_is_none_is_called_tls(lab, press, data):
    async def speaking(reader, writer):
        await reader.read(1)
        writer.write(data)
        await writer.drain()
        await reader.read(-1) if data else None
        await asyncio.sleep(0.05)

    press(lab.start(speaking), scheme="https", verify_tls=False, timeout_s=0.2).failed_as("tls", "timeout")


def test_a_handshake_that_stops_halfway_is_a_time_out_that_says_so(lab, press):
    async def stopping(reader, writer):
        await reader.read(1)
        writer.write(SERVER_HELLO)
        await asyncio.sleep(30)

    pressed = press(lab.start(stopping), scheme="https", verify_tls=False, timeout_s=0.2).failed_as("timeout", "tls")
    assert "TLS handshake" in pressed.said or "tls" in pressed.kinds


def test_a_handshake_that_never_begins_is_a_time_out(lab, press):
    async def silent(reader, _writer):
        await reader.read(-1)

    assert "TLS handshake" in press(lab.start(silent), scheme="https", timeout_s=0.2).failed_as("timeout").said


def test_a_close_inside_the_handshake_is_the_handshakes_failure(lab, press):
    async def closing(reader, _writer):
        await reader.read(1)

    press(lab.start(closing), CLOSED, scheme="https").failed_as("tls")


def test_an_answer_that_only_the_close_ends_needs_the_close_of_tls(lab, press, server_tls):
    """A cut connection must not pass for the end of the answer (RFC 9112, 9.8)."""

    async def cutting(reader, writer):
        await lab.read_request(reader)
        writer.write(OK + b"\r\nhalf of it")
        await asyncio.sleep(0.02)
        writer.transport.abort()

    port = lab.start(cutting, tls=server_tls)
    press(port, scheme="https", verify_tls=False, timeout_s=1.0).failed_as("short-body", "reset")


def test_an_answer_that_the_close_of_tls_ends_is_whole(lab, press, server_tls):
    async def ending(reader, writer):
        await lab.read_request(reader)
        writer.write(OK + b"\r\nall of it")
        writer.close()
        await writer.wait_closed()

    pressed = press(lab.start(ending, tls=server_tls), scheme="https", verify_tls=False, timeout_s=1.0).survived()
    assert pressed.kinds == {"ok"}


def test_tickets_by_the_thousand_do_not_hold_the_loop(lab, press, server_tls):
    server_tls.num_tickets = 2000
    port = lab.start(lab.always(LENGTH), tls=server_tls)
    pressed = press(port, scheme="https", verify_tls=False, timeout_s=1.0).survived()
    assert pressed.kinds <= {"ok", "timeout"}


def test_bytes_after_the_handshake_that_are_no_record_are_called_tls(lab, press, server_tls):
    async def breaking(reader, writer):
        await lab.read_request(reader)
        descriptor = os.dup(writer.get_extra_info("socket").fileno())
        try:
            os.write(descriptor, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        finally:
            os.close(descriptor)
        await asyncio.sleep(0.2)

    press(lab.start(breaking, tls=server_tls), scheme="https", verify_tls=False).failed_as("tls")
