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
