"""Storms at a real WebSocket server: planted, and its healthy look-alike."""

from __future__ import annotations

import pytest

from brinell.core.drill_records import DrillMark
from brinell.core.errors import SubjectError, UsageError
from brinell.core.verdicts import Reason, Verdict

SHORT = {"sockets": 30, "calm_s": 0.1, "within_s": 3.0, "back_off_s": 0.05, "longest_s": 0.5}


def test_all_are_back_at_once(drill, sockets):
    done = drill("storm", SHORT, url=sockets("healthy"))
    assert done.drill.verdict is Verdict.PASS, done.finding.detail
    measured = done.drill.measured
    assert (measured["cut"], measured["back"], measured["attempts"], measured["failed"]) == (30, 30, 30, {})
    assert 0 < measured["half_back_s"] <= measured["all_back_s"]
    assert [one.what for one in done.room.records if isinstance(one, DrillMark)] == ["connected", "cut", "all-back"]
    assert measured["fds_before"] >= 30


@pytest.mark.prove
def test_places_of_the_cut_that_are_not_given_back(drill, sockets):
    done = drill("storm", {**SHORT, "within_s": 1.5}, url=sockets("forgets", "--places", "30"))
    assert done.failed == {"back"}
    assert (done.drill.measured["back"], done.drill.measured["all_back_s"]) == (0, None)
    assert "status-503" in done.drill.measured["failed"]
    assert done.drill.measured["attempts"] > 60  # they went on trying


@pytest.mark.prove
def test_a_service_that_lets_them_in_one_by_one(drill, sockets):
    url = sockets("queues")
    assert drill("storm", {**SHORT, "sockets": 8, "within_s": 10.0}, url=url).drill.verdict is Verdict.PASS
    assert drill("storm", {**SHORT, "sockets": 8, "within_s": 0.2}, url=url).drill.verdict is not Verdict.PASS


@pytest.mark.prove
def test_a_service_that_closes_them_again(drill, sockets):
    done = drill("storm", {**SHORT, "within_s": 1.0}, url=sockets("drops", "--places", "30"))
    assert done.drill.verdict is Verdict.FAIL


@pytest.mark.prove
def test_a_service_with_too_few_places_is_no_storm(drill, sockets):
    done = drill("storm", {**SHORT, "within_s": 0.5}, url=sockets("forgets", "--places", "20"))
    assert done.drill.verdict is not Verdict.PASS
    assert any(rule.reason is Reason.INCONCLUSIVE for rule in done.drill.rules if rule.rule == "connected")


def test_an_address_without_websockets_is_the_subjects_failure(drill, running):
    with pytest.raises(SubjectError, match="took no WebSocket"):
        drill("storm", SHORT, url=running())


def test_options_that_cannot_be(drill):
    with pytest.raises((UsageError, ValueError), match="sockets lies between"):
        drill("storm", {"sockets": 0}, url="http://127.0.0.1:9")
