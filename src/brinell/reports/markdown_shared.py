"""The part of ``report.md`` on tests that may not run beside each other."""

from __future__ import annotations

from brinell.core.judgement import Judgement
from brinell.reports import outline_shared
from brinell.reports.markdown_text import cell, table, text

_MOST = 50
_NAMED = 5


def shared(judgement: Judgement) -> list[str]:
    """Return the section; nothing where no conflict is known."""
    found = outline_shared.rows(judgement)
    if not found:
        return []
    shown = [
        (cell(row.resource), cell(row.kind), _tests(row.tests), cell(row.evidence, 600), cell(row.group))
        for row in found[:_MOST]
    ]
    parts = [f"## {outline_shared.TITLE}", text(outline_shared.WORDS), table(outline_shared.COLUMNS, shown)]
    more = len(found) - len(shown)
    return [*parts, f"and {more:,} more, in `judgement.json` under `parallel_conflicts`"] if more > 0 else parts


def _tests(tests: list[str]) -> str:
    others = f" and {len(tests) - _NAMED:,} more" if len(tests) > _NAMED else ""
    return ", ".join(cell(test) for test in tests[:_NAMED]) + others
