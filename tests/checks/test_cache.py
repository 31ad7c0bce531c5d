"""Records of a cache under load, to findings and numbers."""

from __future__ import annotations

import msgspec
import pytest

from brinell.checks.cache import cache
from brinell.core.cache_records import (
    CacheBlocking,
    CacheHeld,
    CacheHolder,
    CacheLifetime,
    CachePrepared,
    CacheSecond,
    CacheSpace,
    CacheTried,
    StaleProbe,
    Stampede,
)
from brinell.core.call_records import LoopStall
from brinell.core.evidence import MemoryEvidence
from brinell.core.load_records import Exemplar, LoadEnded, LoadSlice, LoadStarted
from brinell.core.observation import StepStarted, Vitals
from brinell.core.plan import CacheSpec, LoadSpec, Plan, Step
from brinell.core.verdicts import Reason, Severity, Verdict

CACHE = CacheSpec(target="shop:cache", keys=1000, capacity=100)
STARTED = LoadStarted("c", "open", "cache:shop:cache", 0, 10.0, 500.0, 16, 1, 5.0)
ENDED = LoadEnded(5000, 5000, 0, 10.0, sent_in_span=5000, completed_in_span=5000)
READY = CachePrepared(0, "sync", 100, 100, 0.1)


def gets(rate, batches=250, worker=0):
    """Batches of twenty, of which so many hit, with a little noise."""
    hits = [round(20 * rate) + (-1, 0, 1, 0)[number % 4] for number in range(batches)]
    return CacheSecond(worker, 0, 20 * batches, sum(hits), tuple(hits), 7)


def ended(operation, outcome="ok", count=100, bucket=500):
    return LoadSlice(0, 0, operation, outcome, count, ((bucket,), (count,)), ((bucket,), (count,)), bucket, bucket)


def judged(*records, limits=None, spec=CACHE, whole=True, **fields):
    spec = msgspec.structs.replace(spec, **fields)
    load = LoadSpec(name="c", shape={}, driver="cache", cache=spec, thresholds=limits or {})
    step = Step("load:c", "load", load)
    all_of_them = [StepStarted(step.id), STARTED, *records]
    if whole:
        all_of_them.append(ENDED)
    part = cache(MemoryEvidence(Plan("p", "/p", (step,)), all_of_them))
    (one,) = part.cache
    assert all(finding.evidence for finding in part.findings)
    return one, {finding.id.removeprefix("cache.c."): finding for finding in part.findings}, part.not_measured


def test_hits_with_their_interval_and_beside_the_ideals():
    one, findings, missing = judged(READY, gets(0.6), ended("read hit", count=3000), ended("read miss", count=2000))
    hits = one.hit_rate
    assert hits.value == pytest.approx(0.6, abs=0.001)
    assert 0.58 < hits.low < hits.value < hits.high < 0.62
    assert hits.lru < hits.ideal < 1
    assert (one.loads, one.prefilled, one.mode, one.rate) == (7, 100, "sync", 500.0)
    assert one.workload == "ycsb-b"
    assert one.mix == {"read": 0.95, "update": 0.05}
    assert not findings
    assert missing["cache.c.stampede_loads"] == "no get that loads by itself was named (stampede)"
    assert "no event loop" in missing["cache.c.loop_stall_ms"]
    assert "no key was deleted" in missing["cache.c.stale_reads"]


def test_reads_are_one_operation_and_also_told_apart():
    one, _, _ = judged(
        ended("read hit", count=90, bucket=100), ended("read miss", count=10, bucket=1000), ended("update"),
        ended("read", "raised-OSError", 3),
    )  # fmt: skip
    assert list(one.operations) == ["read", "read hit", "read miss", "update"]
    assert one.operations["read"].requests == 103
    assert one.operations["read"].errors == {"raised-OSError": 3}
    assert one.operations["read hit"].max_ms < one.operations["read miss"].max_ms


@pytest.mark.parametrize(
    ("rate", "limit", "verdict", "reason"),
    [
        (0.95, 0.9, Verdict.PASS, None),
        (0.85, 0.9, Verdict.FAIL, None),
        (0.9, 0.9, Verdict.UNKNOWN, Reason.INCONCLUSIVE),
        (0.9, 0.901, Verdict.UNKNOWN, Reason.INCONCLUSIVE),
        (0.9, 1.0, Verdict.FAIL, None),
    ],
)
def test_a_hit_rate_passes_and_fails_with_its_whole_interval(rate, limit, verdict, reason):
    one, findings, _ = judged(READY, gets(rate), limits={"hit_rate": limit})
    assert (findings["hit_rate"].verdict, findings["hit_rate"].reason) == (verdict, reason)
    assert findings["hit_rate"].required
    assert one.thresholds["hit_rate"]["verdict"] == verdict.value
    if limit == 0.901:
        assert "times as many gets decide it" in findings["hit_rate"].detail


def test_a_run_that_was_cut_off_passes_nothing_and_fails_all_the_same():
    for limit, verdict in ((0.5, Verdict.UNKNOWN), (0.95, Verdict.FAIL)):
        _, findings, _ = judged(READY, gets(0.8), limits={"hit_rate": limit}, whole=False)
        assert findings["hit_rate"].verdict is verdict


def test_a_cache_that_never_began_has_its_thresholds_not_exercised():
    load = LoadSpec(name="c", shape={}, driver="cache", cache=CACHE, thresholds={"hit_rate": 0.5, "p95_ms": 3})
    part = cache(MemoryEvidence(Plan("p", "/p", (Step("load:c", "load", load),)), []))
    (finding,) = part.findings  # response times are the load's
    assert (finding.id, finding.reason) == ("cache.c.hit_rate", Reason.NOT_EXERCISED)
    assert part.cache == ()


def test_other_scenarios_are_not_its_business():
    step = Step("load:x", "load", LoadSpec(name="x", shape={}))
    assert cache(MemoryEvidence(Plan("p", "/p", (step,)), [StepStarted(step.id), STARTED])).cache is None


def test_the_beginning_of_a_cold_cache_is_left_out():
    rows = [0, 4, 8, 12, 14, 15] + [18, 19, 20, 19] * 50
    second = CacheSecond(0, 0, 20 * len(rows), sum(rows), tuple(rows))
    one, _, _ = judged(second, spec=msgspec.structs.replace(CACHE, prefill=False))
    assert 100 <= one.hit_rate.cold_gets <= 400
    assert one.hit_rate.value == pytest.approx(0.95, abs=0.01)
    assert one.hit_rate.hits / one.hit_rate.gets < 0.94
    one, _, _ = judged(READY, second)
    assert one.hit_rate.cold_gets == 0
    assert one.hit_rate.value == pytest.approx(sum(rows) / 20 / len(rows))


def test_far_below_what_its_capacity_allows():
    _, findings, _ = judged(READY, gets(0.2))
    assert (findings["hit_rate"].required, findings["hit_rate"].verdict) == (False, Verdict.FAIL)
    assert "drops the least recently used" in findings["hit_rate"].detail
    cold = msgspec.structs.replace(CACHE, prefill=False)
    _, findings, _ = judged(gets(0.2, batches=50), spec=cold)  # 1000 gets do not warm it up
    assert "hit_rate" not in findings


def test_more_than_the_stated_capacity_can_hold():
    _, findings, _ = judged(READY, gets(0.95))
    assert (findings["capacity"].required, findings["capacity"].reason) == (False, Reason.INCONCLUSIVE)
    assert "100 entries" in findings["capacity"].title


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"capacity": None}, "was not stated"),
        ({"workload": "ycsb-e"}, "scans read neighbours"),
        ({"workload": "ycsb-d"}, "new keys are added"),
        ({"loads": False}, "loads nothing"),
        ({"distribution": "scan"}, "one key after the other"),
    ],
)
def test_where_there_is_no_ideal_it_says_why(fields, why):
    one, _, _ = judged(READY, gets(0.6), spec=msgspec.structs.replace(CACHE, **fields))
    assert why in one.hit_rate.why


def test_stampedes():
    crowds = [Stampede(0, 100, number, 0, 5_000_000) for number in (1, 100, 40)]
    one, findings, _ = judged(*crowds)
    assert one.stampede_loads == 100
    assert one.stampede.mean_loads == pytest.approx(47)
    assert (findings["stampede"].required, findings["stampede"].severity) == (False, Severity.P2)
    _, findings, _ = judged(*crowds, limits={"stampede_loads": 1})
    assert findings["stampede_loads"].verdict is Verdict.FAIL
    assert "47 times on average of 3 keys: what the cache shields" in findings["stampede_loads"].detail
    assert "stampede" not in findings
    _, findings, _ = judged(*crowds, Stampede(0, 100, 100, by="ended"), limits={"stampede_loads": 1})
    assert "entries that had come to their end" in findings["stampede_loads"].detail
    _, findings, _ = judged(Stampede(0, 100, 1), limits={"stampede_loads": 1})
    assert findings["stampede_loads"].verdict is Verdict.PASS


def test_a_stampede_in_which_all_failed_counts_nothing():
    spec = msgspec.structs.replace(CACHE, stampede="shop:get")
    crowd = Stampede(0, 100, 0, 100, 0, "TypeError")
    one, findings, missing = judged(crowd, spec=spec, limits={"stampede_loads": 1})
    assert one.stampede_loads is None
    assert missing["cache.c.stampede_loads"] == "no caller got an answer: TypeError"
    assert findings["stampede_loads"].reason is Reason.NOT_EXERCISED


def test_a_stampede_that_was_asked_for_and_not_counted_is_told():
    why = "TypeError: get_user() takes 1 positional argument but 2 were given"
    _, findings, _ = judged(Stampede(0, 100, 0, 100, 0, why), stampede="shop:get")
    found = findings["stampede"]
    assert (found.required, found.reason) == (False, Reason.NOT_EXERCISED)
    assert "takes 1 positional argument" in found.detail
    assert "name what it loads with (loader)" in found.detail
    assert "stampede" not in judged(stampede="shop:get")[1]


def test_stale_reads_are_advice_or_a_failure_where_that_was_asked_for():
    records = [StaleProbe(0, "deleted", 20, 500, 0), StaleProbe(0, "loading", 20, 100, 40, "", "version 3")]
    records += [ended("read", "raised-StaleRead", 2), Exemplar("read", "raised-StaleRead", 1, 1, 1, 2, "version 9")]
    one, findings, _ = judged(*records)
    assert one.stale_reads == 42
    assert one.samples == ("version 3", "version 9")
    assert (findings["stale_reads"].required, findings["stale_reads"].severity) == (False, Severity.P1)
    assert "40 of 100 when it was deleted while its old value was being loaded" in findings["stale_reads"].detail
    _, findings, _ = judged(*records, limits={"stale_reads": 0})
    assert (findings["stale_reads"].required, findings["stale_reads"].verdict) == (True, Verdict.FAIL)
    assert (
        "40 of 100 when it was deleted while its old value was being loaded; version 3"
        in findings["stale_reads"].detail
    )
    assert "To make it" not in findings["stale_reads"].detail


def test_stale_reads_are_shown_with_their_own_samples_and_wrong_ones_with_theirs():
    one, findings, _ = judged(
        StaleProbe(0, "deleted", 20, 500, 1, "", "version 3"),
        ended("read", "raised-StaleRead", 1), Exemplar("read", "raised-StaleRead", 1, 1, 1, 2, "version 9"),
        ended("read", "raised-WrongValue", 1), Exemplar("read", "raised-WrongValue", 1, 1, 1, 2, "of key 7"),
    )  # fmt: skip
    assert one.samples == ("version 3", "version 9", "of key 7")
    assert findings["wrong_values"].detail == "of key 7"
    assert "version 3; version 9" in findings["stale_reads"].detail
    assert "of key 7" not in findings["stale_reads"].detail


def test_no_stale_reads_where_somebody_looked():
    one, findings, missing = judged(StaleProbe(0, "deleted", 20, 500, 0), limits={"stale_reads": 0})
    assert one.stale_reads == 0
    assert findings["stale_reads"].verdict is Verdict.PASS
    assert "cache.c.stale_reads" not in missing


def test_no_word_of_stale_reads_where_nothing_was_deleted():
    probe = StaleProbe(0, "loading", 0, 0, 0, "TypeError")
    one, findings, missing = judged(probe, limits={"stale_reads": 0})
    assert one.stale_reads is None
    assert findings["stale_reads"].reason is Reason.NOT_EXERCISED
    assert missing["cache.c.stale_reads"] == "no key was deleted: TypeError"


def test_mixed_up_keys_fail_whatever_was_asked_for():
    one, findings, _ = judged(ended("read", "raised-WrongValue", 3))
    assert one.wrong_values == 3
    found = findings["wrong_values"]
    assert (found.required, found.verdict, found.severity) == (True, Verdict.FAIL, Severity.P0)


def test_memory_and_folder_grow():
    vitals = [Vitals(second * 10**9, 1, 0.1, size, 1, 1) for second, size in enumerate((100, 300, 250))]
    spaces = [CacheSpace(second * 10**9, size, size // 10) for second, size in enumerate((0, 900, 500))]
    one, findings, _ = judged(*vitals, *spaces, limits={"directory_bytes": 800})
    assert (one.memory.first_bytes, one.memory.last_bytes, one.memory.most_bytes) == (100, 250, 300)
    assert (one.directory.first_bytes, one.directory.last_bytes, one.directory.files) == (0, 500, 50)
    assert findings["directory_bytes"].verdict is Verdict.FAIL
    _, findings, missing = judged(*vitals[:1], limits={"directory_bytes": 0})
    assert findings["directory_bytes"].reason is Reason.NOT_EXERCISED
    assert findings["directory_bytes"].detail == "no folder was named (directory)"
    assert "cache.c.memory" in missing


def test_stalls_of_an_async_cache():
    stall = LoopStall(0, 0, "shop.py:3 in get", 4, 0.5, 0.2)
    one, _, missing = judged(msgspec.structs.replace(READY, mode="async"), stall)
    assert (one.loop_stall_ms, one.stalls) == (200.0, 4)
    one, _, missing = judged(msgspec.structs.replace(READY, mode="async"))
    assert one.loop_stall_ms == 0.0
    assert "cache.c.loop_stall_ms" not in missing


def test_a_cache_that_could_not_be_filled():
    _, findings, _ = judged(msgspec.structs.replace(READY, filled=7, why="it took longer than 30 s"))
    assert findings["prefill"].reason is Reason.INCONCLUSIVE
    assert "7 of 100 keys" in findings["prefill"].title


def test_batches_of_several_workers_and_sizes_are_put_together():
    long = CacheSecond(1, 0, 4000, 3200, (32,) * 100, 0, 40)
    one, _, _ = judged(READY, gets(0.8, batches=200), long)
    assert one.hit_rate.gets == 8000
    assert one.hit_rate.low < 0.8 < one.hit_rate.high


def test_no_operations_no_numbers():
    one, _, missing = judged()
    assert one.hit_rate is None
    assert missing["cache.c.hit_rate"] == "no operation ended"


def test_the_course_has_a_column_for_each_second_and_longer_ones_for_longer_runs():
    records = [CacheSecond(worker, second, 10, second % 11) for worker in (0, 1) for second in (0, 1, 3)]
    one, _, _ = judged(*records)
    assert (one.course.step_s, one.course.gets) == (1, (20, 20, 0, 20))
    assert one.course.hit_rate == (0.0, 0.1, None, 0.3)
    one, _, _ = judged(CacheSecond(0, 0, 10, 5), CacheSecond(0, 599, 10, 5))
    assert (one.course.step_s, len(one.course.t_s)) == (2, 300)
    one, _, _ = judged(CacheSecond(0, 1_000_000, 10, 5))
    assert len(one.course.t_s) <= 301


def test_loads_of_an_endpoint_may_be_known_by_their_bounds():
    unsure = Stampede(0, 30, None, 0, 5_000_000, "", 1, 12, "headers")
    one, findings, missing = judged(unsure, limits={"stampede_loads": 1}, target="/users/{key}", probe=True)
    assert one.stampede_loads is None
    assert (one.stampede.least_loads, one.stampede.most_loads, one.stampede.by) == (1, 12, "headers")
    assert (findings["stampede_loads"].verdict, findings["stampede_loads"].reason) == (
        Verdict.UNKNOWN,
        Reason.INCONCLUSIVE,
    )
    assert "between 1 and 12 times" in missing["cache.c.stampede_loads"]
    assert "stampede" not in findings
    _, findings, _ = judged(unsure, limits={"stampede_loads": 12}, target="/users/{key}", probe=True)
    assert findings["stampede_loads"].verdict is Verdict.PASS
    sure = msgspec.structs.replace(unsure, least=4, most=None, by="bodies")
    one, findings, _ = judged(sure, target="/users/{key}", probe=True)
    assert (one.stampede.least_loads, one.stampede.most_loads) == (4, 30)  # nobody loads more often than he asks
    assert "it was loaded 4 times at least" in findings["stampede"].title
    _, findings, _ = judged(sure, limits={"stampede_loads": 3}, target="/users/{key}", probe=True)
    assert findings["stampede_loads"].verdict is Verdict.FAIL


def test_a_loader_that_never_ran_is_no_stampede_of_none():
    crowds = [Stampede(0, 100, 0, 0, 1_000_000)] * 3
    one, findings, missing = judged(*crowds, limits={"stampede_loads": 1}, stampede="shop:get", loader="shop:fetch")
    assert one.stampede is None
    assert findings["stampede_loads"].reason is Reason.NOT_EXERCISED
    assert missing["cache.c.stampede_loads"].startswith("shop:fetch never ran")


def test_lifetimes_that_were_stated_are_required():
    lived = CacheLifetime(0, 2.0, 4.0, 5, 0, 0)
    cases = {
        (0, 0, 4.0): (Verdict.PASS, None),
        (5, 0, 4.0): (Verdict.FAIL, None),
        (0, 1, 4.0): (Verdict.FAIL, None),
        (0, 0, 1.0): (Verdict.UNKNOWN, Reason.INCONCLUSIVE),
    }
    for (early, late, looked_s), expected in cases.items():
        record = msgspec.structs.replace(lived, early=early, late=late, looked_s=looked_s)
        one, findings, _ = judged(record, expires_s=2.0)
        assert one.lifetime.late == (None if looked_s < 4 else late)
        assert findings["expires"].required
        assert (findings["expires"].verdict, findings["expires"].reason) == expected
    one, findings, _ = judged(msgspec.structs.replace(lived, keys=0, why="no"), expires_s=2.0)
    assert (one.lifetime, findings["expires"].reason) == (None, Reason.NOT_EXERCISED)
    _, findings, _ = judged(expires_s=None)
    assert "expires" not in findings


def test_what_blocks_is_said_with_its_place():
    looked = CacheBlocking(0, "", "", "", 0, 10)
    one, findings, _ = judged(looked)
    assert one.blocking == ()
    assert "blocking" not in findings
    found = CacheBlocking(0, "get", "open, file.read", "shop.py:3 in get", 10, 10, 60_000)
    one, findings, _ = judged(looked, found, msgspec.structs.replace(found, worker=1))
    (blocked,) = one.blocking
    assert (blocked.operation, blocked.times, blocked.longest_ms) == ("get", 10, 0.06)
    assert findings["blocking"].title == "c: get keeps the event loop waiting for the disk, in shop.py:3 in get"
    one, _, _ = judged(CacheBlocking(0, "", "", "", 0, 0, 0, "ConnectionError"))
    assert one.blocking is None


def test_entries_beyond_what_fits():
    held = [CacheHeld(0, second * 10**9, entries) for second, entries in enumerate((100, 180, 260))]
    one, findings, _ = judged(*held, capacity=100)
    assert (one.entries.first, one.entries.last, one.entries.most, one.entries.evicted) == (100, 260, 260, None)
    assert findings["growth"].severity is Severity.P1
    for records, capacity in ((held, 250), (held, None), ([held[0], held[0]], 100), ([held[2], held[2]], 100)):
        _, findings, _ = judged(*records, capacity=capacity)
        assert "growth" not in findings


def test_memory_and_folder_beyond_what_fits():
    mib = 1 << 20
    full = msgspec.structs.replace(READY, wanted=100, filled=100)
    loads = CacheSecond(0, 0, 4000, 0, (), 4000)
    fields = {"capacity": 100, "value_bytes": (10_000, 10_000)}
    vitals = [Vitals(second * 10**9, 1, 0.1, size * mib, 1, 1) for second, size in enumerate((50, 60, 90))]
    _, findings, _ = judged(full, loads, *vitals, **fields)
    assert "Its memory grew from 50 to 90 MiB" in findings["growth"].detail
    spaces = [CacheSpace(second * 10**9, size * mib, 9) for second, size in enumerate((1, 39))]
    _, findings, _ = judged(full, loads, *spaces, **fields)
    assert "Its folder grew from 1 to 39 MiB" in findings["growth"].detail
    updates = ended("update", count=4000)  # each of which leaves a file
    _, findings, _ = judged(full, updates, *spaces, **fields)
    assert "Its folder grew from 1 to 39 MiB" in findings["growth"].detail
    for records in (
        [full, loads, *vitals[:2]],
        [full, *vitals],
        [msgspec.structs.replace(full, filled=9), loads, *vitals],
    ):
        _, findings, _ = judged(*records, **fields)
        assert "growth" not in findings


def test_the_ideals_of_a_store_that_evicts_are_those_of_what_it_holds():
    held = [CacheHeld(0, second * 10**9, 500 + second, second * 40) for second in range(5)]
    one, _, _ = judged(gets(0.4), *held, keys=5000, capacity=None, target="redis://127.0.0.1")
    assert (one.capacity, one.hit_rate.capacity) == (None, 503)
    assert 0 < one.hit_rate.lru < one.hit_rate.ideal < 1
    still = [msgspec.structs.replace(record, evicted=0) for record in held]
    one, _, _ = judged(gets(0.4), *still, keys=5000, capacity=None, target="redis://127.0.0.1")
    assert (one.hit_rate.capacity, one.hit_rate.lru) == (None, None)


def tried(what, wrong, tries=3, worker=0):
    return CacheTried(worker, what, tries, wrong, example="key 7" if wrong else "")


@pytest.mark.parametrize(
    ("what", "severity", "required"),
    [
        ("case", Severity.P1, False),
        ("length", Severity.P1, False),
        ("set", Severity.P1, False),
        ("missed", Severity.P1, False),
        ("renewed", Severity.P2, False),
        ("failed", Severity.P1, False),
        ("hanging", Severity.P1, False),
        ("cancelled", Severity.P1, False),
        ("collided", Severity.P0, True),
        ("shared", Severity.P3, False),
        ("unasked", Severity.P1, False),
        ("vary", Severity.P1, False),
        ("private", Severity.P0, True),
        ("error", Severity.P1, False),
    ],
)
def test_what_was_tried_and_went_wrong_is_told(what, severity, required):
    one, findings, _ = judged(READY, tried(what, 2), tried(what, 0, worker=1))
    assert [(each.what, each.tried, each.wrong) for each in one.tries] == [(what, 6, 2)]
    found = findings[what]
    assert (found.verdict, found.severity, found.required) == (Verdict.FAIL, severity, required)
    assert "2 of 6: key 7" in found.detail
    assert "{" not in found.title + found.detail
    _, findings, _ = judged(READY, tried(what, 0), tried(what, 0, tries=0))
    assert what not in findings


def held(name, *counts, worker=0):
    return [CacheHolder(worker, at, name, entries) for at, entries in enumerate(counts)]


def test_containers_that_grow_with_every_key_are_told():
    records = [*held("Cache.locks", 200, 400, 600), *held("Cache.data", 100, 100, 100), *held("Cache.ghosts", 300, 310)]
    one, findings, _ = judged(READY, *records)
    assert [(each.name, each.first, each.last) for each in one.containers] == [
        ("Cache.locks", 200, 600),
        ("Cache.data", 100, 100),
    ]
    assert "Cache.locks grows" in findings["containers"].title
    assert "from 200 to 600" in findings["containers"].detail
    assert "containers" not in judged(READY, *records, capacity=None)[1]


@pytest.mark.parametrize("counts", [(0, 390, 399), (500, 520, 560), (100, 500, 510)])
def test_containers_that_come_to_a_bound_are_not(counts):
    assert "containers" not in judged(READY, *held("Cache.recent", *counts))[1]


def exactly(rate, batches):
    hits = [int((number + 1) * 20 * rate) - int(number * 20 * rate) for number in range(batches)]
    return CacheSecond(0, 0, 20 * batches, sum(hits), tuple(hits), 7)


def test_a_cache_that_drops_the_oldest_is_told_apart_from_one_that_drops_what_is_used_least():
    hits = judged(READY, gets(0.5), capacity=500)[0].hit_rate
    assert hits.fifo < hits.lru
    assert "hit_rate" not in judged(READY, exactly(hits.lru, 1000), capacity=500)[1]
    found = judged(READY, exactly(hits.fifo, 1000), capacity=500)[1]["hit_rate"]
    assert (found.severity, found.required) == (Severity.P3, False)
    assert "drops the oldest" in found.title
    assert "hit_rate" not in judged(READY, exactly(hits.fifo, 10), capacity=500)[1]  # too few to tell
    assert judged(READY, gets(0.5), capacity=500, mix={"read": 1, "delete": 1})[0].hit_rate.fifo is None
