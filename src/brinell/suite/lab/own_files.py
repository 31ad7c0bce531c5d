"""Jobs of a suite whose modules start threads: each child collects the files of its own tests, forked before that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from brinell.core.errors import SubjectError
from brinell.core.observation import Choice
from brinell.core.redact import one_line
from brinell.core.roles import Room
from brinell.suite.lab.early import EarlyLab
from brinell.suite.lab.job import Job, Lab, Result
from brinell.suite.lab.server import ServerProcess


class OwnFilesLab:
    """Does what ``fresh`` does without starting an interpreter, loading plug-ins and conftests each time.

    Jobs that need a process which starts otherwise go to ``fresh``; all of them once the server has died. The server is
    closed here, ``fresh`` is not.
    """

    forks = False  # a job costs a collection of its files

    def __init__(self, room: Room, server: ServerProcess, fresh: Lab, *, why: str, collect_s: float) -> None:
        self.tests = fresh.tests
        self.why = why
        self._room = room
        self._fresh = fresh
        self._early: EarlyLab | None = EarlyLab(room, server, self.tests, collect_s=collect_s)

    def run(self, jobs: Iterable[Job]) -> Iterator[Result]:
        """Yield results as they come in; ticks."""
        every = list(jobs)
        waiting = [job for job in every if not _needs_process(job)]
        yield from self._fresh.run([job for job in every if _needs_process(job)])
        if self._early is not None:
            asked = [msgspec.structs.replace(job, collect=self._files(job)) for job in waiting]
            of = {id(new): job for new, job in zip(asked, waiting, strict=True)}
            try:
                for result in self._early.run(asked):
                    job = of.pop(id(result.job))
                    yield msgspec.structs.replace(result, job=job)
            except SubjectError as gone:
                self._room.emit(Choice("fresh processes from here on, which is slow", one_line(str(gone), 500)))
                self.close()
            waiting = list(of.values())
        yield from self._fresh.run(waiting)

    def _files(self, job: Job) -> tuple[str, ...]:
        if job.collect is not None:
            return job.collect
        return tuple(dict.fromkeys(self.tests[test].split("::", 1)[0] for test in job.tests))

    def close(self) -> None:
        """End the server and its children."""
        if self._early is not None:
            self._early.close()
        self._early = None


def _needs_process(job: Job) -> bool:
    return job.hash_seed is not None or bool(job.env or job.prefix) or job.beside is not None
