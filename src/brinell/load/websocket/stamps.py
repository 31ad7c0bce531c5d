"""The mark that a message carries: run, room, number, and when it was due and written.

It is letters and digits of a fixed width, so that it survives JSON, URLs and anything that keeps text; whoever receives
it finds it by the run's own beginning, wherever a server puts it.
"""

from __future__ import annotations

import struct
from binascii import hexlify
from typing import NamedTuple

_BEGIN = "bn"
_RUN, _ROOM, _NUMBER, _DUE, _LATE = 8, 4, 8, 16, 8  # hexadecimal digits
MOST_ROOMS = 1 << 4 * _ROOM
_MARK = len(_BEGIN) + _RUN
SIZE = _MARK + _ROOM + _NUMBER + _DUE + _LATE
_MOST_LATE = (1 << 4 * _LATE) - 1
_DIGITS = frozenset(b"0123456789abcdef")
_pack = struct.Struct(">HIQI").pack  # the same four numbers, two digits a byte


class Stamp(NamedTuple):
    """``due_ns`` of the monotonic clock; ``late_ns``: how much later it was written, 4.29 s at most."""

    room: int
    number: int
    due_ns: int
    late_ns: int


class Stamps:
    """Writes and finds the stamps of one run; ``run`` is 32 bits."""

    __slots__ = ("_mark",)

    def __init__(self, run: int) -> None:
        self._mark = f"{_BEGIN}{run & 0xFFFFFFFF:0{_RUN}x}".encode()

    def write(self, room: int, number: int, due_ns: int, late_ns: int = 0) -> bytes:
        """Return a stamp, ``SIZE`` bytes."""
        late = late_ns if 0 <= late_ns <= _MOST_LATE else _MOST_LATE if late_ns > 0 else 0
        return self._mark + hexlify(_pack(room, number & 0xFFFFFFFF, due_ns, late))

    def more(self, payload: bytes) -> list[Stamp]:
        """Return the stamps behind the first one, of other messages: a server may send several in one."""
        found: dict[tuple[int, int, int], Stamp] = {}
        if payload.count(self._mark) < 2:
            return []
        at = payload.find(self._mark)
        while at >= 0:
            stamp = self.find(payload, at)
            if stamp is not None:
                found.setdefault(stamp[:3], stamp)
            at = payload.find(self._mark, at + _MARK)
        return [*found.values()][1:]

    def find(self, payload: bytes, start: int = 0) -> Stamp | None:
        """Return the first stamp of this run in a payload; None: it has none."""
        at = payload.find(self._mark, start) + _MARK
        if at < _MARK:
            return None
        digits = payload[at : at + SIZE - _MARK]
        if len(digits) < SIZE - _MARK or not _DIGITS.issuperset(digits):
            return None
        value = int(digits, 16)
        return Stamp(value >> 128, value >> 96 & 0xFFFFFFFF, value >> 32 & 0xFFFFFFFFFFFFFFFF, value & 0xFFFFFFFF)
