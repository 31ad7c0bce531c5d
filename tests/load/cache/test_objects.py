"""Cache objects of a project under load: real interpreters, real workers, a room in memory."""

from __future__ import annotations

import sys

import pytest

from brinell.core.cache_records import (
    CacheBlocking,
    CacheHeld,
    CacheLifetime,
    CachePrepared,
    CacheSecond,
    CacheSpace,
    StaleProbe,
    Stampede,
)
from brinell.core.call_records import LoopStall
from brinell.core.errors import UsageError
from brinell.core.fakes import FakeRoom
from brinell.core.load_records import Exemplar, LoadEnded, LoadSlice, LoadStarted
from brinell.core.observation import Vitals
from brinell.core.plan import CacheSpec, LoadSpec
from brinell.load.calls.look import look
from brinell.load.trial import LoadTrial
from brinell.rosters.drivers import DRIVERS
from brinell.rosters.shapes import SHAPES

PROJECT = """
import functools, os, pathlib, threading, time
from collections import OrderedDict

class Lru:
    def __init__(self, entries=200):
        self.held, self.entries, self.lock = OrderedDict(), entries, threading.Lock()
    def get(self, key):
        with self.lock:
            value = self.held.pop(key, None)
            if value is not None:
                self.held[key] = value
            return value
    def set(self, key, value):
        with self.lock:
            self.held.pop(key, None)
            self.held[key] = value
            while len(self.held) > self.entries:
                self.held.popitem(last=False)
    def delete(self, key):
        with self.lock:
            self.held.pop(key, None)

class Unlocked(Lru):
    # A get that takes its value out for a moment puts back what was replaced meanwhile.
    def get(self, key):
        value = self.held.pop(key, None)
        time.sleep(0.001)
        if value is not None:
            self.held[key] = value
        return value

class Awaited(Lru):
    async def get(self, key): return Lru.get(self, key)
    async def set(self, key, value): return Lru.set(self, key, value)
    async def delete(self, key): return Lru.delete(self, key)

class Blocking(Awaited):
    async def get(self, key):
        if key.endswith("7"):
            time.sleep(0.15)
        return await Awaited.get(self, key)

class Forgetful(Lru):
    def delete(self, key): pass

class Broken(Lru):
    def get(self, key):
        if key.endswith("1"): raise ConnectionError("gone, password=hunter2hunter2")
        return Lru.get(self, key)

class OnDisk:
    def __init__(self): self.folder = pathlib.Path("var"); self.folder.mkdir(exist_ok=True)
    def get(self, key):
        try: return (self.folder / key.replace(":", "-")).read_bytes()
        except FileNotFoundError: return None
    def set(self, key, value): (self.folder / key.replace(":", "-")).write_bytes(value)
    def delete(self, key): (self.folder / key.replace(":", "-")).unlink(missing_ok=True)

class Refusing(Lru):
    def set(self, key, value, ttl): Lru.set(self, key, value)

class Opening(Awaited):
    async def get(self, key):
        with open(__file__) as file: file.read(1)
        return await Awaited.get(self, key)

class Short(Lru):
    def __len__(self): return len(self.held)
    def get(self, key):
        value, until = Lru.get(self, key) or (None, 0)
        return value if until > time.monotonic() else None
    def set(self, key, value, ttl): Lru.set(self, key, (value, time.monotonic() + ttl))

def fetch(key):
    return key
@functools.lru_cache(maxsize=200)
def user(key):
    return fetch(key)
def undecorated(key):
    return key

opening, short = Opening(), Short()
lru, awaited, blocking, forgetful, broken, refusing = Lru(), Awaited(), Blocking(), Forgetful(), Broken(), Refusing()
plain = {}

def naive(key, loader):
    value = lru.get(key)
    if value is None:
        value = loader()
        lru.set(key, value)
    return value
"""


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "shop.py").write_text(PROJECT)
    return folder


def spec(target, rate=400, duration=0.6, *, closed=False, workers=1, **fields):
    shape = {"kind": "constant", "rate": rate, "duration": duration}
    if closed:
        shape = {"kind": "closed", "duration": duration}
    cache = CacheSpec(**{"target": f"shop:{target}", "keys": 1000, "capacity": 200, "probe": False} | fields)
    return LoadSpec(
        name="c", driver="cache", shape=shape, connections=4, workers=workers, timeout_s=2.0, python=sys.executable,
        cache=cache,
    )  # fmt: skip


@pytest.fixture
def run(tmp_path, project):
    rooms = []

    def begin(*args, **fields):
        room = FakeRoom(spec(*args, **fields), tmp_path, root=project)
        rooms.append(room)
        LoadTrial(DRIVERS, SHAPES).run(room)
        return room

    yield begin
    for room in rooms:
        room.close()


def of(room, kind):
    return [record for record in room.records if isinstance(record, kind)]


def counted(room):
    found = {}
    for one in of(room, LoadSlice):
        found[one.operation, one.outcome] = found.get((one.operation, one.outcome), 0) + one.count
    return found


def test_an_object_is_filled_and_asked(run):
    room = run("lru")
    (started,), (ended,) = of(room, LoadStarted), of(room, LoadEnded)
    assert (started.url, started.model) == ("cache:shop:lru", "open")
    assert (ended.scheduled, ended.completed, ended.unfinished) == (240, 240, 0)
    (prepared,) = of(room, CachePrepared)
    assert (prepared.mode, prepared.wanted, prepared.filled, prepared.why) == ("sync", 200, 200, "")
    found = counted(room)
    assert set(found) == {("read hit", "ok"), ("read miss", "ok"), ("update", "ok")}
    gets = sum(one.gets for one in of(room, CacheSecond))
    hits = sum(one.hits for one in of(room, CacheSecond))
    assert (gets, hits) == (found["read hit", "ok"] + found["read miss", "ok"], found["read hit", "ok"])
    assert sum(one.loads for one in of(room, CacheSecond)) == gets - hits
    assert 0.4 < hits / gets < 0.8
    assert of(room, Vitals)


@pytest.mark.prove
@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize(("target", "mode"), [("awaited", "async"), ("plain", "sync"), ("Lru", "sync")])
def test_other_objects(run, target, mode, closed):
    room = run(target, closed=closed, workload="ycsb-f")
    assert [one.mode for one in of(room, CachePrepared)] == [mode]
    assert {name for name, _ in counted(room)} <= {"read hit", "read miss", "read-modify-write"}
    assert {outcome for _, outcome in counted(room)} == {"ok"}
    assert sum(counted(room).values()) >= 100
    (ended,) = of(room, LoadEnded)
    assert ended.unfinished == 0


@pytest.mark.prove
def test_the_same_seed_asks_the_same(run):
    first, second = (counted(run("lru", workload="ycsb-a")) for _ in range(2))
    assert first["update", "ok"] == second["update", "ok"]
    together = counted(run("lru", workload="ycsb-a", workers=2))
    assert together["update", "ok"] == first["update", "ok"]


@pytest.mark.prove
def test_scans_count_every_get(run):
    room = run("lru", rate=50, workload="ycsb-e", scanned=10)
    assert {name for name, _ in counted(room)} == {"scan", "insert"}
    assert 30 < sum(one.gets for one in of(room, CacheSecond)) <= 300


@pytest.mark.prove
def test_a_step_that_blocks_is_told_with_its_place(run):
    room = run("blocking", rate=50, duration=1.0)
    assert any("in get" in one.where for one in of(room, LoopStall))


@pytest.mark.prove
def test_a_cache_that_deletes_nothing_gives_stale_reads(run):
    room = run("forgetful", probe=True, keys=20, mix={"read": 0.8, "delete": 0.2})
    assert counted(room)["read", "raised-StaleRead"] > 20
    (probe,) = of(room, StaleProbe)
    assert probe.how == "deleted"
    assert probe.stale > 0.5 * probe.reads > 0
    assert any("deleted before the read began" in one.detail for one in of(room, Exemplar))


@pytest.mark.prove
def test_a_set_that_is_undone_by_a_get_gives_stale_reads(run):
    room = run("Unlocked", closed=True, duration=1.0, workload="ycsb-a", keys=10, capacity=10)
    assert counted(room)["read", "raised-StaleRead"] > 0
    assert any("replaced before the read began" in one.detail for one in of(room, Exemplar))


@pytest.mark.prove
def test_what_a_cache_raises_is_its_operations_outcome(run):
    room = run("broken", prefill=False)
    found = counted(room)
    assert found["read", "raised-ConnectionError"] > 5
    assert "hunter2" not in str(room.records)


@pytest.mark.prove
def test_stampedes_and_the_race_of_a_load_with_a_delete(run):
    room = run("lru", stampede="shop:naive", callers=10, cold_keys=3, loader_s=0.05, probe=True)
    crowds = of(room, Stampede)
    assert [(one.callers, one.failed) for one in crowds] == [(10, 0)] * 3
    assert min(one.loads for one in crowds) > 1
    probes = {one.how: one for one in of(room, StaleProbe)}
    assert probes["loading"].stale > 0
    assert probes["deleted"].stale == 0
    assert probes["deleted"].reads > 0


@pytest.mark.prove
def test_a_function_that_caches_what_it_loads(run):
    room = run("user", loader="shop:fetch", workload="ycsb-c", callers=10, cold_keys=2)
    crowds = of(room, Stampede)
    assert len(crowds) == 2
    assert min(one.loads for one in crowds) > 1  # lru_cache holds no lock while it loads
    (prepared,) = of(room, CachePrepared)
    assert (prepared.mode, prepared.filled) == ("sync", 200)
    found = counted(room)
    assert set(found) == {("read hit", "ok"), ("read miss", "ok")}
    assert sum(one.loads for one in of(room, CacheSecond)) == found["read miss", "ok"]
    assert 0.4 < found["read hit", "ok"] / sum(found.values()) < 0.8


@pytest.mark.prove
def test_a_loader_that_never_runs_is_a_mistake(run):
    with pytest.raises(UsageError, match="shop:fetch never ran while shop:undecorated was called"):
        run("undecorated", loader="shop:fetch", workload="ycsb-c", callers=2, cold_keys=1)


@pytest.mark.prove
def test_entries_are_counted_and_their_lives_tried(run):
    room = run("short", duration=1.2, set_options={"ttl": 0.3}, expires_s=0.3)
    (lived,) = of(room, CacheLifetime)
    assert (lived.keys, lived.early, lived.late, lived.why) == (5, 0, 0, "")
    held = [one.entries for one in of(room, CacheHeld)]
    assert len(held) >= 2
    assert max(held) <= 200


@pytest.mark.prove
def test_what_blocks_is_looked_for_in_awaited_caches_only(run):
    looked, found = of(run("opening"), CacheBlocking)
    assert (looked.operation, looked.why) == ("", "")
    assert (found.operation, found.times) == ("get", 10)
    assert found.where.startswith("shop.py:")
    (looked,) = of(run("awaited"), CacheBlocking)
    assert (looked.operation, looked.why) == ("", "")
    assert not of(run("lru"), CacheBlocking)


@pytest.mark.prove
def test_a_folder_is_watched_as_it_grows(run):
    room = run("OnDisk", duration=2.2, rate=200, directory="var", workload="ycsb-d", prefill=False)
    sizes = [(one.bytes, one.files) for one in of(room, CacheSpace)]
    assert len(sizes) >= 2
    assert sizes[-1] > sizes[0]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"target": "nothing"}, "shop has no nothing"),
        ({"target": "plian"}, "did you mean plain?"),
        ({"target": "os"}, "no get/__getitem__ and set"),
        ({"target": "lru", "stampede": "shop:naiv"}, "did you mean naive?"),
    ],
)
def test_mistakes_are_found_before_there_is_a_run(project, fields, said):
    with pytest.raises(UsageError) as error:
        look(spec(**fields), project)
    assert said in f"{error.value} {error.value.hint}"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"target": "refusing"}, "the first set failed with TypeError"),
        ({"target": "lru", "stampede": "get_or_load"}, "has no method get_or_load"),
    ],
)
def test_what_only_shows_when_it_is_tried_is_a_mistake_too(run, fields, said):
    with pytest.raises(UsageError, match=said):
        run(**fields)


def test_a_mistake_is_told_without_our_own_frames(run):
    with pytest.raises(UsageError) as error:
        run("refusing")
    assert "prepare.py" not in str(error.value)
