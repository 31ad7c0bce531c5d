"""Real servers on loopback that behave as told, and the engine driven inside the test's own process."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, Event, StreamEnded
from h2.settings import SettingCodes, Settings

from brinell.core.histogram import Histogram
from brinell.core.load_records import Exemplar, GeneratorSecond, LoadSlice
from brinell.core.plan import LoadSpec, RequestSpec
from brinell.load.drivers.http import Http
from brinell.load.engine.endpoint import Endpoint
from brinell.load.engine.engine import Engine, Limits
from brinell.load.engine.limited import NO_BOUNDS, Bounds
from brinell.load.engine.poller import poller
from brinell.load.engine.recorder import Recorder
from brinell.load.engine.session import Sessions
from brinell.load.engine.traffic import Means
from brinell.load.engine.work import chooser
from brinell.load.shapes.closed import Closed
from brinell.load.shapes.constant import Constant
from brinell.subject.targets import Target as Checked

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Lab:
    """Servers in one thread with a loop of its own, and the engine to drive against them.

    ``close`` waits until nothing is left of them.
    """

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._servers: list[asyncio.Server] = []
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, handler: Handler, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> int:
        """Serve connections with ``handler``; return the port."""

        def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = self._loop.create_task(self._handle(handler, reader, writer))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            # Not in the task: one that is cancelled before its first step runs none of its code.
            task.add_done_callback(lambda _: writer.transport.abort())

        async def begin() -> asyncio.Server:
            return await asyncio.start_server(connected, host, 0, ssl=tls, limit=1 << 20, backlog=512)

        server = asyncio.run_coroutine_threadsafe(begin(), self._loop).result(10)
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    def close(self) -> None:
        """End every connection, server and the loop."""

        async def end() -> None:
            # Whoever has connected becomes a task first: a server closed under a connection just accepted loses it.
            await turns()
            for server in self._servers:
                server.close()
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await turns()  # aborted transports close their sockets

        async def turns() -> None:
            for _ in range(5):
                await asyncio.sleep(0)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @staticmethod
    async def _handle(handler: Handler, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError, TimeoutError):
            await handler(reader, writer)


@dataclass
class Outcome:
    """What one run of the engine gave."""

    engine: Engine
    slices: list[LoadSlice] = field(default_factory=list)
    exemplars: list[Exemplar] = field(default_factory=list)
    seconds: list[GeneratorSecond] = field(default_factory=list)

    @property
    def outcomes(self) -> dict[str, int]:
        counts: Counter[str] = Counter()
        for one in self.slices:
            counts[one.outcome] += one.count
        return dict(counts)

    @property
    def details(self) -> str:
        return " / ".join(one.detail for one in self.exemplars)

    def response(self) -> Histogram:
        merged = Histogram()
        for one in self.slices:
            merged.add_sparse(one.response, one.max_response_ns)
        return merged

    def service(self) -> Histogram:
        merged = Histogram()
        for one in self.slices:
            merged.add_sparse(one.service, one.max_service_ns)
        return merged


def drive(
    port: int,
    shape: Constant | Closed,
    *requests: RequestSpec,
    connections: int = 4,
    timeout_s: float = 2.0,
    tls: ssl.SSLContext | None = None,
    tls_name: str = "localhost",
    during: Callable[[Engine], None] | None = None,
    late_s: float = -0.01,
    sessions: Callable[[Recorder], Sessions] | None = None,
    version: str = "1.1",
    streams: int = 1,
    bounds: Bounds = NO_BOUNDS,
    patient: bool = False,
) -> Outcome:
    """Run one worker's engine in this process. ``during`` is called in a thread once a request was begun. ``sessions``
    take the place of requests. ``patient``: answers may be read late, as the worker decides where they are stamped.
    """
    checked = Checked("https" if tls else "http", "127.0.0.1", port, ("127.0.0.1",))
    spec = LoadSpec(
        name="test", shape={}, url=f"{checked.scheme}://127.0.0.1:{port}", requests=requests or (RequestSpec(),)
    )
    recorder = Recorder(0)
    driver = Http().speaking(version)
    operations = driver.decode(driver.encode(spec, checked, Path()), recorder)
    result: Outcome

    def report(told: list[Any]) -> None:
        result.slices += [one for one in told if isinstance(one, LoadSlice)]
        result.exemplars += [one for one in told if isinstance(one, Exemplar)]
        result.seconds += [one for one in told if isinstance(one, GeneratorSecond)]

    means = Means(
        poller(),
        Endpoint(socket.AF_INET, ("127.0.0.1", port), tls, tls_name if tls else None),
        recorder,
        driver.exchange(streams) if sessions else driver.connection(streams),
        chooser(operations, 1, 0),
        sessions(recorder) if sessions else None,
        itertools.count(),
        patient=patient,
    )
    limits = Limits(0, connections, int(timeout_s * 1e9), int(shape.span_s * 1e9), bounds)
    engine = Engine(means, limits, shape.due_ns(0, 1), report)
    result = Outcome(engine)
    over = threading.Event()

    def beside() -> None:
        while not engine.scheduled and not over.wait(0.001):
            pass
        if during:
            during(engine)

    helper = threading.Thread(target=beside)
    if during:
        helper.start()
    # The engine collects before it begins: over the whole heap of a test run, that may take longer than its schedule.
    gc.freeze()
    engine.run(time.monotonic_ns() - int(late_s * 1e9))
    over.set()
    if during:
        helper.join()
    return result


async def read_request(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Read one request's head and body; IncompleteReadError at the connection's end."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")), 0
    )
    return head, await reader.readexactly(length)


def always(answer: bytes) -> Handler:
    """Answer every request of a connection with these bytes."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await read_request(reader)
            writer.write(answer)
            await writer.drain()

    return handler


def ok(body: bytes = b"hello", *headers: bytes, status: bytes = b"200 OK") -> bytes:
    """A plain answer with a length."""
    lines = [b"HTTP/1.1 " + status, b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


Answering = Callable[[H2Connection, Event, asyncio.StreamWriter], Awaitable[None]]


async def answer_hello(machine: H2Connection, event: Event, _writer: asyncio.StreamWriter) -> None:
    """Answer every request of HTTP/2 that has come whole."""
    if isinstance(event, StreamEnded):
        machine.send_headers(event.stream_id, [(":status", "200"), ("content-length", "5"), ("server", "lab")])
        machine.send_data(event.stream_id, b"hello", end_stream=True)


def http2(answer: Answering = answer_hello, settings: dict[SettingCodes, int] | None = None) -> Handler:
    """Serve HTTP/2 with h2's own state machine; ``answer`` is told of everything that happens."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        machine = H2Connection(H2Configuration(client_side=False))
        if settings:
            machine.local_settings = Settings(client=False, initial_values=settings)
        machine.initiate_connection()
        writer.write(machine.data_to_send())
        while data := await reader.read(65536):
            for event in machine.receive_data(data):
                if isinstance(event, DataReceived):
                    machine.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                await answer(machine, event, writer)
            writer.write(machine.data_to_send())
            await writer.drain()

    return handler


Lab.drive = staticmethod(drive)
Lab.http2 = staticmethod(http2)
Lab.answer_hello = staticmethod(answer_hello)
Lab.read_request = staticmethod(read_request)
Lab.always = staticmethod(always)
Lab.ok = staticmethod(ok)


@pytest.fixture
def lab() -> Iterator[Lab]:
    made = Lab()
    yield made
    made.close()


@pytest.fixture(scope="module")
def lab_once() -> Iterator[Lab]:
    """As ``lab``, for servers that several tests look at."""
    made = Lab()
    yield made
    made.close()


@pytest.fixture
def server_tls(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate[1], certificate[0])
    return context


@pytest.fixture
def client_tls(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate[1]))
