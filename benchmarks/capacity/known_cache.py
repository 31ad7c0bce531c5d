"""A cache of the project whose capacity is what it says: an operation takes its turn, 400 a second and no more."""

from __future__ import annotations

import asyncio

PER_SECOND = 400.0


class Cache:
    """An asynchronous cache in memory, in front of one place."""

    def __init__(self) -> None:
        self._entries: dict[str, object] = {}
        self._free = 0.0

    async def get(self, key: str) -> object:
        """Return what is there, in its turn."""
        await self._turn()
        return self._entries.get(key)

    async def set(self, key: str, value: object) -> None:
        """Put it there."""
        await self._turn()
        self._entries[key] = value

    async def delete(self, key: str) -> None:
        """Take it away."""
        await self._turn()
        self._entries.pop(key, None)

    async def _turn(self) -> None:
        now = asyncio.get_running_loop().time()
        self._free = max(now, self._free) + 1 / PER_SECOND
        await asyncio.sleep(self._free - now)


cache = Cache()
