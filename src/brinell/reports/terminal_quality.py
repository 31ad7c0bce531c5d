"""The part of the summary on the suite's quality: how dense its assertions are, and the first gaps."""

from __future__ import annotations

from brinell.core.judgement import Judgement
from brinell.reports import outline_quality
from brinell.reports.figures import plural
from brinell.reports.layout import Pen

_MOST = 5


def quality(pen: Pen, judgement: Judgement) -> None:
    """Write the section; nothing where the suite was not read."""
    told = judgement.quality_summary
    if told is None or not told.tests:
        return
    pen.heading(outline_quality.TITLE)
    for line in outline_quality.facts(told)[1:]:
        pen.say(line, indent=2, style="dim")
    found = outline_quality.items(judgement)
    for item in found[:_MOST]:
        pen.say(f"{outline_quality.place(item)} {item.title}", lead=item.severity.value, indent=2, lead_style="yellow")
    if len(found) > _MOST:
        pen.say(f"and {plural(len(found) - _MOST, 'finding')} more in report.md", indent=2, style="dim")
