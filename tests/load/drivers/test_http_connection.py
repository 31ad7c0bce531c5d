from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.load.drivers.http_connection import HttpConnection, HttpOperation
from brinell.load.engine.connection import IDLE
from brinell.load.engine.recorder import Recorder
from brinell.load.wire import WireOperation


class Host:
    """An engine that only remembers."""

    def __init__(self):
        self.poller = SimpleNamespace(handlers={})
        self.tls = None
        self.told = []

    def repeated(self, connection, operation, ended_ns):
        operation.cell(operation.seen_outcome).bytes_in += len(operation.seen)
        self.answered(connection, ended_ns, operation.seen_outcome, keep=True)

    def answered(self, connection, _ended_ns, outcome, *, keep):
        self.told.append((outcome, keep))
        connection.operation = IDLE

    def failed(self, connection, _ended_ns, outcome, detail):
        self.told.append((outcome, detail))
        connection.operation = IDLE


def reading(operation, chunks):
    """Return what a host is told while a connection reads these chunks; an empty one is the end of the stream."""
    host = Host()
    connection = HttpConnection(host)
    connection.operation = operation
    source = iter(chunks)
    connection.recv = lambda _: next(source)
    for _ in chunks:
        connection.on_ready(1)
    return host.told


def operation(method="GET", expect=()):
    return HttpOperation(WireOperation("op", 1.0, b"", bodiless=method == "HEAD", expect=expect), Recorder(0))


def cut(data, places):
    edges = sorted({place % len(data) for place in places} - {0})
    return [data[a:b] for a, b in zip([0, *edges], [*edges, len(data)], strict=True)]


def chunked(body, sizes):
    pieces = cut(body, sizes) if body else []
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


names = st.text("abcdefgh-", min_size=1, max_size=8).map(lambda name: f"X-{name}")
values = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=40)
fields = st.lists(st.tuples(names, values), max_size=5).map(
    lambda pairs: "".join(f"{name}: {value}\r\n" for name, value in pairs).encode()
)
bodies = st.binary(max_size=300)
places = st.lists(st.integers(0, 10_000), max_size=12)
statuses = st.sampled_from([200, 201, 302, 400, 404, 500, 503])


@given(statuses, fields, bodies, st.tuples(places, places), st.tuples(st.booleans(), st.integers(0, 2)))
def test_an_answer_is_the_same_however_it_is_cut(status, extra, body, places, framing):
    (sizes, edges), (by_chunks, hundreds) = places, framing
    start = b"HTTP/1.1 100 Continue\r\n\r\n" * hundreds + b"HTTP/1.1 %d X\r\n" % status + extra
    if by_chunks:
        whole = start + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(body, sizes)
    else:
        whole = start + b"Content-Length: %d\r\n\r\n" % len(body) + body
    expected = [("ok" if status < 400 else f"status-{status}", True)]
    one = operation()
    assert reading(one, cut(whole, edges)) == expected
    assert reading(one, cut(whole, edges)) == expected  # the second time it may be known
    assert reading(one, [whole]) == expected
    assert reading(one, [whole]) == expected


@given(fields, bodies, places)
def test_without_a_length_the_end_of_the_connection_ends_the_answer(extra, body, edges):
    whole = b"HTTP/1.1 200 OK\r\n" + extra + b"\r\n" + body
    assert reading(operation(), [*cut(whole, edges), b""]) == [("ok", False)]


@given(bodies.filter(bool), places, st.integers(0, 10_000), st.booleans())
def test_an_end_inside_an_answer_is_a_short_body(body, edges, end, by_chunks):
    framing = b"Transfer-Encoding: chunked\r\n\r\n" + chunked(body, edges) if by_chunks else None
    whole = b"HTTP/1.1 200 OK\r\n" + (framing or b"Content-Length: %d\r\n\r\n" % len(body) + body)
    part = whole[: 1 + end % (len(whole) - 1)]
    ((kind, detail),) = reading(operation(), [part, b""])
    assert kind == "short-body"
    assert "inside the answer" in detail


@given(st.binary(min_size=7, max_size=200).filter(lambda noise: not noise.startswith(b"HTTP/1.")), places)
def test_noise_never_passes_for_an_answer(noise, edges):
    host, one = Host(), operation()
    connection = HttpConnection(host)
    connection.operation = one
    for piece in cut(noise, edges):
        connection.recv = lambda _, piece=piece: piece
        if not host.told:
            connection.on_ready(1)
    ((kind, _),) = host.told
    assert kind == "protocol"


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\nContent-Length: 1\n\nx",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxyz",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-Long: " + b"a" * 300_000,
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x15\x03\x01\x00\x02\x02\x46",
    ],
)
def test_what_is_not_http_is_a_protocol_error(data):
    ((kind, _),) = reading(operation(), [data])
    assert kind == "protocol"


def test_huge_heads_and_bodies_are_read():
    whole = b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 100_000 + b"\r\nContent-Length: 1000000\r\n\r\n" + b"b" * 1_000_000
    assert reading(operation(), [whole[at : at + 65536] for at in range(0, len(whole), 65536)]) == [("ok", True)]


def test_an_answer_to_head_has_no_body():
    assert reading(operation("HEAD"), [b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"]) == [("ok", True)]


def test_the_same_bytes_to_another_kind_of_request_are_read_anew():
    data = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    assert reading(operation(), [data]) == [("ok", True)]
    assert reading(operation(expect=(404,)), [data]) == [("status-200", True)]


def test_an_end_before_the_answer_is_a_reset_and_says_if_the_connection_was_used():
    whole = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    ((kind, detail),) = reading(operation(), [b""])
    assert (kind, detail) == ("reset", "closed before the first byte of an answer")
    host, one = Host(), operation()
    connection = HttpConnection(host)
    for data in (whole, b""):
        connection.operation = one
        connection.recv = lambda _, data=data: data
        connection.on_ready(1)
    assert "had carried answers before" in host.told[-1][1]


def test_an_idle_connection_may_end_and_must_not_speak():
    for data in (b"", b"HTTP/1.1 408 Request Timeout\r\n\r\n"):
        host = Host()
        connection = HttpConnection(host)
        connection.recv = lambda _, data=data: data
        connection.on_ready(1)
        assert len(host.told) == 1


@given(st.lists(bodies, min_size=1, max_size=6))
def test_bytes_are_counted(answers):
    one = operation()
    total = 0
    for body in answers:
        whole = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        reading(one, [whole])
        total += len(whole)
    assert one.cell("ok").bytes_in == total
