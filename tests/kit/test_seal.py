from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.kit.seal import sealed, state

BODY = "KNOWN = [\n    Known(\n        fixed=False,\n    ),\n]"


@given(st.text(st.characters(exclude_characters="\r"), max_size=50))
def test_what_was_written_is_ours(text):
    assert state(sealed(text)) == "ours"


@given(st.text(max_size=50))
def test_what_was_not_is_foreign(text):
    assert state(text) == "foreign"


def test_the_one_edit_that_is_asked_for_is_none():
    assert state(sealed(BODY).replace("fixed=False", "fixed=True")) == "ours"


def test_line_ends_of_another_system_are_no_edit():
    assert state(sealed(BODY).replace("\n", "\r\n")) == "ours"


@pytest.mark.parametrize("edit", [("KNOWN", "KNOWN_TESTS"), ("fixed=False", "fixed=0"), ("]", "]  # ours")])
def test_every_other_edit_is_one(edit):
    assert state(sealed(BODY).replace(*edit)) == "edited"


def test_lines_after_the_mark_are_an_edit():
    assert state(sealed(BODY) + "def test_more(): ...\n") == "edited"
