"""Suites whose modules start threads: children collect the files of their own tests."""

from __future__ import annotations

import pytest

from brinell.core.observation import Choice
from brinell.suite.lab.job import Job
from brinell.suite.lab.own_files import OwnFilesLab
from brinell.suite.lab.server import ServerProcess

THREADS = {
    "tests__test_a": """
        import threading, time
        threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
        SEEN = []
        def test_polluter(): SEEN.append(1)
        def test_victim(): assert not SEEN
        """,
    "tests__test_b": """
        import os, signal, sys
        def test_alone(): assert "test_a" not in sys.modules
        def test_environment(): assert os.environ["TOLD"] == "so"
        def test_kills(): os.kill(os.getppid(), signal.SIGKILL)
        """,
}
TESTS = ("a.py::test_polluter", "a.py::test_victim", "b.py::test_alone", "b.py::test_environment", "b.py::test_kills")
POLLUTER, VICTIM, ALONE, ENVIRONMENT, KILLS = range(5)


@pytest.fixture
def lab(laboratories):
    made = laboratories(**THREADS)
    fresh = made.fresh(tuple(f"tests/test_{name}" for name in TESTS))
    server = ServerProcess(made.room, made.command, 2, lambda _: None, early=True)
    assert server.wait_ready(60.0), (server.why, server.tail)
    lab = OwnFilesLab(made.room, server, fresh, why="a thread", collect_s=30.0)
    lab.room = made.room
    yield lab
    lab.close()


def outcomes(lab, *jobs):
    results = list(lab.run(jobs))
    assert sorted(map(id, jobs)) == sorted(id(result.job) for result in results)
    by_job = {id(result.job): result for result in results}
    return [[ran.outcome for ran in by_job[id(job)].ran] for job in jobs]


@pytest.mark.prove
def test_each_job_has_a_process_that_knows_its_own_files_only(lab):
    told = outcomes(lab, Job((POLLUTER, VICTIM)), Job((VICTIM, POLLUTER)), Job((ALONE,)), Job((VICTIM, ALONE)))
    assert told == [["passed", "failed"], ["passed", "passed"], ["passed"], ["passed", "failed"]]


def test_what_needs_a_process_that_starts_otherwise_gets_one(lab):
    jobs = [Job((ENVIRONMENT,), env={"TOLD": "so"}), Job((ENVIRONMENT,)), Job((ALONE,), hash_seed=7)]
    assert outcomes(lab, *jobs) == [["passed"], ["failed"], ["passed"]]


def test_a_server_that_was_ended_is_replaced_by_fresh_processes(lab):
    jobs = [Job((KILLS,)), *(Job((VICTIM,)) for _ in range(4))]
    list(lab.run(jobs))
    told = [one.reason for one in lab.room.records if isinstance(one, Choice)]
    assert len(told) <= 1
    assert outcomes(lab, Job((POLLUTER, VICTIM))) == [["passed", "failed"]]
