"""The course of a load scenario, put together from its one-second records: what the charts show, live and afterwards.

One ``Course`` serves both: the judge feeds it from the journal, the live page as the records come.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import msgspec

from brinell.core import outcomes
from brinell.core.histogram import Histogram
from brinell.core.load_judgement import Curve, Heat, Timeline
from brinell.core.load_records import GeneratorSecond, LoadSlice
from brinell.core.observation import Vitals
from brinell.core.sparse import Compact, compact, logarithmic, merged, quantiles_ns
from brinell.core.vitals_records import ProbeLook, VitalsDetail

MOST_COLUMNS = 300
PER_DECADE = 24  # a heat map's cells are 10 % high
MOST_KINDS = 8
LATE_S = 2
OTHER = "other"
_STEPS_S = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600)
_CURVE_STEPS = 12


@dataclass
class _Second:
    """What ended in one second, and what the generator said of itself."""

    ended: int = 0
    completed: int = 0
    errors: dict[str, int] = field(default_factory=dict)
    parts: list[Compact] = field(default_factory=list)
    max_ns: int = 0
    workers: set[int] = field(default_factory=set)
    scheduled: int = 0
    waiting: int = 0
    lag: list[Compact] = field(default_factory=list)
    max_lag_ns: int = 0
    cpu_s: float = 0.0  # the busiest worker's


class _Row(NamedTuple):
    """A column's own numbers; what depends on the columns before it is added later."""

    ended: int
    completed: int
    errors: dict[str, int]
    quantiles: tuple[int | None, ...]
    max_ns: int | None
    heat: tuple[int, tuple[int, ...]]
    told: bool
    scheduled: int
    waiting: int
    lag_ns: int | None
    max_lag_ns: int | None
    generator_cpu: float | None


class _Vital(NamedTuple):
    cpu: float | None
    rss_bytes: int | None
    fds: int | None
    threads: int | None


class Course:
    """Takes records in any order. ``span_s`` widens the columns from the beginning to what a run will need.

    With ``fold`` a column that was worked out keeps one histogram, not one for each second, so that memory stays flat;
    if the columns must widen later all the same, what they hold is placed to the width of the earlier ones.
    """

    def __init__(self, start_ns: int, *, span_s: float = 0.0, fold: bool = False) -> None:
        self._start_ns = start_ns
        self._span_s = span_s
        self._fold = fold
        self._seconds: dict[int, _Second] = {}
        self._newest: dict[int, int] = {}  # second, by worker
        self._vitals: list[Vitals] = []
        self._processes: dict[int, tuple[int, float]] = {}  # moment and processor time of each, at its last look
        self._busiest: dict[int, float] = {}  # by second
        self._loop_lag: dict[int, float] = {}
        self._rows: dict[int, _Row] = {}  # columns worked out, by number, at the step of the last time
        self._step_s = 0

    def add(self, record: LoadSlice | GeneratorSecond | Vitals | VitalsDetail | ProbeLook) -> None:
        """Take one record."""
        match record:
            case LoadSlice():
                self.add_slice(record, compact(record.response))
            case GeneratorSecond():
                self.add_generator(record)
            case Vitals():
                self._vitals.append(record)
            case VitalsDetail():
                self._add_detail(record)
            case ProbeLook(lag_max_ms=float(late)):
                second = (record.at_ns - self._start_ns) // 1_000_000_000
                self._loop_lag[second] = max(late, self._loop_lag.get(second, 0.0))

    def add_slice(self, record: LoadSlice, response: Compact) -> None:
        """Take a slice whose response times are at hand as arrays: they are shared, not copied."""
        second = self._second(record.second)
        second.ended += record.count
        second.completed += record.count if outcomes.completed(record.outcome) else 0
        second.parts.append(response)
        second.max_ns = max(second.max_ns, record.max_response_ns)
        if record.outcome != outcomes.OK:
            kind = outcomes.kind(record.outcome)
            second.errors[kind] = second.errors.get(kind, 0) + record.count

    def add_generator(self, record: GeneratorSecond) -> None:
        """Take what a worker says of itself."""
        second = self._second(record.second)
        second.workers.add(record.worker)
        self._newest[record.worker] = max(record.second, self._newest.get(record.worker, record.second))
        second.scheduled += record.scheduled
        second.waiting += record.waiting
        second.lag.append(compact(record.lag))
        second.max_lag_ns = max(second.max_lag_ns, record.max_lag_ns)
        second.cpu_s = max(second.cpu_s, record.cpu_s)

    def _add_detail(self, look: VitalsDetail) -> None:
        second = (look.at_ns - self._start_ns) // 1_000_000_000
        for one in look.processes:
            at_ns, cpu_s = self._processes.get(one.pid, (look.at_ns, one.cpu_s))
            self._processes[one.pid] = look.at_ns, one.cpu_s
            if look.at_ns > at_ns and one.cpu_s >= cpu_s:
                cores = (one.cpu_s - cpu_s) / ((look.at_ns - at_ns) / 1e9)
                self._busiest[second] = max(cores, self._busiest.get(second, 0.0))

    def told_by(self, workers: int) -> int:
        """Return how many seconds from the start on are told by that many workers: later ones may still grow.

        A worker that stood still tells its next second and none in between. One that says nothing for ``LATE_S`` more
        than the others, because it died, is not waited for.
        """
        newest = self._newest.values()
        together = min(newest) if len(newest) >= workers else -1
        return max(together, max(newest, default=-1) - LATE_S, -1) + 1

    def timeline(self, *, until_s: int | None = None) -> Timeline | None:
        """Return the columns, of the seconds before ``until_s`` where given; None if nothing was told."""
        seconds = max(self._seconds, default=-1) + 1 if until_s is None else until_s
        if seconds < 1:
            return None
        step = step_for(max(float(seconds), self._span_s))
        if step != self._step_s:
            self._rows.clear()
            self._step_s = step
        starts = range(0, seconds, step)
        lengths = [min(step, seconds - start) for start in starts]
        rows = [self._row(start, step, length) for start, length in zip(starts, lengths, strict=True)]
        made = _assembled(step, starts, lengths, rows, self._subject(starts, step))
        return msgspec.structs.replace(
            made,
            busiest_cpu=_columns(self._busiest, starts, step, 4),
            loop_lag_ms=_columns(self._loop_lag, starts, step, 3),
        )

    def _second(self, number: int) -> _Second:
        if self._step_s:
            self._rows.pop(number // self._step_s, None)
        return self._seconds.setdefault(number, _Second())

    def _row(self, start: int, step: int, length: int) -> _Row:
        found = self._rows.get(start // step)
        if found is None:
            seconds = [self._seconds.get(number) or _Second() for number in range(start, start + length)]
            found = _row(seconds)
            if length == step:
                self._rows[start // step] = found
                if self._fold:
                    self._seconds[start] = seconds[0]  # perhaps nothing ended in it
                    _fold(seconds)
        return found

    def _subject(self, starts: Sequence[int], step: int) -> list[_Vital]:
        """Return the highest of each column; CPU is a difference, so it takes two looks."""
        found: dict[int, list[tuple[float | None, Vitals]]] = {}
        looks = [(None, self._vitals[0])] if self._vitals else []
        looks += [(_cores(early, late), late) for early, late in pairwise(self._vitals)]  # type: ignore[misc]
        for cores, one in looks:
            found.setdefault((one.at_ns - self._start_ns) // 1_000_000_000 // step, []).append((cores, one))
        return [_highest(found.get(start // step, [])) for start in starts]


def _columns(found: dict[int, float], starts: Sequence[int], step: int, digits: int) -> tuple[float | None, ...]:
    """Return the highest of each column; empty if there is nothing."""
    if not found:
        return ()
    highest: dict[int, float] = {}
    for second, value in found.items():
        highest[second // step] = max(value, highest.get(second // step, value))
    return tuple(round(highest[column], digits) if (column := start // step) in highest else None for start in starts)


def step_for(seconds: float) -> int:
    """Return the seconds a column covers, so that ``MOST_COLUMNS`` suffice."""
    for step in _STEPS_S:
        if seconds <= step * MOST_COLUMNS:
            return step
    return _STEPS_S[-1] * -int(-seconds // (_STEPS_S[-1] * MOST_COLUMNS))


def curve(response: Histogram, service: Histogram) -> Curve | None:
    """Return the percentile curve; None if nothing was recorded."""
    count = response.count
    if not count:
        return None
    shares = [0.0]
    while (1 - (share := 1 - 10 ** (-len(shares) / _CURVE_STEPS))) * count > 1 + 1e-6:
        shares.append(share)
    shares.append(1.0)
    return Curve(
        shares=tuple(round(share, 9) for share in shares),
        response_ms=tuple((value or 0) / 1e6 for value in response.quantiles_ns(shares)),
        service_ms=tuple(_ms(value) for value in service.quantiles_ns(shares)),
    )


def _row(seconds: Sequence[_Second]) -> _Row:
    response = merged([part for one in seconds for part in one.parts])
    max_ns = max(one.max_ns for one in seconds)
    max_lag_ns = max(one.max_lag_ns for one in seconds)
    errors: dict[str, int] = {}
    for one in seconds:
        for kind, count in one.errors.items():
            errors[kind] = errors.get(kind, 0) + count
    told = any(one.workers for one in seconds)
    lag = merged([part for one in seconds for part in one.lag])
    return _Row(
        ended=sum(one.ended for one in seconds),
        completed=sum(one.completed for one in seconds),
        errors=errors,
        quantiles=tuple(quantiles_ns(response, (0.5, 0.95, 0.99), max_ns)),
        max_ns=max_ns if len(response[0]) else None,
        heat=logarithmic(response, PER_DECADE),
        told=told,
        scheduled=sum(one.scheduled for one in seconds),
        waiting=max(one.waiting for one in seconds),
        lag_ns=quantiles_ns(lag, (0.99,), max_lag_ns)[0],
        max_lag_ns=max_lag_ns if len(lag[0]) else None,
        generator_cpu=max(one.cpu_s for one in seconds) if told else None,
    )


def _fold(seconds: Sequence[_Second]) -> None:
    """Keep the column's histograms in its first second."""
    first = seconds[0]
    first.parts = [merged([part for one in seconds for part in one.parts])]
    first.lag = [merged([part for one in seconds for part in one.lag])]
    for one in seconds[1:]:
        one.parts, one.lag = [], []


def _assembled(
    step: int, starts: Sequence[int], lengths: Sequence[int], rows: Sequence[_Row], subject: Sequence[_Vital]
) -> Timeline:
    p50, p95, p99 = (tuple(_ms(row.quantiles[which]) for row in rows) for which in range(3))
    return Timeline(
        step_s=step,
        t_s=tuple(starts),
        requests=tuple(row.ended for row in rows),
        rate=tuple(round(row.completed / length, 3) for row, length in zip(rows, lengths, strict=True)),
        due_rate=tuple(
            round(row.scheduled / length, 3) if row.told else None for row, length in zip(rows, lengths, strict=True)
        ),
        unanswered=_unanswered(rows),
        waiting=tuple(row.waiting if row.told else None for row in rows),
        errors=_errors(rows),
        p50_ms=p50,
        p95_ms=p95,
        p99_ms=p99,
        max_ms=tuple(_ms(row.max_ns) for row in rows),
        lag_p99_ms=tuple(_ms(row.lag_ns) for row in rows),
        lag_max_ms=tuple(_ms(row.max_lag_ns) for row in rows),
        generator_cpu=tuple(None if row.generator_cpu is None else round(row.generator_cpu, 4) for row in rows),
        cpu=tuple(None if one.cpu is None else round(one.cpu, 4) for one in subject),
        rss_bytes=tuple(one.rss_bytes for one in subject),
        fds=tuple(one.fds for one in subject),
        threads=tuple(one.threads for one in subject),
        heat=Heat(
            per_decade=PER_DECADE,
            first=tuple(row.heat[0] for row in rows),
            counts=tuple(row.heat[1] for row in rows),
        ),
    )


def _unanswered(rows: Sequence[_Row]) -> tuple[int | None, ...]:
    """Add up what fell due and what ended; once no worker tells any more, nothing is known."""
    left, found = 0, []
    for row in rows:
        left += row.scheduled - row.ended
        found.append(max(0, left) if row.told else None)
    return tuple(found)


def _errors(rows: Sequence[_Row]) -> dict[str, tuple[int, ...]]:
    """Return counts by kind, the most frequent first; those beyond ``MOST_KINDS`` together."""
    totals: dict[str, int] = {}
    for row in rows:
        for kind, count in row.errors.items():
            totals[kind] = totals.get(kind, 0) + count
    kinds = sorted(totals, key=lambda kind: (-totals[kind], kind))
    named, rest = kinds, frozenset[str]()
    if len(kinds) > MOST_KINDS:
        named, rest = kinds[: MOST_KINDS - 1], frozenset(kinds[MOST_KINDS - 1 :])
    found = {kind: tuple(row.errors.get(kind, 0) for row in rows) for kind in named}
    if rest:
        found[OTHER] = tuple(sum(count for kind, count in row.errors.items() if kind in rest) for row in rows)
    return found


def _cores(early: Vitals, late: Vitals) -> float | None:
    """Return the cores used between two looks; None if a process of the subject ended in between."""
    elapsed_ns = late.at_ns - early.at_ns
    used_s = late.cpu_s - early.cpu_s
    return used_s / (elapsed_ns / 1e9) if elapsed_ns > 0 and used_s >= 0 else None


def _highest(looks: Sequence[tuple[float | None, Vitals]]) -> _Vital:
    return _Vital(
        max((cores for cores, _ in looks if cores is not None), default=None),
        max((one.rss_bytes for _, one in looks if one.rss_bytes is not None), default=None),
        max((one.fds for _, one in looks if one.fds is not None), default=None),
        max((one.threads for _, one in looks if one.threads is not None), default=None),
    )


def _ms(nanoseconds: int | None) -> float | None:
    return None if nanoseconds is None else nanoseconds / 1e6
