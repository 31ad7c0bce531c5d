"""The statements: plain functions over a connection. Transactions and threads are `store.py`'s."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import delete as delete_from
from sqlalchemy import func, insert, select, update

from noticeboard.storage.schema import idempotency_keys, notes

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from sqlalchemy import Connection, Row

    from noticeboard.service.drafts import Draft

_COLUMNS = (notes.c.id, notes.c.text, notes.c.tags, notes.c.version, notes.c.created_us, notes.c.updated_us)


@dataclass(frozen=True, slots=True)
class Note:
    """A note as it is stored."""

    id: int
    text: str
    tags: tuple[str, ...]
    version: int
    created_us: int
    updated_us: int


class Answered(NamedTuple):
    """What a request with this idempotency key was told before."""

    digest: str
    note_id: int
    body: str


def insert_note(connection: Connection, draft: Draft, now_us: int) -> Note:
    """Store a new note at version 1."""
    statement = insert(notes).values(
        text=draft.text, folded=draft.folded, tags=list(draft.tags), version=1, created_us=now_us, updated_us=now_us
    )
    return _note(connection.execute(statement.returning(*_COLUMNS)).one())


def note_by_id(connection: Connection, note_id: int) -> Note | None:
    """Return the note, if there is one."""
    row = connection.execute(select(*_COLUMNS).where(notes.c.id == note_id)).one_or_none()
    return None if row is None else _note(row)


def newest_notes(connection: Connection, before: int, limit: int) -> list[Note]:
    """Return up to `limit` notes with ids below `before`, newest first."""
    statement = select(*_COLUMNS).where(notes.c.id < before).order_by(notes.c.id.desc()).limit(limit)
    return [_note(row) for row in connection.execute(statement)]


def notes_containing(connection: Connection, folded: str, limit: int) -> list[Note]:
    """Return up to `limit` notes that contain the folded text, newest first."""
    matches = notes.c.folded.contains(folded, autoescape=True)
    statement = select(*_COLUMNS).where(matches).order_by(notes.c.id.desc()).limit(limit)
    return [_note(row) for row in connection.execute(statement)]


def replace_note(
    connection: Connection, note_id: int, draft: Draft, versions: AbstractSet[int] | None, now_us: int
) -> Note | None:
    """Replace the note if it is at one of the versions (None: any); None if it isn't, or isn't there."""
    values: dict[str, Any] = {"text": draft.text, "folded": draft.folded, "tags": list(draft.tags)}
    statement = update(notes).where(notes.c.id == note_id)
    if versions is not None:
        statement = statement.where(notes.c.version.in_(versions))
    statement = statement.values(**values, version=notes.c.version + 1, updated_us=now_us)
    row = connection.execute(statement.returning(*_COLUMNS)).one_or_none()
    return None if row is None else _note(row)


def delete_note(connection: Connection, note_id: int, versions: AbstractSet[int] | None) -> bool:
    """Delete the note if it is at one of the versions (None: any); False if it isn't, or isn't there."""
    statement = delete_from(notes).where(notes.c.id == note_id)
    if versions is not None:
        statement = statement.where(notes.c.version.in_(versions))
    return connection.execute(statement).rowcount == 1


def answer_for(connection: Connection, key: str) -> Answered | None:
    """Return what the idempotency key was answered with before, if it was used."""
    columns = (idempotency_keys.c.digest, idempotency_keys.c.note_id, idempotency_keys.c.body)
    row = connection.execute(select(*columns).where(idempotency_keys.c.key == key)).one_or_none()
    return None if row is None else Answered(*row)


def remember_answer(connection: Connection, key: str, answered: Answered, now_us: int) -> None:
    """Store the answer; IntegrityError if another transaction was first."""
    connection.execute(insert(idempotency_keys).values(key=key, **answered._asdict(), created_us=now_us))


def forget_answers(connection: Connection, before_us: int) -> None:
    """Delete answers that are older."""
    connection.execute(delete_from(idempotency_keys).where(idempotency_keys.c.created_us < before_us))


def content_fingerprint(connection: Connection) -> str:
    """Return a text that is equal for two moments only if the notes were the same at both.

    Ids are never used twice and versions only grow. So if the count and the greatest id are what they were, every note
    added since is gone again and none of the old ones is missing; and if the sum of versions is also what it was, none
    of them was changed. The time tells apart databases that were created anew.
    """
    columns = func.count(), func.max(notes.c.id), func.sum(notes.c.version), func.max(notes.c.updated_us)
    return ":".join(str(value) for value in connection.execute(select(*columns)).one())


def _note(row: Row[*tuple[Any, ...]]) -> Note:
    note_id, text, tags, version, created_us, updated_us = row
    return Note(note_id, text, tuple(tags), version, created_us, updated_us)
