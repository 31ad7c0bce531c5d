"""What is known of a running scenario so far: totals for its last record, and a line for whoever watches."""

from __future__ import annotations

from collections.abc import Mapping

from brinell.core import outcomes
from brinell.core.histogram import Histogram
from brinell.core.load_records import GeneratorSecond, LoadEnded, LoadSlice
from brinell.core.thresholds import THRESHOLDS
from brinell.load.wire import Done, FromWorker

_MS_NS = 1e6


def slow_ns(limits: Mapping[str, float]) -> int | None:
    """Return what a request may take by the strictest of these thresholds; None where none says."""
    known = [
        limit
        for name, limit in limits.items()
        if (metric := THRESHOLDS.get(name)) and metric.what == "quantile" and metric.clock in {"response", "service"}
    ]
    return int(min(known) * _MS_NS) if known else None


class _Share:
    """One worker's part."""

    def __init__(self) -> None:
        self.scheduled = self.completed = self.ended = self.unfinished = 0
        self.sent_in_span = self.completed_in_span = 0  # by whole seconds
        self.sessions: tuple[int, int, int] | None = None
        self.done: Done | None = None


class Ledger:
    """Adds up messages of workers. One that died is counted by what it had told, to the second."""

    def __init__(self, start_ns: int, span_s: float, slow_ns: int | None = None) -> None:
        self._start_ns = start_ns
        self._slow_ns = slow_ns  # what a request may take; None: nobody said
        self._slow: dict[int, int] = {}  # by second
        self._span_s = span_s
        self._shares: dict[int, _Share] = {}
        self._response = Histogram()
        self._errors = self._shed = 0
        self._seconds: dict[int, int] = {}
        self._kept_waiting: dict[int, bool] = {}  # by worker: at the last two seconds' ends, requests waited
        self._waited: dict[int, bool] = {}

    def add(self, message: FromWorker) -> None:
        """Count one message."""
        match message:
            case LoadSlice(worker=worker, outcome=outcome, count=count):
                share = self._share(worker)
                share.ended += count
                if outcomes.completed(outcome):
                    share.completed += count
                    share.completed_in_span += count if message.second < self._span_s else 0
                share.unfinished += count if outcome == outcomes.UNFINISHED else 0
                self._errors += count if outcome != outcomes.OK else 0
                self._shed += count if outcome == outcomes.SHED else 0
                self._response.add_sparse(message.response, message.max_response_ns)
                self._seconds[message.second] = self._seconds.get(message.second, 0) + count
                if outcome != outcomes.OK or self._is_slow(message):
                    self._slow[message.second] = self._slow.get(message.second, 0) + count
            case GeneratorSecond(worker=worker, scheduled=scheduled):
                share = self._share(worker)
                share.sessions = message.sessions
                share.scheduled += scheduled
                share.sent_in_span += message.started if message.second < self._span_s else 0
                waits = message.waiting > 0
                self._kept_waiting[worker] = waits and self._waited.get(worker, False)
                self._waited[worker] = waits
            case Done(worker=worker):
                self._share(worker).done = message

    @property
    def subject_ended(self) -> str:
        """Why the subject, where it runs below the workers, ended before its time; empty if it did not."""
        return next((share.done.subject_ended for share in self._shares.values() if share.done), "")

    @property
    def in_vain(self) -> bool:
        """Whether nothing more can come of it, so that it may end before its time."""
        return False

    @property
    def behind(self) -> bool:
        """Whether the subject does not keep up: requests that were due waited for a free connection for two seconds, or
        half of a second's were of a kind that took longer than it may, or failed.
        """
        slow = any(2 * count > self._seconds.get(second, 0) for second, count in self._slow.items())
        return slow or any(self._kept_waiting.values())

    def _is_slow(self, message: LoadSlice) -> bool:
        if self._slow_ns is None or message.max_response_ns <= self._slow_ns:
            return False
        found = Histogram()
        found.add_sparse(message.response, message.max_response_ns)
        (p95,) = found.quantiles_ns([0.95])
        return p95 is not None and p95 > self._slow_ns

    def line(self) -> str:
        """Return, for example, ``1000/s p99 3.1 ms 0 errors``; the rate is the last full second's."""
        if not self._seconds:
            return "waiting for the first answers"
        newest = max(self._seconds)
        rate = self._seconds.get(newest - 1, self._seconds[newest])
        self._seconds = {second: count for second, count in self._seconds.items() if second >= newest - 2}
        self._slow = {second: count for second, count in self._slow.items() if second >= newest - 2}
        (p99,) = self._response.quantiles_ns([0.99])
        return f"{rate}/s p99 {_ms(p99 or 0)} ms {self._errors} error{'' if self._errors == 1 else 's'}"

    def ended(self, now_ns: int, failures: tuple[str, ...], *, interrupted: bool) -> LoadEnded:
        """Return the scenario's last record."""
        shares = self._shares.values()
        ends = [share.done.ended_ns for share in shares if share.done]
        end_ns = max(ends) if ends and not failures else min(now_ns, self._start_ns + int(self._span_s * 1e9))
        return LoadEnded(
            scheduled=sum(share.done.scheduled if share.done else share.scheduled for share in shares),
            completed=sum(share.done.completed if share.done else share.completed for share in shares),
            unfinished=sum(_unfinished(share) for share in shares),
            span_s=max(0.0, (end_ns - self._start_ns) / 1e9),
            interrupted=interrupted,
            shed=self._shed,
            worker_failures=failures,
            sent_in_span=sum((share.done or share).sent_in_span for share in shares),
            completed_in_span=sum((share.done or share).completed_in_span for share in shares),
            sessions=_added([share.sessions for share in shares if share.sessions is not None]),
        )

    def _share(self, worker: int) -> _Share:
        return self._shares.setdefault(worker, _Share())


def _unfinished(share: _Share) -> int:
    if share.done:
        return share.done.unfinished
    return max(0, share.scheduled - share.ended) + share.unfinished


def _added(counts: list[tuple[int, int, int]]) -> tuple[int, int, int] | None:
    begun, completed, aborted = (sum(each) for each in zip(*counts, strict=True)) if counts else (0, 0, 0)
    return (begun, completed, aborted) if counts else None


def _ms(nanoseconds: float) -> str:
    """Three significant digits: 0.213, 3.14, 512."""
    milliseconds = nanoseconds / _MS_NS
    return f"{milliseconds:.3g}" if milliseconds < 1000 else f"{milliseconds:.0f}"
