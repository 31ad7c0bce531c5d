"""The tool's end of a fork server: starts it, feeds its slots, puts the answers together."""

from __future__ import annotations

import contextlib
import os
import select
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

_TICK_NS = 250_000_000
_WAIT_MS = 100
_CHUNK_BYTES = 65_536
_READS = 16  # of a child that floods, before somebody else's turn comes
_TAIL_BYTES = 8_192


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
        self.assembly: Assembly | None = None
        os.set_blocking(out, False)

    def drain(self) -> bool:
        """Read the child's output, keeping its end; whether there may be more to come."""
        with contextlib.suppress(BlockingIOError):
            for _ in range(_READS):
                data = os.read(self.out, _CHUNK_BYTES)
                if not data:
                    return False
                self.tail = (self.tail + data)[-_TAIL_BYTES:]
        return True


class ServerProcess:
    """A running server. ``say`` is called with every line of its main wire that is not the server's own."""

    def __init__(self, room: Room, command: Command, slots: int, say: Callable[[bytes], object]) -> None:
        self.tests: tuple[str, ...] = ()
        self.ready = False
        self.why = ""
        self.tail = b""
        self._room = room
        self._say = say
        self._ids: list[str] = []
        self._ticked_ns = 0
        wire, wire_end = os.pipe()
        control_end, self._control = os.pipe()
        output, output_end = os.pipe()
        ends = [(os.pipe(), os.pipe()) for _ in range(slots)]
        pairs = ",".join(f"{lines[1]}:{out[1]}" for lines, out in ends)
        theirs = [wire_end, control_end, *(fd for lines, out in ends for fd in (lines[1], out[1]))]
        argv = [command.python, str(launcher()), "--fd", str(wire_end), "--control", str(control_end)]
        try:
            self.child = room.start(
                [*argv, "--slots", pairs, "--", *command.args],
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
            while data := os.read(self._output, _CHUNK_BYTES):
                self.tail = (self.tail + data)[-_TAIL_BYTES:]
            self._fds.remove(self._output)

    def _take(self, line: bytes) -> None:
        if line.startswith(b'{"kind":"items"'):
            items = msgspec.json.decode(line, type=_Items)
            self._ids += items.ids
        elif line.startswith(b'{"kind":"ready"'):
            ready = msgspec.json.decode(line, type=_Ready)
            self.ready, self.why = ready.forkable, ready.why
        else:
            self._say(line)

    def close(self) -> None:
        """Ask it to end, then end it."""
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

    def _read_quietly(self) -> None:
        with contextlib.suppress(OSError):
            os.read(self._output, _CHUNK_BYTES)
        self._main.read()


class _Items(msgspec.Struct):
    ids: list[str]


class _Ready(msgspec.Struct):
    forkable: bool
    why: str = ""


class ForkLab:
    """Does jobs in children of one server, as many at a time as it has slots."""

    forks = True
    why = ""

    def __init__(self, room: Room, server: ServerProcess) -> None:
        self._room = room
        self._server = server
        self._number = 0
        self.tests = server.tests

    def run(self, jobs: Iterable[Job]) -> Iterator[Result]:
        """Yield results as they come in. ``SubjectError`` if the server itself died, which no test should manage."""
        waiting = deque(jobs)
        running: dict[int, Job] = {}
        while waiting or running:
            while waiting and len(running) < 2 * len(self._server.slots):
                job = waiting.popleft()
                self._number += 1
                running[self._number] = job
                if not self._server.send({"op": "run", "jobs": [_told(self._number, job)]}):
                    break
            self._server.look()
            for slot in self._server.slots:
                for raw in slot.lines.read():
                    result = self._line(slot, raw, running)
                    if result is not None:
                        yield result
            if running and self._server.gone and all(slot.lines.ended for slot in self._server.slots):
                tail = self._server.tail.decode("utf-8", "replace")[-500:]
                raise SubjectError(f"the process that serves the tests ended in the middle of its work: {tail}")

    def _line(self, slot: Slot, raw: bytes, running: dict[int, Job]) -> Result | None:
        if raw.startswith(b'{"kind":"job"'):
            number = msgspec.json.decode(raw, type=_JobLine).job
            slot.assembly = Assembly(running[number]) if number in running else None
            return None
        line = decode(raw)
        if isinstance(line, End):
            assembly = slot.assembly or (Assembly(running[line.job]) if line.job in running else None)
            slot.assembly = None
            running.pop(line.job, None)
            return assembly.end(line.how, line.status, line.seconds) if assembly else None
        if line is not None and slot.assembly is not None:
            slot.assembly.take(line)
        return None

    def close(self) -> None:
        """End the server and its children."""
        self._server.close()


class _JobLine(msgspec.Struct):
    job: int


def _told(number: int, job: Job) -> dict[str, object]:
    told: dict[str, object] = {"job": number, "steps": job.steps, "deadline_s": job.deadline_s}
    if job.factors:
        told["factors"] = job.factors
    for name in ("watch", "alone"):
        if getattr(job, name):
            told[name] = True
    return told
