from __future__ import annotations

import time
from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.checks.suite_baseline import suite_baseline
from brinell.checks.suite_outcomes import suite_outcomes
from brinell.checks.suite_report import suite_report
from brinell.core.evidence import MemoryEvidence
from brinell.core.observation import (
    Collected,
    CollectError,
    Epoch,
    Phase,
    SeenTest,
    StepFinished,
    StepStarted,
    SuiteEnded,
    SuiteStarted,
    WarningSeen,
)
from brinell.core.plan import Plan, Step, SuiteSpec
from brinell.core.verdicts import Reason, Verdict

START = SuiteStarted(("pytest",), "python3", "asked for", python="3.12.1", pytest="8.3.0", rootdir="/p/api")


def seen(name="t.py::a", outcome="passed", call=0.5, **fields):
    phases = {"setup": Phase("passed", 0.25), "call": Phase("passed", call), "teardown": Phase("passed", 0.125)}
    return SeenTest(name, outcome, phases, path=name.split("::")[0], **fields)


def ended(status=0, seconds=2.0, repeat=0, **summary):
    return SuiteEnded(status, seconds, None, summary=summary, repeat=repeat)


def evidence(*records, spec=None, started=START, state="done", baseline=None):
    plan = Plan(name="p", root="/p", steps=(Step("suite", "suite", spec or SuiteSpec()),))
    around = [Epoch("2026-01-01T00:00:00Z", 0, "", 1, "0"), StepStarted("suite"), *([started] if started else [])]
    return MemoryEvidence(plan, [*around, *records, StepFinished("suite", state)], baseline=baseline)


def report(*records, **how):
    return suite_report(evidence(*records, **how)).suite


def test_the_numbers_of_a_run():
    found = report(
        Collected(4, 2, 0.1), seen(), seen("t.py::b", "failed"), seen("t.py::c", "xfailed"),
        seen("t.py::d", teardown_error=True), CollectError("u.py"), WarningSeen("w", "UserWarning", count=3),
        ended(1, 2.0, passed=2, failed=1, xfailed=1, error=2),
    )  # fmt: skip
    assert (found.test_count, found.passed, found.failed, found.errors, found.xfailed) == (5, 2, 1, 2, 1)
    assert (found.deselected, found.warnings, found.exit_status) == (2, 3, 1)
    assert (found.execution_time_seconds, found.serial_seconds, found.parallel_seconds) == (2.0, 2.0, None)
    assert (found.timestamp, found.python, found.pytest) == ("2026-01-01T00:00:00Z", "3.12.1", "8.3.0")
    assert msgspec.to_builtins(found.categories) == {"other": {"count": 5, "passed": 1, "failed": 3, "seconds": 3.5}}


def test_subtests_count_as_pytest_counts_them():
    found = report(seen(outcome="failed", counted=("failed", "failed", "failed")), ended(1, failed=3))
    assert (found.test_count, found.failed) == (1, 3)


def test_under_xdist_the_wall_time_is_the_parallel_one():
    started = msgspec.structs.replace(START, xdist_workers=2)
    part = suite_report(evidence(seen(), ended(passed=1), started=started))
    assert (part.suite.serial_seconds, part.suite.parallel_seconds) == (None, 2.0)
    assert "suite.parallel_seconds" not in part.not_measured
    assert "2 xdist workers" in part.not_measured["suite.serial_seconds"]


def nulls(value, path="suite"):
    if value is None:
        yield path
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from nulls(item, f"{path}.{key}")
    elif isinstance(value, list | tuple):
        for item in value:
            yield from (f"{path}[]{found.removeprefix(path)}" for found in nulls(item, path))


@pytest.mark.parametrize(
    "records",
    [
        [seen(), ended(passed=1)],
        [seen(), ended(2, passed=1)],
        [SeenTest("t.py", "skipped", {}), SuiteEnded(None, 0.0, None)],
        [],
    ],
)
def test_every_null_has_its_reason(records):
    part = suite_report(evidence(*records))
    found = {
        path.split(".seconds.")[0] + (".seconds" if ".seconds." in path else "")
        for path in nulls(msgspec.to_builtins(part.suite))
    }
    assert found == set(part.not_measured)
    assert all(part.not_measured.values())


def test_without_a_record_there_is_no_suite():
    part = suite_report(evidence(started=None))
    assert part.suite is None
    assert part.not_measured == {"suite": "suite left no record"}


def test_a_plan_without_a_suite_says_so():
    part = suite_report(MemoryEvidence(Plan(name="p", root=".", steps=()), []))
    assert part.not_measured == {"suite": "the plan has no suite"}


@pytest.mark.parametrize(
    ("records", "stated", "verdict", "reason", "met"),
    [
        ([seen(), ended(seconds=2.0, passed=1)], False, Verdict.PASS, None, True),
        ([seen(), ended(seconds=20.0, passed=1)], False, Verdict.FAIL, None, False),
        ([seen(), ended(seconds=20.0, passed=1)], True, Verdict.FAIL, None, False),
        ([seen(), ended(2, seconds=2.0, passed=1)], True, Verdict.UNKNOWN, Reason.INCONCLUSIVE, None),
        ([seen(), ended(2, seconds=20.0, passed=1)], True, Verdict.FAIL, None, None),
        ([seen()], True, Verdict.UNKNOWN, Reason.INCONCLUSIVE, None),
    ],
)
def test_the_time_target(records, stated, verdict, reason, met):
    part = suite_report(evidence(*records, spec=SuiteSpec(target_s=10.0, target_stated=stated)))
    (finding,) = part.findings
    assert (finding.id, finding.verdict, finding.reason, finding.required) == ("suite.target", verdict, reason, stated)
    assert part.suite.targets_met == {"full_suite": met}
    assert ("(the default)" in finding.title) is not stated


def test_repeats_give_medians_and_the_worst_outcome():
    records = []
    for repeat, (seconds, call, outcome) in enumerate(
        [(3.0, 0.9, "passed"), (1.0, 0.1, "passed"), (2.0, 0.2, "failed")]
    ):
        records += [seen("t.py::a", call=call, repeat=repeat), seen("t.py::b", outcome, repeat=repeat)]
        records.append(ended(int(outcome == "failed"), seconds, repeat, **Counter(["passed", outcome])))
    found = report(*records)
    assert (found.execution_time_seconds, found.repeats) == (2.0, (3.0, 1.0, 2.0))
    told = {test.id: (test.outcome, test.trust, test.seconds.call) for test in found.tests}
    assert told == {"t.py::a": ("passed", "repeated", 0.2), "t.py::b": ("failed", "differed", 0.5)}
    assert (found.passed, found.failed) == (1, 1)


def test_a_retried_test_says_so():
    found = report(seen(outcome="failed", final=False, counted=("rerun",)), seen(attempt=1), ended(passed=1, rerun=1))
    assert [(test.outcome, test.trust, test.reruns) for test in found.tests] == [("passed", "retried", 1)]
    assert (found.flaky_retries, found.passed, found.failed) == (1, 1, 0)


def test_nobody_is_confirmed_by_a_run_of_the_suite():
    assert {test.trust for test in report(seen(), seen("t.py::b", "failed"), ended(1)).tests} == {"single-run"}


def test_categories_match_paths_below_the_project_and_below_rootdir():
    spec = SuiteSpec(categories={"mine": "api/tests/db/**", "theirs": "tests/web/*.py"})
    found = report(seen("tests/db/test_a.py::a"), seen("tests/web/test_b.py::b"), ended(), spec=spec)
    assert {test.id: test.category for test in found.tests} == {
        "tests/db/test_a.py::a": "mine",
        "tests/web/test_b.py::b": "theirs",
    }


WORDS = st.sampled_from(["passed", "failed", "skipped", "error", "xfailed", "xpassed"])


@given(st.lists(st.tuples(st.integers(0, 6), WORDS, st.booleans(), st.floats(0, 100)), max_size=20))
def test_sums_agree(tests):
    found = report(*(seen(f"t.py::{n}", word, call, teardown_error=td) for n, word, td, call in tests), ended(1))
    assert found.test_count == len(found.tests) == sum(group.count for group in found.categories.values())
    counted = found.passed + found.failed + found.skipped + found.errors + found.xfailed + found.xpassed
    assert counted == found.test_count + sum(test.teardown_error for test in found.tests)
    assert [slow.duration for slow in found.slowest_tests] == sorted(
        (s.duration for s in found.slowest_tests), reverse=True
    )


def test_ten_thousand_tests_are_judged_without_a_wait():
    records = [seen(f"tests/unit/test_{n % 300}.py::test_{n}", call=n / 1e5) for n in range(10_000)]
    given_evidence = evidence(*records, ended(passed=10_000), baseline={"suite": {"seconds": [2.0], "tests": {}}})
    before = time.process_time()
    for check in (suite_outcomes, suite_report, suite_baseline):
        check(given_evidence)
    assert time.process_time() - before < 20  # some 0.3 s; a quadratic step would take minutes
