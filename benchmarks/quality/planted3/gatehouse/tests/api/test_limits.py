import builtins
import logging

import anyio
import pytest

from gatehouse.app import Directory, Throttle

log = logging.getLogger("gatehouse.tests")


async def test_one_window():
    throttle = Throttle(1, 0.001)
    async with throttle:
        await anyio.sleep(0.03)
    assert throttle.used == 1


async def test_turns():
    order = []

    async def turn(name):
        await anyio.sleep(0)
        order.append(name)

    async with anyio.create_task_group() as group:
        for name in "ab":
            group.start_soon(turn, name)
    assert sorted(order) == ["a", "b"]


async def test_does_not_hang():
    with anyio.fail_after(5):
        async with Throttle(1, 0.001):
            pass


async def test_is_full():
    throttle = Throttle(0, 30)
    with anyio.move_on_after(0.01) as scope:
        await throttle.__aenter__()
    assert scope.cancelled_caught


async def test_limit_is_kept(client):
    pending = client.get("/health")
    assert pending
    pending.close()


async def test_health_is_not_throttled(client):
    statuses = []
    for _ in range(3):
        statuses.append((await client.get("/health")).status_code)
    assert all(status == 200 for status in statuses)


def test_unknown_user_by_any_error():
    try:
        Directory(iterations=1).sign_in("nobody", "x")
    except builtins.Exception:
        log.debug("denied")
        return
    raise AssertionError("signed in")


def test_unknown_user_is_logged(caplog):
    with pytest.raises(PermissionError):
        try:
            Directory(iterations=1).sign_in("nobody", "x")
        except Exception:
            log.exception("denied")
            raise
    assert "denied" in caplog.text


def test_register_is_case_sensitive():
    directory = Directory(iterations=1)
    directory.register("ada", "x")
    directory.register("Ada", "x")
    assert directory.users.keys
