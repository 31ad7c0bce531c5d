from __future__ import annotations

import asyncio
import gzip
import itertools
from types import SimpleNamespace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.core.plan import RequestSpec
from brinell.load.drivers.http_connection import Held, HttpConnection, HttpOperation
from brinell.load.engine.connection import IDLE
from brinell.load.engine.recorder import Recorder
from brinell.load.shapes.closed import Closed
from brinell.load.shapes.constant import Constant
from brinell.load.wire import WireOperation


class Host:
    """An engine that only remembers."""

    def __init__(self):
        self.poller = SimpleNamespace(handlers={})
        self.tls = None
        self.patient, self.urgent = False, set()
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


SEEDS = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nX-T: 1\r\n\r\n",
    b"HTTP/1.0 404 No\r\nConnection: close, keep-alive\r\n\r\nhello",
    b"HTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 None\r\nTransfer-Encoding: gzip\r\n\r\n",
]
edits = st.lists(st.tuples(st.integers(0, 200), st.integers(0, 3), st.binary(max_size=3)), max_size=4)


@given(st.sampled_from(SEEDS), edits, places, st.sampled_from(["GET", "HEAD"]))
def test_whatever_comes_ends_in_one_word_and_nothing_is_kept(seed, edits, places, method):
    data = seed
    for at, cut_off, put in edits:
        data = data[:at] + put + data[at + cut_off :]
    before = Held.total
    host = Host()
    connection = HttpConnection(host)
    connection.operation = operation(method)
    for piece in [*cut(data, places), b""] if data else [b""]:
        connection.recv = lambda _, piece=piece: piece
        if not host.told:
            connection.on_ready(1)
    ((kind, _),) = host.told
    assert kind in {"ok", "protocol", "short-body", "reset"} or kind.startswith("status-")
    connection.close()
    assert Held.total == before
    assert not connection.held


def test_a_head_byte_by_byte_is_found_wherever_it_ends():
    whole = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nX: " + b"a" * 5000 + b"\r\nContent-Length: 1\r\n\r\nb"
    for ahead in (1, 2, 3, 7):
        assert reading(operation(), [whole[at : at + ahead] for at in range(0, len(whole), ahead)]) == [("ok", True)]


# --- whole engines against real servers -------------------------------------------------------------------------------

OK = b"HTTP/1.1 200 OK\r\n"
LENGTH = OK + b"Content-Length: 5\r\n\r\nhello"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
ZIPPED = gzip.compress(b"hello" * 100)
HEAD = RequestSpec(method="HEAD")
UPLOAD = RequestSpec(method="POST", body="x" * 8_000_000)  # more than the socket buffers of both sides take
MODELS = [Constant(rate=50, duration=0.3), Closed(duration=0.2)]
models = pytest.mark.parametrize("shape", MODELS, ids=["open", "closed"])


def saying(lab, *parts, close=False):
    """Return a server that answers every request with these parts; a number is a pause in seconds."""

    async def handler(reader, writer):
        while True:
            await lab.read_request(reader)
            for part in parts:
                if isinstance(part, float):
                    await asyncio.sleep(part)
                else:
                    writer.write(part)
                    await writer.drain()
            if close:
                return writer.close()

    return handler


ACCEPTED = {
    "continue-first": [b"HTTP/1.1 100 Continue\r\n\r\n", 0.01, LENGTH],
    "early-hints-first": [b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", 0.01, LENGTH],
    "head-and-body-apart": [OK + b"Content-Length: 5\r\n\r\n", 0.01, b"hello"],
    "long-head": [OK + b"X: " + b"a" * 200_000 + b"\r\nContent-Length: 0\r\n\r\n"],
    "trailers": [CHUNKED + b"5;x=y\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n"],
    "gzip": [OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(ZIPPED) + ZIPPED],
    "redirect": [b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\nContent-Length: 0\r\n\r\n"],
    "no-content": [b"HTTP/1.1 204 No Content\r\n\r\n"],
    "not-modified-with-a-length": [b"HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n"],
    "upgrade-offered": [OK + b"Upgrade: h2c\r\nConnection: Upgrade\r\nContent-Length: 5\r\n\r\nhello"],
    "http-1.0-kept-open": [b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello"],
    "http-1.0-left-open": [b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello"],
}


@models
@pytest.mark.parametrize("parts", ACCEPTED.values(), ids=ACCEPTED)
def test_odd_but_valid_answers_are_counted_once_each(lab, parts, shape):
    answered = 0

    async def counting(reader, writer):
        nonlocal answered
        while True:
            await lab.read_request(reader)
            for part in parts:
                await asyncio.sleep(part) if isinstance(part, float) else writer.write(part)
            answered += 1

    outcome = lab.drive(lab.start(counting), shape)
    assert set(outcome.outcomes) == {"ok"}
    assert outcome.outcomes["ok"] == answered == outcome.engine.scheduled


@models
def test_the_end_of_the_connection_ends_an_old_answer(lab, shape):
    outcome = lab.drive(lab.start(saying(lab, b"HTTP/1.0 200 OK\r\n\r\nhello", close=True)), shape)
    assert set(outcome.outcomes) == {"ok"}


REFUSED = {
    "endless-head": (RequestSpec(), [OK, *[b"X-A: " + b"b" * 8000 + b"\r\n"] * 200], "protocol", b"HTTP/1.1 200"),
    "chunk-longer-than-said": (RequestSpec(), [CHUNKED + b"3\r\nhello\r\n0\r\n\r\n"], "protocol", b"chunk"),
    "chunk-size-beyond-all": (RequestSpec(), [CHUNKED + b"f" * 20 + b"\r\nhello"], "protocol", b"overflow"),
    "no-content-with-a-body": (RequestSpec(), [b"HTTP/1.1 204 No\r\n\r\nhello"], "protocol", b"after the end"),
    "head-with-a-body": (HEAD, [LENGTH], "protocol", b"after the end"),
    "two-answers": (RequestSpec(), [LENGTH + LENGTH], "protocol", b"after the end"),
    "two-lengths": (RequestSpec(), [OK + b"Content-Length: 5\r\n" * 2 + b"\r\nhello"], "protocol", b"Length"),
    "length-and-chunks": (RequestSpec(), [CHUNKED[:-2] + b"Content-Length: 5\r\n\r\n"], "protocol", b"Length"),
    "upgraded": (
        RequestSpec(),
        [b"HTTP/1.1 101 S\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"],
        "protocol",
        b"switches",
    ),
    "announcements-without-end": (
        RequestSpec(),
        [b"HTTP/1.1 100 Continue\r\n\r\n"] * 500,
        "protocol",
        b"announcements",
    ),
    "a-banner": (RequestSpec(), [b"220 smtp ready\r\n"], "protocol", b"not an HTTP/1 answer"),
}


@models
@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_broken_answers_are_counted_under_their_kind(lab, case, shape):
    request, parts, kind, words = case
    outcome = lab.drive(lab.start(saying(lab, *parts)), shape, request)
    assert set(outcome.outcomes) == {kind}
    assert words.decode() in outcome.details


NEVER = {
    "only-an-announcement": [b"HTTP/1.1 100 Continue\r\n\r\n"],
    "many-announcements": [b"HTTP/1.1 100 Continue\r\n\r\n"] * 90,
    "byte-by-byte": [piece for byte in LENGTH for piece in (bytes([byte]), 0.1)],
    "body-byte-by-byte": [OK + b"Content-Length: 99\r\n\r\n", *[b"x", 0.1] * 99],
    "chunk-shorter-than-said": [CHUNKED + b"ff\r\nhello\r\n0\r\n\r\n"],
    "no-length-and-left-open": [OK + b"\r\nhello"],
}


@models
@pytest.mark.parametrize("parts", NEVER.values(), ids=NEVER)
def test_an_answer_without_end_ends_at_the_limit(lab, parts, shape):
    outcome = lab.drive(lab.start(saying(lab, *parts)), shape, timeout_s=0.15)
    assert "ok" not in outcome.outcomes
    assert outcome.outcomes["timeout"] > 0
    assert set(outcome.outcomes) <= {"timeout", "unfinished"}
    assert sum(outcome.outcomes.values()) == outcome.engine.scheduled
    assert "inside the answer" in outcome.details


@models
def test_a_server_that_reads_nothing_is_a_time_out_while_sending(lab, shape):
    async def deaf(_reader, writer):
        writer.transport.pause_reading()
        await asyncio.sleep(30)

    outcome = lab.drive(lab.start(deaf), shape, UPLOAD, connections=2, timeout_s=0.15)
    assert set(outcome.outcomes) <= {"timeout", "unfinished"}
    assert "sending the request" in outcome.details


@models
def test_an_answer_before_the_request_is_out_ends_the_connection_even_if_it_is_the_usual_one(lab, shape):
    lost = []

    async def impatient(reader, writer):
        for number in itertools.count():
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"POST "):
                lost.append(head[:40])
            if number >= 3:  # from here on nobody waits for the body
                writer.write(LENGTH)
            left = len(UPLOAD.body)
            while left:
                left -= len(await reader.readexactly(min(left, 1 << 16)))
            if number < 3:
                writer.write(LENGTH)

    port = lab.start(impatient)
    for times in (1, 5, 25):  # as long as it takes where the machine is crowded: these are 8 MB each
        longer = msgspec.structs.replace(shape, duration=shape.duration * times)
        outcome = lab.drive(port, longer, UPLOAD, connections=1)
        if outcome.outcomes.get("ok", 0) > 4:
            break
    assert lost == []
    assert outcome.outcomes["ok"] > 4
    assert set(outcome.outcomes) <= {"ok", "unfinished"}


@models
def test_a_server_that_resets_after_some_answers(lab, shape):
    async def moody(reader, writer):
        for _ in range(3):
            await lab.read_request(reader)
            writer.write(LENGTH)
            await writer.drain()
        writer.transport.abort()

    outcome = lab.drive(lab.start(moody), shape)
    assert set(outcome.outcomes) <= {"ok", "reset"}
    assert outcome.outcomes["ok"] > outcome.outcomes.get("reset", 0)
    assert sum(outcome.outcomes.values()) == outcome.engine.scheduled
