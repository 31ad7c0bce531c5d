"""Open model at a rate that goes evenly from one value to another."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from brinell.load.shapes.profile import Profile, Stage, Stretch, check_rate, check_span, exact, linear

PARTS = 10  # that are judged by themselves


class Ramp(Profile, frozen=True, forbid_unknown_fields=True):
    """From ``from_rate`` to ``to_rate`` requests a second in ``duration`` seconds; either may be 0."""

    from_rate: float
    to_rate: float
    duration: float

    def __post_init__(self) -> None:
        """Refuse what cannot be scheduled."""
        check_rate("from_rate", self.from_rate, least=0)
        check_rate("to_rate", self.to_rate, least=0)
        if self.from_rate == self.to_rate == 0:
            raise ValueError("to_rate is 0 as from_rate is: nothing would be sent")
        check_span("duration", self.duration)

    @property
    def span_s(self) -> float:
        """Seconds of the schedule."""
        return self.duration

    @property
    def peak_rate(self) -> float:
        """The higher end."""
        return max(self.from_rate, self.to_rate)

    @property
    def stages(self) -> tuple[Stage, ...]:
        """Ten equal parts; fewer where they would be shorter than a second."""
        parts = min(PARTS, int(self.duration))
        rise = self.to_rate - self.from_rate
        edges = [
            (self.duration * part / parts, self.from_rate + rise * part / parts) for part in range(parts + 1) if parts
        ]
        return tuple(Stage(early, late, before, after) for (early, before), (late, after) in pairwise(edges))

    def stretches(self) -> Iterator[Stretch]:
        """One piece."""
        yield linear(exact(0.0), exact(self.duration), exact(self.from_rate), exact(self.to_rate))
