"""The part of the summary on tests that may not run beside each other."""

from __future__ import annotations

from brinell.core.judgement import Judgement
from brinell.reports import outline_shared
from brinell.reports.layout import Pen

_MOST = 8
_NAMED = 3


def shared(pen: Pen, judgement: Judgement) -> None:
    """Write the section; nothing where no conflict is known."""
    found = outline_shared.rows(judgement)
    if not found:
        return
    pen.heading(outline_shared.TITLE)
    for row in found[:_MOST]:
        pen.say(row.evidence, lead=f"{row.resource}:", indent=2)
        others = f" and {len(row.tests) - _NAMED:,} more" if len(row.tests) > _NAMED else ""
        group = f"{row.group}: " if row.group else ""
        pen.say(group + ", ".join(row.tests[:_NAMED]) + others, indent=4, style="dim")
    if len(found) > _MOST:
        pen.say(f"and {len(found) - _MOST:,} more in report.md", indent=2, style="dim")
