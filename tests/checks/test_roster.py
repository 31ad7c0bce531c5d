"""What every check of the roster keeps to, whatever the evidence."""

from __future__ import annotations

import msgspec
import pytest

from brinell.core.evidence import MemoryEvidence
from brinell.core.examination import Exam, ExamStarted, Left, LeftState
from brinell.core.judgement import Part
from brinell.core.observation import SeenTest, StepFinished, StepStarted, SuiteStarted
from brinell.core.plan import ExamineSpec, Plan, Step, SuiteSpec
from brinell.core.verdicts import Verdict
from brinell.rosters.checks import CHECKS

STEPS = (Step("suite", "suite", SuiteSpec()), Step("deep", "examine", ExamineSpec()))
TESTS = ("t.py::a", "t.py::b")
EXAMS = (
    Exam("alone", (1,), "p"),
    Exam("pair", (0, 1), "pf", messages={"1": "boom"}),
    Exam("pair", (0, 1), "pd", how="died"),
    Left(0, (LeftState("m.x", "m.x", "module-attribute"),)),
)
EVIDENCE = {
    "no plan": MemoryEvidence(Plan("p", "/p", ()), []),
    "nothing ran": MemoryEvidence(Plan("p", "/p", STEPS), []),
    "cut off": MemoryEvidence(Plan("p", "/p", STEPS), [StepStarted("suite"), StepStarted("deep")]),
    "exams before their start": MemoryEvidence(Plan("p", "/p", STEPS), [StepStarted("deep"), *EXAMS]),
    "a suite and an examination": MemoryEvidence(
        Plan("p", "/p", STEPS),
        [
            StepStarted("suite"),
            SuiteStarted(("pytest",), "py", "asked"),
            SeenTest(TESTS[0], "passed", {}),
            StepFinished("suite"),
            StepStarted("deep"),
            ExamStarted(TESTS, forks=True),
            *EXAMS,
            StepFinished("deep"),
        ],
    ),
}


@pytest.mark.parametrize("evidence", EVIDENCE.values(), ids=EVIDENCE)
@pytest.mark.parametrize("name", CHECKS)
def test_a_check_gives_the_same_part_each_time_and_no_finding_twice(name, evidence):
    part = CHECKS[name](evidence)
    assert isinstance(part, Part)
    assert msgspec.json.encode(part) == msgspec.json.encode(CHECKS[name](evidence))
    ids = [finding.id for finding in part.findings]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("name", CHECKS)
@pytest.mark.parametrize("kind", ["no plan", "nothing ran", "cut off"])
def test_without_evidence_no_check_passes_anything(name, kind):
    assert all(finding.verdict is not Verdict.PASS for finding in CHECKS[name](EVIDENCE[kind]).findings)


@pytest.mark.parametrize("evidence", EVIDENCE.values(), ids=EVIDENCE)
def test_each_field_of_the_judgement_is_filled_by_one_check(evidence):
    for field in ("suite", "bugs", "flaky", "pollution", "load"):
        assert sum(getattr(check(evidence), field) is not None for check in CHECKS.values()) <= 1, field
