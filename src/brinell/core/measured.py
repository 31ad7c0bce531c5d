"""A number of one run with an interval, and what two of them say of each other.

An interval holds 95 % of what a run's own variation makes of its number. Those of two runs make that of their
difference by the squares of what lies between each estimate and its ends (MOVER: Zou and Donner, Statistics in Medicine
27, 2008; of shares: Newcombe 1998), so that neither needs to be symmetrical, and a run can be compared with one of
which nothing was kept but numbers and intervals.
"""

from __future__ import annotations

import math

import msgspec

HIGHER, LOWER, NOISE, CANNOT_TELL = "higher", "lower", "could be noise", "cannot tell"


class Measured(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A number with its 95 % interval. Without one, ``why`` says why nothing can be told of a difference."""

    value: float | None
    low: float | None = None
    high: float | None = None
    why: str = ""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One number of both runs. ``answer``: higher, lower, could be noise, or cannot tell; ``why`` says why not.

    ``ratio`` is b / a, ``low`` and ``high`` its 95 % interval; of shares, ``points`` and those are differences, b - a.
    """

    a: float | None
    b: float | None
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    answer: str = CANNOT_TELL
    why: str = ""
    points: float | None = None


def by_ratio(a: Measured, b: Measured) -> Change:
    """Compare what is above zero by how many times as much it is."""
    ratio = b.value / a.value if a.value and b.value is not None else None
    ends = _ends(a, b, positive=True)
    if ends is None:
        return Change(a=a.value, b=b.value, ratio=ratio, why=_why(a, b, "there is nothing to divide by"))
    (here_a, low_a, high_a), (here_b, low_b, high_b) = (tuple(map(math.log, one)) for one in ends)
    low, high = _between((here_a, low_a, high_a), (here_b, low_b, high_b))
    low, high = math.exp(low), math.exp(high)
    return Change(a=a.value, b=b.value, ratio=ratio, low=low, high=high, answer=_answer(low, high, 1.0))


def by_points(a: Measured, b: Measured) -> Change:
    """Compare shares by their difference, because either may be zero."""
    ratio = b.value / a.value if a.value and b.value is not None else None
    ends = _ends(a, b, positive=False)
    if ends is None:
        return Change(a=a.value, b=b.value, ratio=ratio, why=_why(a, b, "nothing was measured"))
    low, high = _between(*ends)
    points = ends[1][0] - ends[0][0]
    return Change(a=a.value, b=b.value, ratio=ratio, low=low, high=high, points=points, answer=_answer(low, high, 0.0))


def by_bracket(a: Measured, b: Measured, apart: float = 1.0) -> Change:
    """Compare what is only known to lie between two levels, of which the upper one (None) may not have been found.

    A difference is one where the brackets lie apart by a factor of more than ``apart``.
    """
    ratio = b.value / a.value if a.value and b.value is not None else None
    if a.low is None or b.low is None or a.why or b.why:
        return Change(a=a.value, b=b.value, ratio=ratio, why=_why(a, b, "nothing was measured"))
    if a.high is None and b.high is None:
        return Change(a=a.value, b=b.value, ratio=ratio, why="neither run broke it")
    low = b.low / a.high if a.high else None
    high = b.high / a.low if b.high is not None and a.low else None
    answer = HIGHER if low is not None and low > apart else LOWER if high is not None and high < 1 / apart else NOISE
    return Change(a=a.value, b=b.value, ratio=ratio, low=low, high=high, answer=answer)


class Numbers(msgspec.Struct, frozen=True, kw_only=True):
    """A number of both runs; ``ratio`` is b / a, None where it cannot be."""

    a: float | None
    b: float | None

    @property
    def ratio(self) -> float | None:
        """Return b / a."""
        return self.b / self.a if self.a and self.b is not None else None


_Ends = tuple[float, float, float]


def _ends(a: Measured, b: Measured, *, positive: bool) -> tuple[_Ends, _Ends] | None:
    """Return value, low and high of both; None where one is not known, or has no logarithm."""
    found = []
    for one in (a, b):
        if one.why or one.value is None or one.low is None or one.high is None:
            return None
        if positive and min(one.value, one.low) <= 0:
            return None
        found.append((one.value, min(one.low, one.value), max(one.high, one.value)))
    return found[0], found[1]


def _between(a: _Ends, b: _Ends) -> tuple[float, float]:
    apart = b[0] - a[0]
    return apart - math.hypot(b[0] - b[1], a[2] - a[0]), apart + math.hypot(b[2] - b[0], a[0] - a[1])


def _answer(low: float, high: float, same: float) -> str:
    return HIGHER if low > same else LOWER if high < same else NOISE


def _why(a: Measured, b: Measured, else_: str) -> str:
    return a.why or b.why or else_
