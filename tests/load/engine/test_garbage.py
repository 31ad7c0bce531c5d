"""Nothing of a request waits for the collector, which is off while requests are under way: a circle would be kept for
as long as the run is.
"""

from __future__ import annotations

import gc
import socket
import sys
from collections import Counter

import pytest
from h2.events import StreamEnded

from brinell.load.drivers.http_exchange import ExchangeOperation
from brinell.load.engine.session import Pause, Send, Stage
from brinell.load.flows.driving import FlowSessions
from brinell.load.shapes.closed import Closed

SHAPE = Closed(duration=0.8)
MOST = 64  # objects of one type: those of the engine itself, of its few connections and of the last requests
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"


class Sessions:
    """Two requests and a pause; ``check`` looks at each answer."""

    def __init__(self, recorder):
        self.operation = ExchangeOperation("GET /", recorder)

    def begin(self, user):
        answer = yield Send(self.operation, b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % user, self.check)
        assert answer is not None
        yield Pause(0.0001)
        yield Send(self.operation, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", self.check)

    @staticmethod
    def check(answer):
        return None if answer.body == b"hello" else "other"


def closing(lab, answer):
    """Answer one request of each connection."""

    async def handler(reader, writer):
        await lab.read_request(reader)
        writer.write(answer)
        await writer.drain()

    return handler


def few_streams(lab):
    """HTTP/2 on connections that end with their first answer."""

    async def answer(machine, event, writer):
        await lab.answer_hello(machine, event, writer)
        if isinstance(event, StreamEnded):
            writer.write(machine.data_to_send())
            await writer.drain()
            raise ConnectionResetError

    return lab.http2(answer)


def left_of(lab, port, **fields):
    """Return how many requests ended, and which objects of ours are still there where nobody collected any."""
    real = gc.collect, gc.enable
    gc.disable()
    gc.collect()
    before = ours()
    gc.collect, gc.enable = (lambda *_: 0), lambda: None
    try:
        outcome = lab.drive(port, SHAPE, **fields)
    finally:
        gc.collect, gc.enable = real
    ended = sum(outcome.outcomes.values())
    del outcome
    after = ours()
    gc.enable()
    return ended, after - before


def ours():
    """Objects by type; the server's side of the same process has its own."""
    gc.unfreeze()
    return Counter(
        type(one).__qualname__
        for one in gc.get_objects()
        if str(type.__getattribute__(type(one), "__module__")).startswith(("brinell.load", "httptools"))
    )


CASES = {
    "plain": (lambda lab: lab.always(lab.ok()), {}),
    "chunked": (lambda lab: lab.always(CHUNKED), {}),
    "closed after each": (lambda lab: closing(lab, lab.ok()), {"connections": 32}),
    "chunked and closed": (lambda lab: closing(lab, CHUNKED), {"connections": 32}),
    "nonsense": (lambda lab: closing(lab, b"nonsense\r\n\r\n"), {"connections": 32}),
    "sessions": (lambda lab: lab.always(lab.ok()), {"sessions": Sessions}),
    "sessions, chunked": (lambda lab: lab.always(CHUNKED), {"sessions": Sessions}),
    "http2": (lambda lab: lab.http2(), {"version": "2", "streams": 4}),
    "http2, few streams": (few_streams, {"version": "2", "streams": 1, "connections": 16}),
}


FLOWS = """
from brinell.flow import RequestFailed, flow

@flow
async def well(user):
    await user.get("/")

@flow
async def checked(user):
    response = await user.get("/")
    assert response.status == 201

@flow
async def broken(user):
    response = await user.get("/")
    {}[response.text]

@flow
async def caught(user):
    try:
        await user.get("/", expect=404)
        raise ValueError
    except (RequestFailed, ValueError):
        await user.sleep(0.001)
"""


@pytest.mark.parametrize("answer", ["whole", "none"])
def test_flows_leave_nothing_whatever_becomes_of_them(lab, tmp_path, monkeypatch, answer):
    monkeypatch.setattr(sys, "path", [*sys.path])  # the flows' folder is put into it
    file = tmp_path / "loadtest.py"
    file.write_text(FLOWS)
    port = lab.start(lab.always(lab.ok()) if answer == "whole" else closing(lab, b""))
    options = {
        "file": str(file), "root": str(tmp_path), "scheme": "http", "host": "127.0.0.1", "redirects": 0, "allow": [],
        "authority": f"127.0.0.1:{port}", "prefix": "", "lines": [],
    }  # fmt: skip

    def sessions(recorder):
        return FlowSessions(options, Stage(0, 1, 1, recorder, closed=True))

    ended, left = left_of(lab, port, sessions=sessions, connections=64)
    assert ended > 2 * MOST
    assert max(left.values(), default=0) <= 2 * MOST, left


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_memory_does_not_wait_for_the_collector(lab, case):
    serve, fields = case
    ended, left = left_of(lab, lab.start(serve(lab)), **{"connections": 4, **fields})
    assert ended > MOST
    assert max(left.values(), default=0) <= MOST, left


def test_failed_connections_leave_nothing_either(lab):
    with socket.socket() as dead:
        dead.bind(("127.0.0.1", 0))
        ended, left = left_of(lab, dead.getsockname()[1], connections=64)
    assert ended > 2 * MOST
    assert max(left.values(), default=0) <= 2 * MOST, left
