"""What a property test costs at any number of examples: a model of one test, fitted to ordinary runs of it.

    seconds(n) = once + young(n) * e1 + early(n) * growth * e2 + later(n) * e2

``once`` is what does not depend on n: the engine's set-up, explicit examples, replayed ones, and the first example, in
which strategies are built and modules imported. ``young`` examples are those that Hypothesis keeps small on purpose
(the first tenth, at most fifty, in older versions at least ten): they cost ``e1``, later ones ``e2``. Both are per
*valid* example, with their share of rejected ones and of the engine's own time. ``early`` ones, up to the fiftieth,
cost less than later ones: the search goes from short choices to long ones. By how much (``growth``) is a matter of the
engine more than of the test, so it is the median of a project's tests, which tells more than the few early examples of
one. Where the search space is exhausted, further examples are not made.

All seconds are of an undisturbed machine: time in which the test was ready to run and had no core is left out, and what
slows a core down (a neighbour on it, its clock) is taken back in proportion to what the same piece of work took before
and after the test (``undisturbed_s``).

The interval is for one future run: the error of the fitted means, the luck of the examples that run will draw (both
from the spread of the examples that were seen), and what two runs of the same examples differ by (``_AGAIN``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import sqrt
from statistics import fmean, median, pvariance
from typing import NamedTuple

from brinell.core.property_records import FITTED, LOOK, PropertyRun

_Z = 1.96
_AGAIN = 0.05  # standard deviation of a run's time around its own mean, as a share; caches, memory, clock frequency
_MOST_PACE = 2.0  # further apart than that, the yardstick was disturbed and not the test
_FEW = 10  # examples whose mean says something
_EARLY = 50  # examples that a ``growth`` is about
_GROWTH = (0.5, 1.5)  # further away it is no property of the engine
_GROWTH_TESTS = 5  # tests that agree on one
_GROWTH_SEEN = (20, 50)  # early and later examples of one test, for its own ratio
_MOST_YOUNG = 50
_NO_LEAST = (6, 120)  # the version of Hypothesis since which few examples are not all kept small
EXHAUSTED = "nothing left to do"


class Predicted(NamedTuple):
    """Seconds of one run and the interval that holds 19 of 20."""

    seconds: float
    low: float
    high: float


class Cost(NamedTuple):
    """The fitted model of one test; see the module's words. ``seen`` is how many examples it rests on."""

    once_s: float
    young_s: float
    later_s: float
    young_sd: float
    later_sd: float
    young_seen: int
    later_seen: int
    exhausted: int | None  # valid examples there are, where the engine ran out of them
    valid_share: float  # valid examples for each one asked for, where the engine gave up
    least_young: int  # how many examples this Hypothesis keeps small, however few are asked for
    growth: float = 1.0  # what an early example costs, as a share of a later one

    @property
    def per_example_s(self) -> float:
        """Seconds of one more example."""
        return self.later_s

    def predict(self, examples: int) -> Predicted:
        """Return the seconds of a run with ``max_examples`` = ``examples``, without its fixtures."""
        seconds, luck, error = self._moments(examples)
        half = _Z * sqrt((_AGAIN * seconds) ** 2 + luck + error)
        return Predicted(seconds, max(0.0, seconds - half), seconds + half)

    def luck(self, examples: int) -> float:
        """Return by which share of its mean a run's time differs with the examples it draws: a standard deviation."""
        seconds, luck, _ = self._moments(examples)
        return sqrt(luck) / seconds if seconds else 0.0

    def error(self, examples: int) -> float:
        """Return the standard error of the predicted mean, as a share of it."""
        seconds, _, error = self._moments(examples)
        return sqrt(error) / seconds if seconds else 0.0

    def _moments(self, examples: int) -> tuple[float, float, float]:
        """Return the predicted seconds, the variance of the examples' luck, and that of the fitted means."""
        count = self.count(examples)
        young = min(max(count - 1, 0), _young(examples, self.least_young))
        early = max(min(count, _EARLY) - 1 - young, 0)
        later = max(count - 1 - young, 0) - early
        like_later = early * self.growth + later
        seconds = self.once_s + young * self.young_s + like_later * self.later_s
        luck = young * self.young_sd**2 + (early * self.growth**2 + later) * self.later_sd**2
        error = (young * self.young_sd) ** 2 / max(1, self.young_seen)
        error += (like_later * self.later_sd) ** 2 / max(1, self.later_seen)
        return seconds, luck, error

    def count(self, examples: int) -> int:
        """Return how many valid examples a run will see."""
        wanted = max(1, round(examples * self.valid_share))
        return wanted if self.exhausted is None else min(wanted, self.exhausted)

    def most_examples(self, seconds: float, most: int) -> int:
        """Return the largest number up to ``most`` that is predicted to take at most ``seconds``; at least 1."""
        low, high = 1, most
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self.predict(middle).seconds <= seconds else (low, middle - 1)
        return low


def _young(examples: int, least: int) -> int:
    return max(least, min(examples // 10, _MOST_YOUNG))


def least_young(hypothesis: str) -> int:
    """Return how many examples a version of Hypothesis keeps small at least; newer ones have no least number."""
    parts = hypothesis.split(".")[:2]
    numbers = tuple(int(part) for part in parts if part.isdecimal())
    return 10 if numbers < _NO_LEAST else 0


def undisturbed_s(run: PropertyRun, pace_s: float = 0.0) -> float:
    """Return the call's seconds without those in which it waited for a core (where the system tells them).

    With ``pace_s``: as they would have been had the machine done the yardstick's work in that time (``usual_pace_s``).
    """
    seconds = max(run.cpu_s if run.starved_s else 0.0, run.call_s - (run.starved_s or 0.0), 0.0)
    if not (pace_s and run.pace_s):
        return seconds
    worked = min(run.cpu_s, seconds)  # what it slept takes as long on any machine
    return seconds - worked + worked * min(_MOST_PACE, max(1 / _MOST_PACE, pace_s / run.pace_s))


def usual_pace_s(runs: Iterable[PropertyRun]) -> float:
    """Return what the yardstick's work takes while costs are measured; 0 where that is not known."""
    return median([run.pace_s for run in runs if run.purpose in FITTED and run.pace_s] or [0.0])


def usable(runs: Iterable[PropertyRun]) -> list[PropertyRun]:
    """Return the ordinary runs that passed and have examples: what the model is fitted to."""
    return [run for run in runs if run.purpose in FITTED and run.outcome == "passed" and run.cost_us]


def growth_of(tests: Iterable[Sequence[PropertyRun]], least: int = 0) -> float:
    """Return what an early example costs as a share of a later one, from the runs of many tests: the median; 1 where
    fewer than five tests tell.
    """
    ratios = []
    for runs in tests:
        parts = [_parts(run, least, 0.0) for run in usable(runs)]
        early = [cost for part in parts if part.later for cost in part.early]
        later = [cost for part in parts for cost in part.later]
        if len(early) >= _GROWTH_SEEN[0] and len(later) >= _GROWTH_SEEN[1] and fmean(later) > 0:
            ratios.append(fmean(early) / fmean(later))
    return min(_GROWTH[1], max(_GROWTH[0], median(ratios))) if len(ratios) >= _GROWTH_TESTS else 1.0


def fit(runs: Sequence[PropertyRun], least: int = 0, pace_s: float = 0.0, growth: float = 1.0) -> Cost | None:
    """Fit the model to runs of one test; None where no ordinary run passed. ``least`` is ``least_young``, ``pace_s``
    ``usual_pace_s``, ``growth`` ``growth_of``.
    """
    found = usable(runs)
    if not found:
        return None
    parts = [_parts(run, least, pace_s) for run in found]
    # The first look is the first to import, compile and cache: what it costs once is no ordinary run's.
    once = [part.once_s for part, run in zip(parts, found, strict=True) if run.purpose != LOOK]
    young = [cost for part in parts for cost in part.young]
    later = [cost / growth for part in parts for cost in part.early] + [cost for part in parts for cost in part.later]
    # Of the larger runs, where there are any: a run of ten examples has no later ones.
    longest = max(found, key=lambda run: run.ran)
    young_s = fmean(young or later or [0.0])
    later_s = fmean(later) if len(later) >= _FEW else max(young_s, fmean(later or [0.0]))
    valid = longest.statuses.count("v") + longest.left_out
    exhausted = valid if EXHAUSTED in longest.stopped else None
    return Cost(
        once_s=median(once or [part.once_s for part in parts]),
        young_s=young_s,
        later_s=later_s,
        young_sd=_spread(young if len(young) > 1 else young + later, young_s),
        later_sd=_spread(later if len(later) > 1 else young + later, later_s),
        young_seen=len(young or later),
        later_seen=len(later or young),
        exhausted=exhausted,
        least_young=least,
        valid_share=1.0 if exhausted is not None else min(1.0, valid / longest.ran) if longest.ran else 1.0,
        growth=growth,
    )


def _spread(costs: Sequence[float], otherwise: float) -> float:
    return sqrt(pvariance(costs)) if len(costs) > 1 else otherwise


class _Parts(NamedTuple):
    once_s: float
    young: list[float]
    early: list[float]
    later: list[float]


def _parts(run: PropertyRun, least: int, pace_s: float) -> _Parts:
    """Split one run: what it cost once, and each valid example with what was rejected before it and its overhead."""
    speed = undisturbed_s(run, pace_s) / run.call_s if run.call_s > 0 else 1.0
    generate_s = run.phases_s.get("generate", 0.0)
    told_s = sum(run.cost_us) / 1e6
    # The engine's time between examples; of examples that were not listed, their own as well.
    overhead = max(0.0, generate_s - told_s)
    overhead_each = overhead / max(1, len(run.cost_us) - 1)
    costs: list[float] = []
    pending = 0.0
    for status, cost in zip(run.statuses[1:], run.cost_us[1:], strict=False):
        pending += cost / 1e6 + overhead_each
        if status == "v":
            costs.append(pending * speed)
            pending = 0.0
    if pending and costs:  # rejected ones at the end belong to all
        costs = [cost + pending * speed / len(costs) for cost in costs]
    once = (max(0.0, run.call_s - generate_s) + run.cost_us[0] / 1e6) * speed
    if not costs:
        once += pending * speed
    young = _young(run.ran, least)
    until = max(young, _EARLY - 1)  # ``costs`` begin with the second example
    return _Parts(once, costs[:young], costs[young:until], costs[until:])
