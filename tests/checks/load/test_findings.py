from __future__ import annotations

import pytest

from brinell.checks.load import load
from brinell.core.evidence import MemoryEvidence
from brinell.core.plan import LoadSpec, Plan, Step
from brinell.core.verdicts import Reason, Verdict


def test_a_run_without_thresholds_must_only_have_run(story):
    assert story().verdicts() == {"ran": "pass", "generator": "pass"}


def test_more_than_one_error_in_a_hundred_is_told_where_nobody_asked(story):
    found = story(errors={"timeout": 11}).findings()["errors"]
    assert (found.required, found.verdict) == (False, Verdict.FAIL)
    assert "110 timeout" in found.detail
    assert "errors" not in story(errors={"timeout": 10}).verdicts()
    assert "errors" not in story(errors={"timeout": 11}, thresholds={"error_rate": 0.5}).verdicts()


def test_nothing_answered_is_a_failure(story, request_at):
    run = story(errors={"refused": 1000})
    run.extra = [request_at(0, 1, "refused", "Connection refused")]
    found = run.findings()["ran"]
    assert (found.required, found.verdict) == (True, Verdict.FAIL)
    assert "Connection refused" in found.detail


@pytest.mark.parametrize("kind", ["status-503", "reset", "timeout"])
def test_more_than_half_failed_is_a_failure(story, kind):
    found = story(errors={kind: 600}).findings()["ran"]
    assert (found.required, found.verdict, found.reason) == (True, Verdict.FAIL, None)
    assert "6000 of 10000 requests failed, more than half" in found.title
    assert f"6000 {kind.removesuffix('-503')}" in found.detail
    assert story(errors={kind: 501}).verdicts()["ran"] == "fail"
    assert story(errors={kind: 500}).verdicts()["ran"] == "pass"


def test_errors_of_several_kinds_add_up_to_more_than_half(story):
    found = story(errors={"status-500": 200, "status-503": 150, "reset": 200}).findings()["ran"]
    assert (found.verdict, found.detail) == (Verdict.FAIL, "3500 status, 2000 reset")


def test_more_than_half_failed_holds_beside_other_thresholds(story):
    assert story(errors={"status-500": 600}, thresholds={"p95_ms": 500}).verdicts()["ran"] == "fail"
    assert story(errors={"status-500": 600}, thresholds={"error_rate": 0.1}).verdicts()["ran"] == "fail"


def test_who_states_that_more_than_half_may_fail_has_it_so(story):
    allowed = {"thresholds": {"error_rate": 0.8}}
    assert story(errors={"status-429": 600}, **allowed).verdicts()["ran"] == "pass"
    assert story(errors={"status-429": 900}, **allowed).verdicts()["ran"] == "fail"


def test_a_generator_that_is_not_believed_blames_nobody(story):
    full = story(cpu=(0.99,), errors={"timeout": 600}).verdicts()
    assert (full["ran"], full["generator"]) == ("pass", "invalid")
    own = story(errors={"own-fault": 600}).verdicts()
    assert (own["ran"], own["generator"]) == ("pass", "invalid")


def test_what_never_reached_the_subject_accuses_nobody(story):
    none = story(errors={"own-fault": 1000}).findings()
    assert (none["ran"].verdict.value, none["ran"].reason.value) == ("unknown", "invalid")
    assert "not one of 10000 requests reached the subject" in none["ran"].title
    assert "errors" not in none
    some = story(errors={"own-fault": 900, "refused": 100}).findings()
    assert some["ran"].verdict.value == "fail"  # it was asked, and refused
    assert "1000 ended as refused" in some["ran"].detail
    assert "1000 of 10000 requests failed" in some["errors"].title
    assert "own-fault" not in some["errors"].detail


def test_what_an_interruption_left_open_does_not_count_as_failed(story):
    assert story(interrupted=True, errors={"reset": 600}).verdicts()["ran"] == "fail"
    assert story(interrupted=True, errors={"reset": 600}, scheduled=12_000).verdicts()["ran"] == "inconclusive"
    assert story(ends=False, errors={"reset": 600}).verdicts()["ran"] == "fail"


def test_a_scenario_that_never_began_leaves_its_thresholds_open():
    spec = LoadSpec(name="x", shape={}, thresholds={"p95_ms": 500})
    plan = Plan(name="p", root=".", steps=(Step("load:x", "load", spec),))
    part = load(MemoryEvidence(plan, []))
    (found,) = part.findings
    assert (found.id, found.required, found.reason) == ("load.x.p95_ms", True, Reason.NOT_EXERCISED)


def test_a_plan_without_load_says_nothing():
    part = load(MemoryEvidence(Plan(name="p", root=".", steps=()), []))
    assert (part.findings, part.load) == ((), None)


def test_findings_cite_what_they_rest_on(story):
    for found in story(thresholds={"p95_ms": 500}).part().findings:
        assert found.evidence
        assert all(one.startswith("load:x#") for one in found.evidence)


def test_a_cap_on_connections_is_named_and_changes_no_verdict(story):
    run = story(response_ms=4000, service_ms=100, waiting=50, connections=64, thresholds={"p95_ms": 500})
    found = run.findings()
    assert found["p95_ms"].verdict is Verdict.FAIL
    assert (found["connections"].required, found["connections"].reason) == (False, Reason.INCONCLUSIVE)
    assert "connections = 130" in found["connections"].detail


def test_a_subject_that_slows_down_under_the_crowd_is_not_the_caps_fault(story, piece):
    run = story(response_ms=4000, service_ms=100, waiting=50)
    run.extra = [piece([10.0] * 2000)]
    assert "connections" not in run.findings()


def test_a_subject_that_is_full_from_the_first_moment_is_not_the_caps_fault(story, piece):
    """The few that it served alone took 2 ms, all others 70 ms in its queue: no connection more would speed it up."""
    run = story(response_ms=4000, service_ms=70, waiting=50, extra=[piece([2.0] * 5)])
    assert "connections" not in run.findings()


def test_where_the_generator_was_the_limit_the_cap_was_not(story):
    assert "connections" not in story(response_ms=4000, service_ms=100, waiting=50, cpu=(0.99,)).findings()
