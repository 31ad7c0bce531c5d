from __future__ import annotations

import pytest

from brinell.core.plan import CacheSpec, LoadSpec, WebSocketSpec
from brinell.load.capacity.levels import least, level_spec

USERS = LoadSpec(name="browse", shape={"kind": "closed", "duration": 9.0, "think_s": 1.0}, connections=64, workers=4)


def rooms(**more):
    does = WebSocketSpec(**{"mode": "broadcast", "rooms": 4, **more})
    shape = {"kind": "constant", "rate": 20.0, "duration": 9.0}
    return LoadSpec(name="chat", shape=shape, driver="websocket", connections=100, workers=2, websocket=does)


def at(spec, quantity, level, *, workers=2, connections=256):
    found = level_spec(spec, quantity, level, 12.0, workers=workers, connections=connections)
    assert found.shape["duration"] == 12.0
    return found


@pytest.mark.parametrize("level", [3, 500])
def test_of_users_the_level_is_their_number_and_their_habits_stay(level):
    found = at(USERS, "connections", level, workers=4)
    assert (found.connections, found.workers) == (level, min(4, level))
    assert found.shape == {"kind": "closed", "duration": 12.0, "think_s": 1.0}
    assert found.name == f"browse@{level}"


def test_of_a_rate_the_level_is_that():
    found = at(USERS, "rate", 707.1)
    assert found.shape == {"kind": "constant", "rate": 707.1, "duration": 12.0}
    assert (found.connections, found.workers, found.name) == (256, 2, "browse@707.1")


def test_of_messages_the_connections_stay():
    found = at(rooms(), "rate", 500.0)
    assert (found.connections, found.websocket.rooms, found.shape["rate"]) == (100, 4, 500.0)


def test_more_connections_say_as_much_each():
    found = at(rooms(mode="echo", rooms=1), "connections", 400)
    assert (found.connections, found.shape["rate"]) == (400, 80.0)
    assert at(rooms(mode="echo", rooms=1), "connections", 1).workers == 1


def test_more_rooms_have_as_many_members_and_messages_each():
    found = at(rooms(), "rooms", 10)
    assert (found.connections, found.websocket.rooms, found.shape["rate"]) == (250, 10, 50.0)


def test_more_receivers_hear_as_many_messages():
    found = at(rooms(), "receivers", 60)
    assert (found.connections, found.websocket.rooms, found.shape["rate"]) == (240, 4, 20.0)
    silent = at(rooms(publisher_hears=False), "receivers", 60)
    assert silent.connections == 244  # a publisher is no receiver of its own


def test_a_room_has_its_publishers():
    assert least(rooms(publishers=3), "receivers") == 3.0
    assert least(rooms(), "rooms") == least(rooms(), "rate") == least(USERS, "connections") == 1.0
    assert least(rooms(mode="echo"), "connections") == 4.0


def test_a_cache_is_asked_without_what_comes_before_its_load():
    cache = CacheSpec(target="a:b", stampede="a:c", loader="a:d")
    found = at(LoadSpec(name="c", shape={}, driver="cache", cache=cache), "rate", 50.0).cache
    assert (found.probe, found.stampede, found.loader, found.prefill) == (False, None, None, True)
    function = CacheSpec(target="a:b", loader="a:d", expires_s=2.0)
    found = at(LoadSpec(name="c", shape={}, driver="cache", cache=function), "rate", 50.0).cache
    assert (found.through, found.loader, found.cold_keys, found.expires_s) == (True, "a:d", 0, None)
