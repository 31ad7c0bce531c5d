"""Do thresholds hold at this load? Decided as the seconds come in, as soon as it is clear.

Response times of neighbours depend on each other (they stood in one queue), so single requests prove less than their
number says. The unit is therefore the second: a share is a ratio of sums over seconds, its error is that of the
seconds' residuals, widened by their autocorrelation (Cochran, Sampling Techniques, 6.3; batch means with the AR(1)
correction, Law, Simulation Modeling and Analysis, 9.5.3). A share that no second has shaken yet has the error of a
binomial with two successes and two failures added (Agresti and Coull 1998). An interval is looked at once a second, so
each look has a 99 % interval of Student's t: wide while seconds are few, which is when looking early is dangerous.

A subject that cannot keep up breaks before its response times do: at 2 % above capacity a limit of half a second takes
25 s to reach. What is due and unanswered then grows by a steady number a second, and that is a quantity of its own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import pstdev
from typing import NamedTuple

HELD = "held"
BROKEN = "broken"
FALLING_BEHIND = "falling behind"  # a quantity that every search has
FEWEST = 3  # seconds, below which nothing is decided
GROWING = 0.005  # of the rate: a backlog that grows more slowly than that takes minutes to matter
KEEPING_UP = 0.02  # a backlog that may grow by more than that is not known to keep up
FALLING = 0.015  # what counts at the end, where the seconds did not decide it
_MOST_CORRELATED = 0.8
_MOST_PULL = -0.5  # the correlation of changes whose sum stays where it is
LEAST_GROWN = 1.0  # requests: one that is on its way at the end and was not at the beginning is no growth
ENDS = 2.0  # of the changes' deviation: by so much the two ends of a backlog differ that only comes and goes
_LEAST_CHANGE = 0.5  # of a backlog from second to second: whole requests are counted

# Student's t, two-sided 99 %, by degrees of freedom from 1 on.
_T99 = (
    63.657, 9.925, 5.841, 4.604, 4.032, 3.707, 3.499, 3.355, 3.250, 3.169, 3.106, 3.055, 3.012, 2.977, 2.947, 2.921,
    2.898, 2.878, 2.861, 2.845, 2.831, 2.819, 2.807, 2.797, 2.787, 2.779, 2.771, 2.763, 2.756, 2.750,
)  # fmt: skip
_T99_MANY = 2.66


class Bound(NamedTuple):
    """What must not exceed ``allowed``: a share of requests (``is_share``), or a mean of something per request.

    ``within_s``: the share is of those that took longer than that, None where it is about something else.
    """

    name: str
    allowed: float
    within_s: float | None = None
    is_share: bool = True


class Second(NamedTuple):
    """What one second showed: requests that fell due and that ended in it, and of the latter the sum for each bound.

    ``counts``: of how many each sum is a part, where that is not ``ended``. ``events``: of how many events they came
    (all deliveries of one message are one); None: each was its own. ``behind``: by how many requests more it was behind
    at its end than at its beginning, where that is known better than by what is unanswered.
    """

    due: int
    ended: int
    sums: tuple[float, ...]
    counts: tuple[int, ...] = ()
    events: int | None = None
    behind: float | None = None

    @property
    def change(self) -> float:
        """By how many requests more it was behind at its end."""
        return float(self.due - self.ended) if self.behind is None else self.behind


class Estimate(NamedTuple):
    """A quantity with its interval."""

    value: float
    low: float
    high: float


class _Quantity(NamedTuple):
    name: str
    estimate: Estimate
    broken_above: float
    held_below: float
    at_the_end: float


class Decision(NamedTuple):
    """``verdict`` None: not known yet. ``why`` names the quantity that decided, or the one that is not clear."""

    verdict: str | None
    why: str


def decide(seconds: Sequence[Second], bounds: Sequence[Bound], *, rate: float | None, ended: bool = False) -> Decision:
    """Return whether the bounds hold. ``rate`` per second, None where nothing falls due. ``ended``: no more will come,
    so that what the intervals leave open is decided by the estimates.
    """
    if len(seconds) < FEWEST and not (ended and seconds):
        return Decision(None, "too few seconds")
    if ended and not any(one.ended for one in seconds):
        asked = rate is None or any(one.due for one in seconds)
        return Decision(BROKEN, "no answers") if asked else Decision(HELD, "")  # of what was not asked nothing broke
    found = [
        _Quantity(bound.name, estimate, bound.allowed, bound.allowed, bound.allowed)
        for bound, estimate in zip(bounds, shares(seconds, bounds, rate), strict=True)
    ]
    if rate is not None:
        falling = max(FALLING * rate, _ends(seconds) / len(seconds))
        found.append(_Quantity(FALLING_BEHIND, growth(seconds), GROWING * rate, KEEPING_UP * rate, falling))
    broken = next((one for one in found if one.estimate.low > one.broken_above), None)
    if broken is not None:
        return Decision(BROKEN, broken.name)
    unclear = [one for one in found if one.estimate.high > one.held_below]
    if unclear and not ended:
        return Decision(None, unclear[0].name)
    worse = next((one for one in unclear if one.estimate.value > one.at_the_end), None)
    return Decision(HELD, "") if worse is None else Decision(BROKEN, worse.name)


def shares(seconds: Sequence[Second], bounds: Sequence[Bound], rate: float | None) -> list[Estimate]:
    """Return each bound's quantity so far. A request that waits for longer than a limit exceeds it already."""
    backlog = sum(one.due - one.ended for one in seconds) if rate is not None else 0
    fresh = max(rate or 0.0, sum(one.due for one in seconds) / len(seconds))  # a session has several requests
    events = sum(one.ended if one.events is None else one.events for one in seconds)
    found = []
    for place, bound in enumerate(bounds):
        ended, sums = [_count(one, place) for one in seconds], [one.sums[place] for one in seconds]
        if rate is not None and bound.within_s is not None:
            # No more than rate x limit of those that wait can be younger than the limit.
            late = max(0.0, backlog - fresh * bound.within_s)
            ended[-1] += round(late)
            sums[-1] += round(late)
            events += round(late)
        found.append(_ratio(ended, sums, events, is_share=bound.is_share))
    return found


def _count(one: Second, place: int) -> int:
    return one.counts[place] if one.counts else one.ended


def growth(seconds: Sequence[Second]) -> Estimate:
    """Return by how many requests a second what is due and unanswered grows.

    The changes of a queue that never runs empty are independent. Those of one that does pull back: what one second
    leaves over the next one answers, and the upper end is nearer for it. The lower end stays: to say that it grows,
    independence is the careful assumption.
    """
    changes = [one.change for one in seconds]
    count = len(changes)
    mean = sum(changes) / count
    residuals = [change - mean for change in changes]
    squares = sum(one * one for one in residuals)
    spread = math.sqrt(squares / (count - 1)) if count > 1 else 0.0
    half = _t(count - 1) * max(spread, _LEAST_CHANGE) / math.sqrt(count)
    pull = sum(early * late for early, late in pairwise(residuals)) / squares if squares > 0 else 0.0
    pull = min(max(pull, _MOST_PULL), 0.0)
    return Estimate(mean, mean - half, mean + half * math.sqrt((1 + pull) / (1 - pull)))


def _ends(seconds: Sequence[Second]) -> float:
    """Return by how many requests a backlog may differ at its two ends, and not grow.

    The changes of one that comes and goes are differences of neighbours, so that their sum has the deviation of one.
    """
    changes = [one.change for one in seconds]
    return max(LEAST_GROWN, ENDS * pstdev(changes))


def _ratio(counts: Sequence[int], sums: Sequence[float], events: int, *, is_share: bool) -> Estimate:
    total, amount = sum(counts), float(sum(sums))
    if not total:
        return Estimate(0.0, 0.0, 1.0 if is_share else math.inf)
    value = amount / total
    residuals = [one - value * count for one, count in zip(sums, counts, strict=True)]
    number = len(residuals)
    squares = sum(one * one for one in residuals)
    if number > 1:
        squares *= number / (number - 1) * _inflation(residuals, squares)
    variance = squares / total**2
    if is_share:
        most = max(1, min(events, total))
        guarded = (value * most + 2) / (most + 4)
        variance = max(variance, guarded * (1 - guarded) / most)
    half = _t(number - 1) * math.sqrt(variance)
    return Estimate(value, max(0.0, value - half), value + half)


def _inflation(residuals: Sequence[float], squares: float) -> float:
    """Return by how much autocorrelation widens a variance: (1 + r) / (1 - r) of an AR(1)."""
    if squares <= 0:
        return 1.0
    r = sum(early * late for early, late in pairwise(residuals)) / squares
    r = min(max(r, 0.0), _MOST_CORRELATED)
    return (1 + r) / (1 - r)


def _t(freedom: int) -> float:
    if freedom < 1:
        return math.inf
    return _T99[freedom - 1] if freedom <= len(_T99) else _T99_MANY
