"""The tool's end of a fork server: starts it, feeds its slots, puts the answers together."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec

from brinell.core.errors import SubjectError
from brinell.core.roles import Room
from brinell.subject.wire_pipe import LineReader
from brinell.suite.lab.job import Job, Result
from brinell.suite.lab.slot_lines import Assembly, End, decode
from brinell.suite.session import launcher
from brinell.suite.wire_lines import MAX_LINE_BYTES
from brinell_inside.serve.scratch import remove

_TICK_NS = 250_000_000
_WAIT_MS = 100
_CHUNK_BYTES = 65_536
_READS = 16  # of a child that floods, before somebody else's turn comes
_TAIL_BYTES = 8_192
_PIPE_BYTES = 1 << 20


class Command(msgspec.Struct, frozen=True):
    """``pytest args`` in the interpreter ``python``, to collect and then to serve; ``env`` is the whole environment."""

    python: str
    args: tuple[str, ...]
    cwd: Path
    env: dict[str, str]
    collect_timeout_s: float = 600.0


class Slot:
    """The reading ends of one slot, and the job that is in it."""

    def __init__(self, wire: int, out: int) -> None:
        self.lines = LineReader(wire, MAX_LINE_BYTES)
        self.wire = wire
        self.out = out
        self.tail = b""
        self.sink: Callable[[bytes], object] | None = None  # is given all output
        self.assembly: Assembly | None = None
        self.number = 0  # of the job that is in it
        self.heard_ns = 0  # when that one last said something
        os.set_blocking(out, False)

    def drain(self) -> bool:
        """Read the child's output, keeping its end; whether there may be more to come."""
        with contextlib.suppress(BlockingIOError):
            for _ in range(_READS):
                data = os.read(self.out, _CHUNK_BYTES)
                if not data:
                    return False
                self.tail = (self.tail + data)[-_TAIL_BYTES:]
                if self.sink is not None:
                    self.sink(data)
        return True


class ServerProcess:
    """A running server. ``say`` is called with every line of its main wire that is not the server's own.

    ``early``: it does not collect, its children do.
    """

    def __init__(
        self, room: Room, command: Command, slots: int, say: Callable[[bytes], object], *, early: bool = False
    ) -> None:
        self.tests: tuple[str, ...] = ()
        self.ready = False
        self.complete = False  # it has collected
        self.why = ""
        self.conftests: tuple[str, ...] = ()  # an early server has loaded these
        self.stops = False  # the suite is to stop at its first failures
        self.tail = b""
        self.sink: Callable[[bytes], object] | None = None  # is given all output of the server itself
        self._room = room
        self._scratch = tempfile.mkdtemp(prefix="brinell-")
        self._say = say
        self._ids: list[str] = []
        self._ticked_ns = 0
        self._closed = False
        wire, wire_end = os.pipe()
        control_end, self._control = os.pipe()
        output, output_end = os.pipe()
        ends = [(os.pipe(), os.pipe()) for _ in range(slots)]
        for lines, _ in ends:
            widen(lines[1])
        pairs = ",".join(f"{lines[1]}:{out[1]}" for lines, out in ends)
        theirs = [wire_end, control_end, *(fd for lines, out in ends for fd in (lines[1], out[1]))]
        argv = [command.python, str(launcher()), "--fd", str(wire_end), "--control", str(control_end)]
        each = ["--collect", "each"] if early else []
        try:
            self.child = room.start(
                [*argv, "--slots", pairs, "--scratch", self._scratch, *each, "--", *command.args],
                cwd=command.cwd, env=command.env, stdout=output_end, stderr=output_end, pass_fds=theirs,
            )  # fmt: skip
        finally:
            for fd in (*theirs, output_end):
                os.close(fd)
        self._main = LineReader(wire, MAX_LINE_BYTES)
        self._fds = [wire, output, *(fd for lines, out in ends for fd in (lines[0], out[0]))]
        self._output = output
        os.set_blocking(output, False)
        self.slots = [Slot(lines[0], out[0]) for lines, out in ends]

    def wait_ready(self, timeout_s: float) -> bool:
        """Wait for the end of collection; False if it cannot serve (``why``), or has gone without a word."""
        stop_by = self._room.clock.now_ns() + round(timeout_s * 1e9)
        while not self.ready and not self.why and not self._main.ended:
            self.look()
            if self._room.clock.now_ns() > stop_by:
                self.why = f"collection took longer than {timeout_s:.0f} s"
        self.tests = tuple(self._ids)
        return self.ready

    def send(self, command: object) -> bool:
        """Send a command; False if the server is gone."""
        data = msgspec.json.encode(command) + b"\n"
        try:
            while data:
                data = data[os.write(self._control, data) :]
        except OSError:
            return False
        return True

    @property
    def main_ended(self) -> bool:
        """Whether nothing more will come on the main wire."""
        return self._main.ended

    @property
    def gone(self) -> bool:
        """Whether the process has ended."""
        return self.child.poll() is not None

    def look(self) -> None:
        """Wait a moment for something to read; read the main wire and all output; tick."""
        poll = select.poll()
        for fd in self._fds:
            poll.register(fd, select.POLLIN)
        ready = {fd for fd, _ in poll.poll(_WAIT_MS)}
        if self._output in ready:
            self._read_output()
        for slot in self.slots:
            if slot.out in ready and not slot.drain():
                self._fds.remove(slot.out)
        for line in self._main.read():
            self._take(line)
        if self._main.ended and self._main.fileno() in self._fds:
            self._fds.remove(self._main.fileno())
        self.tick()

    def tick(self) -> None:
        """Give the room its beat, a few times a second; ``Interrupted`` passes through."""
        now_ns = self._room.clock.now_ns()
        if now_ns - self._ticked_ns > _TICK_NS:
            self._ticked_ns = now_ns
            self._room.tick()

    def _read_output(self) -> None:
        with contextlib.suppress(BlockingIOError):
            for _ in range(_READS):
                data = os.read(self._output, _CHUNK_BYTES)
                if not data:
                    self._fds.remove(self._output)
                    return
                self._keep(data)

    def _keep(self, data: bytes) -> None:
        self.tail = (self.tail + data)[-_TAIL_BYTES:]
        if self.sink is not None:
            self.sink(data)

    def _take(self, line: bytes) -> None:
        if line.startswith(b'{"kind":"items"'):
            items = msgspec.json.decode(line, type=_Items)
            self._ids += items.ids
        elif line.startswith(b'{"kind":"ready"'):
            ready = msgspec.json.decode(line, type=_Ready)
            self.complete = True
            self.ready, self.why, self.stops = ready.forkable, ready.why, ready.stops
            self.conftests = tuple(ready.conftests)
            self.tests = tuple(self._ids)
        else:
            self._say(line)

    def close(self) -> None:
        """Ask it to end, then end it; nothing happens the second time."""
        if self._closed:
            return
        self._closed = True
        self.send({"op": "quit"})
        os.close(self._control)
        stop_by = self._room.clock.now_ns() + 2_000_000_000
        while not self.gone and self._room.clock.now_ns() < stop_by:
            self._room.clock.sleep(0.01)
            for slot in self.slots:
                slot.drain()
                slot.lines.read()
            self._read_quietly()
        if not self.gone:
            self.child.stop(0.0)
        for fd in {self._main.fileno(), self._output, *(fd for slot in self.slots for fd in (slot.wire, slot.out))}:
            os.close(fd)
        remove(self._scratch)

    def _read_quietly(self) -> None:
        with contextlib.suppress(OSError):
            self._keep(os.read(self._output, _CHUNK_BYTES))
        for line in self._main.read():
            self._take(line)


class _Items(msgspec.Struct):
    ids: list[str]


class _Ready(msgspec.Struct):
    forkable: bool
    why: str = ""
    stops: bool = False
    conftests: list[str] = []


def widen(fd: int) -> None:
    """Let the kernel hold more of a pipe than usual, so that its writer seldom waits for us."""
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with contextlib.suppress(OSError):  # a user's quota may be used up
            fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


class ServerGoneError(SubjectError):
    """The server died in the middle of its work; ``running`` are the tests that ran then."""

    def __init__(self, message: str, running: frozenset[int]) -> None:
        super().__init__(message)
        self.running = running


class ForkLab:
    """Does jobs in children of one server, as many at a time as it has slots."""

    forks = True
    why = ""

    def __init__(self, room: Room, server: ServerProcess) -> None:
        self._room = room
        self._server = server
        self._number = 0
        self._stalled: set[int] = set()
        self.tests = server.tests

    def run(self, jobs: Iterable[Job]) -> Iterator[Result]:
        """Yield results as they come in. ``ServerGoneError`` if the server itself died."""
        waiting = deque(jobs)
        running: dict[int, Job] = {}
        while waiting or running:
            while waiting and len(running) < 2 * len(self._server.slots):
                job = waiting.popleft()
                self._number += 1
                running[self._number] = job
                if not self._server.send({"op": "run", "jobs": [told(self._number, job)]}):
                    break
            self._server.look()
            for slot in self._server.slots:
                for raw in slot.lines.read():
                    result = self._line(slot, raw, running)
                    if result is not None:
                        yield result
                self._end_stalled(slot)
            if running and self._server.gone and all(slot.lines.ended for slot in self._server.slots):
                tail = self._server.tail.decode("utf-8", "replace")[-500:]
                message = f"the process that serves the tests ended in the middle of its work: {tail}"
                raise ServerGoneError(message, self._culprits())

    def _culprits(self) -> frozenset[int]:
        """Return the tests that were seen to send a signal to the server; where none was, those that run now."""
        work = [slot.assembly for slot in self._server.slots if slot.assembly is not None]
        killers = [one.killer for one in work if one.killer is not None]
        return frozenset(killers or [one.running for one in work if one.running is not None])

    def _end_stalled(self, slot: Slot) -> None:
        """A test that says nothing for too long hangs; the deadline of its job may be that of a whole suite."""
        stall_ns = slot.assembly.job.stall_s * 1e9 if slot.assembly is not None else 0
        if 0 < stall_ns < self._room.clock.now_ns() - slot.heard_ns and slot.number not in self._stalled:
            self._stalled.add(slot.number)
            self._server.send({"op": "kill", "job": slot.number})

    def _line(self, slot: Slot, raw: bytes, running: dict[int, Job]) -> Result | None:
        slot.heard_ns = self._room.clock.now_ns()
        if raw.startswith(b'{"kind":"job"'):
            slot.number = _number(raw)
            slot.assembly = Assembly(running[slot.number]) if slot.number in running else None
            return None
        line = decode(raw)
        if isinstance(line, End):
            assembly = slot.assembly or (Assembly(running[line.job]) if line.job in running else None)
            slot.assembly = None
            running.pop(line.job, None)
            how = "deadline" if line.job in self._stalled else line.how
            return assembly.end(how, line.status, line.seconds) if assembly else None
        if line is not None and slot.assembly is not None:
            slot.assembly.take(line)
        return None

    def close(self) -> None:
        """End the server and its children."""
        self._server.close()


class _JobLine(msgspec.Struct):
    job: int


def _number(raw: bytes) -> int:
    """Return the job's number; 0, which no job has, of a line that its writer did not finish."""
    try:
        return msgspec.json.decode(raw, type=_JobLine).job
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return 0


def told(number: int, job: Job) -> dict[str, object]:
    """Return a job as the server wants it."""
    words: dict[str, object] = {"job": number, "steps": job.steps, "deadline_s": job.deadline_s, "trace": True}
    if job.beside is not None:
        words["beside"] = job.beside
    if job.conditions:
        words["factors"] = job.conditions
    for name in ("watch", "alone", "anew"):
        if getattr(job, name):
            words[name] = True
    return words
