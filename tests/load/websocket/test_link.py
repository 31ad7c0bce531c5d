"""One connection against servers of the ``websockets`` library, and against bare ones that behave as told."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.datastructures import Headers
from websockets.http11 import Response

from brinell.core import outcomes
from brinell.load.engine.endpoint import Endpoint
from brinell.load.engine.poller import READ
from brinell.load.engine.recorder import Recorder
from brinell.load.engine.work import Operation
from brinell.load.websocket import frames, handshake
from brinell.load.websocket.deflate import Offer
from brinell.load.websocket.frames import BINARY, TEXT
from brinell.load.websocket.handshake import Opening
from brinell.load.websocket.link import CLOSED, OPEN, OPENING, Link, Terms
from brinell.load.websocket.switchboard import Switchboard

PATIENCE_S = 10


def connected(board, count=1):
    links = [board.dial() for _ in range(count)]
    assert board.run(lambda: not board.dialling, PATIENCE_S)
    return links


def refused_by(board):
    board.dial()
    assert board.run(lambda: bool(board.refused), PATIENCE_S)
    (found,) = board.refused
    assert not board.open
    return found


def collect():
    heard = []
    return heard, lambda _, opcode, payload: heard.append((opcode, payload))


def test_messages_come_back_as_they_were_sent(circle, board):
    heard, take = collect()
    made = board(circle.start(), heard=take)
    (link,) = connected(made)
    assert link.state == OPEN
    big = os.urandom(300_000)
    link.send_text("grüße")
    link.send_message(BINARY, b"")
    link.send_message(TEXT, b"in pieces", pieces=4)
    link.send_message(BINARY, big)
    assert made.run(lambda: len(heard) == 4, PATIENCE_S)
    assert heard == [(TEXT, "grüße".encode()), (BINARY, b""), (TEXT, b"in pieces"), (BINARY, big)]
    assert link._reader is None


def test_compressed_messages_come_back_too(circle, board):
    heard, take = collect()
    made = board(circle.start(compression="deflate"), heard=take, offer=Offer())
    (link,) = connected(made)
    assert link.deflate is not None
    sizes = [link.send_text("the same words again and again " * 20) for _ in range(3)]
    link.send_message(BINARY, b"x" * 200_000, pieces=3)
    assert made.run(lambda: len(heard) == 4, PATIENCE_S)
    assert [payload for _, payload in heard[:3]] == [b"the same words again and again " * 20] * 3
    assert heard[3] == (BINARY, b"x" * 200_000)
    assert max(sizes) < 200
    assert sizes[1] < sizes[0]


def test_what_was_not_agreed_is_not_compressed(circle, board):
    made = board(circle.start(compression="deflate"))
    (link,) = connected(made)
    assert link.deflate is None


def test_subprotocols_are_chosen_by_the_server(circle, board):
    made = board(circle.start(subprotocols=["chat.v2"]), subprotocols=("chat.v1", "chat.v2"))
    (link,) = connected(made)
    assert link.subprotocol == "chat.v2"


def test_pings_go_both_ways(circle, board):
    answered = []

    async def handler(connection):
        waiter = await connection.ping(b"from the server")
        await waiter
        answered.append(True)
        await connection.wait_closed()

    made = board(circle.start(handler))
    (link,) = connected(made)
    link.ping(b"from us")
    assert made.run(lambda: made.pongs == 1 and bool(answered), PATIENCE_S)
    assert made.pings == 1


def test_a_close_of_ours_is_answered(circle, board):
    made = board(circle.start())
    (link,) = connected(made)
    link.shut(4001, "enough")
    assert made.run(lambda: bool(made.endings), PATIENCE_S)
    ((_, ending, held_ns),) = made.endings
    assert (ending.code, ending.clean, ending.own) == (4001, True, True)
    assert held_ns > 0
    assert link.state == CLOSED
    circle.close_waits = made.run(lambda: bool(circle.codes), PATIENCE_S)
    assert circle.codes == [(4001, "enough")]


def test_a_close_of_theirs_is_answered_and_told(circle, board):
    async def handler(connection):
        await connection.send("bye")
        await connection.close(1013, "try again later")

    heard, take = collect()
    made = board(circle.start(handler), heard=take)
    made.dial()
    assert made.run(lambda: bool(made.endings), PATIENCE_S)
    ((_, ending, _),) = made.endings
    assert ending == (1013, "try again later", True, False, "", 0)
    assert heard == [(TEXT, b"bye")]
    assert made.run(lambda: bool(circle.codes), PATIENCE_S)
    assert [code for code, _ in circle.codes] == [1013]


def test_a_refusal_keeps_its_status_headers_and_body(circle, board):
    def busy(_connection, _request):
        return Response(503, "Busy", Headers([("Retry-After", "7"), ("Content-Length", "9")]), b"come back")

    made = board(circle.start(process_request=busy))
    found = refused_by(made)
    assert found.outcome == outcomes.of_status(503)
    assert found.refusal.status == 503
    assert found.refusal.field("retry-after") == "7"
    assert found.refusal.body == b"come back"
    assert found.took_ns > 0


def test_a_redirect_is_a_refusal(circle, board):
    def elsewhere(_connection, _request):
        return Response(302, "Found", Headers([("Location", "ws://127.0.0.1:1/"), ("Content-Length", "0")]), b"")

    found = refused_by(board(circle.start(process_request=elsewhere)))
    assert found.outcome == outcomes.of_status(302)
    assert "not followed" in found.detail


def test_nobody_listens(board):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        found = refused_by(board(unused.getsockname()[1]))
    assert found.outcome == outcomes.REFUSED
    assert found.refusal is None


def test_tls_is_spoken_and_certificates_are_looked_at(circle, board, server_tls, certificate):
    heard, take = collect()
    port = circle.start(ssl=server_tls)
    trusting = ssl.create_default_context(cafile=str(certificate[1]))
    made = board(port, tls=trusting, heard=take)
    (link,) = connected(made)
    link.send_text("over TLS")
    link.send_message(BINARY, b"y" * 200_000)
    assert made.run(lambda: len(heard) == 2, PATIENCE_S)
    assert heard == [(TEXT, b"over TLS"), (BINARY, b"y" * 200_000)]
    found = refused_by(board(port, tls=ssl.create_default_context()))
    assert found.outcome == outcomes.TLS


def test_a_message_that_the_socket_does_not_take_at_once_arrives_whole(circle, board):
    heard, take = collect()
    made = board(circle.start(), heard=take, max_message=64 << 20)
    (link,) = connected(made)
    link.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    big = os.urandom(1 << 20)
    link.send_message(BINARY, big)
    assert link.rest is not None
    link.send_text("after it")
    assert made.run(lambda: len(heard) == 2, PATIENCE_S)
    assert heard == [(BINARY, big), (TEXT, b"after it")]
    assert link.rest is None


def test_who_pauses_hears_nothing_until_it_resumes(circle, board):
    heard, take = collect()
    made = board(circle.start(), heard=take)
    (link,) = connected(made)
    link.pause()
    link.send_text("x" * 100)
    assert not made.run(lambda: bool(heard), 0.2)
    link.sip(10)
    assert not heard
    link.resume()
    assert made.run(lambda: bool(heard), PATIENCE_S)
    link.pause()
    link.abandon("enough", reset=True)
    assert made.endings[-1].ending == (1006, "", False, True, "enough", 0)


def test_many_at_once(circle, board):
    heard, take = collect()
    made = board(circle.start(), heard=take)
    links = connected(made, 50)
    for link in links:
        link.send_text(f"from {link.tag}")
    assert made.run(lambda: len(heard) == 50, PATIENCE_S)
    assert {payload for _, payload in heard} == {f"from {number}".encode() for number in range(50)}
    assert set(made.took_ns) == set(links)
    for link in links:
        link.shut()
    assert made.run(lambda: not made.open, PATIENCE_S)
    assert {one.ending.code for one in made.endings} == {1000}


# --- bare servers ---------------------------------------------------------------------------------------------------


def upgrading(then):
    """Return a handler that completes the handshake, and goes on with ``then(reader, writer)``."""

    async def handler(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        key = next(line.split(b":")[1].strip() for line in head.split(b"\r\n") if line.startswith(b"Sec-WebSocket-Key"))
        lines = [b"HTTP/1.1 101 Switching Protocols", b"Upgrade: websocket", b"Connection: Upgrade"]
        lines += [b"Sec-WebSocket-Accept: " + handshake.accept(key).encode(), b"", b""]
        writer.write(b"\r\n".join(lines))
        await then(reader, writer)

    return handler


def test_messages_may_come_in_the_same_bytes_as_the_upgrade(lab, board):
    async def then(reader, writer):
        writer.write(frames.server_head(TEXT, 5) + b"first")
        await reader.read()

    heard, take = collect()
    made = board(lab.start(upgrading(then)), heard=take)
    made.dial()
    assert made.run(lambda: bool(heard), PATIENCE_S)
    assert heard == [(TEXT, b"first")]
    assert len(made.open) == 1


def test_a_head_may_come_byte_by_byte(lab, board):
    async def handler(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        key = next(line.split(b":")[1].strip() for line in head.split(b"\r\n") if line.startswith(b"Sec-WebSocket-Key"))
        answer = b"HTTP/1.1 101 OK\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: "
        for byte in answer + handshake.accept(key).encode() + b"\r\n\r\n":
            writer.write(bytes((byte,)))
            await asyncio.sleep(0)
        await reader.read()

    made = board(lab.start(handler))
    connected(made)
    assert len(made.open) == 1


async def cut_off(_reader, writer):
    writer.write(bytes((0x82, 100)) + b"half of")


async def end_at_once(_reader, _writer):
    pass


ENDS = {"inside-a-message": (cut_off, "inside a message"), "without-a-word": (end_at_once, "without a close frame")}


@pytest.mark.parametrize(("then", "why"), ENDS.values(), ids=ENDS)
def test_an_end_without_a_close_is_1006(lab, board, then, why):
    made = board(lab.start(upgrading(then)))
    made.dial()
    assert made.run(lambda: bool(made.endings), PATIENCE_S)
    ((_, ending, _),) = made.endings
    assert (ending.code, ending.clean, ending.own) == (1006, False, False)
    assert why in ending.why


def test_a_wrong_frame_is_answered_with_its_code_and_ends_it(lab, board):
    said = []

    async def then(reader, writer):
        writer.write(bytes((0x81, 2)) + b"\xff\xff")
        said.append(await reader.read())

    made = board(lab.start(upgrading(then)))
    made.dial()
    assert made.run(lambda: bool(made.endings and said), PATIENCE_S)
    ((_, ending, _),) = made.endings
    assert (ending.code, ending.clean, ending.own) == (1007, False, True)
    assert said[0][0] == 0x88


ANSWERS = {
    "no-http": (b"SSH-2.0-OpenSSH_9\r\n", "protocol", "not an HTTP/1 answer"),
    "wrong-accept": (
        b"HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n",
        "protocol",
        "not the answer to the key",
    ),
    "ok": (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "status-200", "status 200"),
    "chunked": (
        b"HTTP/1.1 400 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n",
        "status-400",
        "status 400",
    ),
    "until-close": (b"HTTP/1.0 403 No\r\n\r\nno", "status-403", "status 403"),
    "cut": (b"HTTP/1.1 101 OK\r\nUpgr", "reset", "closed while"),
    "nothing": (b"", "reset", "closed while"),
}


@pytest.mark.parametrize(("answer", "outcome", "words"), ANSWERS.values(), ids=ANSWERS)
def test_what_is_no_upgrade_is_told_apart(lab, board, answer, outcome, words):
    async def handler(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()

    found = refused_by(board(lab.start(handler)))
    assert found.outcome == outcome
    assert words in found.detail


def test_a_server_that_never_answers_is_timed_out(lab, board):
    async def handler(reader, _writer):
        await reader.read()

    found = refused_by(board(lab.start(handler), timeout_s=0.2))
    assert found.outcome == outcomes.TIMEOUT
    assert "upgrade" in found.detail


def test_a_refusal_whose_body_never_ends_is_a_refusal(lab, board):
    async def handler(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 503 Full\r\n\r\nfull")
        await reader.read()

    found = refused_by(board(lab.start(handler), timeout_s=0.2))
    assert (found.outcome, found.refusal.body) == ("status-503", b"full")


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=8), st.booleans())
def test_whatever_comes_a_link_ends_once_and_never_raises(pieces, upgraded):
    near, far = socket.socketpair()
    near.setblocking(False)
    endpoint = Endpoint(socket.AF_INET, ("127.0.0.1", 1))
    made = Switchboard(endpoint, Terms(Opening("127.0.0.1:1"), 50), timeout_s=1)
    link = Link(made, made.terms, 0)
    made.dialling.add(link)
    link.operation = Operation("connect", 1.0, b"", Recorder(0))
    link._attach(near)
    made.poller.add(link.fd, READ, link.on_ready)
    link.state, link.key = (OPEN, b"") if upgraded else (OPENING, handshake.new_key())
    before = frames.Held.total
    for piece in pieces:
        if link.state != CLOSED:
            link.take(piece, 1)
    if link.state != CLOSED:
        link.take(b"", 2)
    far.close()
    assert link.state == CLOSED
    assert len(made.endings) + len(made.refused) == 1
    assert frames.Held.total == before
    made.close()
