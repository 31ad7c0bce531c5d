from __future__ import annotations

import asyncio
import dataclasses
import json

import pytest
from asgi_driver import RoomClient, running

pytestmark = pytest.mark.anyio


@pytest.fixture
async def app(settings):
    small = dataclasses.replace(settings, room_members=2, max_rooms=2, member_backlog=4, max_message_bytes=32)
    async with running(small) as app:
        yield app


def metric(app, name):
    return next(line.split()[-1] for line in app.state.parts.metrics.exposition().decode().splitlines() if name in line)


async def test_what_one_says_all_in_the_room_hear(app):
    async with RoomClient(app, "a") as ada, RoomClient(app, "a") as bob, RoomClient(app, "b") as eve:
        assert ada.handshake["type"] == "websocket.accept"
        for text in ('{"n": 1}', "zwei \u2713"):
            ada.say(text)
            assert await ada.hear() == text
            assert await bob.hear() == text
        eve.say("elsewhere")
        assert await eve.hear() == "elsewhere"


async def test_a_full_room_refuses_before_the_upgrade(app):
    async with RoomClient(app, "a"), RoomClient(app, "a"):
        async with RoomClient(app, "a") as third:
            assert third.handshake["type"] == "websocket.http.response.start"
            assert third.handshake["status"] == 503
            assert (b"retry-after", b"5") in third.handshake["headers"]
            body = json.loads((await third.event())["body"])
            assert body["type"] == "urn:noticeboard:problem:room-full"
        async with RoomClient(app, "a", denial=False) as third:
            assert third.handshake["type"] == "websocket.accept"
            assert (await third.event())["code"] == 1013
    assert metric(app, 'refused_total{reason="room-full"}') == "2.0"


async def test_a_place_is_free_again_once_somebody_left(app):
    async with RoomClient(app, "a"):
        async with RoomClient(app, "a") as leaver:
            leaver.hang_up()
            await leaver.served
        async with RoomClient(app, "a") as next_one:
            assert next_one.handshake["type"] == "websocket.accept"
    assert (app.state.parts.hub.members, app.state.parts.hub.rooms) == (0, 0)


async def test_rooms_are_limited_and_named_sensibly(app):
    async with RoomClient(app, "a"), RoomClient(app, "b"), RoomClient(app, "c") as third:
        assert third.handshake["status"] == 503
    for name in ("no%20blanks", "x" * 65):
        async with RoomClient(app, name) as refused:
            assert refused.handshake["status"] == 404
        async with RoomClient(app, name, denial=False) as refused:
            assert (await refused.event())["code"] == 1008


async def test_who_does_not_read_is_dropped_and_delays_nobody(app):
    async with RoomClient(app, "a") as ada, RoomClient(app, "a", reads_ahead=1) as slow:
        for number in range(20):
            ada.say(str(number))
            assert await ada.hear() == str(number)
        assert app.state.parts.hub.members == 1
        heard = [await slow.event() for _ in range(2)]
        assert [event.get("text") for event in heard] == ["0", None]
        assert heard[1]["type"] == "websocket.close"
        assert heard[1]["code"] == 1013
        await slow.served
    assert metric(app, 'messages_total{outcome="dropped"}') == "1.0"


async def test_a_burst_makes_nobody_slow_who_reads(app):
    async with RoomClient(app, "a") as ada, RoomClient(app, "a") as bob:
        burst = [str(number) for number in range(50)]
        for text in burst:
            ada.say(text)
        assert [await bob.hear() for _ in burst] == burst
        assert [await ada.hear() for _ in burst] == burst


async def test_too_much_and_the_wrong_thing_close_the_connection(app):
    async with RoomClient(app, "a") as ada:
        ada.say("\u00e9" * 16)
        assert await ada.hear() == "\u00e9" * 16
        ada.say("\u00e9" * 16 + "x")
        assert (await ada.event())["code"] == 1009
        await ada.served
    async with RoomClient(app, "a") as ada:
        ada.say_bytes(b"x")
        assert (await ada.event())["code"] == 1008


async def test_a_stop_closes_every_connection_with_1001_after_what_was_said(settings):
    async with running(settings) as app, RoomClient(app, "a") as ada, RoomClient(app, "a") as bob:
        ada.say("last words")
        assert await ada.hear() == "last words"
        assert await app.state.parts.hub.dismiss_all(60.0)
        assert await bob.hear() == "last words"
        for member in (ada, bob):
            event = await member.event()
            assert (event["type"], event["code"]) == ("websocket.close", 1001)
        async with RoomClient(app, "a") as late:
            assert late.handshake["status"] == 503
        await asyncio.gather(ada.served, bob.served)
