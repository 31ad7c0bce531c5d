"""WebSockets that are held while something else happens: how was each of them closed?"""

from __future__ import annotations

from collections import Counter

from brinell.drills.scene import Scene
from brinell.load.engine.endpoint import Endpoint
from brinell.load.websocket.handshake import Opening
from brinell.load.websocket.link import Terms
from brinell.load.websocket.switchboard import Switchboard
from brinell.subject.targets import Target

_AT_ONCE_S = 0.0005  # of one look: what is ready is served, and nothing is waited for


class HeldSockets:
    """``count`` connections to ``path``. Nothing in here waits: whoever owns the loop calls ``look``."""

    def __init__(self, scene: Scene, target: Target, path: str, count: int) -> None:
        family, address = scene.place(target)
        endpoint = Endpoint(family, address, scene.tls(target), target.host if target.scheme == "https" else None)
        opening = Opening(target.authority, path, tuple(scene.load.headers.items()))
        self._board = Switchboard(endpoint, Terms(opening), timeout_s=scene.load.timeout_s)
        self._count = count
        self._before = 0

    def dial(self) -> None:
        """Begin to connect all."""
        for _ in range(self._count):
            self._board.dial()

    def look(self) -> None:
        """Serve what is ready."""
        if self._count:
            self._board.run(lambda: False, _AT_ONCE_S)

    def begin(self) -> None:
        """From here on endings count."""
        self._before = len(self._board.open)
        self._board.endings.clear()

    def seen(self) -> dict[str, object]:
        """Return how many were open when it began, and how they ended: close codes, and how many are open still."""
        codes = Counter(str(one.ending.code) for one in self._board.endings)
        return {
            "sockets": self._before,
            "socket_codes": dict(codes),
            "sockets_open": len(self._board.open),
            "sockets_refused": len(self._board.refused),
        }

    def close(self) -> None:
        """Close every connection."""
        self._board.close()
