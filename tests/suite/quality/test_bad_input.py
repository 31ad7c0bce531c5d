"""Whatever text stands in the files, reading ends, in bounds, and says what it did not read."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brinell.suite.quality import files, project
from brinell.suite.quality.files import Source, UnreadableError

GOOD = "def test_a():\n    f()\n"
DEEP = 3000
BAD = {
    "no Python": b"def test_b(:\n",
    "another Python": b"print 'hello'\n",
    "not text": b"\xff\xfe\x00\x01" * 50,
    "a null": b"def test_b():\n    assert '\x00'\n",
    "an encoding there is none of": b"# -*- coding: klingon -*-\ndef test_b(): pass\n",
    "brackets": b"x = " + b"(" * DEEP + b")" * DEEP,
    "signs": b"x = " + b"-" * DEEP + b"1",
    "lists": b"x = " + b"[" * DEEP + b"]" * DEEP,
    "attributes": b"x = a" + b".b" * DEEP,
    "calls": b"def test_b():\n    a" + b"()" * DEEP + b"\n",
    "sums": b"def test_b():\n    assert " + b"1+" * DEEP + b"1\n",
    "blocks": b"".join(b" " * n + b"if x:\n" for n in range(90)) + b" " * 90 + b"pass",
    "too large": b"#" * (files.MOST_BYTES + 1),
    "empty": b"",
}

LINES = (
    "def test_a(x=1):", "class TestA(B, metaclass=C):", "    def test_a(self):", "    assert (x, 1)",
    "    try:", "    except Exception:", "        pass", "    with pytest.raises(E) as e:",
    "        assert e == e", "    return", "@pytest.mark.skip", "@x.setter", "import time as t",
    "from . import *", "    t.sleep(1e309)", "    m.called_with()", "    for x in zip():", "    yield",
    "if __name__ == '__main__':", "    lambda: (yield)", "    x: int = x", "    *a, b = c",
    "async def test_a():", "    await t.sleep()", "    f'{x!r:{y}}'", "\tpass", "    match x:", "    del x",
    "# brinell: ignore[",
)  # fmt: skip


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_a_file_of_any_kind_costs_no_more_than_itself(read, text):
    seen = read({"tests/test_a.py": GOOD, "tests/test_b.py": text, "tests/conftest.py": text})
    assert [one.file for one in seen.of("asserts-nothing")] == ["tests/test_a.py"]
    if text and "tests/test_b.py" not in {one.partition(":")[0] for one in seen.read.unread}:
        Source("tests/test_b.py", text)  # it is one that can be read


def test_what_is_no_regular_file_is_not_opened_for_ever(read, tmp_path):
    (tmp_path / "tests").mkdir()
    os.mkfifo(tmp_path / "tests/test_pipe.py")
    (tmp_path / "tests/test_loop.py").symlink_to("test_loop.py")
    (tmp_path / "tests/round").symlink_to("..")
    seen = read({"tests/test_a.py": GOOD})
    assert {one.partition(":")[0] for one in seen.read.unread} == {"tests/test_pipe.py", "tests/test_loop.py"}
    assert seen.read.tests == 1


def test_a_folder_of_somebody_elses_code_is_not_read(read):
    inside = {f"{folder}/test_b.py": GOOD for folder in ("venv/lib", ".tox/x", "node_modules/x", "build")}
    assert read({"test_a.py": GOOD, "env/pyvenv.cfg": "", "env/test_c.py": GOOD, **inside}).read.files == 1


def test_more_text_than_memory_allows_is_left_and_named(read, monkeypatch):
    monkeypatch.setattr(project, "MOST_BYTES_IN_ALL", 40)
    seen = read({f"test_{number}.py": GOOD for number in range(5)})
    assert 0 < seen.read.tests < 5
    assert len(seen.read.unread) + seen.read.files == 5


def test_a_budget_that_is_spent_ends_the_reading_and_says_so(read):
    seen = read({f"test_{number}.py": GOOD for number in range(5)}, budget_s=0.0)
    assert "others" in seen.read.left_out


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(LINES), max_size=12))
def test_any_lines_are_read_or_refused(read, lines):
    seen = read({"test_a.py": "\n".join(lines)})
    assert seen.read.files + len(seen.read.unread) == 1


@given(st.binary(max_size=300))
def test_any_bytes_are_parsed_or_refused(text):
    try:
        read = Source("a.py", text)
    except UnreadableError as why:
        said = str(why)
    else:
        said = read.path
    assert said
