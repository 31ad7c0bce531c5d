from __future__ import annotations

import pytest

from brinell.subject.discover.suites import find_suite

TEST = {"tests/unit/test_a.py": "", "tests/api/test_b.py": ""}


@pytest.mark.parametrize(
    ("files", "settings", "testpaths"),
    [
        (
            {"pyproject.toml": "[tool.pytest.ini_options]\ntestpaths = ['tests', 'x']\n"},
            "pyproject.toml",
            ("tests",),
        ),
        (
            {"pyproject.toml": f'[tool.pytest]\ntestpaths = ["a\\u0000b", "{"x" * 5000}", "tests"]\n'},
            "pyproject.toml",
            ("tests",),
        ),
        ({"pyproject.toml": "[tool.pytest]\ntestpaths = ['tests']\n"}, "pyproject.toml", ("tests",)),
        (
            {"pytest.ini": "[pytest]\ntestpaths = tests/unit\n  tests/api\n"},
            "pytest.ini",
            ("tests/unit", "tests/api"),
        ),
        ({"tox.ini": "[pytest]\ntestpaths = tests\n"}, "tox.ini", ("tests",)),
        ({"setup.cfg": "[tool:pytest]\ntestpaths = tests\n"}, "setup.cfg", ("tests",)),
        ({"pyproject.toml": "[tool.black]\n", "setup.cfg": "[metadata]\n"}, "", ()),
        ({"pyproject.toml": "broken = = 1\n", "tox.ini": "no section\n"}, "", ()),
    ],
)
def test_pytest_settings_are_found_where_pytest_looks(project, files, settings, testpaths):
    suite = find_suite(project(TEST | files))
    assert (suite.settings, suite.testpaths) == (settings, testpaths)


def test_folders_and_markers_become_categories(project):
    root = project(
        TEST | {"pytest.ini": "[pytest]\nmarkers =\n    slow: takes long\n    api: folder wins\n    odd: no\n"}
    )
    assert find_suite(root).categories == {"api": "tests/api/**", "unit": "tests/unit/**", "slow": "@slow"}


def test_tests_beside_the_code_are_found(project):
    suite = find_suite(project({"shop/app.py": "", "shop/app_test.py": "", "test_shop.py": ""}))
    assert (suite.files, suite.folders) == (2, ("shop",))


def test_nothing_is_a_finding_too(project):
    suite = find_suite(project({"app.py": ""}))
    assert (suite.files, suite.folders, suite.settings) == (0, (), "")


def test_known_bugs_are_found(project):
    assert find_suite(project({"tests/INVARIANTS.md": "x"})).known_bugs == ("tests/INVARIANTS.md",)
