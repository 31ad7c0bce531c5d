"""Reading HTTP/1.1 answers from a connection, with a short way for the answer that is the same as the last one."""

from __future__ import annotations

import socket
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
from brinell.load.engine.poller import READ
from brinell.load.engine.recorder import Recorder
from brinell.load.engine.stamps import STAMP_BYTES, Ahead, ask_for_stamps
from brinell.load.engine.work import Operation
from brinell.load.wire import WireOperation

READ_BYTES = 65536
LONGEST_SEEN = 16384  # a longer answer is not compared as a whole
LONGEST_HEADS = 64 << 20  # bytes of unfinished heads that all connections of a process may keep together
ANNOUNCEMENTS = 100  # 1xx answers before the answer: a server without end would keep the loop from everybody else
_now = time.monotonic_ns
_ahead = Ahead()


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


class Held:
    """Bytes of unfinished heads in this process: one number for all connections."""

    total = 0


class HttpConnection(Connection):
    """``fresh``: no part of an answer has come. ``held`` are bytes of an incomplete head; ``head`` is set while a body
    comes in, ``left`` counts its bytes. ``announced`` counts 1xx answers before the answer, ``came`` the bytes of
    one that came in parts.
    """

    __slots__ = ("announced", "came", "chunks", "fresh", "head", "held", "left", "recvmsg", "status")

    stamps = True

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.fresh = True
        self.held = bytearray()
        self.announced = self.came = 0
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
            self._broken(error)
            return
        ended = _now()
        operation = self.operation
        if data == operation.seen and self.fresh and self.rest is None:
            self.host.repeated(self, operation, ended)
        else:
            self._other(operation, data, ended)

    def listen(self) -> None:
        """Watch for answers only; where they are read late, with their stamps."""
        if not self.host.patient:
            super().listen()
            return
        self.host.urgent.discard(self)
        self.host.poller.change(self.fd, READ, self._on_stamped)

    def _attach(self, sock: socket.socket) -> None:
        super()._attach(sock)
        if self.host.patient:
            ask_for_stamps(sock)
            self.recvmsg = sock.recvmsg

    def _on_stamped(self, events: int) -> None:  # noqa: ARG002 - a handler
        """``on_ready`` with the moment at which the answer came."""
        try:
            data, told, _, _ = self.recvmsg(READ_BYTES, STAMP_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            self._broken(error)
            return
        ended = _ahead.arrival_ns(told, self.started)
        operation = self.operation
        if data == operation.seen and self.fresh and self.rest is None:
            self.host.repeated(self, operation, ended)
        else:
            self._other(operation, data, ended)

    def _other(self, operation: Operation, data: bytes, ended: int) -> None:
        """Take what is not the ``seen`` answer."""
        if not data:
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
        self.host.urgent.add(self)
        self.phase = "inside the answer"
        where, seen = ("it began", bytes(self.held[:60]) or data) if self.head is None else ("at", data)
        try:
            if self.head is None:
                self._begun(operation, data, ended)
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

    def _begun(self, operation: HttpOperation, data: bytes, ended: int) -> None:
        """Go on with an answer whose head is not read yet. Of bytes that were looked at before, only the last three
        are looked at again: a head that comes byte by byte costs what it is long, not its square.
        """
        whole: bytes | bytearray = data
        at = looked = 0
        if self.held:
            looked = max(0, len(self.held) - 3)
            self.held += data
            Held.total += len(data)
            whole = self.held
        while True:
            end = whole.find(END, looked) + len(END)
            if end < len(END):
                self._incomplete(whole, at, looked)
                return
            head = operation.heads.read(bytes(whole[at:end]))
            if head.status >= 200:
                break
            self._announce()  # 100 Continue and its like announce, they do not answer
            at = looked = end
            if at == len(whole):
                self._drop_held()
                return
        self.head = head
        self.status = head.status
        self.left = head.length
        whole = bytes(whole)
        self._drop_held()
        if head.length == CHUNKED:
            self.chunks = Chunks()
            self._body(operation, head, whole[at:], ended)
            return
        if head.length == UNTIL_CLOSE and isinstance(self.host.tls, ssl.SSLContext):
            # Here the end is part of the framing: it must be TLS's own.
            self.sock.suppress_ragged_eofs = False  # type: ignore[attr-defined]  # TLS
        self.came += end - at
        operation.cell(head.outcome).bytes_in += end - at
        body = whole[end:]
        if body or head.length == 0:
            self._body(operation, head, body, ended)

    def _announce(self) -> None:
        self.announced += 1
        if self.announced > ANNOUNCEMENTS:
            raise ProtocolError(f"more than {ANNOUNCEMENTS} announcements (1xx) and no answer")

    def _incomplete(self, whole: bytes | bytearray, at: int, looked: int) -> None:
        """Keep the beginning of a head, from ``at``; refuse what can never become one."""
        if not (whole.startswith(START, at) or START.startswith(whole[at : at + len(START)])):
            raise ProtocolError("not an HTTP/1 answer")
        if whole.find(b"\n\n", looked) >= 0 or whole.find(b"\n\r\n", looked) >= 0:
            raise ProtocolError("lines of the head end in a bare line feed")
        if len(whole) - at > LONGEST_HEAD:
            raise ProtocolError(f"a head of more than {LONGEST_HEAD} bytes")
        if at or whole is not self.held:
            self._drop_held()
            self.held = bytearray(whole[at:])
            Held.total += len(self.held)
        if Held.total > LONGEST_HEADS:
            raise ProtocolError(f"unfinished heads of more than {LONGEST_HEADS} bytes on all connections together")

    def _drop_held(self) -> None:
        if self.held:
            Held.total -= len(self.held)
            self.held = bytearray()

    def close(self) -> None:
        """Close the socket and drop what was kept of an answer."""
        super().close()
        self._drop_held()

    def break_off(self, outcome: str, detail: str, ended_ns: int = 0) -> None:
        """Close, and fail the request under way, with the bytes of its answer that came."""
        if self.head is not None and self.came:
            self.operation.move_bytes(self.head.outcome, outcome, self.came)
            self.came = 0
        super().break_off(outcome, detail, ended_ns)

    def _body(self, operation: HttpOperation, head: Head, data: bytes, ended: int) -> None:
        self.came += len(data)
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
        self.host.urgent.discard(self)
        self.head = None
        self.chunks = None
        self.announced = self.came = 0
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
        elif head is not None or self.held or self.announced:
            self.break_off(outcomes.SHORT_BODY, f"closed {self.phase}", ended)
        else:
            again = " (the connection had carried answers before)" if self.used else ""
            self.break_off(outcomes.RESET, f"closed before the first byte of an answer{again}", ended)

    def _broken(self, error: OSError) -> None:
        if isinstance(error, ssl.SSLEOFError) and self.head is not None:
            self.break_off(outcomes.SHORT_BODY, "closed without TLS's own end, and only that ends this answer")
        else:
            self.break_off(*classify(error))
