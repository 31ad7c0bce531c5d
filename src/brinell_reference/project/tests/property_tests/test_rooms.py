from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from noticeboard.errors import Problem
from noticeboard.hub.rooms import Hub

ROOMS = "ab"
BACKLOG = 4
members = st.integers(0, 7)


class HubModel(RuleBasedStateMachine):
    """Each member hears all that was said in its room since it came, in order, until it falls too far behind."""

    def __init__(self):
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.hub = self.call(lambda: Hub(max_rooms=2, room_members=3, member_backlog=BACKLOG))
        self.members = []  # [member, what it heard, what it should hear]
        self.number = 0

    def call(self, function):
        async def inside():
            return function()

        return self.loop.run_until_complete(inside())

    def inside(self, room):
        return [row for row in self.members if row[0].room == room and not row[0].farewell.done()]

    @rule(room=st.sampled_from(ROOMS))
    def join(self, room):
        full = len(self.inside(room)) == 3
        try:
            self.members.append([self.call(lambda: self.hub.join(room)), [], []])
        except Problem as problem:
            assert full
            assert problem.kind == "room-full"
        else:
            assert not full

    @rule(number=members)
    def leave(self, number):
        if number < len(self.members):
            member, *_ = self.members.pop(number)
            self.hub.leave(member)

    @rule(room=st.sampled_from(ROOMS), times=st.integers(1, 3))
    def say(self, room, times):
        for _ in range(times):
            self.number += 1
            listening = self.inside(room)
            slow = [row for row in listening if row[0].outbox.full()]
            assert self.hub.publish(room, str(self.number)) == (len(listening) - len(slow), len(slow))
            for row in listening:
                if row in slow:
                    assert row[0].farewell.result().code == 1013
                else:
                    row[2].append(str(self.number))

    @rule(number=members)
    def hear(self, number):
        if number < len(self.members):
            member, heard, _ = self.members[number]
            heard += member.unsent()

    @invariant()
    def all_is_heard_in_order_or_still_to_come(self):
        for member, heard, said in self.members:
            assert heard == said[: len(heard)]
            assert len(said) - len(heard) == member.outbox.qsize() <= BACKLOG
        assert self.hub.members == sum(len(self.inside(room)) for room in ROOMS)
        assert self.hub.rooms == sum(1 for room in ROOMS if self.inside(room))

    def teardown(self):
        self.loop.close()


HubModel.TestCase.settings = settings(max_examples=50, stateful_step_count=40, deadline=None)
TestHubModel = HubModel.TestCase


@given(st.lists(st.integers(0, 2), min_size=1, max_size=30))
def test_all_members_hear_several_speakers_in_one_order(speakers):
    async def scenario():
        hub = Hub(max_rooms=1, room_members=3, member_backlog=100)
        room = [hub.join("a") for _ in range(3)]
        turns = [asyncio.Event() for _ in range(len(speakers) + 1)]

        async def speak(turn, speaker):
            await turns[turn].wait()
            hub.publish("a", f"{speaker}: {turn}")
            turns[turn + 1].set()

        turns[0].set()
        await asyncio.gather(*(speak(turn, speaker) for turn, speaker in enumerate(speakers)))
        return [member.unsent() for member in room]

    heard = asyncio.run(scenario())
    assert heard[0] == heard[1] == heard[2] == [f"{speaker}: {turn}" for turn, speaker in enumerate(speakers)]
