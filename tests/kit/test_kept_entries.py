from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.kit.kept_entries import entries, merged

TEXT = """
KNOWN = [
    Known(test="a", fixed=True, before=("x", "y")),
    Known(test="b", why=open("/etc/passwd").read()),
    Other(test="c"),
    "d",
]
"""


def test_entries_are_read_and_never_run():
    assert entries(TEXT, "Known") == [{"test": "a", "fixed": True, "before": ("x", "y")}]


@pytest.mark.parametrize("text", [None, "", "KNOWN = [", "\x00", "x = 1\n", "KNOWN = [Known(**a)]", "(" * 500])
def test_what_cannot_be_read_holds_nothing(text):
    assert entries(text, "Known") == []


@given(st.text(max_size=100))
def test_no_text_is_too_odd(text):
    assert entries(text, "Known") == []


def test_entries_that_somebody_edited_need_not_be_hashable():
    assert merged([], [{"test": ["a"]}, {"test": {}}], ("test",)) == [{"test": ["a"]}, {"test": {}}]


def test_what_was_said_to_be_fixed_stays_so_and_nothing_known_is_dropped():
    new = [{"test": "a", "why": "now", "fixed": False}, {"test": "b", "fixed": False}]
    old = [{"test": "a", "why": "then", "fixed": True}, {"test": "c", "fixed": False}]
    assert merged(new, old, ("test",)) == [
        {"test": "a", "why": "now", "fixed": True},
        {"test": "b", "fixed": False},
        {"test": "c", "fixed": False},
    ]
