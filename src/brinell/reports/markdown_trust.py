"""The part of ``report.md`` on tests that cannot be trusted and on state that is left behind."""

from __future__ import annotations

from brinell.core.judgement import FlakyTest, Judgement
from brinell.reports import outline_trust
from brinell.reports.figures import count
from brinell.reports.markdown_text import block, cell, code, prose, table, text

_MOST_GROUPS = 50
_MOST_TOLD = 3  # tests of a group in full
_MOST_LISTED = 100
_MOST_STATES = 100


def trust(judgement: Judgement) -> list[str]:
    """Return both sections; nothing where no test was examined, or where all is well."""
    groups = outline_trust.groups(judgement)
    parts = [f"## {outline_trust.TITLE}"] if groups else []
    for group in groups[:_MOST_GROUPS]:
        parts.append(f"### {text(group.title)}")
        for one in group.tests[:_MOST_TOLD]:
            parts += _test(one)
        source = next((one.fixture for one in group.tests if one.fixture), None)
        if source:
            parts += ["This fixture was run and keeps the state as it was:", block(source, language="python")]
        parts += _others(group.tests[_MOST_TOLD:])
    if len(groups) > _MOST_GROUPS:
        parts.append(f"and {len(groups) - _MOST_GROUPS:,} more reasons, in `judgement.json` under `flaky`")
    return parts + _left(judgement)


def _test(one: FlakyTest) -> list[str]:
    lines = [f"**{code(one.test)}** {text(outline_trust.words(one))}", prose(outline_trust.why(one), 2000)]
    often = outline_trust.share(one)
    lines += [text(often)] if often else []
    lines += [f"Says: {code(one.message)}"] if one.message else []
    parts = ["  \n".join(lines)]
    if one.reproducer:
        parts += [f"See it: {text(one.reproducer_outcome or 'not run')}", block(one.reproducer, language="sh")]
    rows = [
        (cell(f"{seen.factor} {seen.level}".strip()), seen.changed, seen.plain, cell(seen.command or ""))
        for seen in outline_trust.rates(one)
    ]
    return [*parts, table(("Factor", "Failed with it", "Failed without", "Command"), rows)] if rows else parts


def _others(tests: list[FlakyTest]) -> list[str]:
    if not tests:
        return []
    rows = [(cell(one.test), one.verdict if one.verdict in outline_trust.WORDS else cell(one.verdict),
             "yes" if one.confirmed else "no") for one in tests[:_MOST_LISTED]]  # fmt: skip
    more = len(tests) - len(rows)
    parts = [table(("For the same reason", "Verdict", "Confirmed"), rows)]
    return [*parts, f"and {more:,} more, in `judgement.json` under `flaky`"] if more > 0 else parts


def _left(judgement: Judgement) -> list[str]:
    rows = outline_trust.left_behind(judgement)
    if not rows:
        return []
    shown = [
        (cell(row.state), cell(row.kind), cell(row.change), cell(row.who[0]), count(len(row.who)),
         outline_trust.hurts(row))
        for row in rows[:_MOST_STATES]
    ]  # fmt: skip
    more = len(rows) - len(shown)
    told = table(("State", "Kind", "Change", "Left by", "Tests", "Hurts"), shown)
    parts = [f"## {outline_trust.LEFT_TITLE}", told]
    return [*parts, f"and {more:,} more, in `judgement.json` under `pollution`"] if more > 0 else parts
