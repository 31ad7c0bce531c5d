from __future__ import annotations

import pytest

from brinell.config.source import project_root, suite_place
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
