"""Files of the project's that are imported: what they define, and why one will not do."""

from __future__ import annotations

import sys

import pytest

from brinell.load.own_file import BadFile, imported

NAME = "brinell_own_file_of_a_test"


@pytest.fixture(autouse=True)
def _clean(monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield
    sys.modules.pop(NAME, None)


def test_what_it_defines_and_what_lies_beside_it(tmp_path):
    (tmp_path / "near.py").write_text("A = 1\n")
    (tmp_path / "own.py").write_text("import near\nB = near.A + 1\n")
    assert imported(tmp_path / "own.py", tmp_path, NAME)["B"] == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("\nraise SystemExit(3)", r"failed with SystemExit: 3 \(own.py:2\)"),
        ("def f(:\n", r"failed with SyntaxError: .* \(own.py:1\)"),
        ("import nothing_of_that_name", "failed with ModuleNotFoundError"),
    ],
)
def test_what_it_raises_is_said_with_its_place(tmp_path, text, words):
    (tmp_path / "own.py").write_text(text)
    with pytest.raises(BadFile, match=words):
        imported(tmp_path / "own.py", tmp_path, NAME)


def test_none_is_there_or_it_is_no_python(tmp_path):
    with pytest.raises(BadFile, match=r"there is no file own.py in "):
        imported(tmp_path / "own.py", tmp_path, NAME)
    (tmp_path / "own.txt").write_text("")
    with pytest.raises(BadFile, match=r"own.txt is no Python file"):
        imported(tmp_path / "own.txt", tmp_path, NAME)
