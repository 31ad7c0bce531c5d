from __future__ import annotations

import os
import subprocess

import pytest

from brinell.core.errors import SubjectError, UsageError
from brinell.suite.against.sides import Other, checked_out, dirty_submodules, resolve, state


def git(where, *arguments):
    env = {
        **{k: v for k, v in os.environ.items() if not k.startswith("GIT_")},
        "GIT_AUTHOR_NAME": "x", "GIT_AUTHOR_EMAIL": "x@example.org", "GIT_COMMITTER_NAME": "x",
        "GIT_COMMITTER_EMAIL": "x@example.org", "GIT_CONFIG_GLOBAL": os.devnull,
    }  # fmt: skip
    done = subprocess.run(
        ["git", "-c", "protocol.file.allow=always", *arguments],
        cwd=where, env=env, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.strip()


def commit(where, **files):
    for name, text in files.items():
        (where / name).parent.mkdir(parents=True, exist_ok=True)
        (where / name).write_text(text)
    git(where, "add", "-A")
    git(where, "commit", "-q", "-m", "x")
    return git(where, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path):
    root = tmp_path / "repository"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    commit(root, **{"a.txt": "one", "part/b.txt": "one"})
    return root


def test_a_revision_is_checked_out_elsewhere_and_leaves_nothing(repository):
    first = git(repository, "rev-parse", "HEAD")
    commit(repository, **{"a.txt": "two"})
    (repository / "a.txt").write_text("three")
    other = resolve(repository, "HEAD~1")
    assert other == Other("HEAD~1", commit=first)
    with checked_out(repository, other) as tree:
        assert (tree.root / "a.txt").read_text() == "one"
        assert not tree.root.is_relative_to(repository)
        place = tree.root
    assert not place.parent.exists()
    assert git(repository, "worktree", "list").count("\n") == 0
    assert (repository / "a.txt").read_text() == "three"


def test_of_a_part_of_a_repository_the_same_part_is_compared(repository):
    with checked_out(repository / "part", resolve(repository / "part", "main")) as tree:
        assert (tree.root / "b.txt").read_text() == "one"


def test_hooks_of_the_repository_do_not_run(repository, tmp_path):
    hook = repository / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    hook.chmod(0o755)
    with checked_out(repository, resolve(repository, "main")):
        pass
    assert not (tmp_path / "ran").exists()


def test_what_is_cut_short_is_cleaned_up_too(repository):
    with pytest.raises(KeyboardInterrupt), checked_out(repository, resolve(repository, "main")) as tree:  # noqa: PT012 - both are the block
        place = tree.root
        raise KeyboardInterrupt
    assert not place.parent.exists()
    assert git(repository, "worktree", "list").count("\n") == 0


def test_a_folder_is_taken_as_it_is(repository, tmp_path):
    (tmp_path / "other").mkdir()
    other = resolve(repository, "../other")
    assert other.folder == str(tmp_path / "other")
    with checked_out(repository, other) as tree:
        assert tree.root == tmp_path / "other"
    assert (tmp_path / "other").is_dir()


def test_a_branch_is_rather_meant_than_a_folder_of_its_name_unless_it_is_a_path(repository):
    (repository / "main").mkdir()
    assert resolve(repository, "main").commit
    assert resolve(repository, "./main").folder


@pytest.mark.parametrize("asked", ["mian", "no-such", "-q", "--all", "", "main:a.txt", "a\0b", "HEAD~99", "/no/such"])
def test_what_is_neither_is_the_users_mistake(repository, asked):
    with pytest.raises(UsageError) as error:
        resolve(repository, asked)
    if asked == "mian":
        assert "did you mean --against main?" in error.value.hint


def test_the_project_itself_is_nothing_to_compare_with(repository):
    with pytest.raises(UsageError, match="this folder itself"):
        resolve(repository, ".")


def test_without_a_repository_a_folder_is_asked_for(tmp_path):
    with pytest.raises(UsageError, match="in no git repository"):
        resolve(tmp_path, "main")


def test_a_commit_that_git_does_not_have_ends_the_step(repository):
    with pytest.raises(SubjectError, match="cannot check out"), checked_out(repository, Other("x", commit="0" * 40)):
        pass


def test_the_state_changes_with_the_code_and_with_nothing_else(repository):
    other = resolve(repository, "main")
    before = state(repository, other)
    assert before == state(repository, other) != ""
    (repository / "a.txt").write_text("changed")
    changed = state(repository, other)
    (repository / "left.txt").write_text("what a test leaves")
    assert state(repository, other) == changed
    (repository / "new.py").write_text("loose")
    assert len({before, changed, state(repository, other)}) == 3
    assert state(repository, Other("x", folder="/")) == ""


@pytest.fixture
def with_submodule(repository, tmp_path):
    inner = tmp_path / "inner"
    inner.mkdir()
    git(inner, "init", "-q", "-b", "main")
    commit(inner, **{"c.txt": "one"})
    git(repository, "submodule", "add", "-q", str(inner), "inner")
    commit(repository)
    return repository


def test_a_submodule_is_there_at_its_commit_and_left_alone(with_submodule):
    (with_submodule / "inner" / "c.txt").write_text("changed")
    assert dirty_submodules(with_submodule) == (
        "submodule inner has changes that are in no commit of repository",
    )  # fmt: skip
    with checked_out(with_submodule, resolve(with_submodule, "main")) as tree:
        assert (tree.root / "inner" / "c.txt").read_text() == "one"
        assert tree.notes == ()
    assert (with_submodule / "inner" / "c.txt").read_text() == "changed"
    assert git(with_submodule / "inner", "worktree", "list").count("\n") == 0


def test_a_submodule_that_is_not_here_is_told(with_submodule):
    git(with_submodule, "submodule", "deinit", "-f", "inner")
    with checked_out(with_submodule, resolve(with_submodule, "main")) as tree:
        assert list((tree.root / "inner").iterdir()) == []
        assert "inner" in tree.notes[0]
