"""Two runs side by side as Markdown, for a pull request: verdicts, what changed, load with what chance explains."""

from __future__ import annotations

from brinell.core.comparison import Comparison, Texts
from brinell.reports import outline_compare
from brinell.reports.figures import plural, seconds
from brinell.reports.markdown_text import cell, code, table, text

_MOST = 20


def comparison_markdown(c: Comparison) -> str:
    """Return the comparison. The earlier run is ``a``, the later ``b``."""
    word = "Worse" if c.worse else "The same" if c.verdict.a == c.verdict.b else "Better"
    parts = [
        f"# {word}: {text(c.verdict.a or '')} → {text(c.verdict.b or '')}",
        f"a: {code(c.a)}  \nb: {code(c.b)}",
    ]
    parts += _texts("Findings that changed", "Finding", c.findings)
    for title, names in (
        ("Tests that fail now and did not before", c.tests.regressed),
        ("New tests that fail", c.tests.new_failing),
        ("Tests that failed before and do not now", c.tests.fixed),
    ):
        parts += _names(title, names)
    for title, bugs in (("New bugs", c.bugs.new), ("Bugs that are gone", c.bugs.gone)):
        parts += _names(title, tuple(bugs.values()))
    if c.suite_seconds.a is not None and c.suite_seconds.b is not None:
        parts.append(f"Suite time: {seconds(c.suite_seconds.a)} → {seconds(c.suite_seconds.b)}")
    sections = list(outline_compare.sections(c))
    for section in sections:
        parts += _section(section)
    parts += dict.fromkeys(section.caution for section in sections if section.caution)
    if c.fingerprint:
        parts.append("The runs differ in where they ran: their times do not compare.")
        parts += _texts("Where they ran", "What", c.fingerprint)
    return "\n\n".join(parts) + "\n"


def _texts(title: str, head: str, changed: dict[str, Texts]) -> list[str]:
    if not changed:
        return []
    rows = [
        (cell(name), cell(both.a or "none"), cell(both.b or "none")) for name, both in list(changed.items())[:_MOST]
    ]
    return [f"## {title}", table((head, "a", "b"), rows), *_more(len(changed))]


def _names(title: str, names: tuple[str, ...]) -> list[str]:
    if not names:
        return []
    return [f"## {title}: {len(names):,}", "\n".join(f"- {code(name)}" for name in names[:_MOST]), *_more(len(names))]


def _more(number: int) -> list[str]:
    return [f"and {plural(number - _MOST, 'more', 'more')}"] if number > _MOST else []


def _section(section: outline_compare.Section) -> list[str]:
    head = [name or " " for name in outline_compare.HEAD]
    cells = [(text(row.label), row.a, row.b, row.ratio, row.interval, text(row.says)) for row in section.rows]
    parts = [f"## {text(section.title)}", text(section.conditions), table(head, cells, numbers=5)]
    parts += [f"Cannot tell: {text(doubt)}" for doubt in section.doubts]
    return [part for part in parts if part]
