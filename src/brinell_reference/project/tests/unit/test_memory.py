from __future__ import annotations

import pytest
from clocks import FakeClock

from noticeboard.cache.entry import Entry, Span
from noticeboard.cache.memory import OVERHEAD_BYTES, MemoryTier

SIZE = 100 + OVERHEAD_BYTES


def entry(low=1, high=None, size=100, fill=b"x"):
    return Entry(fill * size, '"1"', Span(low, low if high is None else high))


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def tier(clock):
    return MemoryTier(3 * SIZE, clock)


def test_what_was_put_is_there(tier):
    held = entry()
    tier.put("a", held, 2000.0)
    assert tier.get("a") is held
    assert tier.get("b") is None
    assert (len(tier), tier.size_bytes) == (1, SIZE)


def test_nothing_outlives_its_time(tier, clock):
    tier.put("a", entry(), clock.now_s + 10)
    clock.advance(9.999)
    assert tier.get("a") is not None
    clock.advance(0.001)
    assert tier.get("a") is None
    assert (len(tier), tier.size_bytes) == (0, 0)


def test_the_least_recently_used_makes_room(tier):
    for key in "abc":
        tier.put(key, entry(), 2000.0)
    tier.get("a")
    tier.put("d", entry(), 2000.0)
    assert [key for key in "abcd" if tier.get(key)] == ["a", "c", "d"]
    assert tier.size_bytes == 3 * SIZE


def test_as_many_leave_as_are_in_the_way(tier):
    for key in "abc":
        tier.put(key, entry(), 2000.0)
    tier.put("large", entry(size=100 + SIZE), 2000.0)
    assert [key for key in ("a", "b", "c", "large") if tier.get(key)] == ["c", "large"]
    assert tier.size_bytes == 3 * SIZE


def test_the_capacity_may_be_used_up_and_not_passed(tier):
    tier.put("a", entry(), 2000.0)
    tier.put("all", entry(size=3 * SIZE - OVERHEAD_BYTES), 2000.0)
    assert tier.get("all") is not None
    tier.put("more", entry(size=3 * SIZE - OVERHEAD_BYTES + 1), 2000.0)
    assert tier.get("more") is None
    assert tier.get("all") is not None


def test_an_entry_too_large_still_takes_the_place_of_the_old_one(tier):
    tier.put("a", entry(), 2000.0)
    tier.put("a", entry(size=10_000), 2000.0)
    assert tier.get("a") is None
    assert tier.size_bytes == 0


def test_putting_again_replaces(tier, clock):
    tier.put("a", entry(1), clock.now_s + 1)
    newer = entry(2, size=50)
    tier.put("a", newer, clock.now_s + 10)
    assert tier.size_bytes == 50 + OVERHEAD_BYTES
    tier.invalidate(1)
    clock.advance(5)
    assert tier.get("a") is newer


def test_invalidating_takes_what_depends_on_the_note_and_nothing_else(tier):
    tier.put("note", entry(5), 2000.0)
    tier.put("page", entry(4, 9), 2000.0)
    tier.put("other", entry(6), 2000.0)
    tier.invalidate(5)
    assert tier.get("note") is None
    assert tier.get("page") is None
    assert tier.get("other") is not None
    assert (len(tier), tier.size_bytes) == (1, SIZE)
    tier.invalidate(6)
    assert len(tier) == 0


def test_without_capacity_nothing_is_held(clock):
    tier = MemoryTier(0, clock)
    tier.put("a", entry(size=0), 2000.0)
    assert tier.get("a") is None
