"""The check: failures of the suite to bugs. Pure; every failed test of the journal is in exactly one bug."""

from __future__ import annotations

import shlex

from brinell.core.evidence import Evidence, steps_of
from brinell.core.judgement import Bug, Part, Reproduction
from brinell.core.observation import Epoch, KnownBugs, Reproduced
from brinell.core.plan import SuiteSpec
from brinell.core.redact import plain
from brinell.triage.bugs import RECORDS, SuiteBugs, most_urgent_first
from brinell.triage.unreliable import undecided, unreliable

_MOST_NAMED = 20


def triage(evidence: Evidence) -> Part:
    """Return the bugs, most urgent first. No findings: that tests failed is what ``suite.outcomes`` says."""
    steps = [step for step in steps_of(evidence, "suite") if isinstance(step.spec, SuiteSpec)]
    if not steps:
        return Part(bugs=(), not_measured={"bugs": "no suite was examined"})
    started = next(
        (envelope.data.wall for envelope in evidence.envelopes(Epoch) if isinstance(envelope.data, Epoch)), ""
    )
    known = _known(evidence)
    reproduced = _reproduced(evidence)
    found: dict[str, Bug] = {}
    for step in steps:
        if not isinstance(step.spec, SuiteSpec):  # pragma: no cover - narrowing for the type checker
            continue
        suite = SuiteBugs(evidence.plan, step.spec, evidence.envelopes(*RECORDS, source=step.id))
        for group in suite.groups:
            bug = suite.bug(group, started=started, known=known, reproduction=reproduced.get(group.key.id))
            found[bug.id] = _joined(found[bug.id], bug) if bug.id in found else bug
    trusts = unreliable(evidence)
    bugs = most_urgent_first(undecided(bug, trusts) for bug in found.values())
    not_run = [bug.id for bug in bugs if bug.reproduction is None]
    return Part(bugs=tuple(bugs), not_measured={"bugs.reproduction": _not_run(not_run)} if not_run else {})


def _not_run(bugs: list[str]) -> str:
    more = f" and {len(bugs) - _MOST_NAMED:,} more" if len(bugs) > _MOST_NAMED else ""
    return f"not run for {', '.join(bugs[:_MOST_NAMED])}{more}"


def _known(evidence: Evidence) -> dict[str, str]:
    entries: dict[str, str] = {}
    for envelope in evidence.envelopes(KnownBugs):
        if isinstance(envelope.data, KnownBugs):
            entries.update(envelope.data.entries)
    return entries


def _reproduced(evidence: Evidence) -> dict[str, Reproduction]:
    found: dict[str, Reproduction] = {}
    for envelope in evidence.envelopes(Reproduced):
        if isinstance(envelope.data, Reproduced):
            found[envelope.data.signature] = _reproduction(envelope.data)
    return found


def _reproduction(ran: Reproduced) -> Reproduction:
    """The command as one pastes it at the project's root."""
    command = shlex.join(ran.command)
    if ran.cwd != ".":
        command = f"cd {shlex.quote(ran.cwd)} && {command}"
    said = f"{ran.outcome}: {ran.detail}" if ran.detail and ran.outcome != "reproduced" else ran.outcome
    return Reproduction(command=plain(command), outcome=plain(said))


def _joined(first: Bug, second: Bug) -> Bug:
    """The same bug in two suites of one plan: the more urgent one, with the tests of both."""
    better, other = most_urgent_first([first, second])
    fields = {name: getattr(better, name) for name in better.__struct_fields__}
    return Bug(**(fields | {"tests": tuple(sorted({*better.tests, *other.tests}))}))
