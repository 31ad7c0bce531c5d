"""``report.md``: the judgement for a pull request, a ticket or a terminal pager."""

from __future__ import annotations

from collections import defaultdict

from brinell.core.cache_judgement import Cache
from brinell.core.finding import Finding
from brinell.core.judgement import Distribution, Judgement, Load, SuiteReport
from brinell.core.verdicts import Verdict
from brinell.reports import outline, outline_stages
from brinell.reports.figures import (
    cores,
    count,
    exact,
    latency,
    milliseconds,
    percent,
    plural,
    seconds,
    size,
)
from brinell.reports.markdown_cache import cache
from brinell.reports.markdown_capacity import capacity
from brinell.reports.markdown_drills import drills
from brinell.reports.markdown_limits import limits
from brinell.reports.markdown_property import properties
from brinell.reports.markdown_quality import quality
from brinell.reports.markdown_shared import shared
from brinell.reports.markdown_socket import sockets
from brinell.reports.markdown_text import block, cell, code, prose, table, text
from brinell.reports.markdown_time import time
from brinell.reports.markdown_traffic import traffic
from brinell.reports.markdown_trust import trust

MARK = {Verdict.PASS: "✓", Verdict.FAIL: "✗", Verdict.UNKNOWN: "?"}
_MOST_DETAIL_LINES = 40
_MOST_BUGS = 200


def markdown(judgement: Judgement) -> str:
    """Return the whole judgement but its single tests as Markdown."""
    word, clause = outline.sentence(judgement)
    run = judgement.run
    parts = [f"# {word}: {text(clause)}", _facts(judgement)]
    parts += _findings(judgement)
    parts += _bugs(judgement)
    parts += trust(judgement)
    parts += shared(judgement)
    if judgement.suite:
        parts += _suite(judgement.suite)
        parts += time(judgement.suite)
    parts += properties(judgement)
    parts += quality(judgement)
    cached = {one.scenario for one in judgement.cache}
    for load in judgement.load:
        parts += [] if load.scenario in cached else _load(load)
    for one in judgement.websocket:
        parts += [*sockets(one), *([_sides(one)] if not one.one_by_one else []), *_pressed(one)]
    parts += _caches(judgement)
    parts += capacity(judgement)
    parts += limits(judgement)
    parts += drills(judgement)
    parts += traffic(judgement)
    parts += _not_measured(judgement)
    parts += ["## Run", table(("What", "Value"), [(cell(k), cell(v)) for k, v in sorted(run.fingerprint.items())])]
    if run.steps:
        parts.append(table(("Step", "State"), [(cell(step), cell(state)) for step, state in run.steps.items()]))
    return "\n\n".join(part for part in parts if part) + "\n"


def _facts(judgement: Judgement) -> str:
    run = judgement.run
    took = f", {seconds(run.duration_s)}" if run.duration_s is not None else ""
    return (
        f"{text(run.name)}, run {code(run.id)}, started {text(run.started)}{took}. "
        f"Brinell {code(run.brinell)}, plan {code(run.plan_digest)}, exit code {run.exit_code}."
    )


def _findings(judgement: Judgement) -> list[str]:
    parts = []
    for title, verdict, required in (
        ("Failed", Verdict.FAIL, True),
        ("Could not be decided", Verdict.UNKNOWN, True),
        ("Failed, advisory", Verdict.FAIL, False),
        ("Could not be decided, advisory", Verdict.UNKNOWN, False),
        ("Passed", Verdict.PASS, True),
        ("Passed, advisory", Verdict.PASS, False),
    ):
        found = outline.chosen(judgement, verdict, required=required)
        if found:
            parts.append(f"## {title}")
            parts += [piece for finding in found for piece in _finding(finding)]
    return parts


def _finding(finding: Finding) -> list[str]:
    lines = [line for line in finding.detail.splitlines() if line.strip()]
    head = f"{MARK[finding.verdict]} **{text(finding.title)}**"
    if len(lines) == 1:
        head += f"  \n{text(lines[0])}"
    if finding.reason:
        head += f"  \n*{finding.reason}*: {prose(outline.ADVICE[finding.reason])}"
    if finding.evidence and finding.verdict is not Verdict.PASS:
        head += f"  \nEvidence: {', '.join(code(item) for item in finding.evidence[:8])}"
        head += f" and {len(finding.evidence) - 8} more" if len(finding.evidence) > 8 else ""
    if finding.runbook:
        head += f"  \nRunbook: {code(finding.runbook)}"
    return [head, block("\n".join(lines[:_MOST_DETAIL_LINES]))] if len(lines) > 1 else [head]


def _bugs(judgement: Judgement) -> list[str]:
    if not judgement.bugs:
        return []
    rows = [
        (bug.severity.value, cell(bug.id), cell(bug.title), count(len(bug.tests)), bug.owner.value, cell(bug.status))
        for bug in outline.bugs_in_order(judgement)[:_MOST_BUGS]
    ]
    more = len(judgement.bugs) - len(rows)
    return [
        "## Bugs",
        table(("Severity", "Bug", "Title", "Tests", "Owner", "Status"), rows),
        *([f"and {plural(more, 'more bug')}, the least urgent, in `judgement.json`"] if more > 0 else []),
        "Suspects, reproductions and fixes are in `bug_triage_report.md`.",
    ]


def _suite(suite: SuiteReport) -> list[str]:
    tallies = (
        ("failed", suite.failed),
        ("error" if suite.errors == 1 else "errors", suite.errors),
        ("passed", suite.passed),
        ("skipped", suite.skipped),
        ("xfailed", suite.xfailed),
        ("xpassed", suite.xpassed),
        ("retried", suite.flaky_retries),
        ("deselected", suite.deselected),
    )
    told = ", ".join(f"{number:,} {word}" for word, number in tallies if number) or "none ran"
    regression = suite.regression
    workers, gained = outline.workers(suite), outline.speed_up(suite)
    on = f" on {workers}" if workers else ""
    facts = f"Took {seconds(suite.execution_time_seconds)}{on}, target {seconds(suite.target_full_suite)}."
    if gained:
        facts += f" In parallel {gained}."
    if regression.ratio is not None:
        facts += (
            f" {exact(round(regression.ratio, 3))} times its baseline of {seconds(regression.baseline_seconds)}"
            f" (threshold {exact(regression.threshold)}: {regression.verdict})."
        )
    rows: list[tuple[str, ...]]
    parts = ["## Suite", f"{plural(suite.test_count, 'test')}: {told}. {facts}"]
    if suite.categories:
        rows = [
            (cell(name), count(group.count), count(group.passed), count(group.failed), seconds(group.seconds))
            for name, group in suite.categories.items()
        ]
        parts.append(table(("Category", "Tests", "Passed", "Failed", "Time"), rows, numbers=4))
    if suite.slowest_tests:
        rows = [
            (cell(slow.test), cell(slow.tier), cell(slow.recommendation), seconds(slow.duration))
            for slow in suite.slowest_tests
        ]
        parts += ["### Slowest tests", table(("Test", "Tier", "Recommendation", "Time"), rows, numbers=1)]
    return parts


def _caches(judgement: Judgement) -> list[str]:
    """Return caches, each with what every load has: first how often it hit, then how it was asked."""
    loads = {one.scenario: one for one in judgement.load}
    parts = []
    for one in judgement.cache:
        parts += [*cache(one), *_limits(one)]
        if (load := loads.get(one.scenario)) is not None:
            open_at_most = f"{plural(load.connections, 'connection')} at most"
            asked = f"{text(load.model)} model: {outline.rates(load)}, {open_at_most}.  \n"
            parts += [asked + _sides(load), *_pressed(load)]
    return parts


def _load(load: Load) -> list[str]:
    volume = f"{plural(load.requests, 'request')} in {seconds(load.span_s)}"
    facts = (
        f"{text(load.model)} model against {code(load.url)}: {outline.rates(load)}, {volume}, "
        f"{plural(load.connections, 'connection')} at most.  \n"
    )
    return [f"## Load: {text(load.scenario)}", facts + _sides(load), _times(load), *_pressed(load)]


def _sides(load: Load) -> str:
    """Say how generator and subject did, and how it went."""
    generator, subject = load.generator, load.subject
    believed = "valid" if generator.valid else f"**not valid**: {text(generator.reason)}"
    lag = f"schedule lag p99 {milliseconds(generator.schedule_lag_ms.p99)}"
    held = f"{count(subject.fds)} descriptors, {count(subject.threads)} threads at most"
    told = outline_stages.steadiness(load)
    return (
        f"Generator: {believed}; {percent(generator.cpu)} of a core, {lag}.  \n"
        f"Subject: {cores(subject.cpu)} cores, {size(subject.rss)}, {held}."
        + (f"  \nCourse: {text(told)}." if told else "")
    )


def _pressed(load: Load) -> list[str]:
    """Return what every load has: thresholds, stages, errors."""
    parts = _limits(load)
    if load.stages:
        parts.append(table(outline_stages.HEAD, outline_stages.stages(load), numbers=7))
    if load.errors:
        rows = [(cell(kind), count(number), outline.error_when(load, kind)) for kind, number in outline.errors(load)]
        parts.append(table(("Error", "Requests", "When"), rows, numbers=2))
    if load.error_texts:
        said = [
            (f"{cell(kind)}: {cell(text)}", count(number), when)
            for kind, text, number, when in outline.error_texts(load)
        ]
        parts.append(table(("What was said", "Requests", "When"), said, numbers=2))
    return parts


def _limits(one: Load | Cache) -> list[str]:
    rows = [
        (MARK[verdict], cell(name), cell(observed), cell(limit))
        for name, observed, limit, verdict in outline.thresholds(one)
    ]
    return [table(("", "Threshold", "Observed", "Limit"), rows, numbers=2)] if rows else []


def _times(load: Load) -> str:
    rows = [
        ("response", *_row(load.response_ms)),
        ("response, successes only", *_row(load.response_ok_ms)),
        ("service", *_row(load.service_ms)),
    ]
    for name, operation in load.operations.items():
        rows.append((f"{cell(name)} response", *_row(operation.response_ms)))
    return table(("ms", "p50", "p90", "p95", "p99", "p99.9", "max"), rows, numbers=6)


def _row(times: Distribution) -> tuple[str, ...]:
    return tuple(latency(v) for v in (times.p50, times.p90, times.p95, times.p99, times.p99_9, times.max))


def _not_measured(judgement: Judgement) -> list[str]:
    """Group by reason: eleven lines that say the same are one fact."""
    reasons: dict[str, list[str]] = defaultdict(list)
    for path, why in judgement.not_measured.items():
        reasons[why].append(path)
    if not reasons:
        return []
    lines = [f"- {', '.join(map(code, paths))}: {text(why)}" for why, paths in reasons.items()]
    return ["## Not measured", "\n".join(lines)]
