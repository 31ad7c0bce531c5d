"""HTTP/1.1 answers: how long they are and what they say, from their head alone.

A head is parsed by llhttp (httptools) once; the same bytes mean the same framing ever after, so heads are remembered.
That is exact, and makes the usual answer (the same head for a second, until its Date changes) cost one dictionary
look-up instead of a parse.
"""

from __future__ import annotations

from typing import NamedTuple

import httptools

from brinell.core import outcomes

CHUNKED = -1
UNTIL_CLOSE = -2

LONGEST_HEAD = 256 * 1024
REMEMBERED = 512
REMEMBERED_BYTES = 8192  # a head longer than this is parsed every time: memory stays bounded
START = b"HTTP/1."
END = b"\r\n\r\n"


class ProtocolError(Exception):
    """What came is not a valid HTTP/1.1 answer."""


class Head(NamedTuple):
    """``length`` of the body in bytes, ``CHUNKED`` or ``UNTIL_CLOSE``. ``keep``: the connection stays open."""

    status: int
    length: int
    keep: bool


class Heads:
    """Parses heads of one kind of request; ``bodiless`` answers (to HEAD) have no body, whatever they announce."""

    __slots__ = ("_bodiless", "_known")

    def __init__(self, *, bodiless: bool) -> None:
        self._bodiless = bodiless
        self._known: dict[bytes, Head] = {}

    def read(self, head: bytes) -> Head:
        """Return what a complete head, blank line included, says. ProtocolError if it is not valid."""
        found = self._known.get(head)
        if found is None:
            found = _parse(head, bodiless=self._bodiless)
            if len(head) <= REMEMBERED_BYTES:
                if len(self._known) >= REMEMBERED:
                    self._known.clear()
                self._known[head] = found
        return found


class _Fields:
    """Collects what decides about framing; the parser's protocol object."""

    __slots__ = ("connection", "encoding", "length")

    def __init__(self) -> None:
        self.length: int | None = None
        self.encoding = b""
        self.connection = b""

    def on_header(self, name: bytes, value: bytes) -> None:
        match name.lower():
            case b"content-length":
                self.length = int(value)
            case b"transfer-encoding":
                self.encoding += b"," + value.lower()
            case b"connection":
                self.connection += b"," + value.lower()


def _parse(head: bytes, *, bodiless: bool) -> Head:
    if not head.startswith(START):  # llhttp speaks RTSP and others too
        raise ProtocolError("not an HTTP/1 answer")
    fields = _Fields()
    parser = httptools.HttpResponseParser(fields)
    try:
        parser.feed_data(head)
    except httptools.HttpParserUpgrade:
        raise ProtocolError("the answer switches protocols, which was not asked for") from None
    except (httptools.HttpParserError, ValueError) as error:
        raise ProtocolError(str(error)) from None
    status = parser.get_status_code()
    tokens = {token.strip() for token in fields.connection.split(b",")}
    modern = parser.get_http_version() != "1.0"
    keep = b"close" not in tokens and (modern or b"keep-alive" in tokens)
    if bodiless or status < 200 or status in {204, 304}:
        return Head(status, 0, keep)
    if fields.encoding:
        coded = fields.encoding.rpartition(b",")[2].strip() == b"chunked"
        return Head(status, CHUNKED, keep) if coded else Head(status, UNTIL_CLOSE, keep=False)
    if fields.length is None:
        return Head(status, UNTIL_CLOSE, keep=False)
    return Head(status, fields.length, keep)


class Chunks:
    """Follows chunked bodies with the parser, which needs to see the head too."""

    __slots__ = ("_complete", "_extra", "_parser")

    def __init__(self) -> None:
        self._complete = False
        self._extra = False
        self._parser = httptools.HttpResponseParser(self)

    def on_message_begin(self) -> None:
        """A message begins; a second one is more than was asked for."""
        self._extra = self._complete

    def on_message_complete(self) -> None:
        """The last chunk and its trailers are in."""
        self._complete = True

    def feed(self, data: bytes) -> bool:
        """Take the next bytes; True once the message ended. ProtocolError on bad framing or on bytes past the end."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            raise ProtocolError(
                f"bytes after the end of the answer: {error}" if self._complete else str(error)
            ) from None
        if self._extra:
            raise ProtocolError("a second answer to one request")
        return self._complete


def outcome_of(status: int, expect: tuple[int, ...]) -> str:
    """Return ``ok`` or ``status-<code>``; without expectations 100 to 399 are fine."""
    fine = status in expect if expect else 100 <= status < 400
    return outcomes.OK if fine else outcomes.of_status(status)
