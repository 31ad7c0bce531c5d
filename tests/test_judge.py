from __future__ import annotations

import jsonschema
import msgspec
import pytest

from brinell.core.evidence import MemoryEvidence
from brinell.core.finding import Finding
from brinell.core.judgement import Bug, Judgement, Part
from brinell.core.observation import Epoch, RunEnded, RunStarted, StepFinished, StepStarted, SuiteStarted
from brinell.core.plan import Plan, Step, SuiteSpec
from brinell.core.schema import judgement_schema
from brinell.core.verdicts import Owner, Reason, Severity, Verdict
from brinell.judge import judge

PLAN = Plan(name="shop", root=".", steps=(Step("suite", "suite", SuiteSpec()),))
RECORDS = [
    Epoch("2026-01-01T00:00:00Z", 0, "", 1, "0.1"),
    RunStarted("abc", {"cpu": "x"}),
    StepStarted("suite"),
    SuiteStarted(("pytest",), "/usr/bin/python3", "asked for", python="3.11.7"),
    StepFinished("suite"),
    RunEnded("complete"),
]


def finding(verdict, *, required=True, owner=None, identity="a.outcomes", check="suite-outcomes"):
    reason = Reason.INCONCLUSIVE if verdict is Verdict.UNKNOWN else None
    return Finding(
        id=identity, check=check, required=required, verdict=verdict, reason=reason, owner=owner, title="t"
    )  # fmt: skip


def bug(owner):
    return Bug(
        id="b1", severity=Severity.P2, severity_rule="unsure", owner=owner, owner_evidence=(), signature="s", title="t",
        tests=("a",), error="e", root_cause=None, suspects=(), reproduction=None, fix_strategy=None, sla_due="",
        status="new",
    )  # fmt: skip


def judged(*findings, bugs=None, records=RECORDS):
    part = Part(findings=findings, bugs=bugs)
    return judge(MemoryEvidence(PLAN, records), {"x": lambda _: part})


FAIL, UNKNOWN, PASS = Verdict.FAIL, Verdict.UNKNOWN, Verdict.PASS


@pytest.mark.parametrize(
    ("findings", "verdict", "code"),
    [
        ([], UNKNOWN, 3),
        ([finding(PASS)], PASS, 0),
        ([finding(PASS), finding(UNKNOWN)], UNKNOWN, 3),
        ([finding(PASS), finding(FAIL, required=False)], PASS, 0),
        ([finding(UNKNOWN), finding(FAIL)], FAIL, 1),
        ([finding(FAIL, owner=Owner.INFRASTRUCTURE)], FAIL, 4),
        ([finding(FAIL, owner=Owner.INFRASTRUCTURE), finding(FAIL)], FAIL, 1),
        ([finding(FAIL, owner=Owner.UNDECIDED)], FAIL, 1),
    ],
)
def test_the_worst_required_finding_is_the_verdict(findings, verdict, code):
    judgement = judged(*findings)
    assert (judgement.verdict, judgement.run.exit_code) == (verdict, code)


@pytest.mark.parametrize(
    ("owners", "code"),
    [
        ([Owner.INFRASTRUCTURE], 4),
        ([Owner.INFRASTRUCTURE, Owner.PRODUCT], 1),
        ([Owner.INFRASTRUCTURE, Owner.UNDECIDED], 1),
    ],
)
def test_a_failed_suite_is_owned_by_infrastructure_only_if_every_bug_is(owners, code):
    assert judged(finding(FAIL), bugs=tuple(bug(o) for o in owners)).run.exit_code == code


def test_infrastructure_bugs_do_not_excuse_a_failed_threshold():
    failed = finding(FAIL, identity="load.x.p95_ms", check="load")
    assert judged(finding(FAIL), failed, bugs=(bug(Owner.INFRASTRUCTURE),)).run.exit_code == 1


def test_a_scenario_called_outcomes_is_not_mistaken_for_the_suite():
    failed = finding(FAIL, identity="step.load:x.outcomes", check="steps")
    assert judged(failed, bugs=(bug(Owner.INFRASTRUCTURE),)).run.exit_code == 1


def test_what_others_measured_is_judged_after_them_and_may_crash_too():
    def second(evidence, measured):
        assert evidence.plan is PLAN
        return Part(findings=(finding(FAIL, identity=f"seen.{len(measured)}"),))

    def crash(_, measured):
        raise KeyError(len(measured))

    checks = {"one": lambda _: Part(findings=(finding(PASS),)), "two": lambda _: Part()}
    judgement = judge(MemoryEvidence(PLAN, RECORDS), checks, {"second": second, "third": crash})
    assert [one.id for one in judgement.findings] == ["a.outcomes", "seen.2", "third.crashed"]


def test_a_crashing_check_is_unknown_and_hides_nothing():
    def crash(_):
        raise ZeroDivisionError("by hand")

    judgement = judge(MemoryEvidence(PLAN, RECORDS), {"good": lambda _: Part(findings=(finding(PASS),)), "bad": crash})
    assert judgement.verdict is UNKNOWN
    crashed = judgement.findings[1]
    assert (crashed.id, crashed.reason) == ("bad.crashed", Reason.CRASHED)
    assert "ZeroDivisionError: by hand" in crashed.detail


@pytest.mark.parametrize(
    ("records", "state", "code"),
    [
        (RECORDS, "complete", 0),
        (RECORDS[:-1], "torn", 0),
        ([*RECORDS[:-1], RunEnded("interrupted")], "interrupted", 130),
        ([*RECORDS[:-1], RunEnded("interrupted"), RECORDS[0], RunEnded("complete")], "complete", 0),
    ],
)
def test_how_the_run_ended_is_told(records, state, code):
    judgement = judged(finding(PASS), records=records)
    assert (judgement.run.state, judgement.run.exit_code) == (state, code)
    assert judgement.run.steps == {"suite": "done"}


@pytest.mark.parametrize("code", [2, 70])
def test_an_error_that_ended_the_run_keeps_its_exit_code_until_a_resume_completes_it(code):
    broken = [*RECORDS[:-1], RunEnded("failed", "why", code)]
    assert judged(finding(FAIL), records=broken).run.exit_code == code
    assert judged(finding(PASS), records=[*broken, RECORDS[0], RunEnded("complete")]).run.exit_code == 0


def test_the_fingerprint_has_the_interpreter_the_suite_really_ran_in():
    assert judged().run.fingerprint == {"cpu": "x", "python": "3.11.7"}


def test_what_this_version_cannot_measure_is_said():
    assert "soak" in judged().not_measured


def test_the_judgement_fits_its_schema_and_survives_a_round_trip():
    judgement = judged(finding(PASS), finding(UNKNOWN), bugs=(bug(Owner.PRODUCT),))
    data = msgspec.json.encode(judgement)
    jsonschema.validate(msgspec.json.decode(data), judgement_schema())
    assert msgspec.json.decode(data, type=Judgement) == judgement
