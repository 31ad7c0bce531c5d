"""A connection of a scenario: a link that knows its number, its room, and how far it has come since it was opened."""

from __future__ import annotations

from typing import ClassVar, Protocol, cast

from brinell.load.websocket.link import OPEN, Link, LinkHost, Terms
from brinell.load.websocket.tally import Tally

GREETING, JOINING, STRANDED, MEMBER = range(4)
"""``stage`` of an open one: it waits for the protocol's welcome, then for the answer to its ``join``; nothing answered
either in time; or it takes part.
"""

Pending = tuple[int, int, int]
"""Due, woken and started, of a message without its answer."""


class Crowd(LinkHost, Protocol):
    """What a member tells beside what a link does."""

    tally: Tally


class Member(Link):
    """``tag`` is its number among all connections of the scenario, ``place`` where it stands among a worker's members.

    ``pinged_ns``: when the ping without an answer was sent; 0: there is none. ``joining_ns``: since when it waits.
    """

    __slots__ = ("joining_ns", "pinged_ns", "place", "room", "stage")

    slow: ClassVar[bool] = False  # it reads late on purpose

    def __init__(self, host: Crowd, terms: Terms, number: int, room: int) -> None:
        super().__init__(host, terms, number)
        self.room = room
        self.stage = GREETING
        self.place = -1
        self.pinged_ns = self.joining_ns = 0

    def take(self, data: bytes, now: int) -> None:
        """Take bytes that came, at ``now``."""
        if self.state >= OPEN:
            cast("Crowd", self.host).tally.received_bytes += len(data)
        super().take(data, now)
