"""Every kind of examination has its number on the first screen, one section, and a place in the bar."""

from __future__ import annotations

import re

import msgspec
import pytest

from brinell.reports.html import html
from brinell.reports.html_numbers import numbers
from brinell.reports.markdown import markdown
from brinell.reports.terminal import summary

LIMITS = {"hit_rate": {"limit": 0.9, "observed": 0.8, "verdict": "fail"}}


@pytest.fixture(scope="module")
def judgement(build, kinds):
    before, _ = kinds.two(build.realistic())
    cache = msgspec.structs.replace(before.cache[0], thresholds=LIMITS)
    browse = msgspec.structs.replace(before.load[0], scenario="browse")
    return msgspec.structs.replace(before, cache=(cache,), load=(browse, *before.load))


def test_the_first_screen_has_the_number_that_each_kind_is_about(judgement):
    found = {name: (value, aside) for name, value, aside in numbers(judgement)}
    assert found["Hit rate of users"][0] == "80 %"
    assert found["Hit rate of users"][1].endswith(", at best 90 %")
    assert found["Capacity notes"] == ("800/s", "breaks at 840/s")
    assert found["Drill restart"] == ("passed", "0 of 0 rules kept")
    assert found["WebSocket full"] == ("100 of 100", "connections fit")
    assert "p95 of browse" in found
    assert "p95 of users" not in found  # its cache's number


def test_a_search_that_found_nothing_has_no_number(judgement, kinds):
    for low, high, value, aside in ((0.0, 1.0, "none", "not even 1/s held"), (500.0, None, "500/s", "at least")):
        one = msgspec.structs.replace(judgement, capacity=(kinds.search(low, high),))
        assert ("Capacity notes", value, aside) in numbers(one)


def test_a_cache_has_one_section_with_its_load_under_it(judgement):
    for text in (summary(judgement, width=100), markdown(judgement)):
        assert "Load: users" not in text
        assert "Load: browse" in text
        below = text[text.index("Cache: users") :]
        assert below.index("hit rate 80 %") < below.index("hit_rate") < below.lower().index("generator")
    page = html(judgement)
    assert page.count('data-load="1"') == page.count('data-load="0"') == 2  # each load's charts once, with its own data


def test_the_bar_has_the_sections_in_their_order(judgement):
    page = html(judgement)
    bar = re.findall(r'<a href="#([a-z]+)"', page[page.index('<nav class="bar"') : page.index("</nav>")])
    places = [page.index(f'id="{name}"') for name in bar if name not in {"tests", "suite"}]
    assert places == sorted(places)
    assert [name for name in bar if name in {"load", "websocket", "cache", "capacity", "drills"}] == [
        "load", "websocket", "cache", "capacity", "drills",
    ]  # fmt: skip


def test_a_limit_is_not_drawn_by_its_rate(judgement):
    only = msgspec.structs.replace(judgement, load=(), cache=(), drills=(), websocket=judgement.websocket[1:])
    assert "By rate" not in html(only)
    chat = msgspec.structs.replace(judgement, load=(), cache=(), drills=(), websocket=judgement.websocket[:1])
    assert "By rate" in html(chat)
    assert "delivery time <b" in html(chat)
