"""Property tests in Markdown: a section of ``report.md``, and ``property_tests.md`` for the team's testing guide."""

from __future__ import annotations

from brinell.core.judgement import Judgement
from brinell.core.property_judgement import PropertySummary
from brinell.reports import outline_property
from brinell.reports.figures import exact, percent, plural, seconds
from brinell.reports.markdown_text import block, cell, code, table, text

_MOST_ROWS = 40
_MOST_PAGE_ROWS = 1000
_CI_WORDS = """\
Without profiles of your own, CI gets Hypothesis's: derandomised and without a database, so that every run tries the
same examples and explores nothing new. The profile above is random; have CI cache `.hypothesis/examples`, so that what
failed once is tried first. Where a gate must never fail by luck, keep `derandomize=True` for the gate and run the
random profile every night."""
_LEGEND = """\
*ci* and *local* are predicted seconds, in brackets the measured ones. *Generating* is the share of an example that goes
into making it, Hypothesis's own time included. *Lines end at* is the last example that ran a line which none before it
had."""


def properties(judgement: Judgement) -> list[str]:
    """Return the section; nothing where no property test was measured."""
    told = judgement.property_summary
    if told is None:
        return []
    parts = [f"## {outline_property.TITLE}", _facts(judgement, told), _tests(judgement, _MOST_ROWS)]
    return [*parts, *_edits(judgement), "The profiles as code, for your testing guide: `property_tests.md`"]


def property_page(judgement: Judgement) -> str:
    """Return ``property_tests.md``; empty where no property test was measured."""
    told = judgement.property_summary
    if told is None:
        return ""
    parts = [f"# {outline_property.PAGE_TITLE}", _facts(judgement, told), *_targets(told)]
    parts += ["## Profiles", "For the project's `conftest.py`:", block(told.conftest, language="python"), *_ci(told)]
    parts += _edits(judgement)
    parts += ["## What each test costs", _tests(judgement, _MOST_PAGE_ROWS), _legend(told)]
    left = outline_property.unmeasured(judgement)
    if left:
        rows = [(cell(one.test), cell(one.outcome), text(one.message, 200)) for one in left[:_MOST_PAGE_ROWS]]
        parts += ["## Not measured", table(("Test", "Outcome", "What it said"), rows)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _facts(judgement: Judgement, told: PropertySummary) -> str:
    number = plural(told.tests, "property test")
    lines = [f"{number}, Hypothesis {text(told.hypothesis)}: {text(outline_property.tiers(judgement))}"]
    lines += outline_property.totals(told)
    accuracy = outline_property.accuracy(told)
    return "\n".join(f"- {line}" for line in [*lines, *([accuracy] if accuracy else [])])


def _targets(told: PropertySummary) -> list[str]:
    bounds = (told.targets.fast_tier_seconds, told.targets.medium_tier_seconds, told.targets.slow_tier_seconds)
    rows: list[tuple[str, ...]] = [("local", *(seconds(bound) for bound in bounds))]
    verified = told.verified
    if verified is not None:
        in_ci = (verified.ci_fast_tier_seconds, verified.ci_medium_tier_seconds, verified.ci_slow_tier_seconds)
        rows.append(("ci", *(seconds(bound) for bound in in_ci)))
    parts = ["## Targets", table(("Profile", "fast below", "medium below", "slow below"), rows, numbers=3)]
    if verified is not None:
        met = f"{verified.targets_met} of {verified.targets} tests meet their target in CI"
        when = f" Verified {text(told.verification_timestamp)}." if told.verification_timestamp else ""
        parts.append(f"{met}; {percent(verified.share_required)} have to.{when}")
    return [*parts, text(told.targets.rationale) + "."]


def _ci(told: PropertySummary) -> list[str]:
    return [_CI_WORDS] if told.derandomized_ci else []


def _edits(judgement: Judgement) -> list[str]:
    found = outline_property.edits(judgement)
    if not found:
        return []
    rows = [(cell(one.place), cell(one.test), code(one.what), text(one.why)) for one in found[:_MOST_PAGE_ROWS]]
    return [
        "### Edits",
        "A profile does not override a test's own `max_examples`. These need an edit:",
        table(("Where", "Test", "Write", "Because"), rows),
    ]


def _tests(judgement: Judgement, most: int) -> str:
    found = outline_property.rows(judgement)
    shown = [
        (
            cell(row.test.test),
            text(row.tier),
            row.example,
            row.generating,
            row.rejected,
            row.saturation,
            row.examples,
            row.ci,
            row.local,
        )
        for row in found[:most]
    ]
    more = len(found) - len(shown)
    told = table(outline_property.COLUMNS, shown, numbers=7)
    return f"{told}\n\nand {more:,} more, in `judgement.json` under `property_tests`" if more > 0 else told


def _legend(told: PropertySummary) -> str:
    slow = told.observability_slowdown
    return _LEGEND + (f" Observability slowed tests down {exact(slow)} times; no time is from there." if slow else "")
