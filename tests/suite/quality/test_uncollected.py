"""Tests that pytest never collects: by their own names, and by the folders that they lie in."""

from __future__ import annotations

import shutil
import subprocess

import pytest

GOOD = "def test_a(): assert f()\n"
OTHER = "def test_b(): assert f()\n"
PATTERNS = "[pytest]\npython_functions = it_*\npython_classes = Describe\n"
MISSED = {
    "test at the end": ("def totals_test(): assert f()", "function-name"),
    "test at the end, with fixtures": ("def totals_test(tmp_path, request): assert f()", "function-name"),
    "with parameters": (
        "import pytest\n@pytest.mark.parametrize('x, y', [(1, 2)])\ndef total_test(x, y): assert x",
        "function-name",
    ),
    "an underscore in front, in a class": ("class TestA:\n    def _test_a(self): assert f()", "misspelt"),
    "misspelt in a class": ("class TestA:\n    def tset_a(self): assert f()", "misspelt"),
    "another name, in a class": (
        "class TestA:\n    def check_empty(self): assert f()\n    def test_b(self): assert g()",
        "function-name",
    ),
    "another name, in a TestCase": (
        "import unittest\nclass T(unittest.TestCase):\n    def no(self): assert f()\n    def test_b(self): assert g()",
        "function-name",
    ),
    "run by hand": ("if __name__ == '__main__':\n    def test_a(): assert f()\n    test_a()", "main-guard"),
}
FINE = {
    "it is called": "def totals_test(): assert f()\ndef test_b(): totals_test()",
    "it asserts nothing": "def is_a_test(): return 1",
    "it takes what no fixture is": "def run_test(case): assert case",
    "it is a fixture": "import pytest\n@pytest.fixture\ndef smoke_test(): assert f()",
    "it is registered": "@app.command\ndef smoke_test(): assert f()",
    "a method that is called": "class TestA:\n    def check(self): assert f()\n    def test_b(self): self.check()",
    "a method that may be called by its name": "class TestA:\n    def check_x(self): assert f()\n"
    "    def test_b(self): getattr(self, 'check_' + 'x')()",
    "a method of somebody else's protocol": "from other import Machine\nclass TestA(Machine):\n"
    "    def invariant(self): assert f()",
    "a method of unittest's protocol": "import unittest\nclass T(unittest.TestCase):\n"
    "    def runTest(self):\n        self.assertTrue(f())",
    "a hook": "class Base:\n    def client(self): return 1\nclass TestA(Base):\n    def client(self): assert f()\n"
    "    def test_b(self): assert g()",
    "a set-up that asserts": "class TestA:\n    def setup_method(self): assert f()\n    def test_b(self): assert g()",
    "a method that asserts nothing": "class TestA:\n    def check_x(self): return 1\n    def test_b(self): assert g()",
    "a helper of a class": "class TestA:\n    def _test_x(self): assert f()\n    def test_b(self): self._test_x()",
    "a method that takes more": "class TestA:\n    def _test_x(self, x): assert x\n    def test_b(self): assert f()",
    "a class that is not collected": "class Server:\n    def _test_x(self): assert f()",
}


@pytest.mark.parametrize(("text", "variant"), MISSED.values(), ids=MISSED)
def test_what_is_meant_for_a_test_is_found(found_in, text, variant):
    assert [seen for _, seen in found_in("not-collected", text)] == [variant]


@pytest.mark.parametrize("text", FINE.values(), ids=FINE)
def test_a_look_alike_is_left_alone(found_in, text):
    assert found_in("not-collected", text) == []


def test_names_that_fit_no_configured_pattern(read):
    text = (
        "import unittest\nclass DescribeIt:\n    def it_works(self): assert f()\n    def test_last(self): assert f()\n"
        "    def last(self): assert f()\ndef test_old(): assert f()\n"
        "class T(unittest.TestCase):\n    def test_case(self): self.assertTrue(f())\n"
    )
    told = read({"pytest.ini": PATTERNS, "test_it.py": text}, asked=True).of("not-collected")
    assert [(one.name, one.variant, one.detail) for one in told] == [
        ("test_last", "function-name", "it_*"),
        ("last", "function-name", "it_*"),
        ("test_old", "function-name", "it_*"),
    ]


def test_a_conftest_is_a_file_of_that_name(read):
    told = read({"tests/conftest.py": GOOD, "tests/test_conftest.py": OTHER}).of("not-collected")
    assert [(one.file, one.variant) for one in told] == [("tests/conftest.py", "conftest")]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("pytest.ini", "[pytest]\npython_classes = Describe\npython_functions = it_* and_*\n"),
        ("setup.cfg", "[tool:pytest]\npython_classes = Describe\npython_functions =\n    it_*\n    and_*\n"),
        (
            "pyproject.toml",
            "[tool.pytest.ini_options]\npython_classes = 'Describe'\npython_functions = ['it_*', 'and_*']\n",
        ),
    ],
)
def test_patterns_are_read_where_pytest_cannot_be_asked(read, file, text):
    tests = "class DescribeIt:\n    def it_works(self): assert f()\n    def and_ends(self): assert f()\n"
    seen = read({file: text, "test_it.py": tests})
    assert seen.read.tests == 2
    assert not seen.of("not-collected")


@pytest.mark.parametrize("folder", ["build", "dist", "venv", ".hidden", "x.egg"])
def test_a_folder_below_the_tests_that_pytest_does_not_enter(read, folder):
    files = {"tests/test_a.py": GOOD, f"tests/{folder}/test_b.py": OTHER, "pytest.ini": "[pytest]\ntestpaths = tests\n"}
    told = read(files).of("not-collected")
    assert [(one.file, one.variant, one.name) for one in told] == [(f"tests/{folder}/test_b.py", "folder", folder)]


def test_a_folder_that_the_project_excludes(read):
    ini = "[pytest]\ntestpaths = tests\nnorecursedirs = late sample*\n"
    files = {
        "pytest.ini": ini,
        "tests/test_a.py": GOOD,
        "tests/late/test_b.py": OTHER,
        "tests/samples/test_c.py": OTHER,
    }
    assert [one.file for one in read(files, asked=True).of("not-collected")] == ["tests/late/test_b.py"]
    files["tests/test_a.py"] = "PLACE = 'late'\n" + GOOD
    assert not read(files, asked=True).of("not-collected")


@pytest.mark.parametrize(
    "files",
    [
        {"build/lib/tests/test_b.py": OTHER},
        {"tests/build/tests/test_a.py": GOOD},
        {"tests/venv/pyvenv.cfg": "", "tests/venv/lib/test_b.py": OTHER},
        {"tests/.tox/x/test_b.py": OTHER},
        {"tests/node_modules/x/test_b.py": OTHER},
        {"tests/build/helper.py": OTHER},
        {"tests/build/test_b.py": "def test_b(): return 1\n"},
    ],
)
def test_what_is_nobodys_test_is_left_alone(read, files):
    assert not read({"tests/test_a.py": GOOD, **files}).of("not-collected")


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git here")
def test_what_git_ignores_is_no_part_of_the_project(read, tmp_path):
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    files = {".gitignore": "build/\n", "tests/test_a.py": GOOD, "tests/build/test_b.py": OTHER}
    assert not read(files).of("not-collected")
    subprocess.run(["git", "add", "--force", "tests/build/test_b.py"], cwd=tmp_path, check=True)
    assert [one.file for one in read(files).of("not-collected")] == ["tests/build/test_b.py"]


def test_a_hook_that_a_base_in_another_file_calls_is_left_alone(read):
    base = "class Base:\n    def setup_method(self):\n        self.client()\n"
    test = (
        "from shop.testing import Base\nclass TestA(Base):\n    def client(self): assert f()\n"
        "    def test_b(self): assert g()\n"
    )
    files = {"shop/__init__.py": "", "shop/testing.py": base, "tests/test_it.py": test}
    assert not read(files).of("not-collected")
