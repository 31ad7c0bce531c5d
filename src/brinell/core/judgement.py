"""The judgement of a run: the only source of every report. Its JSON Schema is published as
``docs/schema/judgement.schema.json``; names carry their unit. A number that was not measured is None, and its path
(``suite.parallel_seconds``) stands with the reason in ``not_measured``.
"""

from __future__ import annotations

from typing import Any

import msgspec

from brinell.core.cache_judgement import Cache
from brinell.core.capacity_judgement import Capacity
from brinell.core.drill_judgement import Drill
from brinell.core.finding import Finding
from brinell.core.load_judgement import Curve, ErrorSaid, Heat, Timeline
from brinell.core.property_judgement import PropertySummary, PropertyTest
from brinell.core.quality_judgement import QualityItem, QualitySummary
from brinell.core.socket_judgement import Hostile, Limit, RoomCount, SocketCourse, Sockets
from brinell.core.steady_judgement import Stage, Steady
from brinell.core.time_judgement import Against, FixtureCost, ImportCost, SuiteTime
from brinell.core.traffic_judgement import Traffic
from brinell.core.verdicts import Exit, Owner, Severity, Verdict
from brinell.core.vitals_judgement import LimitedBy

SCHEMA = "https://brinell.dev/schema/judgement-1.json"


class _Part(msgspec.Struct, frozen=True, kw_only=True):
    """Base of the judgement's parts."""


class RunInfo(_Part, frozen=True, kw_only=True):
    """Which run this is the judgement of."""

    id: str
    name: str
    started: str
    duration_s: float | None
    state: str  # complete | interrupted | failed | torn (the tool was killed)
    fingerprint: dict[str, str]
    exit_code: Exit
    brinell: str
    plan_digest: str
    steps: dict[str, str] = {}  # step id -> done | interrupted | failed | not-run


class Category(_Part, frozen=True, kw_only=True):
    """Tests of one category."""

    count: int
    passed: int
    failed: int
    seconds: float


class SlowTest(_Part, frozen=True, kw_only=True):
    """One of the slowest tests; ``tier`` is fast, medium, slow or too-slow."""

    test: str
    duration: float
    tier: str
    category: str
    recommendation: str


class Seconds(_Part, frozen=True, kw_only=True):
    """Wall seconds of a test's phases; None where the phase did not run."""

    setup: float | None = None
    call: float | None = None
    teardown: float | None = None


class TestEntry(_Part, frozen=True, kw_only=True):
    """One test: ``outcome`` is pytest's, the worst of all repeats; ``trust`` says what that outcome is worth
    (``confirmed`` after a clean process said the same, ``repeated`` and ``differed`` after several runs of the suite,
    ``retried`` when it took a rerun, ``single-run`` otherwise; of an examined test its verdict, see ``FlakyTest``).
    ``reason`` is why it was skipped or expected to fail; ``teardown_error`` marks a test that pytest counts a second
    time, as an error.
    """

    __test__ = False  # not a test class for pytest, whatever its name

    id: str
    outcome: str
    trust: str
    category: str
    seconds: Seconds
    reruns: int = 0
    reason: str = ""
    teardown_error: bool = False


class Regression(_Part, frozen=True, kw_only=True):
    """Suite time against the blessed baseline; ``verdict`` as in findings, ``answer`` as in ``Against``. ``cpu_ratio``:
    of processor time, None where one side's is not known.
    """

    baseline_seconds: float | None
    ratio: float | None
    threshold: float
    verdict: Verdict
    answer: str = "cannot tell"
    cpu_ratio: float | None = None


class SuiteReport(_Part, frozen=True, kw_only=True):
    """What the suite did. The older names are kept as the contract has them; all times are seconds."""

    timestamp: str
    execution_time_seconds: float | None
    test_count: int
    passed: int
    failed: int
    skipped: int
    errors: int
    xfailed: int
    xpassed: int
    flaky_retries: int
    categories: dict[str, Category]
    slowest_tests: tuple[SlowTest, ...]
    serial_seconds: float | None
    parallel_seconds: float | None
    parallel_speedup: float | None
    target_full_suite: float
    target_property_test: float | None
    targets_met: dict[str, bool | None]
    property_test_targets: dict[str, Any] | None
    targets_verified: dict[str, Any] | None
    verification_timestamp: str | None
    regression: Regression
    tests: tuple[TestEntry, ...]
    deselected: int = 0
    exit_status: int | None = None
    python: str = ""
    pytest: str = ""
    interpreter: str = ""
    warnings: int = 0
    repeats: tuple[float, ...] = ()  # seconds of every repeat that ran to its end
    cpu_repeats: tuple[float, ...] = ()  # their processor seconds, children's included; empty where one is not known
    xdist_workers: int = 0
    workers: int = 0  # forked from one collection by Brinell
    time: SuiteTime | None = None
    fixtures: tuple[FixtureCost, ...] = ()  # the dearest
    imports: tuple[ImportCost, ...] = ()  # the dearest
    against: Against | None = None


class Suspect(_Part, frozen=True, kw_only=True):
    """Where a bug probably is; ``tied`` others share its score."""

    file: str
    function: str
    lines: tuple[int, ...]
    score: float
    tied: int = 0


class Reproduction(_Part, frozen=True, kw_only=True):
    """A command that was run, and what it gave."""

    command: str
    outcome: str


class Bug(_Part, frozen=True, kw_only=True):
    """Failures with one root. ``why_grouped`` names the clauses of the key; ``signature`` survives moved lines."""

    id: str
    severity: Severity
    severity_rule: str
    owner: Owner
    owner_evidence: tuple[str, ...]
    signature: str
    title: str
    tests: tuple[str, ...]
    error: str
    root_cause: str | None
    suspects: tuple[Suspect, ...]
    reproduction: Reproduction | None
    fix_strategy: str | None
    sla_due: str
    status: str
    why_grouped: str = ""
    excerpt: str = ""


class Probability(_Part, frozen=True, kw_only=True):
    """Share of runs that fail, with its 95 % interval (Clopper and Pearson, 1934)."""

    estimate: float
    low: float
    high: float
    failures: int
    runs: int


class FactorEffect(_Part, frozen=True, kw_only=True):
    """What a test did with one factor changed, and without, alternately."""

    level: Any
    with_factor: Probability
    without: Probability
    command: str | None  # shows it without Brinell, where that is possible


class LeakedState(_Part, frozen=True, kw_only=True):
    """A piece of state that a polluter leaves; ``proved``: put back, the victim passes."""

    name: str
    kind: str
    before: str
    after: str
    proved: bool


class FlakyTest(_Part, frozen=True, kw_only=True):
    """The verdict on a test that is not simply stable. Only those are listed.

    ``polluters`` and ``setters`` name every test that is part of a sequence in ``polluter_sets`` / ``setter_sets``:
    each set is enough, all of its tests are needed, in that order. ``confirmed``: ``reproducer`` was run in fresh
    processes and did what the verdict says. A ``stable`` test with a cause depends on that part of its environment.
    ``failure_probability`` is of whole orders for victim and brittle, of second runs for self-polluting, else of runs
    alone. ``cluster`` is the id of the finding that tells the reason.
    """

    test: str
    verdict: str  # stable | victim | brittle | self-polluting | nondeterministic
    polluters: tuple[str, ...]
    polluter_sets: tuple[tuple[str, ...], ...]
    setters: tuple[str, ...]
    setter_sets: tuple[tuple[str, ...], ...]
    cleaners: tuple[str, ...]
    leaked_state: tuple[LeakedState, ...]
    cause: str | None
    factors: dict[str, FactorEffect]
    failure_probability: Probability | None
    reproducer: str | None
    reproducer_outcome: str | None
    confirmed: bool
    fixture: str | None  # source of one that was run and guards the state
    message: str
    cluster: str | None


class Pollution(_Part, frozen=True, kw_only=True):
    """State that a test leaves changed. Without victims it is latent. ``test`` is null for import and collection."""

    test: str | None
    state: str
    kind: str
    before: str
    after: str
    victims: tuple[str, ...]
    proved: bool


class ParallelConflict(_Part, frozen=True, kw_only=True):
    """Something that tests share, so that they may not run beside each other.

    ``writers`` change, bind or lock it, ``readers`` use it too. ``scope``: processes (pytest-xdist, forked workers) or
    threads, which share their process's environment and current directory. ``proved``: two of the tests were run beside
    each other and failed, and passed alone. ``kind`` unknown: seen to fail beside others, over what was not.
    """

    resource: str
    kind: str  # file | directory | address | service | database | environment | cwd | unknown
    scope: str
    writers: tuple[str, ...]
    readers: tuple[str, ...]
    evidence: str
    proved: bool
    xdist_group: str | None  # tests with the same one are kept on one worker: --dist loadgroup


class Distribution(_Part, frozen=True, kw_only=True):
    """Milliseconds. None only where nothing was recorded."""

    p50: float | None
    p90: float | None
    p95: float | None
    p99: float | None
    p99_9: float | None
    max: float | None
    mean: float | None = None


class Calibration(_Part, frozen=True, kw_only=True):
    """What one worker needs by itself: its requests to a server that does nothing. ``skipped`` says why nobody knows.

    ``most_rate``: requests a second at most; ``cpu_us`` of a processor each took. Times are those at ``rate``, None:
    with all ``connections`` busy; ``server_us`` of each were that server's own. ``note``: how the traffic was not the
    scenario's.
    """

    skipped: str
    most_rate: float | None = None
    cpu_us: float | None = None
    rate: float | None = None
    p50_ms: float | None = None
    p99_ms: float | None = None
    connections: int | None = None
    note: str = ""
    server_us: float | None = None


class Generator(_Part, frozen=True, kw_only=True):
    """Whether the load generator can be believed; ``cpu`` is the share of one core used by its busiest worker."""

    valid: bool
    reason: str
    cpu: float | None
    schedule_lag_ms: Distribution
    calibration: Calibration | None = None  # None: made by a version that knew none


class SessionCounts(_Part, frozen=True, kw_only=True):
    """Sessions that began, went through, and ended before their time; the rest were cut off at the schedule's end.

    ``rate`` is what was asked for per second, None in a closed model.
    """

    begun: int
    completed: int
    aborted: int
    rate: float | None = None


class SubjectVitals(_Part, frozen=True, kw_only=True):
    """The subject from outside; ``cpu`` in cores (mean, max), memory in bytes at most; ``rss_growth`` from
    the first look to the last. None where not readable.
    """

    cpu: float | None
    rss: int | None
    fds: int | None
    threads: int | None
    loop_lag_ms: Distribution | None = None
    cpu_max: float | None = None
    processes: int | None = None
    rss_growth: int | None = None


class Operation(_Part, frozen=True, kw_only=True):
    """One kind of request of a scenario."""

    requests: int
    errors: dict[str, int]
    response_ms: Distribution
    service_ms: Distribution


class Series(_Part, frozen=True, kw_only=True):
    """Columns of equal length, one row a second; of scenarios longer than an hour, the rows of ``timeline``. None where
    nothing ended in a row.
    """

    t_s: tuple[float, ...]
    rate: tuple[float, ...]
    errors: tuple[int, ...]
    p50_ms: tuple[float | None, ...]
    p95_ms: tuple[float | None, ...]
    p99_ms: tuple[float | None, ...]
    max_ms: tuple[float | None, ...]
    cpu: tuple[float | None, ...]
    rss_bytes: tuple[int | None, ...]


class Load(_Part, frozen=True, kw_only=True):
    """One load scenario. Response time counts from the intended start over every outcome, time-outs at their limit.

    ``achieved_rate`` and ``sent_rate`` are per second of the schedule: complete answers that came, and requests that
    were sent, before its end. What an overloaded subject answers later is in ``requests`` and in no rate.
    """

    scenario: str
    model: str
    url: str
    target_rate: float | None
    achieved_rate: float | None
    requests: int
    errors: dict[str, int]
    response_ms: Distribution
    response_ok_ms: Distribution
    service_ms: Distribution
    histogram: str
    generator: Generator
    subject: SubjectVitals
    connections: int
    workers: int
    timeout_s: float
    span_s: float
    unfinished: int = 0
    operations: dict[str, Operation] = {}
    thresholds: dict[str, dict[str, float | str | None]] = {}  # name -> {limit, observed, verdict}
    statuses: dict[str, int] = {}  # what errors["status"] consists of: {"503": 12}
    samples: tuple[dict[str, Any], ...] = ()  # slowest and failed requests
    series: Series | None = None
    sent_rate: float | None = None
    timeline: Timeline | None = None  # what the charts show
    curve: Curve | None = None
    shape: str = ""  # its kind
    peak_rate: float | None = None  # the highest that was asked for; ``target_rate`` is the average
    planned: int | None = None  # requests that the schedule had; None in a closed model
    shed: int = 0  # dropped before they were sent, as asked for (``shed_after_s``); they are among the errors
    stages: tuple[Stage, ...] = ()
    warm_up_s: float | None = None  # from the start; None: not known (see ``steady``)
    steady: Steady | None = None  # None: the rate changes by plan
    sessions: SessionCounts | None = None  # None: requests were by themselves
    limited_by: LimitedBy | None = None  # where something was missed: what was at its limit then
    error_seconds: dict[str, tuple[int, int]] = {}  # kind, or "status 503": seconds in which the first and last ended
    error_texts: tuple[ErrorSaid, ...] = ()  # the twenty most frequent; statuses are told in ``statuses``


class WebSocket(Load, frozen=True, kw_only=True):
    """One WebSocket scenario. ``connections`` are all of it. In the mode broadcast its requests are publishes, and its
    response times those of deliveries, from the intended publish, which are ``delivery_ms`` too.

    ``reach``: deliveries that came of those that were owed. ``skew_ms``: from the first to the last receiver of each
    message. All of these None where nothing is broadcast; ``limit`` None where no limit was tried.
    """

    mode: str
    reach: float | None
    delivery_ms: Distribution | None
    skew_ms: Distribution | None
    expected: int | None
    received: int | None
    lost: int | None
    duplicated: int | None
    reordered: int | None
    connect_ms: Distribution
    sockets: Sockets
    rooms: tuple[RoomCount, ...] = ()  # at most 200, those with the lowest reach first
    room_count: int = 0
    limit: Limit | None = None
    sockets_course: SocketCourse | None = None
    connect_heat: Heat | None = None  # of the handshakes, by second from the first that ended
    hostile: Hostile | None = None  # where bad manners were tried

    @property
    def one_by_one(self) -> bool:
        """Whether connections were tried one by one, and nothing was sent at a rate."""
        return self.limit is not None or self.hostile is not None


class Part(_Part, frozen=True, kw_only=True):
    """What one check contributes. Each field of the judgement is filled by exactly one check; findings add up."""

    findings: tuple[Finding, ...] = ()
    suite: SuiteReport | None = None
    bugs: tuple[Bug, ...] | None = None
    flaky: tuple[FlakyTest, ...] | None = None
    pollution: tuple[Pollution, ...] | None = None
    parallel_conflicts: tuple[ParallelConflict, ...] | None = None
    load: tuple[Load, ...] | None = None
    quality: tuple[QualityItem, ...] | None = None
    quality_summary: QualitySummary | None = None
    property_tests: tuple[PropertyTest, ...] | None = None
    property_summary: PropertySummary | None = None
    not_measured: dict[str, str] = {}
    traffic: tuple[Traffic, ...] | None = None
    websocket: tuple[WebSocket, ...] | None = None
    drills: tuple[Drill, ...] | None = None
    cache: tuple[Cache, ...] | None = None
    capacity: tuple[Capacity, ...] | None = None


class Judgement(_Part, frozen=True, kw_only=True):
    """Findings and numbers. Lists of examinations that do not exist yet or did not run are empty."""

    schema: str
    run: RunInfo
    verdict: Verdict
    findings: tuple[Finding, ...]
    suite: SuiteReport | None
    bugs: tuple[Bug, ...]
    flaky: tuple[FlakyTest, ...] = ()
    pollution: tuple[Pollution, ...] = ()
    property_tests: tuple[PropertyTest, ...] = ()
    property_summary: PropertySummary | None = None
    quality: tuple[QualityItem, ...] = ()
    quality_summary: QualitySummary | None = None
    load: tuple[Load, ...] = ()
    websocket: tuple[WebSocket, ...] = ()
    cache: tuple[Cache, ...] = ()
    capacity: tuple[Capacity, ...] = ()
    drills: tuple[Drill, ...] = ()
    soak: tuple[dict[str, Any], ...] = ()
    recovery: tuple[dict[str, Any], ...] = ()
    bench: tuple[dict[str, Any], ...] = ()
    not_measured: dict[str, str] = {}
    parallel_conflicts: tuple[ParallelConflict, ...] = ()
    traffic: tuple[Traffic, ...] = ()

    @property
    def exit_code(self) -> Exit:
        """The exit code that belongs to this judgement (also stored in ``run.exit_code``)."""
        return self.run.exit_code
