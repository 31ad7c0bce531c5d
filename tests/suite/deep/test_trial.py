"""Small real suites through the fork server and fresh processes: state of every kind, and suites that misbehave."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from brinell.core.errors import SubjectError, UsageError
from brinell.core.examination import Confirmation, Exam, ExamStarted
from brinell.core.observation import Choice, CollectError


@pytest.mark.prove
def test_state_of_three_kinds_and_each_way_to_depend_on_it(real):
    done = real(
        shop="stock = {}\nmode = 'plain'\n",
        tests__test_a="""
            import os, pathlib, shop
            HERE = pathlib.Path(__file__).parent
            def test_sets_attribute(): shop.mode = "odd"
            def test_sets_environ(): os.environ["SHOP"] = "odd"
            def test_writes_file(): (HERE / "data.txt").write_text("odd")
            def test_fills(): shop.stock["pen"] = 1
            def test_resets(): shop.mode = "plain"
        """,
        tests__test_b="""
            import os, pathlib, shop
            HERE = pathlib.Path(__file__).parent
            def test_attribute(): assert shop.mode == "plain"
            def test_environ(): assert "SHOP" not in os.environ
            def test_file(): assert not (HERE / "data.txt").exists()
            def test_needs_stock(): assert shop.stock["pen"]
            def test_itself():
                assert "ink" not in shop.stock
                shop.stock["ink"] = 1
        """,
        pytest_ini="[pytest]\npythonpath = .\naddopts = -p no:randomly\n",
        budget_s=120.0, until=("test_attribute", "test_environ", "test_file", "test_needs_stock", "test_itself"),
    )  # fmt: skip
    assert done.verdicts() == {
        "test_attribute": "victim",
        "test_environ": "victim",
        "test_file": "victim",
        "test_needs_stock": "brittle",
        "test_itself": "self-polluting",
    }
    for name, polluter, leaked in (
        ("test_attribute", "test_sets_attribute", "shop"),
        ("test_environ", "test_sets_environ", "SHOP"),
        ("test_file", "test_writes_file", "data.txt"),
    ):
        trust = done.trust(name)
        assert done.names(trust.polluters[0]) == [polluter]
        assert trust.confirmed
        assert [one for one in trust.leaked if leaked in one]
    assert done.names(done.trust("test_attribute").cleaners) == ["test_resets"]
    assert done.names(done.trust("test_needs_stock").setters[0]) == ["test_fills"]
    twice = [said for said in done.of(Confirmation) if said.purpose == "twice"]
    assert [said.outcomes for said in twice] == ["pf"]
    assert done.of(ExamStarted)[0].forks


_VICTIM = {
    "tests__test_a": "import sys\ndef test_pollutes(): sys.polluted = 1\n",
    "tests__test_z": "import sys\ndef test_victim(): assert not hasattr(sys, 'polluted')\n",
}
_VICTIM_ONLY = {"budget_s": 300.0, "until": ("test_victim",)}


@pytest.mark.prove
def test_what_tests_do_to_their_process_hides_no_other(real):
    middle = """
        import os, pytest
        def test_leaves(): os._exit(0)
        def test_killed(): os.kill(os.getpid(), 9)
        def test_closes(): os.close(1)
        def test_moves(): os.chdir("/")
        def test_floods(): os.write(2, b"x" * 5_000_000)
        def test_forks(): os.fork()
        def test_stops(): pytest.exit("enough")
        def test_good(): pass
    """
    done = real(**_VICTIM, tests__test_m=middle, tests=["test_victim", "test_good"], **_VICTIM_ONLY)
    assert done.trust("test_victim").verdict == "victim"
    assert done.names(done.trust("test_victim").polluters[0]) == ["test_pollutes"]
    assert done.trust("test_victim").confirmed
    assert done.trust("test_good").all_runs[0] == 0 < done.trust("test_good").all_runs[1]


@pytest.mark.prove
@pytest.mark.parametrize(
    "body",
    [
        "os._exit(0)",
        "os.kill(os.getpid(), 9)",
        "[os.close(fd) for fd in (0, 1, 2)]",
        "os.chdir('/')",
        "os.write(1, b'x' * 20_000_000)",
        "print('x' * 20_000_000)",
        "os.fork()",
        "pytest.exit('enough')",
        "raise KeyboardInterrupt",
    ],
)
def test_what_one_test_does_hides_no_other(real, body):
    middle = f"import os, pytest\ndef test_bad(): {body}\ndef test_good(): pass\n"
    done = real(**_VICTIM, tests__test_m=middle, tests=["test_victim", "test_good"], **_VICTIM_ONLY)
    assert done.trust("test_victim").verdict == "victim"
    assert any("test_pollutes" in done.names(found) for found in done.trust("test_victim").polluters)
    assert done.trust("test_victim").confirmed
    assert done.trust("test_good").all_runs[0] == 0 < done.trust("test_good").all_runs[1]


@pytest.mark.prove
def test_a_test_that_hangs_costs_its_own_limit_and_hides_no_other(real, monkeypatch):
    monkeypatch.setattr("brinell.suite.deep.examiner._UNKNOWN_S", 1.0)
    monkeypatch.setattr("brinell.suite.deep.examiner._SLACK_S", 2.0)  # no other test stands still for so long
    monkeypatch.setattr("brinell.suite.deep.examiner._KILLER_S", 0.2)
    hangs = "import time\ndef test_bad(): time.sleep(600)\n"
    done = real(**_VICTIM, tests__test_m=hangs, budget_s=40.0, until=("test_victim",))
    assert done.verdicts() == {"test_victim": "victim"}
    assert done.trust("test_bad").always_fails
    assert "deadline" in done.trust("test_bad").message


@pytest.mark.prove
def test_threads_at_import_mean_fresh_processes_and_the_same_answer(real):
    threads = "import threading, time\nthreading.Thread(target=time.sleep, args=(600,), daemon=True).start()\n"
    done = real(conftest=threads, **_VICTIM, tests=["test_victim"], **_VICTIM_ONLY)
    started = done.of(ExamStarted)[0]
    assert not started.forks
    assert "thread" in started.why_not
    assert done.trust("test_victim").verdict == "victim"
    assert done.trust("test_victim").confirmed


def test_of_a_suite_without_tests_nothing_is_known(real):
    done = real(tests__test_a="x = 1\n")
    assert [(record.tests, record.why_not) for record in done.of(ExamStarted)] == [((), "no tests were collected")]


def test_an_option_that_pytest_does_not_know_is_the_users_error(real):
    with pytest.raises(UsageError, match="no-such-option"):
        real(tests__test_a="def test_a(): pass\n", args=["--no-such-option"])


@pytest.mark.parametrize(
    ("body", "how"),
    [
        ("os._exit(0)", "exit status 0"),
        ("os.kill(os.getpid(), 9)", "signal 9"),
        ("sys.exit(3)", "exit status"),
    ],
)
def test_a_suite_that_ends_its_collection_is_the_subjects_trouble(real, body, how):
    with pytest.raises(SubjectError, match=how):
        real(tests__test_a=f"import os, sys\n{body}\n")


def test_a_suite_that_hangs_in_its_collection_is_ended(real, monkeypatch):
    monkeypatch.setattr("brinell.suite.deep.collecting._COLLECT_S", 1.0)
    with pytest.raises(SubjectError, match="took longer than 1 s"):
        real(tests__test_a="import time\ntime.sleep(600)\n")


@pytest.mark.prove
def test_a_test_that_kills_the_server_costs_nobody_else_a_verdict(real):
    kills = "import os\ndef test_kills(): os.kill(os.getppid(), 9)\ndef test_good(): pass\n"
    done = real(**_VICTIM, tests__test_m=kills, tests=["test_victim", "test_good"], **_VICTIM_ONLY, guarded=True)
    assert done.trust("test_victim").verdict == "victim"
    assert done.trust("test_victim").confirmed
    assert done.trust("test_kills").all_runs[0] > 0
    assert done.trust("test_good").all_runs[0] == 0 < done.trust("test_good").all_runs[1]
    assert [record for record in done.of(Choice) if "test_kills" in record.reason]


@pytest.mark.prove
def test_what_cannot_be_collected_is_said_and_the_rest_examined(real):
    done = real(**_VICTIM, tests__test_broken="import no_such_module_at_all\n", tests=["test_victim"], **_VICTIM_ONLY)
    assert done.trust("test_victim").verdict == "victim"
    assert [error.nodeid for error in done.of(CollectError)] == ["tests/test_broken.py"]


@pytest.mark.prove
def test_plug_ins_of_every_kind_change_no_verdict(real):
    ini = "[pytest]\naddopts = -n 2 --reruns 2 --randomly-seed=7 --cov=. --cov-report= -x\n"
    done = real(**_VICTIM, pytest_ini=ini, tests=["test_victim"], **_VICTIM_ONLY)
    trust = done.trust("test_victim")
    assert trust.verdict == "victim"
    assert trust.confirmed


@pytest.mark.prove
def test_a_conftest_that_reorders_hides_neither_the_victim_nor_its_reproducer(real):
    reverse = "def pytest_collection_modifyitems(items): items.reverse()\n"
    done = real(conftest=reverse, **_VICTIM, tests=["test_victim"], **_VICTIM_ONLY)
    trust = done.trust("test_victim")
    assert trust.verdict == "victim"
    assert trust.confirmed
    env = {name: text for name, text in os.environ.items() if not name.startswith("PYTEST")}
    again = subprocess.run(
        [sys.executable, *trust.command[1:]], cwd=done.root, env=env, capture_output=True, check=False
    )
    assert again.returncode == 1  # as printed, but for the interpreter's name


@pytest.mark.prove
@pytest.mark.parametrize(
    "addopts",
    [
        "-n 2",
        "--reruns 2",
        "-p randomly",
        "--randomly-seed=7",
        "--cov=. --cov-report=",
        "-x --ff",
        "-n 2 --dist loadfile",
    ],
)
def test_plug_ins_in_addopts_change_no_verdict(real, addopts):
    ini = f"[pytest]\naddopts = {addopts}\n"
    done = real(**_VICTIM, pytest_ini=ini, tests=["test_victim"], **_VICTIM_ONLY)
    trust = done.trust("test_victim")
    assert trust.verdict == "victim"
    assert trust.confirmed


def test_an_interrupt_leaves_no_process_and_keeps_the_records(real):
    slow = "import time, pytest\n@pytest.mark.parametrize('n', range(5))\ndef test_slow(n): time.sleep(0.2)\n"
    done = real(**_VICTIM, tests__test_m=slow, interrupt_when=lambda room: any(type(r) is Exam for r in room.records))
    assert done.room.interrupted
    assert done.of(ExamStarted)
    assert done.of(Exam)
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text() if sys.platform == "linux" else ""
    assert not {str(child.pid) for child in done.room.children} & set(children.split())
