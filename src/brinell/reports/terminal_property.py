"""The part of the summary on property tests: both profiles, the costliest tests, what has to be edited."""

from __future__ import annotations

from brinell.core.judgement import Judgement
from brinell.reports import outline_property
from brinell.reports.figures import plural, seconds
from brinell.reports.layout import Pen

_MOST_TESTS = 5
_MOST_EDITS = 5


def properties(pen: Pen, judgement: Judgement) -> None:
    """Write the section; nothing where no property test was measured."""
    told = judgement.property_summary
    if told is None:
        return
    pen.heading(outline_property.TITLE)
    pen.say(f"{plural(told.tests, 'test')}: {outline_property.tiers(judgement)}", indent=2)
    for line in outline_property.totals(told):
        pen.say(line, indent=2)
    accuracy = outline_property.accuracy(told)
    if accuracy:
        pen.say(accuracy, indent=2, style="dim")
    found = outline_property.rows(judgement)
    for row in found[:_MOST_TESTS]:
        lead = seconds(row.test.predicted_s.local.seconds if row.test.predicted_s else None)
        pen.say(f"{row.test.test}, {row.example} an example", lead=lead, indent=2, lead_style="dim")
    if len(found) > _MOST_TESTS:
        pen.say(f"and {len(found) - _MOST_TESTS:,} more in property_tests.md", indent=2, style="dim")
    changes = outline_property.edits(judgement)
    for one in changes[:_MOST_EDITS]:
        pen.say(
            f"{one.place}: {one.what}{f' ({one.why})' if one.why else ''}", lead="edit", indent=2, lead_style="yellow"
        )
    if len(changes) > _MOST_EDITS:
        pen.say(f"and {len(changes) - _MOST_EDITS:,} more edits in property_tests.md", indent=2, style="dim")
    pen.say("property_tests.md has both profiles as code", indent=2, style="dim")
