"""Small-sample statistics without assumptions about the distribution: exact, from the binomial with one half.

Conover, Practical Nonparametric Statistics, 3rd ed., sections 3.2 (quantile interval) and 3.4 (sign test).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import comb
from typing import NamedTuple

ALPHA = 0.05
"""One-sided error of the sign test; 1 - ALPHA is the confidence of intervals."""


class SignTest(NamedTuple):
    """How many of ``counted`` values lie above a threshold, and how likely that many are if its median does not.

    ``confirmed`` says that the median lies above, with an error of at most ``ALPHA``.
    """

    above: int
    counted: int
    p: float

    @property
    def confirmed(self) -> bool:
        """Whether the median is above the threshold beyond doubt of ``ALPHA``."""
        return self.p <= ALPHA


class Interval(NamedTuple):
    """An interval between two of the values, and the probability at least with which such intervals hold the median."""

    low: float
    high: float
    confidence: float


def sign_test(values: Sequence[float], threshold: float) -> SignTest:
    """Test, one-sided, whether the median behind ``values`` exceeds ``threshold``; values equal to it drop out."""
    above = sum(value > threshold for value in values)
    counted = sum(value != threshold for value in values)
    return SignTest(above, counted, upper_tail(above, counted))


def upper_tail(least: int, n: int) -> float:
    """Return P(X >= least) for X ~ Binomial(n, 1/2)."""
    return sum(comb(n, k) for k in range(max(least, 0), n + 1)) / (1 << n)


def runs_to_confirm(above: int = 0, counted: int = 0, alpha: float = ALPHA) -> int:
    """Return how many runs in all would confirm that the median is above, if every further one is: 5 from the start."""
    further = 0
    while upper_tail(above + further, counted + further) > alpha:
        further += 1
    return counted + further


def median_interval(values: Sequence[float], confidence: float = 1 - ALPHA) -> Interval | None:
    """Return the narrowest interval between symmetric order statistics that holds the median with ``confidence``.

    None where there are too few values (fewer than 6 for 95 %). Values are independent; ties only raise the confidence.
    """
    n = len(values)
    ordered = sorted(values)
    for lower in range((n - 1) // 2, -1, -1):  # zero-based rank of the lower end
        covered = 1 - 2 * upper_tail(n - lower, n)
        if covered >= confidence:
            return Interval(ordered[lower], ordered[n - 1 - lower], covered)
    return None
