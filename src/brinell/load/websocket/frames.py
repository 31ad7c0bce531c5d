"""Frames of RFC 6455, from the client's side: one way out, one way in, and every reason to end the connection.

Masking is one exclusive or of two integers. The reader keeps nothing while whole frames come, and never more than one
message; what all connections of a process keep of unfinished messages together is bounded too.
"""

from __future__ import annotations

import os
import struct
from array import array
from collections.abc import Callable, Iterator
from typing import Protocol

import numpy as np

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10

NORMAL, GOING_AWAY, PROTOCOL, NO_STATUS, ABNORMAL = 1000, 1001, 1002, 1005, 1006
INVALID_DATA, TOO_BIG = 1007, 1009
LONGEST_CONTROL = 125
MOST_HELD = 256 << 20  # bytes of unfinished messages on all connections of a process together

_FIN, _RSV1, _RSV, _MASK, _OPCODE = 0x80, 0x40, 0x70, 0x80, 0x0F
_TWO, _EIGHT = 126, 127  # lengths that say how many bytes hold the length
_KEY_BLOCK = 4096
_ONES: dict[int, int] = {}
_MOST_ONES = 256  # lengths that are remembered
_LONGEST_ONES = 128  # words of one of them; longer payloads are masked as arrays
_CLOSE_CODES = frozenset({1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014})

Message = tuple[int, bytes]
"""An opcode (``TEXT``, ``BINARY``, ``CLOSE``, ``PING``, ``PONG``) and its payload, whole."""


class FrameError(Exception):
    """What the peer sent cannot be taken. ``code`` is the close code that says so (RFC 6455, 7.4.1)."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code = code


class Inflate(Protocol):
    """Undoes permessage-deflate; see ``deflate``."""

    def __call__(self, payload: bytes | bytearray, most: int) -> bytes:
        """Return what a message unpacks to. FrameError where it is no such thing, or more than ``most`` bytes."""
        ...


def keys() -> Iterator[int]:
    """Yield masking keys, 32 bits that nobody can predict, the first byte the lowest."""
    while True:
        yield from array("I", os.urandom(_KEY_BLOCK)).tolist()


def frame(opcode: int, payload: bytes, key: int, *, fin: bool = True, packed: bool = False) -> bytes:
    """Return a client's frame. ``packed``: the message it begins is compressed (RSV1)."""
    size = len(payload)
    head = _head(opcode | (_FIN if fin else 0) | (_RSV1 if packed else 0), size, _MASK)
    # The key stands before the payload: exclusive or with four zeros is the key itself.
    words = (size + 7) >> 2
    if words > _LONGEST_ONES:
        return head + _long(payload, key)
    body = int.from_bytes(b"\0\0\0\0" + payload, "little") ^ key * (_ONES.get(words) or _ones(words))
    return head + body.to_bytes(words << 2, "little")[: size + 4]


def _long(payload: bytes, key: int) -> bytes:
    """Return the key and a long payload under it: single numbers of that length take up to forty times as long."""
    padded = payload + bytes(-len(payload) % 4)
    body = np.frombuffer(padded, dtype="<u4") ^ np.uint32(key)
    return key.to_bytes(4, "little") + body.tobytes()[: len(payload)]


def _ones(words: int) -> int:
    """Return the number that repeats a key: times it, every 32 bits are the key."""
    made = int.from_bytes(b"\1\0\0\0" * words, "little")
    if len(_ONES) < _MOST_ONES:
        _ONES[words] = made
    return made


Make = Callable[[bytes, int], tuple[bytes, bytes]]
"""Takes what is new in a message, and a masking key; returns its echo, as a server frames it, and its own frame."""


def mould(opcode: int, before: bytes, between: int, behind: bytes) -> Make:
    """Return what makes messages that differ in ``between`` bytes only: all else is worked out once."""
    size = len(before) + between + len(behind)
    echo, words, end = server_head(opcode, size) + before, (size + 7) >> 2, size + 4
    if words > _LONGEST_ONES:
        return lambda new, key: (echo + new + behind, frame(opcode, before + new + behind, key))
    head, begin, ones, whole = _head(opcode | _FIN, size, _MASK), b"\0\0\0\0" + before, _ones(words), words << 2

    def make(new: bytes, key: int) -> tuple[bytes, bytes]:
        body = int.from_bytes(begin + new + behind, "little") ^ key * ones
        return echo + new + behind, head + body.to_bytes(whole, "little")[:end]

    return make


def server_head(opcode: int, size: int) -> bytes:
    """Return what comes before a payload of ``size`` bytes that a server sends in one frame, as it is."""
    return _head(opcode | _FIN, size, 0)


def _head(first: int, size: int, mask: int) -> bytes:
    if size < _TWO:
        return bytes((first, mask | size))
    if size < 1 << 16:
        return struct.pack("!BBH", first, mask | _TWO, size)
    return struct.pack("!BBQ", first, mask | _EIGHT, size)


def begins_data(sent: bytes) -> bool:
    """Whether a server's bytes hold the head of a data frame, whole control frames before it or not."""
    at = 0
    while len(sent) - at >= 2 and not sent[at + 1] & _MASK:
        opcode = sent[at] & _OPCODE
        if opcode < CLOSE:
            return opcode <= BINARY and not sent[at] & _RSV & ~_RSV1
        at += 2 + sent[at + 1]
    return False


def body(frame: bytes) -> bytes:
    """Return the payload of a whole frame of a server's."""
    return frame[2 if frame[1] < _TWO else 4 if frame[1] == _TWO else 10 :]


def is_single(data: bytes) -> bool:
    """Whether these bytes are one whole message of a server's in one frame, and nothing else."""
    if len(data) < 2 or data[0] & ~_RSV1 not in {_FIN | TEXT, _FIN | BINARY}:
        return False
    size = data[1]
    if size < _TWO:
        return len(data) == size + 2
    head = 4 if size == _TWO else 10
    return len(data) > head and len(data) == head + int.from_bytes(data[2:head], "big")


def close_payload(code: int, reason: str = "") -> bytes:
    """Return the payload of a close frame; ``NO_STATUS`` says nothing."""
    if code == NO_STATUS:
        return b""
    told = reason.encode()[: LONGEST_CONTROL - 2].decode(errors="ignore")  # a cut must not split a character
    return code.to_bytes(2, "big") + told.encode()


def close_words(payload: bytes) -> tuple[int, str]:
    """Return code and reason of a close frame that the reader let pass."""
    return (int.from_bytes(payload[:2], "big"), payload[2:].decode()) if payload else (NO_STATUS, "")


class Held:
    """Bytes of unfinished messages in this process: one number for all connections."""

    total = 0


class Reader:
    """What a server sends, as whole messages, however the bytes are cut.

    ``error`` is set once something came that ends the connection; nothing is read after it, nor after a close frame:
    ``behind`` is what came together with one, after it.
    ``idle``: it holds no part of anything, so that its owner may drop it.
    """

    __slots__ = (
        "_held", "_inflate", "_kind", "_need", "_packed", "_parts", "_pledged", "behind", "closed", "error", "limit",
    )  # fmt: skip

    def __init__(self, limit: int, inflate: Inflate | None = None) -> None:
        self.limit = limit
        self.error: FrameError | None = None
        self.closed = False
        self.behind = b""
        self._inflate = inflate
        self._held = bytearray()  # of a frame that is not whole
        self._need = 0  # bytes that it needs before a look at it can tell more
        self._parts: bytearray | None = None  # of a message whose last frame has not come
        self._kind = 0
        self._packed = False
        self._pledged = 0  # how much of ``Held.total`` is this one's

    @property
    def idle(self) -> bool:
        """Whether the next byte begins a message."""
        return not self._held and self._parts is None

    def read(self, data: bytes) -> list[Message]:
        """Return the messages that these bytes complete; control frames are messages too."""
        found: list[Message] = []
        if self.error is not None or self.closed:
            return found
        try:
            self._take(data, found)
            self._pledge()
        except FrameError as error:
            self.error = error
            self.drop()
        return found

    def _take(self, data: bytes, found: list[Message]) -> None:
        if self._held:
            self._held += data
            if len(self._held) < self._need:
                return
            data = bytes(self._held)
            self._held = bytearray()
        at = self._frames(data, found)
        if at < len(data) and not self.closed:
            self._held = bytearray(data[at:])
        elif self.closed:
            self.behind = data[at:]

    def drop(self) -> None:
        """Forget what is held."""
        self._held = bytearray()
        self._parts = None
        Held.total -= self._pledged
        self._pledged = 0

    def _frames(self, data: bytes, found: list[Message]) -> int:
        """Take whole frames from the beginning; return where the first one that is not whole begins."""
        at, end = 0, len(data)
        self._need = 2
        while end - at >= 2 and not self.closed:
            first, size = data[at], data[at + 1]
            head = 2
            if size >= _TWO:  # a mask bit is among them
                self._look(first, size)
                head = 4 if size == _TWO else 10
                self._need = head
                if end - at < head:
                    break
                size = int.from_bytes(data[at + 2 : at + head], "big")
            opcode = first & _OPCODE
            self._allow(first, opcode, size)
            self._need = head + size
            if end - at < self._need:
                break
            payload = data[at + head : at + head + size]
            at += head + size
            self._need = 2
            if opcode >= CLOSE:
                self._control(opcode, payload, found)
            else:
                self._data(first, opcode, payload, found)
        return at

    def _look(self, first: int, size: int) -> None:
        if size & _MASK:
            raise FrameError(PROTOCOL, "a masked frame from a server")
        if first & _OPCODE >= CLOSE:
            raise FrameError(PROTOCOL, f"a control frame of more than {LONGEST_CONTROL} bytes")

    def _allow(self, first: int, opcode: int, size: int) -> None:
        """Refuse a frame by its head, before a byte of it is kept."""
        if first & _RSV and (first & _RSV != _RSV1 or self._inflate is None or opcode not in {TEXT, BINARY}):
            raise FrameError(PROTOCOL, f"reserved bits {first >> 4 & 7:03b} in a frame with opcode {opcode}")
        if opcode >= CLOSE:
            if opcode > PONG:
                raise FrameError(PROTOCOL, f"reserved opcode {opcode}")
            if not first & _FIN:
                raise FrameError(PROTOCOL, "a control frame in fragments")
        elif opcode > BINARY:
            raise FrameError(PROTOCOL, f"reserved opcode {opcode}")
        elif (opcode == CONTINUATION) == (self._parts is None):
            raise FrameError(PROTOCOL, "a message begins inside another" if opcode else "a continuation of nothing")
        if size >> 63:
            raise FrameError(PROTOCOL, "a length of 64 bits")
        if size + len(self._parts or b"") > self.limit:
            raise FrameError(TOO_BIG, f"a message of more than {self.limit} bytes")

    def _control(self, opcode: int, payload: bytes, found: list[Message]) -> None:
        if opcode == CLOSE:
            _allow_close(payload)
            self.closed = True
            self.drop()
        found.append((opcode, payload))

    def _data(self, first: int, opcode: int, payload: bytes, found: list[Message]) -> None:
        if opcode:
            self._kind = opcode
            self._packed = bool(first & _RSV1)
        if first & _FIN:
            whole: bytes | bytearray = payload
            if not opcode and self._parts is not None:
                whole, self._parts = self._parts + payload, None
            found.append((self._kind, self._message(whole)))
        elif self._parts is None:
            self._parts = bytearray(payload)
        else:
            self._parts += payload

    def _message(self, whole: bytes | bytearray) -> bytes:
        if self._packed and self._inflate is not None:
            whole = self._inflate(whole, self.limit)
        if self._kind == TEXT and not whole.isascii():
            try:
                whole.decode()
            except UnicodeDecodeError as error:
                raise FrameError(INVALID_DATA, f"a text that is not UTF-8: {error.reason} at {error.start}") from None
        return bytes(whole)

    def _pledge(self) -> None:
        holds = len(self._held) + len(self._parts or b"")
        Held.total += holds - self._pledged
        self._pledged = holds
        if Held.total > MOST_HELD:
            raise FrameError(TOO_BIG, f"unfinished messages of more than {MOST_HELD} bytes on all connections together")


def _allow_close(payload: bytes) -> None:
    if not payload:
        return
    if len(payload) == 1:
        raise FrameError(PROTOCOL, "a close frame of one byte")
    code = int.from_bytes(payload[:2], "big")
    if code not in _CLOSE_CODES and not 3000 <= code < 5000:
        raise FrameError(PROTOCOL, f"{code} is no close code")
    try:
        payload[2:].decode()
    except UnicodeDecodeError:
        raise FrameError(INVALID_DATA, "the reason of a close frame is not UTF-8") from None
