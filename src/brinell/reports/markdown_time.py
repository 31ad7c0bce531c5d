"""The part of ``report.md`` on where the suite's time went."""

from __future__ import annotations

from brinell.core.judgement import SuiteReport
from brinell.reports import outline_time
from brinell.reports.figures import MISSING, percent, seconds
from brinell.reports.markdown_text import cell, table, text

_BAR = 20


def time(suite: SuiteReport) -> list[str]:
    """Return the parts of the section; none where the process did not tell."""
    rows = outline_time.rows(suite)
    if not rows:
        return []
    lines = [
        (
            row.name,
            "█" * round(_BAR * min(1.0, max(0.0, row.share))),
            percent(row.share),
            seconds(row.seconds),
            MISSING if row.cpu_s is None else seconds(row.cpu_s),
        )
        for row in rows
    ]
    parts = [f"### {outline_time.TITLE}", table(("Part", "", "Share", "Wall", "Processor"), lines, numbers=3)]
    if waited := outline_time.waited(suite):
        parts.append(f"{text(waited)}.")
    return parts + _fixtures(suite) + _imports(suite)


def _fixtures(suite: SuiteReport) -> list[str]:
    rows = [
        (
            cell(one.name),
            cell(outline_time.place(one)),
            cell(one.advice),
            cell(outline_time.uses(one)),
            seconds(one.seconds),
        )
        for one in outline_time.fixtures(suite)
    ]
    if not rows:
        return []
    return [
        f"### {outline_time.FIXTURES}",
        table(("Fixture", "Where", "What to do", "Set up", "Time"), rows, numbers=2),
    ]


def _imports(suite: SuiteReport) -> list[str]:
    rows = [
        (cell(one.module), cell(one.by), cell(one.advice), seconds(one.exclusive_s), seconds(one.seconds))
        for one in outline_time.imports(suite)
    ]
    if not rows:
        return []
    header = ("Module", "Imported first by", "What to do", "Own", "With what it imports")
    return [f"### {outline_time.IMPORTS}", table(header, rows, numbers=2)]
