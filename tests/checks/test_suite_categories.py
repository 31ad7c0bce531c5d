from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.checks.suite_categories import OTHER, Categories, glob


@pytest.mark.parametrize(
    ("path", "markers", "category"),
    [
        ("tests/test_a.py", (), "other"),
        ("tests/unit/test_a.py", (), "unit"),
        ("tests/unit_tests/test_a.py", (), "unit"),
        ("tests/property_tests/test_a.py", (), "property"),
        ("tests/property-based/test_a.py", (), "property"),
        ("src/shop/api/tests/test_a.py", (), "other"),
        ("src/shop/tests/api/test_a.py", (), "api"),
        ("integration/test_a.py", (), "integration"),
        ("tests/integration/unit/test_a.py", (), "unit"),
        ("tests/unit/test_a.py", ("slow",), "slow"),
        ("tests/test_a.py", ("parametrize", "end_to_end"), "e2e"),
        ("tests/test_a.py", ("unit", "slow"), "unit"),
        ("tests/test_a.py", ("hypothesis",), "property"),
        ("tests/unit/test_a.py", ("hypothesis",), "unit"),
        ("tests/test_e2e.py", (), "other"),
    ],
)
def test_without_the_projects_word(path, markers, category):
    assert Categories({}).of(path, markers) == category


def test_the_projects_word_goes_first_and_in_its_order():
    mine = Categories({"core": "tests/core/**", "db": "@database", "rest": "tests/**"})
    assert mine.of("tests/core/test_a.py", ("database", "unit")) == "core"
    assert mine.of("tests/web/test_a.py", ("database", "unit")) == "db"
    assert mine.of("tests/web/test_a.py", ("unit",)) == "rest"
    assert mine.of("other/test_a.py", ("unit",)) == "unit"


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("tests/*.py", "tests/test_a.py", True),
        ("tests/*.py", "tests/sub/test_a.py", False),
        ("tests/**", "tests/sub/deep/test_a.py", True),
        ("tests/**/test_a.py", "tests/test_a.py", True),
        ("**/api/**", "a/b/api/test_a.py", True),
        ("**/api/**", "api/test_a.py", True),
        ("**/api/**", "a/apis/test_a.py", False),
        ("tests/unit", "tests/unit/test_a.py", True),
        ("tests/unit/", "tests/unit/test_a.py", True),
        ("./tests/unit", "tests/unit/test_a.py", True),
        ("tests/unit", "tests/units/test_a.py", False),
        ("tests/test_?.py", "tests/test_a.py", True),
        ("tests/test_[a].py", "tests/test_[a].py", True),
    ],
)
def test_globs(pattern, path, matches):
    assert bool(glob(pattern).fullmatch(path)) is matches


@given(st.text(), st.text())
def test_any_pattern_compiles_and_any_test_has_a_category(pattern, path):
    assert Categories({"mine": pattern}).of(path, ()) in {"mine", *_words()}


def _words():
    from brinell.checks.suite_categories import _WORDS

    return {*_WORDS.values(), OTHER}
