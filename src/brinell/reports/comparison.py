"""Two runs side by side for the terminal: what got worse first, then what got better, then the numbers. Differences
are shown, not judged; where the machines differ that is said before any time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from brinell.core.comparison import BugChanges, Comparison, TestChanges, Texts
from brinell.core.measured import Numbers
from brinell.core.verdicts import Verdict
from brinell.reports import outline_compare
from brinell.reports.figures import plural, seconds
from brinell.reports.layout import STYLE, Pen

WIDEST = 110
_MOST = 15
_MOST_MOVERS = 10


def comparison(c: Comparison, *, width: int = 80, color: bool = False, encoding: str = "utf-8") -> str:
    """Return the comparison in lines of at most ``width`` cells. The earlier run is ``a``, the later ``b``."""
    pen = Pen(min(width, WIDEST), color=color, encoding=encoding)
    _verdict(pen, c)
    _changes(pen, "Findings that changed", c.findings)
    _bugs(pen, c.bugs)
    _tests(pen, c.tests)
    _suite(pen, c)
    for section in (found := list(outline_compare.sections(c))):
        _section(pen, section)
    for caution in dict.fromkeys(section.caution for section in found if section.caution):
        pen.blank()
        pen.say(caution, indent=2, style="dim")
    if c.fingerprint:
        pen.heading("Where they ran")
        pen.say("The runs differ in what follows: their times do not compare.", style="yellow")
        for name, texts in c.fingerprint.items():
            _change(pen, name, texts)
    return pen.page()


def _verdict(pen: Pen, c: Comparison) -> None:
    after = next((verdict for verdict in Verdict if verdict.value == c.verdict.b), Verdict.UNKNOWN)
    word = "worse" if c.worse else "the same" if c.verdict.a == c.verdict.b else "better"
    pen.say(f"{word}: {c.verdict.a} → {c.verdict.b}", lead=pen.mark(after), style=STYLE[after])
    pen.say(c.a, lead="a", indent=2, lead_style="dim")
    pen.say(c.b, lead="b", indent=2, lead_style="dim")


def _changes(pen: Pen, title: str, changed: Mapping[str, Texts]) -> None:
    if changed:
        pen.heading(title)
    for name, texts in list(changed.items())[:_MOST]:
        _change(pen, name, texts)
    _more(pen, len(changed))


def _change(pen: Pen, name: str, texts: Texts) -> None:
    pen.say(f"{name}: {texts.a or 'none'} → {texts.b or 'none'}", indent=2)


def _bugs(pen: Pen, bugs: BugChanges) -> None:
    groups = (("new", bugs.new, "red"), ("gone", bugs.gone, "green"), ("still there", bugs.still, ""))
    if any(titles for _, titles, _ in groups):
        pen.heading("Bugs")
    for word, titles, style in groups:
        for title in list(titles.values())[:_MOST]:
            pen.say(title, lead=f"{word}:", indent=2, lead_style=style)
        _more(pen, len(titles))


def _tests(pen: Pen, tests: TestChanges) -> None:
    groups = (
        ("Tests that fail now and did not before", tests.regressed, "red"),
        ("New tests that fail", tests.new_failing, "red"),
        ("Tests that failed before and do not now", tests.fixed, "green"),
        ("Tests that are gone", tests.vanished, "yellow"),
    )
    for title, names, style in groups:
        _names(pen, title, names, style)
    added = len(tests.new) - len(tests.new_failing)
    if added:
        pen.blank()
        pen.say(f"{plural(added, 'new test')} that {'does' if added == 1 else 'do'} not fail")
    _changes(pen, "Other outcomes that changed", tests.changed)


def _names(pen: Pen, title: str, names: Sequence[str], style: str) -> None:
    if not names:
        return
    pen.heading(f"{title}: {len(names):,}")
    for name in names[:_MOST]:
        pen.say(name, lead="-", indent=2, lead_style=style)
    _more(pen, len(names))


def _more(pen: Pen, number: int) -> None:
    if number > _MOST:
        pen.say(f"and {number - _MOST:,} more", indent=2, style="dim")


def _suite(pen: Pen, c: Comparison) -> None:
    if c.suite_seconds.a is None and c.suite_seconds.b is None:
        return
    pen.heading("Suite time")
    pen.say(f"{seconds(c.suite_seconds.a)} → {seconds(c.suite_seconds.b)}{_times(c.suite_seconds)}", indent=2)
    for mover in c.tests.movers[:_MOST_MOVERS]:
        doubt = ", single runs" if mover.single_run else ""
        times = f"{seconds(mover.seconds.a)} → {seconds(mover.seconds.b)}{doubt}"
        pen.say(f"{mover.test} ({times})", lead="-", indent=2, lead_style="dim")
    if any(mover.single_run for mover in c.tests.movers[:_MOST_MOVERS]):
        pen.say("A single run against another may differ by chance.", indent=2, style="dim")


def _section(pen: Pen, section: outline_compare.Section) -> None:
    pen.heading(section.title)
    if section.conditions:
        pen.say(section.conditions, indent=2, style="yellow")
    head = outline_compare.HEAD if any(row.says for row in section.rows) else outline_compare.HEAD[:4]
    pen.table([head, *(tuple(row)[: len(head)] for row in section.rows)], indent=2)
    for doubt in section.doubts:
        pen.say(f"cannot tell: {doubt}", indent=2, style="dim")


def _times(numbers: Numbers) -> str:
    return "" if numbers.ratio is None else f", {numbers.ratio:.2f} times"
