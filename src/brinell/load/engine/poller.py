"""Waiting for sockets with a grain well below a millisecond.

``epoll`` rounds its timeout up to a whole millisecond, which would add up to one millisecond to every request of an
open schedule. An epoll descriptor is itself readable when something is ready, so the last stretch is waited for with
``select`` on that one descriptor, whose timeout has microseconds.

Being woken takes longer the longer a processor slept: 30 to 200 µs of lag at a hundred requests a second. So after a
wait of some milliseconds the last tenth of one is not slept but spent looking, where a request falls due then
(``sharp``).
"""

from __future__ import annotations

import select
import selectors
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

Handler = Callable[[int], None]
"""Called with the events of its descriptor: ``READ``, ``WRITE`` or both; errors and hang-ups show as either."""

READ = 1  # EPOLLIN
WRITE = 4  # EPOLLOUT
AT_ONCE = 32  # events handled between two looks at the schedule: bounds how late a busy loop notices a due request
_COARSE_NS = 4_000_000
_MS_NS = 1_000_000
_LONG_NS = 2_000_000  # a wait of which looking is no more than a twentieth
_LOOKING_NS = 100_000


class Poller(Protocol):
    """Descriptors, their handlers, and a wait that may end early but not late."""

    handlers: dict[int, Handler]

    def add(self, fd: int, events: int, handler: Handler) -> None:
        """Watch a descriptor."""
        ...

    def change(self, fd: int, events: int, handler: Handler) -> None:
        """Watch it for other events, with another handler."""
        ...

    def remove(self, fd: int) -> None:
        """Watch it no longer; to be called before it is closed."""
        ...

    def wait(self, timeout_ns: int, *, sharp: bool = True) -> Sequence[tuple[int, int]]:
        """Return ready descriptors with their events, after at most ``timeout_ns``; none where it ended early. Not
        ``sharp``: it may end a tenth of a millisecond late, and costs nothing meanwhile.
        """
        ...


class EpollPoller:
    """The poller of Linux."""

    def __init__(self) -> None:
        self.handlers: dict[int, Handler] = {}
        self._epoll = select.epoll()
        self._watched = (self._epoll.fileno(),)
        self._poll = self._epoll.poll
        _finest_timers()

    def add(self, fd: int, events: int, handler: Handler) -> None:
        """Watch a descriptor."""
        self._epoll.register(fd, events)
        self.handlers[fd] = handler

    def change(self, fd: int, events: int, handler: Handler) -> None:
        """Watch it for other events, with another handler."""
        self._epoll.modify(fd, events)
        self.handlers[fd] = handler

    def remove(self, fd: int) -> None:
        """Watch it no longer."""
        self._epoll.unregister(fd)
        del self.handlers[fd]

    def wait(self, timeout_ns: int, *, sharp: bool = True) -> Sequence[tuple[int, int]]:
        """Return ready descriptors; see the module's header for how it waits."""
        if timeout_ns > _COARSE_NS:
            return self._poll((timeout_ns // _MS_NS - 2) / 1000, AT_ONCE)
        # Under load something is ready already, and select would only say so a second time.
        ready = self._poll(0, AT_ONCE)
        if ready or timeout_ns <= 0:
            return ready
        if sharp and timeout_ns >= _LONG_NS:
            return self._attentive(timeout_ns)
        return self._poll(0, AT_ONCE) if select.select(self._watched, (), (), timeout_ns / 1e9)[0] else ready

    def _attentive(self, timeout_ns: int) -> list[tuple[int, int]]:
        until = time.monotonic_ns() + timeout_ns
        select.select(self._watched, (), (), (timeout_ns - _LOOKING_NS) / 1e9)
        while not (ready := self._poll(0, AT_ONCE)) and time.monotonic_ns() < until:
            pass
        return ready


class SelectorPoller:
    """The poller of systems without epoll; how fine it waits is up to the system (kqueue: nanoseconds)."""

    def __init__(self) -> None:
        self.handlers: dict[int, Handler] = {}
        self._selector = selectors.DefaultSelector()

    def add(self, fd: int, events: int, handler: Handler) -> None:
        """Watch a descriptor."""
        self._selector.register(fd, _selector_events(events))
        self.handlers[fd] = handler

    def change(self, fd: int, events: int, handler: Handler) -> None:
        """Watch it for other events, with another handler. For none, which a selector cannot be told, not at all: that
        the peer is gone is then noticed when it is watched again.
        """
        watched = fd in self._selector.get_map()
        if not events:
            if watched:
                self._selector.unregister(fd)
        elif watched:
            self._selector.modify(fd, _selector_events(events))
        else:
            self._selector.register(fd, _selector_events(events))
        self.handlers[fd] = handler

    def remove(self, fd: int) -> None:
        """Watch it no longer."""
        if fd in self._selector.get_map():
            self._selector.unregister(fd)
        del self.handlers[fd]

    def wait(self, timeout_ns: int, *, sharp: bool = True) -> Sequence[tuple[int, int]]:
        """Return ready descriptors."""
        del sharp
        ready = self._selector.select(max(0.0, timeout_ns / 1e9))
        return [(key.fd, (READ if mask & 1 else 0) | (WRITE if mask & 2 else 0)) for key, mask in ready[:AT_ONCE]]


def poller() -> Poller:
    """Return this system's poller."""
    return EpollPoller() if hasattr(select, "epoll") else SelectorPoller()


def _selector_events(events: int) -> int:
    return (selectors.EVENT_READ if events & READ else 0) | (selectors.EVENT_WRITE if events & WRITE else 0)


def _finest_timers() -> None:
    """Ask the kernel not to group this process's wake-ups: the default slack of 50 µs is lag for nothing."""
    try:
        Path("/proc/self/timerslack_ns").write_text("1", encoding="ascii")
    except OSError:
        return
