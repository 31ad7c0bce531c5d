"""The part of the summary on caches."""

from __future__ import annotations

from brinell.core.judgement import Judgement
from brinell.reports import outline_cache
from brinell.reports.layout import Pen


def caches(pen: Pen, judgement: Judgement) -> None:
    """Write a section for each cache."""
    for one in judgement.cache:
        pen.heading(outline_cache.title(one))
        for line in outline_cache.facts(one):
            pen.say(line, indent=2)
        pen.table([outline_cache.HEAD, *outline_cache.rows(one)], indent=2)
        pen.say("milliseconds, from when an operation was due", indent=2, style="dim")
