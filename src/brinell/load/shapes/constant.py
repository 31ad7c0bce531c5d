"""Open model at a constant rate: requests fall due whether or not earlier ones were answered."""

from __future__ import annotations

from collections.abc import Iterator

from brinell.load.shapes.profile import SECOND_NS, Profile, Stretch, check_rate, check_span, exact, linear


class Constant(Profile, frozen=True, forbid_unknown_fields=True):
    """``rate`` requests a second for ``duration`` seconds, evenly spaced, the first one at once."""

    rate: float
    duration: float

    def __post_init__(self) -> None:
        """Refuse what cannot be scheduled."""
        check_rate("rate", self.rate)
        check_span("duration", self.duration)

    @property
    def span_s(self) -> float:
        """Seconds of the schedule."""
        return self.duration

    @property
    def target_rate(self) -> float:
        """Requests a second."""
        return self.rate

    @property
    def peak_rate(self) -> float:
        """The rate."""
        return self.rate

    def stretches(self) -> Iterator[Stretch]:
        """One piece."""
        yield linear(exact(0.0), exact(self.duration), exact(self.rate), exact(self.rate))

    def due_ns(self, worker: int, workers: int) -> Iterator[int]:
        """Yield one worker's due times in nanoseconds from the start, ascending.

        Worker w of W takes every W-th request beginning with the w-th, so that together they keep the even spacing.
        Request i is due at floor(i / rate): no error adds up, however long the run.
        """
        rate = exact(self.rate)
        step, per = rate.denominator * SECOND_NS, rate.numerator
        end = int(exact(self.duration) * SECOND_NS)
        index = worker
        while (due := index * step // per) < end:
            yield due
            index += workers
