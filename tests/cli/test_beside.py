from __future__ import annotations

from brinell.cli.beside import rows
from brinell.core.verdicts import Verdict


def table(a, b):
    return {(row.section, row.name): row for row in rows(a, b)}


def test_a_run_beside_itself_has_no_changes(judgement):
    run = judgement(outcomes={"a": "passed"}, latency=1.0, bugs={"s": "wrong"})
    assert {row.change for row in rows(run, run)} <= {"", "still there"}


def test_outcomes_that_changed_tests_that_came_and_went(judgement):
    a = judgement(outcomes={"same": "passed", "broke": "passed", "left": "passed"})
    b = judgement(outcomes={"same": "passed", "broke": "failed", "came": "passed"}, verdict=Verdict.FAIL)
    found = table(a, b)
    assert ("tests", "same") not in found
    assert found["tests", "broke"][2:] == ("passed", "failed", "changed")
    assert found["tests", "left"][2:] == ("passed", "-", "gone")
    assert found["tests", "came"][2:] == ("-", "passed", "new")
    assert found["run", "verdict"].change == "changed"
    assert found["suite", "failed"].change == "+1"


def test_bugs_are_followed_by_signature(judgement):
    found = table(judgement(bugs={"s1": "one", "s2": "two"}), judgement(bugs={"s2": "two, moved", "s3": "three"}))
    assert found["bugs", "one"].change == "gone"
    assert found["bugs", "two, moved"].change == "still there"
    assert found["bugs", "three"].change == "new"


def test_latencies_with_their_change(judgement):
    found = table(judgement(latency=2.0), judgement(latency=3.0))
    assert found["load browse", "response p95 ms"][2:] == ("6", "9", "+50.0%")
    assert found["load browse", "response p99.9 ms"][2:] == ("not measured", "not measured", "")


def test_what_only_one_run_measured_is_not_zero(judgement):
    found = table(judgement(latency=2.0), judgement(outcomes={"a": "passed"}))
    assert found["load browse", "response p50 ms"][2:] == ("2", "not measured", "")
    assert found["suite", "tests"][2:] == ("not measured", "1", "")
    assert not any(section == "tests" for section, _ in found)
