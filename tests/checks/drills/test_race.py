"""Races: what a round must not break, what makes rounds worthless, and how much clean ones prove."""

from __future__ import annotations

import msgspec
import pytest

from brinell.checks.drills import drills
from brinell.core.drill_records import DrillEnded, DrillMark, DrillStarted, Race
from brinell.core.evidence import MemoryEvidence
from brinell.core.observation import StepStarted
from brinell.core.plan import RequestSpec
from brinell.core.verdicts import Reason, Verdict

S = 1_000_000_000
T0 = 100 * S


@pytest.fixture
def raced(judge):
    def run(*rounds, **options):
        return judge("race", DrillStarted("race", T0), *rounds, DrillEnded(T0 + S, {"rounds": len(rounds)}), **options)

    return run


def a_round(number, *statuses, ahead_ns=1000, **more):
    return Race(number, f"r{number}", T0, 50_000, ahead_ns, statuses, **more)


def test_clean_rounds_say_what_they_prove(raced):
    drill, part = raced(*(a_round(n, 201, 409) for n in range(50)), expect={"created": 1}, together=2)
    assert drill.verdict is Verdict.PASS
    assert drill.measured["would_be_seen"] == pytest.approx(0.0582, abs=1e-4)
    assert "5.8 %" in drill.rules[0].says
    assert part.not_measured == {}


def test_a_broken_round_is_told_with_its_answers(raced):
    rounds = [a_round(n, 201, 409) for n in range(49)]
    rounds.append(a_round(49, 201, 201, told=("POST /orders", "2 x 201 {}")))
    drill, part = raced(*rounds, expect={"created": 1}, together=2)
    assert (drill.verdict, drill.measured["rounds_broken"]) == (Verdict.FAIL, 1)
    assert drill.examples == ("POST /orders", "2 x 201 {}")
    assert drill.measured["probability"]["low"] < 0.02 < drill.measured["probability"]["high"]
    assert "2 x 201 {}" in part.findings[0].detail
    assert set(part.not_measured) == {"drills.x.would_be_seen"}


def test_5xx_in_a_race_is_broken_without_any_invariant(raced):
    assert raced(a_round(0, 200, 500))[0].verdict is Verdict.FAIL


def test_requests_that_did_not_meet_are_no_race(raced):
    drill, _ = raced(*(a_round(n, 201, 409, ahead_ns=-5) for n in range(10)), expect={"created": 1}, together=2)
    assert (drill.verdict, drill.reason) == (Verdict.UNKNOWN, Reason.NOT_EXERCISED)


def test_a_rule_that_was_broken_is_broken_however_the_requests_met(raced):
    drill, _ = raced(*(a_round(n, 201, 201, ahead_ns=-5) for n in range(10)), expect={"created": 1}, together=2)
    assert drill.verdict is Verdict.FAIL


def test_a_race_that_ran_out_of_descriptors_is_invalid_unless_it_was_broken_before(judge):
    limit = DrillMark("own-limit", T0, "Too many open files")
    drill, _ = judge("race", DrillStarted("race", T0), a_round(0, 200, 200), limit, DrillEnded(T0 + S, {}))
    assert (drill.verdict, drill.reason) == (Verdict.UNKNOWN, Reason.INVALID)
    drill, _ = judge("race", DrillStarted("race", T0), a_round(0, 200, 500), limit, DrillEnded(T0 + S, {}))
    assert drill.verdict is Verdict.FAIL


def test_requests_that_all_were_refused_raced_for_nothing(raced):
    drill, _ = raced(*(a_round(n, 404, 404) for n in range(10)))
    assert (drill.verdict, drill.reason) == (Verdict.UNKNOWN, Reason.NOT_EXERCISED)


def test_a_finding_does_not_say_its_title_again(raced):
    _, part = raced(a_round(0, 415, 415))
    (found,) = part.findings
    _, _, told = found.title.partition(": ")
    assert "no request succeeded" in told
    assert told not in found.detail


def test_where_every_request_was_refused_a_missing_creation_is_no_race(raced):
    drill, _ = raced(*(a_round(n, 404, 404) for n in range(4)), expect={"created": 1}, together=2)
    assert (drill.verdict, drill.reason) == (Verdict.UNKNOWN, Reason.NOT_EXERCISED)
    assert "8 x 404" in drill.rules[0].says
    assert raced(*(a_round(n, 404, 404) for n in range(4)), expect={"404": 2}, together=2)[0].verdict is Verdict.PASS
    assert raced(*(a_round(n, 409, 409) for n in range(4)), expect={"409": 1}, together=2)[0].verdict is Verdict.FAIL
    assert raced(a_round(0, 404, 500), expect={"created": 1}, together=2)[0].verdict is Verdict.FAIL


def test_a_service_that_lets_in_fewer_at_once_is_no_race(raced):
    rounds = [a_round(n, 201, 0, unready=1, failures=("open",)) for n in range(4)]
    drill, _ = raced(*rounds, expect={"created": 1, "ok": 1}, together=2)
    assert (drill.verdict, drill.reason) == (Verdict.UNKNOWN, Reason.NOT_EXERCISED)
    assert "the service lets in 1" in drill.rules[0].says
    assert raced(a_round(0, 201, 201, 0, unready=1), expect={"created": 1}, together=3)[0].verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("waiting", "verdict"), [(9, Verdict.UNKNOWN), (8, Verdict.PASS), (0, Verdict.PASS), (None, "pass")]
)
def test_a_service_that_accepts_one_connection_at_a_time_races_with_nobody(raced, waiting, verdict):
    drill, _ = raced(*(a_round(n, 201, *[409] * 9, waiting=waiting) for n in range(4)), expect={"created": 1})
    assert drill.verdict == verdict
    assert drill.measured["accepted"] == 10 - (waiting or 0)
    assert (drill.reason is Reason.NOT_EXERCISED) == (waiting == 9)


@pytest.mark.parametrize(
    ("options", "more", "broken"),
    [
        ({"at_most": {"created": 1}}, {}, True),
        ({"at_most": {"created": 2}}, {}, False),
        ({"unique": "$.id"}, {"unique": ("1", "2")}, False),
        ({"unique": "$.id"}, {"unique": ("1", "1")}, True),
        ({"unchanged": {"path": "/", "value": "$.sum"}}, {"before": "100", "after": "100"}, False),
        ({"unchanged": {"path": "/", "value": "$.sum"}}, {"before": "100", "after": "90"}, True),
        ({"then": {"path": "/", "value": "$.stock", "at_least": 0}}, {"then": "0"}, False),
        ({"then": {"path": "/", "value": "$.stock", "at_least": 0}}, {"then": "-1"}, True),
        ({"then": {"path": "/", "value": "$.stock", "at_most": 5}}, {"then": "5.5"}, True),
        ({"then": {"path": "/", "value": "$.stock", "at_most": 5}}, {"then": "null"}, True),
        ({"then": {"path": "/", "value": "$.stock", "at_most": 5}}, {}, True),
    ],
)
def test_invariants(raced, options, more, broken):
    drill, _ = raced(a_round(0, 201, 201, **more), together=2, **options)
    assert drill.verdict is (Verdict.FAIL if broken else Verdict.PASS)


@pytest.mark.parametrize(("among", "advised"), [(1, True), (2, False), (None, False)])
def test_rounds_in_one_process_of_several_prove_little_between_them(judge, among, advised):
    rounds = [a_round(n, 201, 409, processes=among) for n in range(10)]
    ended = DrillEnded(T0 + S, {"rounds": 10, "processes": 4})
    drill, _ = judge("race", DrillStarted("race", T0), *rounds, ended, expect={"created": 1}, together=2)
    assert drill.verdict is Verdict.PASS
    assert drill.measured.get("processes") == among
    told = [rule for rule in drill.rules if rule.rule == "processes"]
    assert [(rule.reason, rule.required) for rule in told] == [(Reason.NOT_EXERCISED, False)] * advised
    assert not told or "one of its 4 processes" in told[0].says


@pytest.mark.parametrize(
    ("body", "status", "headers", "hinted"),
    [
        ("item=7", 422, {}, True),
        ("item=7", 422, {"content-type": "text/csv"}, False),
        ("item=7", 404, {}, False),
        ("{}", 422, {}, False),  # it goes as JSON
    ],
)
def test_a_body_without_a_type_that_is_refused_is_told(plan, body, status, headers, hinted):
    whole = plan("race")
    (step,) = whole.steps
    load = msgspec.structs.replace(step.spec.load, requests=(RequestSpec(body=body),), headers=headers)
    step = msgspec.structs.replace(step, spec=msgspec.structs.replace(step.spec, load=load))
    records = [StepStarted("drill:x"), DrillStarted("race", T0), a_round(0, status, status), DrillEnded(T0 + S, {})]
    part = drills(MemoryEvidence(msgspec.structs.replace(whole, steps=(step,)), records))
    assert part.findings[0].reason is Reason.NOT_EXERCISED
    assert ("Content-Type" in part.findings[0].title) == hinted
