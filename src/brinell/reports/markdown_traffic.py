"""Traffic that a document described, in Markdown."""

from __future__ import annotations

from brinell.core.judgement import Judgement
from brinell.core.traffic_judgement import Traffic
from brinell.reports import outline_traffic
from brinell.reports.markdown_text import cell, table, text

_MOST_ROWS = 200


def traffic(judgement: Judgement) -> list[str]:
    """Return a section for each scenario with a document."""
    return [part for one in judgement.traffic for part in _section(one)]


def _section(one: Traffic) -> list[str]:
    lines = "\n".join(f"- {text(line)}" for line in outline_traffic.facts(one))
    parts = [f"## {text(outline_traffic.title(one))}", lines]
    if one.not_exercised:
        rows = [(cell(left.operation), cell(left.why, 300)) for left in one.not_exercised[:_MOST_ROWS]]
        parts.append(table(outline_traffic.COLUMNS, rows))
        if len(one.not_exercised) > _MOST_ROWS:
            parts.append(f"and {len(one.not_exercised) - _MOST_ROWS:,} more, in `judgement.json` under `traffic`")
    return parts
