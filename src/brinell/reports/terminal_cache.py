"""The part of the summary on a cache."""

from __future__ import annotations

from brinell.core.cache_judgement import Cache
from brinell.reports import outline, outline_cache
from brinell.reports.layout import STYLE, Pen


def cache(pen: Pen, one: Cache) -> None:
    """Write a cache's heading, what was found, its operations and its own thresholds."""
    pen.heading(outline_cache.title(one))
    for line in outline_cache.facts(one):
        pen.say(line, indent=2)
    pen.table([outline_cache.HEAD, *outline_cache.rows(one)], indent=2)
    pen.say("milliseconds, from when an operation was due", indent=2, style="dim")
    for name, observed, limit, verdict in outline.thresholds(one):
        pen.say(f"{name} {observed}, limit {limit}", lead=pen.mark(verdict), indent=2, lead_style=STYLE[verdict])
