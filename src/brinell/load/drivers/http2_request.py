"""Requests of HTTP/2, made from the bytes that HTTP/1.1 would send: whoever makes requests makes them once."""

from __future__ import annotations

from typing import NamedTuple

from brinell.load.drivers.http2_machine import Fields
from brinell.load.drivers.http_connection import HttpOperation
from brinell.load.engine.recorder import Recorder
from brinell.load.wire import WireOperation

_OF_THE_CONNECTION = frozenset(
    {b"host", b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade", b"http2-settings"}
)
"""What HTTP/2 says by other means and must not carry (RFC 9113, 8.2.2)."""


class Parts(NamedTuple):
    """Headers, pseudo-headers first, and the body."""

    fields: Fields
    body: bytes


def parts_of(request: bytes, scheme: bytes) -> Parts:
    """Return a request, whose HTTP/1.1 bytes we made ourselves, as HTTP/2 sends it."""
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    method, path, _ = first.split(b" ")
    pairs = [(name.lower(), value.strip()) for name, _, value in (line.partition(b":") for line in lines)]
    authority = next((value for name, value in pairs if name == b"host"), b"")
    if any(name == b"transfer-encoding" for name, _ in pairs):
        body = _joined(body)
    pseudo = [(b":method", method), (b":scheme", scheme), (b":authority", authority), (b":path", path)]
    return Parts((*pseudo, *(pair for pair in pairs if pair[0] not in _OF_THE_CONNECTION)), body)


def _joined(chunked: bytes) -> bytes:
    """Return what our own chunks carry."""
    found = []
    while chunked:
        size, _, rest = chunked.partition(b"\r\n")
        length = int(size, 16)
        found.append(rest[:length])
        chunked = rest[length + 2 :] if length else b""
    return b"".join(found)


class Http2Operation(HttpOperation):
    """An operation with its headers and body per scheme, made when they are first needed."""

    __slots__ = ("_parts",)

    def __init__(self, wire: WireOperation, recorder: Recorder) -> None:
        super().__init__(wire, recorder)
        self._parts: dict[bytes, Parts] = {}

    def parts(self, scheme: bytes) -> Parts:
        """Return the request as it is sent over this scheme."""
        found = self._parts.get(scheme)
        if found is None:
            found = self._parts[scheme] = parts_of(self.request, scheme)
        return found
