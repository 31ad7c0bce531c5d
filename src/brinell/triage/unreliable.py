"""Bugs whose tests the run's own examination found unreliable: no traceback tells whose failure that is."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from brinell.core.evidence import Evidence, steps_of
from brinell.core.examination import Confirmation, Exam, ExamStarted, FixTried, Left
from brinell.core.judgement import Bug
from brinell.core.redact import one_line
from brinell.core.trust import Ledger, Trust
from brinell.core.verdicts import Owner

_SAID = {
    "victim": "it fails after {others} and passes alone",
    "brittle": "it fails alone and passes after {others}",
    "self-polluting": "it passes once and fails when it runs again in the same process",
    "nondeterministic": "it goes both ways when nothing is changed",
}


def unreliable(evidence: Evidence) -> dict[str, str]:
    """Return what was confirmed in fresh processes of tests that cannot be trusted, by node id."""
    found: dict[str, str] = {}
    for step in steps_of(evidence, "examine"):
        records = evidence.envelopes(ExamStarted, Exam, Left, Confirmation, FixTried, source=step.id)
        ledger = Ledger(envelope.data for envelope in records)
        for trust in ledger.remarkable():
            if trust.confirmed and trust.verdict in _SAID:
                found.setdefault(ledger.tests[trust.test], _said(ledger, trust))
    return found


def undecided(bug: Bug, trusts: Mapping[str, str]) -> Bug:
    """Return the bug without a verdict on its owner, where all of its tests are unreliable: the test may leak state, or
    the product may. A failure of the environment stays that.
    """
    said = [trusts[test] for test in bug.tests if test in trusts]
    if len(said) < len(bug.tests) or not said or bug.owner == Owner.INFRASTRUCTURE:
        return bug
    return msgspec.structs.replace(bug, owner=Owner.UNDECIDED, owner_evidence=(said[0], *bug.owner_evidence))


def _said(ledger: Ledger, trust: Trust) -> str:
    sequences = trust.polluters or trust.setters
    others = ", ".join(one_line(ledger.tests[test], 120) for test in sequences[0]) if sequences else ""
    return (
        f"the examination: {trust.verdict}; {_SAID[trust.verdict].format(others=others)} (confirmed in fresh processes)"
    )
