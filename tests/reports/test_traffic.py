from __future__ import annotations

import msgspec
import pytest

from brinell.core.traffic_judgement import Traffic
from brinell.core.traffic_records import LeftOut
from brinell.reports.html import html
from brinell.reports.markdown import markdown
from brinell.reports.terminal import summary

TRAFFIC = Traffic(
    scenario="api",
    form="openapi",
    source="/openapi.json",
    title="Things <b>",
    version="3.1.0",
    exercised=("GET /a",),
    not_exercised=tuple(LeftOut(f"GET /left/{number}", "<i>it needs</i> a key") for number in range(300)),
    linked=("GET /a",),
    prepared=8,
    looked=5,
    known=6,
    unseen=7,
)


@pytest.fixture
def judgement(build):
    return msgspec.structs.replace(build.realistic(), traffic=(TRAFFIC,))


def test_the_summary_names_the_first_and_counts_the_rest(judgement):
    text = " ".join(summary(judgement, width=200).split())
    assert "1 of 301 operations exercised of OpenAPI 3.1.0 (Things <b>, /openapi.json)" in text
    assert "5 answers compared with the document, 6 more the same as one, 7 not compared for want of time" in text
    assert "GET /left/0: <i>it needs</i> a key" in text
    assert "and 294 more in report.md" in text


def test_markdown_holds_them_in_a_table(judgement):
    text = markdown(judgement)
    assert "## Traffic: api" in text
    assert "GET /left/199" in text
    assert "GET /left/200" not in text
    assert "and 100 more" in text


def test_the_page_shows_all_of_it_as_text(judgement):
    page = html(judgement)
    assert "GET /left/299" in page
    assert "&lt;i&gt;it needs&lt;/i&gt;" in page
    assert "<i>it needs" not in page
    assert 'href="#traffic-1"' in page


def test_without_a_document_nothing_is_said(build):
    judgement = build.realistic()
    assert "Traffic" not in summary(judgement) + markdown(judgement)
    assert "traffic-1" not in html(judgement)


def test_a_recording_and_answers_nobody_compared(judgement):
    plain = msgspec.structs.replace(TRAFFIC, form="har", title="", not_exercised=(), judged=False)
    text = summary(msgspec.structs.replace(judgement, traffic=(plain,)), width=200)
    assert "1 of 1 operation exercised of HAR 3.1.0 (/openapi.json)" in text
    unjudged = msgspec.structs.replace(TRAFFIC, judged=False)
    assert "answers were not compared" in summary(msgspec.structs.replace(judgement, traffic=(unjudged,)))
