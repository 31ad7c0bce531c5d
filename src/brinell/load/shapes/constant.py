"""Open model at a constant rate: requests fall due whether or not earlier ones were answered."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import ClassVar

import msgspec

HIGHEST_RATE = 1_000_000.0
LONGEST_S = 30 * 86_400.0
_SECOND_NS = 1_000_000_000


class Constant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``rate`` requests a second for ``duration`` seconds, evenly spaced, the first one at once."""

    model: ClassVar[str] = "open"

    rate: float
    duration: float

    def __post_init__(self) -> None:
        """Refuse what cannot be scheduled."""
        if not 0 < self.rate <= HIGHEST_RATE:
            raise ValueError(f"rate lies above 0 and is at most {HIGHEST_RATE:.0f} a second")
        if not 0 < self.duration <= LONGEST_S:
            raise ValueError("duration lies above 0 and is at most 30 days")

    @property
    def span_s(self) -> float:
        """Seconds of the schedule."""
        return self.duration

    @property
    def target_rate(self) -> float | None:
        """Requests a second."""
        return self.rate

    def due_ns(self, worker: int, workers: int) -> Iterator[int]:
        """Yield one worker's due times in nanoseconds from the start, ascending.

        Worker w of W takes every W-th request beginning with the w-th, so that together they keep the even spacing.
        Request i is due at floor(i / rate): no error adds up, however long the run.
        """
        # The decimal that was written, not the binary float next to it: 0.1 a second is one every 10 s exactly.
        rate = Fraction(repr(self.rate))
        step, per = rate.denominator * _SECOND_NS, rate.numerator
        end = int(Fraction(repr(self.duration)) * _SECOND_NS)
        index = worker
        while (due := index * step // per) < end:
            yield due
            index += workers
