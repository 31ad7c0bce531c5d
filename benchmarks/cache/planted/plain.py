"""Caches that are called: sound ones, and each with one planted defect. What is wrong stands in its docstring."""

from __future__ import annotations

import functools
import threading
import time
from collections import OrderedDict
from pathlib import Path

FITS = 200


class Sound:
    """Drops the least recently used; one lock."""

    def __init__(self, entries: int = FITS) -> None:
        self._held: OrderedDict[str, tuple[bytes, float]] = OrderedDict()
        self._entries = entries
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._held)

    def get(self, key):
        with self._lock:
            found = self._held.get(key)
            if found is None:
                return None
            value, until = found
            if until <= time.monotonic():
                del self._held[key]
                return None
            self._held.move_to_end(key)
            return value

    def set(self, key, value, ttl=1e9):
        with self._lock:
            self._held[key] = value, time.monotonic() + self.lifetime(ttl)
            self._held.move_to_end(key)
            self.make_room()

    def lifetime(self, ttl):
        return ttl

    def make_room(self):
        while len(self._held) > self._entries:
            self._held.popitem(last=False)

    def delete(self, key):
        with self._lock:
            self._held.pop(key, None)


class Unsized:
    """The same, and nobody can count it."""

    def __init__(self, made: type[Sound] = Sound) -> None:
        inner = made()
        self.get, self.set, self.delete = inner.get, inner.set, inner.delete


class SecondChance(Sound):
    """Drops in the order in which they came, but for those that were read since: a clock."""

    def __init__(self) -> None:
        super().__init__()
        self._read: set[str] = set()

    def get(self, key):
        with self._lock:
            found = self._held.get(key)
            if found is not None:
                self._read.add(key)
            return None if found is None else found[0]

    def make_room(self):
        while len(self._held) > self._entries:
            key = next(iter(self._held))
            if key in self._read:
                self._read.discard(key)
                self._held.move_to_end(key)
            else:
                del self._held[key]


class SaysMissItsWay(Sound):
    """Gives a value of its own for a miss."""

    NOTHING = object()

    def get(self, key):
        found = super().get(key)
        return self.NOTHING if found is None else found


class Batches(Sound):
    """Drops a tenth at once, a little later."""

    def make_room(self):
        if len(self._held) > 1.1 * self._entries:
            while len(self._held) > self._entries:
                self._held.popitem(last=False)


# --- what grows ---------------------------------------------------------------------------------------------------------


class NeverDrops(Sound):
    """Grows without bounds."""

    def make_room(self):
        pass


def unsized_that_never_drops():
    """The same, and nobody can count it."""
    return Unsized(NeverDrops)


class DropsFromTheWrongOne(Sound):
    """The bound is that of a list of keys, which forgets; the values stay."""

    def __init__(self) -> None:
        super().__init__()
        self._order: list[str] = []

    def make_room(self):
        self._order = [*self._order, next(reversed(self._held))][-self._entries :]


# --- what is dropped ----------------------------------------------------------------------------------------------------


class DropsTheNewest(Sound):
    """The last one that was read is the first to go."""

    def make_room(self):
        while len(self._held) > self._entries:
            last = next(reversed(self._held))
            value = self._held.pop(last)
            if self._held:
                self._held.popitem(last=True)
            self._held[last] = value


class StartsAnew(Sound):
    """Full: everything goes."""

    def make_room(self):
        if len(self._held) > self._entries:
            self._held.clear()


class Smaller(Sound):
    """Holds a tenth of what it is said to."""

    def __init__(self) -> None:
        super().__init__(FITS // 10)


class ExpiresAtOnce(Sound):
    """Everything is gone after 20 ms."""

    def lifetime(self, ttl):
        return 0.02


# --- lifetimes ----------------------------------------------------------------------------------------------------------


class MillisecondsForSeconds(Sound):
    """A lifetime in seconds is taken for milliseconds."""

    def lifetime(self, ttl):
        return ttl / 1000


class MinutesForSeconds(Sound):
    """A lifetime in seconds is taken for minutes."""

    def lifetime(self, ttl):
        return ttl * 60


class NotHandedOn(Sound):
    """The lifetime is taken, and forgotten."""

    def lifetime(self, ttl):
        return 1e9


class ReadingKeepsAlive(Sound):
    """Whatever is read once lives for an hour."""

    def get(self, key):
        with self._lock:
            found = self._held.get(key)
            if found is None or found[1] <= time.monotonic():
                return None
            self._held[key] = found[0], time.monotonic() + 3600
            return found[0]


# --- what comes back ----------------------------------------------------------------------------------------------------


class TwoLevels:
    """A small level in front of a large one."""

    def __init__(self) -> None:
        self.near, self.far = Sound(50), Sound(FITS)
        self._lock = threading.Lock()

    def get(self, key):
        with self._lock:
            found = self.near.get(key)
            if found is None:
                found = self.far.get(key)
                if found is not None:
                    self.near.set(key, found)
            return found

    def set(self, key, value):
        with self._lock:
            self.far.set(key, value)
            self.near.set(key, value)

    def delete(self, key):
        with self._lock:
            self.far.delete(key)
            self.near.delete(key)


class DeletesNear(TwoLevels):
    """A delete leaves the second level alone."""

    def delete(self, key):
        self.near.delete(key)


class DeletesFar(TwoLevels):
    """A delete leaves the first level alone."""

    def delete(self, key):
        self.far.delete(key)


class DeletesLater(Sound):
    """A delete is done a moment after it was answered."""

    def delete(self, key):
        threading.Timer(0.05, super().delete, [key]).start()


class CutsKeys(Sound):
    """Keys are cut off: two of them are one."""

    def get(self, key):
        return super().get(key[:11])

    def set(self, key, value, ttl=1e9):
        super().set(key[:11], value)

    def delete(self, key):
        super().delete(key[:11])


# --- loading ------------------------------------------------------------------------------------------------------------


class Loads(Sound):
    """One load for one key, and a delete meanwhile throws away what comes of it."""

    def __init__(self) -> None:
        super().__init__(100_000)
        self._locks: dict[str, threading.Lock] = {}
        self._deleted: dict[str, int] = {}

    def delete(self, key):
        with self._lock:
            self._deleted[key] = self._deleted.get(key, 0) + 1
            self._held.pop(key, None)

    def load(self, key, loader):
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        while True:
            with lock:
                found, seen = self.get(key), self._deleted.get(key, 0)
                if found is not None:
                    return found
                value = loader()
                with self._lock:
                    if self._deleted.get(key, 0) == seen:
                        self._held[key] = value, float("inf")
                        return value


class LoadsWithoutALock(Loads):
    """Whoever finds nothing loads."""

    def load(self, key, loader):
        found = self.get(key)
        if found is None:
            found = loader()
            self.set(key, found)
        return found


class LooksOnceOnly(Loads):
    """A lock, and nobody looks again once he has it."""

    def load(self, key, loader):
        found = self.get(key)
        if found is None:
            with self._lock:
                lock = self._locks.setdefault(key, threading.Lock())
            with lock:
                found = loader()
                self.set(key, found)
        return found


class PutsBackWhatWasDeleted(Loads):
    """One load for one key; what was deleted meanwhile comes back with it."""

    def load(self, key, loader):
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            found = self.get(key)
            if found is None:
                found = loader()
                self.set(key, found)
            return found


# --- files --------------------------------------------------------------------------------------------------------------


class Files:
    """A file for each key in a folder that is kept within bounds."""

    folder = Path("var")

    def __init__(self, entries: int = FITS) -> None:
        self.folder.mkdir(exist_ok=True)
        self._held: OrderedDict[str, None] = OrderedDict()
        self._entries = entries
        self._lock = threading.Lock()

    def _path(self, key):
        return self.folder / key.replace(":", "-")

    def get(self, key):
        with self._lock:
            if key not in self._held:
                return None
            self._held.move_to_end(key)
            return self._path(key).read_bytes()

    def set(self, key, value):
        with self._lock:
            self._path(key).write_bytes(value)
            self._held[key] = None
            self._held.move_to_end(key)
            while len(self._held) > self._entries:
                self.drop(self._held.popitem(last=False)[0])

    def drop(self, key):
        self._path(key).unlink()

    def delete(self, key):
        with self._lock:
            if key in self._held:
                del self._held[key]
                self._path(key).unlink()


class LeavesFiles(Files):
    """What is dropped is forgotten, and stays on the disk."""

    def drop(self, key):
        pass


# --- functions that cache what they load --------------------------------------------------------------------------------


def fetch(key):
    """The source."""
    time.sleep(0.001)
    return "user %s" % key


@functools.lru_cache(maxsize=FITS)
def user(key):
    """As the standard library does it: with no lock around the loader."""
    return fetch(key)


_LOCKS = [threading.Lock() for _ in range(64)]


@functools.lru_cache(maxsize=FITS)
def _user_once(key):
    return fetch(key)


def user_once(key):
    """One load for one key."""
    with _LOCKS[hash(key) % len(_LOCKS)]:
        return _user_once(key)


@functools.lru_cache(maxsize=FITS)
def _user_by_object(key):
    return fetch(key.number)


class Key:
    def __init__(self, number):
        self.number = number


def user_never(key):
    """Cached under a key that is never the same: no call is ever a hit."""
    return _user_by_object(Key(key))
