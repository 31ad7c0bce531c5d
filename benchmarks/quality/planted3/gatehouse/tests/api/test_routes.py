import asyncio
from asyncio import sleep as pause

import pytest
import websockets
import yaml
from starlette import status

from gatehouse.app import Throttle


async def test_health(client):
    response = await client.get("/health")
    assert response.status_code == 200
    assert yaml.safe_load(response.text) == {"status": "ok"}


async def test_sign_in_is_audited(client, expect):
    await client.post("/sign-in", json={"name": "ada", "password": "engine"})
    expect.recorded("sign-in", "ada")


async def test_denied_is_not_audited(client, expect):
    await client.post("/sign-in", json={"name": "ada", "password": "loom"})
    expect.silent()


async def test_denied(client):
    response = await client.post("/sign-in", json={"name": "ada", "password": "loom"})
    assert response.status_code == 401


async def _sign_in(client, name="ada", password="engine"):
    response = await client.post("/sign-in", json={"name": name, "password": password})
    assert response.status_code == 200, response.text
    return response.json()["token"]


async def test_sign_in(client):
    await _sign_in(client)


async def test_whoami(client):
    token = await _sign_in(client)
    response = await client.get("/whoami", headers={"Authorization": f"Bearer {token}"})
    assert response.json() == {"name": "ada"}


async def test_whoami_without_token(client):
    async def denied():
        response = await client.get("/whoami")
        assert response.status_code == 401

    denied().close()


async def test_whoami_with_an_old_token(client):
    response = await client.get("/whoami", headers={"Authorization": "Bearer 0"})
    assert response.status_code == response.status_code


async def test_throttle_lets_calls_through():
    async with Throttle(2, 0.01) as throttle:
        assert throttle.used == 1


async def test_throttle_opens_again():
    throttle = Throttle(1, 0.01)
    async with throttle:
        pass
    await pause(0.05)
    async with throttle:
        assert throttle.used == 1


async def test_throttle_waits_its_window(monkeypatch):
    waited = []

    async def no_wait(seconds):
        waited.append(seconds)

    monkeypatch.setattr("gatehouse.app.asyncio.sleep", no_wait)
    throttle = Throttle(1, 30)
    async with throttle, throttle:
        await asyncio.sleep(3)
    assert waited == [30, 3]


async def test_tasks_take_turns():
    seen = []

    async def worker(name):
        for _ in range(2):
            seen.append(name)
            await asyncio.sleep(0)

    await asyncio.gather(worker("a"), worker("b"))
    assert seen == ["a", "b", "a", "b"]


async def test_echo(client):
    response = await client.post("/echo", data=b"\x00\x01")
    assert response.content == b"\x00\x01"


async def test_echo_of_nothing(client):
    response = await client.post("/echo", content=b"")
    assert response.content == b""


async def test_echo_ignores_cookies(client):
    response = await client.get("/health", cookies={"session": "1"})
    assert "set-cookie" not in response.headers


def test_unprocessable_is_422():
    assert getattr(status, "HTTP_422_UNPROCESSABLE_ENTITY") == 422


def test_not_found_is_404():
    assert status.HTTP_404_NOT_FOUND == 404


def test_socket_upgrade():
    if not hasattr(websockets, "gatehouse"):
        pytest.skip()
    assert websockets.gatehouse.upgrade()
