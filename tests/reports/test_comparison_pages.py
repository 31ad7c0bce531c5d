"""The comparison as Markdown and as a page: two runs' charts, nothing but ours in it."""

from __future__ import annotations

import json
import re

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brinell.core.comparison import compare
from brinell.core.load_comparison import LoadChange
from brinell.core.measured import Change, Numbers
from brinell.reports import outline_compare
from brinell.reports.comparison import comparison
from brinell.reports.comparison_html import comparison_html
from brinell.reports.comparison_markdown import comparison_markdown
from brinell.reports.load_overlay import overlay


@pytest.fixture(scope="module")
def two(build):
    """Two runs of which the second is slower."""
    first = build.realistic()
    timeline, curve = build.recorded(30, base_ms=160.0)
    slow = msgspec.structs.replace(first.load[0], timeline=timeline, curve=curve, target_rate=900.0)
    return first, msgspec.structs.replace(first, load=(slow, *first.load[1:]))


def page(a, b):
    return comparison_html(compare(a, b), a, b)


def test_both_runs_are_drawn_over_one_axis(two):
    drawn = overlay(two[0].load[0], two[1].load[0])
    assert drawn.course.count('class="plot axis"') == 1
    for part in (drawn.course, drawn.percentiles):
        assert 'class="run-a"' in part
        assert 'class="run-b"' in part
    assert drawn.data["columns"]["p50_ms.b"][3] == pytest.approx(2 * drawn.data["columns"]["p50_ms.a"][3], rel=0.01)


def test_runs_of_unlike_length_share_the_longer_ones_axis(build, two):
    timeline, curve = build.recorded(400, rate=20)
    long = msgspec.structs.replace(two[0].load[0], timeline=timeline, curve=curve, span_s=400.0)
    data = overlay(two[0].load[0], long).data
    assert (data["step"], data["until"], len(data["t"])) == (2, 400.0, 200)
    assert data["columns"]["rate.a"][15:] == [None] * 185
    assert None not in data["columns"]["rate.b"]


def test_a_run_that_told_nothing_is_not_drawn(two):
    nothing = msgspec.structs.replace(two[0].load[0], timeline=None, series=None)
    assert overlay(two[0].load[0], nothing) is None
    empty = msgspec.structs.replace(two[0], load=(nothing,))
    assert "<figure" not in page(two[0], empty)


def test_every_report_says_that_it_was_one_run_each_and_what_was_not_the_same(two):
    found = compare(*two)
    for text in (comparison(found, width=200), comparison_markdown(found), page(*two)):
        assert "One run each" in text.replace("&#39;", "'")
        assert "Not the same load: target rate 1000 and 900." in text


def test_what_could_be_noise_is_said_in_words():
    change = Change(a=10.0, b=11.0, ratio=1.1, low=0.9, high=1.3, answer="could be noise")
    higher = msgspec.structs.replace(change, low=1.05, answer="higher")
    metrics = {
        name: msgspec.convert({"a": 10.0, "b": 11.0}, Numbers)
        for name in ("response_p50_ms", "response_p95_ms", "achieved_rate", "errors")
    }
    changes = {"response_p50_ms": change, "response_p95_ms": higher, "achieved_rate": higher, "error_rate": higher}
    rows = {row.label: row for row in outline_compare.rows(metrics, LoadChange(conditions={}, changes=changes))}
    assert (rows["response p50 ms"].says, rows["response p50 ms"].tone) == ("could be noise", "")
    assert (rows["response p95 ms"].says, rows["response p95 ms"].tone) == ("slower", "worse")
    assert (rows["answered a second"].says, rows["answered a second"].tone) == ("higher", "better")
    assert (rows["errors"].says, rows["errors"].tone) == ("more", "worse")
    assert rows["response p95 ms"].interval == "1.05 to 1.30"


def assert_inert(text):
    assert len(re.findall(r"<script\b", text)) == 2
    assert not re.search(
        r"<[^>]+\s(?:on\w+|style|src|srcdoc)\s*=", re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)
    )
    data = text.split('id="data">', 1)[1].split("</script>", 1)[0]
    assert not re.search("[<>&\u2028\u2029]", data)
    json.loads(data)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)


def test_a_hostile_run_is_shown_and_never_run(build):
    a, b = (
        build.hostile(),
        build.hostile(tuple(reversed(("<script>x</script>", "'\"><img src=x onerror=y>", "|\n# x")))),
    )
    assert_inert(page(a, b))
    assert_inert(page(b, a))


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_any_two_runs_make_pages_twice_the_same(build, data):
    a, b = data.draw(build.judgements()), data.draw(build.judgements())
    assert page(a, b) == page(a, b)
    assert_inert(page(a, b))
    found = re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", comparison_markdown(compare(a, b)))  # without code spans
    assert not re.search(r"<(?!/?code>)\w", found)


def test_the_markdown_table_keeps_its_columns(two):
    rows = [line for line in comparison_markdown(compare(*two)).splitlines() if line.startswith("| ")]
    load = [row for row in rows if "response p" in row]
    assert len(load) == 10
    assert {row.count("|") for row in load} == {7}
