"""The part of the summary on tests that cannot be trusted: reasons, then for each the first tests and what shows it."""

from __future__ import annotations

from brinell.core.judgement import FlakyTest, Judgement
from brinell.reports import outline_trust
from brinell.reports.layout import STYLE, Pen

_MOST_GROUPS = 8
_MOST_TESTS = 2
_MOST_STATES = 8
_MOST_SOURCE_LINES = 24


def trust(pen: Pen, judgement: Judgement) -> None:
    """Write both sections; nothing where no test was examined, or where all is well."""
    groups = outline_trust.groups(judgement)
    if groups:
        pen.heading(outline_trust.TITLE)
    for group in groups[:_MOST_GROUPS]:
        pen.say(group.title, lead=pen.mark(group.verdict), lead_style=STYLE[group.verdict])
        for one in group.tests[:_MOST_TESTS]:
            _test(pen, one)
        if len(group.tests) > _MOST_TESTS:
            pen.say(f"and {len(group.tests) - _MOST_TESTS:,} more in report.md", indent=2, style="dim")
        _fixture(pen, group.tests)
    if len(groups) > _MOST_GROUPS:
        pen.say(f"and {len(groups) - _MOST_GROUPS:,} more reasons in report.md", style="dim")
    _left(pen, judgement)


def _test(pen: Pen, one: FlakyTest) -> None:
    pen.say(outline_trust.why(one).replace("`", ""), indent=2)
    if one.reproducer:
        pen.say(f"See it ({one.reproducer_outcome or 'not run'}):", indent=2, style="dim")
        # Of a command in several lines, all but the first are part of a quoted text: a margin would change it.
        pen.block(one.reproducer, indent=0 if "\n" in one.reproducer else 4)
    often = outline_trust.share(one)
    if often:
        pen.say(often, indent=2, style="dim")


def _fixture(pen: Pen, tests: list[FlakyTest]) -> None:
    source = next((one.fixture for one in tests if one.fixture), None)
    if source:
        pen.say("This fixture was run and keeps the state as it was:", indent=2, style="dim")
        pen.block(source, indent=4, most=_MOST_SOURCE_LINES)


def _left(pen: Pen, judgement: Judgement) -> None:
    rows = outline_trust.left_behind(judgement)
    if not rows:
        return
    pen.heading(outline_trust.LEFT_TITLE)
    for row in rows[:_MOST_STATES]:
        pen.say(f"{row.change}, by {outline_trust.few(row.who, 1)}", lead=f"{row.state}:", indent=2)
        pen.say(outline_trust.hurts(row), indent=4, style="red" if row.victims else "dim")
    if len(rows) > _MOST_STATES:
        pen.say(f"and {len(rows) - _MOST_STATES:,} more in report.md", indent=2, style="dim")
