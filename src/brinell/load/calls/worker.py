"""One worker of ``driver = "call"``: ``python -P -m brinell.load.calls.worker``, speaking ``wire`` as the others do.

It keeps the schedule and bins what comes back; the calls themselves are made in a child of it, by the project's own
interpreter. If the trial goes away, standard input ends and both go.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from brinell.core.load_records import GeneratorSecond
from brinell.load.calls import told
from brinell.load.calls.caller import Caller
from brinell.load.calls.traffic import CallTraffic
from brinell.load.calls.words import refusal
from brinell.load.contract import Shape
from brinell.load.engine.connection import Connection
from brinell.load.engine.endpoint import Endpoint
from brinell.load.engine.engine import Engine, Limits, Report
from brinell.load.engine.poller import READ, Poller, poller
from brinell.load.engine.recorder import Recorder
from brinell.load.engine.traffic import Means
from brinell.load.wire import Done, Go, Ready, Refusal, Stop, WireCall, WorkerSpec
from brinell.load.worker import Inbox, Outbox, bounds, dues

_EXIT_S = 3.0
_ORPHANED = 3  # exit status: the trial went away
_AGAIN_NS = 5_000_000  # until room in a full pipe is looked for again


class CallEngine(Engine):
    """The engine over a traffic that was made beforehand, and that counts by the callers' instants."""

    def __init__(
        self, means: Means, limits: Limits, dues: Iterator[int] | None, report: Report, traffic: CallTraffic
    ) -> None:
        super().__init__(means, limits, dues, report)
        self._traffic = self._calls = traffic

    @property
    def in_span(self) -> tuple[int, int]:
        """Calls begun and calls ended before the schedule's end."""
        return self._calls.in_span


class CallWorker:
    """A specification turned into an engine, a caller, and the two pipes to the trial."""

    def __init__(self, spec: WorkerSpec, call: WireCall) -> None:
        self._spec = spec
        self._poller: Poller = poller()
        self._out = Outbox(sys.stdout.fileno())
        self._in = Inbox(sys.stdin.fileno())
        self._poller.add(sys.stdin.fileno(), READ, self._on_word)
        self._start_ns: int | None = None
        self._shape: Shape = msgspec.convert(spec.shape_options, _named(spec.shape))
        self._dues = dues(spec, self._shape)
        self._span_ns = spec.span_ns or int(self._shape.span_s * 1e9)
        self._caller = Caller(call, spec.connections, spec.timeout_ns)
        recorder = Recorder(spec.worker)
        # There is no place to connect to and nothing to choose from: both are never asked for.
        none: Any = Connection
        means = Means(self._poller, Endpoint(0, ()), recorder, none, iter(()).__next__)
        self._recorder = recorder
        self._traffic = self._traffic_of(means, call)
        limits = Limits(spec.worker, spec.connections, spec.timeout_ns, self._span_ns)
        self._engine = CallEngine(means, limits, self._dues, self._report, self._traffic)
        self._traffic.stop = self._engine.stop

    def _traffic_of(self, means: Means, call: WireCall) -> CallTraffic:
        return CallTraffic(means, self._caller, call.call, self._spec.connections, closed=self._dues is None)

    def serve(self) -> None:
        """Let the caller get ready, say so, wait for the start, work, say what came of it."""
        try:
            if self._prepare():
                self._work()
        finally:
            self._caller.close()

    def _prepare(self) -> bool:
        """Wait for the caller; whether it can call."""
        while True:
            for fd, _ in self._poller_with_caller():
                if fd != self._caller.fd:
                    self._on_word(READ)
                    continue
                for word in self._caller.read():
                    match word:
                        case told.Refused():
                            message, hint = refusal(word)
                            return self._refuse(message, hint)
                        case told.Prepared(own_ns=own_ns):
                            self._traffic.own_ns = own_ns
                            self._poller.change(self._caller.fd, READ, self._traffic.on_told)
                            return True
                        case _:
                            self._traffic.prepared(word)
                self._caller.push()
                if self._caller.ended:
                    ending = self._caller.how_it_ended(1.0)
                    return self._refuse(f"the interpreter in which calls are to be made ended with {ending}", "")

    def _poller_with_caller(self) -> Sequence[tuple[int, int]]:
        if self._caller.fd not in self._poller.handlers:
            self._poller.add(self._caller.fd, READ, self._traffic.on_told)
        if self._caller.backlog:
            self._caller.push()
            return self._poller.wait(_AGAIN_NS)
        return self._poller.wait(1_000_000_000)

    def _refuse(self, message: str, hint: str) -> bool:
        self._out.put([Refusal(self._spec.worker, message, hint)])
        self._out.drain()
        return False

    def _work(self) -> None:
        spec, engine = self._spec, self._engine
        self._out.put([Ready(spec.worker, self._caller.pid)])
        while self._start_ns is None:
            for fd, events in self._poller.wait(1_000_000_000):
                self._poller.handlers[fd](events)
        self._traffic.span_end_ns = until = self._start_ns + self._span_ns
        self._caller.go(self._start_ns, until, bounds(spec, self._shape) if self._dues is None else None)
        self._traffic.restart()
        ended_ns = engine.run(self._start_ns)
        self._caller.leave(_EXIT_S)
        done = Done(
            spec.worker,
            engine.scheduled,
            self._recorder.completed,
            engine.unfinished,
            ended_ns,
            *engine.in_span,
            subject_ended=self._traffic.broken,
        )
        self._out.put([done])
        self._out.drain()

    def _report(self, messages: list[Any]) -> None:
        second = next((one.second for one in messages if isinstance(one, GeneratorSecond)), 0)
        self._out.put([*messages, *self._traffic.take(self._spec.worker, second)])

    def _on_word(self, events: int) -> None:
        del events
        for word in self._in.words():
            if word is None:
                self._caller.close()
                os._exit(_ORPHANED)  # nobody is left to tell
            elif isinstance(word, Go):
                self._start_ns = word.start_ns
            elif isinstance(word, Stop):
                self._start_ns = self._start_ns or 0
                self._engine.stop()


def _named(name: str) -> Any:
    """Import ``module:Class``. The name comes from the trial, which has it from a roster."""
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)


def main() -> int:
    """Serve one scenario and end."""
    line = sys.stdin.buffer.readline()
    if not line:
        return _ORPHANED
    spec = msgspec.json.decode(line, type=WorkerSpec)
    if spec.call is None:
        raise TypeError("the specification names nothing to call")
    worker = CallWorker
    if spec.call.cache is not None:
        from brinell.load.cache.worker import CacheWorker  # noqa: PLC0415 - it is made of this one

        worker = CacheWorker
    worker(spec, spec.call).serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())
