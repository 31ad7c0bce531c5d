"""Records of runs that never happened, made from a few numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import pytest

from brinell.checks.load import load
from brinell.core.evidence import MemoryEvidence
from brinell.core.histogram import Histogram
from brinell.core.load_records import Exemplar, GeneratorSecond, LoadEnded, LoadSlice, LoadStarted
from brinell.core.observation import StepFinished, StepStarted, Vitals
from brinell.core.plan import LoadSpec, Plan, Step

SECOND_NS = 1_000_000_000


def histogram(values_ms):
    made = Histogram()
    for value, count in Counter(values_ms).items():
        made.record(int(value * 1e6), count)
    return made


def piece(values_ms, *, second=0, outcome="ok", worker=0, operation="GET /", service_ms=None):
    """One slice. Service times are the response times where none are given."""
    response = histogram(values_ms)
    service = histogram(values_ms if service_ms is None else service_ms)
    return LoadSlice(
        worker, second, operation, outcome, response.count,
        response.sparse(), service.sparse(), response.max_ns, service.max_ns,
    )  # fmt: skip


@dataclass
class Story:
    """A scenario of ``seconds`` at ``rate``: a well-behaved generator and a subject at 10 ms, unless told otherwise."""

    seconds: int = 10
    rate: float | None = 1000
    response_ms: float = 10.0
    service_ms: float | None = None
    lag_ms: float = 0.05
    cpu: tuple[float, ...] = (0.1,)  # of the workers
    starved: float = 0.0
    waiting: int = 0
    errors: dict[str, int] = field(default_factory=dict)  # in every second
    thresholds: dict[str, float] = field(default_factory=dict)
    slo: dict[str, float] = field(default_factory=dict)
    failures: tuple[str, ...] = ()
    interrupted: bool = False
    scheduled: int | None = None
    extra: list = field(default_factory=list)
    ends: bool = True
    connections: int = 64
    before: list = field(default_factory=list)  # what is known when the scenario begins
    sent: int | None = None
    gc_s: float = 0.0
    late: tuple[int, float] = (0, 0.0)  # so many requests of every second were noticed so late (ms)
    url: str = "http://127.0.0.1:1"
    version: str = "1.1"

    def records(self):
        per_second = int(self.rate or 1000)
        span = float(self.seconds)
        yield StepStarted("load:x")
        yield from self.before
        yield LoadStarted(
            "x", "open" if self.rate else "closed", self.url, 0, span, self.rate, self.connections,
            len(self.cpu), 5.0,
        )  # fmt: skip
        answered = per_second - sum(self.errors.values())
        for second in range(self.seconds):
            service = [self.service_ms] * answered if self.service_ms is not None else None
            yield piece([self.response_ms] * answered, second=second, service_ms=service)
            for outcome, count in self.errors.items():
                yield piece([self.response_ms] * count, second=second, outcome=outcome)
            for worker, cpu in enumerate(self.cpu):
                lag = histogram(
                    [self.lag_ms] * (per_second // len(self.cpu) - self.late[0]) + [self.late[1]] * self.late[0]
                )
                yield GeneratorSecond(
                    worker, second, per_second // len(self.cpu), per_second // len(self.cpu), cpu,
                    lag.sparse(), lag.max_ns, self.waiting, 64, self.gc_s, self.starved,
                )  # fmt: skip
        yield from self.extra
        if self.ends:
            total = per_second * self.seconds
            scheduled = total if self.scheduled is None else self.scheduled
            yield LoadEnded(scheduled, total, 0, span, self.interrupted, self.failures, sent_in_span=self.sent)
            yield StepFinished("load:x")

    def part(self):
        spec = LoadSpec(name="x", shape={}, thresholds=self.thresholds, version=self.version)
        plan = Plan(name="p", root=".", steps=(Step("load:x", "load", spec),))
        return load(MemoryEvidence(plan, self.records(), slo=self.slo))

    def findings(self):
        return {one.id.removeprefix("load.x."): one for one in self.part().findings}

    def verdicts(self):
        """Each finding as its verdict, or its reason where it is unknown."""
        return {name: (one.reason or one.verdict).value for name, one in self.findings().items()}


@pytest.fixture(scope="session")
def story():
    return Story


@pytest.fixture(name="piece", scope="session")
def piece_fixture():
    return piece


@pytest.fixture(name="histogram", scope="session")
def histogram_fixture():
    return histogram


@pytest.fixture(scope="session")
def look():
    return lambda at_s, cpu_s, rss=1000: Vitals(int(at_s * 1e9), 1, cpu_s, rss, 5, 2)


@pytest.fixture(scope="session")
def request_at():
    return lambda due_s, response_ms, outcome="ok", detail="": Exemplar(
        "GET /",
        outcome,
        int(due_s * 1e9),
        int(due_s * 1e9),
        int(due_s * 1e9),
        int(due_s * 1e9 + response_ms * 1e6),
        detail,
    )
