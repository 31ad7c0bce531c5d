"""``bug_triage_report.md``: bugs with what one needs to fix them, most urgent first.

A file of this kind is read in a browser or an editor, and GitHub shows none beyond 512 KB. So the most urgent bugs are
told in full, more of them in one line each, and the rest is counted; ``judgement.json`` holds all.
"""

from __future__ import annotations

from brinell.core.judgement import Bug, Judgement
from brinell.core.verdicts import Severity
from brinell.reports import outline
from brinell.reports.figures import count, exact, plural
from brinell.reports.markdown_quality import beside_the_bugs
from brinell.reports.markdown_text import block, cell, code, prose, table, text

_MOST_TESTS = 50
_MOST_TOLD_BYTES = 350_000  # of bugs in full
_MOST_LISTED_BYTES = 100_000  # of bugs in one line each
NOT_KNOWN = "Not known: nothing in the evidence says."


def triage_markdown(judgement: Judgement) -> str:
    """Return the triage report; empty where no suite ran, for then nothing was triaged."""
    if judgement.suite is None and not judgement.bugs:
        return ""
    bugs = outline.bugs_in_order(judgement)
    parts = [
        f"# Bug triage report: {text(judgement.run.name)}",
        f"Date: {text(judgement.run.started)}  \nRun: {code(judgement.run.id)}  \n{_totals(judgement)}",
        "## Summary",
        _summary(judgement),
    ]
    told = _told(bugs)
    for severity in outline.SEVERITIES:
        cards = [card for bug, card in zip(bugs, told, strict=False) if bug.severity is severity]
        if cards:
            parts += [f"## {severity}", *cards]
    parts += _listed(bugs[len(told) :])
    if not bugs:
        parts.append("No bug was found.")
    parts += beside_the_bugs(judgement)
    return "\n\n".join(parts) + "\n"


def _told(bugs: list[Bug]) -> list[str]:
    """The first bugs in full: as many as there is room for, one at least."""
    cards: list[str] = []
    left_bytes = _MOST_TOLD_BYTES
    for bug in bugs:
        card = "\n\n".join(_bug(bug))
        left_bytes -= _bytes(card)
        if cards and left_bytes < 0:
            break
        cards.append(card)
    return cards


def _listed(bugs: list[Bug]) -> list[str]:
    """The others in one line each, as many as there is room for, and the number of those that are left out."""
    if not bugs:
        return []
    rows: list[tuple[str, ...]] = []
    left_bytes = _MOST_LISTED_BYTES
    for bug in bugs:
        first = cell(bug.tests[0], 120) if bug.tests else ""
        row = (bug.severity.value, cell(bug.id), cell(bug.title, 100), count(len(bug.tests)), first)
        left_bytes -= sum(_bytes(column) + 3 for column in row)
        if left_bytes < 0:
            break
        rows.append(row)
    parts = [
        f"## {plural(len(bugs), 'further bug')}",
        "Less urgent than those above. Everything that is known of them is in `judgement.json`, under `bugs`.",
        table(("Severity", "Bug", "Title", "Tests", "First test"), rows),
    ]
    if len(rows) < len(bugs):
        parts.append(f"and {plural(len(bugs) - len(rows), 'more bug')} not listed here, in `judgement.json`")
    return parts


def _bytes(piece: str) -> int:
    return len(piece.encode("utf-8", "replace"))


def _totals(judgement: Judgement) -> str:
    suite = judgement.suite
    told = plural(len(judgement.bugs), "bug")
    if suite is None:
        return f"Totals: {told}"
    tests = f"{plural(suite.test_count, 'test')}, {count(suite.passed)} passed, {count(suite.failed)} failed"
    return f"Totals: {told}; {tests}, {plural(suite.errors, 'error')}, {count(suite.skipped)} skipped"


def _summary(judgement: Judgement) -> str:
    rows = []
    for severity in Severity:
        bugs = [bug for bug in judgement.bugs if bug.severity is severity]
        tests = len({test for bug in bugs for test in bug.tests})
        due = min((bug.sla_due for bug in bugs), default="")
        rows.append((severity.value, count(len(bugs)), count(tests), cell(due) if due else ""))
    return table(("Severity", "Bugs", "Tests", "First due"), rows)


def _bug(bug: Bug) -> list[str]:
    facts = (
        f"**Severity:** {bug.severity}, rule {text(bug.severity_rule)}",
        f"**SLA:** due {text(bug.sla_due)}",
        f"**Status:** {text(bug.status)}",
        f"**Owner:** {bug.owner}{_because(bug.owner_evidence)}",
    )
    parts = [
        f"### {bug.severity} {text(bug.id)}: {text(bug.title)}",
        "  \n".join(facts),
        f"**Tests:** {count(len(bug.tests))}",
        "\n".join(f"- {code(test)}" for test in bug.tests[:_MOST_TESTS]),
    ]
    if len(bug.tests) > _MOST_TESTS:
        parts.append(f"and {len(bug.tests) - _MOST_TESTS:,} more, listed in `judgement.json`")
    if bug.why_grouped:
        parts.append(f"**Why one bug:** {text(bug.why_grouped)}")
    parts += ["**Error:**", block(bug.error)]
    if bug.excerpt:
        parts += ["**Where it failed:**", block(bug.excerpt)]
    parts.append(f"**Root cause:** {prose(bug.root_cause, 2000) if bug.root_cause else NOT_KNOWN}")
    parts += _suspects(bug)
    parts += _reproduction(bug)
    parts.append(f"**Fix strategy:** {prose(bug.fix_strategy, 2000) if bug.fix_strategy else NOT_KNOWN}")
    return parts


def _because(evidence: tuple[str, ...]) -> str:
    return f" ({'; '.join(text(item) for item in evidence)})" if evidence else ""


def _suspects(bug: Bug) -> list[str]:
    if not bug.suspects:
        return []
    rows = []
    for suspect in bug.suspects:
        lines = ", ".join(map(str, suspect.lines[:8]))
        score = exact(round(suspect.score, 3))
        rows.append((cell(suspect.file), cell(suspect.function), lines, score, count(suspect.tied)))
    return ["**Suspects:**", table(("File", "Function", "Lines", "Score", "Tied with"), rows, numbers=2)]


def _reproduction(bug: Bug) -> list[str]:
    if bug.reproduction is None:
        return ["**Reproduction:** not run."]
    return [f"**Reproduction:** {text(bug.reproduction.outcome)}", block(bug.reproduction.command)]
