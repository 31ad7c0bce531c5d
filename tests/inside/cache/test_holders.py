"""Containers within a cache: found by name, and counted without running code of the project's."""

from __future__ import annotations

import functools
import threading
from collections import OrderedDict, deque

from brinell_inside.cache.entries import Entries
from brinell_inside.cache.holders import holders

LOCKS = {number: threading.Lock() for number in range(60)}


class Inner:
    def __init__(self):
        self.values = OrderedDict((number, number) for number in range(70))
        self.few = [1]


class Cache:
    def __init__(self):
        self.inner, self.recent = Inner(), deque(range(80), maxlen=80)
        self.itself = self

    def get(self, key):
        return LOCKS[key]


def closed_over():
    store = dict.fromkeys(range(90))

    @functools.lru_cache
    def get(key):
        return store.get(key)

    return get


class Strange:
    @property
    def __dict__(self):
        raise RuntimeError("nothing is there")


def test_attributes_outer_names_and_closures_are_found():
    assert holders([("Cache", Cache())]) == {"Cache.inner.values": 70, "Cache.LOCKS": 60}
    assert holders([("", closed_over())]) == {"store": 90}
    assert holders([("", Cache().get)]) == {"inner.values": 70, "LOCKS": 60}
    assert holders([("Strange", Strange()), ("none", None)]) == {}


def test_they_are_told_beside_the_entries(told):
    cache = Cache()
    entries = Entries(cache, told, [("Cache", cache)])
    entries.look(1)
    entries.look(2)
    assert [(kind, fields["name"], fields["entries"]) for kind, fields in told.said] == [
        ("holder", "Cache.inner.values", 70),
        ("holder", "Cache.LOCKS", 60),
    ]
