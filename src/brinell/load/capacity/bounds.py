"""Thresholds as a step decides them, and the seconds of a step as they are put together from what workers tell."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from brinell.core import outcomes
from brinell.core.histogram import bounds as bucket
from brinell.core.histogram import index_of
from brinell.core.load_records import GeneratorSecond, LoadSlice
from brinell.core.observation import Record
from brinell.core.sequential import Bound, Second
from brinell.core.thresholds import THRESHOLDS, Metric

UNFIT = {"min_rate": "a rate is what is searched for: say it with at_least"}
"""Thresholds that a search cannot hold a step to, and why."""


class Limit(NamedTuple):
    """A threshold: how its value is read, and its limit in nanoseconds (or as a share)."""

    name: str
    metric: Metric
    limit: float

    @property
    def bound(self) -> Bound:
        """What must not be exceeded. A maximum is a quantile that nothing may exceed."""
        if self.metric.what == "error_rate":
            return Bound(self.name, self.limit)
        if self.metric.what == "mean":
            return Bound(self.name, self.limit, is_share=False)
        within = self.limit / 1e9 if self.metric.clock == "response" else None
        return Bound(self.name, max(0.0, 1 - (self.metric.share or 1.0)), within)

    def of(self, one: LoadSlice) -> float:
        """Return what a slice adds to the bound's sum."""
        if self.metric.what == "error_rate":
            return 0.0 if one.outcome == outcomes.OK else float(one.count)
        indices, counts = one.service if self.metric.clock == "service" else one.response
        if self.metric.what == "mean":
            return sum(count * sum(bucket(index)) / 2 for index, count in zip(indices, counts, strict=True))
        return float(sum(counts[bisect_right(indices, index_of(round(self.limit))) :]))


def limits_of(thresholds: Mapping[str, float]) -> tuple[Limit, ...]:
    """Return the thresholds of a search. ValueError for one of ``UNFIT``."""
    found = []
    for name, value in thresholds.items():
        if name in UNFIT:
            raise ValueError(f"{name}: {UNFIT[name]}")
        metric = THRESHOLDS[name]
        found.append(Limit(name, metric, value if metric.what == "error_rate" else value * 1e6))
    return tuple(found)


class Seconds:
    """The seconds of one step. A second is whole once every worker has told of it, or of a later one."""

    def __init__(self, limits: Sequence[Limit], workers: int) -> None:
        self._limits = limits
        self._told = dict.fromkeys(range(workers), -1)
        self._due: dict[int, int] = {}
        self._ended: dict[int, int] = {}
        self._sums: dict[int, list[float]] = {}

    def add(self, record: Record) -> None:
        """Count one record; those that are of no request change nothing."""
        match record:
            case LoadSlice(second=second, outcome=outcome) if outcome != outcomes.UNFINISHED:
                self._ended[second] = self._ended.get(second, 0) + record.count
                sums = self._sums.setdefault(second, [0.0] * len(self._limits))
                for place, limit in enumerate(self._limits):
                    sums[place] += limit.of(record)
            case GeneratorSecond(second=second):
                self._due[second] = self._due.get(second, 0) + record.scheduled
                self._told[record.worker] = max(self._told.get(record.worker, -1), second)

    @property
    def whole(self) -> int:
        """How many seconds are whole."""
        return min(self._told.values(), default=-1) + 1

    def since(self, first: int, until: int | None = None) -> list[Second]:
        """Return the whole seconds from ``first`` on, at most to ``until``."""
        last = self.whole if until is None else min(self.whole, until)
        nothing = (0.0,) * len(self._limits)
        return [
            Second(self._due.get(at, 0), self._ended.get(at, 0), tuple(self._sums.get(at, nothing)))
            for at in range(first, last)
        ]
