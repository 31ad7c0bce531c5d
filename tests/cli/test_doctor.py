from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from brinell.cli.row import LIMITED, MISSING, OK
from brinell.journal.fingerprint import fingerprint

LOAD = '[[load]]\nname = "a"\nshape = { kind = "constant", rate = 1, duration = 1 }\n'


@pytest.fixture
def python(monkeypatch):
    """The interpreter of these tests is the project's: it has pytest."""
    monkeypatch.setenv("VIRTUAL_ENV", sys.prefix)


def rows(said):
    return {row["name"]: row for row in json.loads(said.out)}


@pytest.mark.usefixtures("project", "python")
def test_every_row_has_a_state_and_whatever_is_not_ok_a_remedy(brinell):
    said = brinell("doctor", "--json")
    assert said.code == 0
    for row in json.loads(said.out):
        assert row["state"] in {OK, LIMITED, MISSING}
        assert row["said"]
        assert row["enable"] or row["state"] == OK


@pytest.mark.usefixtures("project", "python")
def test_what_is_missing_beside_brinell_is_installed_by_the_line_as_it_stands(brinell, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))  # no py-spy
    found = rows(brinell("doctor", "--json"))
    assert found["stacks"]["state"] == LIMITED
    assert f"{shlex.quote(sys.executable)}" in found["stacks"]["enable"]
    assert found["stacks"]["enable"].endswith(" py-spy")


@pytest.mark.usefixtures("project", "python")
def test_the_table_ends_with_a_next_step(brinell):
    said = brinell("doctor")
    assert said.code == 0
    assert "brinell init" in said.out


@pytest.mark.usefixtures("python")
def test_a_broken_configuration_is_exit_2(brinell, project):
    (project / "brinell.toml").write_text("[suit]\n")
    said = brinell("doctor")
    assert said.code == 2
    assert "brinell plan" in said.out


@pytest.mark.usefixtures("python")
def test_a_service_that_cannot_start_is_seen_before_it_is_tried(brinell, project):
    commands = {
        "no-such-command-here {port}": MISSING,
        "{python} -m no_such_module_here": MISSING,
        "{python} -m http.server {port}": OK,
    }
    for command, state in commands.items():
        (project / "brinell.toml").write_text(f'[service]\ncommand = "{command}"\n{LOAD}')
        assert rows(brinell("doctor", "--json"))["service"]["state"] == state


@pytest.mark.usefixtures("python")
def test_variables_that_are_not_set_are_named(brinell, project, monkeypatch):
    (project / "brinell.toml").write_text(
        '[service]\ncommand = "{python} -m http.server"\nenv = { A = "${NOT_SET_IN_THIS_TEST}" }\n' + LOAD
    )
    row = rows(brinell("doctor", "--json"))["environment"]
    assert row["state"] == MISSING
    assert "NOT_SET_IN_THIS_TEST" in row["said"]
    monkeypatch.setenv("NOT_SET_IN_THIS_TEST", "hunter2")
    said = brinell("doctor", "--json")
    assert rows(said)["environment"]["state"] == OK
    assert "hunter2" not in said.out


def test_an_interpreter_without_pytest_is_told_with_the_line_that_helps(brinell, project, tmp_path, monkeypatch):
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    bare = tmp_path / "bare"
    venv.create(bare, with_pip=False)
    (project / "brinell.toml").write_text(f'[project]\npython = "{bare}/bin/python"\n[suite]\n')
    row = rows(brinell("doctor", "--json"))["pytest"]
    assert row["state"] == MISSING
    assert "pytest" in row["enable"]
    following = brinell("doctor").out.partition("Next:")[2]
    assert "brinell doctor" in following
    assert "brinell run" not in following


@pytest.mark.usefixtures("python")
def test_a_baseline_of_another_machine_is_limited(brinell, project):
    folder = project / "brinell-baselines"
    folder.mkdir()
    own = fingerprint(project)
    for print_, state in ((own, OK), ({**own, "cpu": "other"}, LIMITED), ([], LIMITED), (None, LIMITED)):
        (folder / "baseline.json").write_text(json.dumps({"v": 1, "fingerprint": print_}))
        assert rows(brinell("doctor", "--json"))["baseline"]["state"] == state
    (folder / "baseline.json").write_text("{")
    assert rows(brinell("doctor", "--json"))["baseline"]["state"] == MISSING


@pytest.mark.usefixtures("project")
def test_a_low_limit_is_limited_and_the_line_raises_it():
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_NOFILE, (256, 512));"
        "from brinell.cli.app import run; sys.exit(run(['doctor', '--json']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    row = {row["name"]: row for row in json.loads(done.stdout)}["open files"]
    assert row["state"] == LIMITED
    assert row["enable"] == "ulimit -n 512"


@pytest.mark.usefixtures("project")
def test_a_terminal_without_unicode_is_limited():
    environ = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [sys.executable, "-m", "brinell", "doctor", "--json"], capture_output=True, env=environ, timeout=60, check=False
    )
    row = {row["name"]: row for row in json.loads(done.stdout)}["terminal"]
    assert row["state"] == LIMITED


@pytest.mark.usefixtures("here")
def test_it_says_whether_tests_can_run_in_forks(brinell):
    (row,) = [row for row in json.loads(brinell("doctor", "--json").out) if row["name"] == "fork server"]
    if sys.platform == "linux" and Path("/proc/self/task").is_dir():
        assert row["state"] == "ok"
        assert "threads" in row["said"]
    else:
        assert row["enable"]
