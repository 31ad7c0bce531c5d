from __future__ import annotations

import msgspec
import pytest

from brinell.core.errors import Interrupted, SubjectError
from brinell.core.observation import Choice
from brinell.suite.lab.enduring import EnduringLab
from brinell.suite.lab.job import Changed, Job, Mark, fixture, restore
from brinell.suite.lab.server import ServerGoneError

FILES = {
    "shared": "ITEMS = []\n",
    "conftest": "import sys, pathlib; sys.path.insert(0, str(pathlib.Path(__file__).parent))\n",
    "test_a": """
        import os, pathlib, signal, time
        import pytest, shared
        def test_clean(): assert not shared.ITEMS, "left over"
        def test_leaves(): shared.ITEMS.append(1)
        def test_skips(): pytest.skip("not today")
        @pytest.mark.xfail
        def test_xfails(): assert 0
        """,
    "test_b": """
        import os, pathlib, signal, time
        def test_exits(): os._exit(3)
        def test_dies(): os.kill(os.getpid(), signal.SIGKILL)
        def test_hangs(): time.sleep(600)
        def test_writes(): pathlib.Path("test_b.py").write_text("")
        def test_hash(): assert hash("brinell") == 0
        """,
}
CLEAN, LEAVES, SKIPS, XFAILS, EXITS, DIES, HANGS, WRITES, HASH = range(9)
JOBS = [
    Job((CLEAN, LEAVES, CLEAN, SKIPS, XFAILS)),
    Job((Mark, LEAVES, Changed, CLEAN, restore(None), CLEAN)),
    Job((Mark, LEAVES, fixture(["shared.ITEMS"]))),
    Job((CLEAN, LEAVES), watch=True),
    Job((CLEAN, EXITS, LEAVES)),
    Job((LEAVES, DIES)),
    Job((CLEAN, HANGS, CLEAN), stall_s=0.4),
    Job((CLEAN, HANGS), deadline_s=0.6),
    Job((WRITES,), alone=True),
]


def told(result):
    """What does not depend on where it ran."""
    ran = tuple(msgspec.structs.replace(one, seconds=0.0) for one in result.ran)
    return msgspec.structs.replace(result, seconds=0.0, ran=ran, status=None)


def by_job(results):
    return {JOBS.index(result.job): told(result) for result in results}


@pytest.mark.prove
def test_both_laboratories_say_the_same(laboratories):
    made = laboratories(**FILES)
    fork = made.fork(slots=2)
    fresh = made.fresh(fork.tests, at_once=2)
    assert [name.partition("::")[2] for name in fork.tests][: CLEAN + 2] == ["test_clean", "test_leaves"]
    fresh.written = {"test_b.py"}
    forked = by_job(fork.run(JOBS))
    anew = by_job(fresh.run(JOBS))
    assert [forked[number].how for number in range(8)] == [
        "finished", "finished", "finished", "finished", "left", "signal", "deadline", "deadline",
    ]  # fmt: skip
    assert [ran.outcome for ran in forked[0].ran] == ["passed", "passed", "failed", "skipped", "xfailed"]
    assert "left over" in forked[0].ran[2].message
    assert [ran.outcome for ran in forked[1].ran] == ["passed", "failed", "passed"]
    assert "ITEMS" in forked[2].fixture
    assert forked[8].files == (("test_b.py", "changed"),)
    assert (made.root / "test_b.py").read_text()
    for number in range(len(JOBS)):
        assert anew[number] == msgspec.structs.replace(forked[number], files=()), number  # fresh ones are not asked


def test_a_seed_for_hashes_needs_an_interpreter_of_its_own(laboratories):
    made = laboratories(**FILES)
    fresh = made.fresh(("test_a.py::test_clean",) * HASH + ("test_b.py::test_hash",))
    messages = [result.ran[0].message for seed in (1, 1, 2) for result in fresh.run([Job((HASH,), hash_seed=seed)])]
    assert messages[0] == messages[1] != messages[2]


def test_a_stop_passes_through_and_leaves_nothing(laboratories):
    made = laboratories(test_a="import time\ndef test_hangs(): time.sleep(600)")
    fork = made.fork()
    fresh = made.fresh(fork.tests)
    for lab in (fork, fresh):
        made.room._stops = lambda room, ticks=made.room.ticks: room.ticks > ticks + 1
        made.room.interrupted = False
        with pytest.raises(Interrupted):
            list(lab.run([Job((0,))]))


def test_a_server_that_died_is_the_subjects_trouble(laboratories):
    made = laboratories(test_a="import os, signal\ndef test_it(): os.kill(os.getppid(), signal.SIGKILL)")
    fork = made.fork()
    with pytest.raises(SubjectError, match="ended in the middle"):
        list(fork.run([Job((0,))]))


_KILLERS = """
    import os, signal
    def test_good(): pass
    def test_kills(): os.kill(os.getppid(), signal.SIGKILL)
    def test_kills_all(): os.killpg(os.getpgid(os.getppid()), signal.SIGKILL)
    def test_fine(): pass
"""


def test_who_kills_the_server_is_known_however_many_tests_ran_meanwhile(laboratories):
    fork = laboratories(test_a=_KILLERS).fork()
    with pytest.raises(ServerGoneError) as gone:
        list(fork.run([Job((0, 1, 3, 0, 3, 0, 3))]))
    assert gone.value.running == {1}


def test_a_server_that_a_test_ended_is_started_again_and_that_test_runs_by_itself(laboratories):
    made = laboratories(test_a=_KILLERS, guarded=True)
    first = made.fork()
    servers = []

    def start():
        servers.append(made.fork())
        return servers[-1]

    lab = EnduringLab(made.room, first, start, made.fresh(first.tests))
    jobs = [Job((0, 1, 3)), Job((3,)), Job((2, 0)), Job((0,)), Job((3, 0))]
    results = {result.job.steps: result for result in lab.run(jobs)}
    assert results.keys() == {job.steps for job in jobs}
    assert [(ran.test, ran.died) for ran in results[0, 1, 3].ran] == [(0, False), (1, True)]
    assert [(ran.test, ran.died) for ran in results[2, 0].ran] == [(2, True)]
    assert all(results[steps].complete for steps in ((3,), (0,), (3, 0)))
    assert lab.forks
    assert len(servers) == 2
    said = [record for record in made.room.records if isinstance(record, Choice)]
    assert ["test_kills" in one.reason for one in said] == [True, True]
    lab.close()


def test_a_server_that_cannot_be_started_again_leaves_fresh_processes(laboratories):
    made = laboratories(test_a=_KILLERS, guarded=True)
    first = made.fork()
    lab = EnduringLab(made.room, first, lambda: None, made.fresh(first.tests))
    results = {result.job.steps: result for result in lab.run([Job((1,)), Job((0, 3))])}
    assert results[0, 3].complete
    assert results[1,].ran[0].died
    assert not lab.forks
    assert "test_kills" in lab.why
    lab.close()


def test_a_process_that_is_killed_leaves_no_folder(laboratories):
    made = laboratories(test_a="import os\ndef test_it(tmp_path): os._exit(3)")
    fresh = made.fresh(("test_a.py::test_it",))
    assert [result.how for result in fresh.run([Job((0,), alone=True)])] == ["left"]  # the fixture sees to the rest


def test_forged_lines_do_not_stop_a_laboratory(laboratories):
    text = """
        import os
        LINES = [b'{"kind":"job","job":', b'{"kind":"job","job":99}', b'{"kind":"end","job":98}', b'\\xff' * 9,
                 b'{"kind":"job","text":"\\xff"}', b'{"kind":"error","text":"\\xff"}',
                 b'{"kind":"ran","i":55,"o":"failed"}']
        def test_forges():
            for name in os.listdir("/proc/self/fd"):
                try:
                    if os.readlink("/proc/self/fd/" + name).startswith("pipe:"):
                        for line in LINES: os.write(int(name), b"\\n" + line + b"\\n")
                except OSError: pass
        def test_passes(): pass
        """
    fork = laboratories(test_a=text).fork()
    results = list(fork.run([Job((0, 1)), Job((1,))]))
    assert {result.job.steps for result in results} == {(0, 1), (1,)}
    assert {ran.test for result in results for ran in result.ran} <= {0, 1}
    assert [ran.outcome for result in results for ran in result.ran if result.job.steps == (1,)] == ["passed"]
