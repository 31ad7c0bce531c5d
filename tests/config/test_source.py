from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from brinell.config.source import FILE, PYPROJECT, declared_name, project_root, read, suite_place
from brinell.core.errors import UsageError


@pytest.fixture
def tree(tmp_path):
    """A repository with a configuration, and in it a project of its own and a plain folder."""
    for file in (
        "repo/brinell.toml", "repo/tests/api/test_a.py", "repo/fixtures/own/pyproject.toml",
        "repo/fixtures/withtests/tests/test_c.py", "repo/plain/test_d.py",
        "bare/app.py", "bare/tests/test_e.py", "bare/test_f.py", "lone/inner/test_g.py",
    ):  # fmt: skip
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


@pytest.mark.parametrize(
    ("here", "given", "root", "paths"),
    [
        ("repo", None, "repo", ()),
        ("repo/tests", None, "repo", ()),
        ("repo", ".", "repo", ()),
        ("repo", "tests", "repo", ("tests",)),
        ("repo", "tests/api/test_a.py", "repo", ("tests/api/test_a.py",)),
        ("repo", "tests/api/test_a.py::test_x[a::b]", "repo", ("tests/api/test_a.py::test_x[a::b]",)),
        ("repo/tests", "api", "repo", ("tests/api",)),
        ("repo", "plain", "repo", ("plain",)),
        ("repo", "fixtures/own", "repo/fixtures/own", ()),
        ("repo", "fixtures/withtests", "repo/fixtures/withtests", ()),
        ("lone", "../repo/tests", "repo", ("tests",)),
        ("bare", None, "bare", ()),
        ("bare", "tests", "bare", ("tests",)),
        ("bare", "tests/test_e.py", "bare", ("tests/test_e.py",)),
        ("bare", "test_f.py", "bare", ("test_f.py",)),
        ("lone", "inner", "lone/inner", ()),
        ("lone", "../bare", "bare", ()),
    ],
)
def test_what_a_suite_argument_means(tree, here, given, root, paths):
    assert suite_place(given, tree / here) == (tree / root, paths)


@pytest.mark.parametrize("given", ["test", "nowhere/at/all", "tests/api/test_b.py::x"])
def test_what_is_not_there_is_told(tree, given):
    with pytest.raises(UsageError, match="there is no"):
        suite_place(given, tree / "repo")


def test_the_nearest_name_is_offered(tree):
    with pytest.raises(UsageError) as caught:
        suite_place("test", tree / "repo")
    assert caught.value.hint == "did you mean tests?"


def test_the_root_is_where_the_configuration_is(tree):
    assert project_root(tree / "repo" / "tests" / "api") == tree / "repo"
    assert project_root(tree / "bare" / "tests") == tree / "bare" / "tests"


def test_a_broken_pyproject_that_is_not_ours_changes_nothing(tree):
    (tree / "bare" / "pyproject.toml").write_text("[tool.x\n")
    assert project_root(tree / "bare") == tree / "bare"


def folder(file):
    file.mkdir()


def dangling(file):
    file.symlink_to("nowhere.toml")


def circle(file):
    file.symlink_to(file.name)


@pytest.mark.parametrize("name", ["brinell.toml", "pyproject.toml"])
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (folder, "is a folder, not a file"),
        (os.mkfifo, "is a named pipe, not a file"),
        (dangling, "cannot be read: it is a link to nowhere.toml, and there is no such file"),
        (circle, "cannot be read: Too many levels of symbolic links"),
    ],
)
def test_what_has_the_name_of_a_configuration_and_is_none_is_told_and_not_waited_for(tree, name, make, words):
    shop = tree / "shop"
    (shop / "tests").mkdir(parents=True)
    make(shop / name)
    assert project_root(shop / "tests") == shop
    with pytest.raises(UsageError, match=words) as caught:
        read(shop)
    assert str(shop / name) in str(caught.value)
    assert f"mv {shlex.quote(str(shop / name))}" in (caught.value.hint or "")
    assert declared_name(shop) is None


def test_a_link_to_a_configuration_is_one(tree):
    (tree / "bare" / "brinell.toml").symlink_to(tree / "repo" / "brinell.toml")
    (tree / "repo" / "brinell.toml").write_text("[suite]\n")
    assert read(tree / "bare").tables == {"suite": {}}


def test_a_broken_table_of_ours_is_found_from_below(tree):
    (tree / "bare" / "pyproject.toml").write_text("[tool.brinell.suite\n")
    assert project_root(tree / "bare" / "tests") == tree / "bare"
    with pytest.raises(UsageError, match=r"pyproject\.toml:1"):
        read(tree / "bare")


def test_what_is_above_another_project_is_not_its_own(tree):
    (tree / "pyproject.toml").mkdir()
    assert project_root(tree / "repo" / "fixtures" / "own") == tree / "repo"
    (tree / "repo" / "brinell.toml").unlink()
    assert project_root(tree / "repo" / "fixtures" / "own") == tree / "repo" / "fixtures" / "own"


CLOSED = """
import os, sys
from pathlib import Path
from brinell.config.source import is_project, project_root, read
from brinell.core.errors import UsageError
if os.geteuid() == 0:
    os.setuid(65534)  # root may read everything
for root in map(Path, sys.argv[1:]):
    print(project_root(root), is_project(root))
    try:
        print(read(root).file)
    except UsageError as error:
        print(error, "|", error.hint)
"""


def test_what_may_not_be_read_is_told():
    with tempfile.TemporaryDirectory() as name:  # pytest's own folders are closed to other users
        around = Path(name).resolve()
        around.chmod(0o755)
        roots = [around / one for one in ("own", "tool", "whole")]
        for root, file in zip(roots, ("brinell.toml", "pyproject.toml", "brinell.toml"), strict=True):
            root.mkdir()
            (root / file).write_text("[suite]\n")
        closed = [roots[0] / "brinell.toml", roots[1] / "pyproject.toml", roots[2]]
        for path in closed:
            path.chmod(0)
        command = [sys.executable, "-c", CLOSED, *map(str, roots)]
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
        roots[2].chmod(0o755)
    assert done.returncode == 0, done.stderr
    own, tool, whole = roots
    why = "cannot be read: Permission denied | chmod"
    assert done.stdout.splitlines() == [
        f"{own} True",
        f"{own}/brinell.toml {why} u+r {shlex.quote(str(own / FILE))}, as its owner",
        f"{tool} True",
        f"{tool}/pyproject.toml {why} u+r {shlex.quote(str(tool / PYPROJECT))}, as its owner",
        f"{whole} False",
        f"{whole}/brinell.toml {why} u+x {shlex.quote(str(whole))}, as its owner",
    ]
