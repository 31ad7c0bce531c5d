"""Open model with one spike: a usual rate, a sudden crowd, the usual rate again. Does it recover, and how soon?"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from brinell.load.shapes.profile import Profile, Stage, Stretch, check_rate, check_span, exact, linear


class Spike(Profile, frozen=True, forbid_unknown_fields=True):
    """``rate`` requests a second, which may be 0, but ``peak`` for ``lasts_s`` seconds from ``at_s`` on.

    ``rise_s`` is how long the rate takes to get there and, afterwards, back; 0: at once.
    """

    rate: float
    peak: float
    at_s: float
    lasts_s: float
    duration: float
    rise_s: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what cannot be scheduled."""
        check_rate("rate", self.rate, least=0)
        check_rate("peak", self.peak)
        check_span("duration", self.duration)
        check_span("lasts_s", self.lasts_s)
        if self.at_s < 0 or self.rise_s < 0:
            raise ValueError(f"{'at_s' if self.at_s < 0 else 'rise_s'} is 0 or lies above it")
        if self._corners[-2][0] > self._corners[-1][0]:
            raise ValueError("duration ends before the spike does: it needs at_s, lasts_s and twice rise_s")

    @property
    def _corners(self) -> tuple[tuple[float, float], ...]:
        """(seconds, rate) between which the rate is even or changes evenly."""
        begin, rise = exact(self.at_s), exact(self.rise_s)
        top = begin + rise
        end = top + exact(self.lasts_s)
        return (
            (0.0, self.rate), (float(begin), self.rate), (float(top), self.peak), (float(end), self.peak),
            (float(end + rise), self.rate), (self.duration, self.rate),
        )  # fmt: skip

    @property
    def span_s(self) -> float:
        """Seconds of the schedule."""
        return self.duration

    @property
    def peak_rate(self) -> float:
        """The higher of both rates."""
        return max(self.rate, self.peak)

    @property
    def stages(self) -> tuple[Stage, ...]:
        """Before, the peak, and after: the way there and back belongs to neither."""
        pieces = list(pairwise(self._corners))
        return tuple(
            Stage(early, late, before, after)
            for (early, before), (late, after) in (pieces[0], pieces[2], pieces[4])
            if late > early
        )

    def stretches(self) -> Iterator[Stretch]:
        """Up to five pieces."""
        for (early, before), (late, after) in pairwise(self._corners):
            if late > early:
                yield linear(exact(early), exact(late) - exact(early), exact(before), exact(after))
