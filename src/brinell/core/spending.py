"""Which tests to run again within a budget of time, so that most flaky ones show, and what could still be missed.

A test's rate of the rarer outcome has the prior Beta(0.03, 2): the mean is 1.5 %, and 16 % of tests have a rate above 1
in 1,000. Google reports as much (Micco 2016: 1.5 % of runs are flaky, and 16 % of tests at some time). For new and
changed tests the first parameter is three times as high (Lam et al., OOPSLA 2020: 75 % of flaky tests are so when
added).
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from statistics import median_low
from typing import NamedTuple

from brinell.core.flaky_rates import missed

RATE, STEADY = 0.03, 2.0
NEW_TIMES = 3
AGAIN = "ran again"
"""What the choice is called that says which tests the rest of a budget went to."""
FAILED = 1.0
"""A test that failed whenever it ran is suspected as if it had shown once that it is flaky."""

LEAST_S = 0.001
"""A rerun is taken to need at least so long, whatever was recorded: that of a fork, and a bound on their number."""


@dataclass(slots=True)
class Tried:
    """What is known of a test: seconds of a run, and how its runs came out.

    ``new``: it was added, or it or what it runs was changed. ``suspicion`` counts as so many times that it was seen to
    be flaky elsewhere: 0 for none, and parts of one for hints.
    """

    seconds: float
    passed: int = 0
    failed: int = 0
    new: bool = False
    suspicion: float = 0.0

    @property
    def runs(self) -> int:
        """All runs."""
        return self.passed + self.failed

    @property
    def is_flaky(self) -> bool:
        """Whether it went both ways: then another run tells nothing new."""
        return self.passed > 0 and self.failed > 0

    def surprise(self, runs: int) -> float:
        """Return the probability that, after so many runs that all came out the same, the next does not."""
        flaky = RATE * (NEW_TIMES if self.new else 1) + self.suspicion + (FAILED if self.failed else 0)
        return flaky / (flaky + STEADY + runs)


def next_reruns(tests: Sequence[Tried], budget_s: float, enough: int | None = None) -> Iterator[int]:
    """Yield the index of the test to run next, each time the one most likely to surprise per second.

    Record outcomes in ``tests`` meanwhile: one that went both ways is not asked for again, nor is one with ``enough``
    runs. An outcome may come late (runs side by side): until the test's turn comes again it counts as one more of the
    same. It ends when no test fits what is left of the budget, by the durations in ``tests``; ties go to the lower
    index. Raises ValueError, at the first ``next``, for a duration, a count or a budget that cannot be.
    """
    _check(tests, budget_s)
    asked = [test.runs for test in tests]
    heap = [(-_gain(test, test.runs), index) for index, test in enumerate(tests)]
    heapq.heapify(heap)
    while heap:
        rank, index = heapq.heappop(heap)
        test = tests[index]
        if test.is_flaky or _cost_s(test) > budget_s:
            continue
        asked[index] = max(asked[index], test.runs)
        if enough is not None and asked[index] >= enough:
            continue
        now = -_gain(test, asked[index])
        if now != rank:  # an outcome came since it was ranked
            heapq.heappush(heap, (now, index))
            continue
        budget_s -= _cost_s(test)
        asked[index] += 1
        yield index
        heapq.heappush(heap, (-_gain(test, max(asked[index], test.runs)), index))


def _gain(test: Tried, runs: int) -> float:
    return test.surprise(runs) / _cost_s(test)


def _cost_s(test: Tried) -> float:
    return max(test.seconds, LEAST_S)


def _check(tests: Sequence[Tried], budget_s: float) -> None:
    if not isfinite(budget_s) or budget_s < 0:
        raise ValueError(f"not a budget: {budget_s} s")
    for index, test in enumerate(tests):
        numbers = (test.seconds, test.suspicion, test.passed, test.failed)
        if not all(isfinite(number) and number >= 0 for number in numbers):
            raise ValueError(f"test {index} cannot be: {test}")


class Missed(NamedTuple):
    """How probably a test that fails with ``rate`` did not fail once: for the test with the fewest runs, and the median
    number of runs (the lower one of two).
    """

    rate: float
    least_runs: int
    median_runs: int
    probability_least: float
    probability_median: float


def what_could_be_missed(runs_per_test: Sequence[int], rate: float = 1 / 200) -> Missed:
    """Return what so many runs of each test may have missed: give only those of tests that always did the same.

    Raises ValueError without any test, for negative runs, or a rate outside 0 to 1.
    """
    if not runs_per_test:
        raise ValueError("nothing can be missed where there is no test")
    least, median = min(runs_per_test), median_low(runs_per_test)
    return Missed(rate, least, median, missed(rate, least), missed(rate, median))
