"""The breaking point in Markdown."""

from __future__ import annotations

from brinell.core.capacity_judgement import Capacity
from brinell.core.judgement import Judgement
from brinell.reports import outline_capacity
from brinell.reports.markdown_text import cell, table, text


def capacity(judgement: Judgement) -> list[str]:
    """Return a section for each search."""
    return [part for one in judgement.capacity for part in _section(one)]


def _section(one: Capacity) -> list[str]:
    named, evidence = outline_capacity.limited(one)
    lines = [f"- {text(line)}" for line in outline_capacity.facts(one)]
    lines.append(f"- Limited by: {text(named)}")
    lines += [f"  - {text(line)}" for line in evidence]
    head = outline_capacity.HEAD
    rows = [(*(cell(value) for value in row[:3]), *row[3:-1], text(row[-1])) for row in outline_capacity.rows(one)]
    rows = [(row[0], row[1], row[2], row[-1], *row[3:-1]) for row in rows]
    return [
        f"## {text(outline_capacity.title(one))}",
        "\n".join(lines),
        table((*head[:3], head[-1], *head[3:-1]), rows, numbers=5),
    ]
