"""Races on a real service: planted, and its healthy look-alikes."""

from __future__ import annotations

import pytest

from brinell.core.drill_records import DrillEnded, Race
from brinell.core.errors import Interrupted, SubjectError, UsageError
from brinell.core.plan import RequestSpec
from brinell.core.verdicts import Reason, Verdict

ORDERS = (RequestSpec(path="/orders", method="POST", json={"key": "{{round}}"}),)
PAYMENTS = (RequestSpec(path="/pay", method="POST", json={"id": "{{round}}"}),)
ONE_CREATED = {"expect": {"created": 1, "ok": 9}, "same": "$.id", "rounds": 4}
ONE_ORDER = {
    "expect": {"created": 1, "ok": 9},
    "same": "$.id",
    "then": {"path": "/orders?key={{round}}", "value": "$.count", "equals": 1},
    "rounds": 8,
}


def test_a_get_or_create_race_is_found(drill, running):
    done = drill("race", ONE_ORDER, url=running("twice"), requests=ORDERS)
    assert (done.drill.verdict, done.failed) == (Verdict.FAIL, {"race"})
    assert done.drill.measured["rounds_broken"] > 0
    assert "answers with status 201 instead of 1" in done.rule("race").says
    assert any("201" in line for line in done.drill.examples)
    told = [one for one in done.room.records if isinstance(one, Race) and one.told]
    assert 1 <= len(told) <= 3  # however many rounds were broken


def test_get_or_create_behind_a_lock_is_clean(drill, running):
    done = drill("race", ONE_ORDER, url=running(), requests=ORDERS)
    assert done.drill.verdict is Verdict.PASS
    assert done.drill.measured["rounds_together"] >= 4  # in others this process may be set aside between two sends
    assert done.drill.measured["statuses"] == {"200": 72, "201": 8}
    races = [one for one in done.room.records if isinstance(one, Race)]
    assert len({one.token for one in races}) == 8  # a new key each round
    assert all(one.spread_ns > 0 for one in races)


@pytest.mark.parametrize(("defect", "verdict"), [("twice", Verdict.FAIL), ("healthy", Verdict.PASS)])
@pytest.mark.parametrize("version", ["1.1", "2"])
def test_over_tls_and_http_2(drill, secure, defect, verdict, version):
    done = drill("race", ONE_CREATED, url=secure(defect), requests=ORDERS, verify_tls=False, version=version)
    assert done.drill.verdict is verdict, done.finding.detail
    assert done.drill.measured["rounds_together"] >= 2
    races = [one for one in done.room.records if isinstance(one, Race)]
    assert all(len(one.statuses) == 10 and not one.unready for one in races)


def test_a_server_that_allows_fewer_streams_at_once_is_no_race(drill, secure):
    options = {"expect": {"created": 1, "ok": 5}, "together": 6, "rounds": 2}
    done = drill("race", options, url=secure("healthy", "4"), requests=ORDERS, verify_tls=False, version="2")
    assert (done.drill.verdict, done.drill.reason) == (Verdict.UNKNOWN, Reason.NOT_EXERCISED)
    assert "the server allows 4 streams at once" in done.finding.title


def test_an_address_without_http_2_is_the_subjects_failure(drill, running):
    with pytest.raises(SubjectError, match="answered none of the requests"):
        drill("race", {**ONE_CREATED}, url=running(), requests=ORDERS, version="2", timeout_s=1.0)


def test_a_sum_that_is_to_stay_and_ids_that_are_to_be_unique(drill, running):
    stay = {"unchanged": {"path": "/orders?key={{round}}", "value": "$.count"}, "rounds": 2}
    assert drill("race", stay, url=running(), requests=ORDERS).drill.verdict is Verdict.FAIL  # orders are created
    once = {"unique": "$.id", "rounds": 2, "together": 4}
    apart = (RequestSpec(path="/orders", method="POST", json={"key": "{{round}} {{n}}"}),)
    assert drill("race", once, url=running(), requests=apart).drill.verdict is Verdict.PASS
    assert drill("race", once, url=running(), requests=ORDERS).drill.verdict is Verdict.FAIL


def test_a_head_request_has_no_body(drill, running):
    requests = (RequestSpec(path="/big", method="HEAD"),)
    assert drill("race", {"rounds": 2}, url=running(), requests=requests, timeout_s=2.0).drill.verdict is Verdict.PASS


def test_a_service_that_takes_one_connection_at_a_time_is_not_blamed_for_it(drill, running):
    done = drill("race", {"rounds": 2, "together": 12}, url=running("single"), timeout_s=0.5)
    assert done.drill.verdict is not Verdict.FAIL, done.finding.detail


@pytest.mark.parametrize(("defect", "verdict"), [("pays", Verdict.FAIL), ("breaks", Verdict.FAIL), ("healthy", "pass")])
def test_double_submits(drill, running, defect, verdict):
    done = drill("race", {"expect": {"created": 1}, "rounds": 6, "together": 6}, url=running(defect), requests=PAYMENTS)
    assert done.drill.verdict == verdict


def test_headers_that_all_requests_have_are_another_in_every_round(drill, running, look):
    keyed = {"requests": (RequestSpec(path="/pay", method="POST"),), "headers": {"Idempotency-Key": "{{round}}"}}
    once = {"expect": {"created": 1, "conflict": 9}, "rounds": 3}
    assert drill("race", once, url=running(), **keyed).drill.verdict is Verdict.PASS
    with pytest.raises(UsageError, match=r"nothing fills in \{\{uuid\}\}"):
        look("race", once, url="http://127.0.0.1:1", requests=PAYMENTS, headers={"X": "{{uuid}}"})


def test_what_is_prepared_comes_first(drill, running):
    prepare = [{"path": "/orders", "method": "POST", "json": {"key": "{{round}}"}}]
    options = {"expect": {"ok": 4}, "prepare": prepare, "together": 4, "rounds": 3}
    assert drill("race", options, url=running(), requests=ORDERS).drill.verdict is Verdict.PASS


def test_requests_that_nobody_knows_raced_for_nothing(drill, running):
    done = drill("race", {"rounds": 3}, url=running(), requests=(RequestSpec(path="/nowhere"),))
    assert (done.drill.verdict, done.drill.reason) == (Verdict.UNKNOWN, Reason.NOT_EXERCISED)


def test_a_port_that_nobody_listens_on_is_the_subjects_failure(drill, closed_port):
    with pytest.raises(SubjectError, match="answered none of the requests"):
        drill("race", {"rounds": 3}, url=f"http://127.0.0.1:{closed_port}", requests=PAYMENTS)


def test_another_host_is_refused(drill):
    with pytest.raises(UsageError, match="allow_targets"):
        drill("race", {}, url="http://192.0.2.1:80", requests=PAYMENTS)


@pytest.mark.parametrize("where", ["path", "prepare", "then"])
def test_templates_that_a_race_does_not_know_are_refused_before_anything_runs(look, where):
    options = {"prepare": [{"path": "/{{roud}}"}]} if where == "prepare" else {}
    options |= {"then": {"path": "/{{roud}}", "value": "$.a", "equals": 1}} if where == "then" else {}
    path = "/{{roud}}" if where == "path" else "/{{round}}"
    with pytest.raises(UsageError, match="nothing fills in") as caught:
        look("race", options, url="http://127.0.0.1:9", requests=(RequestSpec(path=path),))
    assert caught.value.hint == "did you mean {{round}}?"


def test_ctrl_c_keeps_the_rounds_that_were_run(drill, running):
    url = running("twice")
    with pytest.raises(Interrupted):
        drill(
            "race",
            {**ONE_ORDER, "rounds": 500},
            url=url,
            requests=ORDERS,
            interrupt_when=lambda room: sum(isinstance(one, Race) for one in room.records) == 2,
        )
    (room,) = drill.rooms
    (ended,) = [one for one in room.records if isinstance(one, DrillEnded)]
    assert ended.interrupted
    assert sum(isinstance(one, Race) for one in room.records) == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"together": 1}, "together lies between 2 and 500"),
        ({"expect": {"creatd": 1}}, "'creatd' is no status"),
        ({"expect": {"created": 11}}, "there are 10 answers in a round"),
        ({"then": {"path": "/x"}}, "then needs path and value"),
        ({"then": {"path": "/x", "value": "count", "equals": 1}}, "begins with"),
        ({"same": "$..id"}, "is not known"),
        ({"prepare": [{"pth": "/x"}]}, "prepare .*pth"),
        ({"prepare": [{"pth": "/x"}], "then": {"path": "/", "value": "$.a", "equals": 1}}, "prepare .*pth"),
        ({"then": {"path": "/x", "value": "$.a"}}, "then needs one of equals, at_most, at_least"),
        ({"then": {"path": "/x", "value": "$.a", "at_most": "many"}}, "at_most is a number"),
        ({"unchanged": {"path": "/x"}}, "unchanged needs path and value"),
        ({"at_most": {"creatd": 1}}, "at_most 'creatd' is no status"),
        ({"unique": "id"}, "unique a JSON path"),
    ],
)
def test_options_that_cannot_be(drill, options, words):
    with pytest.raises((UsageError, ValueError), match=words):
        drill("race", options, url="http://127.0.0.1:9")
