"""What only the project's interpreter knows: options, marks, and where imports come from. This one is asked."""

from __future__ import annotations

import pytest

TEST = "def test_a():\n    assert f()\n"
DECLARED = '[project]\nname = "shop"\nversion = "1"\n[project.optional-dependencies]\ntest = ["pytest"{}]\n'


def options(seen):
    return {(one.file, one.line, one.variant, one.name) for one in seen.of("unknown-option")}


@pytest.fixture(autouse=True)
def _no_tools_of_ours(monkeypatch):
    for name in ("PYTEST_ADDOPTS", "COVERAGE_PROCESS_START", "COV_CORE_CONFIG"):
        monkeypatch.delenv(name, raising=False)


def test_options_that_pytest_does_not_know(read):
    ini = "[pytest]\ntestpaths = .\npython_fils = test_*.py\nDJANGO_SETTINGS_MODULE = x\nfilterwarnings = error\n"
    seen = read({"pytest.ini": ini, "test_a.py": TEST}, asked=True)
    assert options(seen) == {
        ("pytest.ini", 3, "pytest", "python_fils"),
        ("pytest.ini", 4, "pytest", "DJANGO_SETTINGS_MODULE"),
    }
    assert {one.detail for one in seen.of("unknown-option")} == {"python_files", "plugin pytest-django"}


def test_a_process_that_is_started_for_it_says_what_a_fork_says(read):
    files = {
        "pytest.ini": "[pytest]\npython_fils = x\naddopts = --no-such-thing -p plug_in\nplugged = 1\n",
        "plug_in.py": "def pytest_addoption(parser):\n    parser.addini('plugged', '')\n",
        "pyproject.toml": DECLARED.format("") + "[tool.coverage.run]\nbrnch = true\n",
        "test_a.py": f"import pytest, hypothesis, no_such_thing\n@pytest.mark.slow\n{TEST}",
    }
    started = read(files, asked="process")
    assert read(files, asked=True).weaknesses == started.weaknesses
    assert {(one.weakness, one.variant) for one in started.weaknesses} >= {
        ("unknown-option", "pytest"), ("unknown-option", "mark"), ("unknown-option", "argument"),
        ("unknown-option", "coverage"), ("missing-dependency", ""), ("missing-dependency", "absent"),
    }  # fmt: skip


def test_marks_that_nobody_registers(read):
    text = "import pytest\n@pytest.mark.slow\n@pytest.mark.mine\n@pytest.mark.quick\n" + TEST
    conftest = "def pytest_configure(config):\n    config.addinivalue_line('markers', 'mine: of ours')\n"
    seen = read(
        {
            "pytest.ini": "[pytest]\nmarkers =\n    slow: takes long\n",
            "sub/test_a.py": text,
            "sub/conftest.py": conftest,
        },
        asked=True,
    )
    assert options(seen) == {("sub/test_a.py", 4, "mark", "quick")}


def test_arguments_that_would_keep_pytest_from_starting(read):
    ini = "[pytest]\naddopts = -ra --strict-markers --no-such-thing\n"
    seen = read({"pytest.ini": ini, "test_a.py": TEST}, asked=True)
    assert options(seen) == {("pytest.ini", 2, "argument", "--no-such-thing")}


@pytest.mark.parametrize("arguments", ["-p berths_plugin", "-pberths_plugin --berths=3", "-p no_such_plugin"])
def test_options_of_the_suites_own_plug_in_are_known(read, arguments):
    ini = f"[pytest]\npythonpath = plugins\naddopts = {arguments}\nberths = 4\nberth = 3\n"
    plugin = "def pytest_addoption(parser):\n    parser.addini('berths', '')\n    parser.addoption('--berths')\n"
    for folder in ("plugins/", ""):
        seen = options(read({"pytest.ini": ini, f"{folder}berths_plugin.py": plugin, "test_a.py": TEST}, asked=True))
        unknown = {("pytest.ini", 5, "pytest", "berth")}
        assert seen == unknown | ({("pytest.ini", 4, "pytest", "berths")} if "no_such" in arguments else set())


def test_sections_and_files_that_are_never_read(read):
    files = {
        "pytest.ini": "[pytest]\nminversion = 6\n",
        "tox.ini": "[tox]\n[pytest]\ntestpaths = tests\n",
        "pyproject.toml": "[tool.pytest.ini_options]\nminversion = '6'\n",
        "test_a.py": TEST,
    }
    assert options(read(files, asked=True)) == {
        ("tox.ini", 2, "not-read", "[pytest]"),
        ("pyproject.toml", 1, "not-read", "[tool.pytest.ini_options]"),
    }


def test_a_section_under_the_wrong_name(read):
    cfg = "[metadata]\nname = x\n[pytest]\naddopts = -q\n"
    assert options(read({"setup.cfg": cfg, "test_a.py": TEST}, asked=True)) == {("setup.cfg", 3, "section", "pytest")}


def test_options_that_coverage_does_not_know(read):
    text = "[tool.coverage.run]\nbranch = true\nbrnch = true\n[tool.coverage.reprot]\nshow_missing = true\n"
    seen = read({"pyproject.toml": text, "test_a.py": TEST}, asked=True)
    assert options(seen) == {
        ("pyproject.toml", 3, "coverage", "[tool.coverage.run] brnch"),
        ("pyproject.toml", 4, "coverage", "[tool.coverage.reprot]"),
    }
    assert {one.detail for one in seen.of("unknown-option")} == {"branch", "report"}


def test_a_configuration_of_coverage_that_is_broken_costs_one_line(read):
    seen = read({".coveragerc": "[run\nbranch = true\n", "test_a.py": "def test_a(): pass\n"}, asked=True)
    assert [(one.file, one.variant) for one in seen.of("unknown-option")] == [(".coveragerc", "broken")]
    assert seen.of("asserts-nothing")


@pytest.mark.parametrize("asked", [True, "process"])
def test_a_conftest_that_cannot_be_imported_costs_only_pytests_options(read, asked):
    seen = read({"conftest.py": "raise RuntimeError('no')\n", "test_a.py": "def test_a(): pass\n"}, asked=asked)
    assert "unknown-option of pytest" in seen.read.left_out
    assert seen.of("asserts-nothing")


def test_an_interpreter_that_is_none_leaves_the_code(read):
    files = {"test_a.py": "def test_a(): pass\n"}
    assert read(files).read.left_out.keys() == {"unknown-option", "missing-dependency"}
    assert read(files).of("asserts-nothing")


@pytest.mark.parametrize(
    ("text", "declared", "found"),
    [
        ("import hypothesis", "", {("hypothesis", "")}),
        ("import hypothesis", ', "Hypothesis>=6"', set()),
        ("import no_such_thing", "", {("no_such_thing", "absent")}),
        ("import yaml", ', "PyYAML"', set()),
        ("import json, os.path", "", set()),
        ("import helpers", "", set()),
        ("from . import helpers", "", set()),
        ("try:\n    import no_such_thing\nexcept ImportError:\n    pass", "", set()),
        ("import pytest\nx = pytest.importorskip('no_such_thing')\nimport no_such_thing", "", set()),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import no_such_thing", "", set()),
        ("import sortedcontainers", ', "hypothesis"', {("sortedcontainers", "transitive")}),
        ("import pluggy, iniconfig", "", {("pluggy", "transitive"), ("iniconfig", "transitive")}),
        ("import pluggy", ', "pluggy"', set()),
        ("from xdist import get_xdist_worker_id", "", {("xdist", "")}),
        ("from xdist import get_xdist_worker_id", ', "pytest-xdist"', set()),
        ("import psycopg2", ', "psycopg2"', set()),
        ("from google.cloud import storage", ', "google-cloud-storage"', set()),
        ("import psycopg2", ', "psycopg2-binary"', set()),
        ("import os\nif 'LIVE' in os.environ:\n    import no_such_thing", "", {("no_such_thing", "conditional")}),
        (
            "import os\nLIVE = os.getenv('LIVE')\nif LIVE:\n    import no_such_thing",
            "",
            {("no_such_thing", "conditional")},
        ),
        ("import sys\nif sys.version_info < (3, 8):\n    import no_such_thing", "", set()),
        ("import sys\nif sys.platform == 'plan9':\n    import no_such_thing", "", set()),
        ("from importlib.util import find_spec as has\nif has('no_such_thing'):\n    import no_such_thing", "", set()),
        (
            "try:\n    import a_b\n    AB = 1\nexcept ImportError:\n    AB = 0\nif AB:\n    import no_such_thing",
            "",
            set(),
        ),
        ("from helpers import THERE\nif THERE:\n    import no_such_thing", "", set()),
        ("def run(backend):\n    if backend == 'hypothesis':\n        import hypothesis", "", set()),
    ],
)
def test_imports_that_nothing_declares(read, text, declared, found):
    files = {"pyproject.toml": DECLARED.format(declared), "tests/test_a.py": f"{text}\n{TEST}", "tests/helpers.py": ""}
    seen = read(files, asked=True).of("missing-dependency")
    assert {(one.name, one.variant) for one in seen} == found
    assert all(one.detail.split("\n")[1] == "[project.optional-dependencies.test]" for one in seen)


@pytest.mark.parametrize(
    ("mark", "found"),
    [
        ("@pytest.mark.skipif('LIVE' not in os.environ, reason='live')", {"conditional"}),
        ("@live", {"conditional"}),
        ("@pytest.mark.skipif(os.name == 'nt', reason='not there')", {"conditional"}),
        ("@pytest.mark.skipif(\"sys.platform == 'linux'\", reason='not there')", {"conditional"}),
        ("@pytest.mark.skipif(not HAS_YAML, reason='not there')", set()),
        ("@pytest.mark.skipif('yaml' not in FOUND, reason='not there')", set()),
        ("@pytest.mark.skip(reason='not now')", set()),
        ("@requires_yaml", set()),
        ("", {""}),
    ],
)
@pytest.mark.parametrize("in_class", [False, True])
def test_an_import_in_a_test_that_a_mark_may_skip(read, mark, found, in_class):
    head = "import os, pytest\nlive = pytest.mark.skipif('LIVE' not in os.environ, reason='live')\n"
    test = "def test_a(self=1):\n    import hypothesis as yaml\n    assert yaml\n"
    test = "class TestIt:\n" + "".join(f"    {line}\n" for line in test.splitlines()) if in_class else test
    text = (head + mark + "\n" + test).replace("yaml", "hypothesis").replace("YAML", "HYPOTHESIS")
    seen = read({"pyproject.toml": DECLARED.format(""), "tests/test_a.py": text}, asked=True)
    assert {one.variant for one in seen.of("missing-dependency")} == found


@pytest.mark.parametrize(
    ("condition", "found"),
    [("'LIVE' not in os.environ", {"conditional"}), ("sys.version_info < (3, 99)", {"conditional"})],
)
def test_an_import_behind_a_skip(read, condition, found):
    text = (
        f"import os, sys, pytest\ndef test_a():\n    if {condition}:\n        pytest.skip('why')\n"
        "    import hypothesis\n"
    )
    seen = read({"pyproject.toml": DECLARED.format(""), "tests/test_a.py": text}, asked=True)
    assert {one.variant for one in seen.of("missing-dependency")} == found


@pytest.mark.parametrize(
    ("before", "found"),
    [
        ("LIVE = 1", {("no_such_thing", "conditional")}),
        ("(tmp_path / 'no_such_thing.py').write_text('')", set()),
        ("sys.modules['no_such_thing'] = 1", set()),
    ],
)
def test_an_import_of_what_is_not_installed_in_a_test_that_may_be_skipped(read, before, found):
    mark = "@unittest.skipUnless('LIVE' in os.environ, 'live')"
    text = f"import os, sys, unittest\n{mark}\ndef test_a(tmp_path):\n    {before}\n    import no_such_thing\n"
    seen = read({"pyproject.toml": DECLARED.format(""), "tests/test_a.py": text}, asked=True)
    assert {(one.name, one.variant) for one in seen.of("missing-dependency")} == found


def test_imports_of_the_tests_own_modules_count(read):
    files = {
        "pyproject.toml": DECLARED.format(""),
        "tests/test_a.py": f"import baskets\n{TEST}",
        "tests/baskets.py": "from shop import more\nimport eggs\n",
        "tests/eggs.py": "import pluggy\nimport iniconfig  # brinell: ignore\n",
        "tests/unused.py": "import hypothesis\n",
        "shop/__init__.py": "import hypothesis\n",
    }
    seen = read(files, asked=True).of("missing-dependency")
    assert [(one.file, one.line, one.name) for one in seen] == [("tests/eggs.py", 1, "pluggy")]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("requirements-dev.txt", "# tests\npytest\nhypothesis==6.1  # pinned\n"),
        ("setup.py", "from setuptools import setup\nsetup(extras_require={'test': ['pytest', 'hypothesis']})\n"),
        ("tox.ini", "[testenv]\ndeps =\n    pytest\n    hypothesis\n"),
        ("setup.cfg", "[options.extras_require]\ntest =\n    pytest\n    hypothesis\n"),
        ("Pipfile", '[dev-packages]\npytest = "*"\nhypothesis = "*"\n'),
        ("pyproject.toml", '[tool.poetry.group.test.dependencies]\npytest = "^8"\nhypothesis = "*"\n'),
        ("pyproject.toml", '[dependency-groups]\ndev = ["pytest", "hypothesis", {include-group = "x"}]\n'),
    ],
)
def test_declarations_count_wherever_they_stand(read, path, text):
    files = {path: text, "tests/test_a.py": f"import hypothesis\n{TEST}"}
    assert not read(files, asked=True).of("missing-dependency")


def test_without_any_declaration_nothing_is_missing(read):
    assert not read({"tests/test_a.py": f"import hypothesis\n{TEST}"}, asked=True).of("missing-dependency")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("import importlib\ndef test_a():\n    assert importlib.import_module('hypothesis').given", {"hypothesis"}),
        ("def test_a():\n    assert __import__('hypothesis.strategies')", {"hypothesis"}),
        (
            "import importlib\ntry:\n    m = importlib.import_module('hypothesis')\nexcept ImportError:\n    m = 1\n",
            set(),
        ),
        ("import importlib\ndef test_a(name):\n    assert importlib.import_module(name)", set()),
        ("import importlib\ndef test_a():\n    assert importlib.import_module('json')", set()),
    ],
)
def test_imports_by_name_count(read, text, names):
    seen = read({"pyproject.toml": DECLARED.format(""), "tests/test_a.py": text + "\n" + TEST}, asked=True)
    assert {one.name for one in seen.of("missing-dependency")} == names


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({}, 1),
        ({"requirements.txt": "-c constraints.txt\npytest\n"}, 1),
        ({"tox.ini": "[testenv]\ndeps =\n    pytest\n    -r constraints.txt\n"}, 0),
    ],
)
def test_constraints_install_nothing_of_themselves(read, files, found):
    mine = {"pyproject.toml": DECLARED.format(""), "constraints.txt": "hypothesis==6.1\n", **files}
    seen = read({**mine, "tests/test_a.py": f"import hypothesis\n{TEST}"}, asked=True)
    assert len(seen.of("missing-dependency")) == found


@pytest.mark.parametrize(
    ("files", "names"),
    [
        ({".pytest.ini": "[pytest]\n[tool:pytest]\nmarkers = a\n"}, {"tool:pytest"}),
        ({"pyproject.toml": "[pytest]\nminversion = '8'\n"}, {"pytest"}),
        ({"pyproject.toml": "[tool.coverage]\nomit = ['x']\n[tool.coverage.run]\n"}, {"[tool.coverage] omit"}),
        ({"pyproject.toml": "[tool.coverage.run]\nomit = ['x']\n"}, set()),
        ({"pyproject.toml": "[tool.coverage]\nrun = {omit = ['x']}\n"}, set()),
    ],
)
def test_more_of_what_is_never_read(read, files, names):
    assert {one.name for one in read({**files, "test_a.py": TEST}, asked=True).of("unknown-option")} == names
