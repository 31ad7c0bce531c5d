"""Links without a schedule, for whoever opens, watches and closes them one by one: limits, storms, tests.

    board = Switchboard(endpoint, terms)
    links = [board.dial() for _ in range(100)]
    board.run(lambda: not board.dialling, until_s=5)
    board.open, board.refused, board.endings

Everything happens inside ``run``. Not for measuring rates: that is ``traffic``'s.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from brinell.core import outcomes
from brinell.load.engine.connection import Connection
from brinell.load.engine.endpoint import Endpoint
from brinell.load.engine.poller import Poller, poller
from brinell.load.engine.recorder import Recorder
from brinell.load.engine.work import Operation
from brinell.load.websocket.handshake import Refusal
from brinell.load.websocket.link import Ending, Link, Terms

_LOOK_NS = 20_000_000
_now = time.monotonic_ns
_DIAL = Operation("connect", 1.0, b"", Recorder(0))  # never recorded

Heard = Callable[[Link, int, bytes], None]


class Refused(NamedTuple):
    """An attempt that did not become a connection. ``outcome`` is a word of ``core.outcomes``."""

    tag: int
    outcome: str
    detail: str
    refusal: Refusal | None
    took_ns: int


class Ended(NamedTuple):
    """A connection that was open and is not any more. ``held_ns``: how long it was."""

    tag: int
    ending: Ending
    held_ns: int


class Switchboard:
    """``dialling`` and ``open`` hold links; ``refused`` and ``endings`` grow until their reader clears them.

    ``took_ns`` holds how long each handshake took, by link. ``heard`` is called with every message: link, opcode and
    payload. Links are told apart by their ``tag``, which counts up.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        terms: Terms,
        *,
        timeout_s: float = 5.0,
        heard: Heard | None = None,
        watch: Poller | None = None,
    ) -> None:
        self.poller = watch or poller()
        self.family, self.address, self.tls, self.tls_name = endpoint
        self.terms = terms
        self.patient = False
        self.urgent: set[Connection] = set()
        self.dialling: set[Link] = set()
        self.open: set[Link] = set()
        self.refused: list[Refused] = []
        self.endings: list[Ended] = []
        self.took_ns: dict[Link, int] = {}
        self.pongs = self.pings = 0
        self._timeout_ns = int(timeout_s * 1e9)
        self._heard = heard
        self._opened_ns: dict[Link, int] = {}
        self._tags = 0

    def dial(self) -> Link:
        """Begin to open a connection; what comes of it shows in the next ``run``."""
        link = Link(self, self.terms, self._tags)
        self._tags += 1
        self.dialling.add(link)
        now = _now()
        link.open(_DIAL, now, now)
        return link

    def run(self, done: Callable[[], bool], until_s: float, tick: Callable[[], None] = lambda: None) -> bool:
        """Serve the links until ``done`` says so, or for ``until_s`` seconds; return what it said last.

        ``tick`` is called some fifty times a second. Attempts without an end fail after the time-out.
        """
        handlers = self.poller.handlers
        end = _now() + int(until_s * 1e9)
        look = 0
        while not (over := done()) and (now := _now()) < end:
            if now >= look:
                look = now + _LOOK_NS
                tick()
                self._sweep(now)
                continue
            for fd, events in self.poller.wait(min(look, end) - now):
                if fd in handlers:
                    handlers[fd](events)
        return over

    def close(self) -> None:
        """Close every socket at once, without a word."""
        for link in [*self.dialling, *self.open]:
            link.close()
        self.dialling.clear()
        self.open.clear()
        self.took_ns.clear()
        self._opened_ns.clear()

    def _sweep(self, now: int) -> None:
        for link in [one for one in self.dialling if one.attempt + self._timeout_ns <= now]:
            refusal = link.refusal  # said, and its body does not end
            if refusal is None:
                link.break_off(outcomes.TIMEOUT, link.phase, now)
            else:
                link.break_off(outcomes.of_status(refusal.status), refusal.words, now)

    # --- from links -------------------------------------------------------------------------------------------------

    def opened(self, link: Link, now: int) -> None:
        """The handshake is through."""
        self.dialling.discard(link)
        self.open.add(link)
        self._opened_ns[link] = now
        self.took_ns[link] = now - link.started

    def message(self, link: Link, opcode: int, payload: bytes, now: int) -> None:
        """A message came."""
        del now
        if self._heard is not None:
            self._heard(link, opcode, payload)

    def pong(self, link: Link, payload: bytes, now: int) -> None:
        """An answer to a ping."""
        del link, payload, now
        self.pongs += 1

    def pinged(self, link: Link, now: int) -> None:
        """The peer pinged."""
        del link, now
        self.pings += 1

    def drained(self, link: Link, now: int) -> None:
        """Nothing waits for that here."""

    def closed(self, link: Link, ending: Ending, now: int) -> None:
        """A connection is over."""
        self.open.discard(link)
        self.took_ns.pop(link, None)
        self.endings.append(Ended(link.tag, ending, now - self._opened_ns.pop(link, now)))

    def failed(self, connection: Connection, ended_ns: int, outcome: str, detail: str) -> None:
        """An attempt came to nothing."""
        if isinstance(connection, Link):
            self.dialling.discard(connection)
            took = ended_ns - connection.attempt
            self.refused.append(Refused(connection.tag, outcome, detail, connection.refusal, took))

    def repeated(self, connection: Connection, operation: Operation, ended_ns: int) -> None:
        """Never: links have no usual answer."""
        raise AssertionError(connection, operation, ended_ns)

    def answered(self, connection: Connection, ended_ns: int, outcome: str, *, keep: bool) -> None:
        """Never: links tell messages."""
        raise AssertionError(connection, ended_ns, outcome, keep)
