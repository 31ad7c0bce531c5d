from __future__ import annotations

import msgspec
import pytest

from brinell.checks.load import each, load
from brinell.core.evidence import MemoryEvidence
from brinell.core.plan import LoadSpec, Plan, RequestSpec, SessionSpec, Step
from brinell.core.verdicts import Reason, Verdict

SECONDS = 10


@pytest.fixture
def judged(story, piece):
    """Judge a scenario of ``GET /`` at 10 ms (100 a second) and of the operations that are given as lists of ms."""

    def judge(operations, limits, *, planned=("GET /",), errors=(), **kwargs):
        extra = [piece(values, operation=name) for name, values in operations.items()]
        extra += [piece([1.0] * count, operation=name, outcome=outcome) for name, outcome, count in errors]
        told = story(seconds=SECONDS, rate=100, extra=extra, **kwargs)
        requests = tuple(RequestSpec(name=name) for name in planned)
        spec = LoadSpec(name="x", shape={}, thresholds=limits, requests=requests)
        plan = Plan(name="p", root=".", steps=(Step("load:x", "load", spec),))
        part = load(MemoryEvidence(plan, told.records(), slo={}))
        return {one.id.removeprefix("load.x."): one for one in part.findings}, part.load[0]

    return judge


def test_a_rare_endpoint_that_is_slow_does_not_hide_behind_the_others(judged):
    # 450 of 10,450 requests take 900 ms: the overall p95 is 10 ms.
    limits = {"p95_ms": 500, "each_p95_ms": 500}
    findings, numbers = judged({"GET /": [10] * 9000, "GET /report": [900] * 450}, limits)
    assert findings["p95_ms"].verdict is Verdict.PASS
    found = findings["each_p95_ms"]
    assert (found.verdict, found.required) == (Verdict.FAIL, True)
    assert found.detail == "GET /report: 900 ms"
    assert "each_p95_ms is 900 ms, asked for at most 500 ms" in found.title
    assert numbers.thresholds["each_p95_ms"]["observed"] == pytest.approx(900, rel=1e-3)


def test_all_within_the_limit_names_the_slowest(judged):
    findings, _ = judged({"GET /report": [400] * 450}, {"each_p95_ms": 500})
    assert findings["each_p95_ms"].verdict is Verdict.PASS
    assert findings["each_p95_ms"].detail == "the highest of 2 operations: GET /report"


def test_an_operation_with_too_few_requests_proves_nothing(judged):
    findings, _ = judged({"GET /report": [10] * 100}, {"each_p95_ms": 500})
    found = findings["each_p95_ms"]
    assert found.reason is Reason.INCONCLUSIVE
    assert found.detail.startswith("GET /report: 10 ms. 100 requests are too few, it takes 400")
    assert "30 s longer" in found.detail


def test_a_planned_operation_that_was_never_asked_for_is_not_passed(judged):
    findings, _ = judged({}, {"each_p95_ms": 500}, planned=("GET /", "POST /"))
    found = findings["each_p95_ms"]
    assert (found.verdict, found.reason) == (Verdict.UNKNOWN, Reason.NOT_EXERCISED)
    assert found.detail.startswith("POST /: not measured")


def test_a_failure_outweighs_what_is_unknown(judged):
    findings, _ = judged({"GET /rare": [10] * 10, "GET /slow": [900] * 450}, {"each_p95_ms": 500})
    assert findings["each_p95_ms"].detail == "GET /slow: 900 ms"


def test_the_worst_three_are_told(judged):
    slow = {f"GET /{number}": [600 + number] * 450 for number in range(5)}
    findings, _ = judged(slow, {"each_p95_ms": 500})
    told = findings["each_p95_ms"].detail
    assert told.startswith("GET /4: 60")
    assert told.endswith("; and 2 more operations")
    assert told.count("GET /") == 3


def test_the_more_operations_the_surer_of_few_requests(judged):
    """10 of 100 above the limit prove a p95 above it alone (P = 0.028), and not where thirty are looked at."""
    few = {"GET /few": [10] * 90 + [900] * 10}
    findings, _ = judged(few | {"GET /": [10] * 400}, {"each_p95_ms": 500}, planned=())
    alone = findings["each_p95_ms"]
    others = {f"GET /{number}": [10] * 450 for number in range(30)}
    findings, _ = judged(few | others, {"each_p95_ms": 500}, planned=())
    among = findings["each_p95_ms"]
    assert alone.verdict is Verdict.UNKNOWN  # two of them: 0.028 is more than 0.025
    assert among.reason is Reason.INCONCLUSIVE
    worse = {"GET /few": [10] * 80 + [900] * 20}
    findings, _ = judged(worse | others, {"each_p95_ms": 500}, planned=())
    assert findings["each_p95_ms"].verdict is Verdict.FAIL


def test_errors_of_each(judged):
    # 60 of 11,060 requests are half a percent, and a ninth of those that post.
    findings, _ = judged(
        {"GET /": [10] * 9500, "POST /": [10] * 500},
        {"error_rate": 0.01, "each_error_rate": 0.01},
        errors=[("POST /", "status-500", 60)],
    )
    assert findings["error_rate"].verdict is Verdict.PASS
    assert findings["each_error_rate"].verdict is Verdict.FAIL
    assert findings["each_error_rate"].detail == "POST /: 10.71 %"


def test_one_operation_is_judged_as_the_whole(judged):
    limits = {"p95_ms": 5, "each_p95_ms": 5, "mean_ms": 50, "each_mean_ms": 50}
    findings, numbers = judged({}, limits)
    for name in ("p95_ms", "mean_ms"):
        assert findings[name].verdict is findings[f"each_{name}"].verdict
        assert numbers.thresholds[name]["observed"] == numbers.thresholds[f"each_{name}"]["observed"]


def test_a_generator_that_cannot_be_believed_is_told_once(judged):
    many = {f"GET /{number}": [10] * 450 for number in range(5)}
    findings, _ = judged(many, {"each_p95_ms": 500}, cpu=(0.99,))
    found = findings["each_p95_ms"]
    assert found.reason is Reason.INVALID
    assert found.detail.count("no idle moment") == 1


def test_a_run_without_any_request_is_not_exercised(story):
    run = story(seconds=0, rate=100, thresholds={"each_p95_ms": 500})
    assert run.verdicts()["each_p95_ms"] == "not-exercised"


def test_what_is_planned():
    spec = LoadSpec(name="x", shape={}, requests=(RequestSpec(path="/a"), RequestSpec(name="b", weight=0)))
    assert each.planned(spec) == ("GET /a",)
    asks = (RequestSpec(path="/c", method="post"),)
    sessions = (SessionSpec("s", asks), SessionSpec("never", (RequestSpec(path="/d"),), weight=0))
    assert each.planned(msgspec.structs.replace(spec, requests=(), sessions=sessions)) == ("POST /c",)
    for other in ({"flows": "f.py"}, {"openapi": "/o"}, {"har": "h"}, {"driver": "call"}):
        assert each.planned(msgspec.structs.replace(spec, **other)) == ()


def test_memory_that_grew_beyond_the_limit_fails_whoever_was_late(story, look):
    looks = [look(0, 0.1, 1000), look(5, 0.1, 500_000), look(9, 0.1, 5000)]
    run = story(thresholds={"memory_growth_bytes": 4000}, extra=looks)
    assert run.verdicts()["memory_growth_bytes"] == "pass"
    grown = story(thresholds={"memory_growth_bytes": 3999}, extra=looks)
    found = grown.findings()["memory_growth_bytes"]
    assert (found.verdict, found.required) == (Verdict.FAIL, True)
    assert found.title == "x: memory_growth_bytes is 4,000 bytes, asked for at most 3,999 bytes"
    assert grown.part().load[0].subject.rss_growth == 4000
    late = story(thresholds={"memory_growth_bytes": 3999}, extra=looks, cpu=(0.99,))
    assert late.verdicts()["memory_growth_bytes"] == "fail"
    late = story(thresholds={"memory_growth_bytes": 4000}, extra=looks, cpu=(0.99,))
    assert late.verdicts()["memory_growth_bytes"] == "invalid"


def test_memory_is_the_same_whether_requests_were_some_milliseconds_late(story, look):
    looks = [look(0, 0.1, 1000), look(9, 0.1, 5000)]
    late = story(thresholds={"memory_growth_bytes": 4000, "p95_ms": 100}, extra=looks, late=(50, 20.0))
    assert late.verdicts()["generator"] == "invalid"
    assert late.verdicts()["p95_ms"] == "invalid"
    assert late.verdicts()["memory_growth_bytes"] == "pass"


def test_memory_that_nobody_looked_at_is_not_stable(story, look):
    run = story(thresholds={"memory_growth_bytes": 4000}, extra=[look(0, 0.1, 1000)])
    found = run.findings()["memory_growth_bytes"]
    assert (found.reason, found.detail) == (
        Reason.NOT_EXERCISED,
        "the run was too short to look at its memory twice",
    )
