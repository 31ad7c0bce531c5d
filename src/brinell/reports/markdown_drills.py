"""Drills, in Markdown."""

from __future__ import annotations

from brinell.core.drill_judgement import Drill
from brinell.core.judgement import Judgement
from brinell.core.verdicts import Verdict
from brinell.reports import outline_drills
from brinell.reports.markdown_text import block, cell, table, text

_MARK = {Verdict.PASS: "✓", Verdict.FAIL: "✗", Verdict.UNKNOWN: "?"}


def drills(judgement: Judgement) -> list[str]:
    """Return a section for each drill."""
    return [part for one in judgement.drills for part in _section(judgement, one)]


def _section(judgement: Judgement, drill: Drill) -> list[str]:
    rules = "\n".join(f"- {_MARK[verdict]} {text(says)}" for verdict, says in outline_drills.rules(drill))
    parts = [f"## {text(outline_drills.title(drill))}", text(drill.title), rules]
    if drill.examples:
        parts.append(block("\n".join(drill.examples)))
    instants = outline_drills.instants(drill)
    if instants:
        parts.append("\n".join(f"- {text(line)}" for line in instants))
    rows = [(cell(name), cell(value, 300)) for name, value in outline_drills.measured(judgement, drill)]
    if rows:
        parts.append(table(outline_drills.COLUMNS, rows))
    return parts
