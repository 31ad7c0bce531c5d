"""Did it get slower? Two series of measurements, in pairs, to one of three answers, whose words are used wherever times
are compared.

A regression is an effect whose interval lies wholly beyond a limit, not a number beyond a threshold: *regressed* if the
interval lies above the limit, *not regressed* if below, *cannot tell* else. The limit is the larger of a relative and
an absolute effect. Measured is the time that the tests had a processor or waited for something of their own ("free"),
where the host tells how long they waited for a processor; else wall time. Where processor time has not grown along,
other things of this machine may be the reason: more evidence is asked for (half the error; a tenth of it where waiting
for a processor is not told), and a part that carries the effect.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from brinell.core.paired import ALPHA, LOOKS, Shift, level, pairs_to_settle, shift, smallest_detectable, spread

REGRESSED = "regressed"
NOT_REGRESSED = "not regressed"
CANNOT_TELL = "cannot tell"

LEAST_RATIO = 1.05
"""Smaller effects are no regression. Where a program lies in memory and how long its paths are shifts times by some per
cent without a change of the code (Mytkowicz et al., ASPLOS 2009), and no number of runs averages that out."""
LEAST_S = 0.1
"""Nor are effects of less than a tenth of a second on a whole suite: nobody waits for them."""
_WAITING = {"free": 2.0, "wall": 10.0}  # by what the error is divided, where processor time has not grown
_CARRIES = 0.5  # of the effect: processor time that grew by less is not its reason


class Times(msgspec.Struct, frozen=True):
    """One run, seconds; ``starved_s`` and ``cpu_s`` None where they are not known."""

    wall_s: float
    cpu_s: float | None = None
    starved_s: float | None = None


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer with its numbers; shifts are of logarithms of new by old."""

    answer: str
    why: str = ""
    measure: str = "wall"
    n: int = 0
    limit: float = 0.0
    time: Shift | None = None
    wall: Shift | None = None
    cpu: Shift | None = None
    same_code: Shift | None = None
    detectable: float = math.inf
    more_pairs: int | None = None
    waits: bool = False  # the effect is not in processor time


def decide(
    old: Sequence[Times], new: Sequence[Times], least_ratio: float = LEAST_RATIO, least_s: float = LEAST_S
) -> Answer:
    """Answer from pairs of runs, in the order they were made: ``old[i]`` with ``new[i]``; all times are above 0."""
    n = len(old)
    if n == 0:
        return Answer(answer=CANNOT_TELL, why="no pair of runs came to its end")
    free = all(one.starved_s is not None and one.starved_s < one.wall_s for one in (*old, *new))
    before, after = ([_time(one, free=free) for one in side] for side in (old, new))
    typical_s = sorted(before)[n // 2]
    limit = math.log(max(least_ratio, 1 + least_s / typical_s))
    alpha = level(n)
    ratios = _logs(before, after)
    time, wall = shift(ratios, alpha), shift(_logs([o.wall_s for o in old], [o.wall_s for o in new]), alpha)
    cpu = _cpu(old, new, alpha)
    known = Answer(
        answer=CANNOT_TELL,
        why="the interval holds the limit",
        measure="free" if free else "wall",
        n=n,
        limit=limit,
        time=time,
        wall=wall,
        cpu=cpu,
        same_code=_same_code(before, after),
        detectable=smallest_detectable(spread(ratios), n, limit),
        waits=not _computes(old, new, before, after, cpu),
    )
    return _answered(known, time, ratios)


def _answered(known: Answer, time: Shift, ratios: Sequence[float]) -> Answer:
    limit, n, same = known.limit, known.n, known.same_code
    if same is not None and (same.low > limit or same.high < -limit):
        why = "runs of the same code differ by more than the limit: this machine's speed drifts"
        return msgspec.structs.replace(known, why=why)
    needed = shift(ratios, level(n) / _WAITING[known.measure]) if known.waits else time
    if needed.low > limit:
        return msgspec.structs.replace(known, answer=REGRESSED, why="")
    if time.high < limit:
        return msgspec.structs.replace(known, answer=NOT_REGRESSED, why="")
    in_all, why = pairs_to_settle(spread(ratios), abs(time.estimate - limit)), known.why
    if time.low > limit:
        why = "it takes longer without computing longer, which takes more evidence"
        in_all = pairs_to_settle(1.3 * spread(ratios), time.estimate - limit)
    # Where the data did worse than their spread lets expect, the next look is the least that can help.
    more = None if in_all is None else max(in_all, next((look for look in LOOKS if look > n), n + 1)) - n
    return msgspec.structs.replace(known, why=why, more_pairs=more)


def _time(one: Times, *, free: bool) -> float:
    return one.wall_s - one.starved_s if free and one.starved_s is not None else one.wall_s


def _logs(old: Sequence[float], new: Sequence[float]) -> list[float]:
    return [math.log(b / a) for a, b in zip(old, new, strict=True)]


def _cpu(old: Sequence[Times], new: Sequence[Times], alpha: float) -> Shift | None:
    before, after = [one.cpu_s for one in old], [one.cpu_s for one in new]
    if not all((*before, *after)):
        return None
    return shift(_logs([value or 1.0 for value in before], [value or 1.0 for value in after]), alpha)


def _computes(
    old: Sequence[Times], new: Sequence[Times], before: Sequence[float], after: Sequence[float], cpu: Shift | None
) -> bool:
    """Whether processor time grew beyond chance, and by most of what time grew by."""
    if cpu is None or cpu.low <= 0:
        return False
    grown_s = shift([b - a for a, b in zip(before, after, strict=True)], 0.05).estimate
    cpu_s = shift([(b.cpu_s or 0) - (a.cpu_s or 0) for a, b in zip(old, new, strict=True)], 0.05).estimate
    return cpu_s >= _CARRIES * grown_s


def _same_code(old: Sequence[float], new: Sequence[float]) -> Shift | None:
    """The later run of a side by the earlier, from pairs next to one another: what there is when nothing is."""
    logs = [math.log(side[i + 1] / side[i]) for side in (old, new) for i in range(0, len(side) - 1, 2)]
    return shift(logs, ALPHA) if len(logs) > 1 else None
