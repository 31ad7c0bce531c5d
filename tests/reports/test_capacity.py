from __future__ import annotations

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.core.capacity_judgement import Capacity, CapacityLevel, CapacityLimit
from brinell.core.vitals_judgement import LimitedBy
from brinell.reports.capacity_chart import throughput, times
from brinell.reports.html import html
from brinell.reports.markdown import markdown
from brinell.reports.outline_capacity import broke as outline_broke
from brinell.reports.outline_capacity import levels
from brinell.reports.terminal import summary

numbers = st.one_of(st.none(), st.floats(-1e300, 1e300), st.sampled_from([math.inf, math.nan]))


def level(number, at, verdict, p95=20.0, why=""):
    return CapacityLevel(
        number=number, level=at, verdict=verdict, why=why, reason="<b>because</b>", at_s=0.0, took_s=6.0, seconds=4,
        offered=at, achieved=min(at, 950.0), requests=4000, errors={"timeout": 3} if why else {}, observed={},
        p50_ms=None if p95 is None else p95 / 2, p95_ms=p95, p99_ms=None if p95 is None else p95 * 2, max_ms=p95,
        workers=1, connections=256, decided=verdict != "broken", evidence="capacity:notes#3",
    )  # fmt: skip


REASON = LimitedBy(
    kind="loop", title="event loop blocked in <i>json</i>.dumps", evidence=("61 % of samples",), fix="do less in it",
    also=("one core is full",),
)  # fmt: skip
CAPACITY = Capacity(
    name="notes", quantity="rate", unit="/s", url="http://127.0.0.1:8000", low=894.4, high=945.7, confirmed=True,
    knee=800.0, limited_by=REASON, limited_by_reason="",
    thresholds={
        "p95_ms": CapacityLimit(limit=200.0, stated=True), "error_rate": CapacityLimit(limit=0.01, stated=False)
    },
    at_least=None, tolerance=0.05, ended="found", reason="the bracket is narrow", took_s=50.0,
    steps=(
        level(1, 400.0, "held"), level(2, 800.0, "held"), level(3, 1600.0, "invalid", None, "<script>late</script>"),
        level(4, 1600.0, "broken", 900.0, "falling behind"), level(5, 894.4, "held", 90.0),
        level(6, 945.7, "broken", 400.0, "p95_ms"),
    ),
)  # fmt: skip


@pytest.fixture
def judgement(build):
    return msgspec.structs.replace(build.realistic(), capacity=(CAPACITY,))


def test_the_summary_has_answer_reason_and_steps(judgement):
    text = " ".join(summary(judgement, width=200).split())
    assert "holds 894.4/s and breaks at 945.7/s, with p95_ms 200, error_rate 0.01 (default)" in text
    assert "the knee is at 800/s" in text
    assert "limited by event loop blocked in <i>json</i>.dumps" in text
    assert "61 % of samples" in text
    assert "also: one core is full" in text
    assert "4 1,600/s broken 950/s 3 450 900 1,800" in text
    assert "945.7/s broken: p95_ms" in text
    assert "1,600/s broken: falling behind: 950/s of 1,600/s" in text
    steps = [msgspec.structs.replace(one, observed={"p95_ms": 1612.4}) for one in CAPACITY.steps]
    slow = msgspec.structs.replace(CAPACITY, steps=tuple(steps))
    assert "945.7/s broken: p95_ms 1,612" in " ".join(outline_broke(slow))


def test_markdown_says_the_same_with_what_decided_each_step(judgement):
    text = markdown(judgement)
    assert "## Capacity: notes" in text
    assert "| `6` | `945.7/s` | `broken` | p95\\_ms (by the estimate) |" in text
    assert "<script>" not in text


def test_the_page_draws_it_and_shows_all_as_text(judgement):
    page = html(judgement)
    assert 'href="#capacity"' in page
    assert "&lt;i&gt;json&lt;/i&gt;" in page
    assert "<script>late" not in page
    section = page.split('id="capacity"')[1].split("</section>")[0]
    assert section.count("<svg") >= 4  # two pictures, each with its lines stretched inside
    assert "p95 limit 200 ms" in section
    assert ">knee<" in section


def test_nothing_is_said_where_nothing_was_searched(build):
    judgement = build.realistic()
    assert "Capacity" not in summary(judgement) + markdown(judgement)
    assert 'id="capacity"' not in html(judgement)


def test_a_level_is_drawn_once_by_the_last_step_that_could_be_believed():
    assert [(one.level, one.number) for one in levels(CAPACITY)] == [
        (400, 1), (800, 2), (894.4, 5), (945.7, 6), (1600, 4)
    ]  # fmt: skip


def test_where_nothing_bounds_it_nothing_is_shaded():
    open_above = msgspec.structs.replace(CAPACITY, high=None, knee=None)
    assert "apart" not in times(open_above)
    assert "at least 894.4/s" in times(open_above)
    assert not times(msgspec.structs.replace(CAPACITY, steps=()))


def test_an_unknown_limit_says_why(build):
    unknown = msgspec.structs.replace(CAPACITY, limited_by=None, limited_by_reason="nobody looked", confirmed=False)
    judgement = msgspec.structs.replace(build.realistic(), capacity=(unknown,))
    for text in (summary(judgement, width=200), markdown(judgement), html(judgement)):
        assert "not known: nobody looked" in text
        assert "not confirmed" in text


@given(
    rows=st.lists(
        st.tuples(st.floats(-1e300, 1e300), st.sampled_from(["held", "broken", "invalid"]), numbers), max_size=8
    ),
    low=st.floats(allow_nan=True),
    high=numbers,
)
def test_any_numbers_are_drawn(rows, low, high):
    steps = tuple(level(number, at, verdict, p95) for number, (at, verdict, p95) in enumerate(rows, 1))
    odd = msgspec.structs.replace(CAPACITY, steps=steps, low=low, high=high)
    for drawn in (times(odd), throughput(odd)):
        assert drawn == "" or drawn.startswith("<svg")
    assert math.isnan(low) or levels(odd) == sorted(levels(odd), key=lambda one: one.level)


@pytest.mark.parametrize(
    ("unit", "words"),
    [
        ("/s", "requests a second that were asked for"),
        ("publishes/s", "publishes a second that were asked for"),
        ("connections", "connections at once"),
        ("receivers a room", "receivers a room"),
    ],
)
def test_the_picture_says_what_its_levels_are(judgement, unit, words):
    one = msgspec.structs.replace(judgement.capacity[0], unit=unit)
    assert f"{words}; shaded" in html(msgspec.structs.replace(judgement, capacity=(one,)))
