"""The part of the summary on the breaking point."""

from __future__ import annotations

from brinell.core.judgement import Judgement
from brinell.reports import outline_capacity
from brinell.reports.layout import Pen

_MOST_STEPS = 24


def capacity(pen: Pen, judgement: Judgement) -> None:
    """Write a section for each search."""
    for one in judgement.capacity:
        pen.heading(outline_capacity.title(one))
        for line in outline_capacity.facts(one):
            pen.say(line, indent=2)
        named, evidence = outline_capacity.limited(one)
        pen.say(named, lead="limited by", indent=2, lead_style="yellow" if evidence else "dim")
        for line in evidence:
            pen.say(line, indent=4, style="dim")
        rows = outline_capacity.rows(one)
        pen.table([(*outline_capacity.HEAD[:-1],), *(row[:-1] for row in rows[-_MOST_STEPS:])], indent=2)
        for line in outline_capacity.broke(one):
            pen.say(line, indent=2, style="dim")
        if len(rows) > _MOST_STEPS:
            pen.say(f"and {len(rows) - _MOST_STEPS} steps before them, in report.md", indent=2, style="dim")
