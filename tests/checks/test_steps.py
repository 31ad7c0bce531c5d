from __future__ import annotations

import pytest

from brinell.checks.steps import steps
from brinell.core.evidence import MemoryEvidence
from brinell.core.observation import RunEnded, ServiceEnded, StepFinished, StepStarted
from brinell.core.plan import LoadSpec, Plan, ReproduceSpec, Step, SuiteSpec
from brinell.core.verdicts import Exit, Reason, Verdict

PLAN = Plan(
    name="p",
    root=".",
    steps=(
        Step("suite", "suite", SuiteSpec()),
        Step("reproduce", "reproduce", ReproduceSpec()),
        Step("load:x", "load", LoadSpec("x", {"kind": "constant"})),
    ),
)


def done(*names):
    return [record for name in names for record in (StepStarted(name), StepFinished(name))]


def found(*records):
    return {f.id: f for f in steps(MemoryEvidence(PLAN, records)).findings}


def test_nothing_to_say_when_every_step_ended_by_itself():
    assert found(*done("suite", "reproduce", "load:x"), RunEnded("complete")) == {}


def test_a_step_the_subject_stopped_fails_with_its_reason():
    records = [*done("suite", "reproduce"), StepStarted("load:x"), StepFinished("load:x", "failed", "port taken")]
    finding = found(*records, RunEnded("complete"))["step.load:x"]
    assert (finding.verdict, finding.required, finding.detail) == (Verdict.FAIL, True, "port taken")


@pytest.mark.parametrize(
    ("last", "reason"),
    [
        ([StepStarted("load:x"), StepFinished("load:x", "interrupted"), RunEnded("interrupted")], Reason.INCONCLUSIVE),
        ([StepStarted("load:x")], Reason.INCONCLUSIVE),
        ([], Reason.NOT_EXERCISED),
    ],
)
def test_a_step_that_was_cut_short_is_inconclusive_and_one_that_never_began_not_exercised(last, reason):
    finding = found(*done("suite", "reproduce"), *last)["step.load:x"]
    assert (finding.verdict, finding.reason, finding.required) == (Verdict.UNKNOWN, reason, True)


def test_when_the_run_itself_broke_no_step_is_blamed_on_the_subject():
    records = [
        StepStarted("suite"),
        StepFinished("suite", "failed", "UsageError: no pytest"),
        RunEnded("failed", "no pytest"),
    ]
    findings = found(*records)
    assert {f.verdict for f in findings.values()} == {Verdict.UNKNOWN}
    assert (findings["run.failed"].required, findings["run.failed"].detail) == (True, "no pytest")


def test_reproducing_is_a_convenience_and_never_required():
    records = [*done("suite"), *done("load:x")]
    assert not found(*records)["step.reproduce"].required


def test_a_service_that_went_away_by_itself_fails_with_its_last_words():
    records = [*done("suite", "reproduce", "load:x"), ServiceEnded(False, -9, ("out of memory",)), RunEnded("complete")]
    (finding,) = found(*records).values()
    assert (finding.verdict, finding.detail) == (Verdict.FAIL, "out of memory")
    assert "-9" in finding.title


@pytest.mark.parametrize(("ending", "said"), [("lease", "Brinell itself"), ("sigterm", "SIGTERM"), ("guard", "killed")])
def test_a_service_that_its_guard_ended_unasked_is_not_blamed(ending, said):
    records = [*done("suite", "reproduce"), StepStarted("load:x"), ServiceEnded(False, -15, (), ending)]
    finding = found(*records, StepFinished("load:x"), RunEnded("complete"))
    (only,) = finding.values()
    assert (only.verdict, only.reason, only.owner) == (Verdict.UNKNOWN, Reason.INVALID, None)
    assert said in only.title


def test_an_interrupted_step_says_by_what():
    records = [*done("suite", "reproduce"), StepStarted("load:x"), StepFinished("load:x", "interrupted", "stood still")]
    assert found(*records, RunEnded("interrupted"))["step.load:x"].detail == "stood still"


def test_what_ended_an_earlier_attempt_is_void_once_the_run_went_on():
    before = [*done("suite", "reproduce"), ServiceEnded(False, -9), RunEnded("failed", "no space", Exit.USAGE)]
    assert set(found(*before)) == {"service.died.4", "run.failed", "step.load:x"}
    assert found(*before, *done("load:x"), RunEnded("complete")) == {}
