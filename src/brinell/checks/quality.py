"""The quality of the suite: what was read in its code and configuration, and what its run warned of. All advisory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from brinell.checks.quality_items import Items, read_items
from brinell.checks.quality_words import PLURALS
from brinell.core.evidence import Evidence, steps_of
from brinell.core.finding import Finding
from brinell.core.judgement import Part
from brinell.core.quality_judgement import QualityItem, QualitySummary
from brinell.core.quality_records import KINDS, QualityRead
from brinell.core.verdicts import Reason, Severity, Verdict

CHECK = "quality"
_MOST_TOLD = 10


def quality(evidence: Evidence) -> Part:
    """Return the weaknesses, most telling kind first, and one advisory finding for each kind."""
    steps = steps_of(evidence, "quality")
    if not steps:
        return Part(
            not_measured={"quality": "the run did not read the suite: brinell suite does, --no-quality leaves it out"}
        )
    items = read_items(evidence)
    if items.read is None:
        return Part(
            findings=(_unread(steps[0].id, "the step did not come to its end"),),
            not_measured={"quality": "the step that reads the suite did not come to its end"},
        )
    found = tuple(sorted(items.found, key=_order))
    findings = [*_findings(found, items), *_density(items)]
    not_measured = {f"quality.{kind}": why for kind, why in items.read.left_out.items()}
    if items.coverage is None or items.coverage.total is None:
        why = items.coverage.why_not if items.coverage else "coverage was not asked for: --coverage PERCENT"
        not_measured["quality.coverage"] = why
    return Part(
        findings=tuple(findings), quality=found, quality_summary=_summary(found, items), not_measured=not_measured
    )


def _order(item: QualityItem) -> tuple[int, Severity, str, int]:
    return KINDS.index(item.kind), item.severity, item.file, item.line


def _findings(found: tuple[QualityItem, ...], items: Items) -> Iterator[Finding]:
    for kind in KINDS:
        mine = [item for item in found if item.kind == kind]
        if not mine:
            continue
        lines = [f"{item.file}:{item.line} {item.title}" for item in mine[:_MOST_TOLD]]
        if len(mine) > _MOST_TOLD:
            lines.append(f"and {len(mine) - _MOST_TOLD:,} more, in judgement.json under quality")
        yield Finding(
            id=f"quality.{kind}",
            check=CHECK,
            required=False,
            verdict=Verdict.FAIL,
            severity=min(item.severity for item in mine),
            title=f"{len(mine):,} {PLURALS[kind][len(mine) != 1]}",
            detail="\n".join(lines),
            evidence=tuple(items.evidence[kind][:_MOST_TOLD]),
        )


def _density(items: Items) -> Iterator[Finding]:
    read = items.read
    if read is None:
        return
    if not read.tests:
        yield _unread("read", "no test was found in the files")
        return
    without, each = dict(read.per_test).get(0, 0), read.assertions / read.tests
    yield Finding(
        id="quality.read",
        check=CHECK,
        required=False,
        verdict=Verdict.PASS,
        title=f"{read.tests:,} tests in {read.files:,} files were read: {each:.1f} assertions each",
        detail=f"{without:,} have none in their own code and in what they call."
        + "".join(f"\nnot read: {one}" for one in read.unread[:_MOST_TOLD]),
        evidence=items.evidence["read"][:1],
    )


def _unread(name: str, why: str) -> Finding:
    return Finding(
        id=f"quality.{name}",
        check=CHECK,
        required=False,
        verdict=Verdict.UNKNOWN,
        reason=Reason.NOT_EXERCISED,
        title="the suite's quality is not known",
        detail=why,
    )


def _summary(found: tuple[QualityItem, ...], items: Items) -> QualitySummary | None:
    read = items.read
    if read is None:
        return None
    counts = Counter(item.kind for item in found)
    coverage = items.coverage
    return QualitySummary(
        files=read.files,
        tests=read.tests,
        assertions=read.assertions,
        per_test=round(read.assertions / read.tests, 2) if read.tests else None,
        median=_median(read),
        without=dict(read.per_test).get(0, 0),
        seconds=read.seconds,
        ignored=read.ignored,
        counts={kind: counts[kind] for kind in KINDS if counts[kind]},
        unread=read.unread,
        left_out=read.left_out,
        coverage=coverage.total if coverage else None,
        coverage_target=coverage.target if coverage else None,
    )


def _median(read: QualityRead) -> float | None:
    """Return the median of assertions over tests, from how many tests have how many."""
    values = [assertions for assertions, tests in read.per_test for _ in range(tests)]
    if not values:
        return None
    middle = len(values) // 2
    return float(values[middle]) if len(values) % 2 else (values[middle - 1] + values[middle]) / 2
