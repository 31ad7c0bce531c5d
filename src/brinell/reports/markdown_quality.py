"""The suite's quality in Markdown: a section of ``report.md``, and one beside the bugs in ``bug_triage_report.md``."""

from __future__ import annotations

from brinell.core.judgement import Judgement
from brinell.reports import outline_quality
from brinell.reports.figures import plural
from brinell.reports.markdown_text import cell, table, text

_MOST_ROWS = 100
_ADVICE = "Advice: gaps in what the suite checks and time it loses are P2, the rest P3."


def quality(judgement: Judgement) -> list[str]:
    """Return the section; nothing where the suite was not read."""
    told = judgement.quality_summary
    if told is None:
        return []
    lines = "\n".join(f"- {text(line)}" for line in outline_quality.facts(told))
    return [f"## {outline_quality.TITLE}", lines, *_table(judgement)]


def beside_the_bugs(judgement: Judgement) -> list[str]:
    """Return the section of the triage report; nothing where nothing was found."""
    if not judgement.quality:
        return []
    return [f"## {outline_quality.TITLE}: {plural(len(judgement.quality), 'finding')}", _ADVICE, *_table(judgement)]


def _table(judgement: Judgement) -> list[str]:
    found = outline_quality.items(judgement)
    if not found:
        return []
    rows = [
        (cell(item.kind), item.severity.value, cell(outline_quality.place(item)), cell(item.title), cell(item.fix))
        for item in found[:_MOST_ROWS]
    ]
    parts = [table(outline_quality.COLUMNS, rows)]
    if len(found) > _MOST_ROWS:
        parts.append(f"and {len(found) - _MOST_ROWS:,} more, in `judgement.json` under `quality`")
    return parts
