from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.checks.parallel import parallel
from brinell.core.evidence import MemoryEvidence
from brinell.core.examination import ParallelOnly
from brinell.core.observation import Collected, Phase, SeenTest, StepFinished, StepStarted, SuiteEnded, SuiteStarted
from brinell.core.plan import Plan, Step, SuiteSpec
from brinell.core.verdicts import Verdict

OUTCOMES = ("passed", "failed", "error", "skipped", "xfailed", "xpassed", "passed+error")
BAD = {"failed", "error", "passed+error"}


def only(name="a", parallel="failed", serial="passed", after="all", **fields):
    return ParallelOnly(f"t.py::{name}", parallel, serial, after, "gw0", **fields)


def run(*records, workers=2, status=0, repeats=1):
    every = []
    for repeat in range(repeats):
        every += [
            SuiteStarted(("pytest",), "python3", "asked for", workers=workers, repeat=repeat),
            Collected(1, 0, 0.1, repeat=repeat),
            SeenTest("t.py::a", "passed", {"call": Phase("passed", 0.1)}, repeat=repeat),
            SuiteEnded(status, 1.0, None, summary={"passed": 1}, repeat=repeat),
        ]
    return judged(*every, *records)


def judged(*records):
    plan = Plan("p", "/p", (Step("unit", "suite", SuiteSpec()),))
    found = parallel(MemoryEvidence(plan, [StepStarted("unit"), *records, StepFinished("unit")])).findings
    assert all(not finding.required for finding in found)
    assert len(found) <= 1
    return found[0] if found else None


def test_what_needs_company_is_told_with_its_company_and_what_it_said():
    found = run(only(beside=("t.py::b", "t.py::c"), same_history="passed", message="FileExistsError: lock"))
    assert (found.id, found.verdict) == ("unit.parallel", Verdict.FAIL)
    assert found.title == "1 test fails on forked workers and not when run as a serial pytest reaches it"
    first, second, *_ = found.detail.splitlines()
    assert first == "t.py::a: failed, serially passed: FileExistsError: lock"
    assert "may not run beside t.py::b, t.py::c" in second
    assert len(found.evidence) == 1


def test_where_the_same_tests_before_it_suffice_its_neighbours_are_not_blamed():
    found = run(only(beside=("t.py::b",), before=("t.py::y", "t.py::z"), same_history="failed"))
    assert "may not run beside" not in found.detail
    assert "last first: t.py::z, t.py::y" in found.detail


def test_what_was_not_tried_is_not_claimed():
    found = run(only(beside=("t.py::b",), before=("t.py::z",), after="module"))
    assert "not tried" in found.detail
    assert "serially after the earlier tests of its module passed" in found.detail


def test_a_failure_that_only_the_serial_try_has_is_told_as_one():
    found = run(only(parallel="passed", serial="failed", beside=("t.py::b",), same_history="failed"))
    assert found.title.startswith("1 test fails not on forked workers but")
    assert "may not run beside" not in found.detail
    assert "The serial outcome is the one that is recorded" in found.detail


def test_a_test_of_several_runs_is_one():
    found = run(only(), only(repeat=1), only("b", "passed", "error"), repeats=2)
    assert found.title.startswith("1 test fails ")
    assert "t.py::a: failed in 2 runs" in found.detail
    assert "1 test fails not on forked workers but when run as a serial pytest reaches it:\nt.py::b" in found.detail
    assert len(found.evidence) == 3


def test_many_are_counted_and_the_company_is_cut():
    beside = tuple(f"t.py::n{n}" for n in range(20))
    found = run(*(only(f"v{n}", beside=beside) for n in range(12)))
    assert found.title.startswith("12 tests fail ")
    assert "and 2 more" in found.detail.splitlines()
    assert "t.py::n4 and more" in found.detail
    assert len(found.evidence) == 12


@pytest.mark.parametrize("workers", [1, 2])
def test_no_difference_passes_and_says_what_cannot_be_seen(workers):
    found = run(workers=workers)
    assert found.verdict is Verdict.PASS
    assert found.title.startswith(f"{workers} forked worker{'s' * (workers > 1)}:")
    assert "cannot show" in found.detail
    assert found.evidence == ("unit#4",)


def test_of_one_process_there_is_nothing_to_say():
    assert run(workers=0) is None


@pytest.mark.parametrize("status", [2, 3, None])
def test_a_run_that_was_stopped_has_not_looked(status):
    assert run(status=status) is None
    assert run(only(), status=status).verdict is Verdict.FAIL


def test_a_further_run_in_one_process_takes_nothing_back():
    serial = [SuiteStarted(("pytest",), "python3", "", repeat=1), SuiteEnded(0, 1.0, None, summary={}, repeat=1)]
    assert run(*serial).verdict is Verdict.PASS


@given(
    st.lists(
        st.builds(
            only, st.sampled_from("abc"), st.sampled_from(OUTCOMES), st.sampled_from(OUTCOMES),
            st.sampled_from(("all", "module")), same_history=st.sampled_from(("", *OUTCOMES)), message=st.text(),
            beside=st.lists(st.text()).map(tuple), before=st.lists(st.text()).map(tuple),
        ),
        min_size=1, max_size=30,
    )
)  # fmt: skip
def test_whatever_differs_advises_and_only_what_failed_beside_others_is_called_unsafe(records):
    found = run(*records)
    assert found.verdict is Verdict.FAIL
    assert len(found.evidence) == len(records)
    unsafe = {one.test for one in records if one.parallel in BAD and one.serial not in BAD}
    assert (" on forked workers and not when" in found.title) == bool(unsafe)
    assert not unsafe or found.title.startswith(f"{len(unsafe)} test")
