"""The part of the summary on drills."""

from __future__ import annotations

from brinell.core.judgement import Judgement
from brinell.reports import outline_drills
from brinell.reports.layout import Pen

_MOST_EXAMPLES = 6


def drills(pen: Pen, judgement: Judgement) -> None:
    """Write a section for each drill: its rules, an example of what broke them, and when things happened."""
    for one in judgement.drills:
        pen.heading(outline_drills.title(one))
        pen.say(one.title, indent=2)
        for verdict, says in outline_drills.rules(one):
            pen.say(says, lead=pen.mark(verdict), indent=2)
        for line in one.examples[:_MOST_EXAMPLES]:
            pen.say(line, indent=4, style="dim")
        if len(one.examples) > _MOST_EXAMPLES:
            pen.say("and more, in report.md", indent=4, style="dim")
        instants = outline_drills.instants(one)
        if instants:
            pen.say("; ".join(instants), indent=2, style="dim")
