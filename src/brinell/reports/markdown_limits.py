"""What limited the subject, in Markdown."""

from __future__ import annotations

from brinell.core.judgement import Judgement
from brinell.core.vitals_judgement import LimitedBy
from brinell.reports import outline_limits
from brinell.reports.markdown_text import cell, table, text


def limits(judgement: Judgement) -> list[str]:
    """Return a section for each scenario that has a reason."""
    return [part for name, limit in outline_limits.limits(judgement) for part in _section(name, limit)]


def _section(name: str, limit: LimitedBy) -> list[str]:
    lines = "\n".join(f"- {text(line)}" for line in outline_limits.facts(limit))
    parts = [f"## Limited by: {text(name)}", f"**{text(limit.title)}**", lines]
    if limit.stacks:
        rows = [(share, of, cell(stack, 600)) for share, of, stack in outline_limits.rows(limit)]
        parts.append(table(outline_limits.COLUMNS, rows))
    return parts
