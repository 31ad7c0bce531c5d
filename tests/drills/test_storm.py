"""Storms at a real WebSocket server: planted, and its healthy look-alike."""

from __future__ import annotations

import pytest

from brinell.core.drill_records import DrillEnded, DrillMark
from brinell.core.errors import Interrupted, SubjectError, UsageError
from brinell.core.plan import RequestSpec
from brinell.core.verdicts import Reason, Verdict

SHORT = {"sockets": 30, "calm_s": 0.1, "within_s": 3.0, "back_off_s": 0.05, "longest_s": 0.5}


def test_all_are_back_at_once(drill, sockets):
    done = drill("storm", SHORT, url=sockets("healthy"))
    assert done.drill.verdict is Verdict.PASS, done.finding.detail
    measured = done.drill.measured
    assert (measured["cut"], measured["back"], measured["attempts"], measured["failed"]) == (30, 30, 30, {})
    assert 0 < measured["half_back_s"] <= measured["all_back_s"] <= measured["steady_s"]
    assert 30 / (measured["first_attempts_s"] + 0.1) <= measured["reconnect_rate"]["highest"] <= 300
    assert measured["accept_rate"]["mean"] == pytest.approx(30 / measured["all_back_s"], rel=0.01)
    assert (measured["attempts_most"], measured["waited_s"]) == (1, {"p50": 0.0, "max": 0.0})
    marks = [one for one in done.room.records if isinstance(one, DrillMark)]
    assert [one.what for one in marks] == ["connected", "cut", "all-back"]
    assert (marks[2].at_ns - marks[1].at_ns) / 1e9 == pytest.approx(measured["steady_s"], abs=0.01)
    assert measured["fds_before"] >= 30
    course = done.drill.returned
    assert (course.back[0][1], course.back[-1], course.wanted) == (1, (measured["all_back_s"], 30), 30)
    assert course.attempts[-1][1] == 30
    assert course.attempts[-1][0] <= measured["all_back_s"] + 0.001  # nobody is in who did not try
    assert list(course.back) == sorted(course.back)


@pytest.mark.prove
def test_places_of_the_cut_that_are_not_given_back(drill, sockets):
    done = drill("storm", {**SHORT, "within_s": 1.5}, url=sockets("forgets", "--places", "30"))
    assert done.failed == {"back"}
    assert (done.drill.measured["back"], done.drill.measured["all_back_s"]) == (0, None)
    assert "status-503" in done.drill.measured["failed"]
    assert done.drill.measured["waited_s"]["max"] > 0
    assert done.drill.measured["attempts"] > 60  # they went on trying


@pytest.mark.prove
@pytest.mark.parametrize(("defect", "told"), [("hoards", True), ("holds", False)])
def test_memory_of_connections_that_are_gone(drill, sockets, defect, told):
    done = drill("storm", SHORT, url=sockets(defect))
    assert done.drill.verdict is Verdict.PASS, done.finding.detail
    measured = done.drill.measured
    assert ("rss_again_bytes" in measured) == told
    assert [rule.rule for rule in done.drill.rules if rule.rule == "memory"] == ["memory"] * told
    assert measured["cut"] == measured["back"] == 30


@pytest.mark.prove
def test_a_service_that_lets_them_in_one_by_one(drill, sockets):
    url = sockets("queues")
    assert drill("storm", {**SHORT, "sockets": 8, "within_s": 10.0}, url=url).drill.verdict is Verdict.PASS
    assert drill("storm", {**SHORT, "sockets": 8, "within_s": 0.2}, url=url).drill.verdict is not Verdict.PASS


@pytest.mark.prove
def test_a_service_that_closes_them_again(drill, sockets):
    done = drill("storm", {**SHORT, "within_s": 1.0}, url=sockets("drops", "--places", "31"))
    assert done.failed == {"back", "closed"}
    assert any(kind.startswith("closed again") for kind in done.drill.measured["failed"])


@pytest.mark.prove
@pytest.mark.parametrize(
    ("words", "rules"),
    [
        (("paced",), set()),
        (("sheds", "--code", "1013"), set()),
        (("sheds", "--code", "1011"), {"closed"}),
        (("sheds", "--code", "1000"), {"closed"}),
    ],
)
def test_how_a_storm_is_shed(drill, sockets, words, rules):
    options = {**SHORT, "calm_s": 1.1, "within_s": 10.0}
    done = drill("storm", options, url=sockets(*words, "--places", "20"))
    assert done.failed == rules, done.finding.detail
    assert (done.drill.verdict is Verdict.PASS) == (not rules)
    assert (done.drill.measured["cut"], done.drill.measured["back"]) == (30, 30)  # connected at its pace, and back
    assert sum(done.drill.measured["failed"].values()) > 0


@pytest.mark.prove
def test_a_service_with_too_few_places_is_no_storm(drill, sockets):
    done = drill("storm", {**SHORT, "within_s": 0.5}, url=sockets("refuses", "--places", "20"))
    assert done.drill.verdict is not Verdict.PASS
    assert any(rule.reason is Reason.INCONCLUSIVE for rule in done.drill.rules if rule.rule == "connected")


@pytest.mark.prove
@pytest.mark.parametrize("how", ["refuses", "closes"])
def test_a_limit_holds_in_a_storm(drill, sockets, how):
    url = sockets(how, "--places", "20")
    done = drill("storm", {**SHORT, "limit": 20}, url=url)
    assert done.drill.verdict is Verdict.PASS, done.finding.detail
    assert (done.drill.measured["cut"], done.drill.measured["back"]) == (20, 20)
    assert done.drill.measured["attempts"] >= 30  # all dialled, and ten could not be in
    done = drill("storm", {**SHORT, "limit": 15}, url=url)
    assert "limit" in done.failed


def test_where_nobody_said_a_path_it_is_looked_for(drill, sockets):
    done = drill("storm", SHORT, url=sockets("healthy", "--path", "/websocket"))
    assert done.drill.verdict is Verdict.PASS, done.finding.detail
    (found,) = [one for one in done.room.records if isinstance(one, DrillMark) and one.what == "found"]
    assert found.detail == "a WebSocket at /websocket"


def test_a_path_that_is_none_is_told_with_one_that_is(drill, sockets):
    url = sockets("healthy", "--path", "/ws")
    with pytest.raises(SubjectError, match="took no WebSocket at /sw: status-404") as caught:
        drill("storm", SHORT, url=url, requests=(RequestSpec(path="/sw"),))
    assert caught.value.hint == "there is one at /ws"
    with pytest.raises(UsageError, match=r"no WebSocket at / .*, nor at /ws, "):
        drill("storm", SHORT, url=sockets("healthy", "--path", "/rooms/a"))


def test_headers_come_from_the_environment(drill, sockets, monkeypatch):
    monkeypatch.setenv("STORM_TOKEN", "a secret")
    url = sockets("healthy", "--token", "a secret")
    headers = {"Authorization": "Bearer ${STORM_TOKEN}"}
    assert drill("storm", SHORT, url=url, headers=headers).drill.verdict is Verdict.PASS


def test_an_address_without_websockets_is_the_subjects_failure(drill, running, closed_port):
    with pytest.raises(UsageError, match="no WebSocket at /"):
        drill("storm", SHORT, url=running())
    with pytest.raises(SubjectError, match="took no WebSocket"):
        drill("storm", SHORT, url=f"http://127.0.0.1:{closed_port}")


@pytest.mark.prove
def test_ctrl_c_keeps_what_was_seen_and_fails_nothing(drill, sockets):
    url = sockets("forgets", "--places", "30")
    with pytest.raises(Interrupted):
        drill(
            "storm",
            {**SHORT, "within_s": 60.0},
            url=url,
            interrupt_when=lambda room: any(isinstance(one, DrillMark) and one.what == "cut" for one in room.records),
        )
    (room,) = drill.rooms
    (ended,) = [one for one in room.records if isinstance(one, DrillEnded)]
    assert (ended.interrupted, ended.seen["cut"], ended.seen["back"]) == (True, 30, 0)


def test_options_that_cannot_be(drill):
    with pytest.raises((UsageError, ValueError), match="sockets lies between"):
        drill("storm", {"sockets": 0}, url="http://127.0.0.1:9")
