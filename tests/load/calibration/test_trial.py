"""The calibration with its real processes: what it measures, when there is none, and that it is in nobody's way."""

from __future__ import annotations

import os
import time

import psutil
import pytest

from brinell.core.errors import Interrupted
from brinell.core.fakes import FakeRoom
from brinell.core.histogram import Histogram
from brinell.core.plan import LoadSpec, RequestSpec
from brinell.load.calibration import trial
from brinell.load.calibration.trial import calibrate
from brinell.load.drivers.http import Http
from brinell.load.wire import WireSessions, WorkerSpec
from brinell.subject.targets import Target

HTTP = "brinell.load.drivers.http:Http"


@pytest.fixture
def calibrated(tmp_path, monkeypatch):
    monkeypatch.setattr(trial, "PATIENCE_S", 60.0)  # whatever else this machine does
    rooms = []

    def run(*requests, rate=None, connections=4, workers=1, room=None, worker=None, **fields):
        spec = LoadSpec(name="x", shape={}, requests=requests or (RequestSpec(),), **fields)
        target = Target("http", "127.0.0.1", 1, ("127.0.0.1",))
        wires = Http().encode(spec, target, tmp_path)
        fields = {"operations": wires, "keep_alive": spec.keep_alive, **(worker or {})}
        specs = [
            WorkerSpec(
                number, workers, HTTP, "", {}, family=2, address=("127.0.0.1", 1), timeout_ns=10**9,
                connections=connections, seed=1, **fields,
            )
            for number in range(workers)
        ]  # fmt: skip
        rooms.append(room or FakeRoom(spec, tmp_path))
        return calibrate(rooms[-1], spec, specs, rate)

    yield run
    for room in rooms:
        room.close()


def test_it_says_what_one_worker_reaches_and_what_a_response_takes_at_the_scenarios_rate(calibrated):
    found = calibrated(rate=400.0, workers=2)
    assert found.skipped == ""
    assert found.most_rate > found.rate == 200.0  # its half
    assert found.cpu_ns > 0
    answers = Histogram()
    answers.add_sparse(found.response, found.max_response_ns)
    assert answers.count == 60  # 200 a second for 0.3 s
    assert found.seconds >= 0.5
    assert found.connections == 4


def test_a_rate_beyond_reach_is_not_tried(calibrated):
    found = calibrated(rate=1e7)
    assert found.rate < found.reach < found.asked == 1e7


def test_users_in_turn_have_no_rate(calibrated):
    found = calibrated()
    assert found.rate == 0.0
    assert sum(found.response[1]) > 100


@pytest.mark.parametrize(
    "requests",
    [
        (RequestSpec(method="HEAD"),),
        (
            RequestSpec(),
            RequestSpec(path="/b", weight=3),
            RequestSpec(method="POST", body="x" * 300_000, expect=(201,)),
        ),
    ],
)
def test_every_kind_of_request_is_answered(calibrated, requests):
    found = calibrated(*requests, rate=50.0)
    assert found.skipped == ""
    assert sum(found.response[1]) == 15


def test_connections_for_one_request_each(calibrated):
    found = calibrated(rate=100.0, keep_alive=False)
    assert sum(found.response[1]) == 30


def test_sessions_are_calibrated_by_the_least_that_they_can_cost(calibrated):
    found = calibrated(rate=100.0, worker={"operations": (), "sessions": WireSessions("nowhere:none", {})})
    assert sum(found.response[1]) == 30
    assert "one request" in found.note


@pytest.mark.parametrize(
    ("fields", "why"), [({"calibrate": False}, "calibrate = false"), ({"version": "2"}, "HTTP/1.1 only")]
)
def test_where_there_is_none_it_says_why(calibrated, fields, why):
    assert why in calibrated(**fields).skipped


def test_a_stop_is_heard_at_once_and_leaves_nothing_behind(calibrated, tmp_path):
    room = FakeRoom(LoadSpec(name="x", shape={}), tmp_path, interrupt_at=3)
    with pytest.raises(Interrupted):
        calibrated(room=room)
    (child,) = room.children
    assert child.poll() is not None
    assert not _others_of(child.pid)


def test_its_server_ends_with_it(calibrated, tmp_path):
    room = FakeRoom(LoadSpec(name="x", shape={}), tmp_path)
    assert calibrated(room=room, rate=20.0).skipped == ""
    (child,) = room.children
    for _ in range(3000):
        if not _others_of(child.pid):
            break
        time.sleep(0.01)
    assert not _others_of(child.pid)


def test_one_that_does_not_work_is_said_and_ends_nothing(calibrated, monkeypatch):
    monkeypatch.setattr(trial, "PATIENCE_S", 0.0)
    assert "longer than 0 s" in calibrated().skipped
    monkeypatch.setattr(trial, "PATIENCE_S", 60.0)
    monkeypatch.setattr(trial.sys, "executable", "/bin/false")
    assert "status 1" in calibrated().skipped


def _others_of(session):
    """Return the processes of a session: everything that the child started."""
    found = []
    for pid in psutil.pids():
        try:
            if os.getsid(pid) == session:
                found.append(pid)
        except ProcessLookupError:
            continue
    return found
