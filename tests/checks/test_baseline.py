"""Scenarios against a blessed baseline: what is worse, what is not, what cannot be told; files that anybody wrote."""

from __future__ import annotations

import json
import math

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.checks.baseline import baseline
from brinell.core.cache_judgement import Cache, CacheHits
from brinell.core.capacity_judgement import Capacity, CapacityLimit
from brinell.core.evidence import MemoryEvidence
from brinell.core.finding import Finding
from brinell.core.histogram import Histogram
from brinell.core.judgement import SCHEMA, Distribution, Generator, Judgement, Load, Part, RunInfo, SubjectVitals
from brinell.core.load_records import LoadSlice
from brinell.core.observation import RunStarted
from brinell.core.plan import Plan
from brinell.core.timeline import Course
from brinell.core.verdicts import Reason, Verdict
from brinell.journal.baseline import compose

HERE = {"cpu": "x"}
NOTHING = Distribution(p50=None, p90=None, p95=None, p99=None, p99_9=None, max=None)


def load(seed, *, median_ms=10.0, seconds=40, rate=100, drift=0.05, failing=0.0, **fields):
    """A run whose seconds wander, each like the one before it."""
    generator = np.random.default_rng(seed)
    course, whole, failed, level = Course(0), Histogram(), 0, 0.0
    for second in range(seconds):
        level = 0.8 * level + drift * generator.normal()
        times = generator.lognormal(math.log(median_ms) + level, 0.4, rate)
        bad = generator.random(rate) < failing
        for outcome, chosen in (("ok", times[~bad]), ("timeout", times[bad])):
            made = Histogram()
            for value in chosen:
                made.record(int(value * 1e6))
            if made.count:
                whole.add(made)
                sparse = made.sparse()
                course.add(LoadSlice(0, second, "/", outcome, made.count, sparse, sparse, made.max_ns, made.max_ns))
        failed += int(bad.sum())
    p50, p90, p95, p99, p99_9 = (ns / 1e6 for ns in whole.quantiles_ns([0.5, 0.9, 0.95, 0.99, 0.999]))
    found = Distribution(p50=p50, p90=p90, p95=p95, p99=p99, p99_9=p99_9, max=whole.max_ns / 1e6)
    told = {
        "scenario": "browse", "model": "open", "url": "", "target_rate": float(rate),
        "achieved_rate": float(rate) - failed / seconds, "requests": rate * seconds,
        "errors": {"timeout": failed} if failed else {}, "response_ms": found, "response_ok_ms": found,
        "service_ms": found, "histogram": "", "connections": 4, "workers": 1, "timeout_s": 5.0,
        "generator": Generator(valid=True, reason="", cpu=0.1, schedule_lag_ms=found), "span_s": float(seconds),
        "subject": SubjectVitals(cpu=None, rss=None, fds=None, threads=None), "timeline": course.timeline(),
    }  # fmt: skip
    return Load(**(told | fields))


def cache(value):
    hits = CacheHits(value=value, low=value - 0.01, high=value + 0.01, ideal=None, lru=None, gets=9000, hits=1)
    return Cache(
        scenario="users", workload="ycsb-b", target="shop:cache", mode="sync", operations={}, hit_rate=hits,
        stampede_loads=None, stale_reads=None, loop_stall_ms=None, distribution="zipfian", keys=1000, capacity=100,
        rate=1.0, value_bytes=(1, 1), prefilled=1,
    )  # fmt: skip


def search(low, high):
    return Capacity(
        name="notes", quantity="rate", unit="/s", url="", low=low, high=high, confirmed=True, knee=None,
        limited_by=None, limited_by_reason="", thresholds={"p95_ms": CapacityLimit(limit=500.0, stated=True)},
        at_least=None, tolerance=0.05, ended="found", reason="", steps=(), took_s=1.0,
    )  # fmt: skip


def blessed(*, fingerprint=HERE, **parts):
    """The baseline's content, as it comes back from its file."""
    run = RunInfo(
        id="r", name="p", started="", duration_s=1.0, state="complete", fingerprint=fingerprint, exit_code=0,
        brinell="0", plan_digest="",
    )  # fmt: skip
    made = Judgement(schema=SCHEMA, run=run, verdict=Verdict.PASS, findings=(), suite=None, bugs=(), **parts)
    return json.loads(json.dumps(compose(made, "then")))


def judged(content, **parts):
    evidence = MemoryEvidence(
        Plan(name="p", root="/", steps=()), [RunStarted(plan_digest="", fingerprint=HERE)], baseline=content
    )
    ran = Finding(
        id="load.browse.ran", check="load", required=True, verdict=Verdict.PASS, title="", evidence=("load:browse#1",)
    )
    return baseline(evidence, [Part(findings=(ran,)), Part(**parts)]).findings


@pytest.fixture(scope="module")
def before():
    return load(1)


def test_a_run_beside_itself_is_no_worse(before):
    (found,) = judged(blessed(load=(before,)), load=(before,))
    assert (found.verdict, found.required, found.evidence) == (Verdict.PASS, False, ("load:browse#1",))
    assert found.title == "browse: no worse than its baseline in p50, p95, p99, the rate and the error rate"


def test_twice_as_slow_is_worse_and_says_by_how_much(before):
    (found,) = judged(blessed(load=(before,)), load=(load(2, median_ms=20.0),))
    assert found.verdict is Verdict.FAIL
    assert found.title == "browse: worse than its baseline in p50, p95 and p99"
    assert "allowed 1.2 times higher" in found.detail
    assert "One run each" in found.detail


def test_failed_requests_and_a_lower_rate_are_worse(before):
    (found,) = judged(blessed(load=(before,)), load=(load(3, failing=0.4),))
    assert found.title == "browse: worse than its baseline in the rate and the error rate"
    assert found.verdict is Verdict.FAIL


def test_what_got_better_is_no_worse(before):
    (found,) = judged(blessed(load=(load(4, median_ms=20.0),)), load=(before,))
    assert found.verdict is Verdict.PASS


def test_the_same_subject_is_seldom_called_worse():
    """Sixty pairs whose seconds wander and whose starts differ by a few per cent."""
    generator = np.random.default_rng(11)
    pairs = [
        [load(2 * pair + side, seconds=30, rate=60, median_ms=10 * generator.uniform(0.95, 1.05)) for side in (0, 1)]
        for pair in range(60)
    ]
    found = [judged(blessed(load=(a,)), load=(b,))[0].verdict for a, b in pairs]
    assert found.count(Verdict.FAIL) <= 2


def test_what_lies_near_what_is_allowed_is_not_clear(before):
    (found,) = judged(blessed(load=(before,)), load=(load(5, median_ms=12.0, drift=0.15),))
    assert (found.verdict, found.reason) == (Verdict.UNKNOWN, Reason.INCONCLUSIVE)
    assert "is not clear" in found.title


@pytest.mark.parametrize(("value", "verdict"), [(0.8, Verdict.PASS), (0.7, Verdict.FAIL), (0.79, Verdict.UNKNOWN)])
def test_hit_rates_may_fall_by_two_points(value, verdict):
    (found,) = judged(blessed(cache=(cache(0.8),)), cache=(cache(value),))
    assert found.verdict is verdict
    assert found.id == "baseline.cache.users"


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(800, 840, Verdict.PASS), (770, 810, Verdict.PASS), (600, 630, Verdict.FAIL), (2000, None, Verdict.PASS)],
)
def test_the_highest_level_may_not_fall(low, high, verdict):
    (found,) = judged(blessed(capacity=(search(800, 840),)), capacity=(search(low, high),))
    assert found.verdict is verdict


def test_a_cache_has_one_finding_with_its_times_and_hits(before):
    under = msgspec.structs.replace(before, scenario="users")
    content = blessed(load=(under,), cache=(cache(0.8),))
    (found,) = judged(content, load=(under,), cache=(cache(0.6),))
    assert found.title == "users: worse than its baseline in the hit rate"
    assert "p95" in found.detail


def test_another_machine_and_another_load_cannot_be_compared(before):
    (elsewhere,) = judged(blessed(load=(before,), fingerprint={"cpu": "y"}), load=(before,))
    assert "cpu: y then, x now" in elsewhere.detail
    (harder,) = judged(blessed(load=(before,)), load=(msgspec.structs.replace(before, target_rate=200.0),))
    assert harder.detail == "target rate 100 then, 200 now"
    assert {elsewhere.verdict, harder.verdict} == {Verdict.UNKNOWN}


def test_a_suite_beside_it_is_no_other_environment(before):
    (found,) = judged(blessed(load=(before,), fingerprint=HERE | {"python": "3.12"}), load=(before,))
    assert found.verdict is Verdict.PASS


def test_a_run_that_was_too_brief_says_so(before):
    brief = load(6, seconds=5)
    for content, now in ((blessed(load=(brief,)), before), (blessed(load=(before,)), brief)):
        (found,) = judged(content, load=(now,))
        assert "cannot be told" in found.title
        assert "brief" in found.detail or "5 whole seconds" in found.detail


def test_what_the_baseline_does_not_know_is_not_judged(before):
    assert judged(None, load=(before,)) == ()
    assert judged(blessed(), load=(before,)) == ()
    assert judged({"v": 1, "load": {"browse": {"p95_ms": 2.0}}}, load=(before,)) == ()  # of an earlier version


LEAF = st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5)
BRANCH = LEAF | st.lists(LEAF, max_size=3) | st.dictionaries(st.text(max_size=5), LEAF, max_size=3)
JSON = BRANCH | st.lists(BRANCH, max_size=2) | st.dictionaries(st.text(max_size=5), BRANCH, max_size=2)
NUMBERS = st.lists(st.none() | st.floats() | st.integers(-(10**400), 10**400), min_size=3, max_size=3)


@given(
    fingerprint=st.just(HERE) | JSON,
    conditions=st.just({}) | JSON,
    measured=st.dictionaries(
        st.sampled_from(["response_p95_ms", "error_rate", "achieved_rate", "hit_rate", "?"]), NUMBERS
    )
    | JSON,
)
def test_whatever_the_file_holds_there_is_at_most_one_finding(before, fingerprint, conditions, measured):
    told = {"fingerprint": fingerprint, "conditions": conditions, "measured": measured}
    assert len(judged({"v": 1, "load": {"browse": told}}, load=(before,))) <= 1
    assert len(judged({"v": 1, "load": told}, load=(before,))) <= 1


def test_what_cannot_be_better_is_no_worse_however_few_there_were():
    """No errors in 4,000 requests leave a share of 3 / 4,000 open, and in 200 one of 1.5 %, which is beyond allowed."""
    few = load(7, rate=5)
    (found,) = judged(blessed(load=(few,)), load=(few,))
    assert "error rate" not in found.title  # which says what is not clear
    assert "the error rate 0 % against 0 % (-1.5 to +1.5 points; allowed 1 more)" in found.detail
