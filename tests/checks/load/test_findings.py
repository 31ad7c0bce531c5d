from __future__ import annotations

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
