"""``bug_triage_report.md``: every bug with what one needs to fix it, most urgent first."""

from __future__ import annotations

from brinell.core.judgement import Bug, Judgement
from brinell.core.verdicts import Severity
from brinell.reports import outline
from brinell.reports.figures import count, exact, plural
from brinell.reports.markdown_text import block, cell, code, prose, table, text

_MOST_TESTS = 50
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
    for severity in outline.SEVERITIES:
        found = [bug for bug in bugs if bug.severity is severity]
        if found:
            parts.append(f"## {severity}")
            parts += [piece for bug in found for piece in _bug(bug)]
    if not bugs:
        parts.append("No bug was found.")
    return "\n\n".join(parts) + "\n"


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
        parts.append(f"and {len(bug.tests) - _MOST_TESTS} more, listed in `judgement.json`")
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
