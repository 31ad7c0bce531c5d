"""One connection: connect, handshake, send, read, fail. Drivers subclass it to read answers.

Its state is which method is its handler in the poller. Instants of the request it carries: ``due`` (intended start; 0:
due at its send, as users of the closed model are), ``woken`` (the loop noticed), ``started`` (actual send; 0: not yet).
``attempt`` is when a connect for it began, from which the time-out counts; 0 where the connection was open already, and
it counts from the send.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from abc import ABC, abstractmethod
from typing import ClassVar, Protocol

from brinell.core import outcomes
from brinell.load.engine.failures import classify
from brinell.load.engine.poller import READ, WRITE, Poller
from brinell.load.engine.recorder import Recorder
from brinell.load.engine.work import Operation

WAITING = "waiting for the first byte"
SENDING = "sending the request"

_now = time.monotonic_ns

IDLE = Operation("", 0.0, b"", Recorder(0))
"""What a connection carries that carries nothing. Never recorded."""


class Host(Protocol):
    """What a connection needs of the engine."""

    poller: Poller
    family: int
    address: tuple[str | int, ...]
    tls: ssl.SSLContext | None
    tls_name: str | None
    patient: bool  # answers may be read late: their connections know when they came
    urgent: set[Connection]  # those that are not to wait: what they do next depends on what comes

    def repeated(self, connection: Connection, operation: Operation, ended_ns: int) -> None:
        """The operation's ``seen`` answer came again, whole; the connection can carry another request."""
        ...

    def answered(self, connection: Connection, ended_ns: int, outcome: str, *, keep: bool) -> None:
        """A complete answer came; ``keep``: the connection can carry another request."""
        ...

    def failed(self, connection: Connection, ended_ns: int, outcome: str, detail: str) -> None:
        """The request, if there was one, failed and the connection is closed."""
        ...


class Connection(ABC):
    """The base of all connections; ``on_ready``, ``told`` and ``recall`` are the driver's."""

    __slots__ = (
        "attempt", "due", "failures", "fd", "host", "operation", "phase", "recv", "rest", "send", "sock", "started",
        "used", "woken",
    )  # fmt: skip

    stamps: ClassVar[bool] = False  # it can tell when an answer came, however late it is read

    def __init__(self, host: Host) -> None:
        self.host = host
        self.operation: Operation = IDLE
        self.due = self.woken = self.started = self.attempt = 0
        self.used = False  # it has carried an answer before
        self.failures = 0  # connects that failed one after the other before this one
        self.phase = "connecting"
        self.rest: memoryview | None = None
        self.fd = -1

    # --- life -------------------------------------------------------------------------------------------------------

    def open(self, operation: Operation, due: int, woken: int) -> None:
        """Begin to connect, for this request. A failure is told through the host, perhaps before this returns."""
        self.operation, self.due, self.woken, self.started = operation, due, woken, 0
        self.attempt = _now()
        self.host.urgent.add(self)
        try:
            self._attach(socket.socket(self.host.family, socket.SOCK_STREAM))
            self.sock.setblocking(False)
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with contextlib.suppress(BlockingIOError):
                self.sock.connect(self.host.address)
            self.host.poller.add(self.fd, WRITE, self._on_connected)
        except OSError as error:
            self.break_off(*classify(error))

    @property
    def intended(self) -> int:
        """When the request was due."""
        return self.due or self.started

    @property
    def attempted(self) -> int:
        """The moment from which its time-out counts."""
        return self.attempt or self.started

    def begin(self, operation: Operation, due: int, woken: int, now: int) -> None:
        """Send a request over this open connection at ``now``."""
        self.operation, self.due, self.woken, self.started = operation, due, woken, now
        self.attempt = 0
        try:
            sent = self.send(operation.request)
        except OSError as error:
            self.unsent(error)
            return
        if sent != operation.size:
            self.send_rest(sent)

    def unsent(self, error: OSError) -> None:
        """The send failed: for now, or for good."""
        if isinstance(error, BlockingIOError | ssl.SSLWantReadError | ssl.SSLWantWriteError):
            self.send_rest(0)
        else:
            self.break_off(*classify(error))

    def send_rest(self, sent: int) -> None:
        """Send what the socket did not take as soon as it takes more."""
        self.rest = memoryview(self.operation.request)[sent:]
        self.phase = SENDING
        self.host.urgent.add(self)
        self.host.poller.change(self.fd, READ | WRITE, self._on_sending)

    def break_off(self, outcome: str, detail: str, ended_ns: int = 0) -> None:
        """Close, and fail the request that was under way."""
        ended_ns = ended_ns or _now()
        self.close()
        self.host.failed(self, ended_ns, outcome, detail)

    def close(self) -> None:
        """Close the socket; harmless if it is closed."""
        self.host.urgent.discard(self)
        if self.fd >= 0:
            if self.fd in self.host.poller.handlers:
                self.host.poller.remove(self.fd)
            self.fd = -1
            self.rest = None
            self.sock.close()

    @abstractmethod
    def told(self) -> str:
        """What the subject said last, in a few words, for exemplars."""

    @abstractmethod
    def recall(self, operation: Operation) -> None:
        """Let ``told`` speak of the operation's ``seen`` answer: it came again, and nobody read it."""

    # --- handlers ---------------------------------------------------------------------------------------------------

    @abstractmethod
    def on_ready(self, events: int) -> None:
        """Bytes, an end or an error wait to be read."""

    def _on_connected(self, events: int) -> None:  # noqa: ARG002 - a handler
        number = self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if number:
            self.break_off(*classify(OSError(number, "")))
        elif self.host.tls is None:
            self._established()
        else:
            self._wrap(self.host.tls)

    def _wrap(self, context: ssl.SSLContext) -> None:
        self.phase = "TLS handshake"
        poller = self.host.poller
        poller.remove(self.fd)
        try:
            wrapped = context.wrap_socket(
                self.sock, server_hostname=self.host.tls_name, do_handshake_on_connect=False, suppress_ragged_eofs=True
            )
        except OSError as error:
            self.break_off(*classify(error))
            return
        self._attach(wrapped)
        poller.add(self.fd, READ | WRITE, self._on_handshake)
        self._on_handshake(0)

    def _on_handshake(self, events: int) -> None:  # noqa: ARG002 - a handler
        sock = self.sock
        if not isinstance(sock, ssl.SSLSocket):
            raise TypeError("a handshake needs a TLS socket")
        try:
            sock.do_handshake()
        except ssl.SSLWantReadError:
            self.host.poller.change(self.fd, READ, self._on_handshake)
        except ssl.SSLWantWriteError:
            self.host.poller.change(self.fd, WRITE, self._on_handshake)
        except ssl.SSLEOFError:
            self.break_off(outcomes.TLS, "closed during the handshake")
        except OSError as error:
            # A reset in the middle of a handshake is the handshake's failure: servers refuse a client that way.
            kind, words = classify(error)
            self.break_off(outcomes.TLS if kind == outcomes.RESET else kind, words)
        else:
            self._established()

    def _established(self) -> None:
        self.phase = WAITING
        self.listen()
        self.begin_first()

    def begin_first(self) -> None:
        """Send the request the connection was opened for; its attempt began with the connect."""
        attempt = self.attempt
        self.begin(self.operation, self.due, self.woken, _now())
        self.attempt = attempt

    def _on_sending(self, events: int) -> None:
        if events & WRITE and self.rest is not None:
            try:
                sent = self.send(self.rest)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                sent = 0
            except OSError as error:
                self._unsendable(error)
                return
            self.rest = self.rest[sent:]
            if not self.rest:
                self.rest = None
                if self.phase == SENDING:  # an answer may have begun before the request was out
                    self.phase = WAITING
                self.listen()
        if events & ~WRITE:
            # An answer may come before the request is out (413, 100): read it.
            self._readable(events)

    def _unsendable(self, error: OSError) -> None:
        """The peer takes no more of a long body. It may have said why before it closed: look once."""
        fd = self.fd
        self.rest = None
        self.listen()
        self._readable(READ)
        if self.fd == fd and self.operation is not IDLE:
            self.break_off(*classify(error))

    def listen(self) -> None:
        """Watch for answers only."""
        self.host.urgent.discard(self)
        self.host.poller.change(self.fd, READ, self.on_ready if self.host.tls is None else self._readable)

    def _readable(self, events: int) -> None:
        """Read; over TLS until nothing decrypted waits inside, which no poller would tell."""
        self.on_ready(events)
        while self.host.tls is not None and self.fd >= 0 and self.sock.pending():  # type: ignore[attr-defined]  # TLS
            self.on_ready(events)

    def _attach(self, sock: socket.socket) -> None:
        self.sock = sock
        self.fd = sock.fileno()
        self.recv = sock.recv
        self.send = sock.send
