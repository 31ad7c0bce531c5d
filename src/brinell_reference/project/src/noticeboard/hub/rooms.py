"""Rooms and members, without any networking: everything here happens at once, on the event loop."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from noticeboard.errors import Problem

GOING_AWAY = 1001
POLICY_VIOLATION = 1008
TOO_BIG = 1009
TRY_AGAIN_LATER = 1013


class Farewell(NamedTuple):
    """Why the hub lets a member go: a WebSocket close code and its reason."""

    code: int
    reason: str


class Member:
    """One connection in one room, and what it hasn't been sent yet: at most `backlog` messages."""

    def __init__(self, room: str, backlog: int) -> None:
        self.room = room
        self.outbox: asyncio.Queue[str] = asyncio.Queue(backlog)
        self.farewell: asyncio.Future[Farewell] = asyncio.get_running_loop().create_future()

    def dismiss(self, code: int, reason: str) -> None:
        """Have the connection closed; the first reason counts."""
        if not self.farewell.done():
            self.farewell.set_result(Farewell(code, reason))

    def unsent(self) -> list[str]:
        """Take what is still to be sent."""
        return [self.outbox.get_nowait() for _ in range(self.outbox.qsize())]


class Hub:
    """All rooms. A room exists while it has members."""

    def __init__(self, *, max_rooms: int, room_members: int, member_backlog: int) -> None:
        self._max_rooms = max_rooms
        self._room_members = room_members
        self._member_backlog = member_backlog
        self._rooms: dict[str, dict[Member, None]] = {}  # a dict keeps the order of arrival
        self._empty = asyncio.Event()
        self._empty.set()
        self._closed = False
        self.members = 0

    @property
    def rooms(self) -> int:
        """How many rooms have members."""
        return len(self._rooms)

    def join(self, room: str) -> Member:
        """Add a member to the room.

        Raises:
            Problem: room-full, or draining after `dismiss_all`.
        """
        if self._closed:
            raise Problem("draining")
        members = self._rooms.get(room, {})
        if len(members) >= self._room_members:
            raise Problem("room-full", f"the room has {self._room_members} connections")
        if not members and len(self._rooms) >= self._max_rooms:
            raise Problem("room-full", f"{self._max_rooms} rooms are open")
        member = Member(room, self._member_backlog)
        self._rooms.setdefault(room, {})[member] = None
        self.members += 1
        self._empty.clear()
        return member

    def leave(self, member: Member) -> None:
        """Remove the member; again is harmless."""
        members = self._rooms.get(member.room, {})
        if member not in members:
            return
        del members[member]
        if not members:
            del self._rooms[member.room]
        self.members -= 1
        if not self.members:
            self._empty.set()

    def publish(self, room: str, text: str) -> tuple[int, int]:
        """Give the message to everybody in the room; return how many got it, and how many were too slow for it.

        Who is a whole backlog behind is dismissed on the spot: waiting for one would make all of them wait.
        """
        reached = slow = 0
        for member in list(self._rooms.get(room, ())):
            if member.outbox.full():
                slow += 1
                self.leave(member)
                member.dismiss(TRY_AGAIN_LATER, "too slow for this room")
            else:
                reached += 1
                member.outbox.put_nowait(text)
        return reached, slow

    async def dismiss_all(self, timeout_s: float) -> bool:
        """Let nobody in any more, have every connection closed, and wait until they are; False if some were not."""
        self._closed = True
        for members in self._rooms.values():
            for member in members:
                member.dismiss(GOING_AWAY, "the server is going away")
        try:
            async with asyncio.timeout(timeout_s):
                await self._empty.wait()
        except TimeoutError:
            return False
        return True
