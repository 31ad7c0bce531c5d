from __future__ import annotations

import pytest

from noticeboard.cache.entry import MAX_ID, Span
from noticeboard.errors import Problem
from noticeboard.service.paging import FROM_THE_START, MAX_LIMIT, PageRequest, parse_limit, parse_page
from noticeboard.storage.statements import Note


def notes(*ids):
    return [Note(note_id, "text", (), 1, 0, 0) for note_id in ids]


def test_defaults():
    assert parse_page(None, None) == PageRequest(before=FROM_THE_START, limit=20)
    assert FROM_THE_START == MAX_ID + 1 == 2**63 - 1


def test_limits_are_inclusive():
    assert parse_page("1", "1") == PageRequest(1, 1)
    assert parse_page(str(MAX_ID), "100") == PageRequest(MAX_ID, MAX_LIMIT)
    assert parse_limit("7") == 7
    assert parse_limit(None) == 20


@pytest.mark.parametrize("raw", ["", "0", "101", "1000", "-1", "+1", " 1", "1_0", "1.0", "x", "\u0661", "\u00b2"])
def test_what_is_no_limit(raw):
    with pytest.raises(Problem, match="limit must be a whole number from 1 to 100") as caught:
        parse_limit(raw)
    assert caught.value.kind == "invalid-parameter"


@pytest.mark.parametrize("raw", ["0", str(MAX_ID + 1), "1" * 5000])
def test_what_is_no_cursor(raw):
    with pytest.raises(Problem, match=f"before must be a whole number from 1 to {MAX_ID}"):
        parse_page(raw, None)


def test_pages_have_different_keys():
    assert PageRequest(5, 2).key == "page:5:2"
    assert len({PageRequest(before, limit).key for before in (1, 12) for limit in (1, 2, 21)}) == 6


def test_a_full_page_depends_on_nothing_below_it():
    page = PageRequest(before=9, limit=2)
    assert page.scope == Span(0, 8)
    assert page.span(notes(8, 6)) == Span(6, 8)
    assert page.following(notes(8, 6)) == "/notes?before=6&limit=2"


def test_a_page_that_is_not_full_is_the_last_and_depends_on_all_that_could_fill_it():
    page = PageRequest(before=9, limit=2)
    assert page.span(notes(4)) == Span(0, 8)
    assert page.following(notes(4)) is None
    assert page.span([]) == Span(0, 8)
    assert page.following([]) is None
