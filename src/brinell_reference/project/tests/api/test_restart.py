from __future__ import annotations

import asyncio
import threading

import anyio
import pytest
from asgi_driver import RoomClient, running, talking

pytestmark = pytest.mark.anyio


async def test_notes_and_cache_survive_a_clean_stop(settings):
    async with talking(settings) as client:
        written = await client.post("/notes", json={"text": "stays"})
        await client.get("/notes")
        await client.get("/notes/1")
    async with talking(settings) as client:
        read = await client.get("/notes/1")
        assert read.content == written.content
        assert read.headers["cache-status"] == "noticeboard; hit; detail=disk"
        assert (await client.get("/notes")).headers["cache-status"] == "noticeboard; hit; detail=disk"
        await client.delete("/notes/1")
        assert (await client.get("/notes/1")).status_code == 404


async def test_a_cache_is_worth_nothing_once_the_database_was_changed_elsewhere(settings):
    async with talking(settings) as client:
        await client.post("/notes", json={"text": "old"})
        await client.get("/notes/1")
    cache = settings.cache_path
    elsewhere = cache.with_name("elsewhere")
    cache.rename(elsewhere)
    async with talking(settings) as client:
        await client.put("/notes/1", json={"text": "new"}, headers={"If-Match": "*"})
    cache.rename(cache.with_name("unused"))
    elsewhere.rename(cache)
    async with talking(settings) as client:
        assert (await client.get("/notes/1")).json()["text"] == "new"


async def test_a_stop_waits_for_writes_that_were_accepted(settings):
    async with talking(settings) as client:
        go_on = threading.Event()
        client.parts.store._writers.submit(go_on.wait)
        writing = [asyncio.create_task(client.post("/notes", json={"text": f"{n}"})) for n in range(5)]
        await anyio.wait_all_tasks_blocked()
        assert client.parts.store.outstanding == 6
        asyncio.get_running_loop().call_soon(go_on.set)  # runs once the stop has begun to wait
    assert [answer.status_code for answer in await asyncio.gather(*writing)] == [201] * 5
    async with talking(settings) as client:
        assert len((await client.get("/notes")).json()["items"]) == 5


async def test_a_stop_closes_sockets(settings):
    async with running(settings) as app:
        member = await RoomClient(app, "a").__aenter__()
    event = await member.event()
    assert (event["type"], event["code"]) == ("websocket.close", 1001)
    await member.served


async def test_two_processes_on_one_folder(settings):
    async with talking(settings) as one, talking(settings) as two:
        await one.post("/notes", json={"text": "x"})
        assert (await two.get("/notes/1")).status_code == 200
        assert sorted(path.name for path in settings.cache_path.iterdir()) == ["slot-0", "slot-1"]
