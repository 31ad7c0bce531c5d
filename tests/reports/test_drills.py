"""Drills in every report: the same words, untrusted text made harmless, instants on the axis of the requests."""

from __future__ import annotations

import json
import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.core.drill_judgement import Drill, DrillInstant, DrillRule, ReturnCourse
from brinell.core.finding import Finding
from brinell.core.judgement import Judgement
from brinell.core.verdicts import Reason, Verdict
from brinell.reports import outline_drills
from brinell.reports.drill_chart import returned
from brinell.reports.html import html
from brinell.reports.markdown import markdown
from brinell.reports.terminal import summary

HOSTILE = "<b>x</b> | `y` \x1b[31m"


@pytest.fixture
def judgement(build) -> Judgement:
    realistic = build.realistic()
    (timeline,) = [load.timeline for load in realistic.load if load.timeline is not None][:1]
    drill = Drill(
        drill="drain",
        name="restart",
        measured={"lost": 3, "exit_s": None, "ready_s": {"p50": 0.12345}, "left": [HOSTILE], "failed": {}},
        verdict=Verdict.FAIL,
        title=f"3 requests lost {HOSTILE}",
        rules=(
            DrillRule(rule="lost", verdict=Verdict.FAIL, says=f"3 requests lost {HOSTILE}"),
            DrillRule(rule="x", verdict=Verdict.UNKNOWN, reason=Reason.INVALID, says="not known"),
            DrillRule(rule="left", verdict=Verdict.FAIL, says="left", required=False),
        ),
        instants=(
            DrillInstant(at_s=1.0, what="signal", detail=HOSTILE),
            DrillInstant(at_s=1.1, what="port-closed"),
        ),
        examples=("GET /", HOSTILE),
        timeline=timeline,
    )
    told = {**realistic.not_measured, "drills.restart.exit_s": "it had not ended"}
    return msgspec.structs.replace(realistic, drills=(drill,), not_measured=told)


def test_every_report_has_the_drill(judgement):
    for text in (html(judgement), markdown(judgement), summary(judgement, width=100)):
        assert "Drill: restart (drain)" in text
        assert "3 requests lost" in text
        assert "\x1b" not in text


def test_numbers_by_name_and_why_one_is_missing(judgement):
    (drill,) = judgement.drills
    rows = dict(outline_drills.measured(judgement, drill))
    assert rows["lost"] == "3"
    assert rows["ready_s.p50"] == "0.1235"
    assert rows["failed"] == "none"
    assert rows["exit_s"] == "not measured: it had not ended"


def test_markup_of_the_subjects_is_harmless(judgement):
    page, text = html(judgement), markdown(judgement)
    assert "<b>x</b>" not in page
    assert "<b>x</b>" not in re.sub(r"```.*?```", "", text, flags=re.DOTALL)


def test_instants_stand_on_the_axis_of_the_requests(judgement):
    (drill,) = judgement.drills
    assert outline_drills.notes(drill)[0][1].startswith("signal")
    page = html(judgement)
    section = page[page.index('<section id="drills"') :]
    assert 'class="instant"' in section
    number = int(re.search(r'data-load="(\d+)"', section)[1])
    data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)[1])
    assert data["load"][number]["t"] == list(drill.timeline.t_s)


def test_without_requests_beside_it_nothing_is_drawn(judgement):
    bare = msgspec.structs.replace(judgement.drills[0], timeline=None)
    page = html(msgspec.structs.replace(judgement, drills=(bare,)))
    section = page[page.index('<section id="drills"') : page.index('<section id="findings"')]
    assert "data-load" not in section


def test_without_drills_no_report_speaks_of_them(build):
    realistic = build.realistic()
    for text in (html(realistic), markdown(realistic), summary(realistic, width=100)):
        assert "Drill" not in text


def test_the_summary_has_a_failed_drills_rules_and_example_once(judgement):
    finding = Finding(
        id="drill.restart", check="drills", required=True, verdict=Verdict.FAIL, title="restart: it broke",
        detail="fail: left\nGET /orders answered twice",
    )  # fmt: skip
    drill = msgspec.structs.replace(judgement.drills[0], examples=("GET /orders answered twice", *map(str, range(9))))
    text = summary(msgspec.structs.replace(judgement, findings=(finding,), drills=(drill,)), width=100)
    assert text.count("GET /orders answered twice") == 1
    assert text.index("restart: it broke") < text.index("GET /orders answered twice")
    assert "and more, in report.md" in text


def test_a_storm_shows_how_all_came_back(judgement):
    course = ReturnCourse(back=((0.1, 1), (0.4, 50), (2.0, 100)), attempts=((0.1, 100), (0.5, 160)), wanted=100)
    storm = Drill(
        drill="storm", name="storm", measured={"steady_s": 2.4}, verdict=Verdict.PASS, returned=course, title="back"
    )
    page = html(msgspec.structs.replace(judgement, drills=(storm,)))
    assert "Coming back" in page
    assert "100 of 100 connections back after 2.0 s." in page
    assert ">steady<" in page
    assert "Coming back" not in html(judgement)


POINTS = st.lists(st.tuples(st.floats(0, 1e6), st.integers(0, 10**6)), min_size=1, max_size=5)


@given(back=POINTS, attempts=POINTS, steady=st.none() | st.floats(0, 1e6) | st.text(max_size=3))
def test_any_return_can_be_drawn(back, attempts, steady):
    course = ReturnCourse(back=tuple(back), attempts=tuple(attempts), wanted=10)
    drill = Drill(drill="storm", name="x", measured={"steady_s": steady}, verdict=Verdict.PASS, returned=course)
    drawn = returned(drill)
    assert "nan" not in drawn
    assert drawn == returned(drill)
