"""Hostile servers that are asked for an OpenAPI document: refused by name, in time, before anything is sent."""

from __future__ import annotations

import asyncio
import json
import time

import pytest

from brinell.core.errors import BrinellError

pytestmark = pytest.mark.prove  # real workers and servers, seconds each

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
BEGINNING = b'{"openapi": "3.1.0", "info": {"title": "'
DEEP = b'{"openapi": "3.1.0", "x": ' + b"[" * 200_000 + b"]" * 200_000 + b"}"
LOOP = {
    "openapi": "3.1.0",
    "info": {"title": "t", "version": "1"},
    "paths": {"/": {"$ref": "#/paths/~1"}, "/x": {"get": {"parameters": [{"$ref": "#/paths/~1x/get/parameters/0"}]}}},
}
ENDLESS = {
    "body": (OK + b"\r\n" + BEGINNING, b"x" * 65536, 0.0),
    "chunks": (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b"x" * 65536 + b"\r\n", 0.0),
    "head": (b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n" * 1000, 0.0),
    "head-of-one-line": (b"HTTP/1.1 200 OK\r\nX-A: ", b"b" * 65536, 0.0),
    "announcements": (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100, 0.0),
    "drip": (OK + b"Content-Length: 100000\r\n\r\n", b"x", 0.01),
    "silence": (b"", b"", 1.0),
}
WRONG = {
    "not-json": b"<html>",
    "not-utf-8": b'{"openapi": "\xff\xfe"}',
    "deep": DEEP,
    "a-loop": json.dumps(LOOP).encode(),
    "numbers": b'{"openapi": 1e999999, "paths": {"/": {"get": ' + b"9" * 5000 + b"}}}",
    "nothing": b"",
}
SHAPE = {"kind": "constant", "rate": 20, "duration": 0.2}


@pytest.mark.parametrize("case", ENDLESS.values(), ids=ENDLESS)
def test_a_document_without_end_is_refused_in_time(lab, press, case):
    first, again, pause_s = case

    async def handler(reader, writer):
        await lab.read_request(reader)
        writer.write(first)
        while True:
            writer.write(again)
            await writer.drain()
            await asyncio.sleep(pause_s)

    refused(press, lab.start(handler))


@pytest.mark.parametrize("body", WRONG.values(), ids=WRONG)
def test_a_document_that_is_none_is_refused(lab, press, body):
    answer = OK + b"Content-Length: %d\r\n\r\n" % len(body) + body
    refused(press, lab.start(lab.always(answer)))


def refused(press, port):
    began = time.monotonic()
    with pytest.raises(BrinellError) as found:
        press(port, SHAPE, openapi=f"http://127.0.0.1:{port}/openapi.json", requests=(), timeout_s=0.5)
    assert str(found.value).isprintable()
    assert time.monotonic() - began < 30


def test_answers_of_many_operations_in_chunks_are_looked_at_and_not_kept(lab, press):
    """Two megabytes each: kept with the operation they would be all there is."""
    schema = {"description": "", "content": {"application/json": {"schema": {"type": "string"}}}}
    paths = {f"/{number}": {"get": {"responses": {"200": schema}}} for number in range(120)}
    document = json.dumps({"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": paths}).encode()
    half = b"x" * (1 << 20)

    async def handler(reader, writer):
        while True:
            head, _ = await lab.read_request(reader)
            if b"openapi.json" in head:
                writer.write(OK + b"Content-Length: %d\r\n\r\n" % len(document) + document)
            else:
                writer.write(OK + b"Transfer-Encoding: chunked\r\n\r\n")
                for part in (b'"' + half, half + b'"'):
                    writer.write(b"%x\r\n%b\r\n" % (len(part), part))
                writer.write(b"0\r\n\r\n")
            await writer.drain()

    shape = {"kind": "closed", "duration": 2.0}
    pressed = press(lab.start(handler), shape, openapi="/openapi.json", requests=(), timeout_s=5.0).survived()
    assert pressed.kinds == {"ok"}
