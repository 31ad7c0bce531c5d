"""The part of the summary on traffic that a document described: how much of it was exercised, and what was not."""

from __future__ import annotations

from brinell.core.judgement import Judgement
from brinell.reports import outline_traffic
from brinell.reports.layout import Pen

_MOST = 6


def traffic(pen: Pen, judgement: Judgement) -> None:
    """Write a section for each scenario with a document."""
    for one in judgement.traffic:
        pen.heading(outline_traffic.title(one))
        for line in outline_traffic.facts(one):
            pen.say(line, indent=2, style="dim")
        for left in one.not_exercised[:_MOST]:
            pen.say(f"{left.operation}: {left.why}", lead="not exercised", indent=2, lead_style="yellow")
        if len(one.not_exercised) > _MOST:
            pen.say(f"and {len(one.not_exercised) - _MOST} more in report.md", indent=2, style="dim")
