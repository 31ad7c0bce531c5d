"""Waiting without reading: answers whose arrival the system stamps are read several at a time.

Each wake-up of a sleeping process costs as much as two requests. At a high open rate the loop wakes for every request
that falls due; where it need not wake for every answer too, a request costs half of that.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence

from brinell.load.engine.connection import Connection, Host
from brinell.load.engine.poller import Poller
from brinell.load.engine.stamps import stamped_here

TURN_NS = 10_000  # about what the shortest turn of a loop takes that has something to send


class Patience:
    """A poller's ``wait`` that looks at the sockets only so often, as long as nothing is held up by that: a connection
    rests that can take the next request, and none is ``urgent``.
    """

    def __init__(self, poller: Poller, resting: Collection[object], urgent: Collection[object], late_ns: int) -> None:
        self._wait = poller.wait
        self._resting = resting
        self._urgent = urgent
        self._late_ns = late_ns
        self._slept_ns = late_ns  # since the last look

    def wait(self, timeout_ns: int, *, sharp: bool = True) -> Sequence[tuple[int, int]]:
        """Return ready descriptors after at most ``timeout_ns``; none where it was not yet time to look."""
        # A loop that is behind asks for no wait at all, or for less: its turns take time all the same.
        self._slept_ns += max(timeout_ns, TURN_NS)
        if self._slept_ns < self._late_ns and self._resting and not self._urgent:
            if timeout_ns > 0:
                time.sleep(timeout_ns / 1e9)
            return ()
        self._slept_ns = 0
        return self._wait(timeout_ns, sharp=sharp)


def reads_late(connection: Callable[[Host], Connection]) -> bool:
    """Return whether connections of this kind know, on this system, when their answers came. Over TLS nobody does."""
    return isinstance(connection, type) and issubclass(connection, Connection) and connection.stamps and stamped_here()
