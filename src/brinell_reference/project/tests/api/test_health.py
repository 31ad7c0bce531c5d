from __future__ import annotations

import dataclasses

import pytest
from asgi_driver import talking

pytestmark = pytest.mark.anyio


async def test_healthy(client):
    live = await client.get("/health/live")
    assert (live.status_code, live.json()) == (200, {"status": "live"})
    ready = await client.get("/health/ready")
    assert ready.status_code == 200
    assert ready.headers["cache-control"] == "no-store"
    checks = ready.json()["checks"]
    assert checks.pop("database").keys() == {"status", "ms", "required"}
    assert checks == {
        "disk_cache": {"status": "ok", "required": False},
        "draining": {"status": "no", "required": True},
    }


async def test_without_a_database_it_is_alive_and_not_ready(settings, tmp_path):
    (tmp_path / "file").write_text("no folder")
    lost = dataclasses.replace(settings, database_url=f"sqlite:///{tmp_path / 'file' / 'notices.db'}")
    async with talking(lost) as client:
        assert (await client.get("/health/live")).status_code == 200
        ready = await client.get("/health/ready")
        assert (ready.status_code, ready.json()["status"]) == (503, "not ready")
        assert ready.json()["checks"]["database"]["status"] == "database-unavailable"
        for answer in (await client.get("/notes"), await client.post("/notes", json={"text": "x"})):
            assert answer.status_code == 503
            assert answer.headers["retry-after"] == "1"
            assert "detail" not in answer.json(), "what drivers say stays inside"
        (tmp_path / "file").unlink()
        assert (await client.get("/health/ready")).status_code == 200
        assert (await client.post("/notes", json={"text": "x"})).status_code == 201


async def test_without_its_disk_cache_it_serves_and_says_so(settings, tmp_path):
    (tmp_path / "file").write_text("no folder")
    async with talking(dataclasses.replace(settings, cache_dir=str(tmp_path / "file"))) as client:
        assert (await client.post("/notes", json={"text": "x"})).status_code == 201
        assert (await client.get("/notes/1")).status_code == 200
        ready = await client.get("/health/ready")
        assert ready.status_code == 200
        assert ready.json()["checks"]["disk_cache"] == {"status": "failing", "required": False}


async def test_draining_it_serves_and_asks_clients_to_go(client):
    client.parts.lifecycle.draining = True
    ready = await client.get("/health/ready")
    assert ready.status_code == 503
    assert ready.json()["checks"]["draining"]["status"] == "yes"
    answer = await client.get("/notes")
    assert answer.status_code == 200
    assert answer.headers["connection"] == "close"
    assert "noticeboard_draining 1.0" in (await client.get("/metrics")).text
