from __future__ import annotations

import logging
import threading

import pytest
from clocks import FakeClock

from noticeboard.cache.disk import DiskTier
from noticeboard.cache.entry import Entry, Span

pytestmark = pytest.mark.anyio

BLOCK = 4096
FOREVER_S = 10_000.0


def entry(low=1, high=None, size=100, fill=b"x"):
    return Entry(fill * size, '"1"', Span(low, low if high is None else high))


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def wall():
    return FakeClock(1_700_000_000.0)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def make(folder, clock, wall):
    def make(blocks=3):
        return DiskTier(folder, blocks * BLOCK, clock=clock, wall=wall)

    return make


@pytest.fixture
async def tier(make):
    tier = make()
    await tier.open(None, 60.0)
    yield tier
    await tier.close(None, 60.0)


async def written(tier):
    """Wait until everything asked for so far is on disk."""
    await tier._worker.submit(lambda: None)


def files(folder):
    return sorted(path.name for path in (folder / "slot-0").iterdir() if path.name != "lock")


async def restarted(make, tier, *, left="print", found="print"):
    await tier.close(left, 60.0)
    again = make()
    await again.open(found, 60.0)
    return again


async def test_what_was_put_is_there(tier, folder):
    held = entry()
    tier.put("a", held, FOREVER_S)
    assert tier.holds("a")
    assert await tier.get("a") == (held, FOREVER_S)
    assert not tier.holds("b")
    assert await tier.get("b") is None
    assert (len(tier), tier.size_bytes) == (1, BLOCK)
    assert len(files(folder)) == 1


async def test_nothing_outlives_its_time(tier, clock, folder):
    tier.put("a", entry(), clock.now_s + 10)
    clock.advance(9.999)
    assert tier.holds("a")
    clock.advance(0.001)
    assert not tier.holds("a")
    assert await tier.get("a") is None
    await written(tier)
    assert (len(tier), tier.size_bytes, files(folder)) == (0, 0, [])


async def test_the_least_recently_read_makes_room(tier, folder):
    for key in "abc":
        tier.put(key, entry(), FOREVER_S)
    await tier.get("a")
    tier.put("d", entry(), FOREVER_S)
    await written(tier)
    assert [key for key in "abcd" if tier.holds(key)] == ["a", "c", "d"]
    assert tier.size_bytes == 3 * BLOCK
    assert len(files(folder)) == 3


async def test_sizes_are_counted_in_blocks(tier):
    tier.put("small", entry(size=BLOCK - 512), FOREVER_S)
    assert tier.size_bytes == BLOCK
    tier.put("small", entry(size=BLOCK - 511), FOREVER_S)
    assert tier.size_bytes == 2 * BLOCK
    tier.put("large", entry(size=3 * BLOCK - 512), FOREVER_S)
    assert not tier.holds("small")
    assert tier.size_bytes == 3 * BLOCK
    tier.put("too large", entry(size=3 * BLOCK - 511), FOREVER_S)
    assert not tier.holds("too large")
    assert tier.holds("large")


async def test_a_file_is_no_larger_than_what_it_is_counted_as(tier, folder):
    tier.put("page:9223372036854775807:100", entry(low=0, high=2**63 - 2, size=BLOCK - 512), FOREVER_S)
    await written(tier)
    (name,) = files(folder)
    assert (folder / "slot-0" / name).stat().st_size <= BLOCK == tier.size_bytes


async def test_putting_again_replaces(tier, folder):
    tier.put("a", entry(1), FOREVER_S)
    await written(tier)
    newer = entry(2, fill=b"y")
    tier.put("a", newer, FOREVER_S)
    assert tier.size_bytes == BLOCK
    tier.invalidate(1)
    assert (await tier.get("a")).entry == newer
    assert len(files(folder)) == 1


async def test_invalidating_takes_what_depends_on_the_note_and_nothing_else(tier, folder):
    tier.put("note", entry(5), FOREVER_S)
    tier.put("page", entry(4, 9), FOREVER_S)
    tier.put("other", entry(6), FOREVER_S)
    await written(tier)
    tier.invalidate(5)
    assert [key for key in ("note", "page", "other") if tier.holds(key)] == ["other"]
    await written(tier)
    assert len(files(folder)) == 1
    assert tier.size_bytes == BLOCK


async def test_what_is_invalidated_before_its_turn_is_never_written(tier, monkeypatch):
    written_keys = []
    turn = threading.Event()
    monkeypatch.setattr(tier._files, "write", lambda key, _: written_keys.append(key))
    tier._worker.submit(turn.wait)
    tier.put("gone", entry(5), FOREVER_S)
    tier.put("kept", entry(6), FOREVER_S)
    tier.invalidate(5)
    turn.set()
    await written(tier)
    assert written_keys == ["kept"]
    assert tier.failing is False


async def test_what_is_invalidated_while_it_is_read_is_not_given(tier):
    tier.put("a", entry(5), FOREVER_S)
    await written(tier)
    read = tier._read

    def slow_read(key):
        found = read(key)
        tier_loop.call_soon_threadsafe(tier.invalidate, 5)
        return found

    import asyncio  # noqa: PLC0415 - only this test needs the loop itself

    tier_loop = asyncio.get_running_loop()
    tier._read = slow_read
    assert await tier.get("a") is None


@pytest.mark.parametrize("damage", [b"", b"NBC1", b"x" * 300])
async def test_a_damaged_file_is_a_miss_and_goes(tier, folder, damage):
    tier.put("a", entry(), FOREVER_S)
    await written(tier)
    (name,) = files(folder)
    (folder / "slot-0" / name).write_bytes(damage)
    assert await tier.get("a") is None
    await written(tier)
    assert (len(tier), tier.size_bytes, files(folder)) == (0, 0, [])
    assert not tier.failing


async def test_a_missing_file_is_a_miss(tier, folder):
    tier.put("a", entry(), FOREVER_S)
    await written(tier)
    (name,) = files(folder)
    (folder / "slot-0" / name).unlink()
    assert await tier.get("a") is None
    assert not tier.holds("a")


async def test_a_full_disk_costs_entries_and_nothing_else(tier, clock, monkeypatch, caplog):
    def full(_key, _content):
        raise OSError(28, "No space left on device")

    caplog.set_level(logging.WARNING)
    write = tier._files.write
    monkeypatch.setattr(tier._files, "write", full)
    tier.put("a", entry(), FOREVER_S)
    await written(tier)
    assert not tier.holds("a")
    assert (tier.failing, tier.failures, tier.size_bytes) == (True, 1, 0)

    tier.put("b", entry(), FOREVER_S)
    assert not tier.holds("b"), "it pauses after a failure"
    clock.advance(2.0)
    tier.put("b", entry(), FOREVER_S)
    await written(tier)
    assert tier.failures == 2

    monkeypatch.setattr(tier._files, "write", write)
    clock.advance(2.0)
    tier.put("c", entry(), FOREVER_S)
    await written(tier)
    assert tier.holds("c")
    assert not tier.failing
    tier.put("d", entry(), FOREVER_S)
    assert tier.holds("d"), "and not once it works again"
    assert [record.getMessage() for record in caplog.records] == [
        "disk cache fails, serving without it: [Errno 28] No space left on device",
        "disk cache works again",
    ]


async def test_a_read_that_fails_is_a_miss(tier, monkeypatch, caplog):
    def broken(_key):
        raise OSError(5, "Input/output error")

    tier.put("a", entry(), FOREVER_S)
    await written(tier)
    monkeypatch.setattr(tier._files, "read", broken)
    assert await tier.get("a") is None
    assert not tier.holds("a")
    assert tier.failing
    assert "Input/output error" in caplog.text


async def test_a_disk_that_hangs_is_a_miss(tier, monkeypatch):
    monkeypatch.setattr("noticeboard.cache.disk._READ_TIMEOUT_S", 0.001)
    go_on = threading.Event()
    tier.put("a", entry(), FOREVER_S)
    await written(tier)
    tier._worker.submit(go_on.wait)
    assert await tier.get("a") is None
    assert not await tier.writable(0.001)
    assert tier.holds("a"), "it may be quicker next time"
    go_on.set()


async def test_more_than_the_disk_keeps_up_with_is_not_cached(folder, clock, wall, monkeypatch):
    monkeypatch.setattr("noticeboard.cache.disk._BACKLOG", 1)
    tier = DiskTier(folder, 100 * BLOCK, clock=clock, wall=wall)
    await tier.open(None, 60.0)
    go_on = threading.Event()
    tier._worker.submit(go_on.wait)
    for key in "abc":
        tier.put(key, entry(), FOREVER_S)
    assert [key for key in "abc" if tier.holds(key)] == ["a"]
    assert tier.size_bytes == BLOCK
    go_on.set()
    await tier.close(None, 60.0)


async def test_writable_tells_the_truth(tier, folder, monkeypatch, caplog):
    assert await tier.writable(60.0)
    assert files(folder) == []

    def full():
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(tier._files, "probe", full)
        assert not await tier.writable(60.0)
        assert tier.failing is True
        assert "No space left on device" in caplog.text
    assert await tier.writable(60.0)
    assert tier.failing is False


async def test_a_tier_without_capacity_is_off(folder, make):
    tier = make(blocks=0)
    await tier.open("print", 60.0)
    tier.put("a", entry(size=0), FOREVER_S)
    assert not tier.holds("a")
    assert await tier.get("a") is None
    assert await tier.writable(60.0)
    await tier.close("print", 60.0)
    assert not folder.exists()


async def test_a_clean_stop_is_followed_by_a_warm_start(tier, make, clock):
    held = entry(3, 9)
    tier.put("a", held, clock.now_s + 40)
    tier.put("b", entry(4), clock.now_s + 50)
    await tier.get("a")
    again = await restarted(make, tier)
    assert (len(again), again.size_bytes) == (2, 2 * BLOCK)
    assert (await again.get("a")).entry == held
    again.invalidate(4)
    assert len(again) == 0
    await again.close(None, 60.0)


async def test_time_goes_on_between_a_stop_and_a_start(tier, make, clock, wall):
    for key, left_s in (("short", 30), ("long", 40)):
        tier.put(key, entry(), clock.now_s + left_s)
    clock.advance(5)
    wall.advance(5)
    await tier.close("print", 60.0)
    clock.now_s = 7.0  # another boot
    wall.advance(25)
    again = make()
    await again.open("print", 60.0)
    assert not again.holds("short")
    assert (await again.get("long")).expires_s == clock.now_s + 10
    await again.close(None, 60.0)


async def test_a_time_of_day_set_back_prolongs_nothing_beyond_the_ttl(tier, make, clock, wall):
    tier.put("a", entry(), clock.now_s + 40)
    wall.now_s += 1000
    await tier.close("print", 60.0)
    wall.now_s -= 5000
    again = make()
    await again.open("print", 60.0)
    assert (await again.get("a")).expires_s == clock.now_s + 60
    await again.close(None, 60.0)


@pytest.mark.parametrize(("left", "found"), [("print", "other"), (None, "print"), ("print", None), (None, None)])
async def test_a_start_is_cold_if_the_database_is_not_known_to_be_the_same(tier, make, folder, left, found):
    tier.put("a", entry(), FOREVER_S)
    again = await restarted(make, tier, left=left, found=found)
    assert not again.holds("a")
    assert files(folder) == []
    await again.close(None, 60.0)


async def test_a_start_is_cold_after_a_crash(tier, make, folder):
    tier.put("a", entry(), FOREVER_S)
    await written(tier)
    tier._files.close()  # what the kernel does when the process is killed
    again = make()
    await again.open("print", 60.0)
    assert not again.holds("a")
    assert files(folder) == []
    await again.close(None, 60.0)


async def test_a_file_that_could_not_be_deleted_is_not_used_after_a_restart(tier, make, folder, monkeypatch, caplog):
    def read_only(_key):
        raise OSError(30, "Read-only file system")

    tier.put("a", entry(5), FOREVER_S)
    tier.put("b", entry(6), FOREVER_S)
    await written(tier)
    with monkeypatch.context() as patched:
        patched.setattr(tier._files, "remove", read_only)
        tier.invalidate(5)
        await written(tier)
    assert tier.failing
    assert tier.failures == 1
    assert "Read-only file system" in caplog.text
    assert await tier.get("a") is None
    again = await restarted(make, tier)
    assert not again.holds("a")
    assert again.holds("b")
    assert len(files(folder)) == 1
    await again.close(None, 60.0)


async def test_an_old_file_is_not_vouched_for_in_place_of_one_that_could_not_be_written(tier, make, monkeypatch):
    def broken(*_):
        raise OSError(5, "Input/output error")

    tier.put("a", entry(5), FOREVER_S)
    await written(tier)
    monkeypatch.setattr(tier._files, "write", broken)
    monkeypatch.setattr(tier._files, "remove", broken)
    tier.invalidate(5)
    tier.put("a", entry(5, fill=b"y"), FOREVER_S)
    again = await restarted(make, tier)
    assert not again.holds("a")
    await again.close(None, 60.0)


async def test_a_warm_start_after_changes(tier, make, folder):
    for key, note_id in (("a", 1), ("b", 2), ("c", 3)):
        tier.put(key, entry(note_id), FOREVER_S)
    tier.invalidate(2)
    tier.put("c", entry(4), FOREVER_S)
    again = await restarted(make, tier)
    assert [key for key in "abc" if again.holds(key)] == ["a", "c"]
    assert len(files(folder)) == 2
    third = await restarted(make, again)
    assert [key for key in "abc" if third.holds(key)] == ["a", "c"]
    await third.close(None, 60.0)


async def test_what_could_not_be_deleted_in_time_is_deleted_later(folder, clock, wall, monkeypatch):
    monkeypatch.setattr("noticeboard.cache.disk._BACKLOG", 1)
    tier = DiskTier(folder, 100 * BLOCK, clock=clock, wall=wall)
    await tier.open(None, 60.0)
    for note_id, key in enumerate("ab"):
        tier.put(key, entry(note_id), FOREVER_S)
        await written(tier)
    go_on = threading.Event()
    jobs = [tier._worker.submit(go_on.wait), tier._worker.submit(lambda: None)]
    tier.invalidate(0)
    assert not tier.holds("a")
    go_on.set()
    for job in jobs:
        await job
    assert len(files(folder)) == 2
    await written(tier)
    tier.invalidate(1)
    await written(tier)
    assert files(folder) == []
    await tier.close(None, 60.0)


async def test_a_folder_that_hangs_does_not_hold_up_the_start(make, monkeypatch):
    monkeypatch.setattr("noticeboard.cache.disk._OPEN_TIMEOUT_S", 0.001)
    tier, go_on = make(), threading.Event()
    monkeypatch.setattr(tier._files, "open", lambda *_: go_on.wait())
    await tier.open("print", 60.0)
    assert tier.failing
    assert len(tier) == 0
    go_on.set()
    monkeypatch.undo()
    await tier.close(None, 60.0)


async def test_deleting_proves_nothing_about_writing(tier):
    tier.put("a", entry(5), FOREVER_S)
    await written(tier)
    tier._failed(OSError(28, "No space left on device"))
    tier.invalidate(5)
    await written(tier)
    assert tier.failing
    tier.put("b", entry(), FOREVER_S)
    assert not tier.holds("b")


async def test_a_smaller_capacity_is_kept_to_from_the_start(tier, make, folder):
    for key in "abc":
        tier.put(key, entry(), FOREVER_S)
    await tier.close("print", 60.0)
    again = make(blocks=2)
    await again.open("print", 60.0)
    await written(again)
    assert [key for key in "abc" if again.holds(key)] == ["b", "c"]
    assert len(files(folder)) == 2
    await again.close(None, 60.0)


async def test_a_folder_that_appears_later_is_used_from_then_on(make, folder, clock, caplog):
    folder.write_text("in the way")
    tier = make()
    await tier.open("print", 60.0)
    assert tier.failing
    assert "Not a directory" in caplog.text
    assert not await tier.writable(60.0)
    folder.unlink()
    clock.advance(2.0)
    held = entry()
    tier.put("a", held, FOREVER_S)
    assert (await tier.get("a")).entry == held
    assert not tier.failing
    await tier.close(None, 60.0)
