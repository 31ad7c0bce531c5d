"""The whole way, with real tests, a real server and real signals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from brinell.cli import session
from brinell.config import for_suite, from_toml
from brinell.journal import runs
from brinell.journal.reader import read
from brinell.triage.reproduce import ReproduceTrial

FAILING = "def test_ok():\n    pass\n\ndef test_wrong():\n    assert [1, 2] == [1, 3]\n"


@pytest.fixture(autouse=True)
def _this_interpreter(monkeypatch):
    monkeypatch.setenv("VIRTUAL_ENV", sys.prefix)


@pytest.fixture
def url():
    """A server of ours, in this process."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def latest(folder: Path) -> Path:
    return runs.find(folder)


def test_a_passing_suite_is_exit_0_and_leaves_its_reports(brinell, project):
    said = brinell("suite")
    assert said.code == 0, said
    folder = latest(project)
    for name in ("plan.json", "journal.jsonl", "judgement.json", "report.html", "report.md", "junit.xml"):
        assert (folder / name).stat().st_size > 0
    assert "Next:  brinell bless" in said.out
    assert said.out.count("Next:") == 1


def test_a_failing_suite_is_exit_1_with_its_bug(brinell, project):
    (project / "tests" / "test_sums.py").write_text(FAILING)
    said = brinell("suite", "--json")
    assert said.code == 1, said
    judgement = json.loads(said.out)
    assert judgement["run"]["exit_code"] == 1
    assert judgement["suite"]["failed"] == 1
    assert [bug["tests"] for bug in judgement["bugs"]] == [["tests/test_sums.py::test_wrong"]]
    assert judgement == json.loads((latest(project) / "judgement.json").read_text())


def test_pytest_arguments_after_the_dashes(brinell, project):
    (project / "tests" / "test_sums.py").write_text(FAILING)
    said = brinell("suite", "tests", "--json", "--", "-k", "ok")
    assert said.code == 0, said
    assert json.loads(said.out)["suite"]["test_count"] == 1


@pytest.mark.usefixtures("here")
def test_no_tests_is_exit_3(brinell):
    said = brinell("suite")
    assert said.code == 3, said
    assert "brinell doctor" in said.out


@pytest.mark.usefixtures("project")
def test_quiet_prints_the_verdicts_line_alone(brinell):
    said = brinell("suite", "--quiet")
    assert said.code == 0, said
    assert len(said.out.splitlines()) == 1
    assert said.err == ""


@pytest.mark.usefixtures("project")
def test_the_verdicts_line_is_whole_however_narrow_the_terminal_is(brinell, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    said = brinell("suite", "-q")
    assert len(said.out.splitlines()) == 1
    assert said.out.rstrip().endswith(".")


def test_out_is_exactly_the_folder(brinell, project):
    said = brinell("suite", "--out", "result")
    assert said.code == 0, said
    assert (project / "result" / "judgement.json").is_file()
    assert not (project / ".brinell").exists()
    assert "brinell report result --open" in said.out
    again = brinell("suite", "--out", "result")
    assert again.code == 2
    assert "already holds a run" in again.err


@pytest.mark.prove
def test_old_runs_are_pruned(brinell, project):
    (project / "brinell.toml").write_text("[project]\nkeep = 1\n[suite]\n")
    assert brinell("run", "--quiet").code == 0
    first = latest(project)
    assert brinell("run", "--quiet").code == 0
    assert [entry.path for entry in runs.listing(project)] == [latest(project)] != [first]


def test_an_interpreter_without_pytest_is_exit_2_and_no_run(brinell, project):
    said = brinell("suite", "--python", "no-such-python")
    assert said.code == 2
    assert "no-such-python" in said.err
    assert not (project / ".brinell").exists()


@pytest.mark.usefixtures("here")
def test_load_passes_and_fails_by_its_thresholds(brinell, url):
    said = brinell("load", url, "--rate", "40", "--duration", "500ms", "--slo", "p95_ms=5000", "--json")
    judgement = json.loads(said.out)
    assert judgement["load"][0]["requests"] == 20
    # The machine may be too busy for a valid measurement; it never fails the service for that.
    assert said.code in {0, 3}, said
    said = brinell("judge", "--slo", "p95_ms=0.000001", "--quiet")
    assert said.code in {1, 3}, said
    assert said.code == 1 or not judgement["load"][0]["generator"]["valid"]
    assert brinell("judge", "--json").out == json.dumps(judgement, indent=2, ensure_ascii=False) + "\n"


def test_a_refused_target_is_exit_2_and_no_run(brinell, here):
    said = brinell("load", "http://192.0.2.1/", "--duration", "100ms")  # TEST-NET-1: nobody's
    assert said.code == 2
    assert "allow_targets" in said.err
    assert not (here / ".brinell").exists()


def test_reports_are_made_again_byte_for_byte(brinell, project):
    assert brinell("suite", "--quiet").code == 0
    folder = latest(project)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert brinell("judge", "--quiet").code == 0
    assert brinell("report", "--quiet").code == 0
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert brinell("report", folder.name, "--out", "copy", "--quiet").code == 0
    assert (project / "copy" / "report.html").read_bytes() == before["report.html"]


@pytest.mark.prove
def test_what_is_made_of_a_run_anew_overwrites_no_other_run(brinell, project):
    assert brinell("suite", "--quiet").code == 0
    first = latest(project)
    assert brinell("suite", "--out", "second", "--quiet").code == 0
    before = (project / "second" / "judgement.json").read_bytes()
    for command in ("judge", "report"):
        said = brinell(command, "latest", "--out", "second")
        assert said.code == 2, said
        assert "another run is kept there" in said.err
        assert brinell(command, "latest", "--out", str(first), "--quiet").code == 0
    assert (project / "second" / "judgement.json").read_bytes() == before


def test_a_suite_is_expected_to_take_what_was_blessed(project):
    folder = project / "brinell-baselines"
    folder.mkdir()
    (folder / "baseline.json").write_text('{"v": 1, "suite": {"seconds": [3, 5]}}')
    assert session._expected_s(for_suite(project, repeat=2)) == {"suite": 8.0}
    assert session._expected_s(for_suite(project, args=["-k", "some"])) == {}
    (project / "brinell.toml").write_text("[suite]\npaths = ['tests']\n")
    assert session._expected_s(from_toml(project)) == {"suite": 4.0}
    (folder / "baseline.json").write_text("{")
    assert session._expected_s(from_toml(project)) == {}


@pytest.mark.prove
def test_bless_compare_and_runs(brinell, project):
    assert brinell("suite", "--quiet").code == 0
    said = brinell("bless")
    assert said.code == 0, said
    assert (project / "brinell-baselines" / "baseline.json").is_file()
    (project / "tests" / "test_sums.py").write_text(FAILING)
    assert brinell("suite", "--quiet").code == 1
    listed = json.loads(brinell("runs", "--json").out)
    assert [entry["verdict"] for entry in listed] == ["fail", "pass"]
    compared = json.loads(brinell("compare", "--json").out)
    assert compared["verdict"] == {"a": "pass", "b": "fail"}
    assert compared["tests"]["new_failing"] == ["tests/test_sums.py::test_wrong"]
    said = brinell("compare")
    assert said.code == 0
    assert "tests/test_sums.py::test_wrong" in said.out
    assert brinell("compare", "--markdown").out.startswith("# Worse: pass → fail\n")
    assert brinell("compare", "--html", "both.html").code == 0
    assert (project / "both.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    said = brinell("compare", "--json", "--html", "no/such/folder.html")
    assert said.code == 2
    assert "no/such/folder.html" in said.err
    assert json.loads(said.out) == compared
    assert brinell("compare", "--open").code == 2
    assert "not judged" not in brinell("runs").out


def test_bless_refuses_what_is_poor(brinell, project):
    assert brinell("suite", "--quiet").code == 0
    folder = latest(project)
    judgement = json.loads((folder / "judgement.json").read_text())
    judgement["run"]["state"] = "interrupted"
    (folder / "judgement.json").write_text(json.dumps(judgement))
    assert brinell("bless").code == 2
    assert brinell("bless", "--force").code == 0


def test_a_bug_of_ours_in_a_run_is_exit_70_and_what_was_measured_is_judged(brinell, project, bugs, monkeypatch):
    def break_down(*_):
        raise ZeroDivisionError("ours")

    monkeypatch.setattr(ReproduceTrial, "run", break_down)
    said = brinell("suite")
    assert said.code == 70
    assert "ZeroDivisionError" in said.err
    assert [one.splitlines()[-1] for one in bugs()] == ["ZeroDivisionError: ours"]
    assert "1 test: 1 passed" in said.out  # what could be told is told
    judgement = json.loads((latest(project) / "judgement.json").read_text())
    assert judgement["suite"]["passed"] == 1
    assert judgement["run"]["state"] == "failed"


def test_a_run_whose_project_is_gone_cannot_go_on_or_be_blessed(brinell, project):
    assert brinell("suite", "--out", "../run", "--quiet").code == 0
    plan = project.parent / "run" / "plan.json"
    plan.write_text(plan.read_text().replace(str(project), str(project / "gone")))
    journal = project.parent / "run" / "journal.jsonl"
    journal.write_text(
        "".join(line for line in journal.read_text().splitlines(True) if '"kind":"runended"' not in line)
    )
    assert "bless" not in brinell("report", "../run").out
    for argv in (["run", "--resume", "../run"], ["bless", "../run"]):
        said = brinell(*argv)
        assert said.code == 2, said
        assert "gone" in said.err


def _until(condition, process):
    deadline = time.monotonic() + 60
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.prove
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_is_judged_and_exit_130_and_goes_on_later(brinell, project, number):
    gate = project / "gate"
    (project / "tests" / "test_sums.py").write_text(
        "import pathlib, time\n"
        "def test_first(): pass\n"
        "def test_waits():\n"
        f"    pathlib.Path({str(project / 'begun')!r}).touch()\n"
        "    end = time.monotonic() + 60\n"
        f"    while not pathlib.Path({str(gate)!r}).exists() and time.monotonic() < end: time.sleep(0.05)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "brinell", "suite"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ,
    )
    _until((project / "begun").exists, process)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, (out, err)
    assert "Traceback" not in err
    folder = latest(project)
    assert json.loads((folder / "judgement.json").read_text())["run"]["state"] == "interrupted"
    assert "brinell run --resume latest" in out
    gate.touch()
    said = brinell("run", "--resume", "latest", "--json")
    assert said.code == 0, said
    assert json.loads(said.out)["suite"]["passed"] == 2
    assert read(folder).run_state == "complete"
    again = brinell("run", "--resume", "latest")
    assert again.code == 2
    assert "nothing is left to do" in again.err
