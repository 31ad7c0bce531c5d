"""The end-of-run summary: the verdict first, then what failed beside its limit, then what could not be decided, then
the numbers. Pure text; whoever prints it decides width, colour and encoding (``live.console``).
"""

from __future__ import annotations

from brinell.core.finding import Finding
from brinell.core.judgement import Bug, Judgement, Load, SuiteReport
from brinell.core.verdicts import Reason, Verdict
from brinell.reports import outline, outline_stages
from brinell.reports.figures import MISSING, cores, count, latency, milliseconds, percent, plural, seconds, size
from brinell.reports.layout import GLUE, STYLE, Pen
from brinell.reports.terminal_cache import cache
from brinell.reports.terminal_capacity import capacity
from brinell.reports.terminal_drills import drills
from brinell.reports.terminal_property import properties
from brinell.reports.terminal_quality import quality
from brinell.reports.terminal_shared import shared
from brinell.reports.terminal_socket import sockets
from brinell.reports.terminal_time import time
from brinell.reports.terminal_traffic import traffic
from brinell.reports.terminal_trust import trust

WIDEST = 110
_MOST_BUGS = 10
_MOST_FINDINGS = 20
_MOST_OPERATIONS = 6
_LAST_DETAIL_LINES = 3  # a traceback says what happened at its end


def summary(
    judgement: Judgement, *, width: int = 80, color: bool = False, encoding: str = "utf-8", folder: str | None = None
) -> str:
    """Return the summary in lines of at most ``width`` cells; only commands may be longer, so that they can be copied.

    ``folder`` is where the reports lie, as the user would type it; None leaves that line out. What to type next is
    for the command to say: only it knows where it was typed.
    """
    pen = Pen(min(width, WIDEST), color=color, encoding=encoding)
    _verdict(pen, judgement)
    _findings(pen, judgement)
    if judgement.bugs:
        _bugs(pen, judgement)
    trust(pen, judgement)
    shared(pen, judgement)
    if judgement.suite:
        _suite(pen, judgement.suite)
        time(pen, judgement.suite)
    properties(pen, judgement)
    quality(pen, judgement)
    cached = {one.scenario for one in judgement.cache}
    for load in judgement.load:
        if load.scenario not in cached:
            _load(pen, load)
    for one in judgement.websocket:
        sockets(pen, one)
        if not one.one_by_one:
            _pressed(pen, one)
    _caches(pen, judgement)
    capacity(pen, judgement)
    drills(pen, judgement)
    traffic(pen, judgement)
    _close(pen, judgement, folder)
    return pen.page()


def _verdict(pen: Pen, judgement: Judgement) -> None:
    word, clause = outline.sentence(judgement)
    style = STYLE[judgement.verdict]
    pen.say(f"{word}: {clause}.", lead=pen.mark(judgement.verdict), style=style)


def _findings(pen: Pen, judgement: Judgement) -> None:
    doubts = outline.chosen(judgement, Verdict.UNKNOWN, required=False)  # most are told in a section of their own
    groups = (
        ("Failed", outline.chosen(judgement, Verdict.FAIL, required=True)),
        ("Could not be decided", outline.chosen(judgement, Verdict.UNKNOWN, required=True)),
        ("Failed, advisory", outline.chosen(judgement, Verdict.FAIL, required=False)),
        ("Could not be decided, advisory", [one for one in doubts if one.check == "cache"]),
    )
    told_below = {one.cluster for one in judgement.flaky}
    for title, findings in groups:
        if not findings:
            continue
        pen.heading(title)
        for finding in findings[:_MOST_FINDINGS]:
            is_told = finding.id in told_below or finding.check == "quality"
            # A drill's own section has every rule.
            _finding(pen, finding, short=(is_told and finding.reason is None) or finding.check == "drills")
        if len(findings) > _MOST_FINDINGS:
            pen.say(f"and {len(findings) - _MOST_FINDINGS} more in report.md", style="dim")


def _finding(pen: Pen, finding: Finding, *, short: bool = False) -> None:
    """Write a finding; ``short`` leaves its detail out."""
    pen.say(finding.title, lead=pen.mark(finding.verdict), lead_style=STYLE[finding.verdict])
    for line in [] if short else _folded([line for line in finding.detail.splitlines() if line.strip()]):
        pen.say(line, indent=2, style="dim")
    if finding.reason:
        pen.say(outline.ADVICE[finding.reason], lead=f"{finding.reason}:", indent=2, lead_style="yellow")
    if finding.reason is not Reason.CRASHED and finding.runbook:
        pen.say(finding.runbook, lead="runbook", indent=2, lead_style="dim")


def _folded(lines: list[str]) -> list[str]:
    """Keep the first line, the last ones, and the hint: the line behind an indented block that is not indented itself.

    One line alone is not folded: the mark would take its place.
    """
    hinted = len(lines) > 1 and lines[-2].startswith(" ") and not lines[-1].startswith(" ")
    kept = _LAST_DETAIL_LINES + hinted
    left_out = len(lines) - 1 - kept
    if left_out <= 1:
        return lines
    return [lines[0], f"… {plural(left_out, 'line')}, in report.md …", *lines[-kept:]]


def _bugs(pen: Pen, judgement: Judgement) -> None:
    pen.heading("Bugs")
    bugs = outline.bugs_in_order(judgement)
    for bug in bugs[:_MOST_BUGS]:
        _bug(pen, bug)
    if len(bugs) > _MOST_BUGS:
        pen.say(f"and {len(bugs) - _MOST_BUGS} more in bug_triage_report.md", style="dim")


def _bug(pen: Pen, bug: Bug) -> None:
    style = "red" if bug.severity in {"P0", "P1"} else "yellow"
    facts = f"{plural(len(bug.tests), 'test')}, {bug.owner}, {bug.status}"
    pen.say(f"{bug.title} ({facts})", lead=f"{bug.severity} {bug.id}", lead_style=style)
    at = outline.location(bug)
    if at:
        pen.say(at, lead="at", indent=3, lead_style="dim")
    if bug.reproduction:
        pen.verbatim(bug.reproduction.command, lead=f"{bug.reproduction.outcome}:", indent=3)


def _suite(pen: Pen, suite: SuiteReport) -> None:
    pen.heading("Suite")
    tallies = [(getattr(suite, name), word) for name, word in _TALLIES]
    tallies = [(number, "error" if (number, word) == (1, "errors") else word) for number, word in tallies]
    counts = " · ".join(f"{number:,}{GLUE}{word}" for number, word in tallies if number)
    pen.say(f"{plural(suite.test_count, 'test')}: {counts or 'none ran'}", indent=2)
    facts = [f"{seconds(suite.execution_time_seconds)}, target {seconds(suite.target_full_suite)}"]
    if workers := outline.workers(suite):
        facts[0] += f", on {workers}"
    if gained := outline.speed_up(suite):
        facts.append(f"parallel {gained}")
    if suite.regression.ratio is not None:
        facts.append(f"{suite.regression.ratio:.2f} times the baseline {pen.mark(suite.regression.verdict)}")
    pen.say("; ".join(facts), indent=2)
    for slow in suite.slowest_tests[:3]:
        pen.say(slow.test, lead=seconds(slow.duration), indent=2, lead_style="dim")


_TALLIES = (
    ("failed", "failed"),
    ("errors", "errors"),
    ("passed", "passed"),
    ("skipped", "skipped"),
    ("xfailed", "xfailed"),
    ("xpassed", "xpassed"),
    ("flaky_retries", "retried"),
    ("deselected", "deselected"),
)


def _caches(pen: Pen, judgement: Judgement) -> None:
    """Write caches, each with what every load has: first how often it hit, then how it was asked."""
    loads = {one.scenario: one for one in judgement.load}
    for one in judgement.cache:
        cache(pen, one)
        if (load := loads.get(one.scenario)) is not None:
            pen.say(f"{load.model} model, {outline.rates(load)}", indent=2)
            _errors(pen, load)
            _pressed(pen, load)


def _load(pen: Pen, load: Load) -> None:
    pen.heading(f"Load: {load.scenario}")
    pen.say(f"{load.model} model, {outline.rates(load)}, {plural(load.requests, 'request')}", indent=2)
    _errors(pen, load)
    rows: list[tuple[str, ...]] = [("ms", "p50", "p95", "p99", "max")]
    for name, times in (("response", load.response_ms), ("service", load.service_ms)):
        rows.append((name, *(latency(value) for value in (times.p50, times.p95, times.p99, times.max))))
    pen.table(rows, indent=2)
    _operations(pen, load)
    _pressed(pen, load)


def _operations(pen: Pen, load: Load) -> None:
    """Write what each operation took, the slowest first: among many quick ones it shows in no sum."""
    if len(load.operations) < 2:
        return
    rows: list[tuple[str, ...]] = [("Operation", "Number", "p50", "p95", "p99", "max", "Failed")]
    slowest = sorted(load.operations.items(), key=lambda named: -(named[1].response_ms.p95 or 0.0))
    for name, one in slowest[:_MOST_OPERATIONS]:
        times = one.response_ms
        took = (latency(value) for value in (times.p50, times.p95, times.p99, times.max))
        rows.append((name, count(one.requests), *took, count(sum(one.errors.values())) if one.errors else MISSING))
    pen.table(rows, indent=2)
    if len(slowest) > _MOST_OPERATIONS:
        pen.say(f"and {len(slowest) - _MOST_OPERATIONS} quicker ones in report.md", indent=2, style="dim")


def _errors(pen: Pen, load: Load) -> None:
    failed = sum(load.errors.values())
    kinds = ", ".join(f"{kind}{GLUE}{count(number)}" for kind, number in outline.errors(load)[:6])
    share = percent(failed / load.requests) if load.requests else count(failed)
    pen.say(f"errors {share}{f' ({kinds})' if kinds else ''}", indent=2, style="red" if failed else "")


def _pressed(pen: Pen, load: Load) -> None:
    """Write what every load has: thresholds, its course, the generator."""
    for name, observed, limit, verdict in outline.thresholds(load):
        pen.say(f"{name} {observed}, limit {limit}", lead=pen.mark(verdict), indent=2, lead_style=STYLE[verdict])
    if load.stages:
        pen.table([outline_stages.HEAD, *outline_stages.stages(load)], indent=2)
    if told := outline_stages.steadiness(load):
        pen.say(told, lead="course", indent=2, lead_style="dim")
    _generator(pen, load)


def _generator(pen: Pen, load: Load) -> None:
    generator = load.generator
    if generator.valid:
        facts = f"valid, {percent(generator.cpu)} of a core, lag p99 {milliseconds(generator.schedule_lag_ms.p99)}"
        pen.say(facts, lead="generator", indent=2, lead_style="dim")
    else:
        pen.say(f"not valid: {generator.reason}", lead="generator", indent=2, lead_style="yellow")
    subject = load.subject
    if subject.cpu is not None or subject.rss is not None:
        used = f"{cores(subject.cpu)} cores" if subject.cpu is not None else "cpu not readable"
        pen.say(f"{used}, {size(subject.rss)} at most", lead="subject", indent=2, lead_style="dim")


def _close(pen: Pen, judgement: Judgement, folder: str | None) -> None:
    pen.blank()
    if judgement.not_measured:
        pen.say(f"{len(judgement.not_measured)} (report.md says why)", lead="Not measured:")
    if folder is not None:
        pen.verbatim(f"{folder.rstrip('/')}/report.html", lead="Report:")
