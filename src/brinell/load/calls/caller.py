"""The process in which calls are made: the project's interpreter, and the three pipes to it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import struct
import subprocess
import sys
from collections import deque
from typing import Any

import msgspec

from brinell.core.plan import CacheSpec
from brinell.load.calls.told import Block, Frames, Word
from brinell.load.engine.limited import Bounds
from brinell.load.wire import WireCall
from brinell.subject.inside import inside

FILL_S = 30.0  # longest filling of a cache: workers have to be ready in a minute
_PIPE_BYTES = 1 << 20
_READ_BYTES = 1 << 20
_AT_ONCE_BYTES = 4096  # of one write, which a pipe takes whole or not at all


class Caller:
    """A started interpreter that was given its job. ``fd`` becomes readable when it has said something."""

    def __init__(self, call: WireCall, users: int, timeout_ns: int, *, look: bool = False) -> None:
        self.ended = False  # it has closed its end
        self._frames = Frames()
        self._backlog: deque[bytes] = deque()
        theirs: list[int] = []
        words, self._words = os.pipe()
        self.fd, told = os.pipe()
        dues, self._dues = os.pipe()
        theirs += [words, told, dues]
        program = str(inside("calls/launch.py"))
        argv = [call.python, program, "--words", str(words), "--told", str(told), "--dues", str(dues)]
        try:
            # Standard output is the wire to the trial here: what the project prints goes where its errors go.
            self._process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=sys.stderr, cwd=call.root, pass_fds=theirs
            )
        except OSError:
            self._close()
            raise
        finally:
            for fd in theirs:
                os.close(fd)
        for fd in (self.fd, self._dues):
            os.set_blocking(fd, False)
            with contextlib.suppress(AttributeError, OSError):  # Linux only, and bounded by a system limit
                fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self._say(job(call, users, timeout_ns, look=look))

    @property
    def pid(self) -> int:
        """The process in which calls are made."""
        return self._process.pid

    @property
    def backlog(self) -> int:
        """What the pipe had no room for yet."""
        return len(self._backlog)

    def go(self, start_ns: int, until_ns: int, users: Bounds | None) -> None:
        """Let it begin: calls as they fall due (``users`` None), or of users in turn until ``until_ns``."""
        order: dict[str, Any] = {"kind": "go", "start_ns": start_ns, "until_ns": until_ns, "closed": users is not None}
        if users is not None:
            order |= {"most": users.requests, "think_ns": users.think_ns, "gap_ns": users.gap_ns, "seed": users.seed}
        self._say(order)

    def call(self, due_ns: int, *more: int) -> None:
        """A call is due; ``more`` is what else goes with it, the same number of words with each."""
        self.hand_over(struct.pack(f"={1 + len(more)}q", due_ns, *more))

    def hand_over(self, entries: bytes) -> None:
        """Hand over calls, at most as many as a pipe takes whole."""
        if self._backlog or not self._write(entries):
            self._backlog.append(entries)

    def push(self) -> None:
        """Hand over due times that wait for room in the pipe."""
        while self._backlog:
            part = bytearray(self._backlog[0])
            count = 1
            while count < len(self._backlog) and len(part) + len(self._backlog[count]) <= _AT_ONCE_BYTES:
                part += self._backlog[count]
                count += 1
            if not self._write(part):
                return
            for _ in range(count):
                self._backlog.popleft()

    def read(self) -> list[Word | Block]:
        """Return what it has said. ValueError where that makes no sense."""
        try:
            data = os.read(self.fd, _READ_BYTES)
        except BlockingIOError:
            return []
        self.ended = not data
        return self._frames.feed(data)

    def finish(self) -> None:
        """Ask for an account of what is under way, and for the end."""
        if self._dues >= 0:
            os.close(self._dues)
            self._dues = -1
            self._backlog.clear()
            self._say({"kind": "finish"})

    def how_it_ended(self, patience_s: float) -> str:
        """Return ``signal 11 (SIGSEGV)`` or ``status 1`` of a process that has closed its end; killed if it stays."""
        try:
            status = self._process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        if status < 0:
            with contextlib.suppress(ValueError):
                return f"signal {-status} ({signal.Signals(-status).name})"
            return f"signal {-status}"
        return f"status {status}"

    def leave(self, patience_s: float) -> None:
        """Let it end by itself, with what the project does at its exit, for so long."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(patience_s)

    def close(self) -> None:
        """End it and let go of the pipes."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._close()

    def _close(self) -> None:
        for fd in (self._words, self.fd, self._dues):
            if fd >= 0:
                os.close(fd)
        self._words = self.fd = self._dues = -1

    def _say(self, message: dict[str, Any]) -> None:
        with contextlib.suppress(BrokenPipeError):  # it is gone: noticed at the other pipe
            os.write(self._words, msgspec.json.encode(message) + b"\n")

    def _write(self, data: bytes | bytearray) -> bool:
        if self._dues < 0:
            return True
        try:
            return os.write(self._dues, data) == len(data)
        except BlockingIOError:
            return False
        except BrokenPipeError:
            return True  # as above


def job(call: WireCall, users: int, timeout_ns: int, *, look: bool) -> dict[str, Any]:
    """Return the first line."""
    return {
        "v": 1,
        "call": call.call,
        "args": call.args,
        "kwargs": call.kwargs,
        "setup": call.setup,
        "root": call.root,
        "users": users,
        "timeout_ns": timeout_ns,
        "look": look,
        **({} if call.cache is None else {"cache": inside_table(call.cache)}),
    }


def inside_table(spec: CacheSpec) -> dict[str, Any]:
    """Return what the interpreter has to know of a cache."""
    names = ("key", "value", "loads", "loader_s", "methods", "set_options", "probe", "stampede", "loader", "through")
    more = ("keys", "callers", "cold_keys", "expires_s")
    return {name: getattr(spec, name) for name in (*names, *more)} | {"fill_s": FILL_S}
