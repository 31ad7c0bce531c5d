"""Paired comparisons that may be looked at again and again: the Hodges-Lehmann estimate of a shift with the interval of
Wilcoxon's signed-rank test, exact at every look, the error spent over the looks.

Which run of a pair goes first is drawn by lot, so that without any effect the difference of a pair is as likely to be
d as -d, whatever noise has done it: the test's only assumption, made true by the design. Look k may err with
6 / (pi k)^2 of the whole error; these sum to 1, so that over all looks together the error is kept (union bound).

Hodges and Lehmann, Annals of Mathematical Statistics 34 (1963); Hollander and Wolfe, Nonparametric Statistical Methods,
sections 3.1 to 3.3.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from statistics import NormalDist

import msgspec
import numpy as np

LOOKS = (8, 10, 12, 14, 17, 20, 25, 30, 36, 43, 52, 62, 75, 90, 108, 130, 156, 187, 225, 270, 324, 389, 467, 560)
"""Numbers of pairs after which the data are looked at. The first is the least that can decide anything at 1 %."""
ALPHA = 0.01
"""Error of either end of an interval, over all looks together."""
_EFFICIENCY = 3 / math.pi  # of the signed-rank test beside the t-test, for normal noise
_MOST_PAIRS = 560


class Shift(msgspec.Struct, frozen=True):
    """The shift of paired differences: Hodges-Lehmann estimate, and the interval's ends (infinite: too few pairs)."""

    estimate: float
    low: float
    high: float
    n: int


def level(n: int, alpha: float = ALPHA) -> float:
    """Return the error that an end of the interval may have when ``n`` pairs are looked at.

    A look between two of ``LOOKS`` is the last one, and spends the share of the next.
    """
    k = bisect_right(LOOKS, n) + (n not in LOOKS)
    return alpha * 6 / (math.pi * max(1, k)) ** 2


def shift(differences: Sequence[float], alpha: float) -> Shift:
    """Return estimate and interval; each end errs with ``alpha`` at most. Needs one finite difference or more."""
    values = np.asarray(differences, dtype=float)
    n = len(values)
    rows, columns = np.triu_indices(n)
    walsh = np.sort((values[rows] + values[columns]) / 2)
    k = _critical(n, alpha)
    if k == 0:
        return Shift(float(np.median(walsh)), -math.inf, math.inf, n)
    return Shift(float(np.median(walsh)), float(walsh[k - 1]), float(walsh[len(walsh) - k]), n)


@cache
def _critical(n: int, alpha: float) -> int:
    """Return the greatest k with P(W < k) <= alpha, W the signed-rank statistic of ``n`` pairs without any shift."""
    cumulated = np.cumsum(_null(n))
    return int(np.searchsorted(cumulated, alpha * (1 + 1e-12), side="right"))


@cache
def _null(n: int) -> np.ndarray:
    """Return P(W = w) for w from 0 to n (n + 1) / 2: each rank is counted or not, by a fair coin."""
    found = np.ones(1)
    for rank in range(1, n + 1):
        longer = np.zeros(len(found) + rank)
        longer[: len(found)] += found
        longer[rank:] += found
        found = longer / 2
    return found


def spread(differences: Sequence[float]) -> float:
    """Return a robust standard deviation: 1.4826 times the median absolute deviation; the plain one where that is 0."""
    values = np.asarray(differences, dtype=float)
    robust = 1.4826 * float(np.median(np.abs(values - np.median(values))))
    return robust or float(np.std(values))


def smallest_detectable(deviation: float, n: int, limit: float, power: float = 0.8) -> float:
    """Return the shift whose interval lies above ``limit`` with ``power``, given ``n`` pairs of such a deviation.

    Normal approximation, with the efficiency of the signed-rank test; infinite where ``n`` pairs can't decide.
    """
    if _critical(n, level(n)) == 0:
        return math.inf
    normal = NormalDist()
    z = normal.inv_cdf(1 - level(n)) + normal.inv_cdf(power)
    return limit + z * deviation / math.sqrt(_EFFICIENCY * n)


def pairs_to_settle(deviation: float, gap: float) -> int | None:
    """Return after how many pairs, one of ``LOOKS``, an interval is less than ``gap`` to either side; None: far."""
    normal = NormalDist()
    for n in LOOKS:
        half = normal.inv_cdf(1 - level(n)) * deviation / math.sqrt(_EFFICIENCY * n)
        if half < gap and n <= _MOST_PAIRS:
            return n
    return None
