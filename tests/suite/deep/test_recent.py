"""Which tests are new or changed: against git as it is installed, and against a baseline."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.core.fakes import FakeRoom
from brinell.core.plan import ExamineSpec
from brinell.suite.deep.recent import Edited, Recent, edited, recent

_GIT = ("git", "-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "commit.gpgsign=false")
_OTHER = """\
import shop.other
def test_a(): pass
def test_b(): assert 1
class TestC:
    def test_d(self): pass
"""
_FILES = {
    "src/shop/__init__.py": "",
    "src/shop/cart.py": "from shop import price\ndef total(): return price.ONE\n",
    "src/shop/price.py": "ONE = 1\n",
    "src/shop/other.py": "X = 1\n",
    "tests/unit/test_cart.py": "from shop.cart import total\ndef test_total(): assert total() == 1\n",
    "tests/unit/test_other.py": _OTHER,
    "tests/unit/test_plain.py": "def test_plain(): pass\n",
    "tests/api/conftest.py": "",
    "tests/api/test_api.py": "def test_api(): pass\n",
}  # fmt: skip
_TESTS = (
    "tests/unit/test_cart.py::test_total",
    "tests/unit/test_other.py::test_a",
    "tests/unit/test_other.py::test_b[1::[2]]",
    "tests/unit/test_other.py::TestC::test_d",
    "tests/unit/test_plain.py::test_plain",
    "tests/api/test_api.py::test_api",
)


class Project:
    """A repository with a few files, and what is recent in it."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.root = root
        self._room = FakeRoom(ExamineSpec(), folder, root=root)
        root.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")
        self.write(_FILES)
        self.commit()

    def git(self, *words: str) -> None:
        subprocess.run([*_GIT, *words], cwd=self.root, check=True, capture_output=True)

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "x")

    def write(self, files: dict[str, str]) -> None:
        for path, text in files.items():
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_text(text)

    def recent(self, tests=_TESTS, baseline=None, rootdir="") -> Recent:
        try:
            return recent(self._room, self.root / rootdir, tests, baseline)
        finally:
            self._room.close()


@pytest.fixture
def project(tmp_path):
    if shutil.which("git") is None:
        pytest.skip("there is no git")
    (tmp_path / "run").mkdir()
    return Project(tmp_path / "ein Läden", tmp_path / "run")


def _names(tests, *, of=_TESTS):
    return {of[test].partition("[")[0].rpartition("::")[2] for test in tests}


def test_nothing_is_recent_where_nothing_was_touched(project):
    found = project.recent()
    assert (found.new, found.changed, found.near) == (frozenset(), frozenset(), frozenset())
    assert "the last commit" in found.against
    assert not found.words()


def test_a_changed_function_is_told_from_its_neighbours_and_from_its_layout(project):
    laid_out = _OTHER.replace("def test_a(): pass", "def test_a():\n    # why\n    pass")
    project.write({"tests/unit/test_other.py": laid_out.replace("assert 1", "assert 2")})
    found = project.recent()
    assert _names(found.changed) == {"test_b"}
    assert found.new == found.near == frozenset()


def test_what_a_file_has_beside_its_tests_concerns_all_of_them(project):
    project.write({"tests/unit/test_other.py": "X = 2\n" + _OTHER})
    found = project.recent()
    assert set(found.near) == {1, 2, 3}
    assert not found.changed


def test_a_new_test_and_an_untracked_file(project):
    project.write(
        {
            "tests/unit/test_plain.py": "def test_plain(): pass\ndef test_more(): pass\n",
            "tests/unit/test_fresh.py": "def test_fresh(): pass\n",
        }
    )
    tests = (*_TESTS, "tests/unit/test_plain.py::test_more", "tests/unit/test_fresh.py::test_fresh")
    found = project.recent(tests)
    assert _names(found.new, of=tests) == {"test_more", "test_fresh"}
    assert not found.changed
    assert "2 new (against the last commit" in found.words()


def test_product_code_reaches_the_tests_that_import_it_through_others(project):
    project.write({"src/shop/price.py": "ONE = 2\n"})
    assert _names(project.recent().near) == {"test_total"}


def test_a_conftest_concerns_the_tests_below_it(project):
    project.write({"tests/api/conftest.py": "X = 1\n"})
    assert _names(project.recent().near) == {"test_api"}


def test_a_branch_is_compared_with_where_it_left_the_main_one(project):
    project.git("checkout", "--quiet", "-b", "topic")
    project.write({"tests/unit/test_plain.py": "def test_plain(): assert 1\n"})
    project.commit()
    found = project.recent()
    assert _names(found.changed) == {"test_plain"}
    assert found.against.startswith("main at ")


def test_ids_are_relative_to_the_root_folder_of_pytest_and_not_to_the_repository(project):
    project.write({"tests/unit/test_plain.py": "def test_plain(): assert 1\n"})
    assert project.recent(("unit/test_plain.py::test_plain",), rootdir="tests").changed == {0}


def test_new_is_what_the_baseline_does_not_know(project):
    baseline = {"suite": {"tests": {test: ["passed", 0.1] for test in _TESTS[1:]}}}
    found = project.recent(baseline=baseline)
    assert _names(found.new) == {"test_total"}
    assert found.against.startswith("the baseline and ")


def test_where_there_is_no_repository_nothing_is_said(tmp_path):
    room = FakeRoom(ExamineSpec(), tmp_path, root=tmp_path)
    assert recent(room, tmp_path, _TESTS, None) == Recent()
    assert recent(room, tmp_path, _TESTS, {"suite": {"tests": "no dict"}}) == Recent()


def test_a_repository_without_a_commit_says_nothing(tmp_path):
    subprocess.run([*_GIT, "init", "--quiet"], cwd=tmp_path, check=True, capture_output=True)
    room = FakeRoom(ExamineSpec(), tmp_path, root=tmp_path)
    assert recent(room, tmp_path, _TESTS, None) == Recent()


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_two_texts_can_be_compared(before, now):
    found = edited(before, now)
    if before == now:
        assert found == Edited(frozenset(), frozenset(), rest=False)


def test_a_file_that_cannot_be_parsed_has_changed_as_a_whole():
    assert edited("def test_a(): pass\n", "def test_a(:\n").rest
