"""The calibration's own process: ``python -P -m brinell.load.calibration.process``. It reads one ``Order``, forks the
null server, presses on it with the engine that the workers have, writes one ``Calibrated`` and ends.

First every connection is kept busy (what one worker can reach at most), then requests come at the scenario's own rate
(what a response time consists of when nobody needs any time for it).
"""

from __future__ import annotations

import contextlib
import importlib
import os
import resource
import select
import socket
import sys
import time
from collections.abc import Callable
from itertools import count
from typing import Any, NamedTuple

import msgspec

from brinell.core.generator_records import Calibrated
from brinell.core.histogram import Histogram
from brinell.core.load_records import LoadSlice
from brinell.load.calibration import null_server, null_socket_server, sockets
from brinell.load.calibration.order import BUSY_S, FEW, MOST_CONNECTIONS, PACED_S, PACED_SHARE, SPARE, TRIES, Order
from brinell.load.contract import Driver, Shape
from brinell.load.drivers.http_exchange import ExchangeOperation
from brinell.load.engine.connection import Connection
from brinell.load.engine.endpoint import Endpoint
from brinell.load.engine.engine import Engine, Limits
from brinell.load.engine.patience import reads_late
from brinell.load.engine.poller import poller
from brinell.load.engine.recorder import Recorder
from brinell.load.engine.session import Send, Session, Sessions
from brinell.load.engine.traffic import Means
from brinell.load.engine.work import chooser
from brinell.load.shapes.closed import Closed
from brinell.load.shapes.constant import Constant
from brinell.load.wire import WireOperation, WorkerSpec

_GREETING_S = 5.0
_PLAIN = WireOperation("calibration", 1.0, b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")


class _Ran(NamedTuple):
    histogram: Histogram
    seconds: float
    cpu_s: float


def main() -> int:
    """Do what the order on standard input says."""
    order = msgspec.json.decode(sys.stdin.buffer.readline(), type=Order)
    if not hasattr(select, "epoll"):
        sys.stdout.buffer.write(msgspec.json.encode(Calibrated(skipped="this system has no epoll")) + b"\n")
        return 0
    wires = order.worker.operations or (_PLAIN,)
    listening = null_server.listener()
    theirs, _ours = os.pipe()  # whose end tells the server that this process is gone
    if os.fork() == 0:
        os.close(_ours)
        if order.worker.socket is not None:
            null_socket_server.serve(listening, order.worker.socket.does.mode, theirs)
        null_server.serve(listening, [wire.request for wire in wires], theirs)
    os.close(theirs)
    port = listening.getsockname()[1]
    listening.close()
    if order.worker.socket is not None:
        _greet(port, null_socket_server.GREETING)
        found = sockets.calibrated(order, port)
    else:
        _greet(port, wires[0].request)
        found = _calibrated(order, wires, port)
    sys.stdout.buffer.write(msgspec.json.encode(found) + b"\n")
    return 0


def _greet(port: int, request: bytes) -> None:
    """Wait until the server answers: how long its process took to begin is no part of what is measured."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=_GREETING_S) as visitor:
        visitor.sendall(request)
        visitor.recv(1)


def _calibrated(order: Order, wires: tuple[WireOperation, ...], port: int) -> Calibrated:
    spec = order.worker
    connections = max(1, min(spec.connections, MOST_CONNECTIONS, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - SPARE))
    tries = (_run(spec, wires, port, connections, Closed(duration=BUSY_S)) for _ in range(TRIES))
    busy = next((ran for ran in tries if ran.histogram.count), None)
    if busy is None:
        return Calibrated(skipped="not one of its requests was answered")
    most = busy.histogram.count / busy.seconds
    paced, rate = busy, 0.0
    if order.rate is not None:
        # With so few answers the machine stood still; then what each cost tells more than how many there were.
        reach = most if busy.histogram.count >= FEW else 1e9 * busy.histogram.count / max(1.0, busy.cpu_s * 1e9)
        rate = min(order.rate, PACED_SHARE * reach)
        paced = _run(spec, wires, port, connections, Constant(rate=rate, duration=PACED_S))
    return Calibrated(
        seconds=busy.seconds + (paced.seconds if rate else 0.0),
        connections=connections,
        most_rate=most,
        cpu_ns=busy.cpu_s * 1e9 / busy.histogram.count,
        rate=rate,
        response=paced.histogram.sparse(),
        max_response_ns=paced.histogram.max_ns,
        note=order.note,
        asked=order.asked,
        workers=order.workers,
    )


def _run(spec: WorkerSpec, wires: tuple[WireOperation, ...], port: int, connections: int, shape: Shape) -> _Ran:
    """Run one worker's engine against the null server."""
    recorder = Recorder(0)
    module, _, name = spec.driver.partition(":")  # from the trial, which has it from a roster
    driver: Driver = getattr(importlib.import_module(module), name)()
    plain = [msgspec.structs.replace(wire, described=None, expect=()) for wire in wires]
    operations = driver.decode(plain, recorder)
    answers = Histogram()

    def report(told: list[Any]) -> None:
        for one in told:
            if isinstance(one, LoadSlice):
                answers.add_sparse(one.response, one.max_response_ns)

    connection = _connections(spec, driver)
    means = Means(
        poller(),
        Endpoint(socket.AF_INET, ("127.0.0.1", port)),
        recorder,
        connection,
        chooser(operations, spec.seed, 0),
        _Alone(recorder) if spec.sessions is not None else None,
        count(),
        spec.keep_alive,
        patient=reads_late(connection),
    )
    limits = Limits(0, connections, 1_000_000_000, int(shape.span_s * 1e9))
    engine = Engine(means, limits, shape.due_ns(0, 1), report)
    began, cpu_s = time.monotonic_ns(), time.process_time()
    engine.run(began)
    return _Ran(answers, (time.monotonic_ns() - began) / 1e9, time.process_time() - cpu_s)


def _connections(spec: WorkerSpec, driver: Driver) -> Callable[..., Connection]:
    if spec.sessions is not None:
        return driver.exchange(1)
    return driver.connection(1) if spec.keep_alive else driver.once()


class _Alone(Sessions):
    """Sessions of one request: the least that any can cost."""

    def __init__(self, recorder: Recorder) -> None:
        self._operation = ExchangeOperation(_PLAIN.name, recorder)

    def begin(self, user: int) -> Session:
        """Return a session."""
        del user
        yield Send(self._operation, _PLAIN.request)


if __name__ == "__main__":
    sys.exit(main())
