"""Was it steady, from when on, and if not: how much longer must it run?

Three series by second: the rate of answers, and the logarithms of the median and of the 95th percentile of the
response times (logarithms, so that one slow second does not outweigh all others). In each, the warm-up is cut where
the standard error of what is left is smallest (MSER: White, Simulation 69, 1997; in batches of five: White, Cobb and
Spratt, WSC 2000), if what is cut differs from what is left by more than chance and by more than ``WORTH``. What is
left is tested for a trend: a straight line through batch means, batches so long that neighbours no longer resemble
each other (Law and Carson, Operations Research 27, 1979), the rest of their likeness put into the variance. Steady
means: no change from the beginning of that part to its end that is both certain and worth speaking of, and none larger
than ``DRIFT`` that could be hidden by the noise.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

LEAST_S = 15  # of a steady part, and of a run to speak of at all
BATCH = 5  # seconds, for MSER
WORTH = 0.1  # a difference smaller than that, as a share, is no warm-up and no trend
DRIFT = 0.3  # a change over the steady part larger than that must not be possible any more
GROWTH = 0.4  # a rise over the whole run (as a logarithm: by half) from which on it is called growth
SURE = 0.01  # two-sided error of calling a trend one, or a warm-up
CONFIDENCE = 0.95  # of the interval of the change
MOST_LONGER = 20.0  # times the run: beyond, no length is named
_CUTS = 12  # places tried after MSER's, up to half of the run
_BATCHES = (30, 20, 15, 10, 8)
_CHANCE = 4.0  # standard errors by which a warm-up differs: it was picked as the best of many cuts
_AS_GOOD = 1.2
_ALIKE = 1.5  # standard deviations of a chance correlation of neighbouring batches

Series = npt.NDArray[np.float64]


class Change(NamedTuple):
    """From the beginning to the end of a part, as a share of its mean; ``low`` and ``high`` at ``CONFIDENCE``.

    ``sure``: a change beyond doubt of ``SURE``. The logarithmic series have their change as a logarithm.
    """

    change: float
    low: float
    high: float
    sure: bool


class Answer(NamedTuple):
    """``kind``: ``steady``, ``moving``, ``growing``, ``unclear`` or ``too-short``; seconds by index in the series.

    ``begin`` is where the steady part begins (the warm-up's length), None where there is none; it ends with the series.
    ``longer_s`` is how long to run instead, None where it is steady, or where no length will do.
    """

    kind: str
    begin: int | None
    longer_s: float | None
    changes: dict[str, Change]
    worst: str = ""  # the series that decided against it


def judge(rate: Series, median_ms: Series, p95_ms: Series) -> Answer:
    """Judge series of equal length, one value a second, without what came after the schedule's end.

    Seconds without an answer have rate 0 and NaN elsewhere. ValueError where lengths differ.
    """
    if not len(rate) == len(median_ms) == len(p95_ms):
        raise ValueError("series of one run have one length")
    n = len(rate)
    if n <= LEAST_S:
        return Answer("too-short", None, 2.0 * LEAST_S, {})
    series = _prepared(rate, median_ms, p95_ms)
    first = max((_warm_up(one) for one in series.values()), default=0)
    latest = min(n // 2, n - LEAST_S)
    looks = [_look(series, begin) for begin in _begins(first, latest)]
    for number, look in enumerate(looks):
        if look.kind == "steady":
            if look.begin == first or any(_differs(one, look.begin or 0) for one in series.values()):
                return look
            looks[number] = look._replace(kind="unclear")  # calm by chance: what would be cut is no different
    last = looks[-1]
    if all(look.kind == "moving" for look in looks) and _growing(series, last.changes):
        return last._replace(kind="growing", begin=None)
    unclear = next((look for look in looks if look.kind == "unclear"), None)
    if unclear is None or not unclear.worst:
        return (unclear or last)._replace(begin=None, longer_s=2.0 * n)
    return unclear._replace(begin=None, longer_s=_longer(n, n - (unclear.begin or 0), unclear.changes[unclear.worst]))


def change(values: Series) -> Change:
    """Return how much a series changes from its beginning to its end, by a straight line through its batch means."""
    for batches in _BATCHES:
        size = len(values) // batches
        if size == 0:
            continue
        means = values[len(values) - size * batches :].reshape(batches, size).mean(axis=1)
        slope, residuals = _line(means)
        alike = _alike(residuals)
        if abs(alike + 2 / batches) <= _ALIKE / math.sqrt(batches):
            break
    alike = min(max(0.0, alike + 2 / batches), 0.9) if np.any(residuals) else 0.0  # fitting a line lowers it so much
    spread = float(residuals @ residuals) / (batches - 2) * (1 + alike) / (1 - alike)
    length = len(values) / size  # in batches; a part of one was left out
    error = length * math.sqrt(spread / ((batches**3 - batches) / 12))
    moved = slope * length
    half = t_quantile((1 + CONFIDENCE) / 2, batches - 2) * error
    sure = abs(moved) > t_quantile(1 - SURE / 2, batches - 2) * error and abs(moved) > WORTH
    return Change(moved, moved - half, moved + half, sure)


def mser(values: Series, batch: int, floor: float = 0.0) -> int:
    """Return how many values to cut from the beginning, at most half: MSER over means of ``batch`` values.

    The least cut that does as well as the best one, but for ``_AS_GOOD``: the curve is flat at its lowest, and where
    exactly it is lowest there is chance. ``floor`` is a standard deviation below which noise is not worth a cut.
    """
    count = len(values) // batch
    means = values[: count * batch].reshape(count, batch).mean(axis=1)
    left = np.arange(count, 0, -1, dtype=np.float64)
    sums, squares = np.cumsum(means[::-1])[::-1], np.cumsum(means[::-1] ** 2)[::-1]
    error = (np.maximum(squares - sums**2 / left, 0.0) + left * floor**2) / left**2
    half = error[: count // 2 + 1]
    return int(np.argmax(half <= _AS_GOOD * half.min())) * batch


def t_quantile(share: float, freedom: int) -> float:
    """Return Student's t for a share above one half, within 1 % from five degrees of freedom on.

    Cornish and Fisher's expansion: Abramowitz and Stegun, 26.7.5.
    """
    z = NormalDist().inv_cdf(share)
    return z + (
        (z**3 + z) / (4 * freedom)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * freedom**3)
    )


def _prepared(rate: Series, median_ms: Series, p95_ms: Series) -> dict[str, Series]:
    """Scale the series so that a difference is a share; what is missing lies between its neighbours."""
    found = {}
    if rate.mean() > 0:
        found["rate"] = rate / rate.mean()
    for name, values in (("median", median_ms), ("p95", p95_ms)):
        there = np.flatnonzero(values > 0)
        if len(there) > len(values) / 2:
            found[name] = np.interp(np.arange(len(values)), there, np.log(values[there]))
    return found


def _warm_up(values: Series) -> int:
    """Return the length of the warm-up: MSER's cut, if what is cut differs from the rest beyond chance."""
    n = len(values)
    cut = mser(values, BATCH if n >= 20 * BATCH else max(1, n // 20), WORTH / 5)
    return cut if cut and _differs(values, cut) else 0


def _differs(values: Series, cut: int) -> bool:
    """Whether what is cut differs from the rest beyond chance, and by more than is worth speaking of."""
    rest = values[cut:]
    difference = abs(float(values[:cut].mean() - rest.mean()))
    return difference > max(WORTH, _CHANCE * math.sqrt(_variance(rest) * (1 / cut + 1 / len(rest))))


def _variance(values: Series) -> float:
    """Return the variance of the mean times the number of values, likeness of neighbours included."""
    size = max(1, len(values) // 15)
    count = len(values) // size
    means = values[len(values) - size * count :].reshape(count, size).mean(axis=1)
    _, residuals = _line(means)
    alike = min(max(0.0, _alike(residuals) + 2 / count), 0.9)
    return size * float(residuals @ residuals) / (count - 2) * (1 + alike) / (1 - alike)


def _line(means: Series) -> tuple[float, Series]:
    """Fit a straight line; return its slope and what is left."""
    x = np.arange(len(means)) - (len(means) - 1) / 2
    slope = float(x @ means / (x @ x))
    return slope, means - means.mean() - slope * x


def _alike(residuals: Series) -> float:
    """Return the correlation of neighbours."""
    whole = float(residuals @ residuals)
    return float(residuals[:-1] @ residuals[1:]) / whole if whole > 0 else 0.0


def _begins(first: int, latest: int) -> list[int]:
    """Where the steady part may begin: where the warm-up was cut, then later places, up to half of the run."""
    if first >= latest:
        return [latest]
    step = max(1, math.ceil((latest - first) / _CUTS))
    return [*range(first, latest, step), latest]


def _look(series: Mapping[str, Series], begin: int) -> Answer:
    """Judge what is left from ``begin`` on."""
    changes = {name: change(one[begin:]) for name, one in series.items()}
    moving = [name for name, one in changes.items() if one.sure]
    worst = max(moving or changes, key=lambda name: _widest(changes[name]), default="")
    if moving:
        return Answer("moving", begin, None, changes, worst)
    kind = "steady" if worst and _widest(changes[worst]) <= DRIFT else "unclear"
    return Answer(kind, begin, None, changes, worst)


def _widest(one: Change) -> float:
    return max(abs(one.low), abs(one.high))


def _growing(series: Mapping[str, Series], late: Mapping[str, Change]) -> bool:
    """Response times rise by much over the whole run, and for certain to its end."""
    return any(
        late[name].sure and late[name].change > 0 and change(series[name]).low > GROWTH
        for name in ("median", "p95")
        if name in late
    )


def _longer(n: int, left: int, worst: Change) -> float | None:
    """How long to run so that the interval would do: its half falls with the root of the length. None: for ever."""
    half = (worst.high - worst.low) / 2
    room = max(DRIFT - abs(worst.change), DRIFT / 3)
    needed = n - left + left * (half / room) ** 2
    return None if needed > MOST_LONGER * n else float(math.ceil(max(1.5 * n, needed)))
