"""What one worker needs for a scenario's requests by itself, with the engine and the driver that the workers have."""

from __future__ import annotations

import importlib
import socket
import time
from collections.abc import Callable
from itertools import count
from typing import Any, NamedTuple

import msgspec

from brinell.core.generator_records import Calibrated
from brinell.core.histogram import Histogram
from brinell.core.load_records import Exemplar, LoadSlice
from brinell.core.outcomes import OK
from brinell.core.redact import one_line
from brinell.load.calibration.bench import CONNECT_S, Bench
from brinell.load.calibration.certificate import NAME
from brinell.load.calibration.order import BUSY_S, FEW, PACED_S, PACED_SHARE, TRIES, Null, Order, connections_of
from brinell.load.contract import Driver
from brinell.load.drivers.http2 import Http2
from brinell.load.drivers.http_exchange import ExchangeOperation
from brinell.load.engine.connection import Connection
from brinell.load.engine.endpoint import Endpoint
from brinell.load.engine.engine import Limits
from brinell.load.engine.patience import reads_late
from brinell.load.engine.poller import poller
from brinell.load.engine.recorder import Recorder
from brinell.load.engine.session import Send, Session, Sessions
from brinell.load.engine.traffic import Means
from brinell.load.engine.work import chooser
from brinell.load.shapes.constant import Constant
from brinell.load.wire import WireOperation, WorkerSpec

_PATIENCE_NS = 1_000_000_000
_PLAIN = WireOperation("calibration", 1.0, b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")


class _Ran(NamedTuple):
    """Answers, in so many seconds, and what of these either side had of a processor. ``why`` there were none."""

    answers: Histogram
    seconds: float
    cpu_s: float
    server_s: float | None
    why: str
    service: Histogram


def wires_of(spec: WorkerSpec) -> tuple[WireOperation, ...]:
    """Return the requests that are made."""
    return spec.operations or (_PLAIN,)


def in_streams(spec: WorkerSpec) -> bool:
    """Return whether they are made over HTTP/2."""
    return isinstance(_driver(spec), Http2)


def calibrated(order: Order, null: Null) -> Calibrated:
    """Return what the order's worker needs."""
    connections = connections_of(order.worker, order.worker.connections)
    ran = _run(order.worker, null, connections, None)
    for _ in range(TRIES - 1):
        if ran.answers.count:
            break
        ran = _run(order.worker, null, connections, None)
    if not ran.answers.count or ran.seconds <= 0:
        return Calibrated(skipped=f"not one of its requests was answered{f' ({ran.why})' if ran.why else ''}")
    busy = paced = ran
    most, cpu_ns = busy.answers.count / busy.seconds, busy.cpu_s * 1e9 / busy.answers.count
    rate, server_ns = 0.0, _waited_ns(busy, cpu_ns)
    if order.rate is not None:
        # With so few answers the machine stood still; then what each cost tells more than how many there were.
        reach = most if busy.answers.count >= FEW else 1e9 / max(1.0, cpu_ns)
        rate = min(order.rate, PACED_SHARE * reach)
        paced = _run(order.worker, null, connections, rate)
        server_ns = 0.0 if paced.server_s is None else paced.server_s * 1e9 / max(1, paced.answers.count)
    return Calibrated(
        seconds=busy.seconds + (paced.seconds if rate else 0.0),
        connections=connections,
        most_rate=most,
        cpu_ns=cpu_ns,
        rate=rate,
        response=paced.answers.sparse(),
        max_response_ns=paced.answers.max_ns,
        note=order.note,
        asked=order.asked,
        workers=order.workers,
        server_ns=server_ns,
        service=paced.service.sparse(),
        max_service_ns=paced.service.max_ns,
    )


def _waited_ns(busy: _Ran, cpu_ns: float) -> float:
    """Return what of a response time was the server's where every connection was busy: nothing as long as this side
    had no idle moment, however long the queue before it was.
    """
    idle = max(0.0, 1.0 - cpu_ns * busy.answers.count / (busy.seconds * 1e9))
    return idle * (busy.answers.mean_ns() or 0.0)


def _run(spec: WorkerSpec, null: Null, connections: int, rate: float | None) -> _Ran:
    """Run one worker's engine against the null server, at this rate or, None, as fast as it goes."""
    recorder = Recorder(0)
    driver = _driver(spec)
    plain = [msgspec.structs.replace(wire, described=None, expect=()) for wire in wires_of(spec)]
    answers, service, said = Histogram(), Histogram(), []

    def report(told: list[Any]) -> None:
        for one in told:
            if isinstance(one, LoadSlice) and one.outcome == OK:
                answers.add_sparse(one.response, one.max_response_ns)
                service.add_sparse(one.service, one.max_service_ns)
            elif isinstance(one, Exemplar) and one.outcome != OK:
                said.append(f"{one.outcome}: {one.detail}")

    connection = _connections(spec, driver)
    means = Means(
        poller(),
        Endpoint(socket.AF_INET, ("127.0.0.1", null.port), null.secure, NAME if null.secure else None),
        recorder,
        connection,
        chooser(driver.decode(plain, recorder), spec.seed, 0),
        _Alone(recorder) if spec.sessions is not None else None,
        count(),
        spec.keep_alive,
        patient=null.secure is None and reads_late(connection),
    )
    span_s = BUSY_S + CONNECT_S if rate is None else PACED_S
    dues = None if rate is None else Constant(rate=rate, duration=PACED_S).due_ns(0, 1)
    limits = Limits(0, connections, _PATIENCE_NS, int(span_s * 1e9))
    bench = Bench(means, limits, dues, report, busy_s=BUSY_S if rate is None else 0.0)
    if rate is not None and not bench.gather():
        return _Ran(answers, 0.0, 0.0, None, "connections that were not made", service)
    server_s = null.cpu_s()
    bench.run(time.monotonic_ns())
    until_s = null.cpu_s()
    seconds, cpu_s = bench.used or (0.0, 0.0)
    spent_s = None if server_s is None or until_s is None else until_s - server_s
    return _Ran(answers, seconds, cpu_s, spent_s, one_line(said[0], 120) if said else "", service)


def _driver(spec: WorkerSpec) -> Driver:
    module, _, name = spec.driver.partition(":")  # from the trial, which has it from a roster
    made: Driver = getattr(importlib.import_module(module), name)()
    return made


def _connections(spec: WorkerSpec, driver: Driver) -> Callable[..., Connection]:
    if spec.sessions is not None:
        return driver.exchange(spec.streams)
    return driver.connection(spec.streams) if spec.keep_alive else driver.once()


class _Alone(Sessions):
    """Sessions of one request: the least that any can cost."""

    def __init__(self, recorder: Recorder) -> None:
        self._operation = ExchangeOperation(_PLAIN.name, recorder)

    def begin(self, user: int) -> Session:
        """Return a session."""
        del user
        yield Send(self._operation, _PLAIN.request)
