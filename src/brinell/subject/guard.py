"""Starting commands so that they end, with everything they started, when this tool ends or hangs.

The guard (``guard_process.py``) is the parent of the command; this is the tool's end of the socket between them.
Whoever owns the loop calls ``beat`` at least once a second. A loop in here that waits beats for every other child.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import signal
import socket
import subprocess
import sys
import time
import weakref
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from brinell.core.errors import BrinellError, UsageError
from brinell.core.redact import one_line
from brinell.subject import process_table, start_failure
from brinell.subject.guard_process import GRACE_S, IGNORED, KILLING_S

_PROGRAM = Path(__file__).with_name("guard_process.py").resolve()
_START_TIMEOUT_S = 30.0
_ANSWER_S = 5.0  # for a guard that has been asked and is not stopped itself, however loaded the machine is
_BEAT_S = 0.2
_WAIT_S = 0.05
_NO_PROCESS = (errno.EAGAIN, errno.ENOMEM)

_alive: weakref.WeakSet[GuardedChild] = weakref.WeakSet()
_unreaped: list[subprocess.Popen[bytes]] = []  # guards whose child object was dropped before they ended


class GuardedChild:
    """A command under its guard (``core.roles.Child``). Dropping the last reference ends the tree as well.

    ``ending`` says why a tree was ended unasked: ``lease`` (this tool did not beat in time), ``sigterm`` (sent to the
    guard) or ``guard`` (the guard was killed). ``survivors`` are pids that not even SIGKILL ended. ``left`` are those
    that outlived a command that ended by itself by more than its ``linger_s``.
    """

    def __init__(self, guard: subprocess.Popen[bytes], channel: socket.socket) -> None:
        self.ending: str | None = None
        self.survivors: tuple[int, ...] = ()
        self.left: tuple[int, ...] = ()
        self._guard = guard
        self._channel = channel
        self._inbox = b""
        self._pid = 0
        self._started = ""
        self._status: int | None = None
        self._failure: dict[str, Any] | None = None
        self._asked = False  # to stop
        self._over = False  # the guard is gone, and so is the tree
        self._beaten = 0.0
        # Not __del__: of a cycle that is collected the socket may be finalized first, and would complain.
        weakref.finalize(self, _let_go, channel, guard).atexit = False

    @property
    def pid(self) -> int:
        """Process id of the command itself, which also leads its session."""
        return self._pid

    @property
    def guard_pid(self) -> int:
        """Process id of the guard."""
        return self._guard.pid

    @property
    def over(self) -> bool:
        """Whether nothing of the tree is left, as far as was heard (``poll`` listens)."""
        return self._over

    def beat(self) -> None:
        """Renew the lease. Cheap: more than five a second are not sent."""
        now = time.monotonic()
        if now - self._beaten >= _BEAT_S:
            self._beaten = now
            self._say(beat=1)

    def poll(self) -> int | None:
        """Return the command's exit status (negative signal number if killed), None while it runs. Never blocks.

        A guard that was killed takes the command with it: -9. What the command left behind may still be ending.
        """
        self._receive(0.0)
        return self._status

    def wait(self, timeout_s: float) -> int | None:
        """Wait at most ``timeout_s`` for the command to end, all leases renewed; return as ``poll`` does."""
        deadline = time.monotonic() + timeout_s
        while self._status is None and (left := deadline - time.monotonic()) > 0:
            self._receive(min(left, _BEAT_S))
            beat_all()
        return self.poll()

    def signal(self, number: int) -> None:
        """Send a signal to the command's process; nothing happens if it is gone."""
        self._say(signal=int(number))

    def stop(self, timeout_s: float) -> int | None:
        """Send SIGTERM to the command and wait up to ``timeout_s`` for it and its descendants, then SIGKILL the tree.

        Returns the exit status once nothing of the tree is left, whatever the timeout; other guarded children keep
        their lease meanwhile. A second call, with a shorter timeout, shortens the wait of the guard.
        """
        self._asked = True
        self._say(stop=timeout_s)
        deadline = time.monotonic() + timeout_s + GRACE_S + KILLING_S + _ANSWER_S
        while not self._over and time.monotonic() < deadline:
            self._receive(_WAIT_S)
            beat_all()
        if not self._over:  # a guard that does not answer (stopped by somebody): the kernel ends the command with it
            self._guard.kill()
            self._receive(_ANSWER_S)
        return self._status

    def _say(self, **message: object) -> None:
        # A socket that is full or closed has a guard that does not listen; poll() and stop() notice.
        with contextlib.suppress(OSError):
            self._channel.settimeout(0.0)
            self._channel.sendall(json.dumps(message).encode() + b"\n")

    def _receive(self, timeout_s: float) -> None:
        """Take in what the guard has said, waiting at most ``timeout_s`` for the first word."""
        while not self._over:
            try:
                self._channel.settimeout(timeout_s)
                data = self._channel.recv(65536)
            except (BlockingIOError, TimeoutError):
                return
            except OSError:
                data = b""
            if not data:
                self._guard_is_gone()
            *lines, self._inbox = (self._inbox + data).split(b"\n")
            for line in lines:
                self._note(json.loads(line))
            timeout_s = 0.0

    def _note(self, report: dict[str, Any]) -> None:
        if "started" in report:
            self._pid, self._started = report["started"]
        self._failure = report.get("failed", self._failure)
        self._status = report.get("exited", self._status)
        self.ending = report.get("ending", self.ending)
        self.survivors = tuple(report.get("gone", self.survivors))
        self.left = tuple(report.get("left", self.left))

    def _guard_is_gone(self) -> None:
        self._over = True
        self._channel.close()
        self._guard.wait()  # its end of the socket closes with its last breath
        _alive.discard(self)
        if self._pid and self._status is None:
            # The guard was killed; what the kernel does not end with it is still in the command's session.
            self._status = -signal.SIGKILL
            if not self._asked:
                self.ending = self.ending or "guard"
            self._sweep()

    def _sweep(self) -> None:
        """Kill the command's session without a guard, for at most a second."""
        deadline = time.monotonic() + 1.0
        while time.monotonic() < deadline:
            processes = process_table.table()
            leader = processes.get(self._pid)
            if leader is not None and leader.started != self._started:
                return  # the pid is another's by now, so the session is over
            found = process_table.tree(self._pid, processes, self._pid)
            found += [leader] if leader is not None and leader.alive else []
            if not found:
                return
            for process in found:
                process_table.send(process, signal.SIGKILL)
            time.sleep(_WAIT_S / 10)


def _let_go(channel: socket.socket, guard: subprocess.Popen[bytes]) -> None:
    """Hang up for a child that was dropped: its guard ends the tree."""
    channel.close()
    if guard.poll() is None:
        _unreaped.append(guard)


def beat_all() -> None:
    """Renew the lease of every child, for a loop in this part that waits for one of them."""
    for child in tuple(_alive):
        child.beat()


def start(
    argv: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: int | None = None,
    stdout: int | Path | None = None,
    stderr: int | Path | None = None,
    pass_fds: Sequence[int] = (),
    lease_s: float = 5.0,
    linger_s: float = 0.0,
) -> GuardedChild:
    """Start ``argv`` under a guard and return once it runs.

    Output to a path is appended to it (created with mode 0600), None is the null device; descriptors stay the caller's
    to close. The command gets 0, 1, 2 and ``pass_fds``, nothing else; ``env`` None is this process's own.
    ``UsageError`` says why a command cannot be started. The tree ends at most ``lease_s`` + 1 s after the last beat.
    What a command that ends by itself leaves behind may live ``linger_s`` longer, and is told (``left``).
    """
    _unreaped[:] = [guard for guard in _unreaped if guard.poll() is None]
    spec = {
        "argv": [os.fspath(word) for word in argv],
        "cwd": os.fspath(cwd or Path.cwd()),
        "env": dict(os.environ if env is None else env),
        "pass_fds": [fd for fd in pass_fds if fd > 2],
        "lease_s": lease_s,
        "linger_s": linger_s,
    }
    ours, theirs = socket.socketpair()
    try:
        with theirs, _opened(stdout) as out, _opened(stderr) as err, _deaf():
            guard = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_PROGRAM), str(theirs.fileno())],
                stdin=subprocess.DEVNULL if stdin is None else stdin,
                stdout=out,
                stderr=err,
                cwd="/",
                pass_fds=(theirs.fileno(), *pass_fds),
                start_new_session=True,
            )
    except OSError as error:
        ours.close()
        if error.errno in _NO_PROCESS:
            raise _too_many(argv, error.strerror) from None
        raise
    except BaseException:
        ours.close()
        raise
    child = GuardedChild(guard, ours)
    _alive.add(child)
    _hand_over(child, ours, spec)
    return child


def _hand_over(child: GuardedChild, channel: socket.socket, spec: dict[str, Any]) -> None:
    """Send the command to the guard and wait until it runs, or raise."""
    with contextlib.suppress(OSError):  # a guard that died is told apart below
        channel.settimeout(_START_TIMEOUT_S)
        channel.sendall(json.dumps({"start": spec}).encode() + b"\n")
    deadline = time.monotonic() + _START_TIMEOUT_S
    while not child.pid and child._failure is None and not child._over and time.monotonic() < deadline:  # noqa: SLF001 - one module
        child._receive(_WAIT_S)  # noqa: SLF001
        beat_all()
    if child._failure is not None:  # noqa: SLF001
        child.stop(0.0)
        if child._failure["stage"] == "fork":  # noqa: SLF001
            raise _too_many(spec["argv"], child._failure["message"])  # noqa: SLF001
        raise start_failure.explain(spec["argv"], Path(spec["cwd"]), spec["env"], child._failure)  # noqa: SLF001
    if not child.pid:
        child.stop(0.0)
        raise BrinellError(f"the guard of {spec['argv'][0]!r} did not start: {sys.executable} {_PROGRAM}")


def _too_many(argv: Sequence[str], why: str | None) -> UsageError:
    """The machine, or what this user may have of it, is full of processes."""
    return UsageError(
        f"no process can be started for {one_line(argv[0])!r}: {why}",
        hint="end something else, or allow more processes (ulimit -u) or memory",
    )


@contextlib.contextmanager
def _deaf() -> Iterator[None]:
    """Hold back what a terminal sends: a process is in our group until it has its own session, and a Ctrl-C in that
    moment would end it. The guard inherits this and ignores these signals anyway; the command does not inherit it.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, IGNORED)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def _opened(target: int | Path | None) -> Iterator[int]:
    if isinstance(target, int):
        yield target
        return
    path = Path(os.devnull) if target is None else target
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        yield fd
    finally:
        os.close(fd)
