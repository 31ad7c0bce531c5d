"""``brinell suite --against``: what is refused before anything runs, and the whole way once."""

from __future__ import annotations

import json
import subprocess

import pytest


def git(*arguments):
    who = ["-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *who, *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(project):
    (project / "pytest.ini").write_text("[pytest]\n")
    (project / ".gitignore").write_text("__pycache__\n.pytest_cache\n.hypothesis\n")
    git("init", "-q")
    git("add", "-A")
    git("commit", "-q", "-m", "x")
    return project


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("--against", "mian"), "did you mean --against main?"),
        (("--against", "no-such"), "neither a revision of this repository nor a folder"),
        (("--against", "."), "is this folder itself"),
        (("--against", "--from"), "neither a revision"),
        (("--pairs", "9"), "--pairs goes with --against"),
        (("--against", "main", "--pairs", "3"), "greater than or equal to 8"),
        (("--against", "main", "--from", "pytest.ini"), "--from only reads a recording"),
    ],
)
def test_mistakes_are_told_before_anything_runs(repository, brinell, argv, words):
    said = brinell("suite", *argv)
    assert said.code == 2
    assert words in " ".join(said.err.split())
    assert not (repository / ".brinell").exists()


def test_outside_a_repository_a_folder_is_asked_for(project, brinell):
    said = brinell("suite", "--against", "main")
    assert said.code == 2
    assert "in no git repository" in " ".join(said.err.split())
    assert (project / "tests").exists()


@pytest.mark.prove
def test_unchanged_code_did_not_regress(repository, brinell):
    (repository / "tests" / "test_more.py").write_text("def test_more():\n    assert True is not None\n")
    said = brinell("suite", "--against", "main", "--json", "--quiet", "--", "-p", "no:randomly")
    judgement = json.loads(said.out)
    against = judgement["suite"]["against"]
    assert against["answer"] in ("not regressed", "cannot tell")
    assert against["only_new"] == ["tests/test_more.py::test_more"]
    assert against["common_tests"] == 1
    (finding,) = [one for one in judgement["findings"] if one["id"] == "against.time"]
    assert finding["required"]
    listed = subprocess.run(["git", "worktree", "list"], capture_output=True, text=True, check=True).stdout
    assert listed.count("\n") == 1
