"""A server of HTTP/2 that does nothing: whatever request comes, it answers 200 without a body, at once.

It looks at the heads of frames and at nothing behind them: that a stream's request is whole is a flag (RFC 9113, 6.1
and 6.2), and the answer to it one frame of ten bytes, the same for all but its stream's number. A server made of h2
would need more than the generator does, and would be what is measured.
"""

from __future__ import annotations

from brinell.load.calibration.null_server import Say

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
GREETING = PREFACE + bytes.fromhex("000000040000000000")
"""What it answers, for whoever waits until it is there: the preface, and settings that set nothing."""

_HEAD_BYTES = 9
_FRAME_BYTES = 16384
_DATA, _HEADERS, _SETTINGS, _PING, _GOAWAY, _CONTINUATION = 0, 1, 4, 6, 7, 9
_END_STREAM = _ACK = 0x1
_END_HEADERS = 0x4
_WINDOW = 2**31 - 1
_MORE = _WINDOW - 65535  # beyond what a connection has from its beginning
_STREAMS = 1000  # of one connection at once: more than any scenario's


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


_WELCOME = _frame(
    _SETTINGS, 0, 0, b"\x00\x03" + _STREAMS.to_bytes(4, "big") + b"\x00\x04" + _WINDOW.to_bytes(4, "big")
) + _frame(8, 0, 0, _MORE.to_bytes(4, "big"))
_AGREED = _frame(_SETTINGS, _ACK, 0, b"")
_FURTHER = _frame(8, 0, 0, (_WINDOW // 2).to_bytes(4, "big"))
_ANSWER = bytes((0, 0, 1, _HEADERS, _END_STREAM | _END_HEADERS))
_STATUS_200 = b"\x88"  # the eighth line of HPACK's static table (RFC 7541, A)


class Streams:
    """One visitor's streams."""

    __slots__ = ("_held", "_told", "_unfinished", "_welcomed")

    def __init__(self, say: Say) -> None:
        del say
        self._held = b""  # of what is no whole frame
        self._welcomed = False
        self._told = 0  # bytes of bodies since the window was opened further
        self._unfinished = b""  # the stream whose request ends with headers that go on

    def take(self, data: bytes) -> bytes | None:
        """Answer every request that is whole."""
        data = self._held + data if self._held else data
        at = 0
        said = []
        if not self._welcomed:
            if len(data) < len(PREFACE):
                self._held = data
                return b"" if PREFACE.startswith(data) else None
            if not data.startswith(PREFACE):
                return None
            at = len(PREFACE)
            self._welcomed = True
            said.append(_WELCOME)
        while (end := at + _HEAD_BYTES) <= len(data):
            size = data[at] << 16 | data[at + 1] << 8 | data[at + 2]
            if size > _FRAME_BYTES:
                return None
            if end + size > len(data):
                break
            kind, flags = data[at + 3], data[at + 4]
            if kind == _GOAWAY:
                return None
            if answer := self._frame(kind, flags, data[at + 5 : end], data[end : end + size] if kind == _PING else b""):
                said.append(answer)
            if kind == _DATA:
                self._told += size
            at = end + size
        self._held = data[at:]
        if self._told > _WINDOW // 2:
            self._told -= _WINDOW // 2
            said.append(_FURTHER)
        return b"".join(said)

    def _frame(self, kind: int, flags: int, stream: bytes, payload: bytes) -> bytes:
        """Return what a frame is answered with."""
        whole = kind == _DATA or flags & _END_HEADERS
        if kind in {_HEADERS, _DATA} and flags & _END_STREAM and not whole:
            self._unfinished = stream
        elif kind in {_HEADERS, _DATA} and flags & _END_STREAM:
            return _ANSWER + stream + _STATUS_200
        elif kind == _CONTINUATION and whole and stream == self._unfinished:
            self._unfinished = b""
            return _ANSWER + stream + _STATUS_200
        elif kind == _SETTINGS and not flags & _ACK:
            return _AGREED
        elif kind == _PING and not flags & _ACK:
            return _frame(_PING, _ACK, 0, payload)
        return b""
