"""Jobs in children that collected some files only, forked from a server that has collected nothing."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from brinell.core.errors import SubjectError
from brinell.core.roles import Room
from brinell.suite.lab.job import Job, Result
from brinell.suite.lab.server import ServerProcess, told
from brinell.suite.lab.slot_lines import Assembly, Collected, End, GroupLine, JobLine, Line, Uncollected, decode
from brinell.suite.untrusted import clean

COLLECT_S = 120.0  # what collection may take on top of the jobs' deadlines
_MOST_INSIDE = 100  # jobs in one child: what was collected is theirs to share, a deadline is, too


class _Group:
    """Jobs that share a child: what it collected, what it could not, and the job that speaks now."""

    def __init__(self, jobs: Mapping[int, Job]) -> None:
        self.waiting = dict(jobs)
        self._collected: list[str] = []
        self._uncollected: list[tuple[str, str]] = []
        self._assembly: Assembly | None = None
        self._begun = False

    def begin(self, number: int) -> None:
        """One of its jobs begins: from now on tests speak, too."""
        self._begun = True
        self._assembly = Assembly(self.waiting[number]) if number in self.waiting else None

    def take(self, line: Line) -> None:
        """Add a line that begins and ends nothing."""
        match line:
            case Collected() if not self._begun:
                self._collected += [clean(path, 1000) for path in line.paths]
            case Uncollected() if not self._begun:
                self._uncollected.append((clean(line.nodeid, 1000), clean(line.text, 300)))
            case _ if self._assembly is not None:
                self._assembly.take(line)

    def end(self, line: End) -> Iterator[Result]:
        """Yield the result of the job that ended; of all that are left, where it was the child itself."""
        if line.job in self.waiting:
            yield self._result(self.waiting.pop(line.job), line.how, line)
            return
        how = "lost" if line.how == "exit" else line.how
        while self.waiting:
            yield self._result(self.waiting.pop(next(iter(self.waiting))), how, line)

    def _result(self, job: Job, how: str, line: End) -> Result:
        assembly = self._assembly if self._assembly is not None and self._assembly.job is job else Assembly(job)
        self._assembly = None
        result = assembly.end(how, line.status, line.seconds)
        return msgspec.structs.replace(result, collected=tuple(self._collected), uncollected=tuple(self._uncollected))


class EarlyLab:
    """Does jobs that say what is to be collected. Neighbours that want the same share a child, each a child of its own
    inside. ``collect`` None: what pytest would, (): nothing.
    """

    forks = True
    why = ""

    def __init__(
        self, room: Room, server: ServerProcess, tests: Sequence[str], *, collect_s: float = COLLECT_S
    ) -> None:
        self._room = room
        self._server = server
        self._collect_s = collect_s
        self._number = 0
        self._at: dict[int, _Group] = {}  # by the descriptor of its slot
        self.tests = tuple(tests)

    def run(self, jobs: Iterable[Job]) -> Iterator[Result]:
        """Yield results as they come in. ``SubjectError`` if the server itself died."""
        waiting = deque(_shared(jobs))
        running: dict[int, _Group] = {}
        while waiting or running:
            while waiting and len(running) < 2 * len(self._server.slots):
                self._start(waiting.popleft(), running)
            self._server.look()
            for slot in self._server.slots:
                for raw in slot.lines.read():
                    for result in self._line(slot.wire, raw, running):
                        if result.how == "fork" and result.status is None:
                            waiting.append([result.job])  # where it was, nothing may be forked: it gets its own child
                        else:
                            yield result
            if running and self._server.gone and all(slot.lines.ended for slot in self._server.slots):
                tail = self._server.tail.decode("utf-8", "replace")[-500:]
                raise SubjectError(f"the process that forks before collection ended in the middle of its work: {tail}")

    def _start(self, jobs: Sequence[Job], running: dict[int, _Group]) -> None:
        """Send jobs that share a child."""
        self._number += 1
        outer, inside = self._number, {}
        for job in jobs:
            self._number += 1
            inside[self._number] = job
        running[outer] = _Group(inside)
        command = {
            "job": outer,
            "collect": jobs[0].collect,
            "alone": jobs[0].alone,
            "steps": [],
            "jobs": [{**told(number, job), "names": self._names(job)} for number, job in inside.items()],
            "deadline_s": self._collect_s + sum(job.deadline_s for job in jobs),
        }
        self._server.send({"op": "run", "jobs": [command]})

    def _names(self, job: Job) -> dict[int, str]:
        return {test: self.tests[test] for test in job.tests}

    def _line(self, slot: int, raw: bytes, running: dict[int, _Group]) -> Iterator[Result]:
        line = decode(raw)
        group = self._at.get(slot)
        match line:
            case GroupLine() if group is None and line.job in running:
                self._at[slot] = running[line.job]
            case JobLine() if group is not None:
                group.begin(line.job)
            case End() if line.job in running:
                self._at.pop(slot, None)
                yield from running.pop(line.job).end(line)
            case End() if group is not None and line.job in group.waiting:
                yield from group.end(line)
            case GroupLine() | JobLine() | End() | None:
                pass
            case _ if group is not None:
                group.take(line)

    def close(self) -> None:
        """End the server and its children."""
        self._server.close()


def _shared(jobs: Iterable[Job]) -> Iterator[list[Job]]:
    """Yield neighbours that want the same collected, together."""
    some: list[Job] = []
    for job in jobs:
        if some and ((job.collect, job.alone) != (some[0].collect, some[0].alone) or len(some) == _MOST_INSIDE):
            yield some
            some = []
        some.append(job)
    if some:
        yield some
