from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.core.cache_judgement import (
    Cache,
    CacheBlocked,
    CacheCourse,
    CacheEntries,
    CacheGrowth,
    CacheHits,
    CacheLifetimes,
    CacheOperation,
    CacheStampede,
)
from brinell.reports.cache_chart import hit_course
from brinell.reports.figures import MISSING
from brinell.reports.html import html
from brinell.reports.markdown import markdown
from brinell.reports.outline_cache import facts, rows
from brinell.reports.terminal import summary

READ = CacheOperation(requests=1200, errors={"raised-<b>": 3}, p50_ms=0.02, p95_ms=0.1, p99_ms=1.5, max_ms=20.0)
CACHE = Cache(
    scenario="users <b>", workload="ycsb-b", target="shop:cache", mode="async",
    operations={"read": READ, "read hit": msgspec.structs.replace(READ, requests=840, errors={}, p50_ms=None)},
    hit_rate=CacheHits(value=0.7, low=0.68, high=0.72, ideal=0.75, lru=0.66, gets=1200, hits=840),
    stampede_loads=100, stale_reads=2, loop_stall_ms=150.0, distribution="zipfian", keys=10_000, capacity=1000,
    rate=400.0, value_bytes=(100, 10_000), prefilled=1000, loads=360, wrong_values=1,
    stampede=CacheStampede(keys=20, callers=100, most_loads=100, mean_loads=97.5, failed=0, longest_ms=57.0),
    memory=CacheGrowth(first_bytes=1 << 20, last_bytes=3 << 20, most_bytes=4 << 20),
    directory=CacheGrowth(first_bytes=0, last_bytes=3 << 20, most_bytes=4 << 20, files=9),
    mix={"read": 0.95, "update": 0.05}, stalls=4,
    course=CacheCourse(step_s=1, t_s=(0, 1, 2, 3), gets=(300, 300, 0, 600), hit_rate=(0.5, 0.7, None, 0.8)),
)  # fmt: skip
NOTHING = msgspec.structs.replace(
    CACHE, hit_rate=None, stampede=None, stampede_loads=None, stale_reads=None, loop_stall_ms=None, memory=None,
    directory=None, operations={}, capacity=None, rate=None, course=None, prefilled=0, loads=0, wrong_values=0, mode="",
)  # fmt: skip


@pytest.fixture
def judgement(build):
    return msgspec.structs.replace(build.realistic(), cache=(CACHE, NOTHING))


def test_facts_say_what_was_found_and_what_could_have_been():
    told = facts(CACHE)
    assert told[0] == (
        "hit rate 70 % (68 % to 72 % with 95 % confidence, 1,200 gets); dropping the least recently used, "
        "1,000 entries would have 66 %, and at best 75 %"
    )
    text = "\n".join(told)
    assert "100 loads at most for one cold key that 100 asked for at once (20 keys, 97.5 on average" in text
    assert "2 stale reads after changes" in text
    assert "1 read gave what was not written under the key" in text
    assert "folder: 0 B at first, 3.0 MiB at last, 4.0 MiB at most in 9 files" in text
    assert "the event loop stood still for 100 ms or longer 4 times, 150 ms at most" in text
    assert "ycsb-b (95 % read, 5 % update) on 10,000 keys, zipfian, values of 100 B to 9.8 KiB" in text


def test_what_was_tried_before_the_load_is_said():
    bounds = msgspec.structs.replace(CACHE.stampede, least_loads=3, by="bodies")
    told = facts(
        msgspec.structs.replace(
            CACHE, stampede=bounds, entries=CacheEntries(first=9, last=1500, most=1500, evicted=4),
            lifetime=CacheLifetimes(stated_s=2.0, keys=5, early=0, late=5),
            blocking=(CacheBlocked(operation="get", what="open", where="a.py:3 in x", times=9, of=9, longest_ms=0.1),),
        )
    )  # fmt: skip
    text = "\n".join(told)
    assert "3 to 100 loads at most for one cold key" in text
    assert "entries: 9 at first, 1,500 at last, 1,500 at most; 4 evicted" in text
    assert "of 5 keys that were to live for 2 s, 0 had gone too early and 5 stayed too long" in text
    assert "get calls open in the event loop's thread, in a.py:3 in x" in text


def test_what_was_not_measured_is_not_said():
    (asked,) = facts(NOTHING)
    assert asked.endswith(f"begun as it was; shop:cache, {MISSING}")
    assert rows(NOTHING) == []


def test_every_report_has_a_section(judgement):
    for text in (summary(judgement, width=200), markdown(judgement), html(judgement)):
        plain = " ".join(text.split())
        assert "Hit rate 70 %" in plain or "hit rate 70 %" in plain
        assert "read hit" in plain
        assert "1,200" in plain


def test_the_subjects_words_are_only_text(judgement):
    assert "users &lt;b&gt;" in html(judgement)
    assert "users <b>" not in html(judgement)
    assert "<b>" not in markdown(judgement)


def test_the_hit_rate_is_drawn_beside_what_could_be_reached(judgement):
    drawn = hit_course(CACHE)
    assert "Hit rate over 4 s: 70 % on the whole." in drawn
    assert "at best 75 %" in drawn
    assert "least recently used dropped 66 %" in drawn
    assert drawn in html(judgement)
    assert not hit_course(NOTHING)
    short = CacheCourse(step_s=1, t_s=(0,), gets=(1,), hit_rate=(1.0,))
    assert not hit_course(msgspec.structs.replace(CACHE, course=short))


@given(
    st.lists(st.one_of(st.none(), st.floats(0, 1)), min_size=3, max_size=300), st.sampled_from([None, 0.0, 0.5, 1.0])
)
def test_any_course_can_be_drawn(rates, reached):
    count = len(rates)
    course = CacheCourse(step_s=2, t_s=tuple(range(0, 2 * count, 2)), gets=(1,) * count, hit_rate=tuple(rates))
    hits = msgspec.structs.replace(CACHE.hit_rate, ideal=reached, lru=reached)
    assert "nan" not in hit_course(msgspec.structs.replace(CACHE, course=course, hit_rate=hits))
