from __future__ import annotations

import asyncio

import pytest

pytestmark = pytest.mark.anyio


async def post(client, text="hello", **headers):
    return await client.post("/notes", json={"text": text}, headers=headers)


async def test_a_note_comes_back_as_it_was_written(client):
    answer = await client.post("/notes", json={"text": "  Kettle broken\r\nagain ", "tags": ["Kitchen", "kitchen"]})
    assert answer.status_code == 201
    assert answer.headers["location"] == "/notes/1"
    assert answer.headers["etag"] == '"1"'
    note = answer.json()
    assert note["text"] == "Kettle broken\nagain"
    assert note["tags"] == ["kitchen"]
    assert note["version"] == 1
    assert note["created"] == note["updated"]
    assert note["created"].endswith("Z")

    read = await client.get("/notes/1")
    assert read.status_code == 200
    assert read.content == answer.content
    assert read.headers["etag"] == '"1"'
    assert read.headers["cache-control"] == "no-cache"
    assert read.headers["content-type"] == "application/json"


async def test_reads_come_from_memory_once_they_were_loaded(client):
    await post(client)
    for path in ("/notes", "/notes/1"):
        assert (await client.get(path)).headers["cache-status"] == "noticeboard; fwd=miss"
        assert (await client.get(path)).headers["cache-status"] == "noticeboard; hit; detail=memory"


async def test_an_acknowledged_write_is_seen_by_the_next_read(client):
    await post(client, "first")
    for number in range(5):
        await client.get("/notes")
        await client.get("/notes/1")
        await client.put("/notes/1", json={"text": f"change {number}"}, headers={"If-Match": "*"})
        assert (await client.get("/notes/1")).json()["text"] == f"change {number}"
        assert (await client.get("/notes")).json()["items"][0]["text"] == f"change {number}"


async def test_a_write_leaves_pages_alone_that_do_not_show_it(client):
    for number in range(6):
        await post(client, f"note {number}")
    old = "/notes?before=4&limit=2"
    await client.get(old)
    await client.get("/notes/5")
    await client.put("/notes/6", json={"text": "new"}, headers={"If-Match": "*"})
    await post(client, "another")
    assert (await client.get(old)).headers["cache-status"] == "noticeboard; hit; detail=memory"
    assert (await client.get("/notes/5")).headers["cache-status"] == "noticeboard; hit; detail=memory"
    await client.delete("/notes/2")
    assert [note["id"] for note in (await client.get(old)).json()["items"]] == [3, 1]


async def test_pages_follow_each_other(client):
    for number in range(5):
        await post(client, f"note {number}")
    seen, path = [], "/notes?limit=2"
    while path:
        page = (await client.get(path)).json()
        seen += [note["id"] for note in page["items"]]
        path = page["next"]
    assert seen == [5, 4, 3, 2, 1]


async def test_a_current_copy_is_not_sent_again(client):
    await post(client)
    for path in ("/notes", "/notes/1"):
        etag = (await client.get(path)).headers["etag"]
        again = await client.get(path, headers={"If-None-Match": etag})
        assert again.status_code == 304
        assert again.content == b""
        assert again.headers["etag"] == etag
        assert (await client.get(path, headers={"If-None-Match": '"other"'})).status_code == 200


async def test_a_change_names_the_version_it_changes(client):
    await post(client)
    change = {"text": "changed"}
    assert (await client.put("/notes/1", json=change)).status_code == 428
    done = await client.put("/notes/1", json=change, headers={"If-Match": '"1"'})
    assert done.status_code == 200
    assert done.headers["etag"] == '"2"'
    assert done.json()["version"] == 2
    late = await client.put("/notes/1", json=change, headers={"If-Match": '"1"'})
    assert late.status_code == 412
    assert late.headers["etag"] == '"2"'
    assert late.headers["content-type"] == "application/problem+json"
    assert late.json() == {
        "type": "urn:noticeboard:problem:version-conflict",
        "title": "The note has changed since it was read",
        "status": 412,
        "detail": "the note is at version 2",
    }


async def test_of_two_changes_to_one_version_one_wins(client):
    await post(client)
    answers = await asyncio.gather(
        *(client.put("/notes/1", json={"text": f"{n}"}, headers={"If-Match": '"1"'}) for n in range(8))
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7


async def test_deleting(client):
    await post(client)
    assert (await client.delete("/notes/1", headers={"If-Match": '"7"'})).status_code == 412
    gone = await client.delete("/notes/1", headers={"If-Match": '"1"'})
    assert (gone.status_code, gone.content) == (204, b"")
    for answer in (
        await client.get("/notes/1"),
        await client.delete("/notes/1"),
        await client.put("/notes/1", json={"text": "x"}, headers={"If-Match": "*"}),
    ):
        assert answer.status_code == 404
        assert answer.json()["detail"] == "there is no note 1"
    assert (await client.get("/notes")).json() == {"items": [], "next": None}


async def test_ids_are_not_used_twice(client):
    await post(client)
    await client.delete("/notes/1")
    assert (await post(client)).json()["id"] == 2


async def test_a_key_makes_a_note_once(client):
    first = await post(client, "once", **{"Idempotency-Key": "k1"})
    again = await post(client, "once", **{"Idempotency-Key": "k1"})
    assert again.status_code == 201
    assert again.content == first.content
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert (await post(client, "other", **{"Idempotency-Key": "k1"})).status_code == 422
    assert len((await client.get("/notes")).json()["items"]) == 1
    for bad in ("", "x" * 201, "caf\u00e9".encode()):
        assert (await client.post("/notes", json={"text": "x"}, headers={"Idempotency-Key": bad})).status_code == 400


async def test_retries_at_once_make_one_note(client):
    answers = await asyncio.gather(*(post(client, "once", **{"Idempotency-Key": "k"}) for _ in range(6)))
    assert {answer.json()["id"] for answer in answers} == {1}


async def test_searching(client):
    await client.post("/notes", json={"text": "Straße 100%"})
    await client.post("/notes", json={"text": "a_b"})
    for query, found in (("STRASSE", [1]), ("100%", [1]), ("%", [1]), ("_", [2]), ("nothing", []), ("A", [2, 1])):
        answer = await client.get("/notes/search", params={"q": query})
        assert [note["id"] for note in answer.json()["items"]] == found, query
    assert (await client.get("/notes/search")).status_code == 400
    assert (await client.get("/notes/search", params={"q": " "})).status_code == 400
    assert (await client.get("/notes/search", params={"q": "x" * 101})).status_code == 400
    assert len((await client.get("/notes/search", params={"q": "a", "limit": "1"})).json()["items"]) == 1


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "limit=", "limit=%2B5", "before=0", "before=-1", "before=" + "9" * 30]
)
async def test_unusable_parameters(client, query):
    answer = await client.get(f"/notes?{query}")
    assert answer.status_code == 400
    assert answer.json()["type"] == "urn:noticeboard:problem:invalid-parameter"


async def test_ids_no_database_can_hold_are_not_found(client):
    for note_id in (0, 2**63, 10**40):
        assert (await client.get(f"/notes/{note_id}")).status_code == 404
        assert (await client.delete(f"/notes/{note_id}")).status_code == 404
    assert (await client.get(f"/notes?before={2**63 - 2}")).status_code == 200


async def test_unknown_paths_and_methods_are_problems_too(client):
    missing = await client.get("/nowhere")
    assert (missing.status_code, missing.json()["title"]) == (404, "There is nothing here")
    refused = await client.patch("/notes")
    assert refused.status_code == 405
    assert refused.headers["content-type"] == "application/problem+json"
    assert "GET" in refused.headers["allow"]


async def test_one_load_for_many_readers(client):
    await post(client)
    answers = await asyncio.gather(*(client.get("/notes") for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    metrics = (await client.get("/metrics")).text
    assert 'noticeboard_cache_results_total{source="load"} 1.0' in metrics
    assert 'noticeboard_cache_results_total{source="shared"} 19.0' in metrics
