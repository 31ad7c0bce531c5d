"""The calibration with its real processes: what it measures, when there is none, and that it is in nobody's way."""

from __future__ import annotations

import errno
import io
import os
import signal
import socket
import sys
import time

import msgspec
import psutil
import pytest

from brinell.core.errors import Interrupted
from brinell.core.fakes import FakeRoom
from brinell.core.generator_records import Calibrated
from brinell.core.histogram import Histogram
from brinell.core.plan import LoadSpec, RequestSpec
from brinell.load.calibration import null_server, process, requests, trial
from brinell.load.calibration.order import MOST_SECURE, Null, Order
from brinell.load.calibration.trial import calibrate
from brinell.load.drivers.http import Http
from brinell.load.wire import WireSessions, WorkerSpec
from brinell.subject.targets import Target

HTTP = "brinell.load.drivers.http:Http"
HTTP2 = "brinell.load.drivers.http2:Http2"
SECURE = {"tls_name": "service.example"}


@pytest.fixture
def calibrated(tmp_path, monkeypatch):
    monkeypatch.setattr(trial, "PATIENCE_S", 60.0)  # whatever else this machine does
    rooms = []

    def run(*requests, rate=None, connections=4, workers=1, room=None, worker=None, **fields):
        spec = LoadSpec(name="x", shape={}, requests=requests or (RequestSpec(),), **fields)
        target = Target("http", "127.0.0.1", 1, ("127.0.0.1",))
        wires = Http().encode(spec, target, tmp_path)
        fields = {"operations": wires, "keep_alive": spec.keep_alive, **(worker or {})}
        driver = HTTP if spec.version == "1.1" else HTTP2
        specs = [
            WorkerSpec(
                number, workers, driver, "", {}, family=2, address=("127.0.0.1", 1), timeout_ns=10**9,
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
    ("version", "worker", "rate"),
    [
        ("1.1", SECURE, 100.0),
        ("2", SECURE | {"streams": 10}, 100.0),
        *[
            pytest.param(version, worker, rate, marks=pytest.mark.prove)
            for version, worker, rate in [
                ("1.1", SECURE, None),
                ("1.1", SECURE | {"verify_tls": False}, 100.0),
                ("1.1", SECURE | {"keep_alive": False}, 100.0),
                ("1.1", SECURE | {"keep_alive": False}, None),
                ("2", {"streams": 3}, 100.0),
                ("2", {"streams": 3}, None),
                ("2", SECURE | {"streams": 10}, None),
                ("2", SECURE | {"operations": (), "sessions": WireSessions("nowhere:none", {})}, 100.0),
                ("1.1", SECURE | {"operations": (), "sessions": WireSessions("nowhere:none", {})}, None),
            ]
        ],
    ],
)
def test_over_tls_and_http2_it_is_as_in_the_scenario(calibrated, version, worker, rate):
    found = calibrated(
        RequestSpec(), RequestSpec(method="POST", body="x" * 100_000), rate=rate, version=version, worker=worker
    )
    assert found.skipped == ""
    assert found.connections == 4
    assert found.cpu_ns > 0
    assert found.reach >= found.most_rate > 0
    if rate:
        assert 0 < found.rate <= rate
        assert sum(found.response[1]) == pytest.approx(0.3 * found.rate, abs=1)  # none of those that connected
        assert found.server_ns > 0
    else:
        assert sum(found.response[1]) > 0
        assert 0 <= found.server_ns < found.max_response_ns
    assert "TLS" not in found.note


@pytest.mark.prove
def test_of_many_connections_over_tls_some_are_enough(calibrated):
    assert calibrated(rate=50.0, connections=500, worker=SECURE).connections == MOST_SECURE


def test_failures_are_no_answers(tmp_path):
    """Where nobody listens, attempts come to an end, too, and fast."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        wires = Http().encode(LoadSpec(name="x", shape={}), Target("http", "127.0.0.1", 1, ("127.0.0.1",)), tmp_path)
        worker = WorkerSpec(0, 1, HTTP, "", {}, wires, 2, ("127.0.0.1", 1), 10**9, connections=4, seed=1)
        found = requests.calibrated(Order(worker, 100.0), Null(taken.getsockname()[1], os.getpid()))
    assert found.skipped == "not one of its requests was answered (refused: Connection refused)"


@pytest.mark.parametrize("worker", [SECURE, pytest.param({}, marks=pytest.mark.prove)])
def test_one_that_is_killed_in_the_middle_leaves_nothing_behind(calibrated, tmp_path, worker):
    room = FakeRoom(LoadSpec(name="x", shape={}), tmp_path)
    tick = room.tick

    def kill():
        tick()
        if room.children and len(_others_of(room.children[0].pid)) > 1:  # its server runs
            os.kill(room.children[0].pid, signal.SIGKILL)

    room.tick = kill
    found = calibrated(room=room, worker=worker)
    assert found.skipped == "it did not work: its process ended with status -9 (load-workers.log)"
    _wait_until_nobody_is_left(room.children[0].pid)


@pytest.mark.parametrize("limit", [6, 9, 12, 16, 70])
@pytest.mark.parametrize("worker", [{}, SECURE])
@pytest.mark.prove
def test_without_descriptors_it_is_smaller_or_says_so(calibrated, tmp_path, worker, limit):
    room = FakeRoom(LoadSpec(name="x", shape={}), tmp_path)
    start = room.start
    room.start = lambda argv, **more: start(["prlimit", f"--nofile={limit}:{limit}", *argv], **more)
    found = calibrated(room=room, worker=worker, rate=50.0)
    assert found.connections < 4 or limit == 70
    assert bool(found.skipped) != bool(sum(found.response[1]))
    _wait_until_nobody_is_left(room.children[0].pid)


@pytest.mark.parametrize("worker", [{}, SECURE])
@pytest.mark.parametrize(
    ("what", "why"),
    [
        ((null_server, "listener"), errno.EADDRNOTAVAIL),  # no 127.0.0.1 here, or no port is left
        ((os, "fork"), errno.EAGAIN),
        ((os, "pipe"), errno.EMFILE),
    ],
)
def test_what_this_machine_has_not_is_said(tmp_path, monkeypatch, worker, what, why):
    def refuse():
        raise OSError(why, os.strerror(why))

    wires = Http().encode(LoadSpec(name="x", shape={}), Target("http", "127.0.0.1", 1, ("127.0.0.1",)), tmp_path)
    order = Order(WorkerSpec(0, 1, HTTP, "", {}, wires, 2, ("127.0.0.1", 1), 10**9, 4, 1, **worker), None)
    monkeypatch.setattr(*what, refuse)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(msgspec.json.encode(order) + b"\n")))
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO()))
    assert process.main() == 0
    said = sys.stdout.buffer.getvalue()
    monkeypatch.undo()
    assert msgspec.json.decode(said, type=Calibrated) == Calibrated(skipped=f"it did not work: {os.strerror(why)}")


def test_a_server_that_fails_is_no_second_calibration(tmp_path, monkeypatch, capfd):
    def fail(*_):
        raise ValueError("it fell over")

    wires = Http().encode(LoadSpec(name="x", shape={}), Target("http", "127.0.0.1", 1, ("127.0.0.1",)), tmp_path)
    order = Order(WorkerSpec(0, 1, HTTP, "", {}, wires, 2, ("127.0.0.1", 1), 10**9, 4, 1), None)
    monkeypatch.setattr(null_server, "serve", fail)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(msgspec.json.encode(order) + b"\n")))
    process.main()
    monkeypatch.undo()
    (line,) = capfd.readouterr().out.splitlines()
    assert "not one of its requests was answered" in msgspec.json.decode(line, type=Calibrated).skipped


def test_not_asked_for_is_said(calibrated):
    assert "calibrate = false" in calibrated(calibrate=False).skipped


def test_a_file_for_keys_is_the_scenarios(calibrated, tmp_path, monkeypatch):
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    assert calibrated(rate=20.0, worker=SECURE).skipped == ""
    assert not (tmp_path / "keys").exists()


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
    _wait_until_nobody_is_left(child.pid)


def test_one_that_does_not_work_is_said_and_ends_nothing(calibrated, monkeypatch):
    monkeypatch.setattr(trial, "PATIENCE_S", 0.0)
    assert "longer than 0 s" in calibrated().skipped
    monkeypatch.setattr(trial, "PATIENCE_S", 60.0)
    monkeypatch.setattr(trial.sys, "executable", "/bin/false")
    assert "status 1" in calibrated().skipped


def _wait_until_nobody_is_left(session):
    for _ in range(3000):
        if not _others_of(session):
            return
        time.sleep(0.01)
    raise AssertionError(_others_of(session))


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
