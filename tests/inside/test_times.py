"""Where the time went: fixtures, imports and phases, each without the others, and together the whole."""

from __future__ import annotations

import pytest

CONFTEST = """
import time
import pytest
import heavy

@pytest.fixture(scope="session")
def database():
    time.sleep(0.2)
    yield
    time.sleep(0.1)

@pytest.fixture
def inner():
    time.sleep(0.05)
    yield
    time.sleep(0.05)

@pytest.fixture
def outer(database, request):
    request.getfixturevalue("inner")
    time.sleep(0.02)
    yield
    time.sleep(0.03)

@pytest.fixture
def broken():
    time.sleep(0.02)
    raise RuntimeError
"""
TESTS = """
import time
import pytest

@pytest.mark.parametrize("n", [1, 2])
def test_uses_outer(outer, n):
    time.sleep(0.04)

def test_asks_late(request):
    request.getfixturevalue("inner")

def test_broken(broken):
    pass

class TestXunit:
    def setup_method(self):
        time.sleep(0.03)

    def test_a(self):
        pass
"""
HEAVY = "import time, light\ntime.sleep(0.1)\n"
LIGHT = "import time\ntime.sleep(0.05)\nimport colorsys\n"
SLACK_S = 0.5  # sleeps may last longer on a busy machine, never shorter


@pytest.fixture
def timed(suite):
    suite.write(conftest=CONFTEST, test_it=TESTS, heavy=HEAVY, light=LIGHT)
    return suite


@pytest.mark.parametrize("mode", ["prepend", "importlib"])
def test_each_fixture_has_its_own_time_and_no_other(timed, mode):
    run = timed.recorded(f"--import-mode={mode}", "-p", "no:randomly", env={"PYTHONPATH": str(timed.root)})
    fixtures = {record["name"]: record for record in run.of("fixture_time")}

    assert fixtures["database"]["uses"] == 1
    assert fixtures["database"]["scope"] == "session"
    assert fixtures["database"]["file"] == "conftest.py"
    assert fixtures["database"]["setup_s"] >= 0.2
    assert fixtures["database"]["teardown_s"] >= 0.1
    assert fixtures["outer"]["uses"] == 2
    assert 0.04 <= fixtures["outer"]["setup_s"] < 0.04 + SLACK_S
    assert fixtures["outer"]["teardown_s"] >= 0.06
    assert fixtures["inner"]["uses"] == 3
    assert fixtures["inner"]["setup_s"] >= 0.15
    assert fixtures["broken"]["uses"] == 1
    assert any("setup_method" in name for name in fixtures)
    assert "n" not in fixtures  # a parameter is merely handed over
    assert not run.of("recorder_error")


def test_imports_know_who_wanted_them_and_what_they_took_themselves(timed):
    run = timed.recorded()
    imports = {record["module"]: record for record in run.of("import_time")}

    assert imports["heavy"]["seconds"] >= 0.15
    assert 0.1 <= imports["heavy"]["exclusive_s"] <= imports["heavy"]["seconds"] - 0.05
    assert imports["heavy"]["project"]
    assert imports["light"]["by"] == "heavy"
    assert imports["heavy"]["by"] == "conftest"
    assert imports["conftest"]["file"] == "conftest.py"
    assert imports["_pytest"]["at_start"]
    assert not imports["_pytest"]["project"]
    assert not any(name.startswith("brinell") for name in imports)


def test_the_parts_add_up_to_the_whole(timed):
    time = timed.recorded().one("session_time")
    names = ("start", "import", "collection", "fixtures", "setup", "call", "teardown", "between", "end")
    parts = [time[f"{name}_s"] for name in names]

    assert sum(parts) == pytest.approx(time["seconds"], abs=0.05)
    assert time["import_s"] >= 0.15
    assert time["call_s"] >= 0.08
    assert time["call_s"] < time["fixtures_s"]
    assert sum(time["cpu"].values()) <= time["cpu_s"] + 0.05
    assert time["imports_timed"]


def test_a_test_knows_its_processor_time_and_its_fixtures(timed):
    run = timed.recorded("-p", "no:randomly")
    test = run.test("test_uses_outer[2]")

    assert test["fixtures"][0] >= 0.1 + 0.05
    assert test["phases"]["call"][0] >= 0.04
    assert test["cpu"] < test["seconds"]


def test_an_import_that_fails_looks_as_it_always_did(suite):
    suite.write(test_it="import one\n", one="import two\n", two="import there_is_no_such_module\n")
    told = [run("-q").out.partition("short test summary")[0] for run in (suite.plain, suite.recorded)]

    assert told[0] == told[1]
    assert "there_is_no_such_module" in told[0]
    assert "brinell" not in told[1]


def test_importlib_is_itself_again_when_tests_run(suite):
    suite.write(
        test_it="""
        import sys
        def test_step():
            step = sys.modules["_frozen_importlib"]._find_and_load_unlocked
            assert not hasattr(step, "__brinell__")
        """.replace("\n        ", "\n")
    )
    assert suite.recorded().code == 0


def test_nothing_is_timed_where_several_processes_share_the_tests(suite):
    pytest.importorskip("xdist")
    suite.write(test_it="def test_a(): pass\n")
    run = suite.recorded("-n1", plugins=("xdist",))

    assert run.code == 0
    assert not run.of("session_time")
    assert "cpu" not in run.test("test_a")
