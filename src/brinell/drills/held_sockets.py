"""WebSockets that are held while something else happens: how was each of them closed?"""

from __future__ import annotations

from collections import Counter

from brinell.core.redact import one_line, redact
from brinell.drills.scene import Scene
from brinell.load.websocket.switchboard import Switchboard
from brinell.subject.targets import Target

_AT_ONCE_S = 0.0005  # of one look: what is ready is served, and nothing is waited for


class HeldSockets:
    """``count`` connections to ``path``. Nothing in here waits: whoever owns the loop calls ``look``."""

    def __init__(self, scene: Scene, target: Target, path: str, count: int) -> None:
        terms = scene.terms(target, path)
        self._board = Switchboard(scene.endpoint(target), terms, timeout_s=scene.load.timeout_s)
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
        refused = self._board.refused[0] if self._board.refused else None
        return {
            "sockets": self._before,
            "socket_codes": dict(codes),
            "sockets_open": len(self._board.open),
            "sockets_refused": len(self._board.refused),
            "sockets_why": one_line(redact(f"{refused.outcome} {refused.detail}"), 200) if refused else "",
        }

    def close(self) -> None:
        """Close every connection."""
        self._board.close()
