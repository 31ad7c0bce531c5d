"""``driver = "cache"``: operations on a cache of the project; see ``brinell.load.cache``."""

from __future__ import annotations

from pathlib import Path

from brinell.core.plan import LoadSpec
from brinell.core.roles import Room
from brinell.load.cache.space import CacheWatch
from brinell.load.drivers.call import Calls
from brinell.load.watch import CallWatch


class Caches(Calls):
    """The driver of ``driver = "cache"``: calls whose function is an operation on an object."""

    preparing = "the cache is filled, and crowds ask for cold keys"

    def watch(self, room: Room, spec: LoadSpec, pids: list[int]) -> CallWatch:
        """Return who watches the interpreters, and the cache's folder."""
        named = None if spec.cache is None else spec.cache.directory
        return CacheWatch(room, pids, None if named is None else Path(room.plan.root) / named)
