"""Caches, in Markdown."""

from __future__ import annotations

from brinell.core.judgement import Judgement
from brinell.reports import outline_cache
from brinell.reports.markdown_text import cell, table, text


def caches(judgement: Judgement) -> list[str]:
    """Return a section for each cache."""
    parts = []
    for one in judgement.cache:
        lines = "\n".join(f"- {text(line)}" for line in outline_cache.facts(one))
        rows = [(cell(row[0]), *map(text, row[1:])) for row in outline_cache.rows(one)]
        parts += [f"## {text(outline_cache.title(one))}", lines, table(outline_cache.HEAD, rows, numbers=6)]
        parts.append("Milliseconds, from when an operation was due.")
    return parts
