from __future__ import annotations

import json

from noticeboard.cache.entry import Span
from noticeboard.service.rendering import render_list, render_note
from noticeboard.storage.statements import Note

NOTE = Note(7, "caf\u00e9 \u2713", ("a", "b"), 3, 1_700_000_000_000_001, 1_700_000_001_500_000)


def test_a_note():
    entry = render_note(NOTE)
    assert (
        entry.body
        == (
            '{"id":7,"text":"caf\u00e9 \u2713","tags":["a","b"],"version":3,'
            '"created":"2023-11-14T22:13:20.000001Z","updated":"2023-11-14T22:13:21.500000Z"}'
        ).encode()
    )
    assert entry.etag == '"3"'
    assert entry.span == Span(7, 7)


def test_a_list():
    entry = render_list([NOTE], "/next", Span(7, 9))
    assert json.loads(entry.body) == {"items": [json.loads(render_note(NOTE).body)], "next": "/next"}
    assert entry.span == Span(7, 9)


def test_the_tag_of_a_list_changes_with_its_content():
    tags = {
        render_list(notes, following, Span(0, 1)).etag
        for notes in ([], [NOTE], [NOTE, NOTE])
        for following in (None, "/next")
    }
    assert len(tags) == 6
    assert all(tag[0] == tag[-1] == '"' and len(tag) == 26 for tag in tags)
    assert render_list([NOTE], None, Span(0, 1)).etag == render_list([NOTE], None, Span(0, 2)).etag
