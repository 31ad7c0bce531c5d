"""Notes as JSON."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from noticeboard.cache.entry import Entry, Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from noticeboard.storage.statements import Note

FIRST_VERSION_TAG = '"1"'
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def render_note(note: Note) -> Entry:
    """Return one note, which depends on itself only."""
    return Entry(_json(_document(note)), version_tag(note.version), Span(note.id, note.id))


def render_list(notes: Sequence[Note], following: str | None, span: Span) -> Entry:
    """Return notes, the address of those that follow, and a tag that changes with any of it."""
    body = _json({"items": [_document(note) for note in notes], "next": following})
    return Entry(body, f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"', span)


def version_tag(version: int) -> str:
    """Return the entity tag of a note at this version."""
    return f'"{version}"'


def _document(note: Note) -> dict[str, Any]:
    return {
        "id": note.id,
        "text": note.text,
        "tags": list(note.tags),
        "version": note.version,
        "created": _instant(note.created_us),
        "updated": _instant(note.updated_us),
    }


def _instant(microseconds: int) -> str:
    return (_EPOCH + timedelta(microseconds=microseconds)).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _json(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
