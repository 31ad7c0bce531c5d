"""Caches, in Markdown."""

from __future__ import annotations

from brinell.core.cache_judgement import Cache
from brinell.reports import outline_cache
from brinell.reports.markdown_text import cell, table, text


def cache(one: Cache) -> list[str]:
    """Return a cache's heading, what was found, and its operations."""
    lines = "\n".join(f"- {text(line)}" for line in outline_cache.facts(one))
    rows = [(cell(row[0]), *map(text, row[1:])) for row in outline_cache.rows(one)]
    return [
        f"## {text(outline_cache.title(one))}",
        lines,
        table(outline_cache.HEAD, rows, numbers=6),
        "Milliseconds, from when an operation was due.",
    ]
