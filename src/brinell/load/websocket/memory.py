"""What a connection costs in this process: resident memory with and without them. The kernel's part is not in it."""

from __future__ import annotations

import resource
from pathlib import Path

ENOUGH = 1000  # connections, below which pages and allocators hide what one costs
_STATM = Path("/proc/self/statm")


class Weight:
    """Counts from when it is made."""

    def __init__(self) -> None:
        self._before = _resident()

    def each(self, connections: int) -> int | None:
        """Return bytes for each of so many connections; None where that cannot be told."""
        now = _resident()
        if now is None or self._before is None or connections < ENOUGH:
            return None
        return max(0, now - self._before) // connections


def _resident() -> int | None:
    try:
        return int(_STATM.read_text(encoding="ascii").split()[1]) * resource.getpagesize()
    except (OSError, IndexError, ValueError):
        return None
