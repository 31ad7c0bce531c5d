"""Loads that fail, at gets that let go of what they hold and at gets that do not."""

from __future__ import annotations

import asyncio
import threading

import pytest

from brinell_inside.cache import crowds, failing
from brinell_inside.cache.operations import Operations
from brinell_inside.cache.stamps import Stamps
from brinell_inside.cache.subject import Side, Subject

JOB = {"loader": None, "loader_s": 0.02}


class Box(dict):
    def __init__(self):
        super().__init__()
        self.lock, self.locks, self.failed = threading.Lock(), {}, {}

    def lock_of(self, key):
        with self.lock:
            return self.locks.setdefault(key, threading.Lock())

    def sound(self, key, loader):
        with self.lock_of(key):
            if key not in self:
                self[key] = loader()
            return self[key]

    def holding(self, key, loader):
        lock = self.lock_of(key)
        lock.acquire()
        if key not in self:
            self[key] = loader()
        lock.release()
        return self[key]

    def remembering(self, key, loader):
        with self.lock_of(key):
            if key in self.failed:
                raise self.failed[key]
            if key not in self:
                try:
                    self[key] = loader()
                except Exception as error:
                    self.failed[key] = error
                    raise
            return self[key]

    def swallowing(self, key, loader):
        with self.lock_of(key):
            if key not in self:
                try:
                    self[key] = loader()
                except Exception:  # noqa: BLE001 - as such code does
                    self[key] = "nothing"
            return self[key]

    def trying_again(self, key, loader):
        for _ in range(3):
            try:
                return self.sound(key, loader)
            except crowds.LoadFailed:
                continue
        raise LookupError(key)

    def there_already(self, key, loader):  # noqa: ARG002 - nothing is ever loaded
        return "value"


class Awaited(dict):
    async def sound(self, key, loader):
        if key not in self:
            task = self[key] = asyncio.ensure_future(loader())
            task.add_done_callback(lambda done: done.exception() is not None and self.pop(key, None))
        return await asyncio.shield(self[key])

    async def remembering(self, key, loader):
        if key not in self:
            self[key] = asyncio.ensure_future(loader())
        return await asyncio.shield(self[key])

    async def naive(self, key, loader):
        if key not in self:
            self[key] = await loader()
        return self[key]

    async def without_a_shield(self, key, loader):
        if key not in self:
            task = self[key] = asyncio.ensure_future(loader())
            task.add_done_callback(
                lambda done: (done.cancelled() or done.exception() is not None) and self.pop(key, None)
            )
        return await self[key]

    async def future_of_the_first(self, key, loader):
        if key in self:
            return await asyncio.shield(self[key])
        future = self[key] = asyncio.get_running_loop().create_future()
        try:
            future.set_result(await loader())
        except Exception as error:
            future.set_exception(error)
            del self[key]
            raise
        return await future


def tried(get, told, table, loop=None):
    side = Side(loop)
    operations = Operations(Subject({}, {}), Side(None), Stamps("bytes"), table)
    failing.failing(crowds.Loading(get, JOB, side, "/"), operations, told)
    return {fields["what"]: (fields["tried"], fields["wrong"]) for _, fields in told.said}


@pytest.mark.parametrize(
    ("kind", "failed", "hanging"),
    [
        ("sound", (2, 0), (2, 0)),
        ("remembering", (2, 2), (2, 0)),
        ("swallowing", (2, 2), (2, 0)),
        ("trying_again", (2, 0), (2, 0)),
        ("there_already", (0, 0), (0, 0)),
    ],
)
def test_who_comes_after_a_load_that_failed_loads_again(kind, failed, hanging, told, table):
    assert tried(getattr(Box(), kind), told, table) == {"failed": failed, "hanging": hanging}


def test_who_waits_for_a_lock_that_nobody_lets_go_of_is_told(told, table, monkeypatch):
    monkeypatch.setattr(failing, "_PATIENCE_S", 2.0)
    assert tried(Box().holding, told, table) == {"failed": (0, 0), "hanging": (1, 1)}


def test_awaited_gets(told, table):
    loop = asyncio.new_event_loop()
    for kind, failed in (("sound", (2, 0)), ("remembering", (2, 2)), ("naive", (2, 0))):
        found = tried(getattr(Awaited(), kind), told, table, loop)
        assert (found["failed"], found["hanging"], found["cancelled"][1]) == (failed, (2, 0), 0)
        assert kind != "naive" or found["cancelled"] == (0, 0)  # there nobody waits for another's load
        told.said.clear()
    loop.close()


@pytest.mark.parametrize("kind", ["without_a_shield", "future_of_the_first"])
def test_who_is_cancelled_while_it_loads_takes_the_others_with_it(told, table, monkeypatch, kind):
    monkeypatch.setattr(failing, "_PATIENCE_S", 1.0)
    monkeypatch.setattr(failing, "_LONG_S", 2.0)
    loop = asyncio.new_event_loop()
    keys, wrong = tried(getattr(Awaited(), kind), told, table, loop)["cancelled"]
    assert keys == wrong >= 1  # a machine that stood still for that long saw one of them only
    loop.close()
