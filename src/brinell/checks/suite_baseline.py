"""Suite time against the blessed baseline, as a finding; the arithmetic is in ``suite_regression``."""

from __future__ import annotations

from brinell.checks.suite_facts import reported, suites
from brinell.checks.suite_regression import compare, finding
from brinell.core.evidence import Evidence, fingerprint
from brinell.core.judgement import Part

CHECK = "suite-baseline"


def suite_baseline(evidence: Evidence) -> Part:
    """Judge the regression of the run's suite. The baseline holds one suite: that of a plan's first suite step."""
    suite = reported(evidence, suites(evidence))
    if suite is None:
        return Part()
    cited = tuple(session.at for session in suite.sessions if session.at)
    verdicted = compare(suite, evidence.baseline, fingerprint(evidence))
    return Part(findings=(finding(verdicted, f"{suite.step.id}.regression", CHECK, cited),))
