"""From what tests touch to which of them may not run beside each other."""

from __future__ import annotations

from brinell.checks.parallel_map import parallel_map
from brinell.core.evidence import MemoryEvidence
from brinell.core.examination import ExamStarted, ParallelOnly
from brinell.core.observation import StepFinished, StepStarted, SuiteEnded, SuiteStarted
from brinell.core.plan import ExamineSpec, Plan, Step, SuiteSpec
from brinell.core.touch_records import BesideEachOther, Clash, Resource, Touched
from brinell.core.verdicts import Reason, Verdict

IDS = tuple(f"t.py::test_{name}" for name in "abcdef")
A, B, C, D, E, F = IDS


def judged(*records, suite=()):
    steps = (Step("suite", "suite", SuiteSpec()), Step("examine", "examine", ExamineSpec()))
    every = [
        StepStarted("suite"), SuiteStarted(("pytest",), "py", "asked", workers=2), *suite,
        SuiteEnded(0, 1.0, None, summary={}), StepFinished("suite"),
        StepStarted("examine"), ExamStarted(IDS, forks=True), *records, StepFinished("examine"),
    ]  # fmt: skip
    return parallel_map(MemoryEvidence(Plan("p", "/p", steps), every))


def touch(test, *resources):
    return Touched(test, tuple(Resource(*one.split(" ", 2)) for one in resources))


def by_resource(part):
    return {one.resource: one for one in part.parallel_conflicts or ()}


def test_writers_and_readers_of_a_file_are_told_apart():
    part = judged(
        touch(0, "file /tmp/x write"), touch(1, "file /tmp/x read", "file data read"), touch(2, "file data read")
    )
    (one,) = part.parallel_conflicts
    assert (one.resource, one.kind, one.scope, one.writers, one.readers) == ("/tmp/x", "file", "processes", (A,), (B,))
    assert (one.xdist_group, one.proved) == ("x", False)
    (found,) = part.findings
    assert (found.verdict, found.required) == (Verdict.FAIL, False)
    assert found.title == "2 tests share 1 thing with others: not safe to run beside each other"
    assert "xdist_group('x')" in found.detail


def test_what_is_only_read_or_one_tests_own_is_no_conflict():
    part = judged(
        touch(0, "file data read"), touch(1, "file data read"), touch(2, "file own write", "file own read"),
        touch(3, "file folder make"), touch(4, "file folder make"),
    )  # fmt: skip
    assert part.parallel_conflicts is None
    assert part.findings == ()


def test_addresses_databases_and_services():
    found = by_resource(
        judged(
            touch(0, "address TCP_port_80 bind"), touch(1, "address TCP_port_80 connect"),
            touch(2, "database jobs.db write", "file jobs.db write"), touch(3, "database jobs.db write"),
            Touched(4, (Resource("address", "TCP port 6379", "connect"),)),
            Touched(5, (Resource("address", "TCP port 6379", "connect"),)),
        )
    )  # fmt: skip
    assert (found["TCP_port_80"].writers, found["TCP_port_80"].readers) == ((A,), (B,))
    assert (found["jobs.db"].kind, found["jobs.db"].writers) == ("database", (C, D))
    service = found["TCP port 6379 (Redis)"]
    assert (service.kind, service.writers, service.readers) == ("service", (), (E, F))
    assert "is not seen" in service.evidence


def test_services_alone_prove_nothing():
    part = judged(*(Touched(test, (Resource("address", "TCP port 5432", "connect"),)) for test in (0, 1)))
    (found,) = part.findings
    assert (found.verdict, found.reason) == (Verdict.UNKNOWN, Reason.INCONCLUSIVE)


def test_a_new_file_changes_the_list_of_its_folder():
    found = by_resource(judged(touch(0, "directory out read"), touch(1, "file out/a write")))
    assert (found["out"].kind, found["out"].writers, found["out"].readers) == ("directory", (B,), (A,))


def test_a_test_has_one_group_however_much_it_shares():
    part = judged(
        touch(0, "file a write"), touch(1, "file a write", "file b write"), touch(2, "file b write"),
        touch(3, "file c write"), touch(4, "file c write"),
    )  # fmt: skip
    groups = {name: one.xdist_group for name, one in by_resource(part).items()}
    assert groups["a"] == groups["b"] != groups["c"]


def test_what_the_process_has_once_matters_to_threads_only():
    part = judged(touch(0, "environment TZ write", "cwd . write"), touch(1, "environment LANG write"))
    found = by_resource(part)
    assert {one.scope for one in found.values()} == {"threads"}
    assert found["environment variables"].writers == (A, B)
    assert found["current directory"].writers == (A,)
    assert part.findings == ()


def test_what_was_run_beside_each_other_is_proved():
    shared = (touch(0, "file x write"), touch(1, "file x write"))
    part = judged(*shared, BesideEachOther((0, 1), (5, 6), (0, 6)))
    (one,) = part.parallel_conflicts
    assert one.proved
    assert "failed in 5 of 6 runs, alone in 0 of 6" in one.evidence


def test_what_failed_on_workers_for_no_reason_that_was_seen_is_there_too():
    seen = (ParallelOnly(F, "failed", "passed", "all", beside=(A,)), ParallelOnly(A, "failed", "passed", "all"))
    part = judged(touch(0, "file x write"), touch(1, "file x write"), suite=seen)
    one = by_resource(part)[f"not known ({F})"]
    assert (one.kind, one.readers, one.xdist_group) == ("unknown", (F,), None)
    assert len(part.parallel_conflicts) == 2  # the other one's reason is known


def test_a_test_beside_itself_is_there_without_a_group():
    clash = Clash(2, (Resource("file", "/tmp/x", "write"), Resource("file", "y", "write")))
    part = judged(touch(0, "file z write"), touch(1, "file z write"), clash)
    found = by_resource(part)
    assert (found["/tmp/x"].writers, found["/tmp/x"].xdist_group, found["/tmp/x"].proved) == ((C,), None, False)
    assert "(or y)" in found["/tmp/x"].evidence
    assert found["z"].xdist_group == "z"
    (finding,) = part.findings
    assert "fails beside itself" in finding.detail


def test_where_only_copies_are_in_each_others_way_that_is_the_title():
    (finding,) = judged(Clash(2, (Resource("address", "TCP port 80", "bind"),), proved=True)).findings
    assert finding.title == "1 test fails beside itself: not safe to run the suite twice on one machine"
    assert finding.verdict == Verdict.FAIL
