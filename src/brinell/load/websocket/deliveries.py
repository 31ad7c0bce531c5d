"""What came of published messages, in one worker: when each came to whom, what was owed, and what was out of order."""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from brinell.core import outcomes
from brinell.core.socket_records import DELIVERY, Deliveries, Disorder
from brinell.load.engine.recorder import Counts, Recorder
from brinell.load.engine.stamps import ahead_ns
from brinell.load.websocket.stamps import Stamp

MOST_KNOWN, LEAST_KNOWN = 64, 4  # messages of a room whose bytes are known: fewer, the more rooms there are
_KNOWN_TOGETHER = 2048
MOST_GAPS = 256  # of one receiver; of more, the oldest are forgotten and count as lost
AHEAD = 64  # numbers beyond the schedule so far: another worker may have noticed first that they are due
_NOTHING = -1
_SECOND_NS = 1_000_000_000
_STEERED_NS = 1_000_000  # as far as the wall clock may have been steered since a stamp


class Batch:
    """One message at this worker. ``times`` are the moments it came, of receivers that it was new to; ``read`` of them
    were read and counted in full. ``stamps`` are further ones, as the system noted them (``engine.stamps``).
    """

    __slots__ = (
        "add", "due", "following", "frame", "number", "read", "room", "sent", "stamp", "stamps", "times", "touched_ns",
    )  # fmt: skip

    def __init__(self, room: int, number: int, due: int, sent: int, now: int) -> None:
        self.room = room
        self.number = number
        self.following = number + 1
        self.due = due
        self.sent = sent
        self.read = 0
        self.frame = b""  # empty: not known, and never equal to anything that was read
        self.times = array("q")
        self.add = self.times.append
        self.stamps: list[bytes] = []
        self.stamp = self.stamps.append
        self.touched_ns = now


NOBODYS = Batch(-1, -2, 0, 0, 0)


class Group:
    """A room at this worker. ``members`` are owed what is due; ``upcoming`` is the number that is due next."""

    __slots__ = ("_most", "batches", "known", "members", "newest", "room", "upcoming")

    def __init__(self, room: int, most_known: int = MOST_KNOWN) -> None:
        self._most = most_known
        self.room = room
        self.members = self.upcoming = 0
        self.newest = NOBODYS
        self.known: OrderedDict[bytes, Batch] = OrderedDict()
        self.batches: OrderedDict[int, Batch] = OrderedDict()

    def learn(self, batch: Batch, frame: bytes) -> None:
        """These bytes are this message, whoever gets them."""
        if not self._most:
            return
        if not batch.frame:
            batch.frame = frame
        self.known[frame] = batch
        if len(self.known) > self._most:
            self.known.popitem(last=False)
        if batch.number > self.newest.number:
            self.newest = batch

    def learn_nothing(self) -> None:
        """Read every message from now on."""
        self._most = 0
        self.known.clear()
        self.newest = NOBODYS


class Receiving(Protocol):
    """What is known of a receiver: see ``broadcast.Receiver``."""

    base: int
    expect: int
    gaps: list[tuple[int, int]] | None


class _Row:
    """One message in one second, as ``Deliveries`` has it."""

    __slots__ = ("due", "expected", "first", "last", "received", "sent")

    def __init__(self, due: int) -> None:
        self.due = due
        self.sent = self.first = self.last = _NOTHING
        self.received = self.expected = 0


class Book:
    """All rooms of a worker. ``start_ns``: of the schedule. ``publishers``: of each room, who take turns."""

    def __init__(self, recorder: Recorder, rooms: int, publishers: int = 1) -> None:
        self.start_ns = 0
        self._publishers = publishers
        most = min(MOST_KNOWN, max(LEAST_KNOWN, _KNOWN_TOGETHER // rooms))
        self.groups = [Group(room, most) for room in range(rooms)]
        self._cell = recorder.cell(DELIVERY, outcomes.OK)
        self._exemplars = recorder.exemplars
        self._live: dict[Batch, None] = {}
        self._rows: dict[tuple[int, int], _Row] = {}
        self._duplicated: dict[int, int] = {}
        self._reordered: dict[int, int] = {}
        self._owed = self._came = 0

    @property
    def complete(self) -> bool:
        """Whether as many came as were owed."""
        return self._came >= self._owed and not any(batch.times or batch.stamps for batch in self._live)

    @property
    def came(self) -> int:
        """Deliveries that came and were worked out."""
        return self._came

    def owe(self, room: int, number: int, due: int, expected: int) -> None:
        """A message is due: so many receivers of this worker are to get it."""
        if expected:
            self._row(room, number, due).expected += expected
            self._owed += expected

    def sent(self, room: int, number: int, due: int, ended: int) -> None:
        """A message was written."""
        self._row(room, number, due).sent = ended - due

    def batch(self, stamp: Stamp, group: Group, now: int) -> Batch | None:
        """Return the message that a stamp names; None: it can be none of this room's."""
        number = stamp.number
        if stamp.room != group.room or number >= group.upcoming + AHEAD:
            return None
        found = group.batches.get(number)
        if found is None:
            if not self.start_ns <= stamp.due_ns <= now + _STEERED_NS:
                return None
            sent = min(stamp.due_ns + stamp.late_ns, now)
            found = group.batches[number] = Batch(group.room, number, stamp.due_ns, sent, now)
            self._live[found] = None
            if len(group.batches) > MOST_KNOWN:
                group.batches.popitem(last=False)
        elif found not in self._live:
            found.touched_ns = now
            self._live[found] = None
        return found

    def deliver(self, receiver: Receiving, batch: Batch, now: int) -> None:
        """A message came to a receiver: as the next one, after a gap, late, or once more."""
        number = batch.number
        if number == receiver.expect:
            receiver.expect = batch.following
            batch.add(now)
        elif number > receiver.expect:
            gaps = receiver.gaps = receiver.gaps or []
            gaps.append((receiver.expect, number))
            del gaps[:-MOST_GAPS]
            receiver.expect = batch.following
            batch.add(now)
        elif number >= receiver.base:  # else it was published before this one joined, and not owed to it
            if _close_gap(receiver, number):
                if _is_overtaken(receiver, number, self._publishers):
                    self._reordered[batch.room] = self._reordered.get(batch.room, 0) + 1
                batch.add(now)
            else:
                self._duplicated[batch.room] = self._duplicated.get(batch.room, 0) + 1

    def flush(self, now: int, keep_ns: int) -> tuple[int, int]:
        """Work out what the batches hold; forget those of which nothing came for ``keep_ns``. Return how many messages
        came, and their bytes.
        """
        count = size = 0
        for batch in [*self._live]:
            if batch.times or batch.stamps:
                batch.touched_ns = now
                short = len(batch.times) + len(batch.stamps) - batch.read
                batch.read = 0
                count += short
                size += short * len(batch.frame)
                self._work_out(batch, now)
            elif batch.touched_ns + keep_ns < now:
                del self._live[batch]
        return count, size

    def take(self, worker: int, second: int) -> list[Deliveries | Disorder]:
        """Return the second's records, and start the next."""
        told: list[Deliveries | Disorder] = []
        rows, self._rows = sorted(self._rows.items()), {}
        if rows:
            keys = [key for key, _ in rows]
            values = [row for _, row in rows]
            told.append(
                Deliveries(
                    worker=worker,
                    second=second,
                    rooms=tuple(room for room, _ in keys),
                    numbers=tuple(number for _, number in keys),
                    due_ns=tuple(row.due for row in values),
                    sent_ns=tuple(row.sent for row in values),
                    first_ns=tuple(row.first for row in values),
                    last_ns=tuple(row.last for row in values),
                    received=tuple(row.received for row in values),
                    expected=tuple(row.expected for row in values),
                )
            )
        if self._duplicated or self._reordered:
            rooms = tuple(sorted({*self._duplicated, *self._reordered}))
            duplicated = tuple(self._duplicated.get(room, 0) for room in rooms)
            told.append(
                Disorder(worker, second, rooms, duplicated, tuple(self._reordered.get(room, 0) for room in rooms))
            )
            self._duplicated, self._reordered = {}, {}
        return told

    def _work_out(self, batch: Batch, now: int) -> None:
        due = batch.due
        times = np.array(batch.times, dtype=np.int64)
        if batch.stamps:
            times = np.concatenate((times, arrivals(batch.stamps, due, now, ahead_ns())))
            batch.stamps.clear()
        del batch.times[:]
        response = np.maximum(times - due, 0)
        self._cell.response.frombytes(response.tobytes())
        self._cell.service.frombytes(np.maximum(times - batch.sent, 0).tobytes())
        first, last = int(response.min()), int(response.max())
        row = self._row(batch.room, batch.number, due)
        row.received += len(times)
        row.first = first if row.first < 0 else min(first, row.first)
        row.last = max(last, row.last)
        self._came += len(times)
        if last > self._exemplars.floor_ns:
            ended = due + last
            words = f"room {batch.room}, number {batch.number}"
            self._exemplars.slow(DELIVERY, outcomes.OK, (due, due, min(batch.sent, ended), ended), words)

    def _row(self, room: int, number: int, due: int) -> _Row:
        found = self._rows.get((room, number))
        if found is None:
            found = self._rows[room, number] = _Row(due - self.start_ns)
        return found


def arrivals(stamps: Sequence[bytes], after_ns: int | Counts, now: int | Counts, ahead: int | Counts) -> Counts:
    """Return the moments that the system's stamps say, on the monotonic clock, which the wall clock was ``ahead`` of.
    Where one lies outside of what can be, between ``after_ns`` and ``now``, the wall clock was set, and it came now.
    Each of the three is of all, or of each.
    """
    parts = np.frombuffer(b"".join(stamps), dtype=np.int64).reshape(-1, 2)
    found = parts[:, 0] * _SECOND_NS + parts[:, 1] - ahead
    possible = (found >= after_ns - _STEERED_NS) & (found <= now + _STEERED_NS)
    return np.where(possible, np.clip(found, after_ns, now), now)


def _close_gap(receiver: Receiving, number: int) -> bool:
    """Take a number out of the gaps; False: it is in none."""
    for index, (low, high) in enumerate(receiver.gaps or ()):
        if low <= number < high and receiver.gaps is not None:
            rest = [(low, number), (number + 1, high)]
            receiver.gaps[index : index + 1] = [one for one in rest if one[0] < one[1]]
            receiver.gaps = receiver.gaps or None
            return True
    return False


def _is_overtaken(receiver: Receiving, number: int, publishers: int) -> bool:
    """Whether a later message of the same publisher has come: nobody promises an order among several."""
    gaps = receiver.gaps or ()
    later = range(number + publishers, receiver.expect, publishers)
    return any(not any(low <= one < high for low, high in gaps) for one in later)
