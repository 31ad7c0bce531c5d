from __future__ import annotations

import re
from statistics import median

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.checks.suite_baseline import suite_baseline
from brinell.core.evidence import MemoryEvidence
from brinell.core.observation import Phase, RunStarted, SeenTest, StepFinished, StepStarted, SuiteEnded, SuiteStarted
from brinell.core.plan import Plan, Step, SuiteSpec
from brinell.core.verdicts import Reason, Verdict
from brinell.judge import judge

FAIL, UNKNOWN, PASS = Verdict.FAIL, Verdict.UNKNOWN, Verdict.PASS
FACTS = {"cpu": "x", "python": "3.12.1"}


def session(seconds, repeat=0, tests=(("a", "passed", 1.0),), workers=0):
    yield SuiteStarted(("pytest",), "python3", "", python="3.12.1", repeat=repeat, xdist_workers=workers)
    for name, outcome, took in tests:
        yield SeenTest(name, outcome, {"call": Phase("passed", took)}, path="t.py", repeat=repeat)
    failed = any(outcome == "failed" for _, outcome, _ in tests)
    yield SuiteEnded(int(failed), seconds, None, summary={"passed": 1}, repeat=repeat)


def baseline(seconds=(10.0,), tests=(("a", "passed", 1.0),), **fields):
    suite = {"seconds": list(seconds), "test_count": len(tests), "tests": {n: [o, t] for n, o, t in tests}, **fields}
    return {"v": 1, "fingerprint": FACTS, "suite": suite}


def judged(records, blessed, **spec):
    plan = Plan(name="p", root=".", steps=(Step("suite", "suite", SuiteSpec(**spec)),))
    around = [RunStarted("d", {"cpu": "x"}), StepStarted("suite"), *records, StepFinished("suite")]
    (finding,) = suite_baseline(MemoryEvidence(plan, around, baseline=blessed)).findings
    return finding


def runs(*seconds, **fields):
    return [record for repeat, s in enumerate(seconds) for record in session(s, repeat, **fields)]


@pytest.mark.parametrize(
    ("seconds", "verdict"),
    [
        ([9, 9, 9, 9, 9], PASS),
        ([9, 9, 9, 9, 12], UNKNOWN),
        ([9, 9, 9, 9, 9, 12], PASS),
        ([9, 9, 9, 9, 9, 13], UNKNOWN),
        ([9, 9, 9, 9], UNKNOWN),
        ([12.1], UNKNOWN),
        ([13, 13, 13, 13], UNKNOWN),
        ([13, 13, 13, 13, 13], FAIL),
        ([13, 13, 13, 13, 11], UNKNOWN),
        ([13, 11, 11], UNKNOWN),
        ([13, 13, 13, 13, 13, 13, 13, 11], FAIL),
    ],
)
def test_the_verdict_on_runs_against_ten_blessed_seconds(seconds, verdict):
    finding = judged(runs(*seconds), baseline())
    assert finding.verdict is verdict
    assert finding.required is (verdict is not UNKNOWN or median(seconds) > 12)
    assert finding.title.startswith({FAIL: "regressed", PASS: "not regressed", UNKNOWN: "cannot tell"}[verdict])
    assert finding.reason is (Reason.INCONCLUSIVE if verdict is UNKNOWN else None)


@pytest.mark.parametrize(
    ("seconds", "needed"), [([13], 5), ([13, 13], 5), ([13, 13, 13, 13], 5), ([13, 13, 13, 11], 8)]
)
def test_how_many_runs_would_settle_it(seconds, needed):
    detail = judged(runs(*seconds), baseline()).detail
    assert f"brinell suite --repeat {needed}" in detail
    settled = [*seconds, *[13] * (needed - len(seconds))]
    assert judged(runs(*settled), baseline()).verdict is FAIL
    assert judged(runs(*settled[:-1]), baseline()).verdict is not FAIL


def with_cpu(records, *cpu_s):
    found = iter(cpu_s)
    return [msgspec.structs.replace(r, cpu_s=next(found)) if isinstance(r, SuiteEnded) else r for r in records]


@pytest.mark.parametrize(
    ("number", "cpu_s", "verdict"), [(5, 11.0, FAIL), (5, 8.1, UNKNOWN), (7, 8.1, UNKNOWN), (8, 8.1, FAIL)]
)
def test_longer_without_computing_longer_takes_more_evidence(number, cpu_s, verdict):
    records = with_cpu(runs(*[13.0] * number), *[cpu_s] * number)
    finding = judged(records, baseline(cpu_s=[8.0, 8.0, 8.2]))
    assert finding.verdict is verdict
    assert ("--repeat 8" in finding.detail) is (verdict is UNKNOWN)
    assert f"processor time {cpu_s / 8:.2f} times" in finding.detail


def test_the_median_of_several_blessed_runs_counts():
    assert judged(runs(*[14.0] * 5), baseline(seconds=[1.0, 12.0, 30.0])).verdict is PASS


def test_the_ratio_is_the_plans():
    assert judged(runs(*[14.0] * 5), baseline(), regression_ratio=1.5).verdict is PASS


def test_without_a_baseline_it_advises_to_bless_one():
    for none in (None, {"v": 1, "load": {}}):
        finding = judged(runs(14.0), none)
        assert (finding.verdict, finding.reason, finding.required) == (UNKNOWN, Reason.NOT_EXERCISED, False)
        assert "bless" in finding.detail


def test_another_machine_does_not_compare():
    blessed = baseline(fingerprint={**FACTS, "cpu": "y", "lock": "uv.lock:1"})
    finding = judged(runs(14.0), blessed)
    assert (finding.verdict, finding.reason, finding.required) == (UNKNOWN, Reason.INCONCLUSIVE, False)
    assert "cpu: y then, x now; lock: uv.lock:1 then, not known now" in finding.detail


def test_other_workers_do_not_compare():
    assert judged(runs(14.0), baseline(workers=4)).required is False
    assert judged(runs(*[9.0] * 5), baseline(workers=0)).verdict is PASS


@pytest.mark.parametrize(
    "suite", [None, [], {"seconds": "x"}, {"seconds": [], "tests": {}}, {"seconds": [0], "tests": {}}, {"tests": {}}]
)
def test_a_damaged_baseline_is_told_and_advises(suite):
    finding = judged(runs(9.0), {"v": 1, "fingerprint": FACTS, "suite": suite})
    assert (finding.verdict, finding.reason, finding.required) == (UNKNOWN, Reason.INVALID, False)


def test_a_run_that_did_not_end_does_not_compare():
    records = [msgspec.structs.replace(r, exit_status=2) if isinstance(r, SuiteEnded) else r for r in session(1.0)]
    assert judged(records, baseline()).reason is Reason.INCONCLUSIVE


def test_a_suite_that_grew_is_not_slower():
    now = (("a", "passed", 1.0), ("new", "passed", 20.0))
    finding = judged(runs(*[30.0] * 5, tests=now), baseline())
    assert finding.verdict is PASS
    assert "1 tests in common with the same outcome (not new)" in finding.detail


def test_a_suite_whose_tests_fail_early_is_not_faster():
    then = (("a", "passed", 1.0), ("b", "passed", 8.0))
    now = (("a", "passed", 5.0), ("b", "failed", 0.0))
    finding = judged(runs(6.0, tests=now), baseline(tests=then))
    assert finding.verdict is UNKNOWN
    assert "3.00 times" in finding.title


def test_under_xdist_the_seconds_of_common_tests_are_added():
    now = (("a", "passed", 1.1), ("new", "passed", 50.0))
    finding = judged(runs(*[9.0] * 5, tests=now, workers=8), baseline(workers=8))
    assert finding.verdict is PASS
    assert "1.1 s to 1.1 s) against 1 s" in finding.detail


def test_nothing_in_common_does_not_compare():
    assert judged(runs(9.0, tests=(("b", "passed", 1.0),)), baseline()).reason is Reason.INCONCLUSIVE


def test_several_runs_are_told_with_their_interval():
    assert "97% interval 8 s to 13 s" in judged(runs(8, 9, 10, 11, 12, 13), baseline()).detail
    assert "median of 2 runs, 8 s to 9 s" in judged(runs(8, 9), baseline()).detail


@given(st.lists(st.floats(0.1, 100), min_size=1, max_size=12), st.lists(st.floats(0.1, 100), min_size=1, max_size=5))
def test_what_is_slower_by_no_ratio_never_fails_and_one_run_never_decides_against(now, then):
    finding = judged(runs(*now), baseline(seconds=then))
    limit = median(then) * 1.2
    assert finding.verdict in ((PASS, UNKNOWN) if median(now) <= limit else (UNKNOWN, FAIL))
    if finding.verdict is UNKNOWN:
        needed = int(re.search(r"--repeat (\d+)", finding.detail)[1])
        assert needed > len(now)
    if len(now) < 5:
        assert finding.verdict is UNKNOWN


@pytest.mark.parametrize("first_ran", [True, False])
def test_of_two_suites_the_first_is_compared_and_reported_and_the_other_is_judged_and_named(first_ran):
    plan = Plan(name="p", root=".", steps=(Step("suite", "suite", SuiteSpec()), Step("more", "suite", SuiteSpec())))
    first = [StepStarted("suite"), *runs(9.0), StepFinished("suite")]
    other = [StepStarted("more"), *runs(99.0, tests=[("b", "failed", 1.0)]), StepFinished("more")]
    evidence = MemoryEvidence(plan, [RunStarted("d", {"cpu": "x"}), *(first if first_ran else []), *other])
    evidence.baseline = baseline()
    judgement = judge(evidence)
    verdicts = {finding.id: finding.verdict for finding in judgement.findings}
    assert verdicts["more.outcomes"] is FAIL
    assert verdicts.get("suite.regression") is (UNKNOWN if first_ran else None)
    assert "more.regression" not in verdicts
    assert [test.id for test in judgement.suite.tests] == ["a"] if first_ran else judgement.suite is None
    assert judgement.not_measured["suite (more)"] == "the tests of more are judged and not listed"
    assert [bug.tests for bug in judgement.bugs] == [("b",)]
    assert (judgement.verdict, judgement.run.exit_code) == (FAIL, 1)
