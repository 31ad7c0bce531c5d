"""Thresholds as a step decides them, and the seconds of a step as they are put together from what workers tell."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from brinell.core import outcomes
from brinell.core.histogram import bounds as bucket
from brinell.core.histogram import index_of
from brinell.core.load_records import GeneratorSecond, LoadSlice, LoadStarted
from brinell.core.observation import Record
from brinell.core.plan import LoadSpec
from brinell.core.sequential import Bound, Decision, Second
from brinell.core.thresholds import CACHE_THRESHOLDS, SOCKET_THRESHOLDS, THRESHOLDS, Metric

PARTLY_OPEN = "partly-open"
UNSETTLED = "sessions do not come to their end within the step"
_COUNT = "how many there are depends on how long a step takes"
_CACHE = "that is no matter of how much is asked: brinell cache judges it"
_EACH = "a step is too short for every operation by itself: take the one without each_, or search for one operation"
_UNFIT = {
    "min_rate": "a rate is what is searched for: say it with at_least",
    "lost": f"{_COUNT}: say which share is to come, reach = 0.999",
    "duplicated": f"{_COUNT}: brinell websocket judges it",
    "reordered": f"{_COUNT}: brinell websocket judges it",
    "memory_growth_bytes": "that is no matter of how much is asked: brinell load judges it",
    **dict.fromkeys(CACHE_THRESHOLDS, _CACHE),
    **{name: _EACH for name, metric in THRESHOLDS.items() if metric.each},
}
_METRICS = {**THRESHOLDS, **SOCKET_THRESHOLDS}


def unfit(name: str, load: LoadSpec) -> str:
    """Return why a search cannot hold a step of this scenario to a threshold; empty where it can."""
    if name in _UNFIT:
        return _UNFIT[name]
    clock, does = _METRICS[name].clock, load.websocket
    if does is None and name in SOCKET_THRESHOLDS:
        return 'belongs to driver = "websocket"'
    if (does is None or does.mode != "broadcast") and (clock in {"delivery", "skew"} or name == "reach"):
        return "nothing is broadcast in this scenario"
    return ""


class Limit(NamedTuple):
    """A threshold: how its value is read, and its limit in nanoseconds (or as a share)."""

    name: str
    metric: Metric
    limit: float

    @property
    def bound(self) -> Bound:
        """What must not be exceeded. A maximum is a quantile that nothing may exceed; of reach, it is what is lost."""
        if self.metric.what == "error_rate":
            return Bound(self.name, self.limit)
        if self.metric.what == "reach":
            return Bound(self.name, max(0.0, 1 - self.limit))
        if self.metric.what == "mean":
            return Bound(self.name, self.limit, is_share=False)
        within = self.limit / 1e9 if self.metric.clock == "response" else None
        return Bound(self.name, max(0.0, 1 - (self.metric.share or 1.0)), within)

    @property
    def is_time(self) -> bool:
        """Whether it is about how long requests take."""
        return self.metric.clock in {"response", "service", "delivery"}

    def of(self, one: LoadSlice) -> float:
        """Return what a slice adds to the bound's sum."""
        if self.metric.what == "error_rate":
            return 0.0 if one.outcome == outcomes.OK else float(one.count)
        if not self.is_time:
            return 0.0
        indices, counts = one.service if self.metric.clock == "service" else one.response
        if self.metric.what == "mean":
            return sum(count * sum(bucket(index)) / 2 for index, count in zip(indices, counts, strict=True))
        return self.above(indices, counts)

    def above(self, indices: Sequence[int], counts: Sequence[int]) -> float:
        """Return how many of a sparse histogram exceed the limit."""
        return float(sum(counts[bisect_right(indices, index_of(round(self.limit))) :]))


def limits_of(thresholds: Mapping[str, float], load: LoadSpec) -> tuple[Limit, ...]:
    """Return the thresholds of a search of this scenario. ValueError for one that it cannot have."""
    found = []
    for name, value in thresholds.items():
        if why := unfit(name, load):
            raise ValueError(f"{name}: {why}")
        metric = _METRICS[name]
        found.append(Limit(name, metric, value if metric.what in {"error_rate", "reach"} else value * 1e6))
    return tuple(found)


class Seconds:
    """The seconds of one step. A second is whole once every worker has told of it, or of a later one.

    ``lag_s``: for so long after that, further records of it may come. ``early``: what is too much before all is settled
    is too much.
    """

    lag_s = 0.0
    early = True

    def __init__(self, limits: Sequence[Limit], workers: int) -> None:
        self.limits = limits
        self.bounds = tuple(one.bound for one in limits)
        self._told = dict.fromkeys(range(workers), -1)
        self._due: dict[int, int] = {}
        self._ended: dict[int, int] = {}
        self._sums: dict[int, list[float]] = {}
        self._sessions: dict[int, dict[int, tuple[int, int, int]]] = {}  # by second and worker
        self._partly = False

    def add(self, record: Record) -> None:
        """Count one record; those that are of no request change nothing."""
        match record:
            case LoadSlice() if self.counts(record):
                self._add_slice(record)
            case GeneratorSecond(second=second):
                self._due[second] = self._due.get(second, 0) + record.scheduled
                self._told[record.worker] = max(self._told.get(record.worker, -1), second)
                if record.sessions is not None:
                    self._sessions.setdefault(second, {})[record.worker] = record.sessions
            case LoadStarted(model=model):
                self._partly = model == PARTLY_OPEN

    @property
    def whole(self) -> int:
        """How many seconds are whole."""
        return min(self._told.values(), default=-1) + 1

    @property
    def settled(self) -> int | None:
        """The first second in which the load is as it will stay; None: not yet.

        Sessions come one by one and stay for a while: their number grows until those of the first second are through.
        """
        if not self._partly:
            return 0
        begun = sum(one[0] for one in self._sessions.get(0, {}).values())
        for second in range(self.whole):
            over = sum(one[1] + one[2] for one in self._sessions.get(second, {}).values())
            if over >= max(1, begun):
                return second + 1
        return None

    def since(self, first: int, until: int | None = None) -> list[Second]:
        """Return the whole seconds from ``first`` on, at most to ``until``."""
        last = self.whole if until is None else min(self.whole, until)
        nothing = (0.0,) * len(self.limits)
        return [
            Second(self._due.get(at, 0), self._ended.get(at, 0), tuple(self._sums.get(at, nothing)))
            for at in range(first, last)
        ]

    def unsettled(self) -> Decision:
        """Return what a step is in which nothing settled."""
        return Decision(None, UNSETTLED)

    def pace(self, rows: Sequence[Second], rate: float) -> float:
        """Return what falls due a second, in what a ``Second`` counts; ``rate`` is that of the schedule."""
        del rows
        return rate

    def missing(self, at: int) -> str:
        """Return what was not there in a second without which the level is none; empty: nothing."""
        del at
        return ""

    def counts(self, one: LoadSlice) -> bool:
        """Whether a slice is one of requests that ended."""
        return one.outcome != outcomes.UNFINISHED

    def _add_slice(self, one: LoadSlice) -> None:
        self._ended[one.second] = self._ended.get(one.second, 0) + one.count
        sums = self._sums.setdefault(one.second, [0.0] * len(self.limits))
        for place, limit in enumerate(self.limits):
            sums[place] += limit.of(one)
