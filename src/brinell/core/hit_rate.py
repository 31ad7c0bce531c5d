"""Hit rates: an interval that knows that hits come in runs, and what a cache of some capacity could reach at best."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from brinell.core.key_choice import KeyChoice
from brinell.core.student import NORMAL, student

BATCH = 20
"""Gets that are counted together."""
_FEWEST = 8  # groups of which a variance is estimated
_BEYOND = 3.0  # standard errors


class HitRate(NamedTuple):
    """The share of hits with its 95 % interval; ``counts_as`` so many independent gets."""

    value: float
    low: float
    high: float
    counts_as: float


class Ideal(NamedTuple):
    """What a cache that holds the most popular keys reaches, one that drops the least recently used, and one that drops
    the oldest, or any, whatever is asked for. ``lru``, ``fifo`` None: the approximation does not hold there.
    """

    static: float
    lru: float | None
    fifo: float | None = None


def hit_rate(batches: Sequence[int], size: int = BATCH) -> HitRate | None:
    """Return the hit rate of batches of ``size`` consecutive gets, in order; None where there is no batch.

    Wilson's interval (JASA 22, 1927) for as many independent gets as tell as much: batches are put together until
    neighbours no longer go together, and how far the groups then differ beyond chance is the inflation of the variance
    (batch means: Law, Simulation Modeling and Analysis, 5th ed., 9.5.3). Its quantile is Student's, by how many groups
    there are and how often the rarer of hit and miss set in: a single run of misses tells little, however long it is.
    In what runs something comes that was never seen nobody knows, so that a whole batch then counts as one get.
    """
    if not len(batches):
        return None
    found = np.asarray(batches, dtype=np.float64) / size
    value = float(found.mean())
    spread = value * (1.0 - value)
    if len(found) < _FEWEST or spread <= 0:
        return _wilson(value, float(len(found)), NORMAL)
    groups, width = _independent(found, size)
    inflation = max(1.0, float(groups.var(ddof=1)) * width / spread * _still(groups))
    known = min(len(groups) - 1, _onsets(found))
    return _wilson(value, len(found) * size / inflation, student(known))


def cold_start(batches: Sequence[int]) -> int:
    """Return how many batches at the beginning are those of a cache that was filling up: half of them at most.

    The cut that leaves the smallest standard error (MSER: White, Simulation 69, 1997), and only where less was found
    before it than after it, beyond chance.
    """
    found = np.asarray(batches, dtype=np.float64)
    count = len(found)
    if count < 2 * _FEWEST:
        return 0
    left = np.arange(count, 0, -1, dtype=np.float64)
    total = np.cumsum(found[::-1])[::-1]
    squares = np.cumsum((found**2)[::-1])[::-1]
    errors = np.maximum(squares - total**2 / left, 0.0) / left**2
    cut = int(np.argmin(errors[: count // 2 + 1]))
    if not cut:
        return 0
    rest = found[cut:]
    beyond_chance = rest.mean() - found[:cut].mean() > _BEYOND * rest.std() / sqrt(cut)
    return cut if beyond_chance else 0


def _onsets(means: npt.NDArray[np.float64]) -> int:
    """Return how often the rarer of hit and miss set in: runs of batches with it; all of them where most have it."""
    has = means < 1.0 if means.mean() >= 0.5 else means > 0.0
    if has.mean() > 0.5:
        return int(has.sum())
    return max(1, int(has[0]) + int((has[1:] & ~has[:-1]).sum()))


def _independent(means: npt.NDArray[np.float64], size: int) -> tuple[npt.NDArray[np.float64], int]:
    """Return group means, and the gets in a group, with no more correlation between neighbours than chance makes."""
    width = size
    while len(means) >= 2 * _FEWEST and _correlation(means) > 1.0 / sqrt(len(means)):
        even = len(means) // 2 * 2
        means = means[:even].reshape(-1, 2).mean(axis=1)
        width *= 2
    return means, width


def _still(groups: npt.NDArray[np.float64]) -> float:
    """Return the inflation that correlation left between groups makes."""
    left = min(0.8, max(0.0, _correlation(groups)))
    return (1.0 + left) / (1.0 - left)


def _correlation(means: npt.NDArray[np.float64]) -> float:
    apart = means - means.mean()
    total = float((apart**2).sum())
    return float((apart[1:] * apart[:-1]).sum()) / total if total > 0 else 0.0


def _wilson(value: float, count: float, z: float) -> HitRate:
    middle = (value + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * sqrt(value * (1 - value) / count + z * z / (4 * count * count))
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return HitRate(value, min(low, value), max(high, value), count)


def ideal(choice: KeyChoice, capacity: int, *, kept: float = 1.0, inserting: bool = False) -> Ideal:
    """Return the best hit rates for ``capacity`` entries. ``kept``: the share of reads whose key was not deleted since
    it was last written; ``inserting``: ``latest`` moves on to new keys, where no popularity is fixed.
    """
    if capacity >= choice.keys and not inserting:
        return Ideal(kept, kept)
    shares = choice.shares
    static = float(shares[:capacity].sum()) * kept
    if choice.distribution == "scan":  # what comes next was dropped just before
        return Ideal(static, 0.0)
    if inserting:
        return Ideal(static, None)
    # Where all keys are alike, all are the same but for the arithmetic.
    lru = min(static, _che(shares, capacity) * kept)
    return Ideal(static, lru, min(lru, _gelenbe(shares, capacity)) if kept >= 1 else None)


def _che(shares: npt.NDArray[np.float64], capacity: int) -> float:
    """Return LRU's hit rate where gets are independent (Che, Tung and Wang, IEEE JSAC 20, 2002): a key is there if it
    was asked for within the characteristic time *t*, in which ``capacity`` keys are: sum(1 - exp(-p t)) = capacity.
    """
    low, high = 0.0, float(capacity)
    while float(-np.expm1(-shares * high).sum()) < capacity:
        low, high = high, high * 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if float(-np.expm1(-shares * middle).sum()) < capacity else (low, middle)
        if high - low < 1e-6 * high:
            break
    return float((shares * -np.expm1(-shares * high)).sum())


def _gelenbe(shares: npt.NDArray[np.float64], capacity: int) -> float:
    """Return the hit rate of FIFO and of random replacement where gets are independent (Gelenbe, IEEE Trans. Comp. 22,
    1973; as a fixed point: Martina, Garetto and Leonardi, INFOCOM 2014): a key is there for *t* after each miss, so
    that it is there p t / (1 + p t) of the time, and those shares add up to ``capacity``.
    """
    low, high = 0.0, float(capacity)
    while float((shares * high / (1 + shares * high)).sum()) < capacity:
        low, high = high, high * 2
    for _ in range(60):
        middle = (low + high) / 2
        there = float((shares * middle / (1 + shares * middle)).sum())
        low, high = (middle, high) if there < capacity else (low, middle)
        if high - low < 1e-6 * high:
            break
    return float((shares * (shares * high / (1 + shares * high))).sum())


def kept_share(shares: dict[str, float], *, loads: bool) -> float:
    """Return the share of reads that find a key which was not deleted since it was last written, in a cache without
    bounds: the last operation on it that decides was no delete. ``loads``: a read that misses writes.
    """
    writes = sum(shares.get(name, 0.0) for name in ("update", "read-modify-write"))
    writes += shares.get("read", 0.0) if loads else 0.0
    deletes = shares.get("delete", 0.0)
    return 1.0 if deletes <= 0 else writes / (writes + deletes)
