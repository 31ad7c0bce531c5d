"""A search for the breaking point under way: what was tried so far, as its report will show it."""

from __future__ import annotations

from brinell.core.capacity_judgement import Capacity, CapacityLimit
from brinell.core.capacity_levels import levels
from brinell.core.capacity_records import CapacityStarted, CapacityStep
from brinell.core.capacity_search import Tried, bracket
from brinell.core.capacity_words import unit
from brinell.reports.figures import plural


class Searching:
    """Takes a search's records; as many steps as a search may make are few."""

    def __init__(self, started: CapacityStarted) -> None:
        self._started = started
        self._steps: list[CapacityStep] = []

    def add(self, step: CapacityStep) -> None:
        """Take a step that is over."""
        self._steps.append(step)

    def capacity(self) -> Capacity | None:
        """Return what is known; None before the first step is over. Nothing in it is final."""
        if not self._steps:
            return None
        started, found = self._started, bracket([Tried(one.level, one.verdict, one.took_s) for one in self._steps])
        return Capacity(
            name=started.name,
            quantity=started.quantity,
            unit=unit(started.quantity, self._steps[-1].of),
            url=started.url,
            low=found.low,
            high=found.high,
            confirmed=found.confirmed,
            knee=None,
            limited_by=None,
            limited_by_reason="",
            thresholds={
                name: CapacityLimit(limit=limit, stated=name in started.stated)
                for name, limit in started.limits.items()
            },
            at_least=started.at_least,
            tolerance=started.tolerance,
            ended="",
            reason="",
            steps=levels(("", one) for one in self._steps),
            took_s=sum(one.took_s for one in self._steps),
        )


def sentence(capacity: Capacity) -> str:
    """Say where a search stands: ``after 5 steps: holds 400/s and breaks at 800/s, with p95_ms 200``."""
    return f"after {plural(len(capacity.steps), 'step')}: {capacity.answer}, with {capacity.limits}"
