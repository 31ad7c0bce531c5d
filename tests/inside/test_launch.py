"""A recorded pytest is the user's pytest: same surroundings, same output, same exit code, however it ends."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

PROBE = """
import json, os, sys

def surroundings():
    return {
        "path": sys.path, "argv": sys.argv, "cwd": os.getcwd(),
        "main": getattr(sys.modules["__main__"], "__file__", None),
        "environ": {key: value for key, value in os.environ.items() if key not in VARY},
        "modules": sorted(name for name in sys.modules if not name.startswith("brinell_inside")),
        "low_descriptors": [fd for fd in os.listdir("/proc/self/fd") if int(fd) < 100],
        "threads": len(os.listdir("/proc/self/task")),
    }

VARY = ("PYTEST_XDIST_TESTRUNUID", "OUTPUT")

def test_surroundings():
    with open(os.environ["OUTPUT"], "w") as file:
        json.dump(surroundings(), file)
"""


@pytest.mark.parametrize("args", [(), ("-n1", "-p", "xdist")], ids=["alone", "in a worker"])
@pytest.mark.parametrize("named", [None, "extra_plugin"])
def test_tests_see_what_plain_pytest_would_show_them(suite, tmp_path, args, named):
    suite.write(test_probe=PROBE)
    (tmp_path / "extra_plugin.py").write_text("LOADED = True\n")
    env = {"PYTHONPATH": str(tmp_path)} | ({"PYTEST_PLUGINS": named} if named else {})
    for way, run in (("plain", suite.plain), ("recorded", suite.recorded)):
        assert run("-q", *args, env={**env, "OUTPUT": str(tmp_path / way)}).code == 0

    assert json.loads((tmp_path / "recorded").read_text()) == json.loads((tmp_path / "plain").read_text())


ENDINGS = {
    "help": (("-h",), "", 0),
    "version": (("--version",), "", 0),
    "collect only": (("--collect-only", "-q"), "def test_a(): pass", 0),
    "unknown option": (("--there-is-no-such-option",), "", 4),
    "no such file": (("there_is_no_such.py",), "", 4),
    "no such plugin": (("-p", "there_is_no_such_plugin"), "", None),
    "no tests": ((), "x = 1", 5),
    "keyboard interrupt": ((), "def test_a(): pass\ndef test_b(): raise KeyboardInterrupt", 2),
    "pytest.exit": ((), "import pytest\ndef test_a(): pass\ndef test_b(): pytest.exit('enough', returncode=7)", 7),
    "os._exit": ((), "import os\ndef test_a(): pass\ndef test_b(): os._exit(9)", 9),
    "system exit in a test": ((), "import sys\ndef test_a(): sys.exit(3)", 1),
    "segmentation fault": (
        ("-p", "no:faulthandler"),
        "import os, signal\ndef test_a(): pass\ndef test_b(): os.kill(os.getpid(), signal.SIGSEGV)",
        -signal.SIGSEGV,
    ),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_ends_as_plain_pytest_does(suite, ending):
    args, code, expected = ENDINGS[ending]
    suite.write(test_it=code)
    plain = suite.plain(*args)
    recorded = suite.recorded(*args)

    assert recorded.code == plain.code
    assert expected is None or plain.code == expected
    assert without_times(recorded.out) == without_times(plain.out)
    assert recorded.err == plain.err
    if plain.code in (9, -signal.SIGSEGV):
        assert not recorded.of("done")
        assert [record["id"] for record in recorded.of("test")] == ["test_it.py::test_a"]
        assert recorded.started[-1] == "test_it.py::test_b"  # the one that was running
    else:
        assert recorded.one("done")["exitstatus"] == plain.code


def without_times(text):
    return re.sub(r"\d+\.\d+s", "", text)


def test_an_interrupt_says_what_it_was(suite):
    suite.write(test_it="import pytest\ndef test_a(): pass\ndef test_b(): pytest.exit('enough')")
    recorded = suite.recorded()

    assert recorded.one("done")["interrupted"] == "Exit: enough"
    assert recorded.counted == {"passed": 1}
    assert recorded.started[-1] == "test_it.py::test_b"


def test_internal_error_is_recorded(suite):
    suite.write(
        conftest="def pytest_runtest_call(item): pass\ndef pytest_report_teststatus(report): raise ValueError('hook')",
        test_it="def test_a(): pass",
    )
    plain = suite.plain()
    recorded = suite.recorded()

    assert recorded.code == plain.code == 3
    assert recorded.of("internal_error")[0]["exc"][-1]["message"] == "hook"


def test_a_conftest_that_cannot_be_imported(suite):
    suite.write(conftest="import there_is_no_such.module", test_it="def test_a(): pass")
    plain = suite.plain()
    recorded = suite.recorded()

    assert recorded.code == plain.code == 4
    assert recorded.err == plain.err
    error = recorded.one("collect_error")
    assert error["nodeid"] == str(suite.root / "conftest.py")
    assert error["exc"][-1]["import_name"] == "there_is_no_such"
    assert recorded.one("hello")["rootdir"] == str(suite.root)


def test_an_interpreter_without_pytest(suite):
    recorded = subprocess.run(
        [sys.executable, "-S", "-E", str(suite.launch), "--wire-file", "records", "--", "-q"],
        cwd=suite.root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    missing, done = [json.loads(line) for line in (suite.root / "records").read_text().splitlines()]

    assert recorded.returncode == 4
    assert recorded.stderr.count("\n") == 1
    assert "cannot import pytest" in recorded.stderr
    assert missing["kind"] == "no_pytest"
    assert missing["executable"] == sys.executable
    assert done == {"kind": "done", "exitstatus": 4, "summary": {}}


def test_hello_describes_the_session(suite):
    suite.write(test_it="def test_a(): pass\ndef test_b(): pass")
    recorded = suite.recorded("-k", "test_a", plugins=("xdist",), env={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": ""})
    hello = recorded.one("hello")

    assert hello["v"] == 1
    assert recorded.records[0] is hello
    assert hello["python"] == ".".join(map(str, sys.version_info[:3]))
    assert hello["pytest"] == pytest.__version__
    assert hello["rootdir"] == hello["cwd"] == str(suite.root)
    assert hello["inipath"] == str(suite.root / "pytest.ini")
    assert hello["args"][-2:] == ["-k", "test_a"]
    assert hello["plugins"]["pytest-xdist"]
    assert str(Path(os.__file__).parent) in hello["stdlib"]
    assert str(Path(pytest.__file__).parents[1]) in hello["site"]
    assert hello["xdist_workers"] == 0
    assert recorded.one("collected")["count"] == 1
    assert recorded.one("collected")["deselected"] == 1
    assert 0 < recorded.one("collected")["import_seconds"] <= recorded.one("collected")["seconds"]


@pytest.mark.parametrize("args", [(), ("-n1", "-p", "xdist")], ids=["alone", "in a worker"])
def test_siblings_of_the_package_are_not_importable(suite, tmp_path, args):
    home = tmp_path / "site-packages"
    shutil.copytree(Path(suite.launch).parent, home / "brinell_inside")
    (home / "dependency_of_the_tool.py").write_text("")
    suite.launch = home / "brinell_inside" / "launch.py"
    suite.write(
        test_it="import sys, pytest, brinell_inside\n"
        f"def test_a(): assert brinell_inside.__file__.startswith({str(home)!r})\n"
        f"def test_b(): assert not any(path.startswith({str(home)!r}) for path in sys.path)\n"
        "def test_c():\n    with pytest.raises(ImportError): import dependency_of_the_tool\n"
    )
    recorded = suite.recorded(*args)

    assert recorded.code == 0
    assert recorded.counted == {"passed": 3}


@pytest.mark.parametrize("args", [(), ("-n1", "-p", "xdist")], ids=["alone", "in a worker"])
def test_a_subject_with_brinell_installed_and_warnings_as_errors(suite, tmp_path, args):
    """pytest wants to rewrite the modules of installed plugins, and complains where they are imported already."""
    home = tmp_path / "site-packages"
    shutil.copytree(Path(suite.launch).parent, home / "brinell_inside")
    metadata = home / "brinell_copy-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: brinell-copy\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text("[pytest11]\nbrinell_copy = brinell_inside.plugin\n")
    files = [f"brinell_inside/{path.name},," for path in (home / "brinell_inside").glob("*.py")]
    (metadata / "RECORD").write_text("\n".join(files))
    suite.launch = home / "brinell_inside" / "launch.py"
    suite.write(test_it="def test_a(): pass")
    env = {"PYTHONPATH": str(home), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": ""}
    others = ("-p", "no:brinell", "-p", "no:randomly")
    run = suite.recorded("-W", "error", *others, *args, env=env)

    assert (run.code, run.err) == (0, "")
    assert run.one("hello")["plugins"]["brinell-copy"] == "1"
    assert run.counted == {"passed": 1}


def test_spawned_processes_of_the_subject_work(suite):
    suite.write(
        test_it="import multiprocessing\n"
        "def test_a():\n    with multiprocessing.get_context('spawn').Pool(1) as pool:\n"
        "        assert pool.map(abs, [-1]) == [1]\n"
    )

    assert suite.recorded("--import-mode=prepend").code == 0
