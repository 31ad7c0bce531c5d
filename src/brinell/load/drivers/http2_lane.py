"""HTTP/2 as the engine sees it: a lane is a connection that carries one request at a time and shares a socket.

What the engine does with connections (due times, time-outs, recording) it does with lanes, and knows no difference.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from brinell.core import outcomes
from brinell.load.drivers.http2_machine import Fields
from brinell.load.drivers.http2_request import Http2Operation, Parts, parts_of
from brinell.load.drivers.http_answer import outcome_of
from brinell.load.drivers.http_connection import HttpOperation
from brinell.load.drivers.http_exchange import ExchangeOperation, Headers, decoded
from brinell.load.engine.connection import IDLE, Connection, Host
from brinell.load.engine.endpoint import Endpoint
from brinell.load.engine.work import Operation

if TYPE_CHECKING:
    from brinell.load.drivers.http2_link import Link, Pool

_LENGTH = re.compile(rb"\d{1,18}")
_PAIR_BYTES = 4  # of a header line beside its name and value: what it would take in HTTP/1.1

_now = time.monotonic_ns


class Lane(Connection):
    """``link`` is the socket it shares, None where it needs another one; ``stream`` its stream, 0 without a request.

    ``body`` is what is left to send; ``moves``: how often another socket got the request, at which no peer had looked.
    """

    __slots__ = ("announced", "bodied", "body", "came", "link", "moves", "outcome", "pool", "said", "status", "stream")

    def __init__(self, host: Host, pool: Pool) -> None:
        super().__init__(host)
        self.pool = pool
        self.link: Link | None = None
        self.stream = self.status = self.came = self.announced = 0
        self.bodied = False
        self.outcome = outcomes.OK
        self.said = ""
        self.body: memoryview | None = None
        self.moves = 0

    # --- for the engine ---------------------------------------------------------------------------------------------

    def open(self, operation: Operation, due: int, woken: int) -> None:
        """Begin a request on a socket with room, or on a new one."""
        self.operation, self.due, self.woken, self.started = operation, due, woken, 0
        self.attempt = _now()
        self.status = self.moves = self.came = 0
        self.said = ""
        self.pool.place(self)

    def begin(self, operation: Operation, due: int, woken: int, now: int) -> None:
        """Send a request at ``now``; where the socket is gone meanwhile, on another one."""
        link = self.link
        if link is None or link.retired:
            if link is not None:
                link.leave(self)
            self.open(operation, due or now, woken)  # one that is due at its send is due now, however long that takes
            return
        self.operation, self.due, self.woken, self.started = operation, due, woken, now
        self.attempt = 0
        self.status = self.moves = self.came = 0
        self.said = ""
        link.start(self)

    def close(self) -> None:
        """Leave the socket to the others; what is under way is cancelled."""
        link, self.link = self.link, None
        if link is not None:
            link.leave(self)

    def told(self) -> str:
        """How the last request ended where it did not end well, else its status."""
        return self.said or (f"status {self.status}" if self.status else "")

    def recall(self, operation: Operation) -> None:
        """No answer is known beforehand."""

    def on_ready(self, events: int) -> None:
        """Lanes have no socket of their own."""
        raise AssertionError(f"a lane was told {events}")

    # --- for the link -----------------------------------------------------------------------------------------------

    def parts(self, scheme: bytes) -> tuple[Parts, object]:
        """Return what to send, and the name under which it will come again."""
        operation = self.operation
        if not isinstance(operation, Http2Operation):
            raise TypeError(f"{operation.name} is no operation of HTTP/2")
        return operation.parts(scheme), operation

    def begun(self, status: int, headers: Fields) -> None:
        """The answer's headers came."""
        self.status, self.bodied = status, False
        if isinstance(self.operation, HttpOperation):
            self.outcome = outcome_of(status, self.operation.heads.expect)
        # h2 refuses what is no number, but in an answer to HEAD, where nobody counts.
        length = next((bytes(value) for name, value in headers if name == b"content-length"), b"")
        self.announced = int(length) if _LENGTH.fullmatch(length) else 0
        self.count(sum(len(name) + len(value) + _PAIR_BYTES for name, value in headers))

    def count(self, size: int) -> None:
        """Bytes of the answer."""
        self.came += size
        self.operation.cell(self.outcome).bytes_in += size

    def break_off(self, outcome: str, detail: str, ended_ns: int = 0) -> None:
        """Fail the request under way, with the bytes of its answer that came; leave the socket to the others."""
        if self.came:
            self.operation.move_bytes(self.outcome, outcome, self.came)
            self.came = 0
        super().break_off(outcome, detail, ended_ns)

    def took(self, data: bytes) -> None:
        """A piece of the body came."""
        self.bodied = self.bodied or bool(data)
        self.count(len(data))

    def missing(self) -> int:
        """How many bytes of the body an answer announced that ended without any (h2 looks where there are some)."""
        operation = self.operation
        bodiless = isinstance(operation, HttpOperation) and operation.heads.bodiless
        return 0 if self.bodied or bodiless or self.status in {204, 304} else self.announced

    def verdict(self) -> str:
        """Return the outcome of an answer that came whole."""
        return self.outcome

    def fail(self, outcome: str, detail: str, ended_ns: int) -> None:
        """End the request, if there is one; the lane is without a socket."""
        if self.operation is not IDLE:
            self.break_off(outcome, detail, ended_ns)


class ExchangeLane(Lane):
    """A lane for sessions (``engine.exchange.Exchange``): sends ``request`` and hands over what came."""

    __slots__ = ("_headers", "_kept", "_size", "_taken", "place", "request", "user")

    def __init__(self, host: Host, pool: Pool) -> None:
        super().__init__(host, pool)
        self.request = b""
        self.user: object = None
        self.place: Endpoint | None = None
        self._headers: Headers = ()
        self._kept: list[bytes] = []
        self._size = self._taken = 0

    @property
    def taken(self) -> int:
        """Bytes of the answer, about."""
        return self._taken

    def answer(self) -> tuple[int, Headers, bytes, str]:
        """Return status, headers, body and what is to be said about the body, of an answer that just came whole."""
        operation = self.operation
        if not isinstance(operation, ExchangeOperation):
            raise TypeError("no exchange is under way")
        most = operation.keep_bytes
        body = b"".join(self._kept)
        self._kept = []
        detail = f"only the first {most} of {self._size} bytes are kept" if self._size > most > 0 else ""
        encoding = b",".join(value for name, value in self._headers if name == b"content-encoding").lower()
        if encoding and body:
            body, said = decoded(body, encoding, most)
            detail = detail or said
        return self.status, self._headers, body, detail

    def parts(self, scheme: bytes) -> tuple[Parts, object]:
        """Return the request, which is another one every time."""
        return parts_of(self.request, scheme), None

    def begun(self, status: int, headers: Fields) -> None:
        """The answer's headers came."""
        self._headers = tuple((name, value) for name, value in headers if name[:1] != b":")
        self._kept = []
        self._size = self._taken = 0
        super().begun(status, headers)

    def count(self, size: int) -> None:
        """Bytes of the answer."""
        self._taken += size
        super().count(size)

    def took(self, data: bytes) -> None:
        """A piece of the body came: keep of it what somebody reads."""
        operation = self.operation
        left = operation.keep_bytes - self._size if isinstance(operation, ExchangeOperation) else 0
        self._size += len(data)
        if left > 0:
            self._kept.append(data[:left])
        super().took(data)
