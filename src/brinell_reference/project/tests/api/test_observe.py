from __future__ import annotations

import dataclasses
import logging

import pytest
from asgi_driver import talking

pytestmark = pytest.mark.anyio


def lines(caplog):
    return [record for record in caplog.records if record.getMessage() == "request"]


async def test_request_ids(client):
    made = [(await client.get("/health/live")).headers["x-request-id"] for _ in range(2)]
    assert len(set(made)) == 2
    kept = await client.get("/health/live", headers={"X-Request-ID": "from-the-client.1"})
    assert kept.headers["x-request-id"] == "from-the-client.1"
    for bad in ("short", "x" * 65, "with blank in it", "<script>alert</script>"):
        assert (await client.get("/health/live", headers={"X-Request-ID": bad})).headers["x-request-id"] != bad


async def test_metrics_are_labelled_with_patterns(client):
    await client.post("/notes", json={"text": "x"})
    for path in ("/notes/1", "/notes/2", "/nowhere/1", "/nowhere/2"):
        await client.get(path)
    await client.request("BREW", "/notes")
    text = (await client.get("/metrics")).text
    for sample in (
        'http_requests_total{method="POST",route="/notes",status="201"} 1.0',
        'http_requests_total{method="GET",route="/notes/{note_id}",status="200"} 1.0',
        'http_requests_total{method="GET",route="/notes/{note_id}",status="404"} 1.0',
        'http_requests_total{method="GET",route="unmatched",status="404"} 2.0',
        'http_requests_total{method="other",route="/notes",status="405"} 1.0',
        'http_request_duration_seconds_count{route="/notes/{note_id}"} 2.0',
        "http_requests_in_flight 1.0",
        "noticeboard_cache_memory_entries 1.0",
        "noticeboard_cache_disk_entries 1.0",
        "noticeboard_database_outstanding 0.0",
        "noticeboard_room_members 0.0",
    ):
        assert sample in text


async def test_applications_do_not_share_metrics(settings, tmp_path):
    async with talking(settings) as one, talking(dataclasses.replace(settings, data_dir=str(tmp_path / "2"))) as two:
        await one.get("/notes")
        assert 'route="/notes"' not in (await two.get("/metrics")).text


@pytest.mark.parametrize(("which", "logged"), [("all", [200, 404]), ("failed", []), ("none", [])])
async def test_requests_are_logged_as_wished(settings, caplog, which, logged):
    caplog.set_level(logging.INFO)
    async with talking(dataclasses.replace(settings, log_requests=which)) as client:
        await client.get("/notes")
        await client.get("/notes/7")
    assert [record.status for record in lines(caplog)] == logged


async def test_what_nobody_foresaw_is_answered_logged_and_told_to_nobody(client, caplog, monkeypatch):
    def broken():
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr(client.parts.metrics, "exposition", broken)
    answer = await client.get("/metrics", headers={"X-Request-ID": "request-1"})
    assert answer.status_code == 500
    assert answer.json() == {
        "type": "urn:noticeboard:problem:internal",
        "title": "The service failed",
        "status": 500,
    }
    assert answer.headers["x-request-id"] == "request-1"
    unforeseen, request = caplog.records
    assert "the secret of the house" in str(unforeseen.exc_info[1])
    assert (unforeseen.request_id, request.request_id, request.status) == ("request-1", "request-1", 500)
    assert (await client.get("/notes")).status_code == 200


async def test_half_an_answer_is_cut_off(client):
    # Nothing in the service answers in pieces, so the failure is put where a network puts it: into the sending.
    sent = []

    async def send(message):
        sent.append(message)
        if message["type"] == "http.response.body":
            raise OSError("the client is gone")

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/health/live",
        "raw_path": b"/health/live",
        "root_path": "",
        "query_string": b"",
        "headers": [],
        "http_version": "1.1",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
    }
    with pytest.raises(OSError, match="the client is gone"):
        await client.app(scope, receive, send)
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert "http_requests_in_flight 1.0" in (await client.get("/metrics")).text, "only the one that asks"
