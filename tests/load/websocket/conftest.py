"""Real WebSocket servers in a thread, and the engine of a worker driven in the test's own process."""

from __future__ import annotations

import asyncio
import gc
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import websockets.asyncio.server as server_side
from websockets.asyncio.server import Server, ServerConnection
from websockets.exceptions import ConnectionClosed

from brinell.core.histogram import Histogram
from brinell.core.load_records import Exemplar, GeneratorSecond, LoadSlice
from brinell.core.plan import WebSocketSpec
from brinell.core.socket_records import Deliveries, Disorder, Membership, SocketSecond
from brinell.load.engine.endpoint import Endpoint
from brinell.load.engine.engine import Limits
from brinell.load.engine.poller import poller
from brinell.load.engine.recorder import Recorder
from brinell.load.engine.stamps import stamped_here
from brinell.load.engine.traffic import Means
from brinell.load.shapes.constant import Constant
from brinell.load.websocket.asking import Asking
from brinell.load.websocket.broadcast import Broadcast
from brinell.load.websocket.codec import CODECS, Codec
from brinell.load.websocket.dialler import Part
from brinell.load.websocket.handshake import Opening
from brinell.load.websocket.link import Link, Terms
from brinell.load.websocket.population import CLOSING_NS, Population
from brinell.load.websocket.switchboard import Switchboard
from brinell.load.websocket.worker import SocketEngine
from brinell.load.wire import WireSocket

Serving = Callable[[ServerConnection], Awaitable[None]]
LEAD_S = {"broadcast": 0.6}  # servers take a moment from the upgrade to whoever they keep lists for
SHORT_S = 0.2  # where a message waits for a connection


async def echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


def to_all() -> Serving:
    """Return a handler that sends every message to everybody on the same path."""
    rooms: dict[str, set[ServerConnection]] = {}

    async def handler(connection: ServerConnection) -> None:
        room = rooms.setdefault(connection.request.path, set())
        room.add(connection)
        try:
            async for message in connection:
                server_side.broadcast(room, message)
        finally:
            room.discard(connection)

    return handler


class Circle:
    """Servers of the ``websockets`` library in a thread with a loop of its own; ``close`` ends all of it."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._servers: list[Server] = []
        self.codes: list[tuple[int | None, str | None]] = []

    def start(self, handler: Serving = echo, **options: Any) -> int:
        """Serve; return the port. ``options`` are those of ``websockets.serve``; nothing is compressed by default."""

        async def kept(connection: ServerConnection) -> None:
            try:
                await handler(connection)
            except ConnectionClosed:
                pass
            finally:
                await connection.wait_closed()
                self.codes.append((connection.close_code, connection.close_reason))

        async def begin() -> Server:
            given = {"compression": None, "close_timeout": 1, "ping_interval": None, "max_size": None} | options
            return await server_side.serve(kept, "127.0.0.1", 0, **given)

        made = asyncio.run_coroutine_threadsafe(begin(), self._loop).result(10)
        self._servers.append(made)
        return int(next(iter(made.sockets)).getsockname()[1])

    def close(self) -> None:
        """End every connection, server and the loop."""

        async def end() -> None:
            for one in self._servers:
                one.close()
                await one.wait_closed()

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


@dataclass
class Run:
    """What one run of a worker's engine gave."""

    population: Population
    engine: SocketEngine | None = None
    slices: list[LoadSlice] = field(default_factory=list)
    exemplars: list[Exemplar] = field(default_factory=list)
    seconds: list[SocketSecond] = field(default_factory=list)
    deliveries: list[Deliveries] = field(default_factory=list)
    disorder: list[Disorder] = field(default_factory=list)
    members: list[Membership] = field(default_factory=list)

    def report(self, told: list[Any]) -> None:
        """Take what the engine hands over once a second."""
        second = next(one.second for one in told if isinstance(one, GeneratorSecond))
        kinds = {
            LoadSlice: self.slices, Exemplar: self.exemplars, SocketSecond: self.seconds,
            Deliveries: self.deliveries, Disorder: self.disorder, Membership: self.members,
        }  # fmt: skip
        for one in [*told, *self.population.take(second)]:
            kinds.get(type(one), []).append(one)

    def outcomes(self, operation: str) -> dict[str, int]:
        """Counts by outcome."""
        counts: Counter[str] = Counter()
        for one in self.slices:
            if one.operation == operation:
                counts[one.outcome] += one.count
        return dict(counts)

    def service(self, operation: str) -> Histogram:
        """Times from the send."""
        merged = Histogram()
        for one in self.slices:
            if one.operation == operation:
                merged.add_sparse(one.service, one.max_service_ns)
        return merged

    def total(self, name: str) -> int:
        """The sum of one field of all seconds."""
        return sum(getattr(one, name) for one in self.seconds)

    def closes(self, *, own: bool = False) -> dict[str, int]:
        """Connections that ended, by close code."""
        counts: Counter[str] = Counter()
        for one in self.seconds:
            counts.update(one.own_closes if own else one.closes)
        return dict(counts)

    @property
    def expected(self) -> int:
        """Deliveries that were owed."""
        return sum(sum(one.expected) for one in self.deliveries)

    @property
    def received(self) -> int:
        """Deliveries that came."""
        return sum(sum(one.received) for one in self.deliveries)


def drive(
    port: int,
    connections: int = 3,
    rate: float = 100,
    duration: float = 0.3,
    *,
    worker: int = 0,
    workers: int = 1,
    path: str = "/",
    compression: bool = False,
    speaks: Codec | None = None,
    tls: ssl.SSLContext | None = None,
    timeout_s: float = 2.0,
    start_ns: int | None = None,
    lead_s: float | None = None,
    during: Callable[[SocketEngine], None] | None = None,
    grain_ns: int = 0,
    **fields: Any,
) -> Run:
    """Run one worker's engine in this process; ``fields`` are those of ``WebSocketSpec``."""
    does = WebSocketSpec(**{"connect_rate": 1000.0, "settle_s": 1.0} | fields)
    lead_s = LEAD_S.get(does.mode, SHORT_S) if lead_s is None else lead_s
    wire = WireSocket(does, path, f"127.0.0.1:{port}", (), connections, int(lead_s * 1e9), compression)
    part = Part(worker, workers, wire, speaks or CODECS[does.codec](), 1, int(timeout_s * 1e9))
    none: Any = Link
    endpoint = Endpoint(socket.AF_INET, ("127.0.0.1", port), tls, "localhost" if tls else None)
    patient = endpoint.tls is None and stamped_here()  # as a worker has it
    means = Means(poller(), endpoint, Recorder(worker), none, iter(()).__next__, patient=patient)
    population = Broadcast(means, part) if does.mode == "broadcast" else Asking(means, part)
    run = Run(population)
    shape = Constant(rate=rate, duration=duration)
    patience_ns = int(does.settle_s * 1e9) + CLOSING_NS
    dues = shape.due_ns(0, 1) if does.mode == "broadcast" else shape.due_ns(worker, workers)
    limits = Limits(worker, connections, patience_ns, int(duration * 1e9), grain_ns=grain_ns)
    engine = SocketEngine(means, limits, dues, run.report, population)
    run.engine = engine
    helper = threading.Thread(target=during, args=(engine,)) if during else None
    if helper:
        helper.start()
    gc.freeze()  # the engine collects before it begins: over the whole heap of a test run, that takes long
    engine.run(start_ns or time.monotonic_ns() + int((lead_s + 0.05) * 1e9))
    if helper:
        helper.join()
    return run


@pytest.fixture
def circle() -> Iterator[Circle]:
    made = Circle()
    made.drive = drive  # type: ignore[attr-defined]
    made.to_all = to_all  # type: ignore[attr-defined]
    yield made
    made.close()


@pytest.fixture
def board() -> Iterator[Callable[..., Switchboard]]:
    """Make switchboards to a port; ``options`` are those of ``Opening``."""
    made: list[Switchboard] = []

    def to(
        port: int,
        path: str = "/",
        *,
        tls: ssl.SSLContext | None = None,
        max_message: int = 1 << 20,
        timeout_s: float = 2.0,
        heard: Callable[..., None] | None = None,
        **options: Any,
    ) -> Switchboard:
        terms = Terms(Opening(f"127.0.0.1:{port}", path, **options), max_message)
        endpoint = Endpoint(socket.AF_INET, ("127.0.0.1", port), tls, "localhost" if tls else None)
        made.append(Switchboard(endpoint, terms, timeout_s=timeout_s, heard=heard))
        return made[-1]

    yield to
    for one in made:
        one.close()
