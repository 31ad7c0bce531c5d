"""What can be done with notes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

from sqlalchemy.exc import IntegrityError

from noticeboard.cache.entry import MAX_ID, Entry, Span
from noticeboard.errors import Problem
from noticeboard.service.paging import PageRequest, parse_limit
from noticeboard.service.rendering import FIRST_VERSION_TAG, render_list, render_note
from noticeboard.service.text import fold
from noticeboard.storage import statements
from noticeboard.storage.statements import Answered

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Set as AbstractSet

    from sqlalchemy import Connection

    from noticeboard.cache.two_tier import Hit, TwoTierCache
    from noticeboard.service.drafts import Draft
    from noticeboard.storage.store import Store

T = TypeVar("T")

ANSWERS_KEPT_US = 24 * 3600 * 1_000_000
MAX_QUERY_CHARACTERS = 100


class Created(NamedTuple):
    """The answer to a new note; `replayed` if it was given before, to the draft with that digest."""

    note_id: int
    entry: Entry
    digest: str
    replayed: bool = False


class NoteService:
    """Reads go through the cache; writes forget what they touched before anybody hears that they succeeded.

    `now_us` is the time of day in microseconds since 1970.
    """

    def __init__(self, store: Store, cache: TwoTierCache, now_us: Callable[[], int]) -> None:
        self._store = store
        self._cache = cache
        self._now_us = now_us

    async def create(self, draft: Draft, key: str | None = None) -> Created:
        """Store a new note; with a key at most once, however often it is asked.

        Raises:
            Problem: key-reused if the key came with another draft before; or the database's.
        """

        def work(connection: Connection) -> Created:
            return self._create(connection, draft, key)

        try:
            created = await self._store.write(work, after=self._created)
        except IntegrityError:
            # Another transaction stored the same key in between, and its answer is there now.
            created = await self._store.write(work, after=self._created)
        if created.digest != draft.digest:
            raise Problem("key-reused")
        return created

    async def read(self, note_id: int) -> Hit:
        """Return the note.

        Raises:
            Problem: not-found; or the database's.
        """

        def work(connection: Connection) -> Entry:
            note = statements.note_by_id(connection, note_id)
            if note is None:
                raise _missing(note_id)
            return render_note(note)

        if not 0 < note_id <= MAX_ID:
            raise _missing(note_id)
        return await self._cache.get(f"note:{note_id}", Span(note_id, note_id), lambda: self._store.read(work))

    async def page(self, page: PageRequest) -> Hit:
        """Return a page of notes."""

        def work(connection: Connection) -> Entry:
            notes = statements.newest_notes(connection, page.before, page.limit)
            return render_list(notes, page.following(notes), page.span(notes))

        return await self._cache.get(page.key, page.scope, lambda: self._store.read(work))

    async def search(self, query: str | None, limit: str | None) -> Entry:
        """Return the newest notes that contain the query, whatever its case; never from the cache.

        Raises:
            Problem: invalid-parameter; or the database's.
        """
        folded, wanted = fold(query or ""), parse_limit(limit)
        if not 0 < len(folded) <= MAX_QUERY_CHARACTERS:
            raise Problem("invalid-parameter", f"q must have 1 to {MAX_QUERY_CHARACTERS} characters")

        def work(connection: Connection) -> Entry:
            notes = statements.notes_containing(connection, folded, wanted)
            return render_list(notes, None, Span(0, MAX_ID))

        return await self._store.read(work)

    async def replace(self, note_id: int, draft: Draft, versions: AbstractSet[int] | None) -> Entry:
        """Replace the note if it is at one of these versions (None: whatever it is at).

        Raises:
            Problem: not-found, version-conflict; or the database's.
        """

        def work(connection: Connection) -> Entry:
            note = statements.replace_note(connection, note_id, draft, versions, self._now_us())
            if note is None:
                raise _refusal(connection, note_id)
            return render_note(note)

        return await self._change(note_id, work)

    async def delete(self, note_id: int, versions: AbstractSet[int] | None) -> None:
        """Delete the note if it is at one of these versions (None: whatever it is at).

        Raises:
            Problem: not-found, version-conflict; or the database's.
        """

        def work(connection: Connection) -> None:
            if not statements.delete_note(connection, note_id, versions):
                raise _refusal(connection, note_id)

        await self._change(note_id, work)

    async def fingerprint(self) -> str | None:
        """Return what the disk cache's content is good for: this database in this state; None if it can't be told."""
        try:
            return f"{self._store.address} {await self._store.read(statements.content_fingerprint)}"
        except Problem:
            return None

    async def _change(self, note_id: int, work: Callable[[Connection], T]) -> T:
        if not 0 < note_id <= MAX_ID:
            raise _missing(note_id)
        return await self._store.write(work, after=lambda _: self._cache.invalidate(note_id))

    def _created(self, created: Created) -> None:
        if not created.replayed:
            self._cache.invalidate(created.note_id)

    def _create(self, connection: Connection, draft: Draft, key: str | None) -> Created:
        now_us = self._now_us()
        if key is not None:
            statements.forget_answers(connection, now_us - ANSWERS_KEPT_US)
            if (answered := statements.answer_for(connection, key)) is not None:
                return _replay(answered)
        note = statements.insert_note(connection, draft, now_us)
        entry = render_note(note)
        if key is not None:
            statements.remember_answer(connection, key, Answered(draft.digest, note.id, entry.body.decode()), now_us)
        return Created(note.id, entry, draft.digest)


def _replay(answered: Answered) -> Created:
    span = Span(answered.note_id, answered.note_id)
    entry = Entry(answered.body.encode(), FIRST_VERSION_TAG, span)
    return Created(answered.note_id, entry, answered.digest, replayed=True)


def _refusal(connection: Connection, note_id: int) -> Problem:
    """Tell why nothing was changed."""
    note = statements.note_by_id(connection, note_id)
    if note is None:
        return _missing(note_id)
    return Problem("version-conflict", f"the note is at version {note.version}", headers={"ETag": f'"{note.version}"'})


def _missing(note_id: int) -> Problem:
    return Problem("not-found", f"there is no note {note_id}")
