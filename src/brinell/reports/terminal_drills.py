"""The part of the summary on drills."""

from __future__ import annotations

from brinell.core.judgement import Judgement
from brinell.reports import outline_drills
from brinell.reports.layout import Pen


def drills(pen: Pen, judgement: Judgement) -> None:
    """Write a section for each drill: its rules, and when things happened."""
    for one in judgement.drills:
        pen.heading(outline_drills.title(one))
        pen.say(one.title, indent=2)
        for verdict, says in outline_drills.rules(one):
            pen.say(says, lead=pen.mark(verdict), indent=2)
        instants = outline_drills.instants(one)
        if instants:
            pen.say("; ".join(instants), indent=2, style="dim")
