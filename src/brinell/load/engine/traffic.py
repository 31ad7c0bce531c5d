"""Requests in flight and waiting: what both models share, and each model's own way to the next request.

Open: a request that fell due takes a free connection, else opens one while fewer than ``connections`` are open, else
waits, first come first served, counted from due and never dropped. Of a waiting request only two numbers are kept.
Closed: every connection is a user who begins again when answered; a user who cannot connect pauses, so that a dead
subject is not hammered.
"""

from __future__ import annotations

import heapq
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

from brinell.core import outcomes
from brinell.load.engine.agenda import Schedule
from brinell.load.engine.connection import IDLE, Connection, Host
from brinell.load.engine.endpoint import Endpoint
from brinell.load.engine.poller import Poller
from brinell.load.engine.recorder import Recorder
from brinell.load.engine.session import Sessions
from brinell.load.engine.work import Operation

PAUSE_NS = 10_000_000  # of a closed user who could not connect; doubles up to LONGEST_PAUSE_NS
LONGEST_PAUSE_NS = 1_000_000_000
LATE_NS = 500_000

_now = time.monotonic_ns


class Means(NamedTuple):
    """What traffic is made with."""

    poller: Poller
    endpoint: Endpoint
    recorder: Recorder
    connection: Callable[[Host], Connection]
    choose: Callable[[], Operation]
    sessions: Sessions | None = None  # in place of ``choose``
    numbers: Iterator[int] = iter(())  # of this worker's sessions
    keep_alive: bool = True  # of connections for sessions; the others have a class of their own
    patient: bool = False  # its connections know when answers came, so the open model need not read them at once


class Traffic(ABC):
    """What both models share. ``until_ns``: nothing is begun from then on. Connections report to it (``Host``)."""

    def __init__(self, means: Means, connections: int) -> None:
        self.poller = means.poller
        self.family, self.address, self.tls, self.tls_name = means.endpoint
        self.until_ns = 0
        self.patient = False
        self.urgent: set[Connection] = set()
        self.open: set[Connection] = set()
        self._recorder = means.recorder
        self._exemplars = means.recorder.exemplars
        self._connection = means.connection
        self._choose = means.choose
        self._most = connections
        self._free: list[Connection] = []
        self._floor_ns = self._exemplars.floor_ns  # only a slower request is among the slowest
        self._pumping = False
        self.spent = False  # nothing was left to begin: the schedule ended early, at ``until_ns``
        self.shed = 0  # dropped before they were sent
        self._unrecorded = 0  # given up without a trace in the recorder

    # --- for the engine ---------------------------------------------------------------------------------------------

    @property
    def resting(self) -> list[Connection]:
        """Open connections that carry nothing, last used last; the same list as long as the traffic lives."""
        return self._free

    @property
    @abstractmethod
    def scheduled(self) -> int:
        """Requests that were due so far."""

    @property
    def waiting(self) -> int:
        """Due requests without a connection."""
        return 0

    @property
    def in_flight(self) -> int:
        """Requests that have a connection, open or opening."""
        return len(self.open) - len(self._free)

    @property
    def in_flight_sent(self) -> int:
        """Requests under way whose sending has begun."""
        return sum(one.operation is not IDLE and one.started > 0 for one in self.open)

    @property
    def sessions(self) -> tuple[int, int, int] | None:
        """Sessions begun, completed and aborted so far; None where there are none."""
        return None

    def late_ns(self, grain_ns: int) -> int:
        """Return about how long an answer may lie unread, where the traffic is ``patient``."""
        return max(LATE_NS, 2 * grain_ns)

    def agenda(self, schedule: Schedule) -> Schedule:
        """Return the schedule with what the traffic itself wants to be woken for."""
        return schedule

    def begin(self) -> None:  # noqa: B027 - not abstract: where requests fall due, there is nothing to begin with
        """Start."""

    @abstractmethod
    def issue(self, due: int, now: int) -> None:
        """Take over a request that fell due."""

    def tick(self, now: int, limit_ns: int) -> None:
        """Fail what has exceeded its limit, recorded at the limit and not at this look; open what may be opened."""
        late = [one for one in self.open if one.operation is not IDLE and one.attempted + limit_ns <= now]
        for connection in late:
            connection.break_off(outcomes.TIMEOUT, connection.phase, connection.attempted + limit_ns)
        self.pump(now)

    def pump(self, now: int) -> None:
        """Open connections for whoever is owed one; a loop and not recursion, because each may fail at once."""
        if not self._pumping:
            self._pumping = True
            try:
                self._open_owed(now)
            finally:
                self._pumping = False

    def give_up(self, *, record: bool) -> int:
        """Close everything and return how many requests have no answer.

        Recorded, they count at their age: the true value is larger, and leaving them out would be a lie.
        """
        now = _now()
        left = [(one.operation, one.intended, one.started) for one in self.open if one.operation is not IDLE]
        for connection in self.open:
            connection.close()
        self.open.clear()
        self._free.clear()
        left += [(self._choose(), due, 0) for due in self._abandoned()]
        for operation, due, started in left if record else ():
            operation.cell(outcomes.UNFINISHED).record(now - due, now - started if started else None)
        self._unrecorded = 0 if record else len(left)
        return len(left)

    # --- for connections --------------------------------------------------------------------------------------------

    @abstractmethod
    def repeated(self, connection: Connection, operation: Operation, ended_ns: int) -> None:
        """The usual answer came, byte for byte: the hot path. Must do what ``answered`` does."""

    def answered(self, connection: Connection, ended_ns: int, outcome: str, *, keep: bool) -> None:
        """Count a complete answer and go on; ``keep``: the connection can carry another request."""
        started = connection.started
        due = connection.due or started
        connection.operation.cell(outcome).record(ended_ns - due, ended_ns - started)
        if ended_ns - due > self._floor_ns or outcome != outcomes.OK:
            self._example(connection, ended_ns, outcome, "")
        if keep:
            self._go_on(connection, ended_ns)
        else:
            connection.close()
            self.open.discard(connection)
            self._replace(connection, ended_ns)

    def failed(self, connection: Connection, ended_ns: int, outcome: str, detail: str) -> None:
        """Count a failure; the connection is closed. One that carried nothing is only forgotten."""
        self.open.discard(connection)
        operation = connection.operation
        if operation is IDLE:
            if connection in self._free:
                self._free.remove(connection)
            return
        started = connection.started
        operation.cell(outcome).record(ended_ns - connection.intended, ended_ns - started if started else None)
        self._example(connection, ended_ns, outcome, detail)
        connection.operation = IDLE
        self._replace(connection, ended_ns)

    # --- each model's own -------------------------------------------------------------------------------------------

    @abstractmethod
    def _go_on(self, connection: Connection, now: int) -> None:
        """Give an open connection its next request, or let it rest."""

    @abstractmethod
    def _replace(self, gone: Connection, now: int) -> None:
        """Open another connection where one is owed."""

    @abstractmethod
    def _open_owed(self, now: int) -> None:
        """Open connections until none is owed (``pump``)."""

    def _abandoned(self) -> list[int]:
        """Return the due times of those who wait, and forget them."""
        return []

    def _as_answered(self, connection: Connection, operation: Operation, ended_ns: int) -> None:
        connection.recall(operation)
        cell = operation.cell(operation.seen_outcome)
        cell.bytes_in += cell.repeat_bytes
        self.answered(connection, ended_ns, operation.seen_outcome, keep=True)

    # --- shared -----------------------------------------------------------------------------------------------------

    def _rest(self, connection: Connection) -> None:
        connection.operation = IDLE
        self._free.append(connection)

    def _open_one(self, due: int, woken: int, failures: int = 0) -> None:
        connection = self._connection(self)
        connection.failures = failures
        self.open.add(connection)
        connection.open(self._choose(), due, woken)

    def _example(self, connection: Connection, ended_ns: int, outcome: str, detail: str) -> None:
        due = connection.intended
        instants = due, connection.woken or due, connection.started, ended_ns
        name = connection.operation.name
        if outcome != outcomes.OK:
            self._exemplars.error(name, outcome, instants, detail or connection.told())
        if ended_ns - due > self._floor_ns:
            self._exemplars.slow(name, outcome, instants, detail or connection.told())
            self._floor_ns = self._exemplars.floor_ns


class OpenTraffic(Traffic):
    """Requests come by the schedule."""

    def __init__(self, means: Means, connections: int) -> None:
        super().__init__(means, connections)
        self.patient = means.patient
        self._issued = 0
        self._due: deque[int] = deque()  # of those who wait; their woken times in step beside them
        self._woken: deque[int] = deque()

    @property
    def scheduled(self) -> int:
        """Requests that fell due."""
        return self._issued

    @property
    def waiting(self) -> int:
        """Due requests without a connection."""
        return len(self._due)

    def issue(self, due: int, now: int) -> None:
        """Take over a request that fell due."""
        self._issued += 1
        if self._free:
            self._free.pop().begin(self._choose(), due, now, _now())
        elif len(self.open) < self._most:
            self._open_one(due, now)
        else:
            self._due.append(due)
            self._woken.append(now)

    def repeated(self, connection: Connection, operation: Operation, ended_ns: int) -> None:
        """As ``answered``, for the usual answer."""
        response = ended_ns - connection.due
        if response > self._floor_ns or self._due:
            self._as_answered(connection, operation, ended_ns)
            return
        operation.add_response(response)
        operation.add_service(ended_ns - connection.started)
        connection.operation = IDLE
        self._free.append(connection)

    def _go_on(self, connection: Connection, now: int) -> None:
        if self._due:
            connection.begin(self._choose(), self._due.popleft(), self._woken.popleft(), now)
        else:
            self._rest(connection)

    def _replace(self, gone: Connection, now: int) -> None:
        del gone
        self.pump(now)

    def _open_owed(self, now: int) -> None:
        del now
        while self._due and len(self.open) < self._most:
            self._open_one(self._due.popleft(), self._woken.popleft())

    def _abandoned(self) -> list[int]:
        left = list(self._due)
        self._due.clear()
        self._woken.clear()
        return left


class ClosedTraffic(Traffic):
    """Users come back when they were answered. A request that is due at its send has no due time of its own (0)."""

    def __init__(self, means: Means, connections: int) -> None:
        super().__init__(means, connections)
        self._pauses: list[tuple[int, int]] = []  # users without a connection: until when, failures so far

    @property
    def scheduled(self) -> int:
        """Requests that were begun: those that ended and those under way. Nothing to count on the hot path."""
        return self._recorder.ended + self.in_flight + self._unrecorded

    def issue(self, due: int, now: int) -> None:
        """Nothing falls due where users come back when they were answered: a shape that says so is no closed one."""
        raise AssertionError(f"a request fell due at {due} in a closed model, by {now}")

    def begin(self) -> None:
        """Let every user connect."""
        for _ in range(self._most):
            now = _now()
            if now < self.until_ns:
                self._open_one(now, now)

    def repeated(self, connection: Connection, operation: Operation, ended_ns: int) -> None:
        """As ``answered``, for the usual answer."""
        service = ended_ns - connection.started
        if service > self._floor_ns or connection.due or ended_ns >= self.until_ns:
            self._as_answered(connection, operation, ended_ns)
            return
        operation.add_both(service)
        connection.operation = operation = self._choose()
        connection.started = ended_ns
        try:
            sent = connection.send(operation.request)
        except OSError as error:
            connection.unsent(error)
            return
        if sent != operation.size:
            connection.send_rest(sent)

    def _go_on(self, connection: Connection, now: int) -> None:
        if now < self.until_ns:
            connection.begin(self._choose(), 0, 0, now)
        else:
            self._rest(connection)

    def _replace(self, gone: Connection, now: int) -> None:
        # Those who were answered before come back at once, but through the queue: a connection that fails at once
        # must not call itself for ever.
        pause_ns = 0 if gone.used else min(PAUSE_NS << min(gone.failures, 10), LONGEST_PAUSE_NS)
        heapq.heappush(self._pauses, (now + pause_ns, 0 if gone.used else gone.failures + 1))
        self.pump(now)

    def _open_owed(self, now: int) -> None:
        while self._pauses and self._pauses[0][0] <= now < self.until_ns:
            _, failures = heapq.heappop(self._pauses)
            self._open_one(now, now, failures)
