"""One worker's loop: it owns time, hands due requests to connections and counts what becomes of them.

Open model: requests fall due by the schedule. A due request takes a free connection, else opens one while fewer than
``connections`` are open, else waits, first come first served, counted from due and never dropped. Of a waiting request
only two numbers are kept. Closed model: every connection is a user who begins again when answered; after a failure to
connect it pauses, so that a dead subject is not hammered.
"""

from __future__ import annotations

import gc
import heapq
import ssl
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

from brinell.core import outcomes
from brinell.core.observation import Exemplar, GeneratorSecond, LoadSlice
from brinell.load.engine.connection import IDLE, Connection
from brinell.load.engine.pacing import Pacer
from brinell.load.engine.poller import Poller
from brinell.load.engine.recorder import Bins, Recorder
from brinell.load.engine.usage import Usage
from brinell.load.engine.work import Operation

TICK_NS = 20_000_000  # between two sweeps for time-outs; also how long a raw duration waits to be binned
SECOND_NS = 1_000_000_000
PAUSE_NS = 10_000_000  # of a closed user whose connection could not be opened; doubles up to LONGEST_PAUSE_NS
LONGEST_PAUSE_NS = SECOND_NS

_now = time.monotonic_ns

Told = LoadSlice | Exemplar | GeneratorSecond
Report = Callable[[list[Told]], None]
"""Called once a second with what is new; must not block."""


class Target(NamedTuple):
    """Where connections go. ``tls`` None: plain TCP."""

    family: int
    address: tuple[str | int, ...]
    tls: ssl.SSLContext | None = None
    tls_name: str | None = None


class Limits(NamedTuple):
    """``span_ns`` from the start nothing more is begun; ``timeout_ns`` bounds an attempt and the wait at the end."""

    worker: int
    connections: int
    timeout_ns: int
    span_ns: int


class Engine:
    """Run once with ``run``; afterwards ``scheduled``, ``unfinished`` and the recorder tell what happened."""

    def __init__(  # noqa: PLR0917 - seven parts that the worker has just made; names at the call would repeat them
        self,
        poller: Poller,
        target: Target,
        limits: Limits,
        recorder: Recorder,
        connection: type[Connection],
        choose: Callable[[], Operation],
        report: Report,
    ) -> None:
        self.poller = poller
        self.family, self.address, self.tls, self.tls_name = target
        self.scheduled = 0
        self.unfinished = 0
        self._limits = limits
        self._recorder = recorder
        self._exemplars = recorder.exemplars
        self._connection = connection
        self._choose = choose
        self._report = report
        self._open: set[Connection] = set()
        self._free: list[Connection] = []
        self._waiting: deque[int] = deque()  # due times; their woken times in step beside them
        self._woken: deque[int] = deque()
        self._pauses: list[tuple[int, int]] = []  # closed users without a connection: until when, failures so far
        self._pumping = False
        self._closed = self._stopped = False
        self._begins_until = self._ended_ns = 0
        self._pacer = Pacer(iter(()), 0)
        self._started = self._second = 0
        self._told_scheduled = self._told_started = 0
        self._lag = Bins()
        self._usage = Usage()

    # --- the loop ---------------------------------------------------------------------------------------------------

    def run(self, start_ns: int, dues: Iterator[int] | None) -> int:
        """Work from ``start_ns`` until everything is answered, or until one time-out after the span's end.

        Return the moment at which the schedule ended: the span's end, or an earlier ``stop``.
        """
        self._closed = dues is None
        if not self._stopped:
            self._begins_until = self._ended_ns = start_ns + self._limits.span_ns
        self._pacer = Pacer(iter(()) if dues is None else dues, start_ns)
        self._pacer.lag = self._lag.buffer
        # No collection while requests are under way: the collector's turn is at the end of each second (Usage.take).
        gc.collect()
        gc.freeze()
        gc.disable()
        try:
            self._wait_until(start_ns)
            self._usage.restart()
            if self._closed and not self._stopped:
                for _ in range(self._limits.connections):
                    self._open_one(_now(), _now())
            self._loop(start_ns)
            self._give_up(start_ns)
        finally:
            gc.enable()
            gc.unfreeze()
        return self._ended_ns

    def stop(self) -> None:
        """Begin nothing more and let ``run`` end at its next turn; what is under way is given up, not recorded."""
        self._pacer.stop()
        self._stopped = True
        self._ended_ns = min(_now(), self._ended_ns)
        self._begins_until = 0

    def _loop(self, start_ns: int) -> None:
        pacer, handlers, wait = self._pacer, self.poller.handlers, self.poller.wait
        tick, second_end = start_ns + TICK_NS, start_ns + SECOND_NS
        wait_ns = self._limits.timeout_ns + 2 * TICK_NS
        last = self._begins_until + wait_ns
        while True:
            now = _now()
            if now >= second_end:
                self._end_second(start_ns)
                second_end = start_ns + (self._second + 1) * SECOND_NS
            if pacer.next_ns <= now:
                for due in pacer.due_by(now):
                    self._issue(due, now)
                now = _now()
                last = max(last, now + wait_ns)  # the last one begun has its whole limit
            if now >= tick:  # after what is due: a loop that stood still past the end still begins what it owes
                self._tick(now)
                if now >= last or self._finished(now):
                    return
                tick = now + TICK_NS
                now = _now()
            for fd, events in wait(min(pacer.next_ns, tick, second_end) - now):
                handler = handlers.get(fd)
                if handler is not None:  # an earlier event of this batch may have closed it
                    handler(events)

    def _wait_until(self, moment_ns: int) -> None:
        """Wait for the start; whoever watches the poller is served meanwhile."""
        while (rest := moment_ns - _now()) > 0:
            for fd, events in self.poller.wait(rest):
                self.poller.handlers[fd](events)

    def _finished(self, now: int) -> bool:
        if self._stopped:
            return True
        under_way = len(self._open) - len(self._free) + len(self._waiting)
        return now >= self._begins_until and not under_way

    # --- requests ---------------------------------------------------------------------------------------------------

    def _issue(self, due: int, now: int) -> None:
        """Give a request that fell due to a connection, or let it wait."""
        self.scheduled += 1
        if self._free:
            self._started += 1
            self._free.pop().begin(self._choose(), due, now, _now())
        elif len(self._open) < self._limits.connections:
            self._open_one(due, now)
        else:
            self._waiting.append(due)
            self._woken.append(now)

    def _open_one(self, due: int, woken: int, failures: int = 0) -> None:
        connection = self._connection(self)
        connection.failures = failures
        self._open.add(connection)
        self._started += 1
        if self._closed:
            self.scheduled += 1
        connection.open(self._choose(), due, woken)

    def answered(self, connection: Connection, ended_ns: int, outcome: str, *, keep: bool) -> None:
        """Count an answer and give the connection its next request."""
        operation, due, started = connection.operation, connection.due, connection.started
        cell = operation.cells.get(outcome) or operation.cell(outcome)
        response = ended_ns - due
        if due == started:
            cell.both.append(response)
        else:
            cell.response.append(response)
            cell.service.append(ended_ns - started)
        if response > self._exemplars.floor_ns or outcome != outcomes.OK:
            self._example(connection, ended_ns, outcome, "")
        if not keep:
            connection.close()
            self._open.discard(connection)
            self._replace(ended_ns)
        elif self._closed:
            if ended_ns < self._begins_until:
                self.scheduled += 1
                self._started += 1
                connection.begin(self._choose(), ended_ns, ended_ns, ended_ns)
            else:
                self._rest(connection)
        elif self._waiting:
            self._started += 1
            connection.begin(self._choose(), self._waiting.popleft(), self._woken.popleft(), ended_ns)
        else:
            self._rest(connection)

    def failed(self, connection: Connection, ended_ns: int, outcome: str, detail: str) -> None:
        """Count a failure and replace the connection where one is needed."""
        self._open.discard(connection)
        operation = connection.operation
        if operation is IDLE:
            if connection in self._free:
                self._free.remove(connection)
            return
        cell = operation.cell(outcome)
        cell.response.append(ended_ns - connection.due)
        if connection.started:
            cell.service.append(ended_ns - connection.started)
        self._example(connection, ended_ns, outcome, detail)
        connection.operation = IDLE
        if self._closed and not connection.used:
            self._pause(ended_ns, connection.failures)
        else:
            self._replace(ended_ns)

    def _rest(self, connection: Connection) -> None:
        connection.operation = IDLE
        self._free.append(connection)

    def _replace(self, now: int) -> None:
        """After a connection is gone: a user begins again, or a waiting request gets a new connection."""
        if self._closed:
            if now < self._begins_until:
                # Through the pauses: a connection that fails at once must not call itself for ever.
                heapq.heappush(self._pauses, (now, 0))
                self._pump(now)
        else:
            self._pump(now)

    def _pause(self, now: int, failures: int) -> None:
        pause_ns = min(PAUSE_NS << min(failures, 10), LONGEST_PAUSE_NS)
        heapq.heappush(self._pauses, (now + pause_ns, failures + 1))

    def _pump(self, now: int) -> None:
        """Open connections for who waits; a loop instead of recursion, because each may fail at once."""
        if self._pumping:
            return
        self._pumping = True
        try:
            while self._waiting and len(self._open) < self._limits.connections:
                self._open_one(self._waiting.popleft(), self._woken.popleft())
            while self._pauses and self._pauses[0][0] <= now < self._begins_until:
                _, failures = heapq.heappop(self._pauses)
                self._open_one(now, now, failures)
        finally:
            self._pumping = False

    def _example(self, connection: Connection, ended_ns: int, outcome: str, detail: str) -> None:
        instants = connection.due, connection.woken, connection.started, ended_ns
        name = connection.operation.name
        if outcome != outcomes.OK:
            self._exemplars.error(name, outcome, instants, detail or connection.told())
        if ended_ns - connection.due > self._exemplars.floor_ns:
            self._exemplars.slow(name, outcome, instants, detail or connection.told())

    # --- now and then -----------------------------------------------------------------------------------------------

    def _tick(self, now: int) -> None:
        """Fail what exceeded its limit, wake paused users, bin what was recorded."""
        limit = self._limits.timeout_ns
        late = [one for one in self._open if one.operation is not IDLE and one.attempt + limit <= now]
        for connection in late:
            # Recorded at the limit, not at this sweep.
            connection.break_off(outcomes.TIMEOUT, connection.phase, connection.attempt + limit)
        self._pump(now)
        self._recorder.absorb()
        self._lag.absorb()

    def _end_second(self, start_ns: int) -> None:
        """Hand the second over. Seconds in which the loop stood still are part of the one it wakes in."""
        told: list[Told] = list(self._recorder.take(self._second))
        lag, highest = self._lag.take()
        cpu_s, starved_s, gc_s = self._usage.take()
        told.append(
            GeneratorSecond(
                worker=self._limits.worker,
                second=self._second,
                scheduled=self.scheduled - self._told_scheduled,
                started=self._started - self._told_started,
                cpu_s=cpu_s,
                lag=lag,
                max_lag_ns=highest,
                waiting=len(self._waiting),
                open_connections=len(self._open),
                gc_s=gc_s,
                starved_s=starved_s,
            )
        )
        self._told_scheduled, self._told_started = self.scheduled, self._started
        self._second = (_now() - start_ns) // SECOND_NS
        self._report(told)

    def _give_up(self, start_ns: int) -> None:
        """Account for what is still under way, close everything, hand over the last second."""
        now = _now()
        for connection in list(self._open):
            if connection.operation is not IDLE:
                self.unfinished += 1
                if not self._stopped:
                    self._abandon(connection.operation, connection.due, connection.started, now)
            connection.close()
        self._open.clear()
        while self._waiting:
            self.unfinished += 1
            due, _ = self._waiting.popleft(), self._woken.popleft()
            if not self._stopped:
                self._abandon(self._choose(), due, 0, now)
        self._end_second(start_ns)

    def _abandon(self, operation: Operation, due: int, started: int, now: int) -> None:
        """Record what was never answered at its age: the true value is larger, leaving it out would be a lie."""
        cell = operation.cell(outcomes.UNFINISHED)
        cell.response.append(now - due)
        if started:
            cell.service.append(now - started)
