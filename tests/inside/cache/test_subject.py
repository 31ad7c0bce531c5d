from __future__ import annotations

import asyncio
import sys
import threading

import pytest

from brinell_inside.cache.subject import Side, Subject, look, plain, subject
from brinell_inside.calls.target import Refused

MODULE = """
class Box:
    def __init__(self): self.held = {}
    def get(self, key): return self.held.get(key)
    def set(self, key, value): self.held[key] = value
    def delete(self, key): self.held.pop(key, None)

class Awaited(Box):
    async def get(self, key): return Box.get(self, key)
    async def set(self, key, value): return Box.set(self, key, value)

class Other:
    def fetch(self, key): return None
    def store(self, key, value): pass

box, awaited, other, plain = Box(), Awaited(), Other(), {}
def make(): return Box()
async def make_async(): return Awaited()
def make_nothing(): return 7
def fails(): raise OSError("no disk, password=hunter2hunter2")
number = 7
"""


@pytest.fixture
def root(tmp_path, monkeypatch):
    (tmp_path / "a_shop_of_caches.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield str(tmp_path)
    sys.modules.pop("a_shop_of_caches", None)


@pytest.mark.parametrize(
    ("name", "methods"),
    [
        ("box", {}),
        ("plain", {}),
        ("make", {}),
        ("Box", {}),
        ("other", {"get": "fetch", "set": "store"}),
    ],
)
def test_objects_mappings_and_what_makes_them(root, name, methods):
    found = subject("a_shop_of_caches:" + name, methods, root)
    found.settle(found.set("a", 1))
    assert found.mode == "sync"
    if name != "other":
        assert found.settle(found.get("a")) == 1


@pytest.mark.parametrize("name", ["awaited", "make_async"])
def test_what_is_awaited(root, name):
    found = subject("a_shop_of_caches:" + name, {}, root)
    found.settle(found.set("a", 1))
    assert found.settle(found.get("a")) == 1
    assert found.mode == "async"
    found.loop.close()
    asyncio.set_event_loop(None)


@pytest.mark.parametrize(
    ("name", "why", "said"),
    [
        ("number", "no-cache", "has no get/__getitem__ and set/__setitem__"),
        ("make_nothing", "no-cache", "make_nothing() is of the type int"),
        ("other", "no-cache", "Other"),
        ("fails", "cache-error", "OSError: no disk"),
        ("bxo", "no-function", "has no bxo"),
    ],
)
def test_what_is_no_cache_is_refused(root, name, why, said):
    with pytest.raises(Refused) as refused:
        subject("a_shop_of_caches:" + name, {}, root)
    assert refused.value.why == why
    assert said in refused.value.message


def test_looking_calls_nothing(root):
    assert callable(look("a_shop_of_caches:fails", {}, root))


def test_a_mapping_without_delete_by_name_has_its_own():
    found = Subject({"a": 1}, {})
    found.delete("a")
    assert found.get("a") is None
    with pytest.raises(KeyError):
        found.delete("a")


async def pause_and_give(side, value):
    await side.pause(0.001)
    if value is None:
        raise LookupError("nothing")
    return value


def test_several_at_once_in_threads_and_in_a_loop():
    loop = asyncio.new_event_loop()
    for side in (Side(None), Side(loop)):
        works = [lambda side=side, one=one: pause_and_give(side, one) for one in (1, None, 3)]
        first, second, third = side.together(works, 5.0)
        assert (first, third) == (1, 3)
        assert isinstance(second, LookupError)
    loop.close()


def test_what_awaits_although_it_should_not_is_told():
    async def waits():
        await asyncio.sleep(0)

    with pytest.raises(TypeError):
        plain(waits())


def test_threads_that_cannot_be_started_are_told_and_nobody_waits_for_them(monkeypatch):
    begun = []

    class Few(threading.Thread):
        def start(self):
            if len(begun) == 3:
                raise RuntimeError("can't start new thread")
            begun.append(self)
            super().start()

    async def nothing():
        return None

    monkeypatch.setattr(threading, "Thread", Few)
    with pytest.raises(Refused) as refused:
        Side(None).together([nothing] * 5, 5.0)
    assert refused.value.message == "5 callers at once are too many: can't start new thread"
    for thread in begun:
        thread.join(5.0)
        assert not thread.is_alive()
