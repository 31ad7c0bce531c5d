"""What one record says about one test, and what tests may do without losing it."""

import os
import signal
import subprocess

import pytest


@pytest.fixture
def outcomes(every_outcome):
    return every_outcome.recorded("--continue-on-collection-errors", "--doctest-modules")


def test_every_kind_of_outcome(outcomes):
    """One run, many questions: a process costs more than they do."""
    assert_phases(outcomes)
    assert_failures(outcomes)
    assert_fixtures(outcomes)
    assert_reasons(outcomes)
    assert_places_and_markers(outcomes)
    assert_subtests(outcomes)
    assert_collection(outcomes)
    assert_warnings(outcomes)


def assert_phases(run):
    passed = run.test("test_functions.py::test_passes")
    assert {name: phase[1] for name, phase in passed["phases"].items()} == dict.fromkeys(
        ("setup", "call", "teardown"), "passed"
    )
    assert all(0 <= seconds < 60 for seconds, _ in passed["phases"].values())
    assert "call" not in run.test("::test_errors_in_setup")["phases"]
    torn = run.test("::test_errors_in_teardown")
    assert (torn["outcome"], torn["counted"], torn["failed_phase"]) == ("error", ["passed", "error"], "teardown")
    assert torn["phases"]["call"][1] == "passed"
    both = run.test("::test_fails_and_errors")
    assert (both["outcome"], both["counted"], both["failed_phase"]) == ("failed", ["failed", "error"], "call")
    assert both["also_failed"][0]["phase"] == "teardown"
    assert both["also_failed"][0]["exc"][-1]["message"] == "teardown went wrong"
    assert both["also_failed"][0]["fixture"]["name"] == "broken_teardown"
    starts = {record["id"]: record["t_ns"] for record in run.of("start")}
    assert all(starts[record["id"]] == record["start_ns"] for record in run.of("test"))
    assert [record["start_ns"] for record in run.of("test")] == sorted(starts.values())


def assert_failures(run):
    failed = run.test("test_functions.py::test_fails")
    assert failed["exc"][-1]["type"] == "AssertionError"
    assert "At index 1 diff: 2 != 3" in failed["exc"][-1]["message"]
    frame = failed["exc"][-1]["frames"][-1]
    assert frame["file"].endswith("suite/test_functions.py")
    assert (frame["function"], frame["line"]) == ("test_fails", failed["line"])
    assert frame["text"].startswith("def test_fails(): assert [1, 2]")
    assert "assert [1, 2] == [1, 3]" in failed["longrepr"]
    assert run.test("::test_fails_and_errors")["sections"] == [["Captured stdout call", "out before\n"]]
    assert run.test("::TestCase::test_fails")["exc"][-1]["message"].startswith("1 != 2")
    assert run.test("::line1")["exc"][-1] | {"frames": None} == {
        "type": "ValueError", "module": "builtins", "message": "bad", "link": None, "frames": None,
    }  # fmt: skip
    assert run.test("::test_doctest.wrong")["exc"]
    assert run.test("::test_xpasses_strictly")["exc"] is None
    assert "exc" not in run.test("test_functions.py::test_passes")


def assert_fixtures(run):
    assert run.test("::test_errors_in_setup")["fixture"] == {
        "name": "broken_session", "scope": "session", "missing": False,
    }  # fmt: skip
    assert run.test("::test_errors_in_setup_again")["fixture"]["name"] == "broken_session"  # from pytest's cache
    assert run.test("::test_errors_in_teardown")["fixture"]["name"] == "broken_teardown"
    assert run.test("::test_missing_fixture")["fixture"] == {
        "name": "there_is_no_such", "scope": None, "missing": True,
    }  # fmt: skip
    assert run.test("test_functions.py::test_fails")["fixture"] is None


def assert_reasons(run):
    reasons = {record["id"].split("::")[-1]: record["reason"] for record in run.of("test") if "reason" in record}
    assert reasons["test_skipped_by_mark"] == "not today"
    assert reasons["test_skips_itself"] == "no network"
    assert reasons["test_skipped_by_fixture"] == "from a fixture"
    assert reasons["test_skipped"] == "old"
    assert reasons["test_xfails"] == "bug 7"
    assert reasons["test_xfails_itself"] == "on the way"
    assert reasons["test_xpasses"] == "fixed by now"


def assert_places_and_markers(run):
    marked = run.test("::test_marked")
    assert marked["markers"] == ["db", "slow"]
    assert (marked["path"], marked["worker"], marked["attempt"], marked["final"]) == (
        "test_functions.py", None, 1, True,
    )  # fmt: skip
    assert run.test("::test_parameters[a::b[c]]")["markers"] == ["parametrize"]
    assert run.test("::line0")["line"] is None
    assert run.test("::line0")["path"] == "words.lines"


def assert_subtests(run):
    record = run.test("::test_subtests")
    assert record["outcome"] == "failed"
    assert record["subtests"]["failed"] == 2
    assert [failure["exc"][-1]["message"] for failure in record["subtests"]["failures"]] == ["1 != 0", "1 != 0"]
    assert "number=1" in record["subtests"]["failures"][0]["description"]


def assert_collection(run):
    errors = {record["nodeid"]: record for record in run.of("collect_error")}
    assert errors["test_does_not_import.py"]["exc"][0]["import_name"] == "there_is_no_such_module"
    assert "there_is_no_such_module" in errors["test_does_not_import.py"]["longrepr"]
    syntax = errors["test_syntax.py"]["exc"][0]["syntax"]
    assert (syntax["line"], syntax["text"]) == (1, "def broken(:\n")
    assert {(r["nodeid"], r["reason"]) for r in run.of("collect_skip")} == {("test_skips_module.py", "whole module")}
    assert run.one("collected")["count"] == len(run.of("test")) == len(run.started)


def test_a_warning_names_the_tests_it_touches(suite):
    suite.write(test_it="""
import pytest, warnings

@pytest.fixture
def old():
    warnings.warn("goes away", PendingDeprecationWarning)

def test_a(old): pass
def test_b(old): pass
def test_c(): pass
""")  # fmt: skip
    run = suite.recorded()
    assert run.one("warning")["nodeid"] == "test_it.py::test_a"
    told = run.one("done")["warnings"]
    assert (told["repeats"], told["touched"]) == ({"1": 1}, {"1": 2})
    assert told["tests"] == {"1": ["test_it.py::test_a", "test_it.py::test_b"]}


def assert_warnings(run):
    (warning,) = run.of("warning")
    assert (warning["message"], warning["category"], warning["when"]) == ("old thing", "DeprecationWarning", "runtest")
    assert warning["nodeid"].endswith("::test_warns")
    assert run.one("done")["warnings"] == {
        "total": 3,
        "written": 1,
        "repeats": {"1": 2},
        "tests": {},
        "touched": {},
    }


def test_xdist_workers_send_what_only_they_know(every_outcome):
    run = every_outcome.recorded("--continue-on-collection-errors", "-n2", "-p", "no:terminal", plugins=("xdist",))

    assert run.one("hello")["xdist_workers"] == 2
    assert {record["worker"] for record in run.of("test")} == {"gw0", "gw1"}
    assert {record["worker"] for record in run.of("start")} == {"gw0", "gw1"}
    assert run.test("::test_fails_and_errors")["exc"][-1]["frames"][-1]["function"] == "test_fails_and_errors"
    assert run.test("::test_fails_and_errors")["also_failed"][0]["fixture"]["name"] == "broken_teardown"
    assert run.test("::test_missing_fixture")["fixture"]["missing"]
    assert run.test("::test_marked")["markers"] == ["db", "slow"]
    assert run.test("::TestCase::test_fails")["exc"][-1]["message"].startswith("1 != 2")
    assert run.test("::test_subtests")["subtests"]["failures"][0]["exc"]
    assert {r["nodeid"]: r["exc"][0]["type"] for r in run.of("collect_error")} == {
        "test_does_not_import.py": "ModuleNotFoundError", "test_syntax.py": "SyntaxError",
    }  # fmt: skip
    assert run.one("collected")["count"] == len(run.of("test"))


def test_a_crashed_worker_names_its_test(suite):
    suite.write(
        test_it="import os, pytest\n@pytest.mark.parametrize('n', range(6))\n"
        "def test_a(n):\n    if n == 3: os._exit(1)\n"
    )
    plain = suite.plain("-n2", plugins=("xdist",))
    run = suite.recorded("-n2", plugins=("xdist",))

    assert run.code == plain.code == 1
    assert run.summary == plain.summary == {"failed": 1, "passed": 5}
    assert run.counted == {"failed": 1, "passed": 5}
    crashed = run.test("test_a[3]")
    assert (crashed["outcome"], crashed["failed_phase"]) == ("failed", "crash")
    assert "crashed while running" in crashed["longrepr"]
    assert crashed["worker"] in {"gw0", "gw1"}


def test_each_attempt_is_recorded(suite):
    suite.write(
        test_it="calls = []\n"
        "def test_flaky():\n    calls.append(1)\n    assert len(calls) == 3, 'attempt %d' % len(calls)\n"
        "def test_steady(): pass\n"
    )
    run = suite.recorded("--reruns=3", plugins=("rerunfailures",))
    attempts = [record for record in run.of("test") if record["id"].endswith("flaky")]

    assert [(a["attempt"], a["final"], a["outcome"]) for a in attempts] == [
        (1, False, "failed"), (2, False, "failed"), (3, True, "passed"),
    ]  # fmt: skip
    assert attempts[1]["exc"][-1]["message"].startswith("attempt 2")
    assert run.one("done")["reruns"] == 2
    assert run.test("::test_steady")["attempt"] == 1
    assert run.started.count("test_it.py::test_flaky") == 3


WITHHOLDING = """
import pytest
from _pytest.runner import runtestprotocol

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    for attempt in range(3):
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        reports = runtestprotocol(item, log=False, nextitem=nextitem)
        failed = any(report.failed for report in reports)
        for report in reports:
            if not failed or report.when != "call":
                item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        if not failed:
            break
    return True
"""


def test_attempts_whose_failure_a_plugin_withholds(suite):
    """The plugin flaky repeats a test without reporting the call that failed."""
    suite.write(
        conftest=WITHHOLDING,
        test_it="calls = []\ndef test_flaky():\n    calls.append(1)\n    assert len(calls) == 3\n",
    )
    run = suite.recorded()

    assert [(r["attempt"], r["final"], r["outcome"], r["counted"]) for r in run.of("test")] == [
        (1, False, "failed", []), (2, False, "failed", []), (3, True, "passed", ["passed"]),
    ]  # fmt: skip
    assert run.of("test")[0]["exc"][-1]["type"] == "AssertionError"
    assert run.summary == run.counted == {"passed": 1}


def test_durations_survive_a_clock_that_leaps(suite):
    suite.write(
        test_it="import _pytest.timing as timing, itertools\n"
        "def test_a():\n    leaps = itertools.count(0, 10**9)\n"
        "    timing.time = timing.perf_counter = lambda: float(next(leaps))\n"
        "def test_b(): pass\n"
    )
    run = suite.recorded("-p", "no:terminal")

    for record in run.of("test"):
        assert all(seconds <= record["seconds"] + 0.05 for seconds, _ in record["phases"].values())


def test_durations_survive_a_clock_that_runs_backwards(suite):
    suite.write(
        test_it="import _pytest.timing as timing, itertools\n"
        "def test_a():\n    back = itertools.count(0, -1000)\n"
        "    timing.time = timing.perf_counter = lambda: float(next(back))\n"
        "def test_b(): pass\n"
    )
    run = suite.recorded("-p", "no:terminal")

    assert [record["outcome"] for record in run.of("test")] == ["passed", "passed"]
    assert all(seconds >= 0 for record in run.of("test") for seconds, _ in record["phases"].values())
    assert all(0 < record["seconds"] < 60 for record in run.of("test"))


HOSTILE = """
import builtins, json, os, sys, time, threading, pytest

def test_changes_directory(tmp_path): os.chdir(tmp_path)

def test_fails_elsewhere():
    import helper
    helper.fail()

def test_patches_time_for_good():
    time.time = time.monotonic = time.perf_counter = lambda: 5.0
    time.monotonic_ns = lambda: 5

def test_patches_os_and_json_for_good():
    def broken(*args, **kwargs): raise RuntimeError("patched")
    os.write = os.getpid = os.fstat = json.dumps = json.JSONEncoder.encode = json.encoder.encode_basestring = broken

def test_traces():
    sys.settrace(lambda *args: None)
    sys.setprofile(lambda *args: None)

def test_child_goes_on_running_tests():
    if os.fork() == 0:
        return  # the child finishes pytest on its own, and must not be heard
    os.wait()

def test_leaves_a_grandchild():
    if os.fork() == 0:
        os.closerange(0, 100)
        time.sleep(15)  # longer than anybody would wait for the recording to end
        os._exit(0)

def test_prints_a_lot(): print("x" * 10_000_000); assert False

def test_after_all(): pass
"""


def test_what_tests_may_do_to_their_process(suite):
    suite.write(test_it=HOSTILE, helper="def fail(): raise ValueError('elsewhere')\n")
    run = suite.recorded("-s", "--import-mode=prepend")

    assert not run.of("recorder_error")
    assert run.counted == run.one("done")["summary"] == {"passed": 7, "failed": 2}
    assert run.test("::test_fails_elsewhere")["exc"][-1]["frames"][-1]["file"] == str(suite.root / "helper.py")
    assert run.started == [record["id"] for record in run.of("test")]


def test_closing_every_descriptor_ends_the_recording_and_nothing_else(suite):
    suite.write(
        test_it="import os\n"
        "def test_a(): pass\n"
        "def test_b():\n    os.closerange(3, 4096)\n    handles = [open(os.devnull) for _ in range(10)]\n"
        "def test_c(tmp_path):\n    (tmp_path / 'a').write_text('x'); assert (tmp_path / 'a').read_text() == 'x'\n"
    )
    plain = suite.plain("-s", "-q", "-p", "no:logging", "-p", "no:faulthandler")
    run = suite.recorded("-s", "-q", "-p", "no:logging", "-p", "no:faulthandler")

    assert run.code == plain.code == 0
    assert run.summary == plain.summary
    assert run.started == ["test_it.py::test_a", "test_it.py::test_b"]
    assert not run.of("done")


def test_closing_the_usual_descriptors_does_not_end_the_recording(suite):
    suite.write(test_it="import os\ndef test_a(): os.closerange(3, 256)\ndef test_b(): pass\n")

    assert suite.recorded("-s").one("done")["summary"] == {"passed": 2}


def test_a_kill_loses_nothing_that_was_over(suite):
    suite.write(test_it="import time\ndef test_a(): pass\ndef test_b(): pass\ndef test_c(): time.sleep(60)\n")
    running = suite.start()
    running.wait_for(b"test_c")
    os.kill(running.process.pid, signal.SIGKILL)
    run = running.finish()

    assert run.code == -signal.SIGKILL
    assert [record["id"][-6:] for record in run.of("test")] == ["test_a", "test_b"]
    assert run.started[-1] == "test_it.py::test_c"


def test_nobody_reading_changes_nothing(suite):
    suite.write(test_it="def test_a(): pass\ndef test_b(): assert False\n")
    plain = suite.plain()
    reading, writing = os.pipe()
    os.close(reading)
    command = [suite.python, str(suite.launch), "--fd", str(writing), "--", "-p", "no:cacheprovider"]
    ended = subprocess.run(
        command, cwd=suite.root, env=suite.environment(), pass_fds=[writing], capture_output=True, check=False
    )
    os.close(writing)

    assert (ended.returncode, ended.stderr) == (plain.code, b"")
    assert b"1 failed, 1 passed" in ended.stdout


HUGE = """
import pytest

class Loud(Exception):
    def __str__(self): return "\\U0001f600" * 5_000_000

def deep(n):
    if n: return deep(n - 1)
    raise Loud from ValueError("\\x00" * 100_000)

@pytest.mark.parametrize("value", ["\\u20ac" * 50_000], ids=["long" * 20_000])
def test_huge(value, request):
    print("\\x01" * 1_000_000)
    import logging
    logging.error("\\U0001f600" * 100_000)
    request.addfinalizer(lambda: deep(300))
    deep(300)
"""


def test_lines_stay_bounded(suite):
    """``finish`` asserts that each line is shorter than 256 KiB."""
    suite.write(test_it=HUGE)
    run = suite.recorded("--tb=short")
    (record,) = run.of("test")

    assert record["counted"] == ["failed", "error"]
    assert record["exc"][-1]["type"] == "Loud"
    assert record["exc"][0]["type"] == "ValueError"
    assert record["also_failed"][0]["phase"] == "teardown"
    assert len(record["sections"]) == 3 - ("Captured stderr call" not in dict(record["sections"]))
