"""Jobs in processes of their own: where forking is not sound, for another hash seed, and to confirm."""

from __future__ import annotations

import contextlib
import os
import select
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from brinell.core.roles import Room
from brinell.subject.wire_pipe import LineReader
from brinell.suite.lab.job import Job, Result
from brinell.suite.lab.server import Command
from brinell.suite.lab.slot_lines import Assembly, decode
from brinell.suite.session import launcher
from brinell.suite.wire_lines import MAX_LINE_BYTES
from brinell_inside.serve.project_files import ProjectFiles
from brinell_inside.serve.scratch import remove

_WAIT_MS = 50
_CHUNK_BYTES = 65_536
_READS = 16
_TAIL_BYTES = 8_192
_COLLECT_S = 120.0  # what collection may take on top of a job's deadline


class FreshLab:
    """Does each job in a fresh pytest, ``at_once`` side by side. Only the files of a job's tests are collected.

    Whenever nothing runs, the files of the project that tests are known to write (``written``: paths) are put back.
    """

    forks = False

    def __init__(
        self,
        room: Room,
        command: Command,
        tests: Sequence[str],
        rootdir: Path,
        *,
        why: str = "",
        at_once: int = 1,
        files: ProjectFiles | None = None,
    ) -> None:
        self.tests = tuple(tests)
        self.why = why
        self._rootdir = rootdir
        self._room = room
        self._command = command
        self._at_once = at_once
        self._running: list[_Process] = []
        self.written: set[str] = set()
        self._files = files or ProjectFiles(str(rootdir))
        self._files_are_ours = files is None
        self._scratch = tempfile.mkdtemp(prefix="brinell-")  # a process that is killed can't remove its folders

    def run(self, jobs: Iterable[Job]) -> Iterator[Result]:
        """Yield results as they come in; ticks."""
        waiting = deque(jobs)
        if not self._running and (self.written or any(job.watch for job in waiting)):
            self._files.remember()
        while waiting or self._running:
            while waiting and self._may_start(waiting[0]):
                self._running.append(
                    _Process(self._room, self._command, self._scratch, *self._asked(waiting.popleft()))
                )
            _wait(self._running)
            self._room.tick()
            for process in list(self._running):
                if process.look(self._room.clock.now_ns()):
                    self._running.remove(process)
                    result = process.result()
                    self.written |= _written(result)
                    if not self._running:
                        self._files.restore(self.written)
                    yield result

    def _asked(self, job: Job) -> tuple[Job, list[str], dict[int, str]]:
        """Return the job with its test files, in the order in which it needs them, and the names of its tests."""
        names = {number: self.tests[number] for number in job.tests}
        own = (name.split("::", 1)[0] for name in names.values())
        files = dict.fromkeys(str(self._rootdir / file) for file in (own if job.collect is None else job.collect))
        return job, list(files), names

    def _may_start(self, job: Job) -> bool:
        if not self._running:
            return True
        return len(self._running) < self._at_once and not job.alone and not any(p.job.alone for p in self._running)

    def close(self) -> None:
        """End what runs."""
        for process in self._running:
            process.end()
        if self._running:
            self._files.restore(self.written)
        self._running.clear()
        if self._files_are_ours:
            self._files.close()
        remove(self._scratch)


class _Process:
    """One pytest that does one job and ends."""

    def __init__(  # noqa: PLR0917 - what it needs, each once
        self, room: Room, command: Command, scratch: str, job: Job, files: Sequence[str], names: Mapping[int, str]
    ) -> None:
        self.job = job
        self.tail = b""
        self._how = "exit"
        self._out_ended = False
        self._begun_ns = self._ended_ns = room.clock.now_ns()
        self._deadline_ns = self._begun_ns + round((job.deadline_s + _COLLECT_S) * 1e9)
        self._heard_ns: int | None = None  # when it last said something; None while it collects
        self._assembly = Assembly(job)
        wire, wire_end = os.pipe()
        control_end, control = os.pipe()
        self._out, out_end = os.pipe()
        os.set_blocking(self._out, False)
        argv = [*job.prefix, command.python, str(launcher()), "--fd", str(wire_end), "--control", str(control_end)]
        env = {**command.env, **job.env} | ({} if job.hash_seed is None else {"PYTHONHASHSEED": str(job.hash_seed)})
        try:
            self._child = room.start(
                [*argv, "--scratch", scratch, "--", *command.args, *files],
                cwd=command.cwd, env=env, stdout=out_end, stderr=out_end, pass_fds=(wire_end, control_end),
            )  # fmt: skip
        finally:
            for fd in (wire_end, control_end, out_end):
                os.close(fd)
        self.lines = LineReader(wire, MAX_LINE_BYTES)
        with contextlib.suppress(OSError), os.fdopen(control, "wb") as commands:
            commands.write(msgspec.json.encode({"op": "run", "jobs": [_told(job, names)]}) + b"\n")

    def fds(self) -> list[int]:
        return [self.lines.fileno(), self._out]

    def open_fds(self) -> list[int]:
        """Return what more may come from: a process that prints a lot must not wait for our next look."""
        ended = (self.lines.ended, self._out_ended)
        return [fd for fd, over in zip(self.fds(), ended, strict=True) if not over]

    def look(self, now_ns: int) -> bool:
        """Read; whether the process is gone and everything it said is read."""
        with contextlib.suppress(BlockingIOError):
            for _ in range(_READS):
                data = os.read(self._out, _CHUNK_BYTES)
                if not data:
                    self._out_ended = True
                    break
                self.tail = (self.tail + data)[-_TAIL_BYTES:]
        gone = self._child.poll() is not None
        for raw in self.lines.read():
            line = decode(raw)
            if line is not None:
                if self._heard_ns is None:  # it has collected: from here on its job's own deadline counts
                    self._deadline_ns = min(self._deadline_ns, now_ns + round(self.job.deadline_s * 1e9))
                self._heard_ns = now_ns
                self._assembly.take(line)
        self._ended_ns = now_ns
        if not gone and (now_ns > self._deadline_ns or self._stalls(now_ns)):
            self._how = "deadline"
            self._child.stop(0.0)
        return gone

    def _stalls(self, now_ns: int) -> bool:
        stall_ns = self.job.stall_s * 1e9
        return self._heard_ns is not None and 0 < stall_ns < now_ns - self._heard_ns

    def result(self) -> Result:
        """Return what it gave; the descriptors are closed."""
        status = self._child.poll()
        seconds = (self._ended_ns - self._begun_ns) / 1e9
        self.end()
        how = "signal" if self._how == "exit" and status is not None and status < 0 else self._how
        return self._assembly.end(how, status, seconds)

    def end(self) -> None:
        """End the process if it runs, and close what was opened."""
        if self._child.poll() is None:
            self._child.stop(0.0)
        for fd in self.fds():
            os.close(fd)


def _written(result: Result) -> set[str]:
    changes = [change for _, changes in result.changes for change in changes]
    return {change.root.removeprefix("file:") for change in changes if change.kind == "file"}


def _wait(processes: Sequence[_Process]) -> None:
    poll = select.poll()
    for fd in (fd for process in processes for fd in process.open_fds()):
        poll.register(fd, select.POLLIN)
    poll.poll(_WAIT_MS)


def _told(job: Job, names: Mapping[int, str]) -> dict[str, object]:
    return {"job": 0, "steps": job.steps, "names": names, "factors": job.conditions, "watch": job.watch, "trace": True}
