"""What the templates of ``report.html`` show, chosen and put in order; formatting and escaping is theirs."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from typing import Any, NamedTuple

from markupsafe import Markup

from brinell.core.cache_judgement import Cache
from brinell.core.finding import Finding
from brinell.core.judgement import Judgement, Load, Seconds, SlowTest
from brinell.core.redact import plain
from brinell.core.verdicts import Verdict
from brinell.reports import (
    figures,
    html_numbers,
    outline,
    outline_property,
    outline_quality,
    outline_shared,
    outline_trust,
)
from brinell.reports.chart import phases_bar, share_bar

MOST_TEXT = 8000
MOST_BUGS = 300
_MOST_REASONS = 100
_MOST_LEFT = 200
_MOST_QUALITY = 300
_MOST_PROPERTIES = 500
_MOST_LINES = 60
_MOST_SAMPLES = 50
_FIRST_SCREEN = 6
_NOT_RUN = Seconds()

Findings = list[Finding]


class Samples(NamedTuple):
    """Single requests as a table: texts with the class of their column (``n`` numbers, ``text`` long words)."""

    columns: list[tuple[str, str]]
    rows: list[list[tuple[str, str]]]


def view(judgement: Judgement) -> dict[str, Any]:
    """Return the variables of the templates."""
    reasons, left = outline_trust.groups(judgement), outline_trust.left_behind(judgement)
    return {
        "trust_title": outline_trust.TITLE,
        "left_title": outline_trust.LEFT_TITLE,
        "reasons": reasons[:_MOST_REASONS],
        "reasons_left_out": max(0, len(reasons) - _MOST_REASONS),
        "left_behind": left[:_MOST_LEFT],
        "left_left_out": max(0, len(left) - _MOST_LEFT),
        "shared_title": outline_shared.TITLE,
        "shared": outline_shared.rows(judgement)[:_MOST_LEFT],
        "shared_words": outline_shared.WORDS,
        "severities": outline.severity_counts(judgement.bugs),
        "bugs": outline.bugs_in_order(judgement)[:MOST_BUGS],
        "bugs_left_out": max(0, len(judgement.bugs) - MOST_BUGS),
        "first_findings": _first_findings(judgement),
        "all_findings": _all_findings(judgement),
        "numbers": html_numbers.numbers(judgement),
        "loads": _loads(judgement),
        "caches": _caches(judgement),
        "slowest": _slowest(judgement),
        "categories": _categories(judgement),
        "outcome_counts": _outcome_counts(judgement),
        "not_measured": _not_measured(judgement),
        **_properties(judgement),
        **_quality(judgement),
    }


def _quality(judgement: Judgement) -> dict[str, Any]:
    told, found = judgement.quality_summary, outline_quality.items(judgement)
    return {
        "quality_title": outline_quality.TITLE,
        "quality_columns": outline_quality.COLUMNS,
        "quality_facts": outline_quality.facts(told) if told else [],
        "quality_items": found[:_MOST_QUALITY],
        "quality_left_out": max(0, len(found) - _MOST_QUALITY),
        "quality_place": outline_quality.place,
    }


def _properties(judgement: Judgement) -> dict[str, Any]:
    told = judgement.property_summary
    return {
        "property_title": outline_property.TITLE,
        "property_columns": outline_property.COLUMNS,
        "property_tiers": outline_property.tiers(judgement),
        "property_totals": outline_property.totals(told) if told else [],
        "property_accuracy": outline_property.accuracy(told) if told else "",
        "property_rows": outline_property.rows(judgement)[:_MOST_PROPERTIES],
        "property_edits": outline_property.edits(judgement),
    }


def _first_findings(judgement: Judgement) -> list[tuple[str, Findings, int]]:
    """Return what stands on the first screen: failed and undecided required findings, where there is none the passed
    ones, and how many more there are.
    """
    groups = [
        ("Failed", outline.chosen(judgement, Verdict.FAIL, required=True)),
        ("Could not be decided", outline.chosen(judgement, Verdict.UNKNOWN, required=True)),
    ]
    if not any(found for _, found in groups):
        groups = [("Passed", outline.chosen(judgement, Verdict.PASS, required=True))]
    return [(title, found[:_FIRST_SCREEN], len(found) - _FIRST_SCREEN) for title, found in groups if found]


def _all_findings(judgement: Judgement) -> Findings:
    """Return every finding, the worst first; of one verdict the required ones first."""
    verdicts = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.PASS)
    return [f for v in verdicts for required in (True, False) for f in outline.chosen(judgement, v, required=required)]


def _loads(judgement: Judgement) -> list[tuple[int, Load]]:
    """Return the loads with their places in the page's data; those of caches stand with these."""
    cached = {one.scenario for one in judgement.cache}
    return [(number, one) for number, one in enumerate(judgement.load) if one.scenario not in cached]


def _caches(judgement: Judgement) -> list[tuple[Cache, int, Load | None]]:
    """Return each cache with the place of its load, and that; None where it has none."""
    places = {one.scenario: (number, one) for number, one in enumerate(judgement.load)}
    return [(one, *places.get(one.scenario, (0, None))) for one in judgement.cache]


def _slowest(judgement: Judgement) -> list[tuple[SlowTest, Markup]]:
    """Return the slowest tests, each with the bar of its phases."""
    if judgement.suite is None:
        return []
    phases = {test.id: test.seconds for test in judgement.suite.tests}
    longest = max((slow.duration for slow in judgement.suite.slowest_tests), default=0.0)
    return [(slow, phases_bar(phases.get(slow.test, _NOT_RUN), longest)) for slow in judgement.suite.slowest_tests]


def _categories(judgement: Judgement) -> list[tuple[str, Any, Markup]]:
    if judgement.suite is None:
        return []
    groups = judgement.suite.categories
    longest = max((group.seconds for group in groups.values()), default=0.0)
    return [(name, group, share_bar(group.seconds, longest)) for name, group in groups.items()]


def _outcome_counts(judgement: Judgement) -> list[tuple[str, int]]:
    tally = Counter(outline.shown_outcome(test) for test in outline.tests_of(judgement))
    known = [(name, tally.pop(name)) for name in outline.OUTCOMES if name in tally]
    return known + sorted(tally.items())


def _not_measured(judgement: Judgement) -> list[tuple[str, list[str]]]:
    """Group by reason: eleven lines that say the same are one fact."""
    reasons: dict[str, list[str]] = defaultdict(list)
    for path, why in judgement.not_measured.items():
        reasons[why].append(path)
    return list(reasons.items())


def samples(load: Load) -> Samples:
    """Return the single requests as a table over the union of their fields."""
    chosen = load.samples[:_MOST_SAMPLES]
    kinds = {key: _kind(key) for sample in chosen for key in sample}
    columns = [(key.replace("_", " "), kind) for key, kind in kinds.items()]
    rows = [[(_cell(key, sample.get(key)), kind) for key, kind in kinds.items()] for sample in chosen]
    return Samples(columns, rows)


def _kind(key: str) -> str:
    """Return the class of a column, by the unit in its name."""
    return "n" if key.endswith(("_ms", "_s")) else "text" if key == "detail" else ""


def _cell(key: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if key.endswith("_ms") and number:
        return figures.latency(value)
    return f"{value:,.3f}" if key.endswith("_s") and number and math.isfinite(value) else figures.exact(value)


def detail_lines(detail: str) -> list[str]:
    """Return a finding's detail as lines, the first sixty."""
    lines = [plain(line, 600) for line in detail[: MOST_TEXT * 4].splitlines() if line.strip()]
    more = len(lines) - _MOST_LINES
    return [*lines[:_MOST_LINES], f"… {figures.plural(more, 'more line')}"] if more > 0 else lines
