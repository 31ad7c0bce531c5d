from __future__ import annotations

import itertools
import math
import re

from hypothesis import given
from hypothesis import strategies as st

from brinell.reports import plot

positive = st.floats(1e-6, 1e9)
numbers = st.one_of(st.none(), st.floats(0, 1e12), st.just(math.nan), st.just(math.inf))


@given(st.lists(numbers, max_size=20), st.sampled_from([44.0, 66.0, 250.0]))
def test_whatever_is_drawn_lies_inside_the_panel_and_marks_are_apart(values, height):
    for make in (plot.linear, plot.logarithmic):
        scale = make(values, height)
        if scale is None:
            assert not [value for value in plot.known(values) if value > 1e-12 or make is plot.linear]
            continue
        assert all(0 <= scale.at(value) <= height for value in plot.known(values))
        ticks = scale.ticks()
        places = [scale.at(value) for value in ticks]
        assert all(first - second >= 11.9 for first, second in itertools.pairwise(places))
        assert len(ticks) <= height / 11


@given(st.lists(positive, min_size=2, max_size=20))
def test_a_larger_value_never_lies_lower(values):
    for scale in (plot.linear(values, 100), plot.logarithmic(values, 100)):
        places = [scale.at(value) for value in sorted(values)]
        assert places == sorted(places, reverse=True)


@given(st.floats(1, 10**6))
def test_a_time_axis_has_few_marks_and_a_narrow_one_fewer_of_the_same(until_s):
    ticks = plot.time_ticks(until_s)
    assert 1 <= len(ticks) <= 13
    assert 1 <= sum(always for _, always in ticks) <= 6
    assert len({plot.time_label(second, until_s) for second, _ in ticks}) == len(ticks)
    assert ticks[0] == (0.0, True)


def test_labels_say_their_unit():
    assert [plot.time_label(s, 3600) for s in (0, 30, 60, 150, 3600)] == ["0", "30 s", "1 min", "2:30 min", "1 h"]
    assert [plot.time_label(s, 90) for s in (60, 90)] == ["60 s", "90 s"]
    assert [plot.duration_label(ms) for ms in (0.02, 5.0, 3000.0)] == ["20 µs", "5 ms", "3 s"]
    assert [plot.number_label(n) for n in (0.5, 0.0, 1000.0, 20_000.0, 1.5e6)] == ["0.5", "0", "1,000", "20k", "1.5M"]


@given(st.lists(st.floats(0, 250), max_size=6))
def test_no_label_covers_another(places):
    found = plot.apart([(y, str(number)) for number, y in enumerate(places)], 250.0)
    ys = [y for y, _ in found]
    assert all(second - first >= plot.LEAST_BETWEEN - 1e-6 for first, second in itertools.pairwise(ys))
    assert len(found) == len(places)
    assert max(ys, default=0) <= 250 + 1e-6


def test_a_gap_breaks_a_line_and_a_lone_point_is_a_dot():
    assert re.findall(r'd="([^"]*)"', plot.line("x", [(0, 1), (1, 2), None, (3, 4)])) == ["M0 1L1 2M3 4h0"]
    assert plot.line("x", [None]) == plot.dots("x", []) == plot.boxes("x", []) == ""


@given(st.lists(st.integers(0, 3), max_size=30))
def test_runs_cover_what_is_not_zero_once(levels):
    covered = [0] * len(levels)
    for start, length, level in plot.runs(levels):
        for place in range(start, start + length):
            covered[place] += level
    assert covered == levels


def test_words_are_escaped():
    assert plot.text("0", 0, "<script>&") == '<text x="0" y="0.0" text-anchor="start">&lt;script&gt;&amp;</text>'
