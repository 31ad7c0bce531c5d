"""The part of the summary on where the suite's time went: a bar for each part that is more than a sliver."""

from __future__ import annotations

from brinell.core.judgement import SuiteReport
from brinell.reports import outline_time
from brinell.reports.figures import percent, seconds
from brinell.reports.layout import Pen

_BAR = 24
_LEAST = 0.01
_MOST_ADVICE = 3


def time(pen: Pen, suite: SuiteReport) -> None:
    """Write it; nothing where the process did not tell."""
    rows = [row for row in outline_time.rows(suite) if row.share >= _LEAST]
    if not rows:
        return
    pen.heading(outline_time.TITLE)
    cells = [("", "wall", "", "", "processor")]
    cells += [
        (
            row.name,
            seconds(row.seconds),
            percent(int(row.share * 100) / 100),
            _bar(row.share),
            "" if row.cpu_s is None else seconds(row.cpu_s),
        )
        for row in rows
    ]
    pen.table(cells, indent=2)
    if waited := outline_time.waited(suite):
        pen.say(waited, indent=2, style="dim")
    for what, words in outline_time.advice(suite)[:_MOST_ADVICE]:
        pen.say(words, lead=f"{what}:", indent=2, lead_style="yellow")


def _bar(share: float) -> str:
    length = max(1, round(_BAR * min(1.0, share)))
    return "=" * length + "." * (_BAR - length)
