"""Due times of a schedule and wake-ups of sessions in one order: the loop waits for the next of either."""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, Protocol, TypeVar

from brinell.load.engine.pacing import NEVER

T = TypeVar("T")


class Schedule(Protocol):
    """What the loop asks: when something is due next, and what is due by now. ``lag`` collects woken minus due, ns."""

    next_ns: int
    lag: array[int]

    def due_by(self, now_ns: int) -> Iterable[int]:
        """Return the due times that have come by ``now_ns``, each once."""
        ...

    def stop(self) -> None:
        """Let nothing more fall due."""
        ...


class Agenda(Generic[T]):
    """A schedule that also wakes who asked to be woken: ``wake(who, due_ns)`` is called from ``due_by``.

    Being woken late is lag, like a request that was noticed late.
    """

    __slots__ = ("_asleep", "_count", "_schedule", "_wake", "lag", "next_ns")

    def __init__(self, schedule: Schedule, wake: Callable[[T, int], None]) -> None:
        self._schedule = schedule
        self._wake = wake
        self._asleep: list[tuple[int, int, T]] = []  # a heap; the count keeps those of one moment in their order
        self._count = 0
        self.lag = schedule.lag
        self.next_ns = schedule.next_ns

    def add(self, due_ns: int, who: T) -> None:
        """Wake ``who`` at ``due_ns``."""
        self._count += 1
        heapq.heappush(self._asleep, (due_ns, self._count, who))
        self.next_ns = min(self.next_ns, due_ns)

    def due_by(self, now_ns: int) -> Iterator[int]:
        """Wake those whose time has come, each once: who asks again meanwhile has its turn after the sockets. Then
        yield what the schedule has.
        """
        asleep = self._asleep
        for _ in range(len(asleep)):
            if not asleep or asleep[0][0] > now_ns:  # whoever was woken may have stopped everything
                break
            due_ns, _, who = heapq.heappop(asleep)
            self.lag.append(now_ns - due_ns)
            self._wake(who, due_ns)
        yield from self._schedule.due_by(now_ns)
        self.next_ns = min(self._schedule.next_ns, asleep[0][0] if asleep else NEVER)

    def take(self) -> list[T]:
        """Return who sleeps, in the order of waking, and forget them."""
        found = [who for _, _, who in sorted(self._asleep, key=lambda entry: entry[:2])]
        self._asleep.clear()
        self.next_ns = self._schedule.next_ns
        return found

    def spend(self) -> None:
        """Let nothing more fall due by the schedule; who sleeps will wake."""
        self._schedule.stop()
        self.next_ns = self._asleep[0][0] if self._asleep else NEVER

    def stop(self) -> None:
        """Let nothing more fall due, and nobody wake."""
        self._schedule.stop()
        self._asleep.clear()
        self.next_ns = NEVER
