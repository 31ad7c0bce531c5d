"""Words and order for the suite's quality: how much was read, then what was found, gaps first."""

from __future__ import annotations

from brinell.core.judgement import Judgement
from brinell.core.quality_judgement import QualityItem, QualitySummary
from brinell.reports.figures import exact, plural, seconds

TITLE = "Quality of the suite"
COLUMNS = ("Kind", "Severity", "Where", "What", "Fix")


def items(judgement: Judgement) -> list[QualityItem]:
    """Return the weaknesses, P2 before P3; those of one severity keep the judge's order."""
    return sorted(judgement.quality, key=lambda item: item.severity)


def place(item: QualityItem) -> str:
    """Return where it is, and in how many places more: ``tests/test_a.py:12 and 3 more``."""
    more = f" and {len(item.places)} more" if item.places else ""
    return f"{item.file}:{item.line}{more}"


def facts(told: QualitySummary) -> list[str]:
    """Say how much was read and how dense its assertions are, and what was left out."""
    lines = [f"{plural(told.tests, 'test')} in {plural(told.files, 'file')} read in {seconds(told.seconds)}"]
    if told.per_test is not None:
        lines.append(
            f"{plural(told.assertions, 'assertion')}: {exact(told.per_test)} a test on average, "
            f"{exact(told.median)} at the median; {told.without:,} without any"
        )
    if told.coverage is not None:
        lines.append(f"the suite runs {exact(told.coverage)} % of the lines, target {exact(told.coverage_target)} %")
    if told.ignored:
        lines.append(f"{plural(told.ignored, 'place')} exempt by comments or configuration")
    if told.unread:
        named = "; ".join(told.unread[:3])
        lines.append(f"{plural(len(told.unread), 'file')} not read: {named}" + (" …" if len(told.unread) > 3 else ""))
    lines += [f"not examined: {what}: {why}" for what, why in told.left_out.items()]
    return lines
