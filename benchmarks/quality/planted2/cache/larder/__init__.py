"""Caches: in memory with a time to live, and on disk."""

import functools
import hashlib
import pickle
import time
import warnings
from collections import OrderedDict
from pathlib import Path

_MISSING = object()


def deprecated(instead):
    def decorate(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            warnings.warn(
                f"{function.__qualname__} is deprecated, use {instead}",
                DeprecationWarning,
                stacklevel=2,
            )
            return function(*args, **kwargs)

        return wrapper

    return decorate


class TTLCache:
    def __init__(self, maxsize=128, ttl=60.0, clock=time.monotonic):
        self.maxsize = maxsize
        self.ttl = ttl
        self.clock = clock
        self._rows = OrderedDict()
        self.hits = self.misses = 0

    def set(self, key, value, ttl=None):
        self._rows.pop(key, None)
        self._rows[key] = (value, self.clock() + (self.ttl if ttl is None else ttl))
        while len(self._rows) > self.maxsize:
            self._rows.popitem(last=False)

    def get(self, key, default=None):
        value, expires = self._rows.get(key, (_MISSING, 0))
        if value is _MISSING or expires <= self.clock():
            self._rows.pop(key, None)
            self.misses += 1
            return default
        self._rows.move_to_end(key)
        self.hits += 1
        return value

    def delete(self, key):
        self._rows.pop(key, None)

    def clear(self):
        self._rows.clear()

    def __contains__(self, key):
        return key in self._rows and self._rows[key][1] > self.clock()

    def __len__(self):
        return len(self._rows)

    @deprecated("`key in cache`")
    def has_key(self, key):
        return key in self

    @deprecated("set()")
    def put(self, key, value):
        self.set(key, value)


def memoize(cache):
    def decorate(function):
        @functools.wraps(function)
        def wrapper(*args):
            value = cache.get(args, _MISSING)
            if value is _MISSING:
                value = function(*args)
                cache.set(args, value)
            return value

        return wrapper

    return decorate


class FileCache:
    def __init__(self, directory):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)

    def _path(self, key):
        return self.directory / hashlib.sha256(key.encode()).hexdigest()[:16]

    def set(self, key, value):
        self._path(key).write_bytes(pickle.dumps(value))

    def get(self, key, default=None):
        try:
            return pickle.loads(self._path(key).read_bytes())
        except FileNotFoundError:
            return default
