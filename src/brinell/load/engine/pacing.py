"""When requests fall due, and how late the loop noticed: the schedule, free of clocks and sockets."""

from __future__ import annotations

from array import array
from collections.abc import Iterator

NEVER = 1 << 62


class Pacer:
    """Walks one worker's due times. ``next_ns`` is the next one on the monotonic clock, ``NEVER`` after the last.

    ``lag`` collects woken minus due in nanoseconds of every request that fell due: the generator's own delay, whether
    or not a connection was free.
    """

    __slots__ = ("_dues", "_start_ns", "lag", "next_ns", "passed")

    def __init__(self, dues: Iterator[int], start_ns: int, lag: array[int]) -> None:
        self._dues = dues
        self._start_ns = start_ns
        self.lag = lag
        self.passed = 0
        self.next_ns = 0
        self._advance()

    def due_by(self, now_ns: int) -> Iterator[int]:
        """Yield the due times that have come by ``now_ns``, each once."""
        while self.next_ns <= now_ns:
            due = self.next_ns
            self.lag.append(now_ns - due)
            self.passed += 1
            self._advance()
            yield due

    def stop(self) -> None:
        """Let nothing more fall due."""
        self._dues = iter(())
        self.next_ns = NEVER

    def _advance(self) -> None:
        offset = next(self._dues, None)
        self.next_ns = NEVER if offset is None else self._start_ns + offset
