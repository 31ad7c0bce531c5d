"""A fork server that outlives what tests do to it: started again when one has ended it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from brinell.core.observation import Choice
from brinell.core.redact import one_line
from brinell.core.roles import Room
from brinell.suite.lab.job import Job, Lab, Result
from brinell.suite.lab.server import ForkLab, ServerGoneError

_MOST_STARTS = 3
_NAMED = 3


class EnduringLab:
    """Does jobs in ``first``'s children. Jobs with a test that was running when the server died go to ``fresh``.

    ``start`` gives another server, None if there can be none. After three, all jobs go to ``fresh``. What was lost is
    done again, and each loss is written down. ``first`` and what ``start`` gave are closed here, ``fresh`` is not.
    """

    why = ""

    def __init__(self, room: Room, first: ForkLab, start: Callable[[], ForkLab | None], fresh: Lab) -> None:
        self.tests = first.tests
        self.forks = True
        self._room = room
        self._fork: ForkLab | None = first
        self._start = start
        self._starts = 0
        self._fresh = fresh
        self._deadly: set[int] = set()

    def run(self, jobs: Iterable[Job]) -> Iterator[Result]:
        """Yield results as they come in; ticks."""
        waiting = list(jobs)
        while waiting:
            apart = [job for job in waiting if self._fork is None or not self._deadly.isdisjoint(job.tests)]
            yield from self._fresh.run(apart)
            waiting = [job for job in waiting if self._fork is not None and self._deadly.isdisjoint(job.tests)]
            try:
                for result in self._fork.run(list(waiting)) if self._fork is not None else ():
                    waiting.remove(result.job)
                    yield result
            except ServerGoneError as gone:
                self._again(gone)

    def _again(self, gone: ServerGoneError) -> None:
        new = sorted(gone.running - self._deadly)
        self._deadly |= gone.running
        self.close()
        self._starts += 1
        self._fork = self._start() if self._starts < _MOST_STARTS else None
        names = ", ".join(one_line(self.tests[test], 120) for test in new[:_NAMED])
        others = f" and {len(new) - _NAMED} more" if len(new) > _NAMED else ""
        reason = f"the process that serves the tests was ended while they ran: {names}{others}" if new else (
            "the process that serves the tests was ended"
        )  # fmt: skip
        if self._fork is None:
            self.forks, self.why = False, reason
            self._room.emit(Choice("fresh processes from here on, which is slow", reason))
        else:
            self._room.emit(Choice("some tests in fresh processes only, the others served anew", reason))

    def close(self) -> None:
        """End the server and its children."""
        if self._fork is not None:
            self._fork.close()
        self._fork = None
