"""Crowds at caches that do it right and at caches that do not; what is told is caught as it would be sent."""

from __future__ import annotations

import asyncio
import threading

import pytest

from brinell_inside.cache import crowds
from brinell_inside.cache.operations import Operations
from brinell_inside.cache.stamps import Stamps
from brinell_inside.cache.subject import Side, Subject

JOB = {"loader": None, "loader_s": 0.05, "callers": 12, "cold_keys": 2}
TABLE = {"key": "k:{key}", "loads": True, "loader_s": 0.0, "set_options": {}}


class Told:
    def __init__(self):
        self.said = []

    def say(self, kind, **fields):
        self.said.append((kind, fields))


class Box(dict):
    """A mapping with two gets that load, of which one holds a lock for each key."""

    def __init__(self):
        super().__init__()
        self.locks, self.lock, self.generation = {}, threading.Lock(), {}

    def naive(self, key, loader):
        value = self.get(key)
        if value is None:
            value = self[key] = loader()
        return value

    def careful(self, key, loader):
        with self.lock:
            lock = self.locks.setdefault(key, threading.Lock())
        while True:
            with lock:
                value, seen = self.get(key), self.generation.get(key, 0)
                if value is not None:
                    return value
                value = loader()
                if self.generation.get(key, 0) == seen:
                    self[key] = value
                    return value

    def __delitem__(self, key):
        self.generation[key] = self.generation.get(key, 0) + 1
        self.pop(key, None)


class Awaited(dict):
    def __init__(self):
        super().__init__()
        self.flights = {}

    async def naive(self, key, loader):
        if key not in self:
            self[key] = await loader()
        return self[key]

    async def shared(self, key, loader):
        if key in self:
            return self[key]
        if key not in self.flights:
            self.flights[key] = asyncio.ensure_future(loader())
        self[key] = await asyncio.shield(self.flights[key])
        return self[key]


@pytest.fixture
def loop():
    made = asyncio.new_event_loop()
    yield made
    made.close()


def prepared(box, get, loop=None):
    side = Side(loop)
    stamps = Stamps("bytes")
    operations = Operations(Subject(box, {}), Side(None), stamps, TABLE)
    return crowds.Loading(get, JOB, side, "/"), operations, side, stamps, Told()


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(crowds, "_PROBED", 5)


def loads(told):
    return [fields["loads"] for kind, fields in told.said if kind == "stampede"]


def test_a_naive_get_is_loaded_by_everybody():
    box = Box()
    loading, operations, _, _, told = prepared(box, box.naive)
    crowds.stampedes(loading, operations, JOB, told)
    assert min(loads(told)) > 1  # as many as came while the first one loaded
    assert [fields["failed"] for _, fields in told.said] == [0, 0]


def test_a_careful_get_is_loaded_once():
    box = Box()
    loading, operations, _, _, told = prepared(box, box.careful)
    crowds.stampedes(loading, operations, JOB, told)
    assert loads(told) == [1, 1]


def test_awaited_gets(loop):
    for get, expected in (("naive", [12, 12]), ("shared", [1, 1])):
        box = Awaited()
        loading, operations, _, _, told = prepared(box, getattr(box, get), loop)
        crowds.stampedes(loading, operations, JOB, told)
        assert loads(told) == expected


def test_a_get_that_fails_is_told_and_not_tried_for_every_key():
    def fails(key, _loader):
        raise ConnectionError(key)

    loading, operations, _, _, told = prepared(Box(), fails)
    crowds.stampedes(loading, operations, JOB, told)
    ((_, fields),) = told.said
    assert (fields["loads"], fields["failed"], fields["why"]) == (0, 12, "ConnectionError: k:1073741824")


def test_a_loader_of_the_project_is_counted_in_place(tmp_path, monkeypatch):
    (tmp_path / "a_shop_with_a_loader.py").write_text(
        "import time\nheld = {}\ndef fetch(key):\n    time.sleep(0.4)\n    return key\n"
        "def get(key):\n    if key not in held:\n        held[key] = fetch(key)\n    return held[key]\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    import a_shop_with_a_loader as shop

    job = {**JOB, "loader": "a_shop_with_a_loader:fetch", "loader_s": 0.0}
    side, told = Side(None), Told()
    operations = Operations(Subject({}, {}), side, Stamps("bytes"), TABLE)
    crowds.stampedes(crowds.Loading(shop.get, job, side, str(tmp_path)), operations, job, told)
    assert min(loads(told)) > 1
    assert len(shop.held) == 2


def test_a_cache_that_deletes_gives_nothing_stale():
    box = {}
    told, side, stamps = Told(), Side(None), Stamps("bytes")
    crowds.deleted_under_readers(Operations(Subject(box, {}), side, stamps, TABLE), side, stamps, told)
    ((kind, fields),) = told.said
    assert (kind, fields["how"], fields["stale"], fields["why"]) == ("stale", "deleted", 0, "")
    assert fields["reads"] > 100


def test_a_cache_that_does_not_delete_is_found_out():
    class Forgetful(dict):
        def __delitem__(self, key):
            pass

    told, side, stamps = Told(), Side(None), Stamps("bytes")
    crowds.deleted_under_readers(Operations(Subject(Forgetful(), {}), side, stamps, TABLE), side, stamps, told)
    ((_, fields),) = told.said
    assert fields["stale"] == fields["reads"] > 100
    assert "deleted before the read began" in fields["example"]


@pytest.mark.usefixtures("few")
def test_a_load_that_began_before_the_delete_comes_back():
    box = Box()
    loading, operations, side, stamps, told = prepared(box, box.naive)
    crowds.deleted_under_loads(loading, operations, side, stamps, told)
    ((_, fields),) = told.said
    assert fields["stale"] > 1
    assert fields["reads"] >= fields["stale"]


@pytest.mark.usefixtures("few")
def test_a_load_that_is_thrown_away_is_not_accused():
    box = Box()
    loading, operations, side, stamps, told = prepared(box, box.careful)
    crowds.deleted_under_loads(loading, operations, side, stamps, told)
    ((_, fields),) = told.said
    assert (fields["stale"], fields["why"]) == (0, "")
    assert fields["reads"] > 0


def test_what_is_not_what_was_loaded_cannot_be_judged():
    box = Box()
    loading, operations, side, stamps, told = prepared(box, lambda key, loader: ("wrapped", box.naive(key, loader)))
    crowds.deleted_under_loads(loading, operations, side, stamps, told)
    ((_, fields),) = told.said
    assert (fields["reads"], fields["why"]) == (0, "what it gives is not what the loader gave")


def test_who_never_answers_does_not_keep_everybody_waiting(monkeypatch):
    monkeypatch.setattr(crowds, "_PATIENCE_S", 0.05)
    monkeypatch.setattr(crowds, "_BUDGET_S", 0.1)
    forever = threading.Event()
    box = Box()

    def one_hangs(key, loader, first=[]):  # noqa: B006 - shared on purpose
        if not first:
            first.append(key)
            forever.wait()
        return box.naive(key, loader)

    loading, operations, side, stamps, told = prepared(box, one_hangs)
    crowds.stampedes(loading, operations, {**JOB, "cold_keys": 500}, told)
    crowds.deleted_under_readers(operations, side, stamps, told)
    crowds.deleted_under_loads(loading, operations, side, stamps, told)
    forever.set()
    assert 1 <= len(loads(told)) < 500
    assert told.said[0][1]["failed"] >= 1
