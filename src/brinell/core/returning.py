"""Does a service come back after a crowd? From seconds of requests, in a few pure steps: the trial asks it while it
runs, to end once it is back; the judge asks it of the journal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from brinell.core import outcomes
from brinell.core.load_records import LoadSlice
from brinell.core.sparse import Compact, compact, merged, quantiles_ns

P99 = 0.99
LEAST = 20  # requests that a usual p99 is taken from; with fewer there is no answer
FLOOR_NS = 5_000_000  # a p99 up to so much above the usual one is back, whatever the factor: a machine's own noise
ERRORS = 0.01  # share of failed requests above the usual one with which it is not back


class Spell(NamedTuple):
    """When the crowd came and went, whole seconds from the start."""

    begin_s: int
    end_s: int


@dataclass
class Second:
    """What fell due in one second, as far as can be told from when it ended."""

    ended: int = 0
    failed: int = 0
    max_ns: int = 0
    parts: list[Compact] = field(default_factory=list)

    def add(self, one: LoadSlice) -> None:
        """Take a slice. What was given up at the end is no answer to anything."""
        if one.outcome == outcomes.UNFINISHED:
            return
        self.ended += one.count
        self.failed += one.count if one.outcome != outcomes.OK else 0
        self.max_ns = max(self.max_ns, one.max_response_ns)
        self.parts.append(compact(one.response))


Seconds = Mapping[int, Second]


class Look(NamedTuple):
    """One stretch: requests, the share that failed, and the p99 of all."""

    ended: int
    failed: float
    p99_ns: int | None


def look(seconds: Seconds, begin: int, end: int) -> Look:
    """Return what ended from second ``begin`` up to ``end``."""
    chosen = [seconds[number] for number in range(begin, end) if number in seconds]
    ended = sum(one.ended for one in chosen)
    if not ended:
        return Look(0, 0.0, None)
    parts = [part for one in chosen for part in one.parts]
    (p99,) = quantiles_ns(merged(parts), [P99], max(one.max_ns for one in chosen))
    return Look(ended, sum(one.failed for one in chosen) / ended, p99)


def is_back(now: Look, usual: Look, factor: float) -> bool:
    """Whether a stretch is like the usual ones."""
    if usual.p99_ns is None or now.p99_ns is None:
        return False
    fast = now.p99_ns <= max(factor * usual.p99_ns, usual.p99_ns + FLOOR_NS)
    return fast and now.failed <= usual.failed + ERRORS


def back_at(seconds: Seconds, usual: Look, spell: Spell, last: int, *, factor: float, calm_s: int) -> int | None:
    """Return the second from which it is back: from there on it stays so up to ``last``, and for ``calm_s`` at least.

    None: not yet, or never. A single bad second among the good ones undoes them, unless the ``calm_s`` before it were
    good and no more than one in ten of those since the crowd's end was bad afterwards.
    """
    good = [is_back(look(seconds, number, number + 1), usual, factor) for number in range(spell.end_s, last)]
    for at in range(len(good) - calm_s + 1):
        rest = good[at:]
        if all(rest[:calm_s]) and sum(not one for one in rest) <= len(rest) // 10:
            return spell.end_s + at
    return None


def usual(seconds: Seconds, spell: Spell, skip_s: int = 1) -> Look:
    """Return what was usual before the crowd, without the first second (connecting)."""
    return look(seconds, min(skip_s, max(0, spell.begin_s - 1)), spell.begin_s)


def worst_second(seconds: Seconds, numbers: Sequence[int]) -> int | None:
    """Return the highest p99 of single seconds, nanoseconds; None where nothing ended."""
    found = [one for number in numbers if (one := look(seconds, number, number + 1).p99_ns) is not None]
    return max(found, default=None)
