"""How long a service that was asked to end goes on saying that it is ready: load balancers send on until then."""

from __future__ import annotations

from brinell.drills.scene import Scene
from brinell.drills.wire import OPEN, OwnLimitError
from brinell.drills.witness import Witness
from brinell.subject.targets import Target

EVERY_NS = 100_000_000
PATIENCE_NS = 1_000_000_000


class Green:
    """Asks the ready path, on one new connection at a time. Monotonic nanoseconds, 0 where it never was so: ``last_ns``
    is when the last connection was begun on which it said 2xx.
    """

    def __init__(self, scene: Scene, target: Target, request: bytes) -> None:
        self._scene = scene
        self._target = target
        self._request = request
        self._wire: Witness | None = None
        self._next_ns = 0
        self.last_ns = 0

    def look(self, now_ns: int) -> None:
        """Ask when it is time to, and take what was answered."""
        wire = self._wire
        if wire is not None:
            wire.look()
            if wire.answers and 200 <= wire.status < 300:
                self.last_ns = wire.opened_ns
            if wire.answers or wire.state != OPEN or now_ns > wire.opened_ns + PATIENCE_NS:
                self.close()
        if self._wire is None and now_ns >= self._next_ns:
            self._next_ns = now_ns + EVERY_NS
            try:
                self._wire = self._scene.connect(self._target)
            except OwnLimitError:
                return
            self._wire.send(self._request)

    def close(self) -> None:
        """Let go of the connection."""
        if self._wire is not None:
            self._wire.abort()
            self._wire = None
