"""When requests fall due, and how late the loop noticed: the schedule, free of clocks and sockets."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain, repeat
from operator import add

NEVER = 1 << 62


class Pacer:
    """Walks one worker's due times. ``next_ns`` is the next one on the monotonic clock, ``NEVER`` after the last.

    ``lag`` collects woken minus due in nanoseconds of every request that fell due: the generator's own delay, whether
    or not a connection was free.
    """

    __slots__ = ("_advance", "_late", "lag", "next_ns")

    def __init__(self, dues: Iterator[int], start_ns: int, lag: array[int]) -> None:
        self.lag = lag
        self._late = lag.append
        self._advance = chain(map(partial(add, start_ns), dues), repeat(NEVER)).__next__
        self.next_ns = self._advance()

    def due_by(self, now_ns: int) -> Sequence[int]:
        """Return the due times that have come by ``now_ns``, each once."""
        due = self.next_ns
        if due > now_ns:
            return ()
        self._late(now_ns - due)
        following = self.next_ns = self._advance()
        if following > now_ns:
            return (due,)  # nearly always: the loop wakes for each
        found = [due]
        while following <= now_ns:
            found.append(following)
            self._late(now_ns - following)
            following = self._advance()
        self.next_ns = following
        return found

    def stop(self) -> None:
        """Let nothing more fall due."""
        self._advance = repeat(NEVER).__next__
        self.next_ns = NEVER


class GrainedPacer(Pacer):
    """Lets what falls due within ``grain_ns`` fall due together, at its end, and nothing later than ``end_ns``.

    ``next_ns`` is when that is. Being woken later than that is lag; having waited for the others is not, but it is in
    every response time, which counts from the request's own due time.
    """

    __slots__ = ("_due", "_end_ns", "_grain_ns")

    def __init__(self, dues: Iterator[int], start_ns: int, lag: array[int], grain_ns: int, end_ns: int) -> None:
        super().__init__(dues, start_ns, lag)
        self._grain_ns = grain_ns
        self._end_ns = end_ns
        self._due = self.next_ns
        self._appoint()

    def due_by(self, now_ns: int) -> Sequence[int]:
        """Return the due times that have come by ``now_ns``, each once; none before their appointment."""
        if self.next_ns > now_ns:
            return ()
        late_ns = now_ns - self.next_ns
        found = []
        while self._due <= now_ns:
            found.append(self._due)
            self._late(late_ns)
            self._due = self._advance()
        self._appoint()
        return found

    def stop(self) -> None:
        """Let nothing more fall due."""
        super().stop()
        self._due = NEVER

    def _appoint(self) -> None:
        self.next_ns = min(NEVER, max(self._due, min(self._due + self._grain_ns, self._end_ns)))
