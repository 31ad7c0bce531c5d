from __future__ import annotations

import asyncio
import gc

import pytest
from clocks import FakeClock

from noticeboard.cache.disk import DiskTier
from noticeboard.cache.entry import Entry, Span
from noticeboard.cache.memory import MemoryTier
from noticeboard.cache.two_tier import TwoTierCache

pytestmark = pytest.mark.anyio

ONE = Span(1, 1)


def entry(body, span=ONE):
    return Entry(body, '"1"', span)


class Loader:
    """A loader that waits until it is let go, and counts."""

    def __init__(self, result):
        self.result = result
        self.begun = asyncio.Event()
        self.let_go = asyncio.Event()
        self.calls = 0

    async def __call__(self):
        self.calls += 1
        self.begun.set()
        await self.let_go.wait()
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


def ready(result):
    loader = Loader(result)
    loader.let_go.set()
    return loader


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def counted():
    return []


@pytest.fixture
async def cache(tmp_path, clock, counted):
    memory = MemoryTier(10_000, clock)
    disk = DiskTier(tmp_path, 1_000_000, clock=clock, wall=FakeClock())
    await disk.open(None, 60.0)
    yield TwoTierCache(memory, disk, ttl_s=60.0, clock=clock, count=counted.append)
    await disk.close(None, 60.0)


async def test_first_loaded_then_remembered(cache, counted):
    load = ready(entry(b"one"))
    assert await cache.get("a", ONE, load) == (load.result, "load")
    assert await cache.get("a", ONE, load) == (load.result, "memory")
    assert load.calls == 1
    assert counted == ["load", "memory"]


async def test_disk_stands_behind_memory(cache, counted, clock):
    load = ready(entry(b"one"))
    await cache.get("a", ONE, load)
    cache.memory.invalidate(1)
    clock.advance(59)
    assert await cache.get("a", ONE, load) == (load.result, "disk")
    assert await cache.get("a", ONE, load) == (load.result, "memory")
    clock.advance(1)
    assert (await cache.get("a", ONE, load)).source == "load", "what comes back from disk is no younger for it"
    assert counted == ["load", "disk", "memory", "load"]


async def test_the_time_to_live_counts_from_before_the_load(cache, clock):
    load = Loader(entry(b"one"))
    getting = asyncio.create_task(cache.get("a", ONE, load))
    await load.begun.wait()
    clock.advance(59)
    load.let_go.set()
    await getting
    assert (await cache.get("a", ONE, load)).source == "memory"
    clock.advance(1)
    assert (await cache.get("a", ONE, load)).source == "load"


async def test_many_ask_and_one_loads(cache, counted):
    load = Loader(entry(b"one"))
    getting = [asyncio.create_task(cache.get("a", ONE, load)) for _ in range(5)]
    await load.begun.wait()
    load.let_go.set()
    assert await asyncio.gather(*getting) == [(load.result, "load")] * 5
    assert load.calls == 1
    assert sorted(counted) == ["load", "shared", "shared", "shared", "shared"]


async def test_keys_are_loaded_side_by_side(cache):
    first, second = Loader(entry(b"one")), ready(entry(b"two"))
    getting = asyncio.create_task(cache.get("a", ONE, first))
    await first.begun.wait()
    assert (await cache.get("b", ONE, second)).entry.body == b"two"
    first.let_go.set()
    assert (await getting).entry.body == b"one"


async def test_who_gives_up_takes_the_load_from_nobody(cache):
    load = Loader(entry(b"one"))
    impatient = asyncio.create_task(cache.get("a", ONE, load))
    patient = asyncio.create_task(cache.get("a", ONE, load))
    await load.begun.wait()
    impatient.cancel()
    load.let_go.set()
    assert (await patient).entry.body == b"one"
    with pytest.raises(asyncio.CancelledError):
        await impatient
    assert load.calls == 1


async def test_a_failure_reaches_all_who_wait_and_is_not_kept(cache, counted):
    load = Loader(ValueError("broken"))
    getting = [asyncio.create_task(cache.get("a", ONE, load)) for _ in range(2)]
    await load.begun.wait()
    load.let_go.set()
    for outcome in await asyncio.gather(*getting, return_exceptions=True):
        assert outcome is load.result
    assert (await cache.get("a", ONE, ready(entry(b"fine")))).source == "load"
    assert sorted(counted) == ["failed", "load", "shared"]


async def test_a_failure_nobody_waits_for_makes_no_noise(cache):
    complaints = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context))
    load = Loader(ValueError("broken"))
    getting = asyncio.create_task(cache.get("a", ONE, load))
    await load.begun.wait()
    landed = cache._flights["a"].landed
    getting.cancel()
    load.let_go.set()
    await asyncio.wait({getting, landed})
    assert cache._flights == {}
    del landed, getting, load  # whose exception holds the frames, which hold the task
    gc.collect()
    assert complaints == []


async def test_what_was_invalidated_is_loaded_again(cache):
    await cache.get("a", ONE, ready(entry(b"old")))
    await cache.get("b", Span(2, 2), ready(entry(b"other", Span(2, 2))))
    cache.invalidate(1)
    assert await cache.get("a", ONE, ready(entry(b"new"))) == (entry(b"new"), "load")
    assert (await cache.get("b", Span(2, 2), ready(entry(b"?")))).source == "memory"


async def test_a_load_that_was_overtaken_leaves_nothing_behind(cache):
    slow, quick = Loader(entry(b"old")), ready(entry(b"new"))
    early = asyncio.create_task(cache.get("a", ONE, slow))
    await slow.begun.wait()
    cache.invalidate(1)
    assert await cache.get("a", ONE, quick) == (entry(b"new"), "load")
    slow.let_go.set()
    assert (await early).entry.body == b"old", "it asked before the change"
    assert await cache.get("a", ONE, quick) == (entry(b"new"), "memory")
    assert (await cache.disk.get("a")).entry.body == b"new"


async def test_an_overtaken_load_does_not_end_its_successor(cache):
    slow, slower = Loader(entry(b"old")), Loader(entry(b"new"))
    early = asyncio.create_task(cache.get("a", ONE, slow))
    await slow.begun.wait()
    cache.invalidate(1)
    late = asyncio.create_task(cache.get("a", ONE, slower))
    await slower.begun.wait()
    slow.let_go.set()
    await early
    latest = asyncio.create_task(cache.get("a", ONE, slower))
    slower.let_go.set()
    assert (await late).entry.body == (await latest).entry.body == b"new"
    assert slower.calls == 1


async def test_the_scope_decides_which_loads_are_overtaken(cache):
    inside, outside = Loader(entry(b"in", Span(5, 9))), Loader(entry(b"out", Span(0, 3)))
    getting = [
        asyncio.create_task(cache.get("inside", Span(0, 9), inside)),
        asyncio.create_task(cache.get("outside", Span(0, 3), outside)),
    ]
    await inside.begun.wait()
    await outside.begun.wait()
    cache.invalidate(4)
    inside.let_go.set()
    outside.let_go.set()
    await asyncio.gather(*getting)
    assert cache.memory.get("inside") is None
    assert not cache.disk.holds("inside")
    assert cache.memory.get("outside") is not None
    assert cache.disk.holds("outside")


async def test_what_is_invalidated_on_its_way_from_disk_does_not_reach_memory(cache, monkeypatch):
    await cache.get("a", ONE, ready(entry(b"old")))
    cache.memory.invalidate(1)
    get = cache.disk.get

    async def overtaken(key):
        found = await get(key)
        cache.invalidate(1)
        return found

    monkeypatch.setattr(cache.disk, "get", overtaken)
    assert (await cache.get("a", ONE, ready(entry(b"?")))).entry.body == b"old"
    assert cache.memory.get("a") is None


async def test_counting_is_optional(cache, clock):
    uncounted = TwoTierCache(cache.memory, cache.disk, ttl_s=1.0, clock=clock)
    assert (await uncounted.get("a", ONE, ready(entry(b"one")))).source == "load"
