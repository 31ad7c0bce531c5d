from __future__ import annotations

import msgspec
import pytest

from brinell.core.vitals_judgement import LimitedBy, StackShare
from brinell.reports.html import html
from brinell.reports.markdown import markdown

LIMIT = LimitedBy(
    kind="loop",
    title="event loop blocked in json.dumps, called by report (app.py:12), 61 % of samples (<b>uvicorn</b>)",
    evidence=("244 of 400 looks at the loop's thread found it in json.dumps",),
    fix="Await there instead.",
    pid=7,
    process="uvicorn",
    at_s=12.5,
    also=("one core is full: process 7 (uvicorn) uses 0.98 cores",),
    stacks=(
        StackShare(
            of="loop", frames=("_run (events.py:80)", "report (app.py:12)", "dumps (json/__init__.py:231)"), share=0.61
        ),
        StackShare(of="task", frames=tuple(f"<i>deep{number}</i> (x.py:1)" for number in range(30)), share=0.2),
    ),
)


@pytest.fixture
def judgement(build):
    made = build.realistic()
    first, *others = made.load
    return msgspec.structs.replace(made, load=(msgspec.structs.replace(first, limited_by=LIMIT), *others))


def test_markdown_says_why_and_shows_the_samples(judgement):
    text = markdown(judgement)
    assert f"## Limited by: {judgement.load[0].scenario}" in text
    assert "from second 12.5 on" in text
    assert "also at its limit: one core is full" in text
    assert "dumps (json/\\_\\_init\\_\\_.py:231)" in text or "dumps (json/__init__.py:231)" in text
    assert "<b>uvicorn" not in text


def test_the_page_shows_it_as_text(judgement):
    page = html(judgement)
    assert 'id="limits"' in page
    assert "Event loop blocked in json.dumps" in page
    assert "dumps (json/__init__.py:231) &lt; report (app.py:12)" in page
    assert "<i>deep" not in page
    assert "&lt;i&gt;deep29&lt;/i&gt;" in page
    assert "deep3&lt;" not in page  # only the innermost


def test_without_a_reason_nothing_is_said(build):
    assert "Limited by" not in markdown(build.realistic())
    assert 'id="limits"' not in html(build.realistic())


def test_the_charts_have_the_busiest_process_and_the_event_loop(build):
    made = build.realistic()
    first, *others = made.load
    rows = len(first.timeline.t_s)
    seen = msgspec.structs.replace(first.timeline, busiest_cpu=(0.97,) * rows, loop_lag_ms=(4.5,) * rows)
    judgement = msgspec.structs.replace(made, load=(msgspec.structs.replace(first, timeline=seen), *others))
    page = html(judgement)
    assert "Subject: event loop late by" in page
    assert 'data-value="busiest_cpu"' in page
    assert '"loop_lag_ms"' in page
    assert "event loop late by" not in html(made)


def test_connections_that_stay_have_a_reason_too_and_a_search_without_stacks_tells_its_own_once(build, kinds):
    before, _ = kinds.two(build.realistic())
    chat = msgspec.structs.replace(before.websocket[0], limited_by=LIMIT)
    brief = msgspec.structs.replace(LIMIT, stacks=())
    searches = (kinds.search(800, 840, limited_by=brief), kinds.search(1, 2, name="deep", limited_by=LIMIT))
    text = markdown(msgspec.structs.replace(before, websocket=(chat,), capacity=searches))
    assert "## Limited by: chat" in text
    assert "## Limited by: capacity deep" in text
    assert "## Limited by: capacity notes" not in text
