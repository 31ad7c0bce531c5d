"""Data behind a server's close frame, from bare servers that send it."""

from __future__ import annotations

import pytest

from brinell.load.websocket import handshake
from brinell.load.websocket.frames import CLOSE, PING, PONG, TEXT, begins_data, server_head

PATIENCE_S = 10
GOODBYE = server_head(CLOSE, 2) + (1001).to_bytes(2, "big")
NEWS = server_head(TEXT, 4) + b"news"


def saying(lab, *, at_once=b"", on_close=b""):
    """Return the port of a server that says this right after the handshake, or when it has the client's close."""

    async def handler(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        key = next(line.split(b":")[1].strip() for line in head.split(b"\r\n") if line.startswith(b"Sec-WebSocket-Key"))
        lines = [b"HTTP/1.1 101 Switching Protocols", b"Upgrade: websocket", b"Connection: Upgrade"]
        lines += [b"Sec-WebSocket-Accept: " + handshake.accept(key).encode(), b"", b""]
        writer.write(b"\r\n".join(lines) + at_once)
        if on_close:
            while (await reader.readexactly(2))[0] & 15 != CLOSE:
                pass
            writer.write(on_close)
        await reader.read()

    return lab.start(handler)


def ending_of(made):
    assert made.run(lambda: bool(made.endings), PATIENCE_S)
    ((_, ending, _),) = made.endings
    return ending


@pytest.mark.parametrize(
    ("behind", "late"),
    [
        (NEWS, 1),
        (NEWS[:2], 1),
        (server_head(PONG, 1) + b"x" + NEWS, 1),
        (b"", 0),
        (NEWS[:1], 0),
        (GOODBYE, 0),
        (server_head(PING, 0), 0),
        (b"\xff\xff", 0),
        (b"HTTP/1.1 400 Bad Request", 0),
    ],
)
def test_data_behind_their_close_is_told(lab, board, behind, late):
    made = board(saying(lab, at_once=NEWS + GOODBYE + behind))
    made.dial()
    ending = ending_of(made)
    assert (ending.code, ending.clean, ending.own, ending.late) == (1001, True, False, late)


def test_what_was_not_read_with_the_close_is_looked_at_too(lab, board):
    made = board(saying(lab, at_once=b"", on_close=GOODBYE + NEWS))
    link = made.dial()
    assert made.run(lambda: not made.dialling, PATIENCE_S)
    link.shut()
    link.pause()
    assert made.run(lambda: link.sip(len(GOODBYE)) or bool(made.endings), PATIENCE_S)
    assert ending_of(made).late == 1


def test_what_is_sent_before_they_answer_our_close_is_as_it_should_be(lab, board):
    made = board(saying(lab, on_close=NEWS * 50 + GOODBYE))
    link = made.dial()
    assert made.run(lambda: not made.dialling, PATIENCE_S)
    link.shut()
    ending = ending_of(made)
    assert (ending.clean, ending.own, ending.late) == (True, True, 0)


def test_a_scenario_counts_the_connections(lab, circle):
    run = circle.drive(saying(lab, at_once=GOODBYE + NEWS), connections=3, rate=20)
    assert run.total("after_close") == 3
    run = circle.drive(saying(lab, at_once=GOODBYE), connections=3, rate=20)
    assert run.total("after_close") == 0


def test_heads_of_data():
    assert begins_data(bytes((0x02, 126)))
    assert not begins_data(bytes((0x81, 0x84)))  # masked: no server's
    assert not begins_data(bytes((0xA1, 4)))  # a bit that nobody agreed on
    assert not begins_data(b"")
