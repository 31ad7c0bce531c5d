"""What the trial and its worker processes say to each other: JSON lines over two pipes.

Trial to worker: one ``WorkerSpec``, one ``Go``, perhaps a ``Stop``; the end of the pipe means the trial is gone.
Worker to trial: ``Ready``, then records of ``core.observation`` once a second, then ``Done``.
"""

from __future__ import annotations

from typing import Any

import msgspec

from brinell.core.cache_records import (
    CacheBlocking,
    CacheHeld,
    CacheHolder,
    CacheLifetime,
    CachePrepared,
    CacheSecond,
    CacheTried,
    StaleProbe,
    Stampede,
)
from brinell.core.call_records import CallSecond, LoopStall
from brinell.core.error_records import ErrorTexts
from brinell.core.load_records import Exemplar, GeneratorSecond, LoadSlice
from brinell.core.plan import CacheSpec, WebSocketSpec
from brinell.core.socket_records import Deliveries, Disorder, Membership, SocketSecond
from brinell.core.traffic_records import AnswersJudged


class _Message(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="kind", tag=str.lower):
    """Base of all messages: tagged like records, because both share the pipe."""


class WireOperation(msgspec.Struct, frozen=True):
    """One kind of request as bytes, with what its answer must look like."""

    name: str
    weight: float
    request: bytes
    bodiless: bool = False  # the answer to HEAD has no body, whatever its header says
    expect: tuple[int, ...] = ()  # statuses of success; empty: 100..399
    described: dict[str, Any] | None = None  # what answers look like: the first one has it for all


class WireSessions(msgspec.Struct, frozen=True):
    """Sessions in place of operations: ``factory`` is ``module:function``, called with ``options`` and a ``Stage``.

    ``partly``: a session is more than one request at once, so that an open shape makes a partly open model.
    """

    factory: str
    options: dict[str, Any]
    partly: bool = True


class WireCall(msgspec.Struct, frozen=True):
    """What ``driver = "call"`` calls: ``module:function`` in the interpreter ``python``, from the folder ``root``."""

    python: str
    call: str
    args: list[Any]
    kwargs: dict[str, Any]
    setup: str | None
    root: str
    cache: CacheSpec | None = None  # ``call`` is a cache, and this is asked of it


class WireSocket(msgspec.Struct, frozen=True):
    """What ``driver = "websocket"`` does: the scenario's own words, and what comes of its address.

    Worker *w* of *W* has the connections *w*, *w + W*, ... of ``connections`` in all; connection *c* is due
    ``lead_ns`` before the start and *c* / ``connect_rate`` seconds. Every worker walks the whole schedule where
    messages are published, so that it knows what its receivers are owed.
    """

    does: WebSocketSpec
    path: str  # of the upgrade, with its query; it may hold {{room}} and {{connection}}
    authority: str  # the Host header
    headers: tuple[tuple[str, str], ...]  # further ones; what the environment says is filled in
    connections: int
    lead_ns: int
    compression: bool = False  # offer permessage-deflate
    root: str = "."  # the project's folder, where a codec's file lies


class WorkerSpec(_Message, frozen=True):
    """Everything one worker needs. Classes are named ``module:Class``: the trial has them from its rosters."""

    worker: int
    workers: int
    driver: str
    shape: str
    shape_options: dict[str, Any]
    operations: tuple[WireOperation, ...]
    family: int
    address: tuple[str | int, ...]
    timeout_ns: int
    connections: int
    seed: int
    tls_name: str | None = None  # the name in the URL, for SNI and the certificate; None: plain TCP
    verify_tls: bool = True
    sessions: WireSessions | None = None  # None: the static path, ``operations`` by their weights
    keep_alive: bool = True  # False: a connection for every request
    streams: int = 1  # of ``connections``, share a socket where the protocol lets them
    span_ns: int = 0  # of the schedule, where it ends before the shape does; 0: the shape's
    requests: int | None = None  # begun by this worker, at most
    shed_ns: int = 0  # a request older than that is not sent any more; 0: all are
    grain_ns: int = 0  # requests that fall due within so long are sent together
    call: WireCall | None = None  # for ``calls.worker``, which sends nothing anywhere
    socket: WireSocket | None = None  # for ``websocket.worker``
    fresh: int = 0  # what makes identities of this start's own, the same in all workers


class Go(_Message, frozen=True):
    """Start: due times count from this moment of the monotonic clock, a little in the future."""

    start_ns: int


class Stop(_Message, frozen=True):
    """Begin nothing more, report what there is, end."""


class Ready(_Message, frozen=True):
    """The worker has everything imported and prepared. ``subject_pid``: where calls are made; 0: it makes none."""

    worker: int
    subject_pid: int = 0


class Refusal(_Message, frozen=True):
    """The worker cannot work, by a mistake of the user's."""

    worker: int
    message: str
    hint: str = ""


class Done(_Message, frozen=True):
    """A worker's last words. ``unfinished`` were due and have no outcome, or the outcome ``unfinished``.

    ``sent_in_span`` and ``completed_in_span`` leave out what was sent or answered after the schedule's end.
    """

    worker: int
    scheduled: int
    completed: int
    unfinished: int
    ended_ns: int
    sent_in_span: int
    completed_in_span: int
    subject_ended: str = ""  # why the subject, which ran below the worker, ended before its time


ToWorker = WorkerSpec | Go | Stop
Written = (
    LoadSlice
    | GeneratorSecond
    | Exemplar
    | CallSecond
    | LoopStall
    | CachePrepared
    | CacheSecond
    | Stampede
    | StaleProbe
    | CacheLifetime
    | CacheBlocking
    | CacheHeld
    | CacheTried
    | CacheHolder
    | AnswersJudged
    | ErrorTexts
    | SocketSecond
    | Deliveries
    | Disorder
    | Membership
)
"""What of it the trial writes down as it is."""
FromWorker = Ready | Refusal | Written | Done
