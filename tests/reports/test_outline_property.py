from __future__ import annotations

import json

import msgspec

from brinell.reports import outline_property
from brinell.reports.baseline_json import baseline_json
from brinell.reports.html import html
from brinell.reports.markdown import markdown
from brinell.reports.markdown_property import property_page
from brinell.reports.terminal import summary


def test_the_costliest_is_first_and_what_has_no_numbers_is_apart(build):
    judgement = build.realistic()
    assert [row.test.line for row in outline_property.rows(judgement)] == [14, 9]
    assert [one.outcome for one in outline_property.unmeasured(judgement)] == ["limit"]
    first = outline_property.rows(judgement)[0]
    assert (first.tier, first.examples, first.ci) == ("too slow: generation", "12 / 50", "6.3 s (6.6 s)")
    assert outline_property.tiers(judgement) == "2 too slow, 1 fast"


def test_edits_have_their_place(build):
    (edit,) = outline_property.edits(build.realistic())
    assert edit.place == "tests/property_tests/test_cart.py:14"
    assert edit.what == "@settings(max_examples=max(1, settings.default.max_examples // 4))"


def test_every_report_tells_of_them_and_of_none_where_there_are_none(build):
    judgement = build.realistic()
    page = property_page(judgement)
    assert page.startswith("# Property-based test performance\n")
    assert judgement.property_summary.conftest in page
    assert "explores nothing new" in page
    for text in (markdown(judgement), summary(judgement, width=100), html(judgement)):
        assert outline_property.TITLE in text
        assert "3 of 3 predictions lie within 20 %" in text
    without = msgspec.structs.replace(judgement, property_tests=(), property_summary=None)
    assert property_page(without) == ""
    for text in (markdown(without), summary(without, width=100), html(without)):
        assert "3 of 3 predictions" not in text


def test_the_baseline_has_the_targets_where_only_property_tests_were_examined(build):
    alone = msgspec.structs.replace(build.realistic(), suite=None)
    content = json.loads(baseline_json(alone))
    assert content["target_property_test"] == 100
    assert content["property_test_targets"]["max_examples_ci"] == 50
    assert content["targets_verified"]["share_required"] == 0.8
    assert content["verification_timestamp"] == "2026-11-21T01:47:02Z"
