from __future__ import annotations

import pytest

from brinell.load.drivers.http_answer import (
    CHUNKED,
    REMEMBERED_BYTES,
    UNTIL_CLOSE,
    Chunks,
    Head,
    Heads,
    ProtocolError,
    outcome_of,
)


def head(*lines, bodiless=False, status="HTTP/1.1 200 OK"):
    return Heads(bodiless=bodiless).read("\r\n".join([status, *lines, "", ""]).encode())


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (head("Content-Length: 12"), Head(200, 12, keep=True, outcome="ok")),
        (head("content-length:0"), Head(200, 0, keep=True, outcome="ok")),
        (head("Transfer-Encoding: gzip, chunked"), Head(200, CHUNKED, keep=True, outcome="ok")),
        (head("Transfer-Encoding: gzip"), Head(200, UNTIL_CLOSE, keep=False, outcome="ok")),
        (head(), Head(200, UNTIL_CLOSE, keep=False, outcome="ok")),
        (head("Content-Length: 3", "Connection: Upgrade, CLOSE"), Head(200, 3, keep=False, outcome="ok")),
        (head("Content-Length: 3", status="HTTP/1.0 200 OK"), Head(200, 3, keep=False, outcome="ok")),
        (
            head("Content-Length: 3", "Connection: keep-alive", status="HTTP/1.0 200 OK"),
            Head(200, 3, keep=True, outcome="ok"),
        ),
        (head("Content-Length: 9", bodiless=True), Head(200, 0, keep=True, outcome="ok")),
        (head(bodiless=True), Head(200, 0, keep=True, outcome="ok")),
        (head("Transfer-Encoding: chunked", bodiless=True), Head(200, 0, keep=True, outcome="ok")),
        (head(status="HTTP/1.1 204 No Content"), Head(204, 0, keep=True, outcome="ok")),
        (head("Content-Length: 99", status="HTTP/1.1 304 Not Modified"), Head(304, 0, keep=True, outcome="ok")),
        (head(status="HTTP/1.1 100 Continue"), Head(100, 0, keep=True, outcome="ok")),
        (head("Content-Length: 2", status="HTTP/1.1 503"), Head(503, 2, keep=True, outcome="status-503")),
    ],
)
def test_framing_follows_the_head(found, expected):
    assert found == expected


@pytest.mark.parametrize(
    "lines",
    [
        ["Content-Length: 3", "Content-Length: 4"],
        ["Content-Length: -3"],
        ["Content-Length: 3", "Transfer-Encoding: chunked"],
        ["Bad Name: x"],
        ["Content-Length: three"],
        ["X-Folded: a", " b", "Content-Length: 3"],
        ["Transfer-Encoding: gzip,", "\tchunked"],
        ["X-Bare: a\nContent-Length: 3"],
        ["X: Content-Length: 3\rContent-Length: 4"],
    ],
)
def test_ambiguous_or_broken_heads_are_refused(lines):
    with pytest.raises(ProtocolError):
        head(*lines)


@pytest.mark.parametrize(
    "status", ["HTTP/1.1 abc", "HTP/1.1 200 OK", "HTTP/9.9 200 OK", "HTTP/1.1 101 Switching Protocols"]
)
def test_a_bad_status_line_or_an_unasked_upgrade_is_refused(status):
    with pytest.raises(ProtocolError):
        head("Connection: Upgrade", "Upgrade: x", status=status)


def test_heads_are_remembered_exactly_and_within_bounds():
    heads = Heads(bodiless=False)
    for number in range(3 * REMEMBERED_BYTES // 100):
        text = f"HTTP/1.1 200 OK\r\nX-Id: {number}\r\nContent-Length: {number}\r\n\r\n".encode()
        assert heads.read(text) == heads.read(text) == Head(200, number, keep=True, outcome="ok")
        assert sum(map(len, heads._known)) <= REMEMBERED_BYTES
    assert len(heads._known) > 500  # more than a usual server says in a second


def test_chunks_end_where_the_message_ends():
    chunks = Chunks()
    whole = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nTrailer: x\r\n\r\n"
    states = [chunks.feed(whole[place : place + 1]) for place in range(len(whole))]
    assert states == [False] * (len(whole) - 1) + [True]


@pytest.mark.parametrize("extra", [b"HTTP/1.1 200 OK\r\n", b"garbage", b"\r\n0\r\n\r\nH"])
def test_bytes_past_the_last_chunk_are_refused(extra):
    with pytest.raises(ProtocolError):
        Chunks().feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + extra)


def test_expectations_decide_about_statuses():
    assert [outcome_of(status, ()) for status in (200, 204, 302, 404, 500)] == ["ok"] * 3 + ["status-404", "status-500"]
    assert [outcome_of(status, (404,)) for status in (404, 200)] == ["ok", "status-200"]


@pytest.mark.parametrize("status", ["000", "099"])
def test_statuses_begin_at_100(status):
    with pytest.raises(ProtocolError, match="no status"):
        Heads().read(f"HTTP/1.1 {status} X\r\n\r\n".encode())
