"""The two roles of load: a shape says when requests fall due, a driver says what a request is and speaks it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol

from brinell.core.plan import LoadSpec
from brinell.load.wire import WireOperation, WireSessions

if TYPE_CHECKING:
    # The trial knows drivers and never their sockets; the engine is imported by the worker's process only.
    from brinell.load.engine.connection import Connection, Host
    from brinell.load.engine.recorder import Recorder
    from brinell.load.engine.work import Operation
    from brinell.load.shapes.profile import Stage
    from brinell.subject.targets import Target


class Shape(Protocol):
    """A frozen msgspec struct whose fields are its configuration (seconds, requests a second).

    ``__post_init__`` raises ValueError naming the key and its limits.
    """

    model: ClassVar[str]  # open | closed

    @property
    def span_s(self) -> float:
        """Seconds during which requests are begun."""
        ...

    @property
    def target_rate(self) -> float | None:
        """Requests a second that are asked for, on average; None where the subject sets the rate."""
        ...

    @property
    def peak_rate(self) -> float | None:
        """The highest rate that is asked for; None where the subject sets it."""
        ...

    @property
    def stages(self) -> tuple[Stage, ...]:
        """Parts of the schedule that are judged by themselves; none where all of it is one."""
        ...

    def planned(self, until_s: float | None = None) -> int | None:
        """How many requests are due in the first ``until_s`` seconds, or in all; None where the subject sets that."""
        ...

    def due_ns(self, worker: int, workers: int) -> Iterator[int] | None:
        """Yield one worker's share of the due times, nanoseconds from the start, ascending and below the span.

        Pure: asked twice it gives the same. Of W workers, the w-th takes every W-th request from the w-th on, so that
        all together make one worker's sequence. None in a closed model.
        """
        ...

    def prepared(self, folder: Path) -> Shape:
        """Return the shape as workers get it: what takes long to read is read here, once, into ``folder``."""
        ...


class Driver(Protocol):
    """One protocol. ``encode`` runs once in the trial; ``decode`` and ``connection`` in every worker process."""

    def encode(self, spec: LoadSpec, target: Target, root: Path) -> tuple[WireOperation, ...]:
        """Turn the scenario's requests into bytes, ready to send. UsageError names what can't be sent."""
        ...

    def decode(self, operations: Sequence[WireOperation], recorder: Recorder) -> tuple[Operation, ...]:
        """Return the operations as the engine uses them."""
        ...

    def speaking(self, version: str) -> Driver:
        """Return the driver of this version of the protocol, itself perhaps. UsageError names those there are."""
        ...

    def connection(self, streams: int = 1) -> Callable[[Host], Connection]:
        """Return what makes its connections, of which ``streams`` share a socket if they can."""
        ...

    def once(self) -> Callable[[Host], Connection]:
        """Return what makes connections that carry one request each (``keep_alive = false``)."""
        ...

    def sessions(self, spec: LoadSpec, target: Target, root: Path, allow: Sequence[str]) -> WireSessions | None:
        """Return what a scenario's users do; None where its requests never change, which are then ``encode``'s."""
        ...

    def exchange(self, streams: int = 1) -> Callable[[Host], Connection]:
        """Return what makes its connections for sessions (``engine.exchange``)."""
        ...
