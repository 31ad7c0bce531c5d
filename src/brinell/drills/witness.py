"""One HTTP/1.1 connection under a magnifying glass: what was sent when, what came back, and how it ended."""

from __future__ import annotations

import time

import httptools

from brinell.drills.wire import OPEN, Wire
from brinell.load.engine.endpoint import Endpoint

_KEPT_BYTES = 262_144


class Witness(Wire):
    """``status`` and ``body`` are of the last whole answer; ``answers`` counts them.

    ``announced``: one of them said that the connection closes.
    """

    def __init__(self, endpoint: Endpoint, *, window: int = 0) -> None:
        self.status = 0
        self.body = b""
        self.answers = 0
        self.announced = False
        self.sent_ns = self.answered_ns = 0
        self._bodiless = False
        self._begin_answer()
        super().__init__(endpoint, window=window)

    @property
    def midway(self) -> bool:
        """Whether a request is out and its answer is not whole."""
        return self.sent_ns > self.answered_ns

    def send(self, data: bytes, *, bodiless: bool = False) -> None:
        """Send; what the socket does not take goes out in later looks. ``bodiless``: the answer to HEAD."""
        self._bodiless = bodiless
        if self.state == OPEN:
            self.sent_ns = time.monotonic_ns()
            self._say(data)

    def finish(self, last: bytes) -> None:
        """Send the end of a request."""
        self._say(last)

    # --- the answer: what the parser calls --------------------------------------------------------------------------

    def _begin_answer(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._held = bytearray()
        self._until_close = True
        self._in_body = False

    def _stands(self) -> None:
        """What is to be sent is sent by whoever owns it."""

    def _take(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._break(f"not HTTP: {error}")

    def _at_end(self) -> None:
        if self.midway and self._until_close and self._in_body:
            self.on_message_complete()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Note what says where the answer ends, and whether the connection does."""
        key = name.lower()
        if key in {b"content-length", b"transfer-encoding"}:
            self._until_close = False
        if key == b"connection" and b"close" in value.lower():
            self.announced = True

    def on_headers_complete(self) -> None:
        """An announcement (1xx) is followed by the answer; that to HEAD is over with its head."""
        self._in_body = self._parser.get_status_code() >= 200
        if self._bodiless and self._in_body:
            self.on_message_complete()

    def on_body(self, data: bytes) -> None:
        """Keep the beginning."""
        if len(self._held) < _KEPT_BYTES:
            self._held += data

    def on_message_complete(self) -> None:
        """A whole answer; announcements (1xx) are none, and none is told twice."""
        status = int(self._parser.get_status_code())
        if status < 200 or not self._in_body:
            return
        self._in_body = False
        self._until_close = True
        self.status, self.body = status, bytes(self._held)
        self._held = bytearray()
        self.answers += 1
        self.answered_ns = time.monotonic_ns()
