"""The same promises on PostgreSQL, where NOTICEBOARD_TEST_POSTGRES says that there is one to empty."""

from __future__ import annotations

import asyncio
import dataclasses
import os

import pytest
from asgi_driver import talking
from sqlalchemy import text

from noticeboard.errors import Problem
from noticeboard.storage import statements
from noticeboard.storage.engines import build_engine
from noticeboard.storage.schema import metadata

URL = os.environ.get("NOTICEBOARD_TEST_POSTGRES", "")

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.integration,
    pytest.mark.xdist_group("postgres"),
    pytest.mark.skipif(not URL, reason="NOTICEBOARD_TEST_POSTGRES is not set"),
]


@pytest.fixture
def settings(settings):
    engine = build_engine(URL, connections=1, timeout_s=10.0)
    with engine.begin() as connection:
        metadata.drop_all(connection)
    engine.dispose()
    return dataclasses.replace(settings, database_url=URL, pool_size=4)


async def test_notes(client):
    written = await client.post("/notes", json={"text": "caf\u00e9 \u2713 \U0001f600", "tags": ["a", "b"]})
    assert written.status_code == 201
    assert (await client.get("/notes/1")).content == written.content
    changed = await client.put("/notes/1", json={"text": "50% of_it"}, headers={"If-Match": '"1"'})
    assert changed.json()["version"] == 2
    assert (await client.put("/notes/1", json={"text": "x"}, headers={"If-Match": '"1"'})).status_code == 412
    assert [n["id"] for n in (await client.get("/notes/search?q=0%25 OF_")).json()["items"]] == [1]
    assert (await client.get("/notes/search?q=%25o")).json()["items"] == []
    assert (await client.delete("/notes/1")).status_code == 204
    assert (await client.get("/notes/1")).status_code == 404
    assert (await client.get(f"/notes?before={2**63 - 2}")).json() == {"items": [], "next": None}


async def test_retries_at_once_make_one_note(client):
    headers = {"Idempotency-Key": "key"}
    answers = await asyncio.gather(*(client.post("/notes", json={"text": "x"}, headers=headers) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert len((await client.get("/notes")).json()["items"]) == 1


async def test_of_two_changes_to_one_version_one_wins(client):
    await client.post("/notes", json={"text": "x"})
    answers = await asyncio.gather(
        *(client.put("/notes/1", json={"text": f"{n}"}, headers={"If-Match": '"1"'}) for n in range(8))
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7


async def test_a_slow_statement_is_ended_by_the_database(settings):
    async with talking(dataclasses.replace(settings, database_timeout_s=0.2)) as client:
        with pytest.raises(Problem) as caught:
            await client.parts.store.read(lambda c: c.execute(text("SELECT pg_sleep(60)")), timeout_s=10.0)
        assert caught.value.kind == "database-timeout"


async def test_lost_connections_are_replaced(client):
    await client.post("/notes", json={"text": "x"})
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = :name"

    def end_the_others(connection):
        name = connection.execute(text("SELECT current_database()")).scalar_one()
        connection.execute(text(others), {"name": name})

    await client.parts.store.read(end_the_others)
    answers = await asyncio.gather(*(client.post("/notes", json={"text": "x"}) for _ in range(6)))
    assert {answer.status_code for answer in answers} == {201}


async def test_several_processes_can_begin_at_once(settings, tmp_path):
    folders = [dataclasses.replace(settings, data_dir=str(tmp_path / f"{n}")) for n in range(3)]
    async with talking(folders[0]) as one, talking(folders[1]) as two, talking(folders[2]) as three:
        answers = await asyncio.gather(*(client.post("/notes", json={"text": "x"}) for client in (one, two, three)))
        assert sorted(answer.json()["id"] for answer in answers) == [1, 2, 3]


async def test_a_warm_start(settings):
    async with talking(settings) as client:
        await client.post("/notes", json={"text": "x"})
        await client.get("/notes/1")
        before = await client.parts.service.fingerprint()
        password = client.parts.store._engine.url.password
        assert password is None or password not in before
    async with talking(settings) as client:
        assert (await client.get("/notes/1")).headers["cache-status"] == "noticeboard; hit; detail=disk"
        assert await client.parts.store.read(statements.content_fingerprint) in before
