"""One worker's loop: it owns time. What is due it hands to the traffic, what is ready to its handler; now and then it
sweeps for time-outs, and once a second it hands over what was measured.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from brinell.core.error_records import ErrorTexts
from brinell.core.load_records import Exemplar, GeneratorSecond, LoadSlice
from brinell.core.traffic_records import AnswersJudged
from brinell.load.engine.limited import NO_BOUNDS, Bounds, PoliteUsers, SheddingTraffic
from brinell.load.engine.pacing import GrainedPacer, Pacer
from brinell.load.engine.patience import Patience
from brinell.load.engine.poller import AT_ONCE
from brinell.load.engine.recorder import MANY, Bins
from brinell.load.engine.session_traffic import SessionTraffic
from brinell.load.engine.traffic import ClosedTraffic, Means, OpenTraffic, Traffic
from brinell.load.engine.usage import Usage

TICK_NS = 20_000_000  # between two sweeps for time-outs
SECOND_NS = 1_000_000_000
NEVER_NS = 1 << 62

_now = time.monotonic_ns

Told = AnswersJudged | ErrorTexts | LoadSlice | Exemplar | GeneratorSecond
Report = Callable[[list[Told]], None]
"""Called once a second with what is new; must not block."""


class Limits(NamedTuple):
    """``span_ns`` from the start nothing more is begun; ``timeout_ns`` bounds an attempt and the wait at the end.

    What falls due within ``grain_ns`` is sent together.
    """

    worker: int
    connections: int
    timeout_ns: int
    span_ns: int
    bounds: Bounds = NO_BOUNDS
    grain_ns: int = 0


class Engine:
    """Run once with ``run``; afterwards ``scheduled``, ``unfinished`` and the recorder tell what happened."""

    def __init__(self, means: Means, limits: Limits, dues: Iterator[int] | None, report: Report) -> None:
        self.unfinished = 0
        self._in_span: tuple[int, int] | None = None
        self._limits = limits
        self._poller = means.poller
        self._recorder = means.recorder
        self._report = report
        self._dues = iter(()) if dues is None else dues
        self._closed = dues is None
        self._traffic = _traffic(means, limits, closed=dues is None)
        self._lag = Bins()
        self._pacer = self._traffic.agenda(Pacer(iter(()), 0, self._lag.buffer))
        self._stopped = self._over = False
        self._start_ns = self._ended_ns = 0
        self._second = 0
        self._told_scheduled = self._told_started = 0
        self._usage = Usage()

    @property
    def scheduled(self) -> int:
        """Requests that were due."""
        return self._traffic.scheduled

    @property
    def in_span(self) -> tuple[int, int]:
        """Requests sent and complete answers before the schedule's end."""
        return self._in_span or (0, 0)

    def run(self, start_ns: int) -> int:
        """Work from ``start_ns`` until everything is answered, or until one time-out after the last request was begun.

        Return the moment at which the schedule ended: the span's end, or an earlier ``stop``.
        """
        self._start_ns = start_ns
        if not self._stopped:
            self._traffic.until_ns = self._ended_ns = start_ns + self._limits.span_ns
            self._pacer = self._traffic.agenda(self._paced(start_ns))
        # No collection while requests are under way: the collector's turn is at the end of each second (Usage.take).
        gc.collect()
        gc.freeze()
        gc.disable()
        try:
            self._wait_until(start_ns)
            self._usage.restart()
            self._traffic.begin()
            self._loop()
            self._end_span()
            self._give_up()
        finally:
            gc.enable()
            gc.unfreeze()
        spent = self._traffic.spent and not self._stopped
        return min(self._ended_ns, self._traffic.until_ns) if spent else self._ended_ns

    def stop(self) -> None:
        """Begin nothing more and let ``run`` end at its next turn; what is under way is given up, not recorded."""
        self._pacer.stop()
        self._end_span()
        self._stopped = True
        self._ended_ns = min(_now(), self._ended_ns)
        self._traffic.until_ns = 0

    def _paced(self, start_ns: int) -> Pacer:
        limits = self._limits
        if limits.grain_ns:
            return GrainedPacer(self._dues, start_ns, self._lag.buffer, limits.grain_ns, start_ns + limits.span_ns)
        return Pacer(self._dues, start_ns, self._lag.buffer)

    def _loop(self) -> None:
        traffic, pacer, issue = self._traffic, self._pacer, self._traffic.issue
        handlers, wait = self._poller.handlers, self._poller.wait
        if traffic.patient:
            late_ns = traffic.late_ns(self._limits.grain_ns)
            wait = Patience(self._poller, traffic.resting, traffic.urgent, late_ns).wait
        tick, second_end = self._start_ns + TICK_NS, self._start_ns + SECOND_NS
        span_end = end = traffic.until_ns
        wait_ns = self._limits.timeout_ns + 2 * TICK_NS
        last = end + wait_ns
        while True:
            now = _now()
            if now >= span_end:
                span_end = NEVER_NS
                self._look_all()  # what came before the end was answered before the end
                self._end_span()
            if now >= second_end:
                self._end_second()
                second_end = self._start_ns + (self._second + 1) * SECOND_NS
            if pacer.next_ns <= now:
                due = 0
                for due in pacer.due_by(now):
                    issue(due, now)
                now = _now()
                if now > end and due:
                    last = max(last, now + wait_ns)  # the last one begun has its whole limit
            if now >= tick:  # after what is due: a loop that stood still past the end still begins what it owes
                self._tick(now, now - tick)
                if now >= last or self._finished(now):
                    return
                tick = now + TICK_NS
                now = _now()
            next_ns, other = pacer.next_ns, min(tick, second_end)
            for fd, events in wait(next_ns - now) if next_ns <= other else wait(other - now, sharp=False):
                if fd in handlers:  # an earlier event of this batch may have closed it
                    handlers[fd](events)

    def _wait_until(self, moment_ns: int) -> None:
        """Wait for the start; whoever watches the poller is served meanwhile."""
        while (rest := moment_ns - _now()) > 0:
            self._look(rest)

    def _look(self, patience_ns: int) -> None:
        """Handle what is ready, after ``patience_ns`` at most."""
        handlers = self._poller.handlers
        for fd, events in self._poller.wait(patience_ns):
            if fd in handlers:  # an earlier event of this batch may have closed it
                handlers[fd](events)

    def _look_all(self) -> None:
        """Handle what is ready, on however many connections."""
        for _ in range(1 + len(self._traffic.open) // AT_ONCE):
            self._look(0)

    def _finished(self, now: int) -> bool:
        traffic = self._traffic
        return self._stopped or (now >= traffic.until_ns and not traffic.in_flight and not traffic.waiting)

    def _tick(self, now: int, late_ns: int) -> None:
        if self._closed:  # nothing falls due by a schedule, so the loop's own appointments tell how late it wakes
            self._lag.buffer.append(late_ns)
        self._traffic.tick(now, self._limits.timeout_ns)
        self._recorder.relieve()
        self._lag.absorb(MANY)

    def _end_span(self) -> None:
        """Count, once, what was sent and answered by now: what a backlog brings after the end is no throughput."""
        if self._in_span is None:
            completed, sent = self._recorder.so_far()
            self._in_span = sent + self._traffic.in_flight_sent, completed

    def _end_second(self) -> None:
        """Hand the second over. Seconds in which the loop stood still are part of the one it wakes in."""
        told: list[Told] = list(self._recorder.take(self._second, last=self._over))
        traffic = self._traffic
        lag, highest = self._lag.take()
        cpu_s, starved_s, gc_s = self._usage.take()
        scheduled, started = traffic.scheduled, traffic.scheduled - traffic.waiting - traffic.shed
        told.append(
            GeneratorSecond(
                worker=self._limits.worker,
                second=self._second,
                scheduled=scheduled - self._told_scheduled,
                started=started - self._told_started,
                cpu_s=cpu_s,
                lag=lag,
                max_lag_ns=highest,
                waiting=traffic.waiting,
                open_connections=len(traffic.open),
                gc_s=gc_s,
                starved_s=starved_s,
                sessions=traffic.sessions,
            )
        )
        self._told_scheduled, self._told_started = scheduled, started
        self._second = (_now() - self._start_ns) // SECOND_NS
        self._report(told)

    def _give_up(self) -> None:
        """Account for what is still under way and hand over the last second."""
        self.unfinished = self._traffic.give_up(record=not self._stopped)
        self._over = True
        self._end_second()


def _traffic(means: Means, limits: Limits, *, closed: bool) -> Traffic:
    bounds = limits.bounds
    if means.sessions is not None:
        return SessionTraffic(means, limits.connections, means.sessions, closed=closed, bounds=bounds)
    if closed:
        plain = bounds.requests is None and not bounds.users_wait
        return ClosedTraffic(means, limits.connections) if plain else PoliteUsers(means, limits.connections, bounds)
    if bounds.shed_ns:
        return SheddingTraffic(means, limits.connections, bounds.shed_ns)
    return OpenTraffic(means, limits.connections)
