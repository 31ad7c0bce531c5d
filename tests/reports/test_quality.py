"""The suite's quality in each report: gaps first, where it is, what to do, and what was not read."""

from __future__ import annotations

import msgspec
import pytest

from brinell.core.verdicts import Severity
from brinell.reports import outline_quality
from brinell.reports.html import html
from brinell.reports.markdown import markdown
from brinell.reports.terminal import summary
from brinell.reports.triage_markdown import triage_markdown

REPORTS = {
    "html": html,
    "markdown": markdown,
    "triage": triage_markdown,
    "terminal": lambda judgement: summary(judgement, width=400, color=False, encoding="utf-8", folder="."),
}


@pytest.mark.parametrize("name", REPORTS)
def test_every_report_names_the_place_and_the_weakness(build, name):
    text = REPORTS[name](build.realistic())
    assert "tests/orders/test" in text
    assert "asserts nothing" in text
    assert "P2" in text


@pytest.mark.parametrize("name", ["html", "markdown", "terminal"])
def test_how_much_was_read_is_told_and_what_was_not(build, name):
    text = REPORTS[name](build.realistic())
    assert "2,866 assertions" in text
    assert "81.4 %" in text
    assert "coverage is not installed there" in text


@pytest.mark.parametrize("name", REPORTS)
def test_without_a_reading_there_is_no_section(build, name):
    judgement = msgspec.structs.replace(build.realistic(), quality=(), quality_summary=None)
    assert outline_quality.TITLE not in REPORTS[name](judgement)


def test_gaps_come_before_style_and_the_judges_order_is_kept(build):
    whole = build.realistic()
    style, gap = (msgspec.structs.replace(whole.quality[0], severity=one) for one in (Severity.P3, Severity.P2))
    judgement = msgspec.structs.replace(whole, quality=(style, *whole.quality, gap))
    assert outline_quality.items(judgement) == [whole.quality[0], gap, style, whole.quality[1]]


def test_thousands_of_findings_stay_readable(build):
    whole = build.realistic()
    judgement = msgspec.structs.replace(whole, quality=whole.quality * 2000)
    assert len(triage_markdown(judgement)) < 200_000
    assert "3,900 more" in triage_markdown(judgement)
    assert html(judgement).count("asserts nothing") < 1000


def test_several_places_of_one_cause_are_counted(build):
    assert outline_quality.place(build.realistic().quality[1]) == "src/shop/models.py:12 and 2 more"
