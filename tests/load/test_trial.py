"""The whole trial: real workers, a real server, a room in memory."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from brinell.checks.load import load
from brinell.core.errors import BrinellError, Interrupted, SubjectError, UsageError
from brinell.core.evidence import MemoryEvidence
from brinell.core.fakes import FakeRoom
from brinell.core.load_records import GeneratorSecond, LoadEnded, LoadSlice, LoadStarted
from brinell.core.observation import StepStarted, Vitals
from brinell.core.plan import LoadSpec, RequestSpec, WebSocketSpec
from brinell.core.socket_records import SocketSecond
from brinell.core.verdicts import Reason, Verdict
from brinell.load.beside import Nothing
from brinell.load.trial import LoadTrial
from brinell.rosters.drivers import DRIVERS
from brinell.rosters.shapes import SHAPES

CONSTANT = {"kind": "constant", "rate": 100, "duration": 1.0}


@pytest.fixture
def run(tmp_path):
    rooms = []

    def begin(spec, **fields):
        room = FakeRoom(spec, tmp_path, **fields)
        rooms.append(room)
        LoadTrial(DRIVERS, SHAPES).run(room)
        return room

    begin.rooms = rooms
    yield begin
    for room in rooms:
        room.close()


def spec(port, shape=CONSTANT, host="127.0.0.1", **fields):
    return LoadSpec(name="browse", shape=shape, url=f"http://{host}:{port}", **{"calibrate": False, **fields})


def of(room, kind):
    return [record for record in room.records if isinstance(record, kind)]


def judged(room):
    return load(MemoryEvidence(room.plan, [StepStarted(room.step.id), *room.records]))


def verdicts(room):
    return {one.id.removeprefix("load.browse."): one.verdict for one in judged(room).findings if one.required}


def test_two_workers_share_one_schedule(lab, run):
    port = lab.start(lab.always(lab.ok()))
    room = run(spec(port, workers=2, connections=5, thresholds={"error_rate": 0.5, "min_rate": 90}))
    (started,), (ended,) = of(room, LoadStarted), of(room, LoadEnded)
    assert (started.model, started.target_rate, started.connections, started.workers) == ("open", 100, 5, 2)
    assert (ended.scheduled, ended.completed, ended.unfinished, ended.worker_failures) == (100, 100, 0, ())
    assert ended.span_s == pytest.approx(1.0)
    assert {one.worker for one in of(room, GeneratorSecond)} == {0, 1}
    assert sum(one.count for one in of(room, LoadSlice)) == 100
    assert room.ticks >= 2
    done, total, text = room.said[-1]
    assert (done, total) == (pytest.approx(1.0), 1.0)
    assert text.endswith("0 errors")
    (numbers,) = judged(room).load
    assert (numbers.requests, numbers.errors) == (100, {})
    assert 0 < numbers.achieved_rate < 100.01  # what is answered after the end, on a crowded machine, is in no rate


def test_the_subject_is_found_by_its_socket_and_watched_on_the_same_clock(lab, run):
    port = lab.start(lab.always(lab.ok()))
    room = run(spec(port))
    (started,) = of(room, LoadStarted)
    assert started.subject_pids == (os.getpid(),)
    looks = of(room, Vitals)
    assert len(looks) >= 2
    assert all(one.rss_bytes > 0 and one.processes >= 1 for one in looks)
    (numbers,) = judged(room).load
    assert numbers.subject.cpu is not None
    assert numbers.subject.rss > 0


def test_a_process_that_does_not_exist_is_told_not_invented(lab, run):
    port = lab.start(lab.always(lab.ok()))
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    room = run(spec(port, pid=gone.pid))
    assert of(room, Vitals) == []
    part = judged(room)
    assert str(gone.pid) in part.not_measured["load.browse.subject"]
    assert part.load[0].subject.cpu is None


SERVER = """
import http.server
server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
print(server.server_port, flush=True)
server.serve_forever()
"""


@pytest.fixture
def beside(tmp_path):
    """A server and a bystander, both below this process and neither below the other: port, server, bystander."""
    common = {"cwd": tmp_path, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with (
        subprocess.Popen([sys.executable, "-c", SERVER], **common) as server,
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], **common) as bystander,
    ):
        yield int(server.stdout.readline()), server.pid, bystander.pid
        server.kill()
        bystander.kill()


def test_a_named_process_that_has_nothing_to_do_with_the_target_is_doubted(beside, run):
    port, server, bystander = beside
    shape = {"kind": "constant", "rate": 20, "duration": 0.3}
    room = run(spec(port, shape, pid=bystander))
    (started,) = of(room, LoadStarted)
    assert started.subject_pids == (bystander,)
    assert [one.split(" (")[0] for one in started.subject_others] == [f"pid {server}"]
    (doubt,) = [one for one in judged(room).findings if one.id == "load.browse.subject"]
    assert (doubt.required, doubt.verdict) == (False, Verdict.FAIL)
    assert str(bystander) in doubt.title
    assert f"pid {server}" in doubt.title


@pytest.mark.parametrize("named", ["server", "its parent"])
def test_who_listens_and_who_started_it_are_not_doubted(beside, run, named):
    port, server, _ = beside
    shape = {"kind": "constant", "rate": 20, "duration": 0.3}
    room = run(spec(port, shape, pid=server if named == "server" else os.getpid()))
    assert of(room, LoadStarted)[0].subject_others == ()
    assert not [one for one in judged(room).findings if one.id == "load.browse.subject"]


def test_a_worker_below_who_listens_is_not_doubted(lab, run):
    port = lab.start(lab.always(lab.ok()))
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as worker:
        room = run(spec(port, {"kind": "constant", "rate": 20, "duration": 0.3}, pid=worker.pid))
        worker.kill()
    assert of(room, LoadStarted)[0].subject_others == ()


def test_the_service_of_the_run_is_the_target_where_no_address_is_given(lab, run):
    port = lab.start(lab.always(lab.ok()))
    service = SimpleNamespace(url=f"http://127.0.0.1:{port}", pid=os.getpid())
    room = run(LoadSpec(name="browse", shape=CONSTANT), service=service)
    assert of(room, LoadEnded)[0].completed == 100


def test_localhost_may_be_two_addresses_of_which_one_listens(lab, run):
    room = run(spec(lab.start(lab.always(lab.ok())), host="localhost"))
    assert of(room, LoadEnded)[0].completed == 100


def test_a_closed_model_from_end_to_end(lab, run):
    port = lab.start(lab.always(lab.ok()))
    room = run(spec(port, {"kind": "closed", "duration": 0.5}, connections=3))
    (numbers,) = judged(room).load
    assert numbers.model == "closed"
    assert numbers.target_rate is None
    assert numbers.requests == of(room, LoadEnded)[0].completed > 0


def test_tls_is_verified_unless_told_otherwise(lab, run, server_tls, certificate, monkeypatch):
    port = lab.start(lab.always(lab.ok()), tls=server_tls)
    url = f"https://localhost:{port}"
    shape = {"kind": "constant", "rate": 50, "duration": 0.4}
    strict = judged(run(LoadSpec(name="browse", shape=shape, url=url)))
    assert strict.load[0].errors == {"tls": 20}
    assert "self-signed" in str(strict.load[0].samples)
    assert judged(run(LoadSpec(name="browse", shape=shape, url=url, verify_tls=False))).load[0].errors == {}
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[1]))
    assert judged(run(LoadSpec(name="browse", shape=shape, url=url))).load[0].errors == {}


def test_ctrl_c_keeps_what_was_measured(lab, run):
    port = lab.start(lab.always(lab.ok()))
    endless = spec(port, {"kind": "constant", "rate": 100, "duration": 60}, workers=2, thresholds={"p50_ms": 60_000})
    with pytest.raises(Interrupted):
        run(endless, interrupt_when=lambda room: bool(of(room, GeneratorSecond)))
    (room,) = run.rooms
    (ended,) = of(room, LoadEnded)
    assert ended.interrupted
    assert ended.worker_failures == ()
    assert 0 < ended.scheduled < 6000
    assert 0 < ended.span_s < 60
    assert all(child.poll() is not None for child in room.children)
    found = {one.id: one for one in judged(room).findings}["load.browse.p50_ms"]
    assert (found.verdict, found.reason) == (Verdict.UNKNOWN, Reason.INCONCLUSIVE)


def test_a_worker_that_dies_makes_the_run_invalid(lab, run):
    port = lab.start(lab.always(lab.ok()))

    def kill(room):
        if of(room, GeneratorSecond) and room.children[1].poll() is None:
            room.children[1].signal(signal.SIGKILL)
        return False

    limits = {"p50_ms": 60_000, "min_rate": 1}
    room = run(
        spec(port, {"kind": "constant", "rate": 200, "duration": 3}, workers=2, thresholds=limits), interrupt_when=kill
    )
    (ended,) = of(room, LoadEnded)
    assert ended.worker_failures == ("worker 1 ended with signal 9",)
    assert verdicts(room) == {
        "ran": Verdict.PASS,
        "generator": Verdict.UNKNOWN,
        "p50_ms": Verdict.UNKNOWN,
        "min_rate": Verdict.UNKNOWN,
    }


def test_a_port_that_closes_fails_even_without_thresholds(run):
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def close(_):
            listening.close()
            return False

        room = run(spec(listening.getsockname()[1]), interrupt_when=close)
    assert verdicts(room)["ran"] is Verdict.FAIL
    assert judged(room).load[0].errors == {"refused": 100}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_nobody_there_is_told_before_anything_starts(run, closed_port, host):
    with pytest.raises(SubjectError, match=f"nothing listens at {host}:{closed_port}: the connection is refused"):
        run(spec(closed_port, host=host))
    assert run.rooms[0].children == []
    assert run.rooms[0].records == []


@pytest.mark.parametrize("driver", [{}, {"driver": "websocket", "websocket": WebSocketSpec(), "connections": 2}])
def test_nobody_there_is_measured_where_all_may_fail(run, closed_port, driver):
    room = run(spec(closed_port, thresholds={"error_rate": 1}, **driver))
    (ended,) = of(room, LoadEnded)
    # A WebSocket run without one connection ends before a message need be due.
    assert ended.scheduled > 0 or any(one.failed for one in of(room, SocketSecond))


def test_nobody_there_is_measured_where_somebody_beside_decides(tmp_path, closed_port):
    class Once(Nothing):
        pass

    room = FakeRoom(spec(closed_port), tmp_path)
    try:
        LoadTrial(DRIVERS, SHAPES).run(room, Once())
    finally:
        room.close()
    assert judged(room).load[0].errors == {"refused": 100}


def test_what_an_attempt_that_was_killed_left_behind_goes(lab, run, tmp_path):
    (tmp_path / "load-n9eql4_t").mkdir()
    (tmp_path / "load-n9eql4_t" / "profile").write_text("")
    kept = tmp_path / "load-abc.hlog"
    kept.write_text("exported")
    run(spec(lab.start(lab.always(lab.ok())), max_requests=1))
    assert [path for path in tmp_path.glob("load-*") if path.is_dir()] == []
    assert kept.read_text() == "exported"


def test_a_slow_subject_fails_and_is_never_called_invalid(lab, run):
    async def handler(reader, writer):
        while True:
            await lab.read_request(reader)
            await asyncio.sleep(0.25)
            writer.write(lab.ok())

    # Four connections at 250 ms each: 16 a second of 100.
    limits = {"p95_ms": 200, "min_rate": 90}
    room = run(spec(lab.start(handler), connections=4, timeout_s=1.0, thresholds=limits))
    found = verdicts(room)
    assert found["p95_ms"] is Verdict.FAIL
    assert found["generator"] is Verdict.PASS


def test_a_foreign_target_is_refused_before_anything_starts(run):
    with pytest.raises(UsageError, match="allow_targets"):
        run(LoadSpec(name="browse", shape=CONSTANT, url="http://192.0.2.1:80"))
    assert run.rooms[0].children == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"shape": {"kind": "constnat", "rate": 1, "duration": 1}}, "constant"),
        ({"shape": {"kind": "constant", "rate": 0, "duration": 1}}, "rate lies above 0"),
        ({"driver": "htp"}, "http"),
        ({"raw": True}, "raw"),
        ({"workers": 9, "connections": 8}, "9 workers cannot share 8 connections"),
        ({"requests": (RequestSpec(path="/{{id}}"),)}, "nothing is called id"),
    ],
)
def test_mistakes_are_told_before_anything_starts(run, fields, words):
    with pytest.raises(UsageError, match=words):
        run(spec(9, **({"thresholds": {"error_rate": 1}} | fields)))
    assert run.rooms[0].children == []


def test_a_worker_that_cannot_start_is_told_with_its_last_words(lab, tmp_path):
    port = lab.start(lab.always(lab.ok()))
    room = FakeRoom(spec(port), tmp_path)
    broken = {"http": _Unknown()}
    try:
        with pytest.raises(BrinellError, match=r"could not start.*status 1"):
            LoadTrial(broken, SHAPES).run(room)
    finally:
        room.close()


class _Unknown(type(DRIVERS["http"])):
    """A driver whose class no worker can import."""


_Unknown.__module__ = "brinell.load.drivers.nowhere"


def test_the_workers_log_is_in_the_runs_folder(lab, run, tmp_path):
    run(spec(lab.start(lab.always(lab.ok()))))
    assert Path(tmp_path, "load-workers.log").read_text() == ""


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
def test_http2_from_end_to_end(lab, run, server_tls, secure):
    server_tls.set_alpn_protocols(["h2"])
    port = lab.start(lab.http2(), tls=server_tls if secure else None)
    url = f"{'https' if secure else 'http'}://127.0.0.1:{port}"
    given = {"connections": 20, "workers": 2, "version": "2", "streams": 5, "verify_tls": False, "timeout_s": 10.0}
    room = run(LoadSpec(name="browse", shape=CONSTANT, url=url, **given))
    (numbers,) = judged(room).load
    assert (numbers.requests, numbers.errors) == (100, {})
    assert sum(one.bytes_in for one in of(room, LoadSlice)) > 500


def test_http2_does_not_go_with_a_connection_for_every_request(run):
    with pytest.raises(UsageError, match="HTTP/2 keeps its connections"):
        run(LoadSpec(name="browse", shape=CONSTANT, url="http://127.0.0.1:9", version="2", keep_alive=False))


@pytest.mark.parametrize("version", ["1.1", "2"])
def test_an_address_of_ipv6(lab, run, version):
    try:
        port = lab.start(lab.http2() if version == "2" else lab.always(lab.ok()), host="::1")
    except OSError:
        pytest.skip("not here: IPv6")
    room = run(LoadSpec(name="browse", shape=CONSTANT, url=f"http://[::1]:{port}", version=version, timeout_s=10.0))
    (numbers,) = judged(room).load
    assert (numbers.requests, numbers.errors) == (100, {})
