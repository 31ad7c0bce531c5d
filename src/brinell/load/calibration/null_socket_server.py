"""A WebSocket server that does nothing: every frame of a message goes back as it is, or to everybody.

It agrees to whatever upgrade is asked for, to no extension and no subprotocol, and knows nothing of the messages.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from brinell.load.calibration.null_server import Say, Talk
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
_LONGEST_HEAD = 1 << 16
_LONGEST_FRAME = (16 << 20) + 1024  # more than any message has
_FIN, _OPCODE = 0x80, 0x0F
_LONG = 512  # bytes of a payload from which on arrays are faster than one number


class Sockets:
    """One visitor's connection; ``everybody`` has the ways to all who are let in."""

    __slots__ = ("_does", "_everybody", "_held", "_is_open", "_say", "_wanted")

    def __init__(self, say: Say, does: str, everybody: dict[Say, None]) -> None:
        self._say = say
        self._does = does
        self._everybody = everybody
        self._held = bytearray()  # what came that is no whole frame
        self._wanted = 0  # bytes that a whole one has
        self._is_open = False

    @classmethod
    def doing(cls, does: str) -> Callable[[Say], Talk]:
        """Return what makes conversations of one room."""
        everybody: dict[Say, None] = {}
        return lambda say: cls(say, does, everybody)

    def take(self, data: bytes) -> bytes | None:
        """Answer the upgrade, and every whole frame."""
        if self._held:
            self._held += data
            if len(self._held) < self._wanted:
                return b""
            data = bytes(self._held)
            self._held.clear()
        said = b""
        if not self._is_open:
            head, end, rest = data.partition(b"\r\n\r\n")
            key = _KEY.search(head + b"\r\n")
            if not end or key is None:
                self._held += data
                return None if end or len(data) > _LONGEST_HEAD else b""
            data, self._is_open = rest, True
            self._everybody[self._say] = None
            said = _AGREED % accept_of(key.group(1)).encode()
        return self._frames(data, said)

    def _frames(self, data: bytes, said: bytes) -> bytes | None:
        while (found := take(data)) is not None:
            first, payload, data = found
            opcode = first & _OPCODE
            if opcode == CLOSE:
                self._everybody.pop(self._say, None)
                self._say(said + frame(first, payload[:2]))
                return None
            if opcode >= PING:
                continue  # none is sent
            if self._does == REPLY and first & _FIN:
                payload += b" "
            answer = frame(first, payload)
            if self._does == BROADCAST:
                for say in [*self._everybody]:
                    if not say(answer):
                        self._everybody.pop(say, None)  # it is gone, and its end is read in its own turn
            else:
                said = said + answer if said else answer
        if data:
            self._wanted, _ = size_of(data)
            self._held += data
        return said if self._wanted <= _LONGEST_FRAME else None


def size_of(data: bytes) -> tuple[int, int]:
    """Return how many bytes the client's frame that begins so has in all, and before its mask; where these bytes do
    not tell, how many of them do, and 0.
    """
    if len(data) < 2:
        return 2, 0
    size, head = data[1] & 0x7F, 2
    if size > 125:
        head = 4 if size == 126 else 10
        if len(data) < head:
            return head, 0
        size = int.from_bytes(data[2:head], "big")
    return head + 4 + size, head


def take(data: bytes) -> tuple[int, bytes, bytes] | None:
    """Return the first byte of a client's frame, its payload and what comes after it; None: it is not whole."""
    end, head = size_of(data)
    if not head or len(data) < end:
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
