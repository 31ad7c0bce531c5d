from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.checks.suite_outcomes import suite_outcomes
from brinell.core.evidence import MemoryEvidence
from brinell.core.observation import (
    Collected,
    CollectError,
    Phase,
    SeenTest,
    StepFinished,
    StepStarted,
    SuiteEnded,
    SuiteStarted,
)
from brinell.core.plan import Plan, Step, SuiteSpec
from brinell.core.verdicts import Reason, Verdict

FAIL, UNKNOWN, PASS = Verdict.FAIL, Verdict.UNKNOWN, Verdict.PASS
CALL = {"call": Phase("passed", 0.1)}


def seen(name="a", outcome="passed", **fields):
    return SeenTest(f"t.py::{name}", outcome, CALL, path="t.py", **fields)


def ended(status=0, **summary):
    return SuiteEnded(status, 1.0, None, summary=summary)


def findings(*records, step="suite", state="done"):
    plan = Plan(name="p", root=".", steps=(Step(step, "suite", SuiteSpec()),))
    started = SuiteStarted(("pytest",), "python3", "asked for")
    around = [StepStarted(step), started, *records, *([StepFinished(step, state)] if state else [])]
    return {finding.id: finding for finding in suite_outcomes(MemoryEvidence(plan, around)).findings}


def judged(*records, **how):
    finding = findings(*records, **how)["suite.outcomes"]
    return finding.verdict, finding.reason


def test_all_passed():
    found = findings(seen(), ended(passed=1))
    assert list(found) == ["suite.outcomes"]
    assert (found["suite.outcomes"].verdict, found["suite.outcomes"].title) == (PASS, "1 passed")
    assert found["suite.outcomes"].required


@pytest.mark.parametrize("outcome", ["failed", "error"])
def test_a_failed_test_fails_and_is_cited(outcome):
    found = findings(seen("a"), seen("b", outcome), ended(1, passed=1, **{outcome: 1}))["suite.outcomes"]
    assert (found.verdict, found.title, found.evidence) == (FAIL, "1 of 2 tests failed", ("suite#3",))
    assert found.detail == f"{outcome}: t.py::b"
    assert found.owner is None


def test_a_failing_teardown_fails():
    assert judged(seen(teardown_error=True), ended(1, passed=1, error=1)) == (FAIL, None)


def test_a_module_that_cannot_be_collected_fails():
    found = findings(CollectError("t.py"), ended(1, error=1))
    assert (found["suite.outcomes"].verdict, len(found)) == (FAIL, 1)


def test_a_suite_of_expected_failures_passes():
    found = findings(
        seen("a", "xfailed"), seen("b", "xpassed"), seen("c", "skipped"), ended(xfailed=1, xpassed=1, skipped=1)
    )
    assert (found["suite.outcomes"].verdict, found["suite.outcomes"].title) == (PASS, "1 xpassed, 1 xfailed, 1 skipped")


@pytest.mark.parametrize(
    ("records", "state", "expected"),
    [
        ([ended(5)], "done", (UNKNOWN, Reason.NOT_EXERCISED)),
        ([SuiteEnded(4, 1.0, None)], "done", (UNKNOWN, Reason.NOT_EXERCISED)),
        ([seen("a", "skipped"), ended(skipped=1)], "done", (UNKNOWN, Reason.NOT_EXERCISED)),
        ([Collected(2, 0, 0.1), ended()], "done", (UNKNOWN, Reason.NOT_EXERCISED)),
        ([Collected(2, 0, 0.1), seen(), ended(passed=1)], "done", (UNKNOWN, Reason.INCONCLUSIVE)),
        ([seen()], "", (UNKNOWN, Reason.INCONCLUSIVE)),
        ([seen(), ended(2, passed=1)], "interrupted", (UNKNOWN, Reason.INCONCLUSIVE)),
        ([seen(), SuiteEnded(-9, 1.0, None, signal="SIGKILL")], "interrupted", (UNKNOWN, Reason.INCONCLUSIVE)),
        ([seen(), ended(2, passed=1)], "done", (UNKNOWN, Reason.INCONCLUSIVE)),
        ([seen("a", "failed"), ended(2, failed=1)], "interrupted", (FAIL, None)),
        ([seen("a", "failed")], "", (FAIL, None)),
        ([seen(), SuiteEnded(-11, 1.0, None, signal="SIGSEGV", running=("t.py::b",))], "done", (FAIL, None)),
        ([seen(), SuiteEnded(0, 1.0, None)], "done", (FAIL, None)),
        ([seen(), SuiteEnded(2, 1.0, None, timed_out=True, summary={"passed": 1})], "done", (FAIL, None)),
        ([seen(), SuiteEnded(3, 1.0, None, internal_error="x", summary={"passed": 1})], "done", (FAIL, None)),
        ([seen(), ended(1, passed=1)], "done", (FAIL, None)),
        ([seen(), ended(120, passed=1)], "done", (FAIL, None)),
        ([seen(), SuiteEnded(None, 1.0, None)], "done", (UNKNOWN, Reason.INCONCLUSIVE)),
    ],
)
def test_how_a_session_ends_is_judged(records, state, expected):
    assert judged(*records, state=state) == expected


def test_where_the_interpreter_died_is_named():
    found = findings(SuiteEnded(-11, 1.0, None, signal="SIGSEGV", running=("t.py::b",), stderr_tail=("Fatal error",)))
    assert found["suite.outcomes"].title == "the interpreter was killed by SIGSEGV while running t.py::b"
    assert "Fatal error" in found["suite.outcomes"].detail


def test_counts_that_differ_from_pytests_own_are_told():
    found = findings(seen("a"), seen("b"), ended(passed=2, failed=1, warnings=7, deselected=3))["suite.record"]
    assert (found.verdict, found.reason, found.required) == (UNKNOWN, Reason.INVALID, True)
    assert found.title == "the recorder and pytest disagree"
    assert found.detail == "counts differ: failed: pytest 1, recorded 0"


def test_a_record_with_holes_is_told_but_does_not_block():
    found = findings(seen(), SuiteEnded(0, 1.0, None, summary={"passed": 1}, malformed=2, recorder_errors=("x: y",)))
    assert not found["suite.record"].required
    assert found["suite.record"].detail == "2 lines of the record could not be read\nthe recorder failed: x: y"


def test_what_passed_only_on_a_rerun_is_flaky_or_broken_and_not_told_apart():
    first = seen("a", "failed", final=False, counted=("rerun",))
    found = findings(first, seen("a", attempt=1), ended(passed=1, rerun=1))
    assert found["suite.outcomes"].verdict is PASS
    assert (found["suite.retries"].verdict, found["suite.retries"].required) == (UNKNOWN, False)
    assert "t.py::a" in found["suite.retries"].detail


def test_repeats_that_differ_are_proof_of_a_flaky_test():
    found = findings(seen("a"), seen("b"), ended(passed=2), seen("a", repeat=1), seen("b", "failed", repeat=1),
                     SuiteEnded(1, 1.0, None, summary={"passed": 1, "failed": 1}, repeat=1))  # fmt: skip
    assert found["suite.outcomes"].title == "1 of 2 tests failed"
    assert (found["suite.repeats"].verdict, found["suite.repeats"].required) == (FAIL, False)
    assert found["suite.repeats"].detail == "t.py::b: passed, failed"


def test_ids_follow_the_step_and_hostile_names_stay_on_their_line():
    found = findings(seen("x\n\x1b[2J" * 50, "failed"), ended(1, failed=1), step="nightly")
    assert list(found) == ["nightly.outcomes"]
    assert "\x1b" not in found["nightly.outcomes"].detail
    assert len(found["nightly.outcomes"].detail.splitlines()) == 1


def test_long_lists_are_cut():
    many = [seen(f"t{n}", "failed") for n in range(60)]
    found = findings(*many, ended(1, failed=60))["suite.outcomes"]
    assert found.detail.endswith("and 50 more")
    assert len(found.evidence) == 50


OUTCOMES = st.sampled_from(["passed", "failed", "skipped", "error", "xfailed", "xpassed"])


@given(st.lists(OUTCOMES, max_size=12), st.sampled_from([0, 1, 2, 3, 4, 5, 9, -9, None]), st.booleans())
def test_it_never_passes_with_a_failure_or_without_a_test(outcomes, status, said):
    summary = {word: outcomes.count(word) for word in set(outcomes)} if said else None
    records = [seen(str(n), outcome) for n, outcome in enumerate(outcomes)]
    signal = "SIGKILL" if status == -9 else None
    verdict, _ = judged(*records, SuiteEnded(status, 1.0, None, summary=summary, signal=signal))
    bad = {"failed", "error"} & set(outcomes)
    if bad:
        assert verdict is FAIL
    if verdict is PASS:
        assert status == 0
        assert said
        assert set(outcomes) - {"skipped"}


@pytest.mark.parametrize(
    ("record", "detail"),
    [
        (SuiteEnded(-11, 1.0, None, signal="SIGSEGV", stderr_tail=("Fatal error",)), "    Fatal error"),
        (SuiteEnded(4, 1.0, None, stderr_tail=("no such option",)), "    no such option"),
        (SuiteEnded(5, 1.0, None), ""),
    ],
)
def test_the_detail_does_not_repeat_the_title(record, detail):
    assert findings(record)["suite.outcomes"].detail == detail


def test_a_dead_session_with_failed_tests_says_both():
    found = findings(seen("a", "failed"), SuiteEnded(-11, 1.0, None, signal="SIGSEGV"))["suite.outcomes"]
    assert found.title == "1 of 1 tests failed"
    assert "the interpreter was killed by SIGSEGV" in found.detail.splitlines()
