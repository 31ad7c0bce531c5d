"""Traffic within limits that were asked for: requests that became stale are shed, users think and keep to a rate, and a
bound on the number of requests holds. What is not limited takes the plain classes, which pay nothing for this.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable
from typing import NamedTuple

from brinell.core import outcomes
from brinell.load.engine.agenda import Agenda, Schedule
from brinell.load.engine.connection import IDLE, Connection
from brinell.load.engine.traffic import LONGEST_PAUSE_NS, PAUSE_NS, ClosedTraffic, Means, OpenTraffic
from brinell.load.engine.work import Operation

_now = time.monotonic_ns


class Bounds(NamedTuple):
    """Of one worker; 0 and None: no such bound. ``think_ns``: between which a think time is drawn evenly; ``gap_ns``:
    between two beginnings of one user, at least; ``requests``: begun in all, at most.
    """

    shed_ns: int = 0
    requests: int | None = None
    think_ns: tuple[int, int] = (0, 0)
    gap_ns: int = 0
    seed: str = ""

    @property
    def users_wait(self) -> bool:
        """Whether users of the closed model wait before they come back."""
        return self.think_ns[1] > 0 or self.gap_ns > 0


NO_BOUNDS = Bounds()
NO_CONNECTION = "waiting for a connection"


def break_stale(connections: Iterable[Connection], now: int, shed_ns: int) -> int:
    """Break off connections that are still opening for a request as old as that; return how many there were."""
    edge = now - shed_ns
    stale = [one for one in connections if one.operation is not IDLE and not one.started and one.due <= edge]
    for connection in stale:
        connection.break_off(outcomes.SHED, connection.phase, now)
    return len(stale)


class Manners:
    """When a user comes back."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._source = random.Random(f"think:{bounds.seed}")  # noqa: S311 - think times, no secret

    def first_ns(self, now: int) -> int:
        """Return when a user comes for the first time: not all at once, but spread over what they will wait."""
        longest = max(self._bounds.think_ns[1], self._bounds.gap_ns)
        return now + self._source.randint(0, longest) if longest else now

    def next_ns(self, began: int, now: int) -> int:
        """Return when a user who began at ``began`` and was answered at ``now`` comes back."""
        least, most = self._bounds.think_ns
        think = least if least == most else self._source.randint(least, most)
        return max(now + think, began + self._bounds.gap_ns)


class SheddingTraffic(OpenTraffic):
    """Drops a request that was not sent ``shed_ns`` after it was due. It is recorded at its age, as ``shed``."""

    def __init__(self, means: Means, connections: int, shed_ns: int) -> None:
        super().__init__(means, connections)
        self._shed_ns = shed_ns

    def tick(self, now: int, limit_ns: int) -> None:
        """Shed also what still waits for its connection to open."""
        stale = break_stale(self.open, now, self._shed_ns)  # which lets others be shed, and counted, meanwhile
        self.shed += stale
        super().tick(now, limit_ns)

    def _go_on(self, connection: Connection, now: int) -> None:
        self._drop(now)
        super()._go_on(connection, now)

    def _open_owed(self, now: int) -> None:
        self._drop(now)
        super()._open_owed(now)

    def _drop(self, now: int) -> None:
        edge = now - self._shed_ns
        while self._due and self._due[0] <= edge:
            due, woken = self._due.popleft(), self._woken.popleft()
            self.shed += 1
            operation = self._choose()
            operation.cell(outcomes.SHED).record(now - due, None)
            self._exemplars.error(operation.name, outcomes.SHED, (due, woken, 0, now), NO_CONNECTION)


class PoliteUsers(ClosedTraffic):
    """Users who wait before they come back, or who stop after so many requests in all.

    A user is no connection here: whoever comes back takes one that is free. A request is due when its user comes back.
    """

    def __init__(self, means: Means, connections: int, bounds: Bounds) -> None:
        super().__init__(means, connections)
        self._manners = Manners(bounds)
        self._left = bounds.requests
        self._agenda: Agenda[int]

    def agenda(self, schedule: Schedule) -> Schedule:
        """Return the schedule with the returns of users in it; what is kept of a user is how often it failed."""
        self._agenda = Agenda(schedule, self._return)
        return self._agenda

    def begin(self) -> None:
        """Let every user come, at its time."""
        now = _now()
        for _ in range(self._most):
            self._agenda.add(self._manners.first_ns(now), 0)
        self._end_if_done(now)  # where this worker has no part of the bound

    def repeated(self, connection: Connection, operation: Operation, ended_ns: int) -> None:
        """As ``answered``."""
        self._as_answered(connection, operation, ended_ns)

    def _go_on(self, connection: Connection, now: int) -> None:
        back = self._manners.next_ns(connection.due or connection.started, now)
        if back <= now and self._may_begin(now):
            connection.begin(self._choose(), now, now, _now())
        else:
            self._rest(connection)
            self._agenda.add(back, 0)
            self._end_if_done(now)

    def _replace(self, gone: Connection, now: int) -> None:
        pause_ns = 0 if gone.used else min(PAUSE_NS << min(gone.failures, 10), LONGEST_PAUSE_NS)
        back = max(now + pause_ns, self._manners.next_ns(gone.due or now, now))
        self._agenda.add(back, 0 if gone.used else gone.failures + 1)
        self._end_if_done(now)

    def _return(self, failures: int, due: int) -> None:
        now = _now()
        if not self._may_begin(now):
            return
        if self._free:
            self._free.pop().begin(self._choose(), due, now, _now())
        else:
            self._open_one(due, now, failures)

    def _open_owed(self, now: int) -> None:
        """Whoever is owed a connection asks for it when it comes back."""

    def _may_begin(self, now: int) -> bool:
        if now >= self.until_ns or self._left == 0:
            return False
        if self._left is not None:
            self._left -= 1
        return True

    def _end_if_done(self, now: int) -> None:
        """The schedule of a bounded number ends with the last answer."""
        if self._left == 0 and not self.in_flight:
            self.spent = True
            self.until_ns = min(self.until_ns, now)
