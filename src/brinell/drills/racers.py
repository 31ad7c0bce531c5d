"""Requests that are sent but for their last byte, and then released together.

Over HTTP/1.1 each has a connection of its own, and the last bytes leave one ``send`` after the other. Over HTTP/2 all
are streams of one connection, and what ends them leaves in one ``send``: the service gets it in one piece.
"""

from __future__ import annotations

import select
import time
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from brinell.drills.chorus import Chorus
from brinell.drills.wire import OPEN, Wire
from brinell.drills.witness import Witness
from brinell.load.engine.endpoint import Endpoint


class Answer(NamedTuple):
    """What came of one request. ``status`` 0: no whole answer, ``why`` says why. ``ready``: it was there in time."""

    status: int
    body: bytes
    first_byte_ns: int
    why: str
    ready: bool = True


class Racers(Protocol):
    """The requests of one round."""

    @property
    def wires(self) -> Sequence[Wire]:
        """Their connections."""
        ...

    @property
    def ready(self) -> bool:
        """Whether all are out but for their last byte, or never will be."""
        ...

    @property
    def over(self) -> bool:
        """Whether all have ended."""
        ...

    def release(self) -> tuple[int, int]:
        """Send the last bytes; return when the first and the last of them went out."""
        ...

    def answers(self) -> list[Answer]:
        """Return what came of each request, in their order."""
        ...


class Separate:
    """Each on its own connection, opened ``pause_s`` after the one before: of many at the same moment one process that
    happens to be awake takes them all. ``bodiless``: requests whose answers have no body (HEAD).
    """

    def __init__(self, endpoint: Endpoint, requests: Sequence[bytes], pause_s: float = 0.0) -> None:
        self.wires: list[Witness] = []
        self._requests = requests
        self._held: set[int] = set()  # those that are out but for their last byte
        for _ in requests:
            self.wires.append(Witness(endpoint))
            if pause_s:
                time.sleep(pause_s)

    @property
    def ready(self) -> bool:
        """Whether all are out but for their last byte, or never will be."""
        for number, wire in enumerate(self.wires):
            if wire.connected and wire.state == OPEN and number not in self._held:
                self._held.add(number)
                wire.send(self._requests[number][:-1], bodiless=self._requests[number].startswith(b"HEAD "))
        return all(wire.connected or wire.state != OPEN for wire in self.wires)

    @property
    def over(self) -> bool:
        """Whether all have ended; what never stood is not waited for."""
        return not any(wire.state == OPEN and wire.connected and not wire.answers for wire in self.wires)

    def release(self) -> tuple[int, int]:
        """Send the last bytes; return when the first and the last of them went out."""
        lasts = [(self.wires[number].finish, self._requests[number][-1:]) for number in sorted(self._held)]
        first = time.monotonic_ns()
        for finish, last in lasts:
            finish(last)
        return first, time.monotonic_ns()

    def answers(self) -> list[Answer]:
        """Return what came of each request."""
        return [
            Answer(wire.status, wire.body, wire.first_byte_ns, "", ready=number in self._held)
            if wire.answers
            else Answer(0, b"", wire.first_byte_ns, wire.why or wire.state, ready=number in self._held)
            for number, wire in enumerate(self.wires)
        ]


class Together:
    """All on one connection, as streams of HTTP/2. ``endpoint`` has to agree on it (ALPN)."""

    def __init__(self, endpoint: Endpoint, requests: Sequence[bytes]) -> None:
        self._chorus = Chorus(endpoint, requests)
        self.wires = [self._chorus]

    @property
    def ready(self) -> bool:
        """Whether all are out but for their last byte, or never will be."""
        return self._chorus.ready or self._chorus.state != OPEN

    @property
    def over(self) -> bool:
        """Whether all have ended."""
        return self._chorus.over or self._chorus.state != OPEN

    def release(self) -> tuple[int, int]:
        """End all streams in one send; return when it began and ended."""
        ends = self._chorus.ends()
        first = time.monotonic_ns()
        self._chorus.finish(ends)
        return first, time.monotonic_ns()

    def answers(self) -> list[Answer]:
        """Return what came of each request."""
        chorus = self._chorus
        why = chorus.why or chorus.state
        return [
            Answer(voice.status, bytes(voice.body), voice.first_byte_ns, "")
            if voice.over
            else Answer(0, b"", voice.first_byte_ns, voice.why or why, ready=voice.sung)
            for voice in chorus.voices
        ]


def serve(wires: Sequence[Wire], timeout_s: float) -> None:
    """Wait a little for what comes, and take it."""
    waiting = [wire for wire in wires if wire.state == OPEN]
    poll = select.poll()
    for wire in waiting:
        poll.register(wire.fileno(), select.POLLIN if wire.connected else select.POLLIN | select.POLLOUT)
    if waiting:
        poll.poll(timeout_s * 1000)
    for wire in waiting:
        wire.look()
