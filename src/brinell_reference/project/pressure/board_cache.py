"""The cache as a workload asks it: by key alone, where the service asks by key, span and loader.

A load tool names `pressure.board_cache:two_tiers`. Anything with `get`, `set` and perhaps `delete` will do, called or
awaited; a function without arguments may make it. This one is the service's own cache with a small memory tier, so that
both tiers are under load.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from noticeboard.cache.disk import DiskTier
from noticeboard.cache.entry import Entry, Span
from noticeboard.cache.memory import OVERHEAD_BYTES, MemoryTier
from noticeboard.cache.two_tier import TwoTierCache

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

FOLDER = Path(__file__).resolve().parents[1] / "data" / "cache-under-pressure"
TTL_S = 60.0
IN_MEMORY = 100
BODY_BYTES = 1000
ON_DISK_BYTES = 64 << 20


class Board:
    """Pages of notes by key. A key ends in a number: the note that its page is about."""

    def __init__(self, folder: Path) -> None:
        self._memory = MemoryTier(IN_MEMORY * (OVERHEAD_BYTES + BODY_BYTES), time.monotonic)
        self.disk = DiskTier(folder, ON_DISK_BYTES, clock=time.monotonic, wall=time.time)
        self._cache = TwoTierCache(self._memory, self.disk, ttl_s=TTL_S, clock=time.monotonic)

    async def get(self, key: str) -> bytes | None:
        """Return what is cached, None where nothing is."""

        async def absent() -> Entry:
            raise LookupError(key)

        try:
            return (await self._cache.get(key, _entry(key, b"").span, absent)).entry.body
        except LookupError:
            return None

    async def set(self, key: str, value: bytes) -> None:
        """Put a page into both tiers."""
        expires_s = time.monotonic() + TTL_S
        self._memory.put(key, _entry(key, value), expires_s)
        self.disk.put(key, _entry(key, value), expires_s)

    async def delete(self, key: str) -> None:
        """Forget every page that the note is on."""
        self._cache.invalidate(_entry(key, b"").span.low)

    async def get_or_load(self, key: str, loader: Callable[[], Awaitable[bytes]]) -> bytes:
        """Return what is cached, else what the loader gives: once, however many ask."""

        async def load() -> Entry:
            return _entry(key, await loader())

        return (await self._cache.get(key, _entry(key, b"").span, load)).entry.body


async def two_tiers() -> Board:
    """Return an empty cache in a folder of its own, beside the service's."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    board = Board(FOLDER)
    await board.disk.open(None, TTL_S)
    return board


def _entry(key: str, body: bytes) -> Entry:
    number = int(key.rpartition(":")[2])
    return Entry(bytes(body), "etag", Span(number, number))
