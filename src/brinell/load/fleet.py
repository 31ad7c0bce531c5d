"""The worker processes of one scenario: started together, read without waiting for any one of them, ended together."""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from brinell.core.errors import BrinellError, UsageError
from brinell.core.redact import one_line, redact
from brinell.core.roles import Child, Room
from brinell.load.wire import Done, FromWorker, Go, Ready, Refusal, Stop, WorkerSpec

READY_S = 60.0
_PLACE = re.compile(r'File "([^"]+)", line (\d+), in (\w+|<\w+>)')
_READ_BYTES = 1 << 20
_LOG = "load-workers.log"
ALONE = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""numpy's linear algebra begins a thread for every core when it is imported; nobody here needs one, and a process with
threads allocates memory more slowly. A third of what a worker's start costs.
"""

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(FromWorker)


class _Member:
    """One worker: its process, its two pipe ends, and how far it is."""

    def __init__(self, room: Room, spec: WorkerSpec) -> None:
        theirs_in, self.words = os.pipe()
        self.lines, theirs_out = os.pipe()
        self.number = spec.worker
        self.held = b""
        self.ready = self.done = self.lost = False
        self.subject_pid = 0
        self.refusal: Refusal | None = None
        try:
            # -P: the project's own folder must not be where the worker's imports begin.
            self.child: Child = room.start(
                [sys.executable, "-P", "-m", _program(spec)],
                stdin=theirs_in,
                stdout=theirs_out,
                stderr=room.folder / _LOG,
                env={**os.environ, **ALONE},
            )
        except BaseException:
            self.close()
            raise
        finally:
            os.close(theirs_in)
            os.close(theirs_out)
        os.set_blocking(self.lines, False)
        self.tell(spec)

    def tell(self, message: msgspec.Struct) -> None:
        """Send one message. A worker that is gone is noticed by ``Fleet.read``, which says so."""
        rest = memoryview(_encoder.encode(message) + b"\n")
        with contextlib.suppress(BrokenPipeError):
            while rest:  # a signal may end a long write before its end
                rest = rest[os.write(self.words, rest) :]

    def read(self) -> list[FromWorker]:
        """Return the messages that have come. An unfinished line waits for its end."""
        try:
            data = os.read(self.lines, _READ_BYTES)
        except BlockingIOError:
            return []
        *lines, self.held = (self.held + data).split(b"\n")
        found = [_decoder.decode(line) for line in lines]
        for one in found:
            if isinstance(one, Ready):
                self.ready, self.subject_pid = True, one.subject_pid
            elif isinstance(one, Refusal):
                self.refusal = one
        self.done = self.done or any(isinstance(one, Done) for one in found)
        return found

    def close(self) -> None:
        """Close our ends; the worker takes the end of its pipe as the order to go."""
        os.close(self.words)
        os.close(self.lines)


class Fleet:
    """Several workers as one. ``failures`` says which of them did not reach their end, and how."""

    def __init__(self, room: Room, specs: Sequence[WorkerSpec]) -> None:
        self.failures: list[str] = []
        self._room = room
        self._members: list[_Member] = []
        self._selector = selectors.DefaultSelector()
        try:
            for spec in specs:
                member = _Member(room, spec)
                self._members.append(member)
                self._selector.register(member.lines, selectors.EVENT_READ, member)
        except BaseException:
            self.close()
            raise

    def wait_ready(self) -> None:
        """Wait until every worker is prepared. BrinellError with the end of their log if one cannot be; UsageError if
        that is the user's mistake.
        """
        until = self._room.clock.now_ns() + int(READY_S * 1e9)
        while not all(member.ready for member in self._members):
            self._room.tick()
            self.read(0.1)
            for refusal in (member.refusal for member in self._members if member.refusal):
                raise UsageError(refusal.message, hint=refusal.hint or None)
            if self.failures or self._room.clock.now_ns() > until:
                why = "; ".join(self.failures) or f"not ready after {READY_S:.0f} s"
                raise BrinellError(f"load workers could not start: {why}\n{_tail(self._room.folder / _LOG)}")

    def go(self, start_ns: int) -> None:
        """Let all start at one moment of the monotonic clock."""
        self._tell(Go(start_ns))

    def stop(self) -> None:
        """Ask all to end now."""
        self._tell(Stop())

    @property
    def subject_pids(self) -> list[int]:
        """Processes below the workers in which the subject runs."""
        return [member.subject_pid for member in self._members if member.subject_pid]

    @property
    def busy(self) -> bool:
        """Whether a worker still works."""
        return any(not member.done and not member.lost for member in self._members)

    def read(self, timeout_s: float) -> list[FromWorker]:
        """Return what has come from any worker, waiting at most ``timeout_s`` for something."""
        found: list[FromWorker] = []
        for key, _ in self._selector.select(timeout_s):
            found += self._read(key.data)
        for member in self._members:
            if not member.done and not member.lost and (status := member.child.poll()) is not None:
                found += self._read(member)  # what it wrote before it ended
                if not member.done:
                    # Before it was ready the whole end of the log is told (``wait_ready``).
                    said = last_words(self._room.folder / _LOG) if member.ready and status > 0 else ""
                    self._lose(member, f"worker {member.number} ended with {_spell(status)}{said and f': {said}'}")
        return found

    def give_up(self) -> None:
        """Count every worker that has not reported its end as a failure."""
        for member in self._members:
            if not member.done and not member.lost:
                self._lose(member, f"worker {member.number} did not end in time")

    def close(self, patience_s: float = 2.0) -> None:
        """End every process and close every pipe."""
        self._selector.close()
        for member in self._members:
            member.close()
        for member in self._members:
            if member.child.poll() is None:
                member.child.stop(patience_s)
        self._members = []

    def _read(self, member: _Member) -> list[FromWorker]:
        try:
            return member.read()
        except msgspec.DecodeError as error:
            self._lose(member, f"worker {member.number} said what nobody understands: {error}")
            return []

    def _lose(self, member: _Member, why: str) -> None:
        member.lost = True
        self.failures.append(why)

    def _tell(self, message: msgspec.Struct) -> None:
        for member in self._members:
            if not member.done and not member.lost:
                member.tell(message)


def _program(spec: WorkerSpec) -> str:
    if spec.call is not None:
        return "brinell.load.calls.worker"
    return "brinell.load.worker" if spec.socket is None else "brinell.load.websocket.worker"


def _spell(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"status {status}"


def last_words(log: Path) -> str:
    """Return the exception that a log ends with and where it was raised; empty where it ends with none."""
    lines = [line.strip() for line in _tail(log, 60).splitlines() if line.strip()]
    raised = next((at for at in reversed(range(len(lines))) if lines[at].startswith("Traceback (most recent")), None)
    places = [_PLACE.match(line) for line in lines[raised:]] if raised is not None else []
    last = [place for place in places if place]
    if not last:
        return ""
    where = f"{Path(last[-1][1]).name}:{last[-1][2]} in {last[-1][3]}"
    return one_line(redact(f"{lines[-1]} at {where}"), 300)


def _tail(log: Path, lines: int = 12) -> str:
    try:
        return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
    except OSError:
        return ""
