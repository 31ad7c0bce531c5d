"""The guard: a small process between the tool and a command, which ends the command's whole tree when the tool dies or
hangs. ``guard.start`` runs this file by path, isolated and without site-packages, so that it is up in some 20 ms.

It stands in a session of its own, so that Ctrl-C reaches neither it nor the command, and is the reaper of everything
below it (Linux: PR_SET_CHILD_SUBREAPER; a daemon that forked twice comes back to it). The command gets a further
session. Should the guard itself be killed, the kernel ends the command (PR_SET_PDEATHSIG).

One socket, JSON lines. The tool says ``start`` once, then ``beat``, ``signal``, ``stop``; any line renews the lease.
The guard says ``started`` or ``failed``, then ``exited`` (the command) and ``gone`` (all of its tree). End of file, a
lease without a line, or SIGTERM to the guard end the tree: SIGTERM, a grace, SIGKILL, until nothing is left. SIGINT,
SIGQUIT and SIGHUP are ignored. When the command ends by itself, what it left behind is ended too; with ``linger_s``
only so many seconds later, and ``left`` tells the pids of what was still there then.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import sys
import time

if __name__ == "__main__":
    # Isolated mode leaves our package off the path. It goes last: the standard library always wins.
    sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))  # noqa: PTH100, PTH120 - pathlib costs 10 ms

from brinell.subject import process_table

GRACE_S = 0.5
"""Seconds between SIGTERM and SIGKILL where nobody asked for more."""
KILLING_S = 10.0
"""Seconds after which the guard gives up on processes that not even SIGKILL ends (uninterruptible sleep)."""

_SUBREAPER = 36  # linux/prctl.h
_PDEATHSIG = 1
IGNORED = (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP)
_OVERSLEPT_S = 0.5
_POLL_S = 0.05  # the death of an adopted process wakes at once; this is for what cannot be seen otherwise


class Guard:
    """One command and its tree. ``run`` returns once nothing of it is left."""

    def __init__(self, channel: int, wake: int) -> None:
        self._channel = channel
        self._wake = wake
        self._inbox = bytearray()
        self._open = True  # the tool's end of the socket
        self._pid = 0
        self._reaped = True  # nothing started, nothing to reap
        self._lease_s = 5.0
        self._linger_s = 0.0
        self._look_back_at: float | None = None  # when to see what the command left behind, before it is ended
        self._heard = time.monotonic()
        self._deadline: float | None = None  # when SIGKILL begins; None: the command may run
        self._killing_since: float | None = None

    def run(self) -> None:
        """Serve the tool until the tree is gone."""
        poll = select.poll()
        poll.register(self._wake, select.POLLIN)
        poll.register(self._channel, select.POLLIN)
        listening = True
        while not self._finished():
            if listening and not self._open:
                poll.unregister(self._channel)
                listening = False
            wait_s = self._wait_s()
            before = time.monotonic()
            poll.poll(wait_s * 1000)
            if time.monotonic() - before > wait_s + _OVERSLEPT_S:
                # This process did not run either (a paused machine): silence of the tool in that time proves nothing.
                self._heard = time.monotonic()
            self._listen()
            self._reap()
            self._look_back()
            if self._deadline is None and time.monotonic() - self._heard >= self._lease_s:
                self._end("lease")

    def _wait_s(self) -> float:
        now = time.monotonic()
        if self._deadline is None:
            return max(0.0, self._heard + self._lease_s - now)
        if self._killing_since is not None:
            return _POLL_S / 10
        return _POLL_S if self._reaped else max(0.0, self._deadline - now)

    # --- what the tool says ---

    def _listen(self) -> None:
        if self._drain_wake():
            self._end("sigterm")
        while self._open:
            try:
                data = os.read(self._channel, 65536)
            except BlockingIOError:
                break
            except OSError:
                data = b""
            self._open = bool(data)
            self._inbox += data
        *lines, rest = self._inbox.split(b"\n")
        self._inbox = bytearray(rest)
        for line in lines:
            self._heard = time.monotonic()
            self._obey(json.loads(line))
        if not self._open:
            self._end("tool")

    def _drain_wake(self) -> bool:
        """Return whether SIGTERM is among the signals that came (SIGCHLD only has to wake)."""
        try:
            return signal.SIGTERM in os.read(self._wake, 4096)
        except BlockingIOError:
            return False

    def _obey(self, message: dict[str, object]) -> None:
        if "start" in message:
            self._start(message["start"])  # type: ignore[arg-type]  # our own tool wrote it
        elif "signal" in message and not self._reaped:
            os.kill(self._pid, int(message["signal"]))  # type: ignore[call-overload]  # a child not reaped keeps its pid
        elif "stop" in message:
            self._stop(float(message["stop"]))  # type: ignore[arg-type]

    def _tell(self, **report: object) -> None:
        try:
            os.write(self._channel, json.dumps(report).encode() + b"\n")
        except OSError:
            self._open = False

    # --- the command ---

    def _start(self, spec: dict[str, object]) -> None:
        self._lease_s = float(spec["lease_s"])  # type: ignore[arg-type]
        self._linger_s = float(spec["linger_s"])  # type: ignore[arg-type]
        error_read, error_write = os.pipe()
        parent = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:
            self._tell(failed={"stage": "fork", "errno": error.errno, "message": error.strerror})
            self._deadline = time.monotonic()
            return
        if pid == 0:
            _become(spec, parent, error_write)
        os.close(error_write)
        # The guard must not keep the command's pipes open: their readers wait for the end of file.
        for fd in spec["pass_fds"]:  # type: ignore[attr-defined]
            os.close(fd)
        _to_null(0, 1, 2)
        failure = b""
        while part := os.read(error_read, 4096):
            failure += part
        os.close(error_read)
        if failure:
            os.waitpid(pid, 0)
            self._tell(failed=json.loads(failure))
            self._deadline = time.monotonic()
            return
        self._pid = pid
        self._reaped = False
        child = process_table.find(pid)  # not reaped yet, so it is still that pid's
        self._tell(started=[pid, child.started if child else ""])

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self._pid and not self._reaped:
                self._reaped = True
                self._tell(exited=os.waitstatus_to_exitcode(status))
                # A stop that was asked for keeps its time: the workers behind a wrapper may end in order as well.
                if self._deadline is None and self._linger_s:
                    self._look_back_at = time.monotonic() + self._linger_s
                    self._deadline = self._look_back_at + GRACE_S
                    continue
                if self._deadline is None:
                    self._deadline = time.monotonic() + GRACE_S
                self._terminate()

    def _look_back(self) -> None:
        """Tell what the command left behind, once its time to end by itself is over, and ask it to end."""
        if self._look_back_at is not None and time.monotonic() >= self._look_back_at:
            self._look_back_at = None
            self._tell(left=[process.pid for process in self._tree()])
            self._terminate()

    # --- the end ---

    def _stop(self, timeout_s: float) -> None:
        """Ask the command, and only it, to end: a server that shuts down in order ends its workers itself."""
        moment = time.monotonic() + timeout_s
        if self._deadline is not None:
            self._deadline = min(self._deadline, moment)
            return
        self._deadline = moment
        if not self._reaped:
            os.kill(self._pid, signal.SIGTERM)
            os.kill(self._pid, signal.SIGCONT)

    def _end(self, why: str) -> None:
        """End the whole tree within the short grace, however long a stop had been asked to take."""
        if self._deadline is None:
            self._tell(ending=why)
            self._terminate()
        self._deadline = min(self._deadline or float("inf"), time.monotonic() + GRACE_S)

    def _tree(self) -> list[process_table.Process]:
        return process_table.tree(os.getpid(), process_table.table(), self._pid or None)

    def _terminate(self) -> None:
        for process in self._tree():
            process_table.send(process, signal.SIGTERM)
            process_table.send(process, signal.SIGCONT)  # one that is stopped would never see the SIGTERM

    def _finished(self) -> bool:
        """Whether all is over; kills, once the deadline has passed. Called until it is: a tree may fork meanwhile."""
        now = time.monotonic()
        if self._deadline is None or not (self._reaped or now >= self._deadline):
            return False
        left = self._tree()
        if not left and self._reaped:
            self._tell(gone=[])
            return True
        if now < self._deadline:
            return False
        self._killing_since = self._killing_since or now
        for process in left:  # parents first, so that no supervisor replaces a worker
            process_table.send(process, signal.SIGKILL)
        if now - self._killing_since > KILLING_S:
            self._tell(gone=[process.pid for process in left])
            return True
        return False

    def abandon(self) -> None:
        """A bug in this file must not cost the user a service that runs on: kill, without any grace."""
        for process in self._tree():
            process_table.send(process, signal.SIGKILL)


def _become(spec: dict[str, object], guard: int, error: int) -> None:
    """Turn the forked child into the command; never returns. What went wrong is written to ``error``."""
    argv, cwd, env = spec["argv"], spec["cwd"], spec["env"]
    stage = "chdir"
    try:
        os.setsid()
        _prctl(_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != guard:
            os._exit(127)  # the guard died before the line above: nobody would end us
        signal.set_wakeup_fd(-1)
        for number in (*IGNORED, signal.SIGTERM, signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.chdir(cwd)  # type: ignore[arg-type]
        stage = "exec"
        os.execvpe(argv[0], argv, env)  # type: ignore[index, arg-type]  # noqa: S606 - an argument vector, no shell
    except OSError as failure:
        os.write(error, json.dumps({"stage": stage, "errno": failure.errno, "message": failure.strerror}).encode())
    except ValueError as failure:  # a NUL in an argument
        os.write(error, json.dumps({"stage": stage, "errno": 0, "message": str(failure)}).encode())
    finally:
        os._exit(127)


def _prctl(option: int, value: int) -> None:
    """Linux only, and only a further net there: what it would do is done by other means where it is not to be had."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _to_null(*fds: int) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for fd in fds:
        os.dup2(null, fd)
    if null not in fds:
        os.close(null)


def main() -> None:
    """Guard one command; the first argument is the number of the socket to the tool."""
    channel = int(sys.argv[1])
    os.set_inheritable(channel, False)
    os.set_blocking(channel, False)
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_read, False)
    os.set_blocking(wake_write, False)
    for number in IGNORED:
        signal.signal(number, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)  # the number arrives through the wake-up pipe
    signal.set_wakeup_fd(wake_write)
    _prctl(_SUBREAPER, 1)
    guard = Guard(channel, wake_read)
    try:
        guard.run()
    finally:
        guard.abandon()


if __name__ == "__main__":
    main()
