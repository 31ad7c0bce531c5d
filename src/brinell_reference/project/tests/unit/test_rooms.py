from __future__ import annotations

import asyncio

import pytest

from noticeboard.errors import Problem
from noticeboard.hub.rooms import Hub

pytestmark = pytest.mark.anyio


@pytest.fixture
async def hub():
    return Hub(max_rooms=2, room_members=2, member_backlog=3)


def refusal(hub, room):
    with pytest.raises(Problem) as caught:
        hub.join(room)
    return caught.value.kind


async def test_publishing_reaches_the_room_in_order(hub):
    ada, bob, eve = hub.join("a"), hub.join("a"), hub.join("b")
    assert hub.publish("a", "1") == (2, 0)
    assert hub.publish("a", "2") == (2, 0)
    assert ada.unsent() == bob.unsent() == ["1", "2"]
    assert eve.unsent() == []
    assert hub.publish("nowhere", "1") == (0, 0)


async def test_limits(hub):
    first = hub.join("a")
    hub.join("a")
    assert refusal(hub, "a") == "room-full"
    hub.join("b")
    assert refusal(hub, "c") == "room-full"
    assert (hub.members, hub.rooms) == (3, 2)
    hub.leave(first)
    hub.join("a")
    assert (hub.members, hub.rooms) == (3, 2)


async def test_a_room_ends_with_its_last_member(hub):
    member = hub.join("a")
    hub.leave(member)
    hub.leave(member)
    assert (hub.members, hub.rooms) == (0, 0)


async def test_who_is_a_backlog_behind_is_dismissed(hub):
    quick, slow = hub.join("a"), hub.join("a")
    for number in range(3):
        hub.publish("a", str(number))
        quick.unsent()
    assert hub.publish("a", "3") == (1, 1)
    assert slow.farewell.result().code == 1013
    assert slow.unsent() == ["0", "1", "2"]
    assert quick.unsent() == ["3"]
    assert hub.publish("a", "4") == (1, 0)
    assert hub.members == 1


async def test_the_first_reason_counts(hub):
    member = hub.join("a")
    member.dismiss(1009, "too big")
    member.dismiss(1001, "going away")
    assert member.farewell.result() == (1009, "too big")


async def test_dismissing_all_waits_until_they_are_gone(hub):
    members = [hub.join("a"), hub.join("b")]
    leaving = asyncio.create_task(hub.dismiss_all(60.0))
    for member in members:
        assert (await member.farewell).code == 1001
        assert not leaving.done()
        hub.leave(member)
    assert await leaving
    assert refusal(hub, "a") == "draining"
    assert await hub.dismiss_all(60.0)


async def test_dismissing_all_does_not_wait_for_ever(hub):
    hub.join("a")
    assert not await hub.dismiss_all(0.001)
