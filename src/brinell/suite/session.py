"""One pytest process in the user's interpreter, from its start until nothing of it is left to read."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import msgspec

from brinell.core.errors import Interrupted
from brinell.core.observation import Record
from brinell.core.roles import Child, Room
from brinell.subject.inside import inside
from brinell.subject.wire_pipe import LineReader
from brinell.suite.output_log import OutputLog
from brinell.suite.recording import Recording
from brinell.suite.wire_lines import MAX_LINE_BYTES

TEARDOWN_S = 10.0
"""How long pytest may take to tear down and report once it was asked to stop."""
_WAIT_S = 0.05
_GATHER_S = 0.02  # a reader that wakes for every line costs the suite it watches half as much again as recording does
_LOG_S = 0.25  # while output floods, the log is looked after this often; pytest waits for room in the pipe meanwhile
_PIPE_BYTES = 1 << 20  # what the kernel holds for us while we are elsewhere
_TICK_NS = 250_000_000  # between two ticks at most, also where many lines are read at once
_DRAIN_S = 3.0  # after the process is gone: the guard ends what it left behind, which closes the pipes
_CHUNK_BYTES = 65_536
_READS = 64


class Command(msgspec.Struct, frozen=True):
    """``pytest args`` in the interpreter ``python``; ``env`` is the whole environment."""

    python: str
    args: tuple[str, ...]
    cwd: Path
    env: dict[str, str]
    timeout_s: float

    def argv(self, wire_fd: int) -> list[str]:
        """Return the argument vector that runs it with the recorder on descriptor ``wire_fd``."""
        return [self.python, str(launcher()), "--fd", str(wire_fd), "--", *self.args]


def launcher() -> Path:
    """Return where the program lies that starts pytest with the recorder in it."""
    return inside("launch.py")


class Session:
    """Runs a command to its end, giving every record to ``emit``; ``SuiteEnded`` is the last.

    ``interrupted`` and ``timed_out`` say that it was asked to stop; ``watch`` is called some times a second.
    """

    def __init__(
        self,
        room: Room,
        command: Command,
        recording: Recording,
        log: OutputLog,
        emit: Callable[[Record], object],
        *,
        watch: Callable[[], None] = lambda: None,
        teardown_s: float = TEARDOWN_S,
    ) -> None:
        self.timed_out = False
        self._room = room
        self._command = command
        self._recording = recording
        self._log = log
        self._emit = emit
        self._watch = watch
        self._teardown_s = teardown_s
        self._stop_by_ns: int | None = None
        self._requests = 0  # to stop
        self._ticked_ns = 0
        self._logged_ns = 0
        self._cpu_s: float | None = None

    @property
    def interrupted(self) -> bool:
        """Whether a stop was asked for."""
        return self._requests > 0

    def run(self) -> None:
        """Do it. A request to stop lets pytest tear down and report; a second one does not wait for that."""
        with contextlib.ExitStack() as opened:
            wire, wire_end = _pipe(opened)
            output, output_end = _pipe(opened)
            child = self._room.start(
                self._command.argv(wire_end.fileno()),
                cwd=self._command.cwd,
                env=self._command.env,
                stdout=output_end.fileno(),
                stderr=output_end.fileno(),
                pass_fds=(wire_end.fileno(),),
            )
            begun_ns = self._room.clock.now_ns()
            wire_end.close()
            output_end.close()
            lines = LineReader(wire.fileno(), MAX_LINE_BYTES)
            out = _Output(output.fileno())
            while (status := child.poll()) is None:
                self._step(child, lines, out, begun_ns)
            seconds = (self._room.clock.now_ns() - begun_ns) / 1e9
            self._drain(lines, out)
            self._recording.malformed += lines.dropped
        while self._log.finish():
            self._tick()
        self._end(status, round(seconds, 6))

    def _step(self, child: Child, lines: LineReader, out: _Output, begun_ns: int) -> None:
        _wait(lines, out)
        if not (out.floods or (out.ended and lines.ended)):
            self._room.clock.sleep(_GATHER_S)
        self._read(lines, out)
        self._cpu_s = _cpu_seconds(child.pid) or self._cpu_s
        self._watch()
        self._tick()
        if self._requests > 0:
            self._ask_to_stop(child)
        if self._requests > 1:
            child.stop(0.0)
        now_ns = self._room.clock.now_ns()
        if not self.timed_out and now_ns - begun_ns > self._command.timeout_s * 1e9:
            self.timed_out = True
            self._ask_to_stop(child)
        if self._stop_by_ns is not None and now_ns > self._stop_by_ns:
            child.stop(0.0)

    def _ask_to_stop(self, child: Child) -> None:
        if self._stop_by_ns is None:
            self._stop_by_ns = self._room.clock.now_ns() + round(self._teardown_s * 1e9)
            child.signal(signal.SIGINT)

    def _read(self, lines: LineReader, out: _Output) -> None:
        for line in lines.read():
            for record in self._recording.feed(line):
                self._emit(record)
            if self._room.clock.now_ns() - self._ticked_ns > _TICK_NS:
                self._tick()
        self._log.feed(out.read())
        now_ns = self._room.clock.now_ns()
        if not out.floods or now_ns - self._logged_ns > _LOG_S * 1e9:
            self._logged_ns = now_ns
            self._log.flush()

    def _drain(self, lines: LineReader, out: _Output) -> None:
        """Read what is left. Something that escaped the guard may hold a pipe open: it is not waited for."""
        stop_by_ns = self._room.clock.now_ns() + round(_DRAIN_S * 1e9)
        while not (lines.ended and out.ended) and self._room.clock.now_ns() < stop_by_ns:
            _wait(lines, out)
            self._read(lines, out)
            self._tick()

    def _tick(self) -> None:
        self._ticked_ns = self._room.clock.now_ns()
        try:
            self._room.tick()
        except Interrupted:
            self._requests += 1

    def _end(self, status: int, seconds: float) -> None:
        said = self._recording
        asked = self.interrupted or self.timed_out
        ending = said.end(
            status,
            seconds,
            cpu_s=None if said.started.xdist_workers else self._cpu_s,  # workers not yet waited for would be missing
            signal=_signal_name(-status) if status < 0 else None,
            timed_out=self.timed_out,
            stderr_tail=() if said.done and said.said_hello and (asked or status in (0, 1)) else self._log.tail,
        )
        for record in ending:
            self._emit(record)


class _Output:
    """The command's output, read without blocking."""

    def __init__(self, fd: int) -> None:
        os.set_blocking(fd, False)
        self.ended = False
        self.floods = False  # the last look found so much that more must be expected at once
        self._fd = fd

    def fileno(self) -> int:
        return self._fd

    def read(self) -> bytes:
        """Return what is there, at most some 4 MB."""
        parts = []
        for _ in range(_READS):
            try:
                data = os.read(self._fd, _CHUNK_BYTES)
            except BlockingIOError:
                break
            if not data:
                self.ended = True
                break
            parts.append(data)
        whole = b"".join(parts)
        self.floods = len(whole) > _PIPE_BYTES // 8
        return whole


def _pipe(opened: contextlib.ExitStack) -> tuple[BinaryIO, BinaryIO]:
    """Return a pipe's reading and writing end; both are closed with ``opened`` at the latest."""
    reading, writing = os.pipe()
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with contextlib.suppress(OSError):  # a user's quota may be used up
            fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    return opened.enter_context(os.fdopen(reading, "rb", 0)), opened.enter_context(os.fdopen(writing, "wb", 0))


def _wait(lines: LineReader, out: _Output) -> None:
    """Return when there is something to read, or after a moment."""
    waiting = [pipe.fileno() for pipe in (lines, out) if not pipe.ended]
    poll = select.poll()
    for fd in waiting:
        poll.register(fd, select.POLLIN)
    poll.poll(_WAIT_S * 1000 if waiting else 5)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # most real-time signals have no name
        return f"signal {number}"


def _cpu_seconds(pid: int) -> float | None:
    """Return user and system seconds of a process and of the children it has waited for (Linux); None elsewhere."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError):
        return None
