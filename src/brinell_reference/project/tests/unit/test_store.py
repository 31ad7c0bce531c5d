from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
import time

import anyio
import pytest
from sqlalchemy import event, text

from noticeboard.errors import Problem
from noticeboard.service.drafts import Draft
from noticeboard.storage import statements
from noticeboard.storage.engines import build_engine, interrupted_at
from noticeboard.storage.store import Store

pytestmark = pytest.mark.anyio

ENDLESS = text("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n")


@pytest.fixture
def file(tmp_path):
    return tmp_path / "deep" / "notices.db"


@pytest.fixture
def make(file):
    def make(readers=2, backlog=10):
        store = Store(f"sqlite:///{file}", readers=readers, backlog=backlog, timeout_s=60.0)
        store.start()
        return store

    return make


@pytest.fixture
async def store(make):
    store = make()
    yield store
    await store.close(60.0)


async def problem(awaitable):
    with pytest.raises(Problem) as caught:
        await awaitable
    return caught.value.kind


def insert(connection):
    return statements.insert_note(connection, Draft("text"), 1)


def nothing(_result):
    pass


async def test_sqlite_is_tuned(store, file):
    def pragmas(connection):
        names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "temp_store", "cache_size")
        return {name: connection.execute(text(f"PRAGMA {name}")).scalar_one() for name in names}

    assert await store.read(pragmas) == {
        "journal_mode": "wal",
        "synchronous": 1,
        "foreign_keys": 1,
        "busy_timeout": 60_000,
        "temp_store": 2,
        "cache_size": -16000,
    }
    assert file.exists()


async def test_writes_are_committed_and_failures_rolled_back(store):
    def failing(connection):
        insert(connection)
        raise KeyError

    assert (await store.write(insert, after=nothing)).id == 1
    with pytest.raises(KeyError):
        await store.write(failing, after=nothing)
    assert [note.id for note in await store.read(lambda c: statements.newest_notes(c, 100, 10))] == [1]


async def test_a_read_can_not_commit(store):
    await store.read(insert)
    assert await store.read(lambda c: statements.newest_notes(c, 100, 10)) == []


async def test_after_is_told_the_result_unless_the_write_was_rolled_back(store):
    told = []

    def failing(connection):
        insert(connection)
        raise KeyError

    await store.write(insert, after=told.append)
    with pytest.raises(KeyError):
        await store.write(failing, after=told.append)
    assert [note.id for note in told] == [1]


async def test_writes_queue_for_one_thread(store):
    names = await asyncio.gather(
        *(store.write(lambda _: threading.current_thread().name, after=nothing) for _ in range(5))
    )
    assert set(names) == {"database-write-0"}


async def test_a_write_waits_for_another_process(store, file):
    await store.write(insert, after=nothing)
    other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    writing = asyncio.create_task(store.write(insert, after=nothing))
    assert await store.read(lambda c: statements.note_by_id(c, 1)), "readers don't wait"
    other.execute("COMMIT")
    other.close()
    assert (await writing).id == 2


async def test_a_write_does_not_wait_for_ever_for_another_process(store, file):
    await store.write(insert, after=nothing)
    await store.close(60.0)
    impatient = Store(f"sqlite:///{file}", readers=1, backlog=1, timeout_s=60.0)
    event.listen(impatient._engine, "connect", lambda driver, _: driver.execute("PRAGMA busy_timeout = 0"))
    impatient.start()
    await impatient.ping(60.0)
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert await problem(impatient.write(insert, after=nothing)) == "database-timeout"
    other.execute("ROLLBACK")
    other.close()
    assert (await impatient.write(insert, after=nothing)).id == 2
    await impatient.close(60.0)


async def test_an_endless_statement_is_interrupted(store):
    def endless(connection):
        with interrupted_at(connection, time.monotonic() + 0.01):
            connection.execute(ENDLESS)

    assert await problem(store.read(endless)) == "database-timeout"
    assert await problem(store.write(endless, after=nothing)) == "database-timeout"
    await store.ping(60.0)


async def test_every_unit_of_work_has_its_deadline(make):
    store = make(readers=1)
    await store.ping(60.0)
    # Whether it is interrupted, or too late before it begins, is a matter of how busy the machine is.
    assert await problem(store.read(lambda c: c.execute(ENDLESS), timeout_s=0.05)) in {"database-timeout", "overloaded"}
    await store.ping(60.0)
    assert store.outstanding == 0, "its thread is free again"
    await store.close(60.0)


async def test_too_much_at_once_is_refused(make):
    store = make(readers=1, backlog=1)
    go_on = threading.Event()
    reads = [asyncio.create_task(store.read(lambda _: go_on.wait(60))) for _ in range(2)]
    await anyio.wait_all_tasks_blocked()
    assert store.outstanding == 2
    assert await problem(store.read(nothing)) == "overloaded"
    go_on.set()
    assert await asyncio.gather(*reads) == [True, True]
    await store.close(60.0)


async def test_a_database_that_is_not_there_yet_is_no_obstacle(tmp_path, caplog):
    caplog.set_level(logging.WARNING)
    (tmp_path / "deep").write_text("in the way")
    store = Store(f"sqlite:///{tmp_path / 'deep' / 'notices.db'}", readers=1, backlog=1, timeout_s=60.0)
    store.start()
    assert await problem(store.ping(60.0)) == "database-unavailable"
    assert await problem(store.write(insert, after=nothing)) == "database-unavailable"
    (tmp_path / "deep").unlink()
    assert (await store.write(insert, after=nothing)).id == 1
    failed, works = [record.getMessage() for record in caplog.records]
    assert failed.startswith("database fails: ")
    assert works == "database works again"
    await store.close(60.0)


async def test_what_is_not_a_database_is_unavailable(file, store):
    file.parent.mkdir()
    file.write_bytes(b"this is no database, but it is long enough to be looked at" * 10)
    assert await problem(store.ping(60.0)) == "database-unavailable"


async def test_two_stores_can_begin_at_once(make):
    stores = [make() for _ in range(4)]
    await asyncio.gather(*(store.write(insert, after=nothing) for store in stores))
    assert len(await stores[0].read(lambda c: statements.newest_notes(c, 100, 10))) == 4
    for store in stores:
        await store.close(60.0)


async def test_what_was_committed_is_there_for_the_next_process(make):
    store = make()
    await store.write(insert, after=nothing)
    await store.close(60.0)
    assert await problem(store.ping(60.0)) == "overloaded", "closed is closed"
    again = make()
    assert await again.read(lambda c: statements.note_by_id(c, 1))
    await again.close(60.0)


def test_postgresql_urls():
    for url in ("postgresql://user:secret@db.test/notes", "postgres://user:secret@db.test/notes"):
        try:
            engine = build_engine(url, connections=3, timeout_s=2.0)
        except ModuleNotFoundError:
            pytest.skip("psycopg is not installed")
        assert engine.url.drivername == "postgresql+psycopg"
        assert engine.pool.size() == 3


def test_addresses_tell_no_passwords(tmp_path):
    store = Store(f"sqlite:///{tmp_path}/x.db", readers=1, backlog=1, timeout_s=1.0)
    assert store.address == f"sqlite:///{tmp_path}/x.db"
