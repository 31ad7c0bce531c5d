"""Reading HTTP/1.1 answers from a connection, with a short way for the answer that is the same as the last one."""

from __future__ import annotations

import ssl
import time

from brinell.core import outcomes
from brinell.load.drivers.http_answer import (
    CHUNKED,
    END,
    LONGEST_HEAD,
    START,
    UNTIL_CLOSE,
    Chunks,
    Head,
    Heads,
    ProtocolError,
)
from brinell.load.engine.connection import IDLE, WAITING, Connection, Host
from brinell.load.engine.failures import classify
from brinell.load.engine.recorder import Recorder
from brinell.load.engine.work import Operation
from brinell.load.wire import WireOperation

READ_BYTES = 65536
LONGEST_SEEN = 16384  # a longer answer is not compared as a whole
_now = time.monotonic_ns


class HttpOperation(Operation):
    """An operation with what its answers look like.

    Its ``seen`` answer is the last whole one that came in one piece and kept the connection open. The same bytes in
    answer to the same request are the same answer, framing included, so comparing them replaces parsing.
    """

    __slots__ = ("before", "heads", "known", "seen_status")

    def __init__(self, wire: WireOperation, recorder: Recorder) -> None:
        super().__init__(wire.name, wire.weight, wire.request, recorder)
        self.heads = Heads(bodiless=wire.bodiless, expect=wire.expect)
        self.known = self.heads.known
        self.seen_status = 0
        self.before = b""  # an answer is worth knowing once it came twice


class HttpConnection(Connection):
    """``fresh``: no part of an answer has come. ``held`` are bytes of an incomplete head; ``head`` is set while a body
    comes in, ``left`` counts its bytes.
    """

    __slots__ = ("chunks", "fresh", "head", "held", "left", "status")

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.fresh = True
        self.held = b""
        self.head: Head | None = None
        self.left = 0
        self.chunks: Chunks | None = None
        self.status = 0

    def on_ready(self, events: int) -> None:  # noqa: ARG002 - a handler
        """Read once; whole answers end here, parts wait for the next call."""
        try:
            data = self.recv(READ_BYTES)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        except OSError as error:
            self.break_off(*classify(error))
            return
        ended = _now()
        operation = self.operation
        if data == operation.seen and self.fresh and self.rest is None:
            self.host.repeated(self, operation, ended)
        elif not data:
            self._ended(ended)
        elif isinstance(operation, HttpOperation):
            self._take(operation, data, ended)
        else:
            # Nobody asked: some servers say 408 to an idle connection before they close it.
            self.break_off(outcomes.PROTOCOL, "bytes on an idle connection", ended)

    def told(self) -> str:
        """The last status."""
        return f"status {self.status}" if self.status else ""

    def recall(self, operation: Operation) -> None:
        """The seen answer's status is the last."""
        if isinstance(operation, HttpOperation):
            self.status = operation.seen_status

    def _take(self, operation: HttpOperation, data: bytes, ended: int) -> None:
        """Take bytes that are not the ``seen`` answer: the short way is a known head with its whole body."""
        if self.fresh:
            end = data.find(END) + len(END)
            head = operation.known(data[:end])
            if head is not None and head.length == len(data) - end and head.keep and self.rest is None:
                self._whole(operation, head, data, ended)
                return
        self.fresh = False
        self.phase = "inside the answer"
        where, seen = ("it began", self.held or data) if self.head is None else ("at", data)
        try:
            if self.head is None:
                self._begun(operation, self.held + data, ended)
            else:
                self._body(operation, self.head, data, ended)
        except ProtocolError as error:
            self.break_off(outcomes.PROTOCOL, f"{error}; {where} {seen[:60]!r}", ended)

    def _whole(self, operation: HttpOperation, head: Head, data: bytes, ended: int) -> None:
        """An answer in one piece. One that came twice in a row is worth knowing as a whole."""
        if data == operation.before and len(data) <= LONGEST_SEEN:
            operation.see(data, head.outcome)
            operation.seen_status = head.status
        operation.before = data
        operation.cell(head.outcome).bytes_in += len(data)
        self.status = head.status
        self.used = True
        self.host.answered(self, ended, head.outcome, keep=True)

    def _begun(self, operation: HttpOperation, whole: bytes, ended: int) -> None:
        """Go on with an answer whose head is not read yet."""
        while True:
            end = whole.find(END) + len(END)
            if end < len(END):
                self._incomplete(whole)
                return
            head = operation.heads.read(whole[:end])
            if head.status >= 200:
                break
            whole = whole[end:]  # 100 Continue and its like announce, they do not answer
            if not whole:
                self.held = b""
                return
        self.held = b""
        self.head = head
        self.status = head.status
        self.left = head.length
        if head.length == CHUNKED:
            self.chunks = Chunks()
            self._body(operation, head, whole, ended)
            return
        operation.cell(head.outcome).bytes_in += end
        body = whole[end:]
        if body or head.length == 0:
            self._body(operation, head, body, ended)

    def _incomplete(self, whole: bytes) -> None:
        """Keep the beginning of a head; refuse what can never become one."""
        if not (whole.startswith(START) or START.startswith(whole)):
            raise ProtocolError("not an HTTP/1 answer")
        if b"\n\n" in whole or b"\n\r\n" in whole:
            raise ProtocolError("lines of the head end in a bare line feed")
        if len(whole) > LONGEST_HEAD:
            raise ProtocolError(f"a head of more than {LONGEST_HEAD} bytes")
        self.held = whole

    def _body(self, operation: HttpOperation, head: Head, data: bytes, ended: int) -> None:
        operation.cell(head.outcome).bytes_in += len(data)
        if head.length == CHUNKED:
            if self.chunks is not None and self.chunks.feed(data):
                self._complete(head, ended, keep=head.keep)
        elif head.length != UNTIL_CLOSE:
            self.left -= len(data)
            if self.left < 0:
                raise ProtocolError("bytes after the end of the answer")
            if self.left == 0:
                self._complete(head, ended, keep=head.keep)

    def _complete(self, head: Head, ended: int, *, keep: bool) -> None:
        self.fresh = True
        self.head = None
        self.chunks = None
        self.phase = WAITING
        self.used = True
        # An answer that comes before the request is out (413) leaves a connection nobody can use again.
        self.host.answered(self, ended, head.outcome, keep=keep and self.rest is None)

    def _ended(self, ended: int) -> None:
        """The subject closed the connection."""
        operation, head = self.operation, self.head
        if operation is IDLE:
            self.break_off(outcomes.RESET, "", ended)
        elif head is not None and head.length == UNTIL_CLOSE:
            self._complete(head, ended, keep=False)
        elif head is not None or self.held:
            self.break_off(outcomes.SHORT_BODY, f"closed {self.phase}", ended)
        else:
            again = " (the connection had carried answers before)" if self.used else ""
            self.break_off(outcomes.RESET, f"closed before the first byte of an answer{again}", ended)
