"""Open model at a rate that swings like a day: from low to high and back."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from brinell.load.shapes.profile import SECOND_NS, Inverse, Numbers, Profile, Stretch, check_rate, check_span, exact

MOST_PERIODS = 10_000
_TURNS = 24  # of Newton's method at most; it takes four to eight


class Sine(Profile, frozen=True, forbid_unknown_fields=True):
    """Between ``low`` and ``high`` requests a second and back in ``period_s`` seconds, beginning at ``low``."""

    low: float
    high: float
    period_s: float
    duration: float

    def __post_init__(self) -> None:
        """Refuse what cannot be scheduled."""
        check_rate("low", self.low, least=0)
        check_rate("high", self.high)
        if self.low > self.high:
            raise ValueError("low lies above high")
        check_span("period_s", self.period_s)
        check_span("duration", self.duration)
        if self.duration > MOST_PERIODS * self.period_s:
            raise ValueError(f"period_s goes into the duration more than {MOST_PERIODS} times")

    @property
    def span_s(self) -> float:
        """Seconds of the schedule."""
        return self.duration

    @property
    def peak_rate(self) -> float:
        """The highest rate; where the schedule ends before it is reached, the highest that is."""
        if self.duration >= self.period_s / 2:
            return self.high
        swing = (self.high - self.low) / 2
        return self.low + swing * (1 - math.cos(2 * math.pi * self.duration / self.period_s))

    def stretches(self) -> Iterator[Stretch]:
        """Half periods: the second half is the first one read backwards, and only the first is solved.

        With the rate m - s cos(2 pi t / p), n = m t - s p / (2 pi) sin(2 pi t / p). In E = 2 pi t / p that is Kepler's
        equation, M = E - e sin E, with M = 2 pi n / (m p) and e = s / m.
        """
        period, span = exact(self.period_s), exact(self.duration)
        mean = (exact(self.low) + exact(self.high)) / 2
        turn = float(2 * math.pi / (mean * period))
        eccentricity = float((exact(self.high) - exact(self.low)) / 2 / mean)
        scale = float(period * SECOND_NS) / (2 * math.pi)
        half, each = period / 2, mean * period / 2

        def up(done: Numbers, left: Numbers) -> Numbers:  # noqa: ARG001 - as all inverses
            return np.floor(scale * solve(turn * done, eccentricity))

        def down(done: Numbers, left: Numbers) -> Numbers:  # noqa: ARG001 - as all inverses
            return np.floor(float(half * SECOND_NS) - scale * solve(turn * np.maximum(left, 0.0), eccentricity))

        for number in range(math.ceil(span / half)):
            begin, end = half * number, half * (number + 1)
            inverse: Inverse = down if number % 2 else up
            begin_ns, count = int(begin * SECOND_NS), each
            if end > span:
                part = float((end - span if number % 2 else span - begin) / period) * 2 * math.pi
                swept = Fraction((part - eccentricity * math.sin(part)) / turn)
                count = each - swept if number % 2 else swept
                end, inverse = span, (_short(down, float(swept)) if number % 2 else up)
            yield Stretch(begin_ns, int(end * SECOND_NS), count, inverse)


def solve(anomaly: Numbers, eccentricity: float) -> Numbers:
    """Return E with E - e sin E = M for each M from 0 to pi (Kepler's equation), 0 <= e <= 1.

    The left side is convex and rising there, so Newton's method comes down from any E that is too large. These are:
    M + e, M / (1 - e), pi, and, because E - sin E >= E^3 / pi^2, the cube root of pi^2 M / e.
    """
    found = np.minimum(anomaly + eccentricity, math.pi)
    if eccentricity < 1:
        found = np.minimum(found, anomaly / (1 - eccentricity))
    if eccentricity > 0:
        found = np.minimum(found, np.cbrt(math.pi**2 * anomaly / eccentricity))
    for _ in range(_TURNS):
        slope = 1 - eccentricity * np.cos(found)
        off = found - eccentricity * np.sin(found) - anomaly
        step = np.divide(off, slope, out=np.zeros_like(off), where=slope > 0)
        found = np.maximum(found - step, 0.0)
        if not np.any(np.abs(step) > 1e-15 * found):
            break
    return found


def _short(down: Inverse, missing: float) -> Inverse:
    """A way down that is cut off: what is left of the whole way is ``missing`` more."""
    return lambda done, left: down(done, left + missing)
