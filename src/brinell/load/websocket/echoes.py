"""Answers that came as they were expected, put aside as they are read, and worked out for many at once.

What Python does for one number costs more than what numpy does for a hundred: when an answer came is in a stamp of the
system's, which need not be looked at before the second is over.
"""

from __future__ import annotations

from array import array

import numpy as np

from brinell.core import outcomes
from brinell.load.engine.exemplars import SLOWEST, Exemplars
from brinell.load.engine.recorder import Cell, Counts
from brinell.load.engine.stamps import ahead_ns
from brinell.load.websocket.deliveries import arrivals


class Echoes:
    """Answers to messages of one kind. ``stamps`` say when each came, ``instants`` when its message was due, noticed
    and sent: three arrays, in the order of the stamps.
    """

    __slots__ = ("_cell", "_exemplars", "_marked", "_marks", "instants", "stamps")

    def __init__(self, cell: Cell, exemplars: Exemplars) -> None:
        self._cell = cell
        self._exemplars = exemplars
        self.stamps: list[bytes] = []
        self.instants = array("q"), array("q"), array("q")
        self._marks: list[tuple[int, int, int]] = []  # how many more, read until when, and the wall clock then
        self._marked = 0

    def mark(self, now: int) -> None:
        """Note until when those were read that were put aside since the last mark. The wall clock is steered, by
        whoever likes, and set: so the shorter ago, the better it is known what a stamp says.
        """
        count = len(self.stamps)
        if count > self._marked:
            self._marks.append((count - self._marked, now, ahead_ns()))
            self._marked = count

    def work_out(self, now: int) -> int:
        """Record what was put aside; return how many that were. None came after ``now``."""
        self.mark(now)
        count, self._marked = self._marked, 0
        if not count:
            return 0
        due, woken, started = (np.array(one, dtype=np.int64) for one in self.instants)
        each, until, ahead = np.array(self._marks, dtype=np.int64).T
        ended = arrivals(self.stamps, started, np.repeat(until, each), np.repeat(ahead, each))
        for one in (self.stamps, self._marks, *self.instants):
            del one[:]
        response = ended - due
        self._cell.response.frombytes(response.tobytes())
        self._cell.service.frombytes((ended - started).tobytes())
        self._examples(response, (due, woken, started, ended))
        return count

    def _examples(self, response: Counts, instants: tuple[Counts, Counts, Counts, Counts]) -> None:
        slow = np.flatnonzero(response > self._exemplars.floor_ns)
        for place in slow[np.argsort(response[slow])[::-1][:SLOWEST]]:  # the slowest first: they raise the floor
            if response[place] <= self._exemplars.floor_ns:
                return
            due, woken, started, ended = (int(one[place]) for one in instants)
            self._exemplars.slow(self._cell.operation, outcomes.OK, (due, woken, started, ended), "")
