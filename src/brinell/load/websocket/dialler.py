"""When a worker's connections are made: by a schedule of their own, and again after the subject ended one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from brinell.load.engine.agenda import Agenda, Schedule
from brinell.load.websocket.codec import Codec
from brinell.load.websocket.deflate import Offer
from brinell.load.websocket.handshake import Opening
from brinell.load.websocket.link import Terms
from brinell.load.wire import WireSocket

AT_ONCE = 16  # connections begun between two looks at the sockets
SHORTEST_PAUSE_NS, LONGEST_PAUSE_NS = 10_000_000, 10_000_000_000  # before a connection that failed is made again
_now = time.monotonic_ns


class Part(NamedTuple):
    """Which of the connections are this worker's, and what they do."""

    worker: int
    workers: int
    wire: WireSocket
    codec: Codec
    seed: int
    timeout_ns: int
    fresh: int = 0

    @property
    def numbers(self) -> range:
        """The connections of this worker."""
        return range(self.worker, self.wire.connections, self.workers)


Begin = Callable[[int, Terms, int, int], None]
"""Begin one: its number, its terms, when it was due, and how many attempts in a row failed before."""


class Dialler:
    """Calls ``begin`` when a connection is due. ``keys``: masking keys that all of them share."""

    def __init__(self, part: Part, keys: Iterator[int], begin: Begin) -> None:
        does = part.wire.does
        self._part = part
        self._keys = keys
        self._begin = begin
        self._rate = does.connect_rate
        self._again_ns = None if does.reconnect_s is None else int(does.reconnect_s * 1e9)
        self._terms: dict[str, Terms] = {}
        self._numbers = iter(part.numbers)
        self._next: int | None = None
        self._first_ns = 0
        self._returning = 0  # connections that will be made again
        self._agenda: Agenda[tuple[int, int] | None] | None = None
        self._stopped = False

    @property
    def expects(self) -> bool:
        """Whether connections are still to be begun."""
        return not self._stopped and (self._next is not None or self._returning > 0)

    def agenda(self, schedule: Schedule) -> Schedule:
        """Return the schedule, and beside it when the next connection is due."""
        self._agenda = Agenda(schedule, self._on_due)
        return self._agenda

    def prepare(self, first_ns: int) -> None:
        """Let connections fall due; the scenario's first one at this moment, whichever worker's it is."""
        self._first_ns = first_ns
        self._next = next(self._numbers, None)
        self._appoint()

    def stop(self) -> None:
        """Begin nothing more."""
        self._stopped = True

    def again(self, number: int, now: int, failures: int) -> None:
        """Let a connection that ended be made again, if that is asked for: later each time that it fails."""
        if self._again_ns is None or self._agenda is None or self._stopped:
            return
        self._returning += 1
        pause_ns = max(self._again_ns, SHORTEST_PAUSE_NS) << min(failures, 10) if failures else self._again_ns
        self._agenda.add(now + min(pause_ns, max(LONGEST_PAUSE_NS, self._again_ns)), (number, failures + 1))

    def _appoint(self) -> None:
        if self._next is not None and self._agenda is not None:
            self._agenda.add(self._due_of(self._next), None)

    def _due_of(self, number: int) -> int:
        return self._first_ns + int(number * 1e9 / self._rate)

    def _on_due(self, again: tuple[int, int] | None, due: int) -> None:
        """A connection is due: one that is made again (its number, and failures in a row), or the next ones."""
        if self._stopped:
            return
        if again is None:
            self._dial_next()
        else:
            self._returning -= 1
            self._begin(again[0], self._terms_of(again[0]), due, again[1])

    def _dial_next(self) -> None:
        """Begin the connections that are due, a few at a time: sockets have their turn in between."""
        for _ in range(AT_ONCE):
            if self._next is None or self._stopped or (due := self._due_of(self._next)) > _now():
                break
            number, self._next = self._next, next(self._numbers, None)
            self._begin(number, self._terms_of(number), due, 0)
        self._appoint()

    def _terms_of(self, number: int) -> Terms:
        wire, does = self._part.wire, self._part.wire.does
        path = self._part.codec.path(wire.path).replace("{{room}}", str(number % does.rooms))
        path = path.replace("{{connection}}", str(number))
        found = self._terms.get(path)
        if found is None:
            offer = Offer() if wire.compression else None
            opening = Opening(wire.authority, path, wire.headers, does.subprotocols, offer)
            found = Terms(opening, does.max_message_bytes, self._keys)
            if "{{connection}}" not in wire.path:
                self._terms[path] = found
        return found
