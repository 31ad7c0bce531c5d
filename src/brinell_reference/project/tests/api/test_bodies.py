from __future__ import annotations

import asyncio
import dataclasses

import pytest
from asgi_driver import talking

pytestmark = pytest.mark.anyio

JSON = {"content-type": "application/json"}


@pytest.fixture
async def client(settings):
    async with talking(dataclasses.replace(settings, max_body_bytes=256)) as client:
        yield client


def kind(answer):
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.json()["type"].rpartition(":")[2]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff", b"NaN", b'{"text": Infinity}', b"[" * 200, b"1" * 200 + b"x", b'{"text": "x"} trailing'],
)
async def test_what_is_not_json(client, body):
    answer = await client.post("/notes", content=body, headers=JSON)
    assert answer.status_code == 400
    assert kind(answer) == "malformed-json"


async def test_nesting_and_numbers_without_end(settings):
    async with talking(settings) as client:
        for body in (b"[" * 60_000, b"9" * 60_000):
            answer = await client.post("/notes", content=body, headers=JSON)
            assert answer.status_code == 400
            assert kind(answer) == "malformed-json"


@pytest.mark.parametrize("body", [b"[]", b"null", b'"text"', b"{}", b'{"text": "\\ud800"}', b'{"text": "x", "id": 1}'])
async def test_what_is_json_and_no_note(client, body):
    answer = await client.post("/notes", content=body, headers=JSON)
    assert answer.status_code == 422
    assert kind(answer) == "invalid-note"


@pytest.mark.parametrize("media_type", [None, "text/plain", "application/jsonx", "application/x-www-form-urlencoded"])
async def test_other_media_types(client, media_type):
    headers = {} if media_type is None else {"content-type": media_type}
    answer = await client.post("/notes", content=b'{"text": "x"}', headers=headers)
    assert answer.status_code == 415


@pytest.mark.parametrize("media_type", ["application/json; charset=utf-8", "Application/JSON", " application/json "])
async def test_spellings_of_json(client, media_type):
    answer = await client.post("/notes", content=b'{"text": "x"}', headers={"content-type": media_type})
    assert answer.status_code == 201


async def test_the_size_limit_is_inclusive(client):
    body = b'{"text": "x"}'
    assert (await client.post("/notes", content=body.ljust(256), headers=JSON)).status_code == 201
    answer = await client.post("/notes", content=body.ljust(257), headers=JSON)
    assert answer.status_code == 413
    assert answer.headers["connection"] == "close"


async def test_a_size_that_is_not_declared_is_counted(client):
    async def chunks():
        for _ in range(100):
            yield b"x" * 100
        pytest.fail("it should have stopped reading")

    assert (await client.post("/notes", content=chunks(), headers=JSON)).status_code == 413


@pytest.mark.parametrize("declared", ["9" * 19, "9" * 5000, "257"])
async def test_a_declared_size_is_believed(client, declared):
    answer = await client.post("/notes", content=b"{}", headers={**JSON, "content-length": declared})
    assert answer.status_code == 413


async def test_a_body_that_does_not_come(settings):
    async def never():
        yield b"{"
        await asyncio.Event().wait()

    async with talking(dataclasses.replace(settings, body_timeout_s=0.001)) as client:
        answer = await client.post("/notes", content=never(), headers=JSON)
        assert answer.status_code == 408
        assert answer.headers["connection"] == "close"


async def test_a_client_that_leaves_in_the_middle(client):
    sent = []

    async def receive():
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "path": "/notes",
        "raw_path": b"/notes",
        "root_path": "",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
    }
    await client.app(scope, receive, send)
    assert sent[0]["status"] == 400
