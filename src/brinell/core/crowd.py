"""Did others take the machine while a subject was under load, and who: from looks at its cores and processes. Pure.

A machine that the subject, what it calls upon (its database) and the load fill by themselves is not crowded: who
crowds it works as hard when the load has ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import NamedTuple

from brinell.core.vitals_records import ProcessLook, VitalsDetail

FULL = 0.9  # of all cores, on average
STEAL = 0.1  # of the machine's time
OTHERS = 0.3  # cores: what runs beside any service


class Share(NamedTuple):
    """What a process had and wanted in a stretch of time, in cores: it ran, and it was ready to run without a core."""

    cores: float
    starved: float


class Moment(NamedTuple):
    """The time between two looks. ``busy`` and ``subject`` in cores of ``number``, ``steal`` a share of them all."""

    from_ns: int
    to_ns: int
    number: int
    busy: float
    steal: float
    running: float | None
    processes: Mapping[int, Share]

    @property
    def seconds(self) -> float:
        """How long it was."""
        return (self.to_ns - self.from_ns) / 1e9

    @property
    def subject(self) -> float:
        """Cores that the subject used."""
        return sum(one.cores for one in self.processes.values())

    def crowded(self, generator: float) -> bool:
        """Whether others than the subject and the load, which used ``generator`` cores, left too little of it."""
        return self.steal >= STEAL or (
            is_full(self.busy, self.number, self.running) and self.busy - self.subject - generator >= OTHERS
        )


def is_full(busy: float, number: int, running: float | None) -> bool:
    """Whether more tasks wanted a machine's cores than there are, and had them all."""
    return number > 0 and running is not None and busy >= FULL * number and running > number


def moments(looks: Iterable[VitalsDetail]) -> list[Moment]:
    """Return the times between looks, in order; what a look could not read counts as nothing."""
    found = []
    for early, late in pairwise(sorted(looks, key=lambda one: one.at_ns)):
        seconds, number = (late.at_ns - early.at_ns) / 1e9, len(late.busy_s)
        if seconds <= 0 or not number or len(early.busy_s) != number:
            continue
        steal = 0.0 if early.steal_s is None or late.steal_s is None else late.steal_s - early.steal_s
        counts = [one.running for one in (early, late) if one.running is not None]
        before = {one.pid: one for one in early.processes}
        found.append(
            Moment(
                early.at_ns,
                late.at_ns,
                number,
                max(0.0, sum(late.busy_s) - sum(early.busy_s)) / seconds,
                max(0.0, steal) / (seconds * number),
                sum(counts) / len(counts) if counts else None,
                {one.pid: _share(before[one.pid], one, seconds) for one in late.processes if one.pid in before},
            )
        )
    return found


def _share(early: ProcessLook, late: ProcessLook, seconds: float) -> Share:
    waited = 0.0 if early.starved_s is None or late.starved_s is None else late.starved_s - early.starved_s
    # Of several threads one can run at a time, in most Pythons.
    return Share(max(0.0, late.cpu_s - early.cpu_s) / seconds, min(1.0, max(0.0, waited) / seconds))
