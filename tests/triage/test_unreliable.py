"""A bug of a test that the examination found unreliable is nobody's yet."""

from __future__ import annotations

import msgspec
import pytest

from brinell.core.evidence import MemoryEvidence
from brinell.core.examination import Confirmation, Exam, ExamStarted
from brinell.core.observation import StepFinished, StepStarted
from brinell.core.plan import ExamineSpec, Step
from brinell.triage.check import triage

_IDS = ("tests/test_a.py::test_polluter", "tests/test_a.py::test_victim")
_VICTIM = (
    ExamStarted(_IDS, forks=True),
    Exam("alone", (1,), "p"),
    Exam("pair", (0, 1), "pf"),
    Exam("order", (0, 1), "pf"),
)
_CONFIRMED = (
    Confirmation("alone", ("pytest", _IDS[1]), (1,), "p"),
    Confirmation("sequence", ("pytest", *_IDS), (0, 1), "pf"),
)


@pytest.fixture
def bug(suite):
    """The one bug of a suite in which the victim failed in the product's code, with these records of an examination."""

    def judged(*examination):
        frames = ("tests/test_a.py:3 test_victim", "src/shop/cart.py:30 Cart.add")
        seen = suite.failed(_IDS[1], suite.raised("RuntimeError", "boom", *frames))
        examined = (StepStarted("examine"), *examination, StepFinished("examine"))
        evidence = suite.evidence(seen, after=examined)
        plan = evidence.plan
        plan = msgspec.structs.replace(plan, steps=(*plan.steps, Step("examine", "examine", ExamineSpec())))
        (found,) = triage(MemoryEvidence(plan, [envelope.data for envelope in evidence.envelopes()])).bugs
        return found

    return judged


def test_a_confirmed_victims_bug_is_undecided_and_says_why(bug):
    before, after = bug(), bug(*_VICTIM, *_CONFIRMED)
    assert before.owner == "product"
    assert after.owner == "undecided"
    assert after.owner_evidence[0].startswith("the examination: victim; it fails after tests/test_a.py::test_polluter")
    assert after.owner_evidence[1:] == before.owner_evidence
    assert (after.id, after.severity, after.tests) == (before.id, before.severity, before.tests)


def test_what_no_fresh_process_confirmed_changes_nothing(bug):
    assert bug(*_VICTIM) == bug()


def test_a_stable_test_s_bug_stays_as_it_is(bug):
    stable = (ExamStarted(_IDS, forks=True), Exam("alone", (1,), "f"), Exam("order", (0, 1), "pf"))
    assert bug(*stable) == bug()
