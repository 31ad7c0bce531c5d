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
REMEMBERED_BYTES = 128 * 1024  # of heads, per operation: whatever a server invents, memory stays bounded
LONGEST_REMEMBERED = 8192  # a head longer than this is parsed every time
START = b"HTTP/1."
OLD = b"HTTP/1.0"
END = b"\r\n\r\n"
_CONNECTION, _LENGTH, _ENCODING = _FRAMING = (b"connection", b"content-length", b"transfer-encoding")
_LENGTHS = frozenset(len(name) for name in _FRAMING)


class ProtocolError(Exception):
    """What came is not a valid HTTP/1.1 answer."""


class Head(NamedTuple):
    """``length`` of the body in bytes, ``CHUNKED`` or ``UNTIL_CLOSE``. ``keep``: the connection stays open."""

    status: int
    length: int
    keep: bool
    outcome: str


class Heads:
    """Reads heads of answers to one kind of request. ``bodiless`` answers (to HEAD) have no body, whatever they
    announce; ``expect`` are the statuses of success.
    """

    __slots__ = ("_known", "_known_bytes", "bodiless", "expect", "known")

    def __init__(self, *, bodiless: bool = False, expect: tuple[int, ...] = ()) -> None:
        self.bodiless = bodiless
        self.expect = expect
        self._known: dict[bytes, Head] = {}
        self._known_bytes = 0
        self.known = self._known.get  # the head that these bytes were found to be, or None

    def read(self, head: bytes) -> Head:
        """Return what a complete head, blank line included, says. ProtocolError if it is not valid."""
        found = self._known.get(head)
        if found is None:
            found = _parse(head, self.expect, bodiless=self.bodiless)
            # One that only announces (100, 103) is not remembered: a known head counts as an answer.
            if len(head) <= LONGEST_REMEMBERED and found.status >= 200:
                self._known_bytes += len(head)
                if self._known_bytes > REMEMBERED_BYTES:
                    self._known.clear()
                    self._known_bytes = len(head)
                self._known[head] = found
        return found


class _Fields:
    """Collects the fields that decide about framing, lower case; the parser's protocol object."""

    __slots__ = ("found",)

    def __init__(self) -> None:
        self.found: dict[bytes, bytes] = {}

    def on_header(self, name: bytes, value: bytes) -> None:
        if len(name) in _LENGTHS:  # called for every field: most are dismissed here
            key = name.lower()
            if key in _FRAMING:
                before = self.found.get(key)
                self.found[key] = value.lower() if before is None else before + b"," + value.lower()


def _parse(head: bytes, expect: tuple[int, ...], *, bodiless: bool) -> Head:
    if not head.startswith(START):  # llhttp speaks RTSP and others too
        raise ProtocolError("not an HTTP/1 answer")
    fields = _Fields()
    parser = httptools.HttpResponseParser(fields)
    try:
        parser.feed_data(head)
    except httptools.HttpParserUpgrade:
        raise ProtocolError("the answer switches protocols, which was not asked for") from None
    except httptools.HttpParserError as error:
        raise ProtocolError(str(error)) from None
    found = fields.found
    status: int = parser.get_status_code()
    if status < 100:
        raise ProtocolError(f"{status:03d} is no status")
    outcome = outcome_of(status, expect)
    keep = not head.startswith(OLD)
    if _CONNECTION in found:
        tokens = {token.strip() for token in found[_CONNECTION].split(b",")}
        keep = b"close" not in tokens and (keep or b"keep-alive" in tokens)
    if bodiless or status < 200 or status in {204, 304}:
        return Head(status, 0, keep, outcome)
    if _ENCODING in found:
        if found[_ENCODING].rpartition(b",")[2].strip() == b"chunked":
            return Head(status, CHUNKED, keep, outcome)
        return Head(status, UNTIL_CLOSE, keep=False, outcome=outcome)
    if _LENGTH in found:
        return Head(status, int(found[_LENGTH]), keep, outcome)  # llhttp refuses what is no number, and two of them
    return Head(status, UNTIL_CLOSE, keep=False, outcome=outcome)


class Message:
    """What the parser says of one message. It knows nothing of the parser: what refers to itself in a circle is left to
    the collector, which never comes while requests are under way.
    """

    __slots__ = ("complete", "extra")

    def __init__(self) -> None:
        self.complete = self.extra = False

    def on_message_begin(self) -> None:
        """A message begins; a second one is more than was asked for."""
        self.extra = self.complete

    def on_message_complete(self) -> None:
        """The last chunk and its trailers are in."""
        self.complete = True


class Chunks:
    """Follows chunked bodies with the parser, which needs to see the head too."""

    __slots__ = ("_parser", "message")

    def __init__(self, message: Message | None = None) -> None:
        self.message = message or Message()
        self._parser = httptools.HttpResponseParser(self.message)

    def feed(self, data: bytes) -> bool:
        """Take the next bytes; True once the message ended. ProtocolError on bad framing or on bytes past the end."""
        message = self.message
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            raise ProtocolError(
                f"bytes after the end of the answer: {error}" if message.complete else str(error)
            ) from None
        if message.extra:
            raise ProtocolError("a second answer to one request")
        return message.complete


def outcome_of(status: int, expect: tuple[int, ...]) -> str:
    """Return ``ok`` or ``status-<code>``; without expectations 100 to 399 are fine."""
    fine = status in expect if expect else 100 <= status < 400
    return outcomes.OK if fine else outcomes.of_status(status)
