"""Deliveries of a broadcast added up: what was owed, what came, and how far apart the receivers of a message were.

Rows of one message come from several workers and several seconds. A message is kept open until nothing of it can be
expected any more; what comes even later still counts, but for the skew.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from brinell.core.histogram import Histogram
from brinell.core.socket_records import Deliveries, Disorder

_NOTHING = -1


@dataclass
class _Message:
    second: int  # in which it was due
    sent: bool = False
    first_ns: int = _NOTHING
    last_ns: int = _NOTHING
    received: int = 0
    expected: int = 0


@dataclass
class Owed:
    """Deliveries that were owed, and those that came, of a room or a second."""

    published: int = 0
    expected: int = 0
    received: int = 0
    duplicated: int = 0
    reordered: int = 0
    slowest_ns: int = _NOTHING
    skew_ns: int = _NOTHING  # of one message, at most

    @property
    def lost(self) -> int:
        """What did not come."""
        return max(0, self.expected - self.received)

    @property
    def reach(self) -> float | None:
        """What came of what was owed; None where nothing was."""
        return min(self.received, self.expected) / self.expected if self.expected else None


@dataclass
class Account:
    """All rooms of one scenario. ``keep_s``: how long after it was due a message is kept open."""

    keep_s: float
    whole: Owed = field(default_factory=Owed)
    rooms: dict[int, Owed] = field(default_factory=dict)
    seconds: dict[int, Owed] = field(default_factory=dict)
    skew: Histogram = field(default_factory=Histogram)
    _open: dict[tuple[int, int], _Message] = field(default_factory=dict)
    _closed: dict[int, int] = field(default_factory=dict)  # by room: the highest number that is not open any more

    def add(self, record: Deliveries) -> None:
        """Take one worker's second."""
        rows = zip(
            record.rooms, record.numbers, record.due_ns, record.sent_ns, record.first_ns, record.last_ns,
            record.received, record.expected, strict=True,
        )  # fmt: skip
        for room, number, due_ns, sent_ns, first_ns, last_ns, received, expected in rows:
            key = room, number
            message = self._open.get(key)
            if message is None:
                message = _Message(due_ns // 1_000_000_000)
                if number <= self._closed.get(room, _NOTHING):
                    message.sent = True
                    message.received, message.expected = received, expected
                    self._count(room, message, again=True)
                    continue
                self._open[key] = message
            message.sent = message.sent or sent_ns >= 0
            message.received += received
            message.expected += expected
            if first_ns >= 0:
                message.first_ns = first_ns if message.first_ns < 0 else min(first_ns, message.first_ns)
                message.last_ns = max(last_ns, message.last_ns)
        self._close(record.second - self.keep_s)

    def add_disorder(self, record: Disorder) -> None:
        """Take what came twice, or after a later one."""
        for room, duplicated, reordered in zip(record.rooms, record.duplicated, record.reordered, strict=True):
            for one in (self.whole, self._of(self.rooms, room)):
                one.duplicated += duplicated
                one.reordered += reordered

    def finish(self) -> None:
        """Count every message that is open still."""
        self._close(float("inf"))

    def _close(self, before_s: float) -> None:
        """Count the messages that were due before then. They are in the order of their first rows, nearly that."""
        while self._open:
            key, message = next(iter(self._open.items()))
            if message.second >= before_s:
                return
            del self._open[key]
            room, number = key
            self._closed[room] = max(number, self._closed.get(room, _NOTHING))
            self._count(room, message)

    def _count(self, room: int, message: _Message, *, again: bool = False) -> None:
        if not message.sent and not message.received:
            return  # nobody wrote it: it is owed to nobody
        came = message.received if again else min(message.received, message.expected)
        if message.first_ns >= 0:
            self.skew.record(message.last_ns - message.first_ns)
        for one in (self.whole, self._of(self.rooms, room), self._of(self.seconds, message.second)):
            one.published += not again
            one.expected += message.expected
            one.received += came
            if message.first_ns >= 0:
                one.slowest_ns = max(one.slowest_ns, message.last_ns)
                one.skew_ns = max(one.skew_ns, message.last_ns - message.first_ns)

    @staticmethod
    def _of(where: dict[int, Owed], key: int) -> Owed:
        found = where.get(key)
        if found is None:
            found = where[key] = Owed()
        return found
