from __future__ import annotations

import re

import pytest

from brinell.core.errors import UsageError
from brinell.suite.deep.target import resolve

TESTS = (
    "tests/test_a.py::test_one",
    "tests/test_a.py::test_one_more",
    "tests/test_b.py::TestThing::test_two[x-1]",
    "tests/test_b.py::TestThing::test_two[x-2]",
)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("tests/test_a.py::test_one", 0),
        ("test_one", 0),
        ("test_a.py::test_one", 0),
        ("one_more", 1),
        ("test_two[x-2]", 3),
        ("x-1", 2),
    ],
)
def test_an_id_or_a_part_that_fits_one_is_enough(wanted, found):
    assert resolve(wanted, TESTS) == (found,)


def test_one_that_fits_several_is_refused_with_them():
    with pytest.raises(UsageError, match=re.escape("'test_two' fits 2 tests: " + TESTS[2])) as caught:
        resolve("test_two", TESTS)
    assert TESTS[2] in (caught.value.hint or "")


@pytest.mark.parametrize("wanted", ["test_onee", "tests/test_a.py::test_onne"])
def test_one_that_is_not_there_is_told_with_the_nearest(wanted):
    with pytest.raises(UsageError, match="4 that were collected") as caught:
        resolve(wanted, TESTS)
    assert TESTS[0] in (caught.value.hint or "")


def test_one_that_is_like_none_is_told_how_to_list_them():
    with pytest.raises(UsageError) as caught:
        resolve("zzz\x1b[31m", TESTS)
    assert caught.value.hint == "pytest --collect-only -q lists them"
    assert "\x1b" not in str(caught.value)


def test_ids_that_occur_twice_are_ambiguous():
    with pytest.raises(UsageError, match="fits 2 tests"):
        resolve("a", ("t.py::a", "t.py::a"))
