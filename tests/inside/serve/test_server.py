from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

SUITE = """
import os, pathlib, signal, subprocess, sys, time
def test_passes(): pass
def test_fails(): assert 1 == 2
def test_leaves(): os._exit(3)
def test_is_killed(): os.kill(os.getpid(), signal.SIGKILL)
def test_hangs(): time.sleep(600)
def test_leaves_a_process():
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    pathlib.Path("orphan").write_text(str(child.pid))
def test_leaves_files(tmp_path):
    (tmp_path / "kept").write_text("x")
    pathlib.Path(os.environ["TMPDIR"], "kept").write_text("x")
"""
PASSES, FAILS, LEAVES, KILLED, HANGS, ORPHAN, FILES = range(7)


def end(records):
    assert records[-1]["kind"] == "end"
    return records[-1]["how"], records[-1]["status"]


def outcomes(records):
    return [(record["i"], record["o"]) for record in records if record["kind"] == "ran"]


def until(holds):
    stop_by = time.monotonic() + 30
    while not holds() and time.monotonic() < stop_by:
        time.sleep(0.01)
    return holds()


def gone(pid):
    return until(lambda: not Path(f"/proc/{pid}").exists())


def test_every_way_to_end_costs_one_child_and_leaves_nothing(serve, tmp_path):
    served = serve(test_a=SUITE)
    assert end(served.job(PASSES)) == ("exit", 0)
    descriptors = served.descriptors()
    assert end(served.job(PASSES, LEAVES, PASSES)) == ("exit", 3)
    assert end(served.job(KILLED)) == ("signal", -9)
    assert end(served.job(HANGS, deadline_s=0.3)) == ("deadline", -9)
    served.queue(HANGS, job=9)
    served.read(served.slots[0], "begin")
    served.send(op="kill", job=9)
    assert end(served.read(served.slots[0], "end")) == ("killed", -9)
    assert end(served.job(FILES)) == ("exit", 0)
    assert end(served.job(ORPHAN)) == ("exit", 0)
    assert gone(int((tmp_path / "project" / "orphan").read_text()))
    records = served.job(PASSES, FAILS)
    assert outcomes(records) == [(PASSES, "passed"), (FAILS, "failed")]
    assert records[-2] == {"kind": "finished", "job": 1}
    assert not served.children()
    assert served.descriptors() == descriptors
    assert not list(served.scratch.iterdir())


def test_a_test_that_left_is_begun_and_never_ran(serve):
    records = serve(test_a=SUITE).job(PASSES, LEAVES, FAILS)
    assert [record["i"] for record in records if record["kind"] == "begin"] == [PASSES, LEAVES]
    assert outcomes(records) == [(PASSES, "passed")]
    assert "finished" not in [record["kind"] for record in records]


def test_a_queued_job_that_is_killed_never_begins(serve):
    served = serve(test_a=SUITE)
    served.send(op="run", jobs=[{"job": n, "steps": [step]} for n, step in ((1, HANGS), (2, PASSES), (3, FAILS))])
    served.read(served.slots[0], "begin")
    served.send(op="kill", job=2)
    served.send(op="kill", job=77)
    served.send(op="kill", job=1)
    assert served.read(served.slots[0], "end")[-1]["job"] == 1
    assert served.read(served.slots[0], "end")[-1]["job"] == 3


@pytest.mark.parametrize("pieces", [1, 7, 64])
def test_a_command_may_come_in_pieces(serve, pieces):
    served = serve(test_a=SUITE)
    jobs = [{"job": number, "steps": [PASSES]} for number in (1, 2, 3)]
    data = b"".join(json.dumps({"op": "run", "jobs": [job]}).encode() + b"\n" for job in jobs)
    for start in range(0, len(data), pieces):
        os.write(served.control, data[start : start + pieces])
    assert [served.read(served.slots[0], "end")[-1]["job"] for _ in jobs] == [1, 2, 3]


@pytest.mark.parametrize("last", [{"op": "quit"}, {"op": "quit", "failed": 2}, {"op": "no such"}, None], ids=str)
def test_it_ends_with_what_runs(serve, last):
    served = serve(slots=2, test_a=SUITE)
    jobs = [{"job": number, "steps": [HANGS]} for number in (1, 2, 3)]
    served.send(op="run", jobs=jobs)
    running = {served.read(slot, "job")[-1]["pid"] for slot in served.slots}
    if last is None:
        os.close(served.control)
    else:
        served.send(**last)
    ends = [served.read(slot, "")[-1] for slot in served.slots]
    assert {(one["kind"], one["how"]) for one in ends} == {("end", "killed")}
    assert served.wait() == (1 if last and last.get("failed") else 0)
    assert all(gone(pid) for pid in running)
    assert not served.left()


def test_alone_waits_until_nothing_else_runs(serve):
    text = """
import pathlib, time
def test_slow():
    pathlib.Path("slow").write_text("")
    time.sleep(0.3)
    pathlib.Path("slow").unlink()
def test_alone(): assert not pathlib.Path("slow").exists()
"""
    served = serve(slots=2, test_a=text)
    served.send(op="run", jobs=[{"job": 1, "steps": [0]}, {"job": 2, "steps": [1], "alone": True}])
    assert outcomes(served.read(served.slots[0], "end") + served.read(served.slots[0], "end")) == [
        (0, "passed"),
        (1, "passed"),
    ]


def test_ctrl_c_tears_down_and_drops_the_queue(serve, tmp_path):
    text = """
import pathlib, pytest, time
@pytest.fixture
def torn():
    yield
    pathlib.Path("torn").write_text("")
def test_slow(torn):
    pathlib.Path("inside").write_text("")
    time.sleep(600)
"""
    served = serve(test_a=text)
    served.send(op="run", jobs=[{"job": 1, "steps": [0]}, {"job": 2, "steps": [0]}])
    assert until((tmp_path / "project" / "inside").exists)
    served.send(op="interrupt")
    records = served.read(served.slots[0], "end")
    assert [record["kind"] for record in records if record["kind"] in ("stopped", "finished")] == [
        "stopped",
        "finished",
    ]
    assert (tmp_path / "project" / "torn").exists()
    served.send(op="quit")
    assert not [record for record in served.read(served.slots[0], "") if record["kind"] == "job"]


def test_chunks_of_a_queue_are_taken_once_each(serve):
    text = "import pytest\n@pytest.mark.parametrize('n', range(40))\ndef test_it(n): pass\n"
    served = serve(slots=2, test_a=text)
    queue = [[4 * n, 4 * n + 1, 4 * n + 2, 4 * n + 3] for n in range(10)]
    jobs = [{"job": number, "steps": [], "pull": True} for number in (1, 2)]
    served.send(op="run", jobs=jobs, queue=queue)
    records = [record for slot in served.slots for record in served.read(slot, "end")]
    assert sorted(outcomes(records)) == [(number, "passed") for number in range(40)]
    assert sorted(record["n"] for record in records if record["kind"] == "chunk") == list(range(10))
