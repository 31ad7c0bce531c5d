"""Caches that are awaited: sound ones, and each with one planted defect."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
import time
from collections import OrderedDict
from pathlib import Path

FITS = 200
FOLDER = Path("var")


class Sound:
    """Drops the least recently used; one load for one key, thrown away where it was deleted meanwhile."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, bytes] = OrderedDict()
        self._flights: dict[str, asyncio.Future] = {}
        self._deleted: dict[str, int] = {}

    async def get(self, key):
        if key in self._held:
            self._held.move_to_end(key)
        return self._held.get(key)

    async def set(self, key, value):
        self._held[key] = value
        self._held.move_to_end(key)
        while len(self._held) > FITS:
            self._held.popitem(last=False)

    async def delete(self, key):
        self._deleted[key] = self._deleted.get(key, 0) + 1
        self._flights.pop(key, None)
        self._held.pop(key, None)

    async def load(self, key, loader):
        found = await self.get(key)
        if found is not None:
            return found
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = asyncio.ensure_future(self._load(key, loader))
        return await asyncio.shield(flight)

    async def _load(self, key, loader):
        mine, seen = asyncio.current_task(), self._deleted.get(key, 0)
        try:
            value = await loader()
            if self._deleted.get(key, 0) == seen:
                await self.set(key, value)
            return value
        finally:
            if self._flights.get(key) is mine:
                del self._flights[key]


class LoadsWithoutALock(Sound):
    """Whoever finds nothing loads."""

    async def load(self, key, loader):
        found = await self.get(key)
        if found is None:
            found = await loader()
            await self.set(key, found)
        return found


class KeepsOldFlights(Sound):
    """Whoever comes after a delete is given the load that began before it."""

    async def delete(self, key):
        flights = dict(self._flights)
        await super().delete(key)
        self._flights = flights


class Logs(Sound):
    """Sound, and writes a line into a file for every get."""

    def __init__(self) -> None:
        super().__init__()
        self._log = logging.getLogger("a cache")
        self._log.propagate = False
        self._log.addHandler(logging.FileHandler("cache.log"))

    async def get(self, key):
        self._log.warning("get %s", key)
        return await super().get(key)


class ReadsFiles(Sound):
    """A file is read on the loop's own thread."""

    def __init__(self) -> None:
        super().__init__()
        FOLDER.mkdir(exist_ok=True)

    def _path(self, key):
        return FOLDER / key.replace(":", "-")

    async def get(self, key):
        return _read(self._path(key))

    async def set(self, key, value):
        await asyncio.to_thread(_write, self._path(key), value)

    async def delete(self, key):
        await asyncio.to_thread(self._path(key).unlink, True)


def _read(path):
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _write(path, value):
    """Whoever reads meanwhile reads the old one or the new one, and nothing between."""
    part = path.with_name(f"{path.name}.{threading.get_ident()}.part")
    part.write_bytes(value)
    part.replace(path)


class FilesInThreads(ReadsFiles):
    """Sound: the same in threads."""

    async def get(self, key):
        return await asyncio.to_thread(_read, self._path(key))


class Database(Sound):
    """SQLite on the loop's own thread."""

    def __init__(self) -> None:
        super().__init__()
        self._base = sqlite3.connect("cache.db", isolation_level=None)
        self._base.execute("pragma synchronous = off")
        self._base.execute("create table if not exists held (key text primary key, value blob)")

    async def get(self, key):
        found = self._base.execute("select value from held where key = ?", (key,)).fetchone()
        return None if found is None else found[0]

    async def set(self, key, value):
        self._base.execute("insert or replace into held values (?, ?)", (key, value))

    async def delete(self, key):
        self._base.execute("delete from held where key = ?", (key,))


class Sleeps(Sound):
    """Waits with the wrong sleep."""

    async def set(self, key, value):
        time.sleep(0.001)
        await super().set(key, value)


class DeletesOneLevel(Sound):
    """A delete leaves the second level alone."""

    def __init__(self) -> None:
        super().__init__()
        self._far: dict[str, bytes] = {}

    async def get(self, key):
        found = await super().get(key)
        return self._far.get(key) if found is None else found

    async def set(self, key, value):
        await super().set(key, value)
        self._far[key] = value
