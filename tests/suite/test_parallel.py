from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from brinell.checks.suite_report import suite_report
from brinell.core.evidence import fingerprint
from brinell.core.examination import ParallelOnly
from brinell.core.observation import Choice, SuiteEnded, SuiteStarted, WarningSeen

MIXTURE = {
    "tests__test_mixture": """
        import sys, unittest, warnings
        import pytest

        @pytest.fixture
        def bad_teardown():
            yield
            raise RuntimeError("teardown")

        @pytest.fixture
        def bad_setup(): raise OSError("setup")

        def test_ok(): pass
        def test_chained():
            try: {}["x"]
            except KeyError as error: raise ValueError("boom") from error
        def test_passes_then_errors(bad_teardown): pass
        def test_fails_then_errors(bad_teardown): assert 0
        def test_setup_error(bad_setup): pass
        def test_missing_fixture(nope): pass
        @pytest.mark.skip(reason="why not")
        def test_skip(): pass
        @pytest.mark.xfail
        def test_xfail(): assert 0
        @pytest.mark.xfail
        def test_xpass(): pass
        @pytest.mark.xfail(strict=True)
        def test_strict_xpass(): pass
        def test_subtests(subtests):
            for i in range(4):
                with subtests.test(i=i): assert i % 2
        class TestUnit(unittest.TestCase):
            def test_parts(self):
                for i in range(3):
                    with self.subTest(i=i): self.assertNotEqual(i, 2)
        def test_warns(): warnings.warn("careful")
        KEPT = sys.stdout
        def test_stream_kept_at_import(capfd):
            KEPT.write("kept")
            assert KEPT is not sys.stdout and capfd.readouterr().out == ""
        def test_stream_of_import_is_that_of_tests():
            KEPT.write("kept")
            assert KEPT is sys.stdout
        TRIES = []
        @pytest.mark.flaky(reruns=2)
        def test_second_try():
            TRIES.append(1)
            assert len(TRIES) == 2
        @pytest.mark.parametrize("token", ["password=a1", "password=b2"])
        def test_secret(token): pass
        """,
    "tests__test_import": "import no_such_module",
    "tests__test_syntax": "def broken(:",
    "tests__test_skipped": "import pytest; pytest.skip('not here', allow_module_level=True)",
    "tests__test_more": "def test_more(): pass",
}
KILLERS = {
    "tests__test_leaves": """
        import os, subprocess, sys
        def test_before(): pass
        def test_exit(): os._exit(3)
        def test_after_exit(): pass
        def test_fork_returns():
            pid = os.fork()
            if pid: os.waitpid(pid, 0)
        def test_after_fork(): pass
        def test_cwd(tmp_path): os.chdir(tmp_path)
        def test_daemon():
            subprocess.Popen([sys.executable, "-c", "import time; time.sleep(77.25)"], start_new_session=True)
        """,
    "tests__test_zz_descriptors": """
        import os
        def test_standard(): os.close(1); os.close(2)
        def test_after_standard(): pass
        def test_range(): os.closerange(3, 256)
        def test_after_range(): pass
        """,
    "tests__test_hangs": """
        import os, signal, time
        def test_hang(): time.sleep(600)
        def test_after_hang(): pass
        def test_signal(): os.kill(os.getpid(), signal.SIGSEGV)
        def test_after_signal(): pass
        """,
}


def outcomes(run):
    return {name: (test.outcome, test.teardown_error, test.counted) for name, test in run.tests.items()}


def counts(run):
    return {name: n for name, n in (run.ended.summary or {}).items() if n}


def leftovers():
    found = set()
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                command = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if b"time.sleep(77.25)" in command:
                found.add(folder.name)
    return found


@pytest.mark.usefixtures("all_plugins")
def test_every_outcome_is_that_of_a_serial_run(project, examine):
    root = project(**MIXTURE)
    serial, parallel = examine(root), examine(root, workers=2)
    assert outcomes(parallel) == outcomes(serial)
    assert counts(parallel) == counts(serial)
    assert parallel.ended.exit_status == serial.ended.exit_status == 1
    assert [one.message for one in parallel.of(WarningSeen)] == [one.message for one in serial.of(WarningSeen)]
    assert parallel.of(SuiteStarted)[0].workers == 2
    assert not parallel.of(ParallelOnly)


@pytest.mark.parametrize(
    ("files", "status"),
    [({"tests__test_a": "def test_a(): pass"}, 0), ({"tests__test_a": "x = 1"}, 5)],
    ids=["passing", "none collected"],
)
def test_exit_status_is_pytests(project, examine, files, status):
    assert examine(project(**files), workers=2).ended.exit_status == status


@pytest.mark.prove
def test_a_test_that_kills_its_worker_costs_itself_only(project, examine, tmp_path, monkeypatch):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    run = examine(project(**KILLERS), workers=2, test_timeout_s=1.5)
    crashed = {name.split("::")[1] for name, test in run.tests.items() if "crash" in test.phases}
    assert crashed == {"test_exit", "test_hang", "test_signal"}
    assert len(run.tests) == 15
    others = {name.split("::")[1] for name, test in run.tests.items() if test.outcome != "passed"} - crashed
    assert others <= {"test_range", "test_after_range", "test_after_hang", "test_after_signal"}
    assert run.ended.exit_status == 1
    assert not run.ended.running
    assert not leftovers()
    assert len(list(Path("/proc/self/fd").iterdir())) == descriptors
    assert not list(scratch.iterdir())


def test_a_module_that_ends_the_process_at_import(project, examine):
    root = project(tests__test_a="def test_a(): pass", tests__test_b="import os; os._exit(7)")
    serial, parallel = examine(root), examine(root, workers=2)
    assert parallel.ended.exit_status == serial.ended.exit_status == 7
    assert not parallel.tests


def test_output_is_bounded_and_under_a_heading(project, examine):
    text = """
        import os
        def test_said(): print("a word"); assert 0
        def test_flood():
            for _ in range(100): os.write(1, b"x" * 1_000_000)
        """
    run = examine(project(tests__test_a=text), "-s", workers=1)
    assert "output of worker 1 of 1" in run.log
    assert "a word" in run.log
    assert "bytes of output were cut here" in run.log
    assert len(run.log) < 5_100_000


def test_stopping_at_the_first_failure_needs_one_process(project, examine):
    run = examine(project(tests__test_a="def test_a(): assert 0\ndef test_b(): pass"), "-x", workers=2)
    assert [one.what for one in run.of(Choice)] == ["workers"]
    assert len(run.of(SuiteStarted)) == 1
    assert set(run.tests) == {"tests/test_a.py::test_a"}


def test_threads_after_collection_need_one_process(project, examine):
    thread = "import threading, time\nthreading.Thread(target=time.sleep, args=(2,), daemon=True).start()\n"
    run = examine(project(tests__test_a=thread + "def test_a(): pass"), workers=2)
    assert "thread" in run.of(Choice)[0].reason
    assert run.ended.exit_status == 0


def test_a_failure_that_needs_company_is_not_recorded_as_one(project, examine, tmp_path):
    side = f"""
        import pathlib, time
        def test_{{}}():
            lock = pathlib.Path({str(tmp_path)!r}, "lock")
            lock.open("x").close()
            time.sleep(0.5)
            lock.unlink()
        """
    run = examine(project(tests__test_a=side.format("a"), tests__test_b=side.format("b")), workers=2)
    assert {test.outcome for test in run.tests.values()} <= {"passed", "failed"}
    only = run.of(ParallelOnly)
    assert only
    assert only[0].parallel == "failed"
    assert only[0].beside


HIDDEN = {
    "shop": "OPEN = [True]",
    "conftest": "import sys; sys.path.insert(0, '.')",
    "tests__test_a": """
        import shop, time
        def test_closes(): shop.OPEN.clear(); time.sleep(0.3)
        """,
    "tests__test_b": """
        import shop, time
        def test_needs_it_open(): time.sleep(0.3); assert shop.OPEN
        """,
}


def test_a_test_that_only_a_serial_run_spoils_has_its_serial_outcome(project, examine):
    """The failure at the end has everything before it run again as a serial pytest does."""
    root = project(**HIDDEN, tests__test_c="def test_bad(): assert 0")
    serial, parallel = examine(root), examine(root, workers=2)
    assert [one.parallel for one in parallel.of(ParallelOnly)] == ["passed"]
    assert outcomes(parallel) == outcomes(serial)
    assert counts(parallel) == counts(serial)
    assert (parallel.report.passed, parallel.report.failed) == (1, 2)
    assert parallel.finding("suite.record") is None or parallel.finding("suite.record").verdict == "pass"


def test_serial_too_measures_the_speed_up_and_compares_every_outcome(project, examine):
    run = examine(project(**HIDDEN), workers=2, serial_too=True)
    report = run.report
    assert (report.workers, len(run.of(SuiteEnded))) == (2, 2)
    wide, serial = (ended.seconds for ended in run.of(SuiteEnded))
    assert (report.parallel_seconds, report.serial_seconds) == (pytest.approx(wide), pytest.approx(serial))
    assert report.parallel_speedup == pytest.approx(serial / wide, rel=0.01)
    assert report.execution_time_seconds == pytest.approx(wide)
    trust = {test.id: (test.outcome, test.trust) for test in report.tests}
    assert trust["tests/test_b.py::test_needs_it_open"] == ("failed", "differed")
    assert trust["tests/test_a.py::test_closes"] == ("passed", "repeated")


def junit(path):
    cases = ET.parse(path).getroot().iter("testcase")  # noqa: S314 - a file that pytest wrote for us
    return {
        (case.get("classname"), case.get("name")): sorted((part.tag, part.get("message", "")[:40]) for part in case)
        for case in cases
    }


def test_junitxml_and_the_cache_of_failures_are_those_of_a_serial_run(project, examine):
    conftest = """
        def pytest_runtest_logreport(report):
            if report.when == "teardown": open("heard.txt", "a").write(report.nodeid + "\\n")
        """
    root = project(**MIXTURE, conftest=conftest)
    seen = []
    for workers in (0, 2):
        run = examine(root, "--junitxml=junit.xml", workers=workers)
        assert run.ended.exit_status == 1
        failed = json.loads((root / ".pytest_cache/v/cache/lastfailed").read_text())
        heard = set((root / "heard.txt").read_text().split())
        seen.append((junit(root / "junit.xml"), failed, heard))
        for name in ("junit.xml", "heard.txt", ".pytest_cache/v/cache/lastfailed"):
            (root / name).unlink()
    assert len(seen[0][0]) == 22
    assert seen[1] == seen[0]


def test_junitxml_has_a_test_that_left_its_process(project, examine):
    root = project(tests__test_a="import os\ndef test_a(): pass\ndef test_exit(): os._exit(3)")
    examine(root, "--junitxml=junit.xml", workers=2)
    told = junit(root / "junit.xml")
    assert told["tests.test_a", "test_a"] == []
    assert [tag for tag, _ in told["tests.test_a", "test_exit"]] == ["failure"]


def test_ctrl_c_keeps_what_was_measured(project, examine):
    text = """
        import time, pathlib
        def test_a(): pass
        def test_slow(request):
            request.addfinalizer(lambda: pathlib.Path("torn_down").write_text(""))
            time.sleep(60)
        """
    root = project(tests__test_a=text)
    run = examine(root, workers=2, interrupt_when=lambda room: any("1 of 2" in text for _, _, text in room.said))
    assert run.state == "interrupted"
    assert run.ended.exit_status == 2
    assert "tests/test_a.py::test_a" in run.tests
    assert (root / "torn_down").exists()


def test_exit_asked_by_a_test_stops_the_session(project, examine):
    run = examine(project(tests__test_a="import pytest\ndef test_a(): pytest.exit('enough', 9)"), workers=2)
    assert run.ended.exit_status == 9
    assert "enough" in run.ended.stopped_by


def test_workers_are_what_xdist_would_show(project, examine):
    text = """
        import os
        def test_name(request):
            assert os.environ["PYTEST_XDIST_WORKER"] == request.config.workerinput["workerid"]
        """
    assert examine(project(tests__test_a=text), workers=2).ended.exit_status == 0


@pytest.mark.usefixtures("all_plugins")
@pytest.mark.parametrize(
    ("branch", "setting"),
    [
        (False, ""),
        (True, ""),
        (False, "parallel = true"),
        (False, "patch = _exit"),
        (False, "patch = subprocess"),
        (False, "core = sysmon"),
    ],
)
def test_coverage_is_that_of_a_serial_run(project, examine, branch, setting):
    code = "def half(n):\n    if n > 1:\n        return 2\n    return 1\ndef other():\n    return 3\n"
    test = "import code_of\nimport pytest\n@pytest.mark.parametrize('n', range(3))\ndef test_it(n): assert code_of.{}\n"
    root = project(
        code_of=code, tests__test_a=test.format("half(n)"), tests__test_b=test.format("other()"),
        conftest="import sys; sys.path.insert(0, '.')",
    )  # fmt: skip
    (root / ".coveragerc").write_text(f"[run]\n{setting}\ndisable_warnings = no-sysmon\n")
    args = ("--cov=.", "--cov-context=test", "--cov-report=term", *(["--cov-branch"] if branch else []))
    seen = []
    for workers in (0, 2):
        run = examine(root, *args, workers=workers)
        assert run.ended.exit_status == 0
        assert "TOTAL" in run.log
        seen.append(covered(root / ".coverage", branch=branch))
        assert sorted(path.name for path in root.glob(".coverage*")) == [".coverage", ".coveragerc"]
        (root / ".coverage").unlink()
    assert seen[0] == seen[1]


def covered(path, *, branch):
    data = sqlite3.connect(path)
    try:
        lines = "arc.fromno, arc.tono" if branch else "hex(numbits)"
        table = "arc" if branch else "line_bits as arc"
        query = f"select path, context, {lines} from {table} join file on file_id = file.id "  # noqa: S608 - words of ours
        return set(data.execute(query + "join context on context_id = context.id"))
    finally:
        data.close()


def test_speed_up_is_told_where_a_serial_run_was_blessed(project, examine):
    root = project(tests__test_a="def test_a(): pass", tests__test_b="def test_b(): pass")
    run = examine(root, workers=2)
    assert run.report.parallel_seconds == pytest.approx(run.ended.seconds)
    assert run.report.workers == 2
    assert run.report.serial_seconds is run.report.parallel_speedup is None
    tests = {name: ["passed", 0.1] for name in run.tests}
    here = fingerprint(run.evidence())
    baseline = {"suite": {"seconds": [12.0], "tests": tests, "workers": 0}, "fingerprint": here}
    report = suite_report(run.evidence(baseline)).suite
    assert report.serial_seconds == 12.0
    assert report.parallel_speedup == pytest.approx(12.0 / run.ended.seconds, rel=0.01)
