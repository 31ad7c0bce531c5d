"""When an answer reached this machine, as the system noted it: then it need not be read at once to be timed.

Linux stamps what it receives (``SO_TIMESTAMPNS``, socket(7)) with the wall clock. Reading several answers in one turn
saves a wake-up for each, and leaves the generator's own delay out of the response time.
"""

from __future__ import annotations

import contextlib
import platform
import socket
import struct
import sys
import time
from collections.abc import Sequence
from functools import cache

_SO_TIMESTAMPNS = 35  # asm-generic/socket.h; ``socket`` has no name for it
_GENERIC = {"x86_64", "aarch64", "riscv64", "ppc64le", "s390x"}  # others number it otherwise
_TIMESPEC = struct.Struct("@qq")
STAMP_BYTES = socket.CMSG_SPACE(_TIMESPEC.size) if hasattr(socket, "CMSG_SPACE") else 0
_FRESH_NS = 1_000_000  # the wall clock is steered against the monotonic one by at most 500 ppm: half a nanosecond
_SECOND_NS = 1_000_000_000
_STEERED_NS = 1_000_000  # as far as it is steered in two seconds
_PATIENCE_S = 0.2
_TRIES = 250  # of a millisecond: the kernel switches it on in a thread of its own, which has to have a turn
_AT_ONCE_NS = 20_000  # two looks at the clocks that are further apart were not one after the other
_MOST_LOOKS = 5
_MOMENT_S = 0.001

_now = time.monotonic_ns

Told = Sequence[tuple[int, int, bytes]]


def ahead_ns() -> int:
    """Return how far the wall clock is ahead of the monotonic one. On a crowded machine this process may be set aside
    between the two looks: of some, the pair that is closest together counts.
    """
    closest, found = _SECOND_NS, 0
    for _ in range(_MOST_LOOKS):
        before, wall, behind = _now(), time.time_ns(), _now()
        if behind - before < closest:
            closest, found = behind - before, wall - (before + behind) // 2
        if closest <= _AT_ONCE_NS:
            break
    return found


class Ahead:
    """How far the wall clock is ahead of the monotonic one, read anew every millisecond."""

    __slots__ = ("_at_ns", "_by_ns")

    def __init__(self) -> None:
        self._at_ns = self._by_ns = 0

    def arrival_ns(self, told: Told, after_ns: int) -> int:
        """Return when the last bytes of a ``recvmsg`` came, on the monotonic clock, and not before ``after_ns``. Not
        stamped, or stamped with what cannot be (the wall clock was set), they came now.

        A clock that is steered moves by microseconds while an answer lies unread: a stamp just before ``after_ns`` is
        that.
        """
        now = _now()
        if not told:
            return now
        if now - self._at_ns > _FRESH_NS:
            self._at_ns, self._by_ns = now, ahead_ns()
        seconds, rest = _TIMESPEC.unpack(told[0][2])
        at: int = seconds * _SECOND_NS + rest - self._by_ns
        if after_ns <= at <= now:
            return at
        return after_ns if after_ns - _STEERED_NS < at < after_ns else now


def ask_for_stamps(sock: socket.socket) -> None:
    """Have what this socket receives stamped."""
    sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)


@cache
def stamped_here() -> bool:
    """Return whether this system stamps what TCP receives: tried on a connection to ourselves, once in a process.

    Linux begins to stamp a moment after the first socket asks, and stops after the last: one is kept for that.
    """
    if sys.platform != "linux" or platform.machine() not in _GENERIC:
        return False
    with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(_PATIENCE_S)
        with socket.create_connection(server.getsockname(), _PATIENCE_S) as here:
            ask_for_stamps(here)
            there, _ = server.accept()
            with there:
                if any(_is_stamped(there, here) for _ in range(_TRIES)):
                    _keep_stamping()
                    return True
    return False


def _is_stamped(there: socket.socket, here: socket.socket) -> bool:
    there.sendall(b"!")
    _, told, _, _ = here.recvmsg(1, STAMP_BYTES)
    if not told:
        time.sleep(_MOMENT_S)
    return len(told) == 1 and len(told[0][2]) == _TIMESPEC.size


def _keep_stamping() -> None:
    """Ask with a socket that nobody closes before this process ends."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    ask_for_stamps(sock)
    sock.detach()
