"""``judgement.property_tests`` and all that is said about them."""

from __future__ import annotations

from collections.abc import Sequence

from brinell.checks.property_entries import entry
from brinell.checks.property_findings import findings, nothing
from brinell.checks.property_targets import facts_of, sizes_of, summary
from brinell.core.evidence import Evidence
from brinell.core.judgement import Part
from brinell.core.property_facts import Facts
from brinell.core.property_judgement import PropertySummary, PropertyTest
from brinell.core.property_plan import recommend

_NOT_ASKED = "no examination of property tests was asked for: brinell property, or [suite] property"


def property_tests(evidence: Evidence) -> Part:
    """Judge the examination of property tests, measured and, where it was, verified."""
    found = facts_of(evidence)
    if found is None:
        return Part(not_measured={"property_tests": _NOT_ASKED, "property_summary": _NOT_ASKED})
    spec, facts, envelopes = found
    if not facts.started and not facts.ended:
        why = "the examination left no record"
        return Part(not_measured={"property_tests": why, "property_summary": why})
    if not facts.runs or not facts.started:
        finding = nothing(facts, envelopes)
        return Part(
            findings=(finding,), not_measured=dict.fromkeys(("property_tests", "property_summary"), finding.title)
        )
    sizes = sizes_of(spec)
    known = {test: one for test in facts.tests if (one := facts.known(test)) is not None}
    chosen = recommend(known, sizes)
    tests = tuple(entry(facts, test, chosen, sizes) for test in facts.tests)
    told = summary(evidence, spec, facts, tests)
    return Part(
        findings=tuple(findings(spec, facts, tests, told, envelopes)),
        property_tests=tests,
        property_summary=told,
        not_measured=_not_measured(facts, tests, told),
    )


def _not_measured(facts: Facts, tests: Sequence[PropertyTest], told: PropertySummary) -> dict[str, str]:
    """Every null, with its reason."""
    found = {}
    if any(test.predicted_s is None for test in tests):
        found["property_tests[].predicted_s"] = "a test that fails, hangs or is skipped has no cost"
    if any(test.saturation_examples is None for test in tests if test.predicted_s is not None):
        covered = any("cover" in observed for observed in facts.observed.values())
        outside = "no code beside the tests was seen: installed and not with -e, or traced by another coverage tool"
        found["property_tests[].saturation_examples"] = outside if covered else "no session collected coverage"
    if any(test.verified_s is None or test.verified_s.ci is None for test in tests if test.predicted_s is not None):
        found["property_tests[].verified_s"] = "the recommended number was not run to its end"
    if told.verified is None:
        found["property_summary.verified"] = "the recommended numbers were not run"
    if told.observability is None:
        found["property_summary.observability_slowdown"] = f"Hypothesis {told.hypothesis} has no observability"
    return found
