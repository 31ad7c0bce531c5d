"""The engine of the calibration: connecting is no part of what it counts."""

from __future__ import annotations

import contextlib
import socket
import threading
import time

import pytest

from brinell.core.histogram import Histogram
from brinell.core.load_records import LoadSlice
from brinell.load.calibration.bench import Bench
from brinell.load.drivers.http import Http
from brinell.load.engine.endpoint import Endpoint
from brinell.load.engine.engine import Limits
from brinell.load.engine.poller import poller
from brinell.load.engine.recorder import Recorder
from brinell.load.engine.traffic import Means
from brinell.load.engine.work import chooser
from brinell.load.shapes.constant import Constant
from brinell.load.wire import WireOperation

SLOW_S = 0.1  # what a first answer takes here: as a handshake, only longer


@pytest.fixture
def port():
    """A server that thinks before its first answer on a connection, and no more."""

    def talk(visitor):
        with visitor, contextlib.suppress(OSError):
            pause_s = SLOW_S
            while visitor.recv(65536):
                time.sleep(pause_s)
                pause_s = 0.0
                visitor.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    def accept():
        while True:
            try:
                visitor, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=talk, args=(visitor,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def bench(port, *, rate=None, connections=5):
    recorder, answers, driver = Recorder(0), Histogram(), Http()
    operations = driver.decode([WireOperation("x", 1.0, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")], recorder)
    means = Means(
        poller(),
        Endpoint(socket.AF_INET, ("127.0.0.1", port)),
        recorder,
        driver.connection(1),
        chooser(operations, 1, 0),
    )

    def report(told):
        for one in told:
            if isinstance(one, LoadSlice):
                answers.add_sparse(one.response, one.max_response_ns)

    dues = None if rate is None else Constant(rate=rate, duration=0.3).due_ns(0, 1)
    limits = Limits(0, connections, 10**10, int((0.3 if rate else 60.0) * 1e9))
    return Bench(means, limits, dues, report, busy_s=0.0 if rate else 0.2), answers


def test_whoever_is_always_busy_is_counted_from_when_all_are(port):
    engine, answers = bench(port)
    engine.run(time.monotonic_ns())
    seconds, cpu_s = engine.used
    assert seconds >= 0.2
    assert cpu_s > 0
    assert answers.count > 0


def test_first_requests_do_not_count_where_a_schedule_follows(port):
    engine, answers = bench(port, rate=100.0)
    assert engine.gather()
    engine.run(time.monotonic_ns())
    assert answers.count == 30


def test_connections_that_are_never_there_are_said():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        engine, _ = bench(silent.getsockname()[1], rate=100.0)
        assert not engine.gather()
