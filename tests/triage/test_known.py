from __future__ import annotations

import pytest

from brinell.triage.known import of_text, of_toml, read_known, status_of


def test_a_markdown_list():
    text = "- b1-0123456789 wrong total\n- [x] b1-aaaaaaaaaa was fixed in 1.2\n* `tests/test_a.py::test_a[x y]` flaky\n"
    assert of_text(text) == {
        "b1-0123456789": "open",
        "b1-aaaaaaaaaa": "fixed",
        "tests/test_a.py::test_a[x y]": "open",
    }


@pytest.mark.parametrize("said", ["not fixed yet", "will be fixed in 2.0", "never fixed", "unfixed", "not yet fixed"])
def test_what_is_not_fixed_is_open(said):
    assert of_text(f"- b1-0123456789 {said}") == {"b1-0123456789": "open"}


def test_a_toml_list():
    text = '[[bug]]\nid = "b1-0123456789"\nstate = "fixed"\n'
    text += '[[bug]]\ntest = "tests/test_a.py::test_a"\n[[bug]]\nnote = "?"\n'
    assert of_toml(text) == {"b1-0123456789": "fixed", "tests/test_a.py::test_a": "open"}


@pytest.mark.parametrize("text", ["bug = 3", "bug = [1, 2]", "not toml b1-0123456789 ="])
def test_toml_that_is_something_else(text):
    assert set(of_toml(text)) <= {"b1-0123456789"}


def test_files_that_cannot_be_read_are_left_out(tmp_path):
    (tmp_path / "known.md").write_bytes(b"b1-0123456789 \xff\n")
    known = read_known(tmp_path, ["known.md", "missing.md", "."])
    assert known.entries == {"b1-0123456789": "open"}
    assert known.files == ("known.md",)


def test_the_parameters_of_a_known_test_are_known():
    assert status_of("b1-x", ["t.py::a[1]", "t.py::a[2]"], {"t.py::a": "open"}) == "known"
    assert status_of("b1-x", ["t.py::a[1]", "t.py::b"], {"t.py::a": "open"}) == "new"
    assert status_of("b1-x", [], {}) == "new"
