"""The same records from every Python and pytest that a subject may have (3.8 to 3.13, pytest 7 to 9).

Interpreters: ``BRINELL_TEST_PYTHONS`` (paths, separated as PATH is), else ``python3.8`` .. ``python3.14`` on PATH. One
without pytest is skipped by name; xdist, rerunfailures and so on are used where that interpreter has them.
"""

import json
import os
import shutil
import subprocess

import pytest

pytestmark = pytest.mark.prove

NAMES = [f"python3.{minor}" for minor in range(8, 15)]
PYTHONS = [path for path in os.environ.get("BRINELL_TEST_PYTHONS", "").split(os.pathsep) if path] or NAMES
ARGS = ("--continue-on-collection-errors", "--doctest-modules")
ASK = "import importlib.util as u, json; print(json.dumps([n for n in %r if u.find_spec(n)]))"
OPTIONAL = {"xdist": "xdist", "pytest_rerunfailures": "rerunfailures", "randomly": "pytest_randomly"}


@pytest.fixture(params=PYTHONS, ids=lambda path: path.rpartition("/versions/")[2].replace("/", "-").strip("-"))
def python(request):
    path = shutil.which(request.param)
    if path is None:
        pytest.skip(f"there is no {request.param}")
    names = ["pytest", "xdist", "pytest_rerunfailures", "pytest_randomly", "pytest_cov", "pytest_asyncio"]
    answer = subprocess.run([path, "-c", ASK % names], capture_output=True, text=True, check=False)
    if answer.returncode != 0 or "pytest" not in json.loads(answer.stdout):
        pytest.skip(f"{request.param} has no pytest")
    return path, set(json.loads(answer.stdout))


@pytest.fixture
def subject(every_outcome, python):
    path, names = python
    every_outcome.python = path
    return every_outcome, names


def same(suite, *args, plugins=()):
    plain = suite.plain(*ARGS, *args, plugins=plugins)
    run = suite.recorded(*ARGS, *args, plugins=plugins)
    assert run.code == plain.code == run.one("done")["exitstatus"]
    assert plain.summary
    assert run.summary == plain.summary == run.one("done")["summary"]
    expected = {word: count for word, count in plain.summary.items() if word not in ("warnings", "deselected")}
    assert dict(run.counted) == expected
    assert not run.of("recorder_error")
    return run


def test_totals_and_facts(subject):
    suite, _ = subject
    run = same(suite)

    assert run.test("test_functions.py::test_fails")["exc"][-1]["frames"][-1]["function"] == "test_fails"
    assert run.test("::test_fails_and_errors")["also_failed"][0]["exc"][-1]["message"] == "teardown went wrong"
    assert run.test("::test_errors_in_setup_again")["fixture"]["name"] == "broken_session"
    assert run.test("::test_errors_in_teardown")["fixture"]["name"] == "broken_teardown"
    assert run.test("::test_missing_fixture")["fixture"] == {
        "name": "there_is_no_such", "scope": None, "missing": True,
    }  # fmt: skip
    assert run.test("::test_marked")["markers"] == ["db", "slow"]
    assert run.test("::test_subtests")["outcome"] == "failed"
    imports = {record["nodeid"]: record["exc"][0].get("import_name") for record in run.of("collect_error")}
    assert imports["test_does_not_import.py"] == "there_is_no_such_module"


def test_under_xdist(subject):
    suite, names = subject
    if "xdist" not in names:
        pytest.skip(f"{suite.python} has no pytest-xdist")
    run = same(suite, "-n2", plugins=("xdist",))

    assert run.test("test_functions.py::test_fails")["exc"][-1]["frames"]
    assert run.test("::TestCase::test_fails")["exc"][-1]["frames"]
    assert run.test("::test_marked")["markers"] == ["db", "slow"]
    assert {record["worker"] for record in run.of("start")} == {"gw0", "gw1"}


def test_with_reruns(subject):
    suite, names = subject
    if "pytest_rerunfailures" not in names:
        pytest.skip(f"{suite.python} has no pytest-rerunfailures")
    run = same(suite, "--reruns=2", plugins=("rerunfailures",))

    attempts = [r for r in run.of("test") if r["id"].endswith("test_functions.py::test_fails")]
    assert [(r["attempt"], r["final"]) for r in attempts] == [(1, False), (2, False), (3, True)]
    assert all(r["exc"][-1]["frames"] for r in attempts)


def test_with_other_plugins(subject):
    suite, names = subject
    if "pytest_asyncio" in names:
        suite.write(test_async="import pytest\n@pytest.mark.asyncio\nasync def test_awaited(): assert False\n")
        assert same(suite, plugins=("asyncio",)).test("::test_awaited")["exc"][-1]["frames"]
    if names >= {"pytest_randomly", "pytest_cov"}:
        same(suite, "-p", "randomly", "--cov=.", "--cov-report=", plugins=("pytest_cov",))


def test_endings(subject):
    suite, _ = subject
    for path in suite.root.glob("test_*.py"):
        path.unlink()
    suite.write(test_it="import pytest\ndef test_a(): pass\ndef test_b(): pytest.exit('enough')\n")
    for args in ((), ("--no-such-option",), ("-h",), ("-k", "nothing")):
        plain = suite.plain(*args)
        run = suite.recorded(*args)
        assert (run.code, run.err) == (plain.code, plain.err)
        assert run.one("done")["exitstatus"] == plain.code
    suite.write(conftest="import there_is_no_such_module")
    run = suite.recorded()
    assert run.code == 4
    assert run.one("collect_error")["exc"][-1]["import_name"] == "there_is_no_such_module"
