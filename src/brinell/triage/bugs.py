"""Observations to bugs, in order of urgency. Shared by the check, which judges, and by the step that reproduces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from brinell.core.judgement import Bug, Reproduction
from brinell.core.observation import Collected, CollectError, Envelope, SeenTest, StepFinished, SuiteEnded, SuiteStarted
from brinell.core.plan import Plan, SuiteSpec
from brinell.core.redact import plain
from brinell.core.verdicts import Owner
from brinell.triage.failure import Observed, observe
from brinell.triage.fix import fix_strategy_of
from brinell.triage.group import Group, group
from brinell.triage.known import status_of
from brinell.triage.owner import Scope, rule_on
from brinell.triage.ownership import Layout, layout_of
from brinell.triage.severity import due, severity_of
from brinell.triage.suspects import suspects_of
from brinell.triage.wording import callers_of, error_of, excerpt_of, root_cause_of, title_of

RECORDS = (SuiteStarted, Collected, CollectError, SeenTest, SuiteEnded, StepFinished)
"""What of a suite step's records bugs are made of."""

_OWNERS = (Owner.PRODUCT, Owner.UNDECIDED, Owner.INFRASTRUCTURE)


class SuiteBugs:
    """The groups of one suite step with what they were made from."""

    def __init__(self, plan: Plan, spec: SuiteSpec, envelopes: Iterable[Envelope]) -> None:
        self.observed: Observed = observe(envelopes)
        self.layout: Layout = layout_of(plan, self.observed.started, spec.directory, self.observed.paths)
        self.groups: list[Group] = group(self.observed.failures, self.layout)
        uncollected = sum(failure.kind == "collection" for failure in self.observed.failures)
        self._callers = callers_of(self.groups)
        self._tried = self.observed.tests + uncollected

    def bug(
        self,
        found: Group,
        *,
        started: str = "",
        known: Mapping[str, str] | None = None,
        reproduction: Reproduction | None = None,
    ) -> Bug:
        """Return the bug of a group; ``started`` is the run's start (ISO), from which its deadline counts."""
        scope = self._scope(found)
        ruling = rule_on(found, self.layout, scope)
        severity, rule = severity_of(found.first, ruling.owner, scope)
        return Bug(
            id=found.key.id,
            severity=severity,
            severity_rule=plain(rule),
            owner=ruling.owner,
            owner_evidence=tuple(plain(line) for line in (*ruling.evidence, *_of_running_it(reproduction))),
            signature=plain(found.key.text),
            title=title_of(found),
            tests=found.tests,
            error=error_of(found.first, self.layout),
            root_cause=_plain(root_cause_of(found, self._callers)),
            suspects=suspects_of(found, self.layout),
            reproduction=reproduction,
            fix_strategy=_plain(fix_strategy_of(found, ruling.owner)),
            sla_due=due(started, severity),
            status=status_of(found.key.id, found.tests, known or {}),
            why_grouped=plain(found.key.why),
            excerpt=excerpt_of(found.first),
        )

    def _scope(self, found: Group) -> Scope:
        stopped = len(found.readings)
        files = len({reading.failure.path for reading in found.readings})
        return Scope(ran=self._tried, stopped=stopped, files=files)


def _of_running_it(reproduction: Reproduction | None) -> tuple[str, ...]:
    if reproduction is not None and reproduction.outcome.startswith("passed alone"):
        return ("alone in a fresh process it passes: look at what other tests leave behind, and at chance",)
    return ()


def _plain(text: str | None) -> str | None:
    return None if text is None else plain(text)


def most_urgent_first(bugs: Iterable[Bug]) -> list[Bug]:
    """Sort by severity; of one severity the product's before the infrastructure's, then those with most tests."""
    return sorted(bugs, key=lambda bug: (bug.severity, _OWNERS.index(bug.owner), -len(bug.tests), bug.id))
