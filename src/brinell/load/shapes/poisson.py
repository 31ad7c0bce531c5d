"""Open model with arrivals as independent people make them: a Poisson process."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from brinell.load.shapes.profile import BLOCK, SECOND_NS, Profile, Stretch, check_rate, check_span, exact, linear

COUNTED = 2_000_000  # expected requests up to which the sequence is counted; beyond, the average is as good
_MOST_BITS = 20  # gaps are added up as integers, exactly, in units down to a millionth of a nanosecond
_ROOM_BITS = 46  # of a mean gap: a block of the longest gaps there can be is then below 2^63


class Poisson(Profile, frozen=True, forbid_unknown_fields=True):
    """``rate`` requests a second on average for ``duration`` seconds, with exponential gaps.

    All workers walk the one sequence that ``seed`` gives, and each takes every W-th: the traffic is the same with any
    number of workers. The generator is PCG64's raw stream, which numpy keeps as it is.
    """

    rate: float
    duration: float
    seed: int = 1

    def __post_init__(self) -> None:
        """Refuse what cannot be scheduled."""
        check_rate("rate", self.rate)
        check_span("duration", self.duration)
        if not 0 <= self.seed < 2**32:
            raise ValueError("seed is a whole number from 0 to 4294967295")

    @property
    def _bits(self) -> int:
        return max(0, min(_MOST_BITS, _ROOM_BITS - int(1e9 / self.rate).bit_length()))

    @property
    def span_s(self) -> float:
        """Seconds of the schedule."""
        return self.duration

    @property
    def peak_rate(self) -> float:
        """The rate."""
        return self.rate

    @property
    def target_rate(self) -> float:
        """The rate: what is expected, not what the seed gave."""
        return self.rate

    def stretches(self) -> Iterator[Stretch]:
        """The average."""
        yield linear(exact(0.0), exact(self.duration), exact(self.rate), exact(self.rate))

    def planned(self, until_s: float | None = None) -> int:
        """Requests of the sequence in the first ``until_s`` seconds: counted, where they are not too many for that."""
        within_s = self.duration if until_s is None else min(until_s, self.duration)
        if self.rate * within_s > COUNTED:
            return super().planned(until_s)
        end = int(exact(within_s) * SECOND_NS) << self._bits
        count = 0
        for moments, base in self._blocks():
            count += int(np.searchsorted(moments, end - base))
            if base + int(moments[-1]) >= end:
                break
        return count

    def due_ns(self, worker: int, workers: int) -> Iterator[int]:
        """Yield every ``workers``-th moment of the sequence from the ``worker``-th on."""
        bits = self._bits
        end = int(exact(self.duration) * SECOND_NS) << bits
        skip = worker
        for moments, base in self._blocks():
            for moment in moments[skip::workers].tolist():
                if base + moment >= end:
                    return
                yield (base + moment) >> bits
            if base + int(moments[-1]) >= end:
                return
            skip = skip - len(moments) if skip >= len(moments) else (skip - len(moments)) % workers

    def _blocks(self) -> Iterator[tuple[npt.NDArray[np.int64], int]]:
        """Yield blocks of moments in the small unit, each counted from where the last one ended."""
        source = np.random.PCG64(self.seed)
        mean = 1e9 / self.rate * (1 << self._bits)
        base = 0
        while True:
            uniform = (source.random_raw(BLOCK) >> np.uint64(11)) * 2.0**-53
            gaps = -np.log1p(-uniform) * mean
            # At less than one a day a gap can be longer than 63 bits add up, and than any schedule.
            moments = np.cumsum(np.minimum(gaps, 2.0**62 / BLOCK).astype(np.int64))
            yield moments, base
            base += int(moments[-1])
