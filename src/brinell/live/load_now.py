"""A load scenario as it stands now, in a few rows for a terminal: what was asked and answered in the last second, the
percentiles of the last few, errors so far, the subject, and how late the generator is.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from brinell.core import outcomes
from brinell.core.load_records import GeneratorSecond, LoadSlice, LoadStarted
from brinell.core.observation import Record, Vitals
from brinell.core.redact import one_line
from brinell.core.socket_records import SocketSecond
from brinell.core.socket_view import as_load
from brinell.core.sparse import Compact, compact, merged, quantiles_ns
from brinell.reports.figures import MISSING, cores, count, latency, milliseconds, rate, size
from brinell.reports.layout import cells, cut

LOOK_BACK_S = 5
_WIDE = 100
_MOST_KINDS = 4
_LATE_S = 2  # a second this old counts, even if a worker has not told its part: it may be gone


@dataclass
class _Second:
    workers: set[int] = field(default_factory=set)
    ended: int = 0
    completed: int = 0
    scheduled: int = 0
    waiting: int = 0
    max_ns: int = 0
    max_lag_ns: int = 0
    response: list[Compact] = field(default_factory=list)
    lag: list[Compact] = field(default_factory=list)


class LoadNow:
    """Fed with the scenario's records as they come; memory does not grow with its length."""

    def __init__(self, started: LoadStarted) -> None:
        self._workers = started.workers
        self._mode = started.socket  # of WebSocket connections; empty: there are none
        self._sockets: dict[int, SocketSecond] = {}  # the last second of each worker
        self._open: dict[int, _Second] = {}  # seconds not every worker has told
        self._recent: list[_Second] = []  # the last whole ones
        self._closed = -1  # the last whole second
        self._due = self._ended = 0
        self._errors: dict[str, int] = {}
        self._looks: list[Vitals] = []  # the last two

    def add(self, record: Record) -> None:
        """Take a record of the scenario; others change nothing."""
        if self._mode:
            if isinstance(record, SocketSecond):
                self._add_sockets(record)
            seen = as_load(record, self._mode)
            if seen is None:
                return
            record = seen
        match record:
            case LoadSlice():
                self._add_slice(record)
            case GeneratorSecond():
                second = self._second(record.second)
                second.workers.add(record.worker)
                second.scheduled += record.scheduled
                second.waiting += record.waiting
                second.max_lag_ns = max(second.max_lag_ns, record.max_lag_ns)
                second.lag.append(compact(record.lag))
                self._close()
            case Vitals():
                self._looks = [*self._looks[-1:], record]

    def rows(self, width: int) -> list[str]:
        """Return rows of at most ``width`` cells; two on a wide terminal, one for each group on a narrow one."""
        if not self._recent:
            return [cut(self._beginning(), width)]
        groups = [self._pace(), self._percentiles(), self._around(), [self._failures()]]
        if width >= _WIDE:
            pairs = (f"{_fitting(a, width)}   {_fitting(b, width)}" for a, b in (groups[:2], groups[2:]))
            return [cut(row.rstrip(), width) for row in pairs]
        rows = [_fitting(variants, width) for variants in groups]
        return [row for row in rows if row]

    def line(self) -> str:
        """Return the same as one line."""
        if not self._recent:
            return self._beginning()
        parts = (self._pace()[0], self._percentiles()[0], self._failures(), self._around()[0])
        return "; ".join(part for part in parts if part)

    def numbers(self) -> list[tuple[str, str, str]]:
        """Return the same as a table: name, value, aside."""
        if not self._recent:
            return []
        now, back = self._recent[-1], f"last {len(self._recent)} s"
        used, memory = self._subject()
        (lag_ns,) = quantiles_ns(merged(now.lag), (0.99,), now.max_lag_ns)
        response = merged([part for second in self._recent for part in second.response])
        most = max(second.max_ns for second in self._recent)
        names, found = ("p50", "p95", "p99"), quantiles_ns(response, (0.5, 0.95, 0.99), most)
        flying = max(0, self._due - self._ended - now.waiting)
        return [
            (
                "Published" if self._mode == "broadcast" else "Answered",
                rate(float(now.completed)),
                f"of {rate(float(now.scheduled))} due",
            ),
            *(
                (name, milliseconds(None if ns is None else ns / 1e6), back)
                for name, ns in zip(names, found, strict=True)
            ),
            self._held(flying, now.waiting),
            ("Errors", count(sum(self._errors.values())), self._failures().partition(": ")[2]),
            ("Subject", f"{used} cores" if used else MISSING, memory),
            ("Schedule lag", milliseconds(None if lag_ns is None else lag_ns / 1e6), "p99 of the last second"),
        ]

    def _beginning(self) -> str:
        if not self._mode:
            return "waiting for the first answers"
        connecting = sum(one.connecting for one in self._sockets.values())
        return f"making connections: {count(self._open_now())} open, {count(connecting)} under way"

    def _add_sockets(self, record: SocketSecond) -> None:
        """Keep each worker's last second; it may be told in parts."""
        before = self._sockets.get(record.worker)
        if before is not None and before.second > record.second:
            return
        if before is not None and before.second == record.second:
            record = msgspec.structs.replace(record, received=before.received + record.received)
        self._sockets[record.worker] = record

    def _open_now(self) -> int:
        return sum(one.open for one in self._sockets.values())

    def _received_now(self) -> float:
        return float(sum(one.received for one in self._sockets.values()))

    def _held(self, flying: int, waiting: int) -> tuple[str, str, str]:
        """What is under way: requests, or connections that stay."""
        if not self._mode:
            return "In flight", count(flying), f"{count(waiting)} waiting"
        return "Connections", count(self._open_now()), f"{rate(self._received_now())} received"

    def _second(self, number: int) -> _Second:
        return self._open.setdefault(max(number, self._closed + 1), _Second())

    def _add_slice(self, record: LoadSlice) -> None:
        second = self._second(record.second)
        second.ended += record.count
        second.completed += record.count if outcomes.completed(record.outcome) else 0
        second.max_ns = max(second.max_ns, record.max_response_ns)
        second.response.append(compact(record.response))
        if record.outcome != outcomes.OK:
            kind = outcomes.kind(record.outcome)
            self._errors[kind] = self._errors.get(kind, 0) + record.count

    def _close(self) -> None:
        """Take seconds that are whole out of the open ones, in order."""
        newest = max(self._open)
        for number in sorted(self._open):
            second = self._open[number]
            if len(second.workers) < self._workers and number > newest - _LATE_S:
                break
            del self._open[number]
            self._closed = number
            self._due += second.scheduled
            self._ended += second.ended
            self._recent = [*self._recent[1 - LOOK_BACK_S :], second]

    def _pace(self) -> list[str]:
        now = self._recent[-1]
        told = f"{rate(float(now.completed))} of {rate(float(now.scheduled))} due"
        if self._mode:
            held = f"{count(self._open_now())} open"
            return [
                f"{told}, {held}, {rate(self._received_now())} received",
                f"{now.completed:,} of {now.scheduled:,}/s, {held}",
                f"{now.completed}/{now.scheduled} {held}",
            ]
        flying = count(max(0, self._due - self._ended - now.waiting))
        waiting = count(now.waiting)
        return [
            f"{told}, {flying} in flight, {waiting} waiting",
            f"{now.completed:,} of {now.scheduled:,}/s, {flying} open, {waiting} wait",
            f"{now.completed}/{now.scheduled} {flying}+{waiting}",
        ]

    def _percentiles(self) -> list[str]:
        response = merged([part for second in self._recent for part in second.response])
        most = max(second.max_ns for second in self._recent)
        found = quantiles_ns(response, (0.5, 0.95, 0.99), most)
        if found[0] is None:
            return ["no answer in the last seconds", "no answers"]
        p50, p95, p99 = (latency((value or 0) / 1e6) for value in found)
        told = f"p50 {p50}, p95 {p95}, p99 {p99} ms"
        return [f"last {len(self._recent)} s: {told}", told, f"{p50} {p95} {p99} ms"]

    def _around(self) -> list[str]:
        """The subject, and the generator's lag in the last second."""
        (lag_ns,) = quantiles_ns(merged(self._recent[-1].lag), (0.99,), self._recent[-1].max_lag_ns)
        lag = f"lag {latency(lag_ns / 1e6)} ms" if lag_ns is not None else ""
        used, memory = self._subject()
        whole = ", ".join(filter(None, (f"{used} cores" if used else "", memory)))
        return [
            ", ".join(filter(None, (f"subject {whole}" if whole else "", f"schedule {lag}" if lag else ""))),
            ", ".join(filter(None, (whole, lag))),
            " ".join(filter(None, (used, lag))),
        ]

    def _subject(self) -> tuple[str, str]:
        """Return the cores used between the last two looks, and memory; empty where not known."""
        if not self._looks:
            return "", ""
        last, first = self._looks[-1], self._looks[0]
        elapsed_s = (last.at_ns - first.at_ns) / 1e9
        used = cores(max(0.0, last.cpu_s - first.cpu_s) / elapsed_s) if elapsed_s > 0 else ""
        return used, size(last.rss_bytes) if last.rss_bytes is not None else ""

    def _failures(self) -> str:
        if not self._errors:
            return "no errors"
        kinds = sorted(self._errors, key=lambda kind: (-self._errors[kind], kind))
        named = ", ".join(f"{one_line(kind, 30)} {count(self._errors[kind])}" for kind in kinds[:_MOST_KINDS])
        more = ", ..." if len(kinds) > _MOST_KINDS else ""
        return f"errors {count(sum(self._errors.values()))}: {named}{more}"


def _fitting(variants: list[str], width: int) -> str:
    """Return the first variant that fits; the last one cut."""
    return next((text for text in variants if cells(text) <= width), cut(variants[-1], width))
