"""What open shapes share: the number of requests that are due by a moment is the integral of the rate, and request i is
due when that integral reaches i: an inverse, worked out from the index alone, so that no error adds up.

A schedule is cut into ``Stretch`` pieces, each with an inverse of its own; within a piece only the distance from its
beginning is a floating-point number, all the rest are integers and fractions. Due times are worked out in blocks,
because numpy does five hundred at the price of ten.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Self

import msgspec
import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from brinell.load.contract import Shape

HIGHEST_RATE = 1_000_000.0
LONGEST_S = 30 * 86_400.0
SECOND_NS = 1_000_000_000
BLOCK = 512

Numbers = npt.NDArray[np.float64]
Inverse = Callable[[Numbers, Numbers], Numbers]
"""Takes how many requests' worth of integral lie behind and ahead of requests in a stretch, and gives their distance
from its beginning in nanoseconds. Both are given, because one of them is exact near either end."""


class Stage(NamedTuple):
    """A part of a schedule that is judged by itself: seconds from the start, requests a second at either end."""

    from_s: float
    to_s: float
    from_rate: float
    to_rate: float


class Stretch(NamedTuple):
    """From ``begin_ns`` to ``end_ns``, in which so many ``requests`` (not a whole number) fall due."""

    begin_ns: int
    end_ns: int
    requests: Fraction
    inverse: Inverse


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An open shape whose rate varies by plan. Subclasses give ``span_s``, ``stretches`` and ``peak_rate``."""

    model: ClassVar[str] = "open"

    @property
    def span_s(self) -> float:
        """Seconds of the schedule."""
        raise NotImplementedError

    @property
    def peak_rate(self) -> float:
        """The highest rate, requests a second."""
        raise NotImplementedError

    @property
    def target_rate(self) -> float:
        """Requests a second, on average over the whole schedule."""
        return self.planned() / self.span_s

    @property
    def stages(self) -> tuple[Stage, ...]:
        """Parts that are judged by themselves."""
        return ()

    def stretches(self) -> Iterator[Stretch]:
        """Yield the pieces of the schedule, one after the other, from 0 to the span."""
        raise NotImplementedError

    def planned(self, until_s: float | None = None) -> int:
        """Requests that are due in the first ``until_s`` seconds of the schedule; None: in all of it."""
        return planned(self.stretches(), until_s)

    def due_ns(self, worker: int, workers: int) -> Iterator[int]:
        """Yield every ``workers``-th due time from the ``worker``-th on, nanoseconds from the start, ascending."""
        return walk(self.stretches(), worker, workers)

    def prepared(self, folder: Path) -> Self | Shape:  # noqa: ARG002 - the role's signature
        """Return what workers get: the shape itself."""
        return self


def exact(number: float) -> Fraction:
    """Return the decimal that was written, not the binary float next to it: 0.1 a second is one every 10 s exactly."""
    return Fraction(repr(number))


def check_rate(name: str, rate: float, *, least: float | None = None) -> None:
    """ValueError naming the field where a rate cannot be scheduled; ``least`` 0 allows none at all."""
    if least is not None and rate == least:
        return
    if not 0 < rate <= HIGHEST_RATE:
        low = "is 0 or lies above it" if least is not None else "lies above 0"
        raise ValueError(f"{name} {low} and is at most {HIGHEST_RATE:.0f} a second")


def check_span(name: str, seconds: float) -> None:
    """ValueError naming the field where a time cannot be scheduled."""
    if not 0 < seconds <= LONGEST_S:
        raise ValueError(f"{name} lies above 0 and is at most 30 days")


def walk(stretches: Iterable[Stretch], worker: int, workers: int) -> Iterator[int]:
    """Yield one worker's share of the due times of these stretches.

    Request i belongs to the stretch in which the integral passes i, so that none falls due while the rate is 0.
    """
    behind = Fraction(0)
    for begin_ns, end_ns, requests, inverse in stretches:
        ahead = behind + requests
        first, last = -(-behind.numerator // behind.denominator), -(-ahead.numerator // ahead.denominator)
        start_part, end_part = float(first - behind), float(last - ahead)
        index = first + (worker - first) % workers
        while index < last:
            upto = min(last, index + BLOCK * workers)
            steps = np.arange(index - first, upto - first, workers, dtype=np.float64)
            offsets = inverse(steps + start_part, (float(last - first) - steps) - end_part)
            room = end_ns - begin_ns - 1
            yield from (np.clip(offsets, 0.0, float(max(room, 0))).astype(np.int64) + begin_ns).tolist()
            index += BLOCK * workers
        behind = ahead


def planned(stretches: Iterable[Stretch], until_s: float | None) -> int:
    """Count the requests that are due before a moment."""
    until_ns = None if until_s is None else int(exact(until_s) * SECOND_NS)
    behind = Fraction(0)
    found = 0
    for stretch in stretches:
        ahead = behind + stretch.requests
        last = -(-ahead.numerator // ahead.denominator)
        if until_ns is not None and stretch.end_ns > until_ns:
            return found + _before(stretch, behind, until_ns)
        found, behind = last, ahead
    return found


def _before(stretch: Stretch, behind: Fraction, until_ns: int) -> int:
    """Count a stretch's requests that are due before ``until_ns``, by halving."""
    first = -(-behind.numerator // behind.denominator)
    ahead = behind + stretch.requests
    low, high = 0, -(-ahead.numerator // ahead.denominator) - first
    while low < high:
        middle = (low + high) // 2
        done = np.array([float(first + middle - behind)])
        offset = int(stretch.inverse(done, np.array([float(ahead - first - middle)]))[0])
        if stretch.begin_ns + min(max(offset, 0), stretch.end_ns - stretch.begin_ns - 1) < until_ns:
            low = middle + 1
        else:
            high = middle
    return low


def linear(begin_s: Fraction, lasts_s: Fraction, from_rate: Fraction, to_rate: Fraction) -> Stretch:
    """A stretch whose rate goes evenly from one value to another.

    With n requests behind, at rate r and slope a: n = r t + a t^2 / 2, so t = 2 n / (r + sqrt(r^2 + 2 a n)), the
    solution of the quadratic that does not cancel. Where the rate falls, it is solved from the other end.
    """
    begin_ns, end_ns = int(begin_s * SECOND_NS), int((begin_s + lasts_s) * SECOND_NS)
    low, high = float(min(from_rate, to_rate)), float(max(from_rate, to_rate))
    slope = float((max(from_rate, to_rate) - min(from_rate, to_rate)) / lasts_s)
    length_ns = float(lasts_s * SECOND_NS)

    def rising(done: Numbers) -> Numbers:
        speed = low + np.sqrt(low * low + 2 * slope * done)
        return 2e9 * np.divide(done, speed, out=np.zeros_like(done), where=speed > 0)

    def inverse(done: Numbers, left: Numbers) -> Numbers:
        if from_rate == to_rate:
            return np.floor(done * 1e9 / high if high else done)
        return np.floor(rising(done) if to_rate > from_rate else length_ns - rising(np.maximum(left, 0.0)))

    return Stretch(begin_ns, end_ns, (from_rate + to_rate) / 2 * lasts_s, inverse)
