"""One worker of ``driver = "websocket"``: ``python -P -m brinell.load.websocket.worker``, speaking ``wire``.

Its engine is that of every worker, with a population of connections for its traffic. What differs is before the start:
connections are made then, by a schedule of their own, in seconds below 0.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from itertools import islice, takewhile
from pathlib import Path
from typing import Any

import msgspec

from brinell.core.errors import UsageError
from brinell.core.load_records import GeneratorSecond
from brinell.load import tls
from brinell.load.contract import Shape
from brinell.load.engine.connection import Connection
from brinell.load.engine.endpoint import Endpoint
from brinell.load.engine.engine import SECOND_NS, TICK_NS, Engine, Limits, Report
from brinell.load.engine.poller import READ, Poller, poller
from brinell.load.engine.recorder import Recorder
from brinell.load.engine.stamps import stamped_here
from brinell.load.engine.traffic import Means
from brinell.load.websocket import codec
from brinell.load.websocket.asking import Asking
from brinell.load.websocket.broadcast import Broadcast
from brinell.load.websocket.dialler import Part
from brinell.load.websocket.population import CLOSING_NS, Population
from brinell.load.wire import Done, Go, Ready, Refusal, Stop, WireSocket, WorkerSpec
from brinell.load.worker import Inbox, Outbox, allow_descriptors, named

_ORPHANED = 3  # exit status: the trial went away
_SPARE_DESCRIPTORS = 64
BROADCAST = "broadcast"
_now = time.monotonic_ns


class SocketEngine(Engine):
    """The engine over a population that was made beforehand."""

    def __init__(
        self, means: Means, limits: Limits, dues: Iterator[int], report: Report, population: Population
    ) -> None:
        super().__init__(means, limits, dues, report)
        self._traffic = self._population = population

    def _wait_until(self, moment_ns: int) -> None:
        """Make connections until the schedule starts; what is not through by then goes on beside it."""
        population, pacer = self._population, self._pacer
        now = tick = _now()
        if not self._stopped:
            population.prepare(moment_ns)
        if self._stopped or now >= moment_ns:
            return
        self._second = (now - moment_ns) // SECOND_NS
        while now < moment_ns and not self._stopped:
            if now >= moment_ns + (self._second + 1) * SECOND_NS:
                self._end_second()
            if pacer.next_ns <= now:
                for due in pacer.due_by(now):
                    raise AssertionError(f"a message is due at {due}, before the start")
            if now >= tick:
                self._tick(now, 0)
                tick = now + TICK_NS
            self._look(max(0, min(pacer.next_ns, tick, moment_ns) - _now()))
            now = _now()
        if self._stopped:
            self._start_ns = min(now, moment_ns)
        if self._second < 0:
            self._end_second()
        self._second = 0

    def _end_second(self) -> None:
        self._population.settle(_now())
        super()._end_second()

    def _end_span(self) -> None:
        """Count, once, the messages sent and answered by now; handshakes and deliveries are no requests."""
        if self._in_span is None:
            self._in_span = self._population.in_span


class SocketWorker:
    """A specification turned into an engine, and the two pipes."""

    def __init__(self, spec: WorkerSpec, wire: WireSocket) -> None:
        self._spec = spec
        self._wire = wire
        self._poller: Poller = poller()
        self._out = Outbox(sys.stdout.fileno())
        self._in = Inbox(sys.stdin.fileno())
        self._poller.add(sys.stdin.fileno(), READ, self._on_word)
        self._start_ns: int | None = None
        self._population: Population | None = None
        self._engine: SocketEngine | None = None

    def serve(self) -> None:
        """Say ready, wait for the start, work, say what came of it."""
        try:
            population = self._population = self._populate()
            engine = self._engine = self._with_engine(population)
        except UsageError as error:
            self._out.put([Refusal(self._spec.worker, str(error), error.hint or "")])
            self._out.drain()
            return
        self._out.put([Ready(self._spec.worker)])
        while self._start_ns is None:
            for _ in self._poller.wait(1_000_000_000):
                self._on_word(READ)
        ended_ns = engine.run(self._start_ns)
        done = Done(
            self._spec.worker, engine.scheduled, population.completed, engine.unfinished, ended_ns, *engine.in_span
        )
        self._out.put([done])
        self._out.drain()

    def _populate(self) -> Population:
        spec, wire = self._spec, self._wire
        speaks = codec.named(wire.does.codec, Path(wire.root), "[[load]]")()
        part = Part(spec.worker, spec.workers, wire, speaks, spec.seed, spec.timeout_ns, spec.fresh)
        context = None if spec.tls_name is None else tls.context(verify=spec.verify_tls)
        endpoint = Endpoint(spec.family, spec.address, context, spec.tls_name)
        # Nothing is chosen, and connections are the population's to make: neither is ever asked for.
        none: Any = Connection
        patient = context is None and stamped_here()
        self._means = Means(self._poller, endpoint, Recorder(spec.worker), none, iter(()).__next__, patient=patient)
        allow_descriptors(len(part.numbers) + _SPARE_DESCRIPTORS)
        return Broadcast(self._means, part) if wire.does.mode == BROADCAST else Asking(self._means, part)

    def _with_engine(self, population: Population) -> SocketEngine:
        spec, does = self._spec, self._wire.does
        shape: Shape = msgspec.convert(spec.shape_options, named(spec.shape))
        patience_ns = int(does.settle_s * 1e9) + 2 * CLOSING_NS
        limits = Limits(spec.worker, len(population.part.numbers), patience_ns, spec.span_ns, grain_ns=spec.grain_ns)
        return SocketEngine(self._means, limits, self._dues(shape), self._report, population)

    def _dues(self, shape: Shape) -> Iterator[int]:
        """Return this worker's due times; where messages are published, everybody's."""
        spec = self._spec
        everybody = self._wire.does.mode == BROADCAST
        dues = shape.due_ns(0, 1) if everybody else shape.due_ns(spec.worker, spec.workers)
        if dues is None:
            raise UsageError("[[load]] shape: messages fall due by a schedule; users of a closed model need answers")
        # The span ends where a bound on messages does.
        return takewhile(lambda due: due < spec.span_ns, dues) if everybody else islice(dues, spec.requests)

    def _report(self, messages: list[Any]) -> None:
        second = next((one.second for one in messages if isinstance(one, GeneratorSecond)), 0)
        told = self._population.take(second) if self._population is not None else []
        self._out.put([*messages, *told])

    def _on_word(self, events: int) -> None:
        del events
        for word in self._in.words():
            if word is None:
                os._exit(_ORPHANED)  # nobody is left to tell; sockets and memory go with the process
            elif isinstance(word, Go):
                self._start_ns = word.start_ns
            elif isinstance(word, Stop):
                self._start_ns = self._start_ns or 0
                if self._engine is not None:
                    self._engine.stop()


def main() -> int:
    """Serve one scenario and end."""
    line = sys.stdin.buffer.readline()
    if not line:
        return _ORPHANED
    spec = msgspec.json.decode(line, type=WorkerSpec)
    if spec.socket is None:
        raise TypeError("the specification has nothing of sockets")
    SocketWorker(spec, spec.socket).serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())
