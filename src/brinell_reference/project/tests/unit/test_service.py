from __future__ import annotations

import asyncio
import json
import threading

import pytest
from clocks import FakeClock
from sqlalchemy.exc import IntegrityError

from noticeboard.cache.disk import DiskTier
from noticeboard.cache.entry import MAX_ID, Entry, Span
from noticeboard.cache.memory import MemoryTier
from noticeboard.cache.two_tier import TwoTierCache
from noticeboard.errors import Problem
from noticeboard.service.drafts import Draft
from noticeboard.service.notes import ANSWERS_KEPT_US, NoteService
from noticeboard.service.paging import PageRequest
from noticeboard.storage import schema, statements
from noticeboard.storage.store import Store

pytestmark = pytest.mark.anyio

DAY_US = 24 * 3600 * 1_000_000


@pytest.fixture
async def store(tmp_path):
    store = Store(f"sqlite:///{tmp_path / 'notices.db'}", readers=2, backlog=100, timeout_s=60.0)
    store.start()
    yield store
    await store.close(60.0)


@pytest.fixture
def cache(tmp_path):
    clock = FakeClock()
    disk = DiskTier(tmp_path, 0, clock=clock, wall=clock)
    return TwoTierCache(MemoryTier(1_000_000, clock), disk, ttl_s=60.0, clock=clock)


@pytest.fixture
def now():
    return FakeClock(1_700_000_000_000_000)


@pytest.fixture
def service(store, cache, now):
    return NoteService(store, cache, now)


def text_of(entry):
    return json.loads(entry.body)["text"]


def ids_of(entry):
    return [note["id"] for note in json.loads(entry.body)["items"]]


async def refused(awaitable):
    with pytest.raises(Problem) as caught:
        await awaitable
    return caught.value


async def test_creating(service):
    created = await service.create(Draft("first", ("a",)))
    assert created.note_id == 1
    assert created.replayed is False
    assert created.entry.etag == '"1"'
    assert created.entry.span == Span(1, 1)
    assert json.loads(created.entry.body) == {
        "id": 1,
        "text": "first",
        "tags": ["a"],
        "version": 1,
        "created": "2023-11-14T22:13:20.000000Z",
        "updated": "2023-11-14T22:13:20.000000Z",
    }
    assert (await service.read(1)).entry == created.entry


async def test_reading_is_cached_and_writing_is_noticed(service):
    await service.create(Draft("first"))
    assert (await service.read(1)).source == "load"
    assert (await service.read(1)).source == "memory"
    await service.replace(1, Draft("second"), None)
    hit = await service.read(1)
    assert (text_of(hit.entry), hit.source) == ("second", "load")
    await service.delete(1, None)
    assert (await refused(service.read(1))).kind == "not-found"


async def test_changes_elsewhere_leave_a_note_cached(service):
    await service.create(Draft("first"))
    await service.create(Draft("second"))
    await service.read(1)
    await service.replace(2, Draft("changed"), None)
    await service.delete(2, None)
    await service.create(Draft("third"))
    assert (await service.read(1)).source == "memory"


async def test_replacing_says_when(service, now):
    await service.create(Draft("first"))
    now.advance(1_500_000)
    replaced = await service.replace(1, Draft("second", ("t",)), {1})
    note = json.loads(replaced.body)
    assert replaced.etag == '"2"'
    assert (note["text"], note["tags"], note["version"]) == ("second", ["t"], 2)
    assert note["created"] == "2023-11-14T22:13:20.000000Z"
    assert note["updated"] == "2023-11-14T22:13:21.500000Z"


async def test_versions_guard_changes(service):
    await service.create(Draft("first"))
    for change in (service.replace(1, Draft("x"), {2, 3}), service.delete(1, frozenset()), service.delete(1, {2})):
        problem = await refused(change)
        assert problem.kind == "version-conflict"
        assert problem.detail == "the note is at version 1"
        assert problem.headers["ETag"] == '"1"'
    assert text_of(await service.replace(1, Draft("second"), {1, 7})) == "second"
    assert (await refused(service.delete(1, {1}))).kind == "version-conflict"
    assert text_of((await service.read(1)).entry) == "second"
    await service.delete(1, {2})
    for change in (service.delete(1, {2}), service.replace(1, Draft("x"), {2}), service.read(1)):
        problem = await refused(change)
        assert (problem.kind, problem.detail) == ("not-found", "there is no note 1")


@pytest.mark.parametrize("note_id", [-1, 0, MAX_ID + 1, 2**64])
async def test_impossible_ids_are_not_even_asked_for(service, note_id, store, monkeypatch):
    monkeypatch.setattr(store, "read", None)
    monkeypatch.setattr(store, "write", None)
    for attempt in (service.read(note_id), service.delete(note_id, None), service.replace(note_id, Draft("x"), None)):
        problem = await refused(attempt)
        assert problem.kind == "not-found"
        assert problem.detail == f"there is no note {note_id}"


async def test_the_largest_id_is_an_id(service, store):
    def insert(connection):
        connection.execute(
            schema.notes.insert().values(
                id=MAX_ID, text="last", folded="last", tags=[], version=1, created_us=0, updated_us=0
            )
        )

    await store.write(insert, after=lambda _: None)
    assert text_of((await service.read(MAX_ID)).entry) == "last"
    assert ids_of((await service.page(PageRequest())).entry) == [MAX_ID]
    assert text_of(await service.replace(MAX_ID, Draft("changed"), {1})) == "changed"
    assert (await refused(service.read(MAX_ID - 1))).detail == f"there is no note {MAX_ID - 1}"


@pytest.mark.parametrize("read", ["note", "page"])
async def test_a_read_that_a_write_overtakes_leaves_nothing_old_behind(service, monkeypatch, read):
    await service.create(Draft("old"))
    loop, seen, go_on = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

    def held_up(statement):
        def slow(*arguments):
            found = statement(*arguments)
            loop.call_soon_threadsafe(seen.set)
            go_on.wait()
            return found

        return slow

    def reading():
        return service.read(1) if read == "note" else service.page(PageRequest())

    with monkeypatch.context() as patched:
        for name in ("note_by_id", "newest_notes"):
            patched.setattr(statements, name, held_up(getattr(statements, name)))
        early = asyncio.create_task(reading())
        await seen.wait()
        await service.replace(1, Draft("new"), None)
        go_on.set()
        assert b'"old"' in (await early).entry.body
    assert b'"new"' in (await reading()).entry.body


async def test_pages(service):
    for number in range(5):
        await service.create(Draft(f"note {number}"))
    page = (await service.page(PageRequest(limit=2))).entry
    assert ids_of(page) == [5, 4]
    assert json.loads(page.body)["next"] == "/notes?before=4&limit=2"
    assert page.span == Span(4, MAX_ID)
    assert ids_of((await service.page(PageRequest(before=4, limit=2))).entry) == [3, 2]
    last = (await service.page(PageRequest(before=2, limit=2))).entry
    assert ids_of(last) == [1]
    assert json.loads(last.body)["next"] is None


async def test_pages_are_forgotten_exactly_when_they_change(service):
    for number in range(6):
        await service.create(Draft(f"note {number}"))
    head, middle, tail = PageRequest(limit=2), PageRequest(before=5, limit=2), PageRequest(before=3, limit=5)

    async def sources():
        return [(await service.page(page)).source for page in (head, middle, tail)]

    assert await sources() == ["load", "load", "load"]
    assert await sources() == ["memory", "memory", "memory"]
    await service.create(Draft("new"))
    assert await sources() == ["load", "memory", "memory"]
    await service.replace(4, Draft("changed"), None)
    assert await sources() == ["memory", "load", "memory"]
    await service.delete(1, None)
    assert await sources() == ["memory", "memory", "load"]


async def test_pages_with_other_limits_are_other_pages(service):
    for number in range(3):
        await service.create(Draft(f"note {number}"))
    assert ids_of((await service.page(PageRequest(limit=1))).entry) == [3]
    assert ids_of((await service.page(PageRequest(limit=2))).entry) == [3, 2]


async def test_searching(service):
    await service.create(Draft("Straße"))
    await service.create(Draft("strasse und weg"))
    entry = await service.search("STRASSE", None)
    assert ids_of(entry) == [2, 1]
    assert json.loads(entry.body)["next"] is None
    assert entry.span == Span(0, MAX_ID)
    assert ids_of(await service.search("STRASSE", "1")) == [2]
    assert ids_of(await service.search("x" * 100, None)) == []
    assert ids_of(await service.search("T", None)) == [2, 1]


@pytest.mark.parametrize("query", [None, "", "  ", "x" * 101])
async def test_what_can_not_be_searched(service, query):
    problem = await refused(service.search(query, None))
    assert problem.kind == "invalid-parameter"
    assert problem.detail == "q must have 1 to 100 characters"


async def test_search_finds_what_was_just_changed(service):
    await service.create(Draft("before"))
    assert ids_of(await service.search("before", None)) == [1]
    await service.replace(1, Draft("after"), None)
    assert ids_of(await service.search("before", None)) == []
    assert ids_of(await service.search("AFTER", None)) == [1]


async def test_a_key_makes_a_note_once(service):
    first = await service.create(Draft("once"), "key")
    again = await service.create(Draft("once"), "key")
    assert again == first._replace(replayed=True)
    assert (await service.create(Draft("once"), "other key")).note_id == 2
    assert (await service.create(Draft("once"))).note_id == 3


async def test_a_replay_answers_what_was_answered_then(service):
    first = await service.create(Draft("once"), "key")
    await service.replace(1, Draft("changed"), None)
    await service.delete(1, None)
    assert (await service.create(Draft("once"), "key")).entry == first.entry


async def test_a_replay_changes_nothing_that_is_cached(service):
    await service.create(Draft("once"), "key")
    await service.read(1)
    await service.page(PageRequest())
    await service.create(Draft("once"), "key")
    await refused(service.create(Draft("another"), "key"))
    assert (await service.read(1)).source == "memory"
    assert (await service.page(PageRequest())).source == "memory"


async def test_a_key_is_for_one_request(service):
    await service.create(Draft("once"), "key")
    assert (await refused(service.create(Draft("another"), "key"))).kind == "key-reused"
    assert ids_of((await service.page(PageRequest())).entry) == [1]


async def test_keys_are_forgotten_after_a_day(service, now):
    assert ANSWERS_KEPT_US == DAY_US
    await service.create(Draft("once"), "key")
    now.advance(DAY_US)
    assert (await service.create(Draft("once"), "key")).replayed
    now.advance(1)
    assert not (await service.create(Draft("once"), "key")).replayed


async def test_two_requests_with_one_key_at_once(service, monkeypatch):
    """As PostgreSQL shows it: neither sees the other's key, and the second insert is refused."""
    first = await service.create(Draft("once"), "key")
    answer_for = statements.answer_for
    unseen = [True]

    def blind_once(connection, key):
        return None if unseen and unseen.pop() else answer_for(connection, key)

    monkeypatch.setattr(statements, "answer_for", blind_once)
    again = await service.create(Draft("once"), "key")
    assert again == first._replace(replayed=True)
    assert ids_of((await service.page(PageRequest())).entry) == [1]


async def test_a_refusal_by_the_database_is_not_retried_for_ever(service, monkeypatch):
    await service.create(Draft("once"), "key")
    calls = []
    monkeypatch.setattr(statements, "answer_for", lambda *_: calls.append(1))
    with pytest.raises(IntegrityError):
        await service.create(Draft("once"), "key")
    assert len(calls) == 2


async def test_who_gives_up_on_a_write_still_has_it_noticed(service, store, monkeypatch):
    """The write goes on in its thread; the cache must hear of it when it is done, not when its caller left."""
    await service.create(Draft("before"))
    await service.read(1)
    begun, replace_note, loop = asyncio.Event(), statements.replace_note, asyncio.get_running_loop()

    def watched(*arguments):
        loop.call_soon_threadsafe(begun.set)
        return replace_note(*arguments)

    monkeypatch.setattr(statements, "replace_note", watched)
    writing = asyncio.create_task(service.replace(1, Draft("after"), None))
    await begun.wait()
    writing.cancel()
    await asyncio.wait({writing})
    assert await store.end_writing(60.0)
    assert text_of((await service.read(1)).entry) == "after"


async def test_a_commit_whose_outcome_is_lost_counts_as_a_change(service, cache, store, monkeypatch):
    await service.create(Draft("before"))
    await service.read(1)
    await service.page(PageRequest())
    transact = store._transact

    def lost(*arguments):
        transact(*arguments)
        raise OSError("connection lost")

    monkeypatch.setattr(store, "_transact", lost)
    assert (await refused(service.replace(1, Draft("after"), None))).kind == "database-unavailable"
    assert len(cache.memory) == 0
    monkeypatch.undo()
    await service.page(PageRequest())
    monkeypatch.setattr(store, "_transact", lost)
    assert (await refused(service.create(Draft("new")))).kind == "database-unavailable"
    assert len(cache.memory) == 0


async def test_a_write_that_failed_before_its_commit_leaves_the_cache_alone(service, monkeypatch):
    await service.create(Draft("before"))
    await service.read(1)

    def broken(*_):
        raise OSError("no connection")

    monkeypatch.setattr(statements, "replace_note", broken)
    monkeypatch.setattr(statements, "insert_note", broken)
    assert (await refused(service.replace(1, Draft("after"), None))).kind == "database-unavailable"
    assert (await refused(service.create(Draft("new")))).kind == "database-unavailable"
    assert (await service.read(1)).source == "memory"


async def test_the_fingerprint_is_that_of_the_content(service, tmp_path):
    seen = [await service.fingerprint()]
    for change in (
        service.create(Draft("a")),
        service.create(Draft("b")),
        service.replace(2, Draft("c"), None),
        service.delete(2, None),
        service.create(Draft("b")),
    ):
        await change
        seen.append(await service.fingerprint())
    empty, one, two, changed, back, new = seen
    assert back == one, "the second note is gone and the first was never touched"
    assert len({empty, one, two, changed, new}) == 5
    assert await service.fingerprint() == new
    assert all(fingerprint.startswith(f"sqlite:///{tmp_path}") for fingerprint in seen)


async def test_without_a_database_there_is_no_fingerprint(service, store):
    await store.close(60.0)
    assert await service.fingerprint() is None


async def test_what_is_cached_is_what_is_rendered(service, cache):
    await service.create(Draft("a"))
    hit = await service.read(1)
    assert isinstance(hit.entry, Entry)
    assert cache.memory.get("note:1") is hit.entry
    page = await service.page(PageRequest())
    assert cache.memory.get(PageRequest().key) is page.entry
