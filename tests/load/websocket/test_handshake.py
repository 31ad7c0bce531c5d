from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.load.drivers.http_answer import ProtocolError
from brinell.load.websocket.deflate import Offer
from brinell.load.websocket.handshake import Opening, Refusal, accept, new_key, read

KEY = b"dGhlIHNhbXBsZSBub25jZQ=="  # of RFC 6455, 1.3
GOOD = [
    ("upgrade", "WebSocket"),
    ("connection", "keep-alive, Upgrade"),
    ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
]


def opening(**fields):
    return Opening("127.0.0.1:1", "/chat?room=1", [("Authorization", "Bearer x")], **fields)


def test_the_request_says_what_the_protocol_wants_and_what_was_given():
    text = opening(subprotocols=("a", "b"), offer=Offer()).request(KEY).decode()
    lines = text.split("\r\n")
    assert lines[0] == "GET /chat?room=1 HTTP/1.1"
    assert lines[-2:] == ["", ""]
    assert {"Host: 127.0.0.1:1", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"} <= set(lines)
    assert {"Authorization: Bearer x", "Sec-WebSocket-Protocol: a, b", f"Sec-WebSocket-Key: {KEY.decode()}"} <= set(
        lines
    )
    assert any(line.startswith("Sec-WebSocket-Extensions: permessage-deflate") for line in lines)


def test_what_the_protocol_sets_cannot_be_given_and_a_host_can():
    made = Opening("127.0.0.1:1", "/", [("Host", "shop.example"), ("Connection", "close"), ("Upgrade", "h2c")])
    text = made.request(KEY).decode()
    assert text.count("Host:") == 1
    assert "shop.example" in text
    assert "close" not in text
    assert "h2c" not in text


def test_keys_are_sixteen_bytes_and_never_the_same():
    assert len(new_key()) == 24
    assert new_key() != new_key()
    assert accept(KEY) == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def test_an_upgrade_is_agreed():
    said = (*GOOD, ("sec-websocket-protocol", "b"), ("sec-websocket-extensions", "permessage-deflate"))
    found = opening(subprotocols=("a", "b"), offer=Offer()).agree(said, KEY)
    assert (found.subprotocol, found.deflate) == ("b", Offer())
    assert opening().agree(tuple(GOOD), KEY).deflate is None


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("upgrade", "h2c", "Upgrade"),
        ("connection", "close", "Connection"),
        ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOp=", "not the answer to the key"),
        ("sec-websocket-protocol", "mqtt", "subprotocol"),
        ("sec-websocket-extensions", "permessage-deflate", "not offered"),
    ],
)
def test_what_is_not_the_answer_to_this_request_is_refused(field, value, words):
    said = tuple({**dict(GOOD), field: value}.items())
    with pytest.raises(ProtocolError, match=words):
        opening().agree(said, KEY)


def test_a_head_is_read():
    status, fields = read(b"HTTP/1.1 503 Busy\r\nRetry-After:  5 \r\nX-A: b\r\nX-A: c\r\n\r\n")
    assert status == 503
    refusal = Refusal(status, fields)
    assert refusal.field("retry-after") == "5"
    assert refusal.field("x-a") == "b, c"
    assert refusal.words == "status 503"
    moved = Refusal(302, (("location", "wss://elsewhere.example/"),))
    assert moved.redirects
    assert "not followed" in moved.words


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/2 101 OK\r\n\r\n",
        b"HTTP/1.1 1O1 OK\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 999 What\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno header\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n : x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\na: b\nc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 201 + b"\r\n",
    ],
)
def test_what_is_no_head_is_refused(head):
    with pytest.raises(ProtocolError):
        read(head)


@given(st.binary(max_size=200))
def test_anything_is_read_or_refused(data):
    try:
        status, fields = read(data + b"\r\n\r\n")
    except ProtocolError:
        return
    assert 101 <= status < 600
    assert all(name == name.lower() for name, _ in fields)


@pytest.mark.parametrize(
    ("fields", "body", "words"),
    [
        ((), b" not\nyou \xff", "status 403: not you \ufffd"),
        ((("transfer-encoding", "chunked"),), b"5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n", "status 403: hello world"),
        ((("transfer-encoding", "chunked"),), b"zz\r\nhello", "status 403"),
        ((("transfer-encoding", "chunked"),), b"ffff\r\ncut", "status 403: cut"),
        ((), b"", "status 403"),
    ],
)
def test_a_refusal_is_told_with_what_was_said(fields, body, words):
    assert Refusal(403, fields, body).words == words


def test_of_a_long_refusal_the_beginning_is_told():
    assert len(Refusal(500, (), b"x" * 4000).words) < 200
