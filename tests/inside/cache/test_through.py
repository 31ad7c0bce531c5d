"""Functions that cache what they load: hits are calls in which the loader did not run."""

from __future__ import annotations

import asyncio
import sys

import pytest

from brinell_inside.cache import crowds
from brinell_inside.cache.operations import GET, HIT, LOAD
from brinell_inside.cache.stamps import Stamps
from brinell_inside.cache.subject import Side, Subject, plain
from brinell_inside.cache.through import Collisions, Through, shared, try_function
from brinell_inside.calls import target

MODULE = """
import asyncio, functools
def fetch(key): return key * 2
@functools.lru_cache(maxsize=None)
def user(key): return fetch(key)
held = {}
async def fetch_async(key):
    await asyncio.sleep(0.01)
    return key
async def shared(key):
    if key not in held:
        held[key] = asyncio.ensure_future(fetch_async(key))
    return await held[key]
def picky(key):
    if key > 5: raise LookupError(key)
    return fetch(key)
class Source:
    @staticmethod
    def fetch(key): return key
    @classmethod
    def of(cls, key): return cls.fetch(key)
class Derived(Source): pass
def fetch_settings(key): return {"tenant": key}
@functools.lru_cache(maxsize=None)
def settings(key): return fetch_settings(key)
def copied(key): return dict(settings(key))
def uncached(key): return fetch_settings(key)
"""


@pytest.fixture
def shop(tmp_path, monkeypatch):
    (tmp_path / "a_shop_that_loads.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "a_shop_that_loads"
    sys.modules.pop("a_shop_that_loads", None)


def made_of(name, loader, table, side=None):
    made = Subject.of(target.find(name, "/"))
    side = side or Side(None)
    loading = crowds.Loading(made.get, {**table, "loader": loader}, side, "/")
    return made, loading, Through(made, loading, side, Stamps("bytes"), {**table, "key": "{key}"})


def test_a_call_that_loads_is_a_miss_and_the_next_a_hit(shop, table):
    _, loading, operations = made_of(f"{shop}:user", f"{shop}:fetch", table)
    assert [plain(operations.read(7, 0)) for _ in range(3)] == [GET + LOAD, HIT, HIT]
    plain(operations.put(8, 0))
    assert plain(operations.read(8, 0)) == HIT
    assert loading.total == 2


def test_who_waits_for_anothers_load_has_not_loaded(shop, table):
    loop = asyncio.new_event_loop()
    try:
        _, loading, operations = made_of(f"{shop}:shared", f"{shop}:fetch_async", table, Side(loop))

        async def both():
            return await asyncio.gather(*(operations.read(7, 0) for _ in range(4)))

        assert sorted(loop.run_until_complete(both())) == sorted([GET + LOAD, HIT, HIT, HIT])
        assert loading.total == 1
    finally:
        loop.close()


def test_the_projects_own_loader_is_put_back(shop, table):
    module = target.module(shop, "/")
    before = {name: vars(module.Source)[name] for name in ("fetch", "of")}
    for name in ("Source.fetch", "Source.of", "Derived.fetch"):
        _, loading, _ = made_of(f"{shop}:{name}", f"{shop}:Source.fetch", table)
        assert module.Source().of(3) == module.Derived.fetch(3) == 3
        assert loading.total >= 1
        loading.restore()
    _, loading, _ = made_of(f"{shop}:Source.of", f"{shop}:Derived.fetch", table)
    loading.restore()
    assert {name: vars(module.Source)[name] for name in ("fetch", "of")} == before
    assert "fetch" not in vars(module.Derived)


def test_a_function_is_called_for_its_last_keys_first(shop, table):
    made = Subject.of(target.find(f"{shop}:picky", "/"))
    try_function(made, {**table, "key": "{key}", "keys": 6}, "picky", "/")
    with pytest.raises(target.Refused) as refused:
        try_function(made, {**table, "key": "{key}", "keys": 7}, "picky", "/")
    assert "picky(6) failed with LookupError: 6" in refused.value.message


@pytest.mark.parametrize(
    ("loads", "value", "wrong"),
    [
        (lambda key: key < 60, lambda key: ("user", key % 60), 40),  # every first call is a hit of another's
        (lambda _: True, lambda key: ("user", key), 0),
        (lambda key: key < 60, lambda key: ("user", key), 0),  # put in by an earlier run
        (lambda key: key < 60, lambda _: None, 0),  # whose values tell nothing
        (lambda key: key < 60, lambda _: object(), 0),  # likewise
        (lambda key: key < 60 or key > 64, lambda key: ("user", min(key, 60)), 0),  # some users are alike
    ],
)  # fmt: skip
def test_first_calls_that_give_what_another_key_has_are_collisions(loads, value, wrong, told):
    collisions = Collisions(100)
    for key in range(120):
        collisions.see(key, int(loads(key)), value(key))
    collisions.tell(told)
    ((kind, fields),) = told.said
    assert (kind, fields["what"], fields["wrong"]) == ("tried", "collided", wrong)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("settings", (3, 3, "a dict")), ("copied", (3, 0, "")), ("user", (3, 0, "")), ("uncached", (0, 0, ""))],
)
def test_one_object_for_all_callers_is_told(shop, table, told, name, expected):
    loader = "fetch" if name == "user" else "fetch_settings"
    _, loading, operations = made_of(f"{shop}:{name}", f"{shop}:{loader}", table)
    shared(operations, loading, told, 40)
    ((_, fields),) = told.said
    assert (fields["tried"], fields["wrong"], fields["example"]) == expected
    assert bool(fields["why"]) == (not expected[0])
