"""Lives of a real service: planted, and its healthy look-alikes."""

from __future__ import annotations

import shlex
import sys

import pytest

from brinell.core.drill_records import ServiceLife, StartTried
from brinell.core.errors import SubjectError
from brinell.core.plan import ServiceSpec
from brinell.core.verdicts import Verdict
from brinell.drills.lifecycle import both_ends

SHORT = {"times": 4, "patience_s": 3.0}


def lives(done):
    return [one for one in done.room.records if isinstance(one, ServiceLife)]


def tried(done):
    return {one.what: one for one in done.room.records if isinstance(one, StartTried)}


@pytest.mark.prove
@pytest.mark.parametrize("kind", ["healthy", "checked-lock"])
def test_a_service_that_comes_and_goes_in_order(drill, service, kind):
    done = drill("lifecycle", {**SHORT, "times": 6}, service=service(kind))
    assert (done.drill.verdict, done.failed) == (Verdict.PASS, set()), done.finding.detail
    assert [one.ending for one in lives(done)] == ["stop", "kill"] * 3
    assert done.drill.measured["lives"] == 6
    assert tried(done)["second"].state == "ended"
    assert sorted(tried(done)[what].state for what in ("at-once", "at-once-other")) == ["ended", "ready"]
    assert ("stale-pid" in tried(done)) == (kind == "checked-lock")
    assert (tried(done)["taken"].state, tried(done)["taken"].exit_status) == ("ended", 1)
    assert done.drill.measured["ready_s"]["p95"] > 0


def test_a_lock_file_that_outlives_a_kill_keeps_it_from_starting(drill, service):
    done = drill("lifecycle", SHORT, service=service("stale-lock"))
    assert "start" in done.failed
    assert "SIGKILL" in done.rule("start").says
    assert "service.lock" in done.rule("start").says
    assert done.drill.measured["second_start"] is None


@pytest.mark.prove
def test_what_outlives_every_stop_is_named(drill, service):
    done = drill("lifecycle", SHORT, service=service("orphan"))
    assert done.failed == {"orphans"}
    assert "python" in done.rule("orphans").says


@pytest.mark.prove
def test_a_worker_that_is_deaf_once_it_stands_is_found(drill, service):
    done = drill("lifecycle", {**SHORT, "times": 5}, service=service("deaf"))
    assert "orphans" in done.failed, done.finding.detail
    assert any(one.left for one in lives(done) if one.number in {1, 5})  # those that were left alone for a moment


def test_a_service_that_ends_by_itself_did_not_start(drill, service):
    with pytest.raises(SubjectError, match=r"got ready and ended by itself \(status 3\)"):
        drill("lifecycle", SHORT, service=service("fleeting"))


@pytest.mark.prove
def test_files_that_pile_up(drill, service):
    done = drill("lifecycle", {**SHORT, "times": 6}, service=service("litter"))
    assert done.failed == {"files"}
    assert "session-" in done.rule("files").says


@pytest.mark.prove
@pytest.mark.parametrize(
    ("defect", "rules"),
    [
        ("hangs", {"second-start", "at-once", "port-taken"}),
        ("quiet", {"second-start", "at-once", "port-taken"}),
        ("tramples", {"second-start", "stale-pid"}),
    ],
)
def test_starts_that_go_wrong(drill, service, defect, rules):
    done = drill("lifecycle", {"times": 1, "patience_s": 4.0}, service=service(defect))
    assert done.failed - ({"at-once"} if defect == "tramples" else set()) == rules  # of two, either may be first


@pytest.mark.prove
def test_a_service_that_never_starts_is_the_subjects_failure(drill):
    spec = ServiceSpec(command=f"{shlex.quote(sys.executable)} -c 'raise SystemExit(3)' {{port}}")
    with pytest.raises(SubjectError):
        drill("lifecycle", SHORT, service=spec)


@pytest.mark.prove
def test_every_life_has_the_port_of_the_last_one(drill, service):
    done = drill("lifecycle", {**SHORT, "times": 3}, service=service("healthy"))
    assert len({one.port for one in lives(done)}) == 1
    assert done.drill.measured["failed_starts"] == 0


def test_connections_of_the_last_life_that_keep_it_from_its_port(drill, service):
    done = drill("lifecycle", SHORT, service=service("no-reuse"))
    assert "start" in done.failed, done.finding.detail
    assert "SO_REUSEADDR" in done.rule("start").says


def test_why_it_did_not_start_is_told_to_the_end():
    assert both_ends("it ended with status 1") == "it ended with status 1"
    said = both_ends("it ended with status 1: Traceback " + "x" * 5000 + " OSError: address already in use")
    assert said.startswith("it ended with status 1")
    assert said.endswith("OSError: address already in use")
    assert len(said) < 500
