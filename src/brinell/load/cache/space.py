"""What the cache's folder holds, looked at while the load runs."""

from __future__ import annotations

import os
import time
from pathlib import Path

from brinell.core.cache_records import CacheSpace
from brinell.core.roles import Room
from brinell.load.watch import CallWatch

_EVERY_NS = 1_000_000_000
_MOST_FILES = 200_000
_SHARE = 20  # one part in so many of the time may go into looking


class CacheWatch(CallWatch):
    """Watches the interpreters, and a folder where one is named: once a second, or as often as that costs little."""

    def __init__(self, room: Room, pids: list[int], folder: Path | None) -> None:
        super().__init__(room, pids)
        self._folder = folder
        self._again_ns = 0

    def look(self, now_ns: int) -> None:
        """Sample what it is time for."""
        super().look(now_ns)
        if self._folder is None or now_ns < self._again_ns:
            return
        began = time.monotonic_ns()
        self._room.emit(space(self._folder, now_ns))
        self._again_ns = now_ns + max(_EVERY_NS, _SHARE * (time.monotonic_ns() - began))


def space(folder: Path, at_ns: int, most: int = _MOST_FILES) -> CacheSpace:
    """Return how many files there are below a folder, links not followed, and the bytes in them."""
    total = files = 0
    left = [str(folder)]
    while left:
        try:
            entries = os.scandir(left.pop())
        except OSError:  # gone since, or not to be read
            continue
        with entries:
            for entry in entries:
                if files >= most:
                    return CacheSpace(at_ns, total, files, whole=False)
                try:
                    if entry.is_dir(follow_symlinks=False):
                        left.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_size
                        files += 1
                except OSError:
                    continue
    return CacheSpace(at_ns, total, files)
