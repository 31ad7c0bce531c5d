"""What retried tests are worth: the process that failed and tried again proves nothing, clean ones do."""

from __future__ import annotations

from brinell.checks.suite_facts import suites
from brinell.checks.trust_facts import Examined, trust_by_test
from brinell.checks.trust_lines import CHECK, MOST_CITED, MOST_NAMED, counted, more
from brinell.core.evidence import Evidence
from brinell.core.finding import Finding
from brinell.core.redact import one_line
from brinell.core.trust import Trust
from brinell.core.verdicts import Owner, Reason, Verdict


def retried(evidence: Evidence, examined: list[Examined]) -> list[Finding]:
    """Say of tests that passed only when run again what clean processes gave: the process that retried them is none.

    Required where one of them always fails there: its retry hid a failure, and pytest's outcome says passed.
    """
    known = trust_by_test(examined)
    findings = []
    for suite in suites(evidence):
        again = [test for test in suite.worst().values() if test.reruns and not test.failed and test.id in known]
        if not again:
            continue
        hidden = [test for test in again if known[test.id].always_fails]
        lines = [f"{one_line(test.id)}: {_clean(known[test.id])}" for test in (*hidden, *again)]
        lines = list(dict.fromkeys(lines))
        bad = hidden or [test for test in again if known[test.id].verdict != "stable"]
        subject = counted(len(again), "test that passed only when run again", "tests that passed only when run again")
        if hidden:
            title = f"{subject}: {len(hidden)} of them fail in every clean process, the retry hid it"
        else:
            title = f"{subject}: clean processes confirm {len(bad)} as unreliable"
        findings.append(
            Finding(
                id=f"{suite.step.id}.retried",
                check=CHECK,
                required=bool(hidden),
                verdict=Verdict.FAIL if bad else Verdict.UNKNOWN,
                reason=None if bad else Reason.INCONCLUSIVE,
                owner=Owner.UNDECIDED if bad else None,
                title=title,
                detail="\n".join(lines[:MOST_NAMED] + more(len(lines))),
                evidence=tuple(test.observation for test in again[:MOST_CITED]),
            )
        )
    return findings


def _clean(trust: Trust) -> str:
    failures, runs = trust.all_runs
    if trust.always_fails:
        return f"failed in each of {runs} clean runs"
    if trust.verdict == "stable":
        return f"failed in none of {runs} clean runs: why it failed at first is not known"
    return f"{trust.verdict}, failed in {failures} of {runs} clean runs"
