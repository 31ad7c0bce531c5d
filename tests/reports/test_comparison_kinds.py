"""Connections that stay, caches, searches and drills in a comparison: the same rows in every report."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brinell.core.comparison import compare
from brinell.reports import outline_compare
from brinell.reports.comparison import comparison
from brinell.reports.comparison_html import comparison_html
from brinell.reports.comparison_markdown import comparison_markdown
from brinell.reports.layout import cells


@pytest.fixture(scope="module")
def two(build, kinds):
    """Two runs: the second lost deliveries and hits, holds less, lets more in, and loses requests in its drill."""
    return kinds.two(build.realistic())


def sections(a, b):
    return {one.title: one for one in outline_compare.sections(compare(a, b))}


def row(section, label):
    return next(one for one in section.rows if one.label == label)


def test_a_cache_has_its_hit_rate_and_loads_beside_its_times(two):
    found = sections(*two)["Cache: users"]
    assert row(found, "hit rate")[1:] == ("80 %", "60 %", "0.75", "-23.6 to -16.4 pt", "lower", "worse")
    assert row(found, "loads a cold key").says == "more"
    assert row(found, "read hit p95 ms").a == "0.1"
    assert row(found, "response p95 ms").says == "could be noise"


def test_a_broadcast_has_its_reach_and_speaks_of_deliveries(two):
    found = sections(*two)["WebSocket: chat"]
    assert row(found, "reach")[1:4] == ("1", "0.9", "0.90")
    assert (row(found, "reach").says, row(found, "reach").tone) == ("lower", "worse")
    labels = [one.label for one in found.rows]
    assert {"published a second", "delivery p99 ms", "skew p99 ms", "connect p95 ms"} <= set(labels)
    assert not [label for label in labels if label.startswith(("response", "errors"))]
    assert row(found, "not connected").a == "3"


def test_a_limit_has_only_its_own_numbers(two):
    found = sections(*two)["WebSocket: full"]
    assert row(found, "accepted")[1:4] == ("100", "117", "1.17")
    assert [one for one in found.rows if "response" in one.label] == []


def test_a_search_is_compared_by_its_bracket(two):
    found = sections(*two)["Capacity: notes"]
    assert found.rows[0][3:] == ("0.62", "0.60 to 0.66", "lower", "worse")
    assert found.conditions == "Not the same load: tolerance 0.05 and 0.02."
    assert row(found, "held")[1:3] == ("800", "500")


def test_a_drill_has_its_numbers_side_by_side(two):
    found = sections(*two)["Drill: restart"]
    assert [(one.label, one.a, one.b) for one in found.rows] == [("lost", "0", "3"), ("exit s", "0.4", "0.4")]


def test_every_report_has_all_of_them(two):
    found = compare(*two)
    for text in (comparison(found, width=200), comparison_markdown(found), comparison_html(found, *two)):
        for title in sections(*two):
            assert title in text
        assert " pt" in text
        assert "One search each" in text


@pytest.mark.parametrize("width", [40, 80])
def test_it_fits(two, width):
    assert all(cells(line) <= width for line in comparison(compare(*two), width=width).splitlines())


def test_a_run_beside_itself_differs_in_nothing(two):
    found = sections(two[1], two[1])
    said = {one.says for section in found.values() for one in section.rows}
    assert said == {"", "could be noise"}
    assert not any(section.conditions for section in found.values())


def test_what_only_one_run_has_is_shown_without_an_answer(two):
    empty = msgspec.structs.replace(two[0], load=(), cache=(), websocket=(), capacity=(), drills=())
    found = sections(empty, two[0])
    assert {one.says for section in found.values() for one in section.rows} == {""}
    assert set(found) == set(sections(*two))


def test_two_searches_are_drawn_over_one_scale(two, kinds):
    a, b = (
        msgspec.structs.replace(run, capacity=(kinds.search(low, 1.05 * low, steps=kinds.steps(low)),))
        for run, low in zip(two, (800.0, 500.0), strict=True)
    )
    page = comparison_html(compare(a, b), a, b)
    assert page.count("<b>p95 by load</b>") == 1
    assert "requests a second that were asked for; shaded: where each breaks" in page
    assert ">a breaks<" in page
    assert ">b breaks<" in page
    assert "p95 by load" not in comparison_html(compare(*two), *two)  # without steps there is nothing to draw


def test_a_broadcast_is_drawn_in_its_own_words(two):
    page = comparison_html(compare(*two), *two)
    for words in ("Delivery time by percentile", "Delivery time p99", "Published a second", "<b>Reach</b>"):
        assert words in page


NUMBERS = st.none() | st.floats() | st.sampled_from([0.0, -1.0, 1e-300, 1e300])


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_two_searches_can_be_put_side_by_side(build, kinds, data):
    first = build.realistic()
    runs = []
    for _ in range(2):
        low, high = data.draw(st.floats(0, 1e15)), data.draw(st.none() | st.floats(0, 1e15))
        steps = tuple(
            msgspec.structs.replace(step, p95_ms=data.draw(NUMBERS), level=data.draw(st.floats(0, 1e15)))
            for step in kinds.steps(100.0)
        )
        runs.append(msgspec.structs.replace(first, capacity=(kinds.search(low, high, steps=steps),)))
    found = compare(*runs)
    comparison_html(found, *runs)
    assert all(cells(line) <= 80 for line in comparison(found).splitlines())
