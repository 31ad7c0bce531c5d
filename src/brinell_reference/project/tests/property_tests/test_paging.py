from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine

from noticeboard.cache.entry import MAX_ID
from noticeboard.errors import Problem
from noticeboard.service.drafts import Draft
from noticeboard.service.paging import FROM_THE_START, MAX_LIMIT, PageRequest, parse_page
from noticeboard.storage import statements
from noticeboard.storage.schema import metadata

# Before each page: how many notes are added, and which of those there are is deleted.
changes = st.lists(st.tuples(st.integers(0, 3), st.none() | st.integers(0, 40)), max_size=12)


@settings(max_examples=40, deadline=None)
@given(existing=st.integers(0, 25), limit=st.integers(1, 7), changes=changes)
def test_every_note_that_is_there_all_the_time_is_seen_exactly_once(existing, limit, changes):
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        metadata.create_all(connection)
        for _ in range(existing):
            statements.insert_note(connection, Draft("text"), 0)
        lasting, seen = set(range(1, existing + 1)), []
        before, pages = FROM_THE_START, iter(changes)
        while True:
            added, deleted = next(pages, (0, None))
            for _ in range(added):
                statements.insert_note(connection, Draft("text"), 0)
            if deleted is not None and statements.delete_note(connection, deleted, None):
                lasting.discard(deleted)
            page = PageRequest(before, limit)
            notes = statements.newest_notes(connection, page.before, page.limit)
            seen += [note.id for note in notes]
            assert all(page.span(notes).covers(note.id) for note in notes)
            following = page.following(notes)
            if following is None:
                break
            query = re.fullmatch(r"/notes\?before=([0-9]+)&limit=([0-9]+)", following)
            before = parse_page(query[1], query[2]).before
    engine.dispose()
    assert seen == sorted(set(seen), reverse=True)
    assert lasting <= set(seen)


@settings(max_examples=40, deadline=None)
@given(
    ids=st.sets(st.integers(1, 30), max_size=20),
    before=st.integers(1, 32) | st.just(FROM_THE_START),
    limit=st.integers(1, 6),
    changed=st.integers(1, 31),
)
def test_a_note_outside_a_pages_span_does_not_change_the_page(ids, before, limit, changed):
    """What makes it safe to forget only the pages whose span covers what was written."""
    page = PageRequest(before, limit)

    def shown(present):
        return [note_id for note_id in sorted(present, reverse=True) if note_id < before][:limit]

    notes = [statements.Note(note_id, "", (), 1, 0, 0) for note_id in shown(ids)]
    if not page.span(notes).covers(changed):
        assert changed not in shown(ids)
        assert shown(ids | {changed}) == shown(ids - {changed}) == shown(ids)
    assert page.scope.low <= page.span(notes).low <= page.span(notes).high <= page.scope.high or not notes


@given(st.text(max_size=25) | st.integers().map(str))
def test_any_parameter_is_a_number_in_range_or_a_problem(raw):
    for name in ("before", "limit"):
        try:
            page = parse_page(raw if name == "before" else None, raw if name == "limit" else None)
        except Problem as problem:
            assert problem.status == 400
        else:
            assert str(int(raw)) == raw.lstrip("0") or int(raw) == 0
            assert 1 <= page.before <= MAX_ID + 1
            assert 1 <= page.limit <= MAX_LIMIT
