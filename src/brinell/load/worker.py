"""One worker process: ``python -P -m brinell.load.worker``, started by the trial, speaking ``wire`` over its pipes.

It never waits for its reader: what does not fit into the pipe is kept and written later, so that a slow trial costs
memory and not schedule. If the trial goes away, standard input ends and so does the worker, at once.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib
import os
import resource
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import count, islice
from typing import Any

import msgspec

from brinell.load import tls
from brinell.load.contract import Driver, Shape
from brinell.load.engine.connection import Connection, Host
from brinell.load.engine.endpoint import Endpoint
from brinell.load.engine.engine import Engine, Limits
from brinell.load.engine.limited import Bounds
from brinell.load.engine.patience import reads_late
from brinell.load.engine.poller import READ, Poller, poller
from brinell.load.engine.recorder import Recorder
from brinell.load.engine.session import Sessions, Stage
from brinell.load.engine.traffic import Means
from brinell.load.engine.work import chooser
from brinell.load.shapes.closed import Closed
from brinell.load.wire import Done, Go, Ready, Stop, ToWorker, WorkerSpec

_SPARE_DESCRIPTORS = 64
_PIPE_BYTES = 1 << 20
_KEPT_BYTES = 1 << 20  # of a body that a session reads
_KEPT_TOGETHER_BYTES = 256 << 20  # of all that connections keep at once
_ORPHANED = 3  # exit status: the trial went away


def main() -> int:
    """Serve one scenario and end."""
    line = sys.stdin.buffer.readline()
    if not line:
        return _ORPHANED
    spec = msgspec.json.decode(line, type=ToWorker)
    if not isinstance(spec, WorkerSpec):
        raise TypeError("the first line is the worker's specification")
    Worker(spec).serve()
    return 0


class Worker:
    """A specification turned into an engine, and the two pipes."""

    def __init__(self, spec: WorkerSpec) -> None:
        self._spec = spec
        self._poller: Poller = poller()
        self._out = Outbox(sys.stdout.fileno())
        self._in = Inbox(sys.stdin.fileno())
        self._poller.add(sys.stdin.fileno(), READ, self._on_word)
        self._start_ns: int | None = None
        allow_descriptors(spec.connections + _SPARE_DESCRIPTORS)
        self._recorder = Recorder(spec.worker)
        shape: Shape = msgspec.convert(spec.shape_options, named(spec.shape))
        driver: Driver = named(spec.driver)()
        sessions = self._sessions(closed=shape.model == "closed")
        connection = self._connections(driver, in_sessions=sessions is not None)
        context = None if spec.tls_name is None else tls.context(verify=spec.verify_tls)
        means = Means(
            self._poller,
            Endpoint(spec.family, spec.address, context, spec.tls_name),
            self._recorder,
            connection,
            chooser(driver.decode(spec.operations, self._recorder), spec.seed, spec.worker),
            sessions,
            count(spec.worker, spec.workers),
            spec.keep_alive,
            patient=spec.tls_name is None and reads_late(connection),
        )
        span_ns = spec.span_ns or int(shape.span_s * 1e9)
        limits = Limits(spec.worker, spec.connections, spec.timeout_ns, span_ns, bounds(spec, shape), spec.grain_ns)
        self._engine = Engine(means, limits, dues(spec, shape), self._out.put)

    def serve(self) -> None:
        """Say ready, wait for the start, work, say what came of it."""
        spec = self._spec
        self._out.put([Ready(spec.worker)])
        while self._start_ns is None:
            for _ in self._poller.wait(1_000_000_000):
                self._on_word(READ)
        ended_ns = self._engine.run(self._start_ns)
        engine = self._engine
        done = Done(
            spec.worker, engine.scheduled, self._recorder.completed, engine.unfinished, ended_ns, *engine.in_span
        )
        self._out.put([done])
        self._out.drain()

    def _connections(self, driver: Driver, *, in_sessions: bool) -> Callable[[Host], Connection]:
        spec = self._spec
        if in_sessions:
            return driver.exchange(spec.streams)
        return driver.connection(spec.streams) if spec.keep_alive else driver.once()

    def _sessions(self, *, closed: bool) -> Sessions | None:
        """Return what this worker's users do; None where operations never change."""
        spec = self._spec
        if spec.sessions is None:
            return None
        keep_bytes = min(_KEPT_BYTES, _KEPT_TOGETHER_BYTES // spec.connections)
        told = (spec.seed, self._recorder, closed, spec.verify_tls, keep_bytes, spec.fresh)
        stage = Stage(spec.worker, spec.workers, *told)
        made: Sessions = named(spec.sessions.factory)(spec.sessions.options, stage)
        return made

    def _on_word(self, events: int) -> None:  # noqa: ARG002 - a handler
        for word in self._in.words():
            if word is None:
                os._exit(_ORPHANED)  # nobody is left to tell; sockets and memory go with the process
            elif isinstance(word, Go):
                self._start_ns = word.start_ns
            elif isinstance(word, Stop):
                self._start_ns = self._start_ns or 0
                self._engine.stop()


class Inbox:
    """Lines from the trial."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._held = b""

    def words(self) -> Sequence[ToWorker | None]:
        """Read what is there; None stands for the pipe's end."""
        data = os.read(self._fd, 65536)
        if not data:
            return [None]
        *lines, self._held = (self._held + data).split(b"\n")
        return [msgspec.json.decode(line, type=ToWorker) for line in lines]


class Outbox:
    """Lines to the trial, written without ever waiting until ``drain``."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._held = b""
        self._encoder = msgspec.json.Encoder()
        os.set_blocking(fd, False)
        with contextlib.suppress(AttributeError, OSError):  # Linux only, and bounded by a system limit
            fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)

    def put(self, messages: Sequence[Any]) -> None:
        """Queue messages and write what fits."""
        self._held += self._encoder.encode_lines(messages)
        with contextlib.suppress(BlockingIOError):
            while self._held:
                self._held = self._held[os.write(self._fd, self._held) :]

    def drain(self) -> None:
        """Write the rest, waiting for the reader."""
        os.set_blocking(self._fd, True)
        self.put([])


def dues(spec: WorkerSpec, shape: Shape) -> Iterator[int] | None:
    """Return this worker's due times, no more of them than it may begin; None in a closed model."""
    found = shape.due_ns(spec.worker, spec.workers)
    partly = spec.sessions is not None and spec.sessions.partly
    return found if found is None or partly else islice(found, spec.requests)


def bounds(spec: WorkerSpec, shape: Shape) -> Bounds:
    """Return what limits this worker, beside time and connections."""
    think, rate = (shape.think, shape.user_rate) if isinstance(shape, Closed) else ((0.0, 0.0), None)
    return Bounds(
        shed_ns=spec.shed_ns,
        requests=spec.requests,
        think_ns=(int(think[0] * 1e9), int(think[1] * 1e9)),
        gap_ns=int(1e9 / rate) if rate else 0,
        seed=f"{spec.seed}:{spec.worker}",
    )


def named(name: str) -> Any:
    """Import ``module:Class``. The name comes from the trial, which has it from a roster."""
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)


def allow_descriptors(wanted: int) -> None:
    """Raise the soft limit of this process as far as it needs and may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))


if __name__ == "__main__":
    sys.exit(main())
