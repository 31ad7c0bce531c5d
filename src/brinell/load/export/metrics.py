"""A scenario's numbers as monitoring systems want them: families of counters, gauges and histograms that only grow.

``Totals`` adds up records as they come; what it gives is right at any moment, so whoever misses one delivery loses
resolution and nothing else. Histograms count into the bounds of ``BOUNDS_S``: a bucket of ours goes where its upper end
lies, so that nothing is ever told to have been faster than it was.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from brinell.core.load_records import GeneratorSecond, LoadEnded, LoadSlice, LoadStarted
from brinell.core.observation import Envelope, Vitals
from brinell.core.redact import one_line
from brinell.core.sparse import Compact, compact
from brinell.load.export.figures import edges, sum_ns
from brinell.load.export.seconds import Outcomes, Second

BOUNDS_S = (
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.0075, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5,
    5.0, 7.5, 10.0, 30.0, 60.0,
)  # fmt: skip
MOST_SERIES = 500  # operations times outcomes; what comes after them is counted as OTHER
OTHER = "other"

Labels = tuple[tuple[str, str], ...]
"""Names and values, by name."""

_BOUNDS_NS = np.array([round(bound * 1e9) for bound in BOUNDS_S], dtype=np.int64)


class Buckets(NamedTuple):
    """How many fell between each of ``BOUNDS_S`` and the one before it, how many above the last, and their sum."""

    counts: tuple[int, ...]
    sum_s: float


class Point(NamedTuple):
    """One series at one moment."""

    labels: Labels
    value: float | Buckets


class Family(NamedTuple):
    """A metric by its OpenMetrics name (without ``_total``), its OpenTelemetry name and both units."""

    name: str
    kind: str  # counter | gauge | histogram
    unit: str
    otel: str
    otel_unit: str
    help: str
    points: tuple[Point, ...]


class _Shape(NamedTuple):
    kind: str
    unit: str
    otel: str
    otel_unit: str
    help: str


FAMILIES = {
    "brinell_load_requests": _Shape(
        "counter", "", "brinell.load.requests", "{request}", "Requests that ended, by what became of them."
    ),
    "brinell_load_response_seconds": _Shape(
        "histogram", "seconds", "brinell.load.response.duration", "s", "From the moment a request was due to its end."
    ),
    "brinell_load_service_seconds": _Shape(
        "histogram", "seconds", "brinell.load.service.duration", "s", "From the actual send of a request to its end."
    ),
    "brinell_load_received_bytes": _Shape(
        "counter", "bytes", "brinell.load.received", "By", "Bytes of answers, as they came."
    ),
    "brinell_load_due": _Shape("counter", "", "brinell.load.due", "{request}", "Requests that fell due."),
    "brinell_load_started": _Shape(
        "counter", "", "brinell.load.started", "{request}", "Requests that got a connection."
    ),
    "brinell_load_lag_seconds": _Shape(
        "histogram", "seconds", "brinell.load.lag", "s", "How late the generator noticed that a request was due."
    ),
    "brinell_load_generator_cpu_seconds": _Shape(
        "counter", "seconds", "brinell.load.generator.cpu.time", "s", "Processor time of one worker."
    ),
    "brinell_load_generator_starved_seconds": _Shape(
        "counter", "seconds", "brinell.load.generator.starved", "s", "Time a worker was ready to run without a core."
    ),
    "brinell_load_generator_gc_seconds": _Shape(
        "counter", "seconds", "brinell.load.generator.gc", "s", "Garbage collection of one worker."
    ),
    "brinell_load_waiting": _Shape(
        "gauge", "", "brinell.load.waiting", "{request}", "Due requests without a free connection."
    ),
    "brinell_load_open_connections": _Shape(
        "gauge", "", "brinell.load.open_connections", "{connection}", "Connections that are open."
    ),
    "brinell_load_target_rate": _Shape(
        "gauge", "", "brinell.load.target_rate", "{request}/s", "Requests a second that are asked for, on average."
    ),
    "brinell_load_running": _Shape("gauge", "", "brinell.load.running", "1", "1 while the scenario runs, 0 after it."),
    "brinell_load_subject_cpu_seconds": _Shape(
        "counter", "seconds", "brinell.load.subject.cpu.time", "s", "Processor time of the subject's processes."
    ),
    "brinell_load_subject_resident_bytes": _Shape(
        "gauge", "bytes", "brinell.load.subject.memory", "By", "Resident memory of the subject's processes."
    ),
    "brinell_load_subject_open_fds": _Shape(
        "gauge", "", "brinell.load.subject.open_fds", "{file}", "Open descriptors of the subject's processes."
    ),
    "brinell_load_subject_threads": _Shape(
        "gauge", "", "brinell.load.subject.threads", "{thread}", "Threads of the subject's processes."
    ),
}


class _Counted:
    """A histogram that grows."""

    __slots__ = ("_told", "counts", "sum_s")

    def __init__(self) -> None:
        self.counts: npt.NDArray[np.int64] = np.zeros(len(BOUNDS_S) + 1, dtype=np.int64)
        self.sum_s = 0.0
        self._told: Buckets | None = None  # the same one until something is added: a file has hundreds of them

    def add(self, histogram: Compact) -> None:
        indices, counts = histogram
        if len(indices):
            _, high = edges(indices)
            places = np.searchsorted(_BOUNDS_NS, high)
            self.counts += np.bincount(places, weights=counts, minlength=len(self.counts)).astype(np.int64)
            self.sum_s += sum_ns(histogram) / 1e9
            self._told = None

    def buckets(self) -> Buckets:
        if self._told is None:
            self._told = Buckets(tuple(self.counts.tolist()), self.sum_s)
        return self._told


class Totals:
    """What all scenarios of a run came to so far. Not safe to use from two threads at once."""

    def __init__(self) -> None:
        self.urls: dict[str, str] = {}  # of scenarios, by name
        self._values: dict[str, dict[Labels, float]] = {}
        self._histograms: dict[str, dict[Labels, _Counted]] = {}
        self._scenarios: dict[str, str] = {}  # names by step
        self._pairs: dict[tuple[str, str, str], Labels] = {}
        self._cpu_s: dict[str, float] = {}  # of subjects, as it was last seen

    def add(self, envelope: Envelope) -> None:
        """Count one record as it comes; those that are not of load change nothing."""
        record = envelope.data
        if isinstance(record, LoadStarted):
            self._scenarios[envelope.source] = self.begin(record)
        elif (scenario := self._scenarios.get(envelope.source)) is None:
            return
        elif isinstance(record, LoadSlice):
            one = Outcomes()
            one.add(record)
            self._ended(scenario, record.operation, record.outcome, one)
        elif isinstance(record, GeneratorSecond):
            self._generator(scenario, record)
        elif isinstance(record, Vitals):
            self._subject(scenario, record)
        elif isinstance(record, LoadEnded):
            self.end(scenario)

    def begin(self, started: LoadStarted) -> str:
        """Open a scenario; return its name here."""
        name = one_line(started.scenario, 100)
        self.urls[name] = started.url
        labels = (("scenario", name),)
        self._set("brinell_load_running", labels, 1)
        if started.target_rate is not None:
            self._set("brinell_load_target_rate", labels, started.target_rate)
        return name

    def add_second(self, scenario: str, second: Second) -> None:
        """Count a second that is whole."""
        for (operation, outcome), one in second.cells.items():
            self._ended(scenario, operation, outcome, one)
        for own in second.generator:
            self._generator(scenario, own)
        if second.subject is not None:
            self._subject(scenario, second.subject)

    def end(self, scenario: str) -> None:
        """Close it: what waited and was open is not any more."""
        labels = (("scenario", scenario),)
        self._set("brinell_load_running", labels, 0)
        for name in ("brinell_load_waiting", "brinell_load_open_connections"):
            values = self._values.get(name, {})
            values.update((key, 0) for key in values if labels[0] in key)

    def families(self) -> list[Family]:
        """Return everything there is."""
        found = []
        for name, shape in FAMILIES.items():
            values = [Point(labels, value) for labels, value in self._values.get(name, {}).items()]
            counted = [Point(labels, one.buckets()) for labels, one in self._histograms.get(name, {}).items()]
            if values or counted:
                found.append(Family(name, *shape, points=(*values, *counted)))
        return found

    def _ended(self, scenario: str, operation: str, outcome: str, one: Outcomes) -> None:
        labels = self._labels(scenario, operation, outcome)
        self._count("brinell_load_requests", labels, one.requests)
        self._count("brinell_load_received_bytes", labels, one.bytes_in)
        self._histogram("brinell_load_response_seconds", labels).add(one.response())
        self._histogram("brinell_load_service_seconds", labels).add(one.service())

    def _generator(self, scenario: str, one: GeneratorSecond) -> None:
        labels = (("scenario", scenario),)
        worker = (*labels, ("worker", str(one.worker)))
        self._count("brinell_load_due", labels, one.scheduled)
        self._count("brinell_load_started", labels, one.started)
        self._histogram("brinell_load_lag_seconds", labels).add(compact(one.lag))
        self._count("brinell_load_generator_cpu_seconds", worker, one.cpu_s)
        self._count("brinell_load_generator_starved_seconds", worker, one.starved_s)
        self._count("brinell_load_generator_gc_seconds", worker, one.gc_s)
        self._set("brinell_load_waiting", worker, one.waiting)
        self._set("brinell_load_open_connections", worker, one.open_connections)

    def _subject(self, scenario: str, look: Vitals) -> None:
        labels = (("scenario", scenario),)
        # A process that ends takes its seconds out of the sum; a counter must not go back for that.
        spent = max(0.0, look.cpu_s - self._cpu_s.get(scenario, look.cpu_s))
        self._cpu_s[scenario] = look.cpu_s
        self._count("brinell_load_subject_cpu_seconds", labels, spent)
        for name, value in (
            ("brinell_load_subject_resident_bytes", look.rss_bytes),
            ("brinell_load_subject_open_fds", look.fds),
            ("brinell_load_subject_threads", look.threads),
        ):
            if value is not None:
                self._set(name, labels, value)

    def _labels(self, scenario: str, operation: str, outcome: str) -> Labels:
        key = scenario, operation, outcome
        found = self._pairs.get(key)
        if found is None:
            if len(self._pairs) >= MOST_SERIES:
                operation = outcome = OTHER  # never forgotten, and never more than these
            found = ("operation", one_line(operation, 200)), ("outcome", one_line(outcome, 60)), ("scenario", scenario)
            if len(self._pairs) < MOST_SERIES:
                self._pairs[key] = found
        return found

    def _count(self, name: str, labels: Labels, more: float) -> None:
        values = self._values.setdefault(name, {})
        values[labels] = values.get(labels, 0) + more

    def _set(self, name: str, labels: Labels, value: float) -> None:
        self._values.setdefault(name, {})[labels] = value

    def _histogram(self, name: str, labels: Labels) -> _Counted:
        return self._histograms.setdefault(name, {}).setdefault(labels, _Counted())
