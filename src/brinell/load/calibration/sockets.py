"""What one worker needs for a WebSocket scenario's messages by itself, with the population that the workers have.

Where messages are answered: as for requests, first every connection is busy, then messages fall due at the scenario's
own rate. Where they are broadcast: what receiving one costs. How long it takes is no part of that, because what a
broadcast takes is, for the most part, the server's sending it to one after the other.
"""

from __future__ import annotations

import math
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from brinell.core.errors import UsageError
from brinell.core.generator_records import Calibrated
from brinell.core.histogram import Histogram
from brinell.core.load_records import LoadSlice
from brinell.core.outcomes import OK
from brinell.core.socket_records import ECHO, REPLY
from brinell.load.calibration.certificate import NAME
from brinell.load.calibration.order import BUSY_S, PACED_S, PACED_SHARE, TRIES, Null, Order, connections_of, size_of
from brinell.load.engine.connection import Connection
from brinell.load.engine.endpoint import Endpoint
from brinell.load.engine.engine import Limits
from brinell.load.engine.poller import poller
from brinell.load.engine.recorder import Recorder
from brinell.load.engine.stamps import stamped_here
from brinell.load.engine.traffic import Means
from brinell.load.shapes.constant import Constant
from brinell.load.websocket import codec
from brinell.load.websocket.asking import Asker, Asking
from brinell.load.websocket.broadcast import Broadcast
from brinell.load.websocket.dialler import Part
from brinell.load.websocket.member import Member
from brinell.load.websocket.population import Population
from brinell.load.websocket.worker import BROADCAST, SocketEngine
from brinell.load.wire import WireSocket

DELIVERIES_S = 40_000  # a second: less than half of what a core receives
LEAST_PUBLISHED_S, MOST_PUBLISHED_S = 10.0, 1000.0
BYTES_S = 100e6  # broadcast
_CONNECT_RATE, _SECURE_RATE = 5000.0, 1000.0
_LEAD_S = 0.1  # from the last connection to the first message
_PATIENCE_NS = 1_000_000_000
_SPARE_BYTES = 1024  # of a message, for what its codec puts around it
_now = time.monotonic_ns


class _Spent(NamedTuple):
    """``cpu_s`` of ``seconds``, for so many messages that came to their end; ``server_s`` is what the server had."""

    seconds: float = 0.0
    cpu_s: float = 0.0
    messages: int = 0
    server_s: float = 0.0


class _Accounted(Population):
    """Notes what it has spent as long as messages are under way: neither connecting nor closing is part of it."""

    used = _Spent()
    null: Null | None = None
    _from: tuple[int, float, float] = (0, 0.0, 0.0)

    def begin(self) -> None:
        """The schedule starts."""
        super().begin()
        self._from = _now(), time.process_time(), self._server_s()

    def tick(self, now: int, limit_ns: int) -> None:
        """As every population."""
        if self._from[0] and not self._leaving_ns and (now < self.until_ns or not self.quiet):
            self.settle(now)
            since, cpu_s, server_s = self._from
            spent_s = time.process_time() - cpu_s
            self.used = _Spent((now - since) / 1e9, spent_s, self.ended(), self._server_s() - server_s)
        super().tick(now, limit_ns)

    def _server_s(self) -> float:
        return (self.null.cpu_s() if self.null is not None else None) or 0.0

    def ended(self) -> int:
        """Messages that came to their end."""
        return self.completed


class _Busy(_Accounted, Asking):
    """Whoever has an answer asks again at once."""

    def begin(self) -> None:
        """All who are there begin."""
        super().begin()
        for link in [*self.members]:
            self._on(link)

    def entered(self, link: Member, now: int) -> None:
        """One who comes later."""
        super().entered(link, now)
        if self._from[0]:
            self._on(link)

    def echoed(self, link: Asker, size: int, now: int) -> None:
        """An answer by the short way."""
        super().echoed(link, size, now)
        self._on(link)

    def stamped(self, link: Asker, stamp: bytes, size: int) -> None:
        """One whose arrival the system noted."""
        super().stamped(link, stamp, size)
        self._on(link)

    def heard(self, link: Member, payload: bytes, now: int) -> None:
        """Any other."""
        super().heard(link, payload, now)
        self._on(link)

    def _on(self, link: Member) -> None:
        now = _now()
        if now < self.until_ns and link.rest is None and link.fd >= 0 and isinstance(link, Asker):
            self._ask(link, now, now)


class _Hearing(_Accounted, Broadcast):
    """Counts deliveries."""

    def ended(self) -> int:
        """What came to receivers."""
        return self.book.came


class _Paced(_Accounted, Asking):
    """Messages as they fall due."""


class _Ran(NamedTuple):
    used: _Spent
    answers: Histogram
    service: Histogram


def calibrated(order: Order, null: Null) -> Calibrated:
    """Return what the order's worker needs."""
    wire = order.worker.socket
    if wire is None:
        raise TypeError("no WebSocket scenario")
    try:
        bench = _Bench(order, wire, null)
        return bench.broadcast() if wire.does.mode == BROADCAST else bench.answers()
    except UsageError as error:
        return Calibrated(skipped=f"it did not work: {error}")


class _Bench:
    def __init__(self, order: Order, wire: WireSocket, null: Null) -> None:
        self._order = order
        self._wire = wire
        self._null = null
        self._codec = _quiet(codec.named(wire.does.codec, Path(wire.root), "[[load]]"))

    def answers(self) -> Calibrated:
        """Messages and their answers."""
        order = self._order
        connections = connections_of(order.worker, order.worker.connections)
        tries = (self._run(_Busy, connections, iter(()), BUSY_S) for _ in range(TRIES))
        busy = next((ran for ran in tries if ran.used.messages), None)
        if busy is None:
            return Calibrated(skipped="not one of its messages was answered")
        used = busy.used
        most = used.messages / used.seconds
        paced, rate = busy, 0.0
        if order.rate is not None:
            rate = min(order.rate, PACED_SHARE * most)
            paced = self._run(_Paced, connections, _dues(rate), PACED_S)
        return Calibrated(
            seconds=used.seconds + (paced.used.seconds if rate else 0.0),
            connections=connections,
            most_rate=most,
            cpu_ns=used.cpu_s * 1e9 / used.messages,
            rate=rate,
            response=paced.answers.sparse(),
            max_response_ns=paced.answers.max_ns,
            note=order.note,
            asked=order.asked,
            workers=order.workers,
            service=paced.service.sparse(),
            max_service_ns=paced.service.max_ns,
            server_ns=paced.used.server_s * 1e9 / max(1, paced.used.messages),
        )

    def broadcast(self) -> Calibrated:
        """What a message costs a worker that has all its receivers: several share that."""
        order = self._order
        receivers = self._wire.connections / self._wire.does.rooms  # of one message
        connections = connections_of(order.worker, math.ceil(receivers / order.workers))
        rate = min(DELIVERIES_S, BYTES_S / size_of(self._wire)) / connections
        rate = min(MOST_PUBLISHED_S, max(LEAST_PUBLISHED_S, rate))
        tries = (self._run(_Hearing, connections, _dues(rate), PACED_S).used for _ in range(TRIES))
        used = next((one for one in tries if one.messages and one.cpu_s > 0), None)
        if used is None:
            return Calibrated(skipped="not one of its messages was delivered")
        cost_s = used.cpu_s / used.messages * receivers
        return Calibrated(
            seconds=used.seconds,
            connections=connections,
            most_rate=1 / cost_s,
            cpu_ns=cost_s * 1e9,
            note=order.note,
            asked=order.asked,
            workers=order.workers,
        )

    def _run(self, kind: type[_Accounted], connections: int, dues: Iterator[int], duration_s: float) -> _Ran:
        """Run one worker's engine against the null server."""
        spec = self._order.worker
        secure = self._null.secure
        rate = _CONNECT_RATE if secure is None else _SECURE_RATE
        lead_ns = int((connections / rate + _LEAD_S) * 1e9)
        wire = _plain(self._wire, connections, lead_ns, rate)
        endpoint = Endpoint(socket.AF_INET, ("127.0.0.1", self._null.port), secure, None if secure is None else NAME)
        none: Any = Connection
        patient = secure is None and stamped_here()
        means = Means(poller(), endpoint, Recorder(0), none, iter(()).__next__, patient=patient)
        population = kind(means, Part(0, 1, wire, self._codec, spec.seed, _PATIENCE_NS))
        population.null = self._null
        answers, service = Histogram(), Histogram()

        def report(told: list[Any]) -> None:
            population.take(0)
            for one in told:
                if isinstance(one, LoadSlice) and one.operation in {ECHO, REPLY} and one.outcome == OK:
                    answers.add_sparse(one.response, one.max_response_ns)
                    service.add_sparse(one.service, one.max_service_ns)

        limits = Limits(0, connections, _PATIENCE_NS, int(duration_s * 1e9), grain_ns=spec.grain_ns)
        SocketEngine(means, limits, dues, report, population).run(_now() + lead_ns)
        return _Ran(population.used, answers, service)


def _dues(rate: float) -> Iterator[int]:
    return Constant(rate=rate, duration=PACED_S).due_ns(0, 1)


def _plain(wire: WireSocket, connections: int, lead_ns: int, rate: float) -> WireSocket:
    """Return the scenario with its messages and nothing beside them, its connections made at ``rate``."""
    does = msgspec.structs.replace(
        wire.does, rooms=1, publishers=1, publisher_hears=True, join=None, joined=None, subprotocols=(), ping_s=0.0,
        slow_share=0.0, reconnect_s=None, settle_s=1.0, connect_rate=rate,
        max_message_bytes=max(wire.does.max_message_bytes, size_of(wire) + _SPARE_BYTES),
    )  # fmt: skip
    return msgspec.structs.replace(
        wire, does=does, path="/", authority="127.0.0.1", headers=(), connections=connections, lead_ns=lead_ns,
        compression=False,
    )  # fmt: skip


def _quiet(kind: type[codec.Codec]) -> codec.Codec:
    """Return the codec without its greeting: the null server knows no answer to it."""
    made: codec.Codec = type(kind.__name__, (kind,), {"greeting": None})()
    return made
