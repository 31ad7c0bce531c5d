"""Words, order and numbers for property tests, the same in every report: what has to be done first, then by cost."""

from __future__ import annotations

from typing import NamedTuple

from brinell.core.judgement import Judgement
from brinell.core.property_judgement import PredictedSeconds, PropertySummary, PropertyTest
from brinell.reports.figures import MISSING, percent, plural, seconds

TITLE = "Property tests"
PAGE_TITLE = "Property-based test performance"
COLUMNS = ("Test", "Tier", "Example", "Generating", "Rejected", "Lines end at", "Examples ci / local", "ci", "local")
_TIERS = ("too-slow", "slow", "medium", "fast")


class Row(NamedTuple):
    """One measured test; all but ``test`` are ready to print. Seconds are ``predicted (took measured)``."""

    test: PropertyTest
    tier: str
    example: str
    generating: str
    rejected: str
    saturation: str
    examples: str
    ci: str
    local: str


class Edit(NamedTuple):
    """What to change, and where."""

    place: str
    test: str
    what: str
    why: str


def rows(judgement: Judgement) -> list[Row]:
    """Return the measured tests, the costliest under the local profile first."""
    measured = [one for one in judgement.property_tests if one.predicted_s is not None]
    order = sorted(measured, key=lambda one: -(one.predicted_s.local.seconds if one.predicted_s else 0.0))
    return [_row(one) for one in order]


def unmeasured(judgement: Judgement) -> list[PropertyTest]:
    """Return the tests of which there are no numbers."""
    return [one for one in judgement.property_tests if one.predicted_s is None]


def edits(judgement: Judgement) -> list[Edit]:
    """Return the edits that the recommendation needs, by file and line."""
    found = [
        Edit(f"{one.file}:{one.line}", one.test, _edit(one), one.why)
        for one in judgement.property_tests
        if one.edit is not None
    ]
    return sorted(found)


def totals(told: PropertySummary) -> list[str]:
    """Return one sentence for each profile: predicted, the interval, and what it took."""
    lines = []
    for name, predicted, took, examples in (
        ("ci", told.ci_s, told.verified_s.ci, told.examples.ci),
        ("local", told.local_s, told.verified_s.local, told.examples.local),
    ):
        if predicted is not None:
            measured = f", took {seconds(took)}" if took is not None else ", not run"
            lines.append(f"{name} ({examples} examples): predicted {interval(predicted)}{measured}")
    return lines


def tiers(judgement: Judgement) -> str:
    """Count the tests by tier: ``1 too slow, 2 medium, 18 fast``."""
    found = [one.tier for one in judgement.property_tests]
    told = [f"{found.count(name)} {name.replace('-', ' ')}" for name in _TIERS if name in found]
    return ", ".join(told) or "none measured"


def interval(predicted: PredictedSeconds) -> str:
    """Return a prediction with its interval: ``1.5 s (1.2 s to 1.8 s)``."""
    return f"{seconds(predicted.seconds)} ({seconds(predicted.low)} to {seconds(predicted.high)})"


def accuracy(told: PropertySummary) -> str:
    """Say how good the predictions were; empty where nothing was tried."""
    if told.verified is None or not told.verified.tried:
        return ""
    tried = plural(told.verified.tried, "prediction")
    return f"{told.verified.within_20_percent} of {tried} lie within 20 % of what the runs took"


def _row(one: PropertyTest) -> Row:
    parts, counts, predicted = one.seconds_per_example, one.max_examples, one.predicted_s
    verified = one.verified_s
    whole = parts.generate + parts.run + parts.engine if parts else None
    return Row(
        one,
        (one.tier or MISSING).replace("-", " ") + (f": {one.slow_because}" if one.slow_because else ""),
        _each(whole),
        percent((parts.generate + parts.engine) / whole) if parts and whole else MISSING,
        percent(one.rejected),
        MISSING if one.saturation_examples is None else f"{one.saturation_examples:,}",
        f"{counts.ci:,} / {counts.local:,}" if counts else MISSING,
        _both(predicted.ci if predicted else None, verified.ci if verified else None),
        _both(predicted.local if predicted else None, verified.local if verified else None),
    )


def _both(predicted: PredictedSeconds | None, took: float | None) -> str:
    said = seconds(predicted.seconds) if predicted else MISSING
    return f"{said} ({seconds(took)})" if took is not None else said


def _each(value: float | None) -> str:
    """An example's seconds, in milliseconds where that is little."""
    if value is None:
        return MISSING
    return f"{value * 1000:.3g} ms" if value < 1 else seconds(value)


def _edit(one: PropertyTest) -> str:
    if one.edit == "no max_examples":
        return f"take max_examples={one.pinned} away"
    return f"@settings({one.edit})"
