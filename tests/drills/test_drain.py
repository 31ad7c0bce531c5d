"""Drains of a real service: planted, and its healthy look-alike."""

from __future__ import annotations

import os
import signal
import time

import msgspec
import pytest

from brinell.core.drill_records import DrillEnded, DrillMark
from brinell.core.errors import Interrupted, SubjectError, UsageError
from brinell.core.load_records import LoadSlice, LoadStarted
from brinell.core.plan import RequestSpec
from brinell.core.verdicts import Reason, Verdict

SHORT = {"before_s": 1, "after_s": 0.2}


def marks(done):
    return {one.what: one.at_ns for one in done.room.records if isinstance(one, DrillMark)}


def test_a_service_that_drains_loses_nothing(drill, service):
    done = drill("drain", SHORT, service=service())
    assert (done.drill.verdict, done.failed) == (Verdict.PASS, set()), done.drill.rules
    measured = done.drill.measured
    assert (measured["in_flight"], measured["in_flight_answered"]) == (10, 10)
    assert (measured["idle_connections"], measured["idle_closed"]) == (10, 10)
    assert measured["refused"] > 0  # load went on after the port was closed
    assert measured["exit_status"] == 0
    instants = marks(done)
    (started,) = [one for one in done.room.records if isinstance(one, LoadStarted)]
    assert started.start_ns + 1_000_000_000 <= instants["signal"] < instants["exited"]
    assert instants["signal"] - started.start_ns < 1_950_000_000  # where the load's seconds are cut
    assert done.drill.timeline is not None


def test_a_service_that_dies_at_once_loses_what_it_had(drill, service):
    done = drill("drain", SHORT, service=service("dies", "--work-ms", "50"))
    assert "lost" in done.failed
    assert done.drill.measured["in_flight_answered"] == 0
    assert done.drill.measured["exit_status"] == -15


@pytest.mark.prove
@pytest.mark.parametrize("subject", [("dies", "--work-ms", "0"), ("closes",), ("single",)])
def test_however_fast_it_is_what_was_in_flight_is_lost(drill, service, subject):
    done = drill("drain", SHORT, service=service(*subject), rate=10.0)
    assert "lost" in done.failed, done.finding.detail
    assert done.drill.measured["in_flight"] > 0
    assert done.drill.measured["in_flight_answered"] < done.drill.measured["in_flight"]


@pytest.mark.prove
def test_a_service_that_resets_what_it_keeps(drill, service):
    done = drill("drain", SHORT, service=service("resets"))
    assert "idle" in done.failed
    assert done.drill.measured["idle_reset"] == 10


@pytest.mark.prove
def test_a_service_that_ignores_the_signal_is_killed_in_the_end(drill, service):
    done = drill("drain", {**SHORT, "in_flight": 2, "idle": 2}, service=service("ignores", stop_s=0.5))
    assert "exit" in done.failed
    assert "killed" in marks(done)
    assert done.drill.measured["exit_status"] == -9


@pytest.mark.prove
def test_errors_since_the_signal_are_lost_and_those_that_always_came_are_not(drill, service):
    done = drill("drain", SHORT, service=service("busy", "--work-ms", "100"))
    assert (done.drill.verdict, done.failed) == (Verdict.PASS, set()), done.drill.rules
    (ended,) = [one for one in done.room.records if isinstance(one, DrillEnded)]
    assert ended.seen["in_flight_errors"] == {"status-503": 1}
    done = drill("drain", SHORT, service=service("turns", "--work-ms", "100"))
    assert done.failed == {"lost"}
    assert done.drill.measured["lost_by_kind"]["in flight, answered with 5xx"] == 10


@pytest.mark.prove
def test_requests_that_take_longer_than_the_load_before_are_named(drill, service):
    done = drill("drain", SHORT, service=service("healthy", "--work-ms", "1500"))
    assert done.drill.verdict is Verdict.UNKNOWN
    assert "let before_s be some times what a request takes" in done.rule("usual").says


@pytest.mark.prove
def test_a_service_that_looks_like_a_crash(drill, service):
    assert drill("drain", SHORT, service=service("crashes")).failed == {"status"}


@pytest.mark.prove
def test_what_outlives_it_is_named(drill, service):
    done = drill("drain", SHORT, service=service("orphan"))
    assert done.failed == {"left"}
    assert "python" in done.rule("left").says


@pytest.mark.prove
@pytest.mark.parametrize(("defect", "codes"), [("healthy", {"1001": 6}), ("cuts", {"1006": 6})])
def test_websockets_are_told_that_it_goes_away(drill, service, defect, codes):
    options = {**SHORT, "sockets": 6, "socket_path": "/ws"}
    done = drill("drain", options, service=service(defect, subject="socket_subject.py"))
    assert done.drill.measured["socket_codes"] == codes
    assert ("sockets" in done.failed) == (defect == "cuts")


JOB = (RequestSpec(path="/jobs", method="POST", json={}),)
JOBS = {"done": {"path": "/jobs", "value": "$.done"}, "done_s": 2.0}


@pytest.mark.prove
@pytest.mark.parametrize(("defect", "failed"), [("forgets", {"done"}), ("queues", set())])
def test_what_it_had_accepted_is_done_by_whoever_comes_after_it(drill, service, defect, failed):
    options = {**SHORT, **JOBS, "idle": 0}
    done = drill("drain", options, service=service(defect), requests=JOB)
    assert done.failed == failed, done.finding.detail
    measured = done.drill.measured
    assert measured["accepted"] > 20
    assert measured["done_before"] == 0
    assert (measured["done_after"] >= measured["accepted"]) == (not failed)


def test_what_was_done_is_a_number_of_requests_of_one_kind(look, service):
    with pytest.raises(UsageError, match="done tells how many requests of one kind were done; this load has 2"):
        look("drain", JOBS, service=service(), requests=(*JOB, RequestSpec(path="/")))
    with pytest.raises(msgspec.ValidationError, match="done needs path and value"):
        look("drain", {"done": {"path": "/jobs"}}, service=service(), requests=JOB)


def test_what_is_no_number_says_nothing_of_what_was_done(drill, service):
    options = {**SHORT, "done": {"path": "/", "value": "$.ok"}, "in_flight": 0, "idle": 0}
    done = drill("drain", options, service=service(), requests=JOB)
    assert done.rule("done").reason == Reason.INCONCLUSIVE
    assert "told no such number (status 200)" in done.rule("done").says
    assert done.drill.measured["done_after"] is None


@pytest.mark.prove
@pytest.mark.parametrize(("defect", "told"), [("green", True), ("red", False)])
def test_who_serves_on_after_the_signal_says_so_by_its_ready_path(drill, service, defect, told):
    spec = msgspec.structs.replace(service(defect), ready="/ready")
    done = drill("drain", SHORT, service=spec, requests=(RequestSpec(path="/"),))
    assert (done.drill.verdict, done.failed) == (Verdict.PASS, set()), done.finding.detail
    assert [rule.verdict for rule in done.drill.rules if rule.rule == "ready"] == [Verdict.FAIL] * told
    assert ((done.drill.measured["ready_until_s"] or 0.0) > 1.0) == told


@pytest.mark.prove
def test_a_service_that_ends_by_itself_is_no_drain(drill, service):
    def kill(room):
        if any(isinstance(one, LoadSlice) for one in room.records) and not room.__dict__.get("killed"):
            room.killed = True
            os.kill(room.children[0].pid, signal.SIGKILL)
        return False

    with pytest.raises(SubjectError, match="ended by itself"):
        drill("drain", {**SHORT, "before_s": 20}, service=service(), interrupt_when=kill)


@pytest.mark.prove
def test_ctrl_c_keeps_what_was_seen_and_ends_the_service(drill, service):
    with pytest.raises(Interrupted):
        drill(
            "drain",
            {**SHORT, "before_s": 30},
            service=service(),
            interrupt_when=lambda room: any(isinstance(one, LoadSlice) for one in room.records),
        )
    (room,) = drill.rooms
    (ended,) = [one for one in room.records if isinstance(one, DrillEnded)]
    assert ended.interrupted
    until = time.monotonic() + 10
    while room.children[0].poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    assert room.children[0].poll() is not None


def test_without_a_service_there_is_nothing_to_drain(drill):
    with pytest.raises(UsageError, match="starts and ends the service itself"):
        drill("drain", SHORT, url="http://127.0.0.1:9")
