"""One instance of the service that a drill started itself: signalled, watched, looked after."""

from __future__ import annotations

import contextlib
import os
import signal

from brinell.core.clock import Clock
from brinell.subject import process_table, sockets
from brinell.subject.guard import GuardedChild
from brinell.subject.service import RunningService


class Instance:
    """A running service. ``exited_ns`` is when its own process was seen to be gone, 0 while it is there."""

    def __init__(self, running: RunningService, clock: Clock) -> None:
        if not isinstance(running.child, GuardedChild):
            raise TypeError("a drill's service runs under a guard")
        self.child: GuardedChild = running.child
        self.url = running.url
        self.pid = running.pid
        self.command = running.command
        self.ready_s = running.ready_s
        self.port = int(running.url.rpartition(":")[2])
        self.exited_ns = 0
        self._running = running
        self._clock = clock
        self._names: dict[int, str] = {}
        self._process = process_table.find(self.pid)
        self._handle = self._held()

    @property
    def status(self) -> int | None:
        """Its exit status, None while it runs."""
        found = self.child.poll()
        if found is not None and not self.exited_ns:
            self.exited_ns = self._clock.now_ns()
        return found

    def remember(self) -> None:
        """Keep its processes' names, for when they are gone."""
        self._names |= {pid: process_table.name(pid) for pid in self.pids()}

    def signal(self, number: int = signal.SIGTERM) -> int:
        """Send a signal to its first process, at once and not by way of the guard, which is slower; return when."""
        at_ns = self._clock.now_ns()
        if self._handle is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, number)
        elif self._process is not None:
            process_table.send(self._process, number)
        return at_ns

    def pids(self) -> list[int]:
        """Return its processes that live."""
        found = process_table.tree(self.pid, process_table.table(), self.pid)
        return [self.pid, *(process.pid for process in found)]

    def listens(self) -> bool:
        """Whether anybody listens on its port."""
        return any(one.port == self.port for one in sockets.listeners())

    def left(self) -> tuple[str, ...]:
        """Return what outlived it, by name and pid; to be asked once ``over``."""
        return tuple(f"{self._names.get(pid, '?')} (pid {pid})" for pid in self.child.left)

    @property
    def over(self) -> bool:
        """Whether it is gone, with all that it had started."""
        return self.status is not None and self.child.over

    def end(self) -> None:
        """End what is left of it, its log redacted."""
        self._running.stop()
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _held(self) -> int | None:
        """Return a handle on its first process, which is no other's while the guard has not seen it end; None where
        the system has none.
        """
        try:
            handle = os.pidfd_open(self.pid)
        except (AttributeError, OSError):
            return None
        if self.child.poll() is None:
            return handle
        os.close(handle)
        return None

    def tail(self, n: int = 12) -> list[str]:
        """Return the last lines of its log."""
        return self._running.tail(n)
