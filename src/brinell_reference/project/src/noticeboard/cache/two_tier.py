"""Memory, then disk, then a loader; each missing key is loaded once however many ask for it.

The promise: once `invalidate` has returned, no `get` that begins later sees what was loaded before it. Loads in flight
at that moment keep their promise to those who began earlier, and leave nothing behind.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from noticeboard.cache.disk import DiskTier
    from noticeboard.cache.entry import Entry, Span
    from noticeboard.cache.memory import MemoryTier


class Hit(NamedTuple):
    """An entry and where it came from: memory, disk or load."""

    entry: Entry
    source: str


@dataclass(eq=False, slots=True)
class _Flight:
    """A load in progress."""

    scope: Span
    current: bool = True
    landed: asyncio.Task[Hit] | None = None


def _ignore(_event: str) -> None:
    pass


class TwoTierCache:
    """Used from one event loop.

    For each `get`, `count` is told once: memory, disk, load, failed, or shared, if it waited for somebody else's load.
    """

    def __init__(
        self,
        memory: MemoryTier,
        disk: DiskTier,
        *,
        ttl_s: float,
        clock: Callable[[], float],
        count: Callable[[str], None] = _ignore,
    ) -> None:
        self.memory = memory
        self.disk = disk
        self._ttl_s = ttl_s
        self._clock = clock
        self._count = count
        self._flights: dict[str, _Flight] = {}

    async def get(self, key: str, scope: Span, load: Callable[[], Awaitable[Entry]]) -> Hit:
        """Return the entry for the key; `scope` covers at least what the loaded entry can depend on.

        Raises:
            Whatever `load` raises, to everyone who waited for it; nothing is kept of it.
        """
        entry = self.memory.get(key)
        if entry is not None:
            self._count("memory")
            return Hit(entry, "memory")
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = _Flight(scope)
            flight.landed = asyncio.create_task(self._fly(key, flight, load))
            flight.landed.add_done_callback(_seen)
        else:
            self._count("shared")
        assert flight.landed is not None  # noqa: S101 - set two lines above, without a pause between
        return await asyncio.shield(flight.landed)  # who gives up must not take the load away from the others

    def invalidate(self, note_id: int) -> None:
        """Forget everything that depends on the note."""
        self.memory.invalidate(note_id)
        self.disk.invalidate(note_id)
        for key in [key for key, flight in self._flights.items() if flight.scope.covers(note_id)]:
            self._flights.pop(key).current = False

    async def _fly(self, key: str, flight: _Flight, load: Callable[[], Awaitable[Entry]]) -> Hit:
        try:
            found = await self.disk.get(key)
            if found is not None:
                if flight.current:
                    self.memory.put(key, found.entry, found.expires_s)
                self._count("disk")
                return Hit(found.entry, "disk")
            expires_s = self._clock() + self._ttl_s  # from before the load: it is no younger than that
            entry = await load()
            if flight.current:
                self.memory.put(key, entry, expires_s)
                self.disk.put(key, entry, expires_s)
            self._count("load")
            return Hit(entry, "load")
        except BaseException:
            self._count("failed")
            raise
        finally:
            if self._flights.get(key) is flight:
                del self._flights[key]


def _seen(landed: asyncio.Task[Hit]) -> None:
    """Mark a failure as seen: everyone who waited for it may have given up."""
    if not landed.cancelled():
        landed.exception()
