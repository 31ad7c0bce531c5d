"""A WebSocket server that does nothing: every frame of a message goes back as it is, or to everybody.

It agrees to whatever upgrade is asked for, to no extension and no subprotocol, and knows nothing of the messages.
"""

from __future__ import annotations

import os
import re
import select
import socket
from typing import NoReturn

import numpy as np

from brinell.load.calibration.null_server import accept
from brinell.load.websocket.frames import CLOSE, PING
from brinell.load.websocket.handshake import accept as accept_of

ECHO, REPLY, BROADCAST = "echo", "request-reply", "broadcast"
"""What becomes of a message: it comes back; it comes back with a space behind it, which makes it another one; or
everybody gets it.
"""

GREETING = b"GET / HTTP/1.1\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
"""What it answers, for whoever waits until it is there."""

_KEY = re.compile(rb"\r\nSec-WebSocket-Key: *([^\r]+)\r\n", re.IGNORECASE)
_AGREED = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %b\r\n\r\n"
)
_READ_BYTES = 1 << 16
_LONGEST_HEAD = 1 << 16
_EVENTS = 256
_FIN, _OPCODE = 0x80, 0x0F
_LONG = 512  # bytes of a payload from which on arrays are faster than one number


class _Visitor:
    """One connection: its socket, what came of it that is no whole frame, and whether its handshake is through."""

    __slots__ = ("held", "is_open", "sock")

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.held = b""
        self.is_open = False


def serve(listening: socket.socket, does: str, parent: int) -> NoReturn:
    """Answer until the pipe ``parent`` ends; then end the process, without ceremony: it is a fork."""
    epoll = select.epoll()
    epoll.register(listening.fileno(), select.EPOLLIN)
    epoll.register(parent, select.EPOLLIN)
    visitors: dict[int, _Visitor] = {}
    while True:
        for fd, _ in epoll.poll(-1, _EVENTS):
            if fd == parent:
                os._exit(0)
            if fd == listening.fileno():
                for sock in accept(listening, epoll):
                    sock.setblocking(True)  # its peer reads whatever comes, so a send waits for moments only
                    visitors[sock.fileno()] = _Visitor(sock)
                continue
            visitor = visitors.get(fd)
            if visitor is not None and not _serve(visitor, does, visitors):
                epoll.unregister(fd)
                visitors.pop(fd).sock.close()


def _serve(visitor: _Visitor, does: str, visitors: dict[int, _Visitor]) -> bool:
    """Read once, and answer; False: the visitor is gone."""
    try:
        data = visitor.sock.recv(_READ_BYTES, socket.MSG_DONTWAIT)
        if not data:
            return False
        visitor.held = visitor.held + data if visitor.held else data
        if not visitor.is_open and not _greet(visitor):
            return len(visitor.held) < _LONGEST_HEAD
        return _answer(visitor, does, visitors)
    except BlockingIOError:
        return True
    except OSError:
        return False


def _greet(visitor: _Visitor) -> bool:
    """Agree to the upgrade, once its request is whole."""
    head, end, rest = visitor.held.partition(b"\r\n\r\n")
    key = _KEY.search(head + b"\r\n")
    if not end or key is None:
        return False
    visitor.held, visitor.is_open = rest, True
    visitor.sock.sendall(_AGREED % accept_of(key.group(1)).encode())
    return True


def _answer(visitor: _Visitor, does: str, visitors: dict[int, _Visitor]) -> bool:
    """Answer every whole frame; False: the last one was a close, and is answered."""
    while (found := take(visitor.held)) is not None:
        first, payload, visitor.held = found
        opcode = first & _OPCODE
        if opcode == CLOSE:
            visitor.sock.sendall(frame(first, payload[:2]))
            return False
        if opcode >= PING:
            continue  # none is sent
        if does == REPLY and first & _FIN:
            payload += b" "
        if does == BROADCAST:
            answer = frame(first, payload)
            for one in [*visitors.values()]:
                _tell(one, answer)
        else:
            visitor.sock.sendall(frame(first, payload))
    return True


def _tell(visitor: _Visitor, data: bytes) -> None:
    if visitor.is_open:
        try:
            visitor.sock.sendall(data)
        except OSError:
            visitor.is_open = False  # it is gone, and its end is read in its own turn


def take(data: bytes) -> tuple[int, bytes, bytes] | None:
    """Return the first byte of a client's frame, its payload and what comes after it; None: it is not whole."""
    if len(data) < 2:
        return None
    size, head = data[1] & 0x7F, 2
    if size > 125:
        head = 4 if size == 126 else 10
        size = int.from_bytes(data[2:head], "big")
    end = head + 4 + size
    if len(data) < end:
        return None
    key, masked = data[head : head + 4], data[head + 4 : end]
    return data[0], _unmasked(masked, key), data[end:]


def frame(first: int, payload: bytes) -> bytes:
    """Return a server's frame that begins with this byte."""
    size = len(payload)
    if size < 126:
        return bytes((first, size)) + payload
    if size < 1 << 16:
        return bytes((first, 126)) + size.to_bytes(2, "big") + payload
    return bytes((first, 127)) + size.to_bytes(8, "big") + payload


def _unmasked(masked: bytes, key: bytes) -> bytes:
    size = len(masked)
    if size >= _LONG:
        words = np.frombuffer(masked + bytes(-size % 4), dtype="<u4") ^ np.uint32(int.from_bytes(key, "little"))
        return words.tobytes()[:size]
    repeated = (key * (size // 4 + 1))[:size]
    return (int.from_bytes(masked, "little") ^ int.from_bytes(repeated, "little")).to_bytes(size, "little")
