"""Suite time against the blessed baseline, as a finding; the arithmetic is in ``suite_regression``."""

from __future__ import annotations

from brinell.checks.suite_facts import suites
from brinell.checks.suite_regression import compare, finding
from brinell.core.evidence import Evidence, fingerprint
from brinell.core.judgement import Part

CHECK = "suite-baseline"


def suite_baseline(evidence: Evidence) -> Part:
    """Judge the regression of the run's suite. The baseline holds one suite: that of a plan's first suite step."""
    found = suites(evidence)[:1]
    facts = fingerprint(evidence)
    return Part(
        findings=tuple(
            finding(
                compare(suite, evidence.baseline, facts),
                f"{suite.step.id}.regression",
                CHECK,
                tuple(session.at for session in suite.sessions if session.at),
            )
            for suite in found
        )
    )
