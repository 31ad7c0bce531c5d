"""The seconds of a step with users in turn: users who do not get in belong to the level, however rarely they ask."""

from __future__ import annotations

from collections.abc import Sequence

from brinell.core import outcomes
from brinell.core.capacity_words import OPEN
from brinell.core.load_records import GeneratorSecond, LoadSlice
from brinell.core.observation import Record
from brinell.core.plan import LoadSpec
from brinell.load.capacity.bounds import Limit, Seconds
from brinell.load.capacity.socket_seconds import MOST_MISSING

STAY_OUT = 3  # seconds in a row: a hiccup shuts nobody out
_SHUT = {outcomes.REFUSED, outcomes.RESET}


class ClosedSeconds(Seconds):
    """Requests of so many users. Who cannot connect pauses for up to a second, so that those who are in make nearly all
    the requests, and a share of the requests says little of who is out.
    """

    def __init__(self, limits: Sequence[Limit], spec: LoadSpec) -> None:
        super().__init__(limits, spec.workers)
        self._users = spec.connections
        allowed = next((one.limit for one in limits if one.metric.what == "error_rate"), MOST_MISSING)
        self._most_missing = int(allowed * spec.connections)
        self._open: dict[int, int] = {}
        self._shut: dict[int, dict[str, int]] = {}

    def add(self, record: Record) -> None:
        """Count one record."""
        super().add(record)
        if isinstance(record, GeneratorSecond):
            self._open[record.second] = self._open.get(record.second, 0) + record.open_connections
        elif isinstance(record, LoadSlice) and record.outcome in _SHUT:
            kinds = self._shut.setdefault(record.second, {})
            kinds[record.outcome] = kinds.get(record.outcome, 0) + record.count

    def missing(self, at: int) -> str:
        """Return that users stayed out for some seconds: they had no connection, and were refused or reset."""
        seconds = range(at - STAY_OUT + 1, at + 1)
        if seconds.start < 0 or any(second not in self._open for second in seconds):
            return ""
        out = min(self._users - self._open[second] for second in seconds)
        tries = [self._shut.get(second, {}) for second in seconds]
        # Each of them tries once a second or more, so twice in three whatever the phase.
        out = min(out, sum(sum(kinds.values()) for kinds in tries) // (STAY_OUT - 1))
        if out <= self._most_missing:
            return ""
        kinds = sorted({kind for one in tries for kind in one})
        told = ", ".join(f"{sum(one.get(kind, 0) for one in tries)} {kind}" for kind in kinds)
        return f"{self._users - out} of {self._users} {OPEN} ({told} in {STAY_OUT} s)"
