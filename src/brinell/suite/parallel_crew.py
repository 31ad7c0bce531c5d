"""The workers of a parallel run: who has which tests, who has died in which, and what is left to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from brinell.core.observation import SeenTest
from brinell.core.roles import Room
from brinell.suite.lab.server import ServerProcess, Slot
from brinell.suite.parallel_ledger import Ledger
from brinell.suite.untrusted import clean

_GATHER_S = 0.02  # a reader that wakes for every line costs the suite it watches
_MOST_VAIN = 3  # workers in a row that ended before a test began
_FLOOD_BYTES = 1 << 17


class _Line(msgspec.Struct, frozen=True):
    """A line of a slot that is not about a test."""

    kind: str = ""
    job: int = 0
    n: int = 0
    id: str = ""
    how: str = ""
    why: str = ""
    text: str = ""
    status: int | None = None
    interrupted: str | None = None


class Work(msgspec.Struct):
    """One job: ``tests`` it was given or took, in order; ``current`` is the one that runs."""

    number: int
    worker: str
    tests: list[int]
    pull: bool
    current: str = ""
    since_ns: int = 0
    ended: int = 0  # tests
    hung: bool = False
    finished: bool = False
    trouble: str = ""


class Crew:
    """Gives tests to the server's children, and tests of children that died to new ones."""

    def __init__(  # noqa: PLR0917 - one caller
        self,
        room: Room,
        server: ServerProcess,
        look: Callable[[], None],
        ledger: Ledger,
        test_timeout_s: float,
        job_s: float,
    ) -> None:
        self.stopped: tuple[str, int | None] | None = None  # a test or plug-in asked the session to stop
        self.output_bytes = 0  # whoever reads output adds to it
        self.trouble: list[str] = []
        self._room = room
        self._server = server
        self._look = look  # waits for something to read, and takes what the server says itself
        self._ledger = ledger
        self._timeout_s = test_timeout_s
        self._job_s = job_s
        self._index = {test: number for number, test in enumerate(server.tests)}
        self._chunks: Sequence[Sequence[int]] = ()
        self._jobs: dict[int, Work] = {}
        self._in: dict[Slot, Work] = {}
        self._number = 0
        self._names = 0
        self._vain = 0
        self._giving_up = False

    def pull(self, chunks: Sequence[Sequence[int]], ask: Callable[[], None]) -> None:
        """Have every test of ``chunks`` run; ``ask`` is called some times a second and may interrupt."""
        wanted = [number for chunk in chunks for number in chunk]
        while wanted and not self._over:
            self._chunks = chunks
            jobs = [self._new([], pull=True) for _ in self._server.slots[: len(chunks)]]
            self._server.send({"op": "run", "queue": chunks, "jobs": [self._told(job) for job in jobs]})
            self._until_done(ask)
            tests = self._server.tests
            left = [number for number in wanted if tests[number] not in self._ledger.done]
            if len(left) == len(wanted):  # never seen, and an endless loop if it were
                return
            wanted, chunks = left, [left]

    def serially(self, tests: Sequence[int], ask: Callable[[], None]) -> dict[str, SeenTest]:
        """Run tests again, one after the other in one process with nothing beside it; return those that ended."""
        seen = self._ledger.begin_check()
        job = self._new(list(tests), pull=False)
        self._server.send({"op": "run", "jobs": [self._told(job)]})
        self._until_done(ask)
        return seen

    def stop(self) -> None:
        """Have every worker tear down and end; nothing new is begun."""
        self._giving_up = True
        self._server.send({"op": "interrupt"})

    @property
    def _over(self) -> bool:
        return self._giving_up or self.stopped is not None or self._server.gone

    def _new(self, tests: list[int], *, pull: bool) -> Work:
        self._number += 1
        name = ""
        if pull:
            name = f"gw{self._names}"
            self._names += 1
        job = self._jobs[self._number] = Work(self._number, name, tests, pull)
        return job

    def _told(self, job: Work) -> dict[str, Any]:
        told: dict[str, Any] = {"job": job.number, "steps": job.tests, "records": True, "deadline_s": self._job_s}
        if job.pull:
            told |= {"pull": True, "cover": True, "worker": job.worker, "workers": len(self._server.slots)}
        return told

    def _until_done(self, ask: Callable[[], None]) -> None:
        while self._jobs:
            before = self.output_bytes
            self._look()
            for slot in self._server.slots:
                for raw in slot.lines.read():
                    self._line(slot, raw)
            if self._server.gone and all(slot.lines.ended for slot in self._server.slots):
                self._jobs.clear()
                return
            self._end_hung()
            ask()
            if self._jobs and self.output_bytes - before < _FLOOD_BYTES:
                self._room.clock.sleep(_GATHER_S)

    def _line(self, slot: Slot, raw: bytes) -> None:
        work = self._in.get(slot)
        if work is not None and raw.startswith((b'{"kind":"test"', b'{"kind":"start"')):
            self._about_test(work, raw)
            return
        try:
            line = msgspec.json.decode(raw, type=_Line)
        except (msgspec.DecodeError, RecursionError):
            self._ledger.recording.malformed += bool(raw.strip())
            return
        if line.kind == "job" and line.job in self._jobs:
            self._in[slot] = self._jobs[line.job]
        elif line.kind == "end":
            self._end(slot, line)
        elif work is not None:
            self._other(work, line, raw)

    def _about_test(self, work: Work, raw: bytes) -> None:
        ended = self._ledger.take(raw, work.number)
        if ended is not None:
            work.current = ""
            work.ended += 1
            self._vain = 0
        elif raw.startswith(b'{"kind":"start"'):
            work.current = next(reversed(self._ledger.recording.running), ("", ""))[0]
            work.since_ns = self._room.clock.now_ns()

    def _other(self, work: Work, line: _Line, raw: bytes) -> None:
        if line.kind == "chunk" and 0 <= line.n < len(self._chunks):
            work.tests += self._chunks[line.n]
        elif line.kind == "stopped":
            if not self._over and work.pull:
                self.stopped = (clean(line.why, 500), line.status)
                self.stop()
        elif line.kind == "error":
            work.trouble = clean(line.text, 2000)
        elif line.kind == "finished":
            work.finished = True
        else:
            self._ledger.take(raw, work.number)

    def _end_hung(self) -> None:
        now_ns = self._room.clock.now_ns()
        for work in self._jobs.values():
            if work.current and not work.hung and now_ns - work.since_ns > self._timeout_s * 1e9:
                work.hung = True
                self._server.send({"op": "kill", "job": work.number})

    def _end(self, slot: Slot, line: _Line) -> None:
        work = self._jobs.pop(line.job, None)
        self._in.pop(slot, None)
        if work is None or (work.finished and line.how == "exit" and line.status == 0):
            return
        if work.current and not self._giving_up:
            self._died(work, line)
        if work.trouble:
            self.trouble.append(work.trouble)
        if not work.pull or self._over:
            return
        self._vain += not (work.ended or work.current)
        done = self._ledger.done
        rest = [number for number in work.tests if self._server.tests[number] not in done]
        if self._vain > _MOST_VAIN:
            self._giving_up = True
            return
        job = self._new(rest, pull=True)
        self._server.send({"op": "run", "jobs": [self._told(job)]})

    def _died(self, work: Work, line: _Line) -> None:
        """Record the test as pytest-xdist does where a worker crashed."""
        how = _how(line, hung=work.hung, timeout_s=self._timeout_s)
        path = work.current.split("::", 1)[0]
        seconds = max(0.0, (self._room.clock.now_ns() - work.since_ns) / 1e9)
        text = f"the worker {work.worker or 'process'} {how} while it ran {work.current}"
        last = work.trouble.strip().splitlines()[-1:]
        exc = [{"type": "WorkerCrash", "module": "brinell", "message": ": ".join([how, *last]), "frames": []}]
        crash: Mapping[str, Any] = {
            "kind": "test", "id": work.current, "path": path, "outcome": "failed", "counted": ["failed"],
            "phases": {"crash": [round(seconds, 6), "failed"]}, "worker": work.worker or None, "failed_phase": "crash",
            "start_ns": work.since_ns, "longrepr": "\n".join([text, *last]), "exc": exc,
        }  # fmt: skip
        self._ledger.take(msgspec.json.encode(crash), work.number)


def _how(line: _Line, *, hung: bool, timeout_s: float) -> str:
    if hung:
        return f"was ended after {timeout_s:g} s"
    if line.how == "signal":
        return f"was killed by signal {-(line.status or 0)}"
    if line.how == "exit":
        return f"exited with status {line.status}"
    return "was ended" if line.how in ("killed", "deadline") else "could not be forked"
