from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from brinell import __version__
from brinell.cli import status
from brinell.cli.app import COMMANDS

HEAVY = {"scipy", "sqlalchemy", "starlette", "uvicorn", "matplotlib", "pandas"}


def modules_after(*argv: str) -> set[str]:
    """Names of the top-level modules a command line imports, in a process of its own."""
    code = (
        "import atexit, json, sys\n"
        "atexit.register(lambda: sys.stderr.write('\\n' + json.dumps(sorted(sys.modules))))\n"
        "from brinell.cli.app import run\n"
        f"sys.exit(run({list(argv)!r}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    return {name.partition(".")[0] for name in json.loads(done.stderr.splitlines()[-1])}


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    "argv", [["--help"], ["--version"], [], ["suite", "--help"], ["load", "--help"], ["run", "-h"]]
)
def test_no_command_line_imports_what_only_subjects_need(argv):
    assert not HEAVY & modules_after(*argv)


@pytest.mark.parametrize("argv", [["--help"], ["--version"]])
def test_help_and_version_import_no_measuring(argv):
    assert not {"numpy", "psutil", "httptools", "jinja2", "rich", "msgspec"} & modules_after(*argv)


def test_version(brinell):
    assert brinell("--version") == (0, f"brinell {__version__}\n", "")


def test_help_names_every_command(brinell):
    said = brinell("--help")
    assert said.code == 0
    for name, text in COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(text)}$", said.out, re.MULTILINE)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_examples(brinell, name):
    said = brinell(name, "--help")
    assert said.code == 0
    assert "Usage: brinell " + name in said.out
    examples = import_module(f"brinell.cli.{name}").EXAMPLES.strip().splitlines()
    assert all(f"    {line}" in said.out.splitlines() for line in examples)
    assert any(line.startswith(f"brinell {name}") for line in examples)


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["siute"], "did you mean brinell suite?"),
        (["plan", "--jsn"], "--json"),
        (["suite", "--repeat", "many"], "--repeat"),
        (["suite", "--repeat", "0"], "--repeat"),
        (["suite", "--target", "soon"], "30s, 5m"),
        (["load", "http://127.0.0.1:1/", "--duration", "-1s"], "duration"),
        (["suite", "--workers", "auot"], "did you mean auto?"),
        (["suite", "--workers", "999"], "from 0 to 256"),
        (["suite", "--budget", "5s"], "add --deep"),
        (["suite", "--seed", "5", "--no-deep"], "add --deep"),
        (["flaky", "--budget", "soon"], "30s, 5m"),
        (["flaky", "--seed", "-1"], "--seed"),
        (["isolate"], "brinell isolate tests/"),
        (["isolate", "test_a", "--with", "tzz=UTC"], "did you mean tz?"),
        (["isolate", "test_a", "--with", "home=gone"], "valid: read-only, missing"),
        (["runs", "extra"], "extra"),
        (["plan", "--", "-k", "x"], "does not run pytest"),
        (["--verbose"], "--verbose"),
    ],
)
def test_mistakes_in_the_arguments_are_exit_2_with_a_fix(brinell, argv, said):
    given = brinell(*argv)
    assert given.code == 2
    assert given.out == ""
    assert given.err.startswith("error: ")
    assert said in given.err
    assert "fix: " in given.err
    assert "Traceback" not in given.err


def _broken() -> int:
    raise ZeroDivisionError("password=hunter2")


def test_a_bug_of_ours_is_one_line_and_a_kept_traceback(brinell, monkeypatch, tmp_path):
    monkeypatch.setattr(status, "command", _broken)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    said = brinell()
    assert said.code == 70
    assert len(said.err.splitlines()) == 1
    assert "Traceback" not in said.err
    (kept,) = (path for path in tmp_path.glob("*") if path.is_file() and f"the traceback is in {path}" in said.err)
    assert "ZeroDivisionError" in kept.read_text()
    assert "hunter2" not in kept.read_text() + said.err


def test_with_debug_the_traceback_is_shown(brinell, monkeypatch):
    monkeypatch.setattr(status, "command", _broken)
    monkeypatch.setenv("BRINELL_DEBUG", "1")
    said = brinell()
    assert said.code == 70
    assert "Traceback" in said.err


def test_ctrl_c_outside_a_run_is_exit_130(brinell, monkeypatch):
    def interrupted() -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(status, "command", interrupted)
    said = brinell()
    assert said.code == 130
    assert "Traceback" not in said.err


@pytest.mark.parametrize(("argv", "code"), [(["--help"], 0), (["runs", "--json"], 0), (["doctor"], 2)])
def test_a_reader_that_has_seen_enough_changes_nothing(here, argv, code):
    (here / "brinell.toml").write_text("[suit]\n")
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "brinell", *argv],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (code, "")


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("variables", "coloured"),
    [({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False), ({"FORCE_COLOR": "1"}, True), ({}, False)],
)
def test_colour_is_asked_for(variables, coloured):
    environ = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "FORCE_COLOR"}} | variables
    done = subprocess.run(
        [sys.executable, "-m", "brinell"], capture_output=True, text=True, env=environ, timeout=60, check=True
    )
    assert ("\x1b[" in done.stdout) == coloured


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_commands_and_run_ids(shell):
    environ = {**os.environ, "_BRINELL_COMPLETE": f"complete_{shell}"}
    words = {"COMP_WORDS": "brinell su", "COMP_CWORD": "1", "_TYPER_COMPLETE_ARGS": "brinell su"}
    words |= {"_TYPER_COMPLETE_FISH_ACTION": "get-args", "_TYPER_COMPLETE_WORD_TO_COMPLETE": "su"}
    done = subprocess.run(
        [sys.executable, "-m", "brinell"],
        capture_output=True,
        text=True,
        env={**environ, **words},
        timeout=60,
        check=False,
    )
    assert "suite" in done.stdout


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.usefixtures("here")
def test_a_closed_standard_stream_changes_no_exit_code(closed):
    script = f'"$0" -m brinell runs {closed}'
    done = subprocess.run(["sh", "-c", script, sys.executable], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done
    assert "Error" not in done.stderr


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("unbuffered", [{}, {"PYTHONUNBUFFERED": "1"}])
def test_a_full_disk_behind_standard_output_is_the_users_to_mend(unbuffered):
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    argv = [sys.executable, "-m", "brinell", "--help"]
    with Path("/dev/full").open("wb") as full:
        environ = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"} | unbuffered
        done = subprocess.run(
            argv, env=environ, stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60
        )
    assert done.returncode == 2, done
    assert "cannot write standard output" in done.stderr
    assert "Exception" not in done.stderr


def test_standing_in_a_folder_that_is_gone_is_said(tmp_path):
    script = 'mkdir gone && cd gone && rmdir ../gone && "$0" -m brinell runs'
    done = subprocess.run(
        ["sh", "-c", script, sys.executable], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 2, done
    assert "the folder you stand in is gone" in done.stderr


TOO_LONG = "x" * 5000


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    "argv",
    [
        ["suite", TOO_LONG],
        ["suite", "circle"],
        ["suite", "--python", f"./{TOO_LONG}"],
        ["suite", "--python", "~no-such-user-here/bin/python"],
        ["suite", "--from", TOO_LONG],
        ["suite", "--out", TOO_LONG],
        ["suite", "--out", "/proc"],
        ["load", "http://127.0.0.1:9/", "--body", f"@{TOO_LONG}"],
        ["run", "--resume", ""],
        ["run", "--resume", TOO_LONG],
        ["report", ""],
        ["report", "shop/app.py/below"],
        ["init", TOO_LONG],
    ],
    ids=lambda argv: " ".join(argv)[:40],
)
def test_paths_that_can_lead_nowhere_are_the_users_to_mend(brinell, here, argv):
    (here / "circle").symlink_to("circle")
    said = brinell(*argv)
    assert said.code == 2, said
    assert "fix: " in said.err
    assert not (here / ".brinell").exists()


def test_the_command_line_starts_no_threads_and_leaves_the_environment_alone(here):
    tasks = Path("/proc/self/task")
    if not tasks.is_dir():
        pytest.skip("needs /proc")
    code = (
        "import os, sys\n"
        "from brinell.cli.app import run\n"
        "run(['report'])\n"
        "assert 'numpy' in sys.modules\n"
        "print(len(os.listdir('/proc/self/task')), os.environ.get('OPENBLAS_NUM_THREADS'))"
    )
    environ = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=here, env=environ, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines()[-1] == "1 None"


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    "argv", [["suite", "test_\udce9.py"], ["suite", "--", "-k", "\udce9"], ["run", "--out", "\udce9"]]
)
def test_arguments_that_are_not_utf8_are_refused(brinell, here, argv):
    said = brinell(*argv)
    assert said.code == 2, said
    assert "not UTF-8" in said.err
    assert not (here / ".brinell").exists()


def test_a_project_in_a_folder_that_is_not_utf8_is_refused_before_anything_runs(brinell, here, monkeypatch):
    folder = here / "caf\udce9"
    folder.mkdir()
    monkeypatch.chdir(folder)
    said = brinell("suite")
    assert said.code == 2, said
    assert "fix: rename the folder" in said.err
    assert list(folder.iterdir()) == []
