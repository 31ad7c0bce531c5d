"""Real interpreters and real virtual environments; Poetry and Pipenv are scripts that answer as those do."""

from __future__ import annotations

import os
import shlex
import sys
import venv
from pathlib import Path

import pytest

from brinell.core.errors import UsageError
from brinell.subject import interpreter
from brinell.subject.interpreter import Interpreter, choose, probe


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "shop" / "backend"
    folder.mkdir(parents=True)
    (tmp_path / "shop" / ".git").mkdir()
    return folder


@pytest.fixture
def environ(tmp_path):
    """A PATH with a python3 on it and nothing else."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "python3").symlink_to(sys.executable)
    return {"PATH": str(folder)}


def environment(folder: Path) -> Path:
    """What a virtual environment looks like from outside."""
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(sys.executable)
    return folder / "bin" / "python"


def script(path: Path, body: str) -> Path:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


# --- choosing ---


def test_python3_on_the_path_is_the_last_resort_and_says_so(project, environ, tmp_path):
    assert choose(project, None, environ) == Interpreter(tmp_path / "bin/python3", "python3 on the PATH")


def test_no_python_at_all_is_the_users_mistake(project):
    with pytest.raises(UsageError, match="no Python found") as caught:
        choose(project, None, {"PATH": "/nowhere", "VIRTUAL_ENV": "/nowhere"})
    assert "VIRTUAL_ENV=/nowhere has no bin/python" in str(caught.value.hint)


@pytest.mark.parametrize("name", [".venv", "venv"])
@pytest.mark.parametrize("where", ["", ".."])
def test_an_environment_in_the_project_is_found_and_its_link_not_followed(project, environ, name, where):
    python = environment((project / where / name).resolve())
    assert choose(project, None, environ) == Interpreter(python, f"{name} in {python.parents[2]}")


def test_nearest_environment_wins_and_those_outside_the_repository_are_not_the_projects(project, environ, tmp_path):
    environment(tmp_path / ".venv")
    assert choose(project, None, environ).because == "python3 on the PATH"
    environment(project.parent / ".venv")
    near = environment(project / "venv")
    assert choose(project, None, environ).path == near


def test_without_a_repository_the_outermost_project_file_bounds_the_search(tmp_path, environ):
    folder = tmp_path / "a" / "b" / "c"
    folder.mkdir(parents=True)
    environment(tmp_path / ".venv")
    python = environment(tmp_path / "a" / ".venv")
    assert choose(folder, None, environ).because == "python3 on the PATH"
    (tmp_path / "a" / "pyproject.toml").touch()
    assert choose(folder, None, environ).path == python


def test_an_active_environment_wins_over_the_projects(project, environ, tmp_path):
    environment(project / ".venv")
    python = environment(tmp_path / "other")
    chosen = choose(project, None, environ | {"VIRTUAL_ENV": str(tmp_path / "other")})
    assert chosen == Interpreter(python, f"VIRTUAL_ENV={tmp_path / 'other'} is active")


def test_an_active_environment_that_is_the_tools_own_is_used_unless_the_project_has_one(
    project, environ, tmp_path, monkeypatch
):
    own = environment(tmp_path / "own")
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "own"))
    active = environ | {"VIRTUAL_ENV": str(tmp_path / "own")}
    assert choose(project, None, active).path == own
    theirs = environment(project / ".venv")
    assert choose(project, None, active).path == theirs


def test_an_active_environment_that_is_gone_is_passed_over_and_told(project, environ):
    chosen = choose(project, None, environ | {"VIRTUAL_ENV": "/nowhere"})
    assert chosen.because == "python3 on the PATH (VIRTUAL_ENV=/nowhere has no bin/python)"


def test_an_environment_without_an_interpreter_is_passed_over_and_told(project, environ):
    (project / ".venv" / "bin").mkdir(parents=True)
    assert ".venv has no interpreter" in choose(project, None, environ).because


@pytest.mark.parametrize(("lock", "command"), [("poetry.lock", "poetry env info --path"), ("Pipfile", "pipenv --venv")])
def test_a_tool_that_keeps_environments_elsewhere_is_asked(project, environ, tmp_path, lock, command):
    python = environment(tmp_path / "cache" / "shop-py3")
    (project / lock).touch()
    tool = command.split()[0]
    body = f'[ "$0 $*" = "{tmp_path}/bin/{command}" ] || exit 2; [ -z "$VIRTUAL_ENV" ] || exit 3; pwd >"{tmp_path}/cwd"'
    script(tmp_path / "bin" / tool, f'{body}; echo a warning; echo "{tmp_path}/cache/shop-py3"')
    chosen = choose(project, None, environ | {"VIRTUAL_ENV": "/nowhere"})
    assert chosen == Interpreter(python, f"`{command}` in {project}", tool)
    assert (tmp_path / "cwd").read_text().strip() == str(project)


def test_a_tool_that_is_missing_knows_nothing_or_hangs_is_told(project, environ, tmp_path, monkeypatch):
    (project / "poetry.lock").touch()
    assert "poetry, which manages" in choose(project, None, environ).because
    script(tmp_path / "bin" / "poetry", "exit 1")
    assert "knows no environment" in choose(project, None, environ).because
    monkeypatch.setattr(interpreter.environments, "_ASK_TIMEOUT_S", 0.2)
    script(tmp_path / "bin" / "poetry", "exec /bin/sleep 600")
    assert "gave no answer in time" in choose(project, None, environ).because


def test_uv_and_pdm_say_where_their_environment_is_in_a_file_or_a_variable(project, environ, tmp_path):
    python = environment(tmp_path / "elsewhere")
    (project / "uv.lock").touch()
    chosen = choose(project, None, environ | {"UV_PROJECT_ENVIRONMENT": str(tmp_path / "elsewhere")})
    assert chosen == Interpreter(python, "UV_PROJECT_ENVIRONMENT", "uv")
    (project / "uv.lock").unlink()
    (project / ".pdm-python").write_text(f"{python}\n")
    (project / "pdm.lock").touch()
    assert choose(project, None, environ) == Interpreter(python, f".pdm-python in {project}", "pdm")


@pytest.mark.parametrize("text", ["", "\n", "a" * 5000, "a\0b", "one\ntwo"])
def test_a_record_of_pdm_that_names_no_file_is_passed_over(project, environ, text):
    (project / ".pdm-python").write_text(text)
    assert choose(project, None, environ).because == "python3 on the PATH"


def test_a_path_a_name_and_an_environment_can_be_named(project, environ, tmp_path):
    python = environment(tmp_path / "named env")
    inside = environment(project / "envs" / "a")
    because = "--python {}"
    assert choose(project, str(python), environ) == Interpreter(python, because.format(python))
    assert choose(project, str(tmp_path / "named env"), environ).path == python
    assert choose(project, "envs/a", environ) == Interpreter(inside, "--python envs/a")
    assert choose(project, "python3", environ).path == tmp_path / "bin/python3"
    active = environ | {"VIRTUAL_ENV": str(project / "envs" / "a")}
    assert choose(project, "python3", active).path == tmp_path / "bin/python3"


def test_a_name_that_is_nothing_is_answered_with_the_nearest(project, environ, tmp_path):
    with pytest.raises(UsageError, match="--python pyton3") as caught:
        choose(project, "pyton3", environ)
    assert "did you mean 'python3'?" in str(caught.value.hint)
    with pytest.raises(UsageError, match="without bin/python"):
        choose(project, str(tmp_path / "shop"), environ)
    (project / "file").touch()
    with pytest.raises(UsageError, match="not executable"):
        choose(project, "./file", environ)


# --- asking it ---


def test_this_interpreter_has_what_it_takes(project):
    found = probe(Interpreter(Path(sys.executable), "a test"), cwd=project)
    assert found.version == sys.version_info[:3]
    assert found.prefix == sys.prefix
    assert found.pytest == pytest.__version__
    assert "hypothesis" in found.plugins


def test_modules_of_the_project_do_not_get_in_the_way(project):
    (project / "json.py").write_text("raise SystemExit('not the real one')")
    assert probe(Interpreter(Path(sys.executable), "a test"), cwd=project).pytest


def test_an_environment_without_pytest_is_told_how_to_get_it(project):
    venv.create(project / ".venv", with_pip=False, symlinks=True)
    chosen = choose(project, None, {"PATH": "/usr/bin:/bin"})
    with pytest.raises(UsageError, match="has no pytest") as caught:
        probe(chosen, cwd=project, environ={"PATH": "/nowhere"})
    line = str(caught.value.hint)
    assert str(project / ".venv/bin/python") in line
    assert "ensurepip" in line or line.startswith("uv pip install --python ")
    assert line.endswith(" pytest")


@pytest.mark.parametrize(
    ("manager", "facts", "line"),
    [
        ("uv", {}, "uv add --dev pytest"),
        ("poetry", {}, "poetry add --group dev pytest"),
        ("pdm", {}, "pdm add --dev --group test pytest"),
        ("pipenv", {}, "pipenv install --dev pytest"),
        (None, {"pip": True}, "'{}' -m pip install pytest"),
        (None, {"pip": True, "managed": True}, "python3 -m venv .venv && .venv/bin/python -m pip install pytest"),
    ],
)
def test_the_line_that_installs_pytest_fits_the_environment(tmp_path, manager, facts, line):
    python = script(tmp_path / "a python", saying(version=[3, 12, 1], **facts))
    with pytest.raises(UsageError, match="has no pytest") as caught:
        probe(Interpreter(python, "a test", manager), cwd=tmp_path)
    assert caught.value.hint == line.format(python)


def saying(**facts: object) -> str:
    """A stand-in for an interpreter this machine may not have: it says what such a one would say."""
    found = {"executable": "/x/python", "prefix": "/x"} | facts
    encoded = interpreter.msgspec.json.encode(found).decode()
    return f"echo noise\ncat <<'END'\n{interpreter._MARK}{encoded}\nEND\necho more noise >&2"


@pytest.mark.parametrize("version", [[2, 7, 18], [3, 6, 15], [3, 7, 0]])
def test_a_python_that_is_too_old_is_told_so(tmp_path, version):
    python = script(tmp_path / "python", saying(version=version))
    with pytest.raises(UsageError, match=r"supported is 3\.8 and newer"):
        probe(Interpreter(python, "a test"))


@pytest.mark.parametrize(
    ("version", "fine"), [("6.2.5", False), ("7.0.0", True), ("10.0.0.dev1", True), ("main", True)]
)
def test_a_pytest_that_is_too_old_is_told_so(tmp_path, version, fine):
    python = script(tmp_path / "python", saying(version=[3, 8, 0], pytest=version, pip=True))
    if fine:
        assert probe(Interpreter(python, "a test")).pytest == version
        return
    with pytest.raises(UsageError, match=r"has pytest 6\.2\.5; supported is 7 and newer") as caught:
        probe(Interpreter(python, "a test"))
    assert caught.value.hint == f"{shlex.quote(str(python))} -m pip install 'pytest>=7'"


def test_what_is_not_a_python_says_what_it_said(tmp_path, monkeypatch):
    python = script(tmp_path / "python", "echo one >&2; echo 'libpython is missing' >&2; exit 7")
    with pytest.raises(UsageError, match=r"not a working Python \(exit status 7\): libpython is missing"):
        probe(Interpreter(python, "a test"))
    script(tmp_path / "python", f"echo '{interpreter._MARK}" + '{"version": "x"}' + "'")
    with pytest.raises(UsageError, match="not a working Python"):
        probe(Interpreter(python, "a test"))
    monkeypatch.setattr(interpreter, "_PROBE_TIMEOUT_S", 0.2)
    script(tmp_path / "python", "exec sleep 600")
    with pytest.raises(UsageError, match="did not answer"):
        probe(Interpreter(python, "a test"))


def test_the_probe_is_valid_python_of_every_version():
    compile(interpreter._PROBE_CODE, "probe", "exec")
    for modern in ('f"', ":=", "print "):
        assert modern not in interpreter._PROBE_CODE


def test_environment_of_this_process_is_the_default(tmp_path, monkeypatch):
    monkeypatch.setenv("SEEN", "yes")
    python = script(tmp_path / "python", f'[ "$SEEN" = yes ] && {saying(version=[3, 9, 0], pytest="8.0")}')
    monkeypatch.chdir(tmp_path)
    assert probe(Interpreter(python, "a test")).version == (3, 9, 0)
    assert "SEEN" in os.environ


def test_what_the_configuration_names_is_said_to_come_from_there(project):
    (project / "envs" / "a" / "bin").mkdir(parents=True)
    (project / "envs" / "a" / "bin" / "python").symlink_to(sys.executable)
    assert choose(project, "envs/a", {}, configured="envs/a").because == "[project] python = envs/a"
    assert choose(project, "envs/a", {}, configured="envs/b").because == "--python envs/a"


@pytest.mark.parametrize(
    ("file", "text", "installable"),
    [
        ("pyproject.toml", "[project]\nname = 'a'\n", True),
        ("pyproject.toml", "[build-system]\nrequires = []\n", True),
        ("pyproject.toml", "[tool.black]\n", False),
        ("pyproject.toml", "[proj", False),
        ("setup.py", "", True),
    ],
)
def test_the_line_that_adds_pytest_adds_an_installable_project_too(tmp_path, monkeypatch, file, text, installable):
    venv.create(tmp_path / "bare", with_pip=False)
    project = tmp_path / "shop"
    project.mkdir()
    (project / file).write_text(text)
    monkeypatch.chdir(project)
    chosen = choose(project, str(tmp_path / "bare"), {})
    with pytest.raises(UsageError, match="has no pytest") as caught:
        probe(chosen, cwd=project)
    assert (caught.value.hint or "").endswith("pytest -e ." if installable else "pytest")
