from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from brinell.core.errors import UsageError
from brinell.core.observation import Collected, CollectError, SuiteStarted, WarningSeen
from brinell.core.verdicts import Reason, Verdict
from brinell.suite.recording import read_recording
from brinell.suite.session import launcher

EVERYTHING = {
    "tests__test_a": """
        import unittest, warnings
        import pytest

        def test_ok(): pass

        def test_chained():
            try:
                {}["x"]
            except KeyError as error:
                raise ValueError("boom") from error

        @pytest.fixture
        def bad_teardown():
            yield
            raise RuntimeError("teardown")

        def test_passes_then_errors(bad_teardown): pass
        def test_fails_then_errors(bad_teardown): assert 0

        @pytest.fixture
        def bad_setup(): raise OSError("setup")

        def test_setup_error(bad_setup): pass
        def test_missing_fixture(nope): pass

        @pytest.mark.skip(reason="why not")
        def test_skip(): pass

        @pytest.mark.xfail(reason="known")
        def test_xfail(): assert 0

        @pytest.mark.xfail
        def test_xpass(): pass

        @pytest.mark.xfail(strict=True)
        def test_strict_xpass(): pass

        @pytest.mark.xfail
        def test_xfail_then_errors(bad_teardown): assert 0

        def test_subtests(subtests):
            for i in range(4):
                with subtests.test(i=i):
                    assert i % 2

        class TestUnit(unittest.TestCase):
            def test_parts(self):
                for i in range(3):
                    with self.subTest(i=i):
                        self.assertNotEqual(i, 2)

        def test_warns(): warnings.warn("careful")

        TRIES = []

        @pytest.mark.flaky(reruns=2)
        def test_second_try():
            TRIES.append(1)
            assert len(TRIES) == 2
        """,
    "tests__test_import": "import no_such_module",
    "tests__test_syntax": "def broken(:",
    "tests__test_skipped_module": """
        import pytest
        pytest.skip("not here", allow_module_level=True)
        """,
}
TO_THE_END = ("--continue-on-collection-errors", "--maxfail=0")


@pytest.mark.usefixtures("all_plugins")
@pytest.mark.parametrize("args", [(), ("-n", "2")], ids=["serial", "xdist"])
def test_counts_and_exit_code_are_those_of_plain_pytest(project, examine, plain, args):
    root = project(**EVERYTHING)
    status, counts = plain(root, *TO_THE_END, *args)
    examined = examine(root, *args)
    report = examined.report
    assert examined.ended.exit_status == status == 1
    assert counts == {
        "passed": report.passed,
        "failed": report.failed,
        "skipped": report.skipped,
        "error": report.errors,
        "xfailed": report.xfailed,
        "xpassed": report.xpassed,
        "warning": report.warnings,
        "rerun": report.flaky_retries,
    }
    assert examined.finding("suite.record") is None
    assert examined.finding().verdict is Verdict.FAIL
    assert (report.parallel_seconds is None) == (not args)


@pytest.fixture(scope="module")
def everything(tmp_path_factory, write_project, run_trial):
    root = write_project(tmp_path_factory.mktemp("everything"), **EVERYTHING)
    return run_trial(root, tmp_path_factory.mktemp("run"))


def test_each_test_is_told_as_pytest_has_it(everything):
    told = {name.rpartition("::")[2]: (test.outcome, test.teardown_error) for name, test in everything.tests.items()}
    assert told == {
        "test_ok": ("passed", False),
        "test_chained": ("failed", False),
        "test_passes_then_errors": ("passed", True),
        "test_fails_then_errors": ("failed", True),
        "test_setup_error": ("error", False),
        "test_missing_fixture": ("error", False),
        "test_skip": ("skipped", False),
        "test_xfail": ("xfailed", False),
        "test_xpass": ("xpassed", False),
        "test_strict_xpass": ("failed", False),
        "test_xfail_then_errors": ("xfailed", False),  # pytest counts it as xfailed twice
        "test_subtests": ("failed", False),
        "test_parts": ("failed", False),
        "test_warns": ("passed", False),
        "test_second_try": ("passed", False),
        "tests/test_skipped_module.py": ("skipped", False),
    }
    assert {error.nodeid for error in everything.of(CollectError)} == {"tests/test_import.py", "tests/test_syntax.py"}
    assert [warning.message for warning in everything.of(WarningSeen)] == ["careful"]
    trust = {test.id.rpartition("::")[2]: test.trust for test in everything.report.tests}
    assert trust["test_second_try"] == "retried"
    assert trust["test_ok"] == "single-run"
    assert everything.finding("suite.retries").verdict is Verdict.UNKNOWN


def test_a_failure_keeps_its_whole_chain(everything):
    tests = everything.tests
    chain = tests["tests/test_a.py::test_chained"].chain
    assert [(link.type, link.link) for link in chain] == [("ValueError", ""), ("KeyError", "cause")]
    assert [frame.function for frame in chain[0].frames] == ["test_chained"]
    assert chain[0].frames[0].text == 'raise ValueError("boom") from error'
    assert tests["tests/test_a.py::test_setup_error"].fixture == "bad_setup"
    assert tests["tests/test_a.py::test_skip"].reason == "why not"


def test_collection_errors_say_what_is_missing_and_where_it_does_not_parse(everything):
    errors = {error.nodeid: error for error in everything.of(CollectError)}
    root = errors["tests/test_import.py"].chain[-1]
    assert (root.type, root.missing_module) == ("ModuleNotFoundError", "no_such_module")
    last = errors["tests/test_syntax.py"].chain[-1]
    assert (last.type, last.frames[-1].line) == ("SyntaxError", 1)
    assert last.frames[-1].file.endswith("tests/test_syntax.py")


def test_the_members_of_a_group_follow_it(project, examine):
    code = """
        import pytest
        @pytest.mark.skipif("sys.version_info < (3, 11)")
        def test_group():
            try:
                {}["k"]
            except KeyError as cause:
                raise ExceptionGroup("several", [ValueError("v"), TypeError("t")]) from cause
        """
    (test,) = examine(project(test_a=code)).tests.values()
    assert [(link.type, link.link) for link in test.chain] == [
        ("ExceptionGroup", ""),
        ("ValueError", "member"),
        ("KeyError", "cause"),
    ]


def test_what_failed_beside_the_first_is_kept(project, examine):
    code = """
        import pytest
        @pytest.fixture
        def broken_teardown():
            yield
            raise OSError("not closed")
        @pytest.mark.skipif("sys.version_info < (3, 11)")
        def test_group(broken_teardown):
            inner = ExceptionGroup("inner", [KeyError("k"), IndexError("i")])
            raise ExceptionGroup("several", [ValueError("v"), inner, *(TypeError(n) for n in range(20))])
        def test_second_only(subtests):
            for n in range(3):
                with subtests.test(n=n):
                    assert n == 1
        """
    examined = examine(project(test_a=code)).tests
    test = examined["test_a.py::test_group"]
    assert [link.type for link in test.chain] == ["ExceptionGroup", "ValueError"]
    assert [(one.where, one.chain[-1].type) for one in test.further[:4]] == [
        ("teardown", "OSError"),
        ("member 2 of 22", "KeyError"),
        ("member 2 of 2", "IndexError"),
        ("member 3 of 22", "TypeError"),
    ]
    assert len(test.further) == 10
    assert test.further_left_out == 23 + 1 - 1 - 10  # leaves and the teardown, without the one followed and those kept
    parts = examined["test_a.py::test_second_only"]
    assert len(parts.further) == 1
    assert "n=2" in parts.further[0].where
    assert parts.further_left_out == 0


def test_a_failing_teardown_is_kept_beside_the_failing_test(everything):
    test = everything.tests["tests/test_a.py::test_fails_then_errors"]
    assert [(one.where, one.chain[-1].type) for one in test.further] == [("teardown", "RuntimeError")]


def test_an_x_in_the_projects_options_does_not_hide_failures_and_one_given_now_counts(project, examine):
    root = project(
        pytest_ini="[pytest]\naddopts = -x -p no:randomly\n",
        test_a="def test_a(): assert 0\ndef test_b(): assert 0\ndef test_c(): pass",
    )
    assert len(examine(root).tests) == 3
    stopped = examine(root, "-x")
    assert len(stopped.tests) == 1
    assert "2 selected tests did not run" in stopped.finding().detail
    assert stopped.report.execution_time_seconds is None


ONE = "def test_a(): pass"
ENDS = {  # files, pytest's exit status, verdict, reason, and what the finding says
    "pass": ({"test_a": ONE}, 0, "pass", None, "1 passed"),
    "empty": ({"a": ""}, 5, "unknown", "not-exercised", "collected no tests"),
    "option": (
        {"pytest_ini": "[pytest]\naddopts = --no-such-option\n", "test_a": ONE},
        4, "unknown", "not-exercised", "--no-such-option",
    ),
    "conftest": ({"conftest": "import nothing_like_this", "test_a": ONE}, 4, "fail", None, "conftest.py"),
    "internal": (
        {"conftest": "def pytest_collection_modifyitems(): raise KeyError('inside')", "test_a": ONE},
        3, "fail", None, "KeyError: 'inside'",
    ),
    "plugin": (
        {"conftest": "def pytest_sessionfinish(session): session.exitstatus = 1", "test_a": ONE},
        1, "fail", None, "although no test failed",
    ),
    "exit": ({"test_a": "import os\ndef test_a(): os._exit(0)"}, 0, "fail", None, "while running test_a.py::test_a"),
    "abort": ({"test_a": "import os\ndef test_a(): os.abort()"}, -6, "fail", None, "killed by SIGABRT while running"),
    "pytest.exit": (
        {"test_a": "import pytest\ndef test_a(): pass\ndef test_b(): pytest.exit('enough')"},
        2, "unknown", "inconclusive", "enough",
    ),
    "skipped": (
        {"test_a": "import pytest\n@pytest.mark.skip\ndef test_a(): pass"},
        0, "unknown", "not-exercised", "all 1 tests were skipped",
    ),
}  # fmt: skip


@pytest.mark.parametrize("end", ENDS)
def test_every_end_is_told_apart(project, examine, end):
    files, status, verdict, reason, said = ENDS[end]
    examined = examine(project(**files))
    finding = examined.finding()
    assert examined.ended.exit_status == status
    assert (finding.verdict, finding.reason) == (verdict, reason)
    assert said in f"{finding.title}\n{finding.detail}"
    assert examined.of(SuiteStarted)[0].chosen_because.startswith("--python")


HANGS = """
    import pathlib, time
    import pytest

    HERE = pathlib.Path(__file__).parent

    def test_before(): assert 0

    @pytest.fixture
    def resource():
        (HERE / "set-up").touch()
        yield
        (HERE / "torn-down").touch()

    def test_hangs(resource):
        time.sleep(600)

    def test_after(): pass
    """


def _hanging(room):
    return Path(room.plan.root, "set-up").exists()


def test_ctrl_c_lets_pytest_tear_down_and_keeps_what_was_seen(project, examine):
    root = project(test_a=HANGS)
    examined = examine(root, interrupt_when=_hanging)
    assert examined.state == "interrupted"
    assert (root / "torn-down").exists()
    assert [test.outcome for test in examined.tests.values()] == ["failed"]
    assert examined.ended.exit_status == 2
    assert "KeyboardInterrupt" in examined.ended.stopped_by
    finding = examined.finding()
    assert finding.verdict is Verdict.FAIL  # for what was seen already
    assert "interrupted" in finding.detail


def test_an_interrupted_run_without_failures_is_inconclusive(project, examine):
    root = project(test_a=HANGS.replace("assert 0", "pass"))
    finding = examine(root, interrupt_when=_hanging).finding()
    assert (finding.verdict, finding.reason) == (Verdict.UNKNOWN, Reason.INCONCLUSIVE)


def test_a_time_limit_stops_the_suite(project, examine):
    root = project(test_a=HANGS.replace("assert 0", "pass"))
    examined = examine(root, timeout_s=3.0)
    assert examined.ended.timed_out
    assert (root / "torn-down").exists()
    assert "its time limit" in examined.finding().title


def test_repeats_show_what_does_not_end_the_same_way(project, examine):
    code = """
        import pathlib
        MARK = pathlib.Path(__file__).with_suffix(".mark")
        def test_stable(): pass
        def test_first_time_only():
            first = not MARK.exists()
            MARK.touch()
            assert first
        """
    examined = examine(project(test_a=code), repeat=2)
    assert (examined.room.folder / "test_execution-2.log").exists()
    report = examined.report
    assert len(report.repeats) == 2
    assert {test.id.rpartition("::")[2]: (test.outcome, test.trust) for test in report.tests} == {
        "test_stable": ("passed", "repeated"),
        "test_first_time_only": ("failed", "differed"),
    }
    assert "test_first_time_only: passed, failed" in examined.finding("suite.repeats").detail
    assert (report.passed, report.failed) == (1, 1)


def test_the_log_is_complete_masked_and_plain(project, examine):
    code = """
        def test_prints():
            print("password=hunter2 and \\x1b[31mred\\x1b[0m \\x00")
            assert 0, "seen"
        """
    examined = examine(project(test_a=code), "-s")
    assert "hunter2" not in examined.log
    assert "password=[redacted] and red \ufffd" in examined.log
    assert "1 failed in" in examined.log
    assert not any("hunter2" in str(record) for record in examined.records)


def test_the_environment_is_the_users_own(project, examine, monkeypatch):
    monkeypatch.setenv("SHOP_SETTING", "as it is")
    code = """
        import os, pathlib
        pathlib.Path(__file__).with_name("env").write_text("|".join(os.environ))
        def test_a(): pass
        """
    root = project(test_a=code)
    examine(root)
    assert set((root / "env").read_text().split("|")) - {"PYTEST_VERSION"} == set(os.environ)


def test_what_is_not_a_directory_is_said(tmp_path, examine):
    with pytest.raises(UsageError, match="there is no directory"):
        examine(tmp_path / "nowhere")


def test_progress_tells_collection_tests_and_failures(project, examine):
    said = examine(project(test_a="import time\ndef test_a(): assert 0\ndef test_b(): time.sleep(1.5)")).room.said
    assert any(text == "starting pytest" for _, _, text in said)
    assert any((done, total, text) == (1, 2, "1 of 2 tests, 1 failed") for done, total, text in said)


@pytest.mark.usefixtures("all_plugins")
def test_a_recording_gives_the_records_of_the_run_itself(project, examine, everything, tmp_path):
    root = project(**EVERYTHING)
    path = tmp_path / "recording.jsonl"
    command = [sys.executable, str(launcher()), "--wire-file", str(path), "--", *TO_THE_END]
    subprocess.run(command, cwd=root, check=False, capture_output=True)
    live, read = everything, examine(root, recording=str(path))
    assert {name: (test.outcome, test.counted) for name, test in read.tests.items()} == {
        name: (test.outcome, test.counted) for name, test in live.tests.items()
    }
    assert read.ended.summary == live.ended.summary
    assert read.ended.exit_status == 1
    assert read.finding().title == live.finding().title


def test_a_recording_without_an_end_is_inconclusive(project, examine, tmp_path):
    root = project(test_a="import os\ndef test_a(): pass\ndef test_b(): os._exit(1)")
    path = tmp_path / "recording.jsonl"
    command = [sys.executable, str(launcher()), "--wire-file", str(path), "--"]
    subprocess.run(command, cwd=root, check=False, capture_output=True)
    with path.open("a") as file:
        file.write('{"kind":"test","id":"torn')
    records = list(read_recording(path, "recorded"))
    assert records[-1].running == ("test_a.py::test_b",)
    assert records[-1].malformed == 0
    finding = examine(root, recording=str(path)).finding()
    assert (finding.verdict, finding.reason) == (Verdict.UNKNOWN, Reason.INCONCLUSIVE)


def test_a_missing_recording_is_said(project, examine, tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        examine(project(test_a=""), recording=str(tmp_path / "nothing"))


def test_cpu_seconds_are_those_of_the_process(project, examine):
    code = "import time\ndef test_a():\n    while time.process_time() < 1.0: pass"
    examined = examine(project(test_a=code))
    assert examined.ended.cpu_s >= 0.9


def test_a_process_left_behind_does_not_hold_the_run_up(project, examine):
    code = (
        "import subprocess, sys\ndef test_a(): subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(120)'])"
    )
    before = time.monotonic()
    examined = examine(project(test_a=code))
    assert examined.ended.exit_status == 0
    assert time.monotonic() - before < 60
    for child in examined.room.children:
        os.killpg(child.pid, signal.SIGKILL)


def test_deselected_tests_are_counted(project, examine):
    examined = examine(project(test_a="def test_a(): pass\ndef test_b(): pass"), "-k", "test_b")
    assert examined.report.deselected == 1
    assert examined.of(Collected)[0].count == 1


def test_a_flood_of_output_is_cut_and_its_end_is_kept(project, examine):
    code = "def test_a():\n    for n in range(120_000): print('token', 'x' * 90, n)"
    examined = examine(project(test_a=code), "-s")
    assert (examined.room.folder / "test_execution.log").stat().st_size <= 5_000_000
    assert "bytes of output were cut here" in examined.log
    assert "1 passed in" in examined.log.splitlines()[-1]
    assert examined.finding().verdict is Verdict.PASS
