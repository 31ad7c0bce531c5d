"""The ``brinell_load`` fixture: in a pytest of its own as a project has it, and its parts called directly."""

from __future__ import annotations

import http.server
import os
import subprocess
import sys
import threading

import pytest

from brinell.cli.load_in_test import LoadInTest
from brinell.core.errors import UsageError

pytestmark = pytest.mark.prove  # real workers and servers, seconds each

SLOW = {"p50_ms": 0.0001}
EASY = {"p50_ms": 60_000}


class Service(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(500 if self.path == "/broken" else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *_):
        pass


@pytest.fixture
def service():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def press(tmp_path):
    project = tmp_path / "project"
    project.mkdir()
    (project / "brinell.toml").write_text("")
    return project, LoadInTest(str(project), str(tmp_path / "runs"))


def crowded(result):
    """Whether this machine was too busy to measure anything: then nothing can pass."""
    return not result.generator.valid


def test_numbers_come_back(press, service):
    _, load = press
    result = load(f"{service}/notes", rate=60, duration=0.5, json={"a": 1}, thresholds=EASY, check=False)
    assert (result.requests, result.errors, result.load.model) == (30, {}, "open")
    assert 0 < result["p50_ms"] <= result["p95_ms"] <= result["max_ms"] == result.response_ms.max
    assert result["service_p50_ms"] == result.service_ms.p50
    assert result["error_rate"] == 0
    assert result["min_rate"] == result.rate > 0
    assert "POST /notes" in result.load.operations
    assert (result.folder / "report.html").is_file()
    assert load.runs == [result]
    with pytest.raises(KeyError, match="did you mean p95_ms"):
        result["p95"]


def test_a_threshold_that_does_not_hold_fails_with_its_numbers(press, service):
    _, load = press
    with pytest.raises(pytest.fail.Exception) as failed:
        load(f"{service}/", rate=60, duration=0.5, thresholds=SLOW)
    said = str(failed.value)
    assert "p50_ms is" in said
    assert "30 requests, no errors; response ms: p50" in said
    assert str(load.runs[0].folder / "report.html") in said


def test_too_few_requests_are_no_proof_and_fail(press, service):
    _, load = press
    with pytest.raises(pytest.fail.Exception) as failed:
        load(f"{service}/", rate=20, duration=0.5, thresholds={"p99_ms": 60_000})
    result = load.runs[0]
    assert "NOT PROVED" in str(failed.value)
    assert crowded(result) or "inconclusive" in str(failed.value)
    assert crowded(result) or "run it about" in str(failed.value)


def test_a_measurement_that_cannot_be_believed_fails_with_the_sentence(press):
    project, load = press
    (project / "nothing.py").write_text("def nothing(): pass\n")
    with pytest.raises(pytest.fail.Exception) as failed:
        load("nothing:nothing", model="closed", duration=1.5, thresholds={"max_ms": 60_000})
    assert "invalid" in str(failed.value)
    assert "making the calls" in str(failed.value)


def test_errors_fail_and_their_samples_are_shown(press, service):
    _, load = press
    with pytest.raises(pytest.fail.Exception) as failed:
        load(f"{service}/broken", rate=60, duration=0.5, thresholds={"error_rate": 0.1})
    assert "30 status" in str(failed.value)
    assert "status-500" in str(failed.value)


def test_a_scenario_of_the_configuration_by_name(press, service):
    project, load = press
    (project / "brinell.toml").write_text(
        f'[[load]]\nname = "browse"\nurl = "{service}"\nthresholds = {{ p50_ms = 60000 }}\n'
        'shape = { kind = "constant", rate = 60, duration = "500ms" }\nrequests = [{ path = "/a" }, { path = "/b" }]\n'
    )
    result = load("browse", check=False)
    assert set(result.load.operations) == {"GET /a", "GET /b"}
    assert set(result.load.thresholds) == {"p50_ms"}
    with pytest.raises(pytest.fail.Exception, match="max_ms is"):
        load("browse", thresholds={"max_ms": 0.0001})
    with pytest.raises(UsageError, match="no scenario") as wrong:
        load("brwse")
    assert wrong.value.hint == 'did you mean "browse"?'


@pytest.mark.parametrize(
    ("target", "given", "words"),
    [
        ("browse", {"rate": 500}, "rate is given, and a scenario of brinell.toml says all else itself"),
        ("browse", {"duration": 1, "thresholds": EASY}, "duration is given"),
        ("shop:get", {"headers": {"A": "b"}}, "headers is given, and it belongs to an address"),
        ("http://127.0.0.1:1/", {"args": [1]}, "args is given, and it belongs to a function"),
        ("http://127.0.0.1:1/", {"flows": "x.py", "json": {}}, "json is given, and the flows say what is sent"),
    ],
)
def test_what_would_be_ignored_is_refused(press, target, given, words):
    _, load = press
    with pytest.raises(UsageError, match=words):
        load(target, **given)


def test_flows_and_functions(press, service):
    project, load = press
    (project / "loadtest.py").write_text(
        "from brinell.flow import flow\n\n\n@flow\nasync def browse(user):\n    await user.get('/a')\n"
    )
    result = load(service, flows="loadtest.py", rate=20, duration=0.5, check=False)
    assert set(result.load.operations) == {"GET /a"}
    (project / "shop.py").write_text("def get(a, b=0):\n    return a\n")
    result = load("shop:get", args=[1], kwargs={"b": 2}, rate=20, duration=0.5, check=False)
    assert (set(result.load.operations), result.requests) == ({"shop:get"}, 10)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"thresholds": {"p95": 5}}, "p95_ms"),
        ({"shape": {"kind": "constnt"}}, "constant"),
        ({"rate": 0}, "rate"),
        ({"model": "closed", "rate": 5}, "open model"),
        ({"model": "cloased"}, "valid are open and closed"),
        ({"json": 1, "body": "x"}, "one body"),
        ({"headers": {"A b": "c"}}, "headers"),
        ({"flows": "nowhere.py"}, "no such file"),
    ],
)
def test_mistakes_are_said_and_nothing_is_run(press, given, said):
    _, load = press
    with pytest.raises(UsageError) as wrong:
        load("http://127.0.0.1:9/", **given)
    assert said in f"{wrong.value} {wrong.value.hint}"
    assert load.runs == []
    with pytest.raises(UsageError, match="allow_targets"):
        load("http://192.0.2.1/")


def test_another_thread_is_refused_with_words(press):
    _, load = press
    told = []

    def ask():
        try:
            load("http://127.0.0.1:9/")
        except UsageError as error:
            told.append(str(error))

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert "main thread" in told[0]


TESTS = """
import sys
import pytest

def test_unused_costs_nothing():
    assert not {"brinell.cli", "numpy", "msgspec"} & set(sys.modules)

def test_holds(brinell_load):
    result = brinell_load("AT", rate=60, duration=0.5, thresholds={"p50_ms": 60000}, check=False)
    assert result.requests == 30
    assert "OPENBLAS_NUM_THREADS" not in __import__("os").environ

def test_does_not_hold(brinell_load):
    brinell_load("AT", rate=60, duration=0.5, thresholds={"p50_ms": 0.0001})
"""


def test_the_fixture_in_a_project_of_its_own(tmp_path, service):
    (tmp_path / "test_speed.py").write_text(TESTS.replace("AT", service))
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    # Only our entry point: what other plug-ins import is not ours to answer for.
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    environment |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    argv = [sys.executable, "-m", "pytest", "-p", "brinell_inside.plugin", "-q", "-p", "no:cacheprovider"]
    ended = subprocess.run(
        argv, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "1 failed, 2 passed" in ended.stdout, ended.stdout
    assert "p50_ms is" in ended.stdout
    assert "brinell_load load" in ended.stdout
    assert "Traceback" not in ended.stdout + ended.stderr
    assert not (tmp_path / ".brinell").exists()
