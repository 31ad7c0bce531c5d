"""The frozen plan of a run: what will be done, to what, within which bounds. Validated before anything runs.

A plan knows its steps but not their kinds' behaviour: a step names a trial of the roster and carries that trial's
frozen spec. What a check has to read (thresholds, targets) is a typed field of the spec; what only the trial reads
(a load shape's options) may stay a table that its roster validated.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from brinell.core.redact import one_line

VERSION = 1


class ServiceSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the service under test is started, and how one knows that it is ready.

    ``{port}`` and ``{python}`` in the command are filled in at start. Values of ``env`` may name the environment
    (``"${SHOP_TEST_DB}"``): the plan keeps the name, never the value, so that secrets stay out of every file.
    """

    command: str
    cwd: str = "."
    env: dict[str, str] = {}
    ready: str = "/"
    ready_timeout_s: float = 30.0
    stop_timeout_s: float = 10.0
    openapi: str | None = None  # where it describes itself: for scenarios that say ``openapi = true``
    probe: bool = False  # look into its Python processes from inside, too (``brinell_inside/vitals``)


class SuiteSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="suite"):
    """One examination of the project's own pytest suite, run ``repeat`` times."""

    directory: str = "."
    python: str | None = None
    paths: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    categories: dict[str, str] = {}  # name -> path glob, or "@marker"
    target_s: float = 300.0
    target_stated: bool = False  # a default target is advisory; a stated one is required
    regression_ratio: float = 1.2
    repeat: int = 1
    timeout_s: float = 3600.0
    workers: int = 0  # 0: pytest as it is; n: forked workers side by side; -1: as many as there are cores
    test_timeout_s: float = 600.0  # with workers: a test that takes longer is ended, and an error
    serial_too: bool = False  # with workers: once more in one process, for the speed-up and to compare each outcome
    recording: str | None = None  # read this recording of `pytest --brinell` instead of running anything


class ExamineSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="examine"):
    """A verdict for every test, or for ``tests`` only (node ids; the rest are suspects), within ``budget_s``."""

    directory: str = "."
    python: str | None = None
    paths: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    budget_s: float = 60.0
    slots: int = 0  # children side by side; 0: as many as there are cores
    seed: int = 1
    factors: dict[str, Any] = {}  # only these, at these levels; empty: those that are tried of themselves


class PropertySpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="property"):
    """What the examples of property tests cost (``part`` measure), or whether the recommended numbers take as long as
    predicted (``part`` verify). ``budget_s`` is for all property tests together under the ``ci`` profile.
    """

    directory: str = "."
    python: str | None = None
    paths: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    part: str = "measure"
    local: int = 200
    ci: int = 50
    budget_s: float = 60.0
    budget_stated: bool = False  # a default budget is advisory; a stated one is required
    tiers_s: tuple[float, float, float] = (10.0, 60.0, 100.0)
    tiers_stated: bool = False
    ci_tiers_s: tuple[float, float, float] = (3.0, 15.0, 25.0)
    effort_s: float = 240.0  # about how long each part may run tests
    test_timeout_s: float = 100.0  # a test that takes longer is ended
    timeout_s: float = 3600.0  # of one session
    coverage: bool = True


class AgainstSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="against"):
    """Compare the suite's time with that of other code: a ``commit`` of the repository or a ``folder``; ``against`` is
    how that was named. At most ``pairs`` pairs of runs within ``budget_s``. A regression exceeds both ``least_ratio``
    and ``least_s``; ``brinell.core.slower`` says why these.
    """

    against: str
    commit: str = ""
    folder: str = ""
    directory: str = "."
    python: str | None = None
    paths: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    pairs: int = 30
    budget_s: float = 900.0
    timeout_s: float = 3600.0
    least_ratio: float = 1.05
    least_s: float = 0.1
    seed: int = 1


class ReproduceSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="reproduce"):
    """Run one failing test of each bug alone in a fresh process and keep what it gave."""

    suite: str = "suite"  # the step whose failures are reproduced
    most: int = 25  # bugs, most severe first
    timeout_s: float = 60.0
    budget_s: float = 180.0


class RequestSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of request of a load scenario; ``name`` is the operation in every number."""

    path: str = "/"
    method: str = "GET"
    weight: float = 1.0
    headers: dict[str, str] = {}
    json: Any = None
    body: str | None = None
    body_file: str | None = None
    name: str | None = None
    expect: tuple[int, ...] = ()  # statuses that count as success; empty: 100..399
    form: dict[str, str] | None = None  # fields, URL-encoded; with ``files`` the other parts of the same form
    files: dict[str, str] | None = None  # parts of a multipart form: name -> path
    stream: bool = False  # send the body in chunks, its length unsaid
    extract: dict[str, str] = {}  # variable -> "$.id", "header:Location" or "regex:..."
    check: dict[str, Any] = {}  # what an answer must be, beside its status: the keys of ``config.answers``

    @property
    def operation(self) -> str:
        """The request's name in every number."""
        return one_line(self.name or f"{self.method.upper()} {self.path}")


class DataSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rows that templates take values from, as ``{{name.column}}``; ``order`` is cycle, random or once."""

    file: str
    name: str
    order: str = "cycle"


class SessionSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one user does: ``requests`` one after the other, ``repeat`` times, with a think time between them drawn
    evenly between the two of ``think_s``.
    """

    name: str
    requests: tuple[RequestSpec, ...]
    weight: float = 1.0
    think_s: tuple[float, float] = (0.0, 0.0)
    repeat: int = 1


class WebSocketSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a WebSocket scenario does beside what every load scenario has: ``connections``, ``shape`` (messages a
    second, of all connections or rooms together), ``timeout_s``, ``headers``, ``compression``, ``workers``, ``seed``.

    Texts may hold ``{{room}}`` (its number), ``{{connection}}`` and the other names of templates; the scenario's URL
    may hold ``{{room}}``. Connection *c* is in room *c* modulo ``rooms``. Broadcast message *i* of the schedule is
    number *i* div ``rooms`` of room *i* modulo ``rooms``, published by the room's first ``publishers`` members in turn.
    """

    mode: str = "echo"  # echo | request-reply | broadcast | limit | hostile
    connect_rate: float = 1000.0  # connections begun a second
    rooms: int = 1
    publishers: int = 1  # of each room
    publisher_hears: bool = True  # the subject sends a message to its publisher too
    join: str | None = None  # sent first on every connection
    joined: str | None = None  # the text, or a part of it, that answers ``join``; None: nothing does
    message: str | None = None  # ``{{stamp}}`` is where the stamp goes; None: the codec's own
    size: int = 0  # bytes that a message is filled up to; 0: as it is
    codec: str = "json"  # json | socketio | msgpack | text, or "file.py:Class"
    binary: bool = False  # send binary messages, where the codec leaves the choice
    subprotocols: tuple[str, ...] = ()
    fragments: int = 1  # frames that a message is sent in
    ping_s: float = 0.0  # between pings of every connection; 0: none are sent
    slow_share: float = 0.0  # of the receivers, read slowly
    slow_bytes_s: int = 4096  # a second, and no more
    settle_s: float = 2.0  # after the schedule's end, for what is still under way
    max_message_bytes: int = 1 << 20  # a longer one is an error
    limit: int = 0  # mode "limit": connections that the subject accepts
    refusals: int = 1000  # attempts at a full subject
    free_s: float = 5.0  # within which a closed connection frees its place
    reconnect_s: float | None = None  # after which a connection that the subject ended is made again; None: it is not

    @property
    def one_by_one(self) -> bool:
        """Whether connections are tried one by one, and nothing is sent at a rate."""
        return bool(self.limit) or self.mode == "hostile"


class CacheSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A cache and what is asked of it, beside what every load scenario has: ``shape``, ``connections`` (operations
    under way at once), ``timeout_s``, ``workers``, ``seed``, ``python``.

    ``target`` is ``module:object`` of the project, an address (``redis://``, ``memcached://``), or, with ``{key}`` in
    its path, that of an endpoint behind a cache. ``core.key_choice`` has the words of workload and distribution.
    """

    target: str
    workload: str = "ycsb-b"
    mix: dict[str, float] = {}  # operations by share, in place of the workload's
    distribution: str | None = None  # None: the workload's
    exponent: float = 0.99
    hot_keys: float = 0.2
    hot_ops: float = 0.8
    keys: int = 10_000
    key: str = "brinell:{key}"  # ``{key}`` is its number
    capacity: int | None = None  # entries that the cache can hold; None: nobody said
    value_bytes: tuple[int, int] = (100, 100)
    value_sizes: str = "even"  # between the two; zipf: every doubling is as likely as the next
    value: str = "bytes"  # bytes | text
    scanned: int = 100  # keys of one scan, at most
    loads: bool = True  # a get that misses is followed by a set, as code in front of a database does
    loader_s: float = 0.0  # what the load costs before it
    prefill: bool = True  # put in first what the workload would have asked for last, as much as fits
    probe: bool = True  # delete some keys under readers before the load
    methods: dict[str, str] = {}  # of the object, where they are not called get, set and delete
    set_options: dict[str, Any] = {}  # keyword arguments of every set
    directory: str | None = None  # a folder whose growth is watched
    stampede: str | None = None  # module:function(key, loader), or with ``loader`` module:function(key)
    loader: str | None = None  # module:function that ``stampede`` calls on a miss: it is counted there
    callers: int = 100
    cold_keys: int = 20
    hit: str | None = None  # of an endpoint: "header: regex" of an answer that was a hit
    expires_s: float | None = None  # how long a set lives with ``set_options``, which is tried
    counter: str | None = None  # of an endpoint: "/path#name" of a number that grows with every load
    update: str | None = None  # of an endpoint: "PUT /users/{key} BODY", after which its answer has {stamp} in it
    delete: str | None = None  # of an endpoint: "DELETE /users/{key}", after which it gives nothing for it

    @property
    def through(self) -> bool:
        """Whether the target is a function that loads by itself, asked with the key alone."""
        return self.loader is not None and self.stampede is None


class LoadSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="load"):
    """One load scenario. ``url`` is absolute, or None for the service that the run starts."""

    name: str
    shape: dict[str, Any]  # {"kind": ..., options}: validated by the roster of shapes
    driver: str = "http"
    url: str | None = None
    requests: tuple[RequestSpec, ...] = (RequestSpec(),)
    headers: dict[str, str] = {}
    connections: int = 64
    workers: int = 1
    timeout_s: float = 5.0
    verify_tls: bool = True
    pid: int | None = None
    thresholds: dict[str, float] = {}
    raw: bool = False
    seed: int = 1
    shed_after_s: float | None = None  # a request that waits longer after it was due is dropped unsent, and counted
    max_requests: int | None = None  # nothing is begun after so many, however long the shape is
    steady: bool = False  # judge thresholds on the steady part only
    python: str | None = None  # the interpreter of ``call``
    call: str | None = None  # driver "call": module:function, called with ``args`` and ``kwargs``
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = {}
    setup: str | None = None  # module:function whose result is the call's first argument
    flows: str | None = None  # a file of ``async def`` flows
    data: tuple[DataSpec, ...] = ()
    sessions: tuple[SessionSpec, ...] = ()  # in place of ``requests``
    cookies: bool = False  # each session keeps those it was given
    redirects: int = 0  # how many are followed
    compression: bool = False  # ask for gzip or deflate
    keep_alive: bool = True  # False: a new connection for every request
    go_on: bool = False  # a session goes on after a request that failed
    version: str = "1.1"  # of HTTP: 1.1 or 2
    streams: int = 10  # HTTP/2: so many of ``connections`` share a socket
    openapi: str | None = None  # a document in place of ``requests``: a path of the service, a URL, or a file
    openapi_unsafe: bool = False  # also what changes something
    openapi_validate: bool = True  # compare answers with the document
    openapi_weights: dict[str, float] = {}  # by operation ("GET /notes") or operationId; 0 leaves one out
    har: str | None = None  # a file of recorded requests in place of ``requests``
    think: bool = False  # of a recording: keep the time between its requests
    grain_s: float = 0.0  # what falls due within so long is sent together: late by no more than that, and cheaper
    calibrate: bool = True  # see first what the generator needs by itself, on a server that does nothing
    websocket: WebSocketSpec | None = None  # driver "websocket"
    cache: CacheSpec | None = None  # driver "cache"
    probe: bool = False  # look into the service that is started for it from inside, as ``ServiceSpec.probe``


class QualitySpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="quality"):
    """Read the tests and their configuration for weaknesses; ``suite`` is the step that ran them. ``ignore`` are kinds,
    path globs, or ``glob:kind``. With ``coverage`` (percent), each module's share of lines that the suite runs.
    """

    directory: str = "."
    python: str | None = None
    paths: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    suite: str = "suite"
    ignore: tuple[str, ...] = ()
    coverage: float | None = None
    budget_s: float = 60.0  # of reading
    timeout_s: float = 3600.0  # of the run under coverage


class DrillSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="drill"):
    """One drill. ``load`` is the traffic it makes or that runs beside it, at ``rate`` a second: its requests and bounds
    count, not its shape. ``options`` are those of its own kind, all of them, as the roster validated them.
    """

    name: str
    drill: str
    load: LoadSpec
    rate: float = 100.0
    options: dict[str, Any] = {}


class CapacitySpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="capacity"):
    """Search for the highest ``quantity`` (rate: requests a second; connections: users at once) at which the thresholds
    of ``load`` hold. Of ``load`` the requests and bounds count, not the shape. ``stated`` are thresholds that somebody
    asked for; the others are usual ones.
    """

    name: str
    load: LoadSpec
    quantity: str = "rate"
    stated: tuple[str, ...] = ()
    start: float = 50.0
    limit: float = 100_000.0
    tolerance: float = 0.05
    step_s: float = 10.0  # of one step, at most; what bounds the answer may take three times as long
    budget_s: float = 600.0  # after which no further step begins
    at_least: float | None = None


Spec = (
    SuiteSpec
    | ExamineSpec
    | AgainstSpec
    | PropertySpec
    | QualitySpec
    | ReproduceSpec
    | LoadSpec
    | DrillSpec
    | CapacitySpec
)


class Step(msgspec.Struct, frozen=True):
    """One unit of work that finishes or is done again whole: ``--resume`` starts at the first unfinished one."""

    id: str
    trial: str
    spec: Spec
    needs_service: bool = False


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything a run will do."""

    name: str
    root: str
    steps: tuple[Step, ...]
    source: tuple[str, ...] = ()
    allow_targets: tuple[str, ...] = ()
    disposable: tuple[str, ...] = ()
    known_bugs: tuple[str, ...] = ()
    service: ServiceSpec | None = None
    python: str | None = None
    keep: int = 20
    seed: int = 1
    v: int = VERSION

    @property
    def digest(self) -> str:
        """The plan's identity: SHA-256 of its canonical JSON, 16 hex digits."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()[:16]

    def step(self, identity: str) -> Step:
        """Return the step of that id; KeyError if the plan has none."""
        for step in self.steps:
            if step.id == identity:
                return step
        raise KeyError(identity)
