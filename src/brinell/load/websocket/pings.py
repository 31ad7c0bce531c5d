"""Pings of ours: every member once an interval, one after the other, and how long their pongs took."""

from __future__ import annotations

import time
from collections.abc import Sequence

from brinell.core import outcomes
from brinell.core.socket_records import PING
from brinell.load.engine.recorder import Recorder
from brinell.load.websocket.member import Member
from brinell.load.websocket.tally import Tally

_BYTES = 8
_now = time.monotonic_ns


class Pings:
    """``interval_s`` between two pings of one member; 0: there are none."""

    def __init__(self, interval_s: float, recorder: Recorder, tally: Tally) -> None:
        self._interval_ns = interval_s * 1e9
        self._recorder = recorder
        self._tally = tally
        self._debt = 0.0
        self._turn = 0
        self._until_ns = 0

    def send(self, members: Sequence[Member], now: int) -> None:
        """Ping as many as have fallen due since the last call. Who has not answered the last one is left out, and who
        reads late on purpose.
        """
        before, self._until_ns = self._until_ns, now
        if not self._interval_ns or not before or not members:
            return
        self._debt += len(members) * (now - before) / self._interval_ns
        for _ in range(min(int(self._debt), len(members))):
            self._debt -= 1
            if not members:
                return  # a ping that could not be sent ended the last one
            self._turn = (self._turn + 1) % len(members)
            link = members[self._turn]
            if not link.pinged_ns and link.rest is None and not link.slow:
                link.pinged_ns = sent = _now()
                self._tally.pings += 1
                self._tally.sent_bytes += link.ping(sent.to_bytes(_BYTES, "big"))

    def answered(self, link: Member, payload: bytes, now: int) -> None:
        """A pong came, perhaps to the last one of ours."""
        if link.pinged_ns and payload == link.pinged_ns.to_bytes(_BYTES, "big"):
            took = now - link.pinged_ns
            link.pinged_ns = 0
            self._tally.pongs += 1
            self._tally.longest_ping_ns = max(took, self._tally.longest_ping_ns)
            self._recorder.cell(PING, outcomes.OK).record(took, took)

    def expire(self, link: Member, now: int, limit_ns: int) -> None:
        """Fail a ping that was not answered for so long."""
        if link.pinged_ns and link.pinged_ns + limit_ns <= now:
            link.pinged_ns = 0
            self._recorder.cell(PING, outcomes.TIMEOUT).record(limit_ns, limit_ns)
