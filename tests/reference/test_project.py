"""The embedded project is complete, portable, and healthy in the hands of whoever ejects it."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import brinell_reference
from brinell_reference import NotEmptyError, eject, project

REPOSITORY = Path(__file__).parents[2]


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def ejected(tmp_path_factory):
    return eject(tmp_path_factory.mktemp("a path with blanks") / "my project")


@pytest.fixture(scope="module")
def tracked():
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--", project()], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    if listing.returncode or not listing.stdout:
        pytest.skip("this is not a git checkout")
    return {(REPOSITORY / name).relative_to(project()).as_posix() for name in listing.stdout.split("\0") if name}


def test_exactly_what_is_tracked_is_ejected_byte_for_byte(tmp_path, tracked):
    copy = tree(eject(tmp_path / "copy"))
    assert copy.keys() == tracked
    assert copy == {name: (project() / name).read_bytes() for name in tracked}


def test_what_running_it_leaves_behind_is_not_ejected(tmp_path, monkeypatch):
    used = eject(tmp_path / "used")
    pristine = tree(used)
    for name in ("tests/__pycache__/x.pyc", ".pytest_cache/x", ".hypothesis/x", "data/notices.db", ".brinell/runs/x"):
        (used / name).parent.mkdir(parents=True, exist_ok=True)
        (used / name).write_text("x")
    monkeypatch.setattr(brinell_reference, "project", lambda: used)
    assert tree(eject(tmp_path / "copy")) == pristine


def test_an_empty_folder_is_used(tmp_path):
    assert eject(tmp_path) == tmp_path
    assert (tmp_path / "pyproject.toml").exists()


@pytest.mark.parametrize("name", ["file", "folder"])
def test_what_is_there_already_is_not_touched(tmp_path, name):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "precious").write_text("x")
    (tmp_path / "file").write_text("x")
    before = tree(tmp_path)
    with pytest.raises(NotEmptyError, match="is not an empty directory"):
        eject(tmp_path / name)
    assert tree(tmp_path) == before


def test_it_names_no_machine_and_knows_nothing_of_us(tmp_path):
    forbidden = re.compile(
        rb"/(?:work|home|tmp)/|/root\b|\.internal\b|import brinell|from brinell|" + re.escape(str(Path.home()).encode())
    )
    found = {name: forbidden.findall(content) for name, content in tree(eject(tmp_path / "copy")).items()}
    assert {name: matches for name, matches in found.items() if matches} == {}


def test_nothing_of_brinell_is_imported_here():
    module = ast.parse(Path(brinell_reference.__file__).read_text(encoding="utf-8"))
    imported = {
        name.split(".")[0]
        for node in ast.walk(module)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for name in ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module])
    }
    assert imported <= set(sys.stdlib_module_names)


def test_its_dependencies_are_ours(ejected):
    """What `brinell demo` runs must be installed with Brinell itself."""
    ours = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    theirs = tomllib.loads((ejected / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = [*theirs["dependencies"], *theirs["optional-dependencies"]["test"]]
    assert set(needed) <= set(ours["dependencies"])


def test_what_its_tests_import_is_declared(ejected):
    """What comes only because something else needs it may go with that; Brinell itself would tell the demo's reader."""
    theirs = tomllib.loads((ejected / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = [*theirs["dependencies"], *(name for extra in theirs["optional-dependencies"].values() for name in extra)]
    declared = {re.split(r"[^\w-]", one, maxsplit=1)[0].replace("-", "_") for one in needed}
    own = {path.stem for folder in ("src", "tests") for path in (ejected / folder).rglob("*")}
    imported = set()
    for path in (ejected / "tests").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add((node.module or "").partition(".")[0])
    assert imported - own - set(sys.stdlib_module_names) <= declared


@pytest.mark.prove
def test_its_own_suite_passes_wherever_it_is_put(ejected):
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    environment.pop("NOTICEBOARD_TEST_POSTGRES", None)
    suite = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=ejected,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert suite.returncode == 0, suite.stdout[-4000:] + suite.stderr[-2000:]
    assert re.search(r"\b[1-9][0-9]* passed\b", suite.stdout)
