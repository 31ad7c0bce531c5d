"""The records of one scenario added up in one pass: memory does not grow with the number of requests."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field

from brinell.core import outcomes
from brinell.core.call_records import CallSecond, LoopStall
from brinell.core.error_records import ErrorTexts
from brinell.core.evidence import Evidence, observation_id
from brinell.core.generator_records import Bystanders, Calibrated, GeneratorMeans, MachineSecond
from brinell.core.histogram import Histogram
from brinell.core.load_records import Exemplar, GeneratorSecond, LoadEnded, LoadSlice, LoadStarted
from brinell.core.observation import Vitals
from brinell.core.sparse import Compact, compact, merged, quantiles_ns
from brinell.core.timeline import Course
from brinell.core.vitals_records import ProbeLook, ProbeSilent, StacksSeen, VitalsDetail, VitalsEntry

SLOWEST = 10
EACH_ERROR = 3


@dataclass
class OperationTally:
    """One kind of request."""

    response: Histogram = field(default_factory=Histogram)
    service: Histogram = field(default_factory=Histogram)
    requests: int = 0
    errors: dict[str, int] = field(default_factory=dict)


@dataclass
class SecondTally:
    """What ended in one second. Histograms stay sparse here: there is one of these for every second of a run."""

    completed: int = 0
    errors: int = 0
    max_ns: int = 0
    parts: list[Compact] = field(default_factory=list)

    def quantiles_ns(self, shares: tuple[float, ...]) -> list[int | None]:
        """Quantiles of the second's response times."""
        return quantiles_ns(merged(self.parts), shares, self.max_ns)


@dataclass
class Tally:
    """One scenario. ``workers`` holds, for each worker, (second, cpu_s, starved_s) in order."""

    started: LoadStarted
    started_id: str
    ended: LoadEnded | None = None
    ended_id: str = ""
    response: Histogram = field(default_factory=Histogram)
    response_ok: Histogram = field(default_factory=Histogram)
    service: Histogram = field(default_factory=Histogram)
    lag: Histogram = field(default_factory=Histogram)
    operations: dict[str, OperationTally] = field(default_factory=dict)
    outcomes: dict[str, int] = field(default_factory=dict)
    seconds: dict[int, SecondTally] = field(default_factory=dict)
    workers: dict[int, list[tuple[int, float, float]]] = field(default_factory=dict)
    scheduled: int = 0
    waited_seconds: int = 0  # worker-seconds at whose end requests waited for a connection
    vitals: list[Vitals] = field(default_factory=list)
    slowest: list[tuple[int, str, Exemplar]] = field(default_factory=list)
    failed: dict[str, list[tuple[str, Exemplar]]] = field(default_factory=dict)
    callers: dict[int, list[CallSecond]] = field(default_factory=dict)
    stalls: list[LoopStall] = field(default_factory=list)
    course: Course = field(init=False)
    calibrated: Calibrated | None = None
    means: GeneratorMeans | None = None
    machine: list[MachineSecond] = field(default_factory=list)
    longest_gc_s: float = 0.0  # of one worker in one second
    error_seconds: dict[str, tuple[int, int]] = field(default_factory=dict)  # by kind, statuses by code: first and last
    looks: list[VitalsEntry] = field(default_factory=list)  # at the subject, in detail
    texts: dict[tuple[str, str], tuple[int, int, int]] = field(default_factory=dict)  # (outcome, text): count, ends
    bystanders: Bystanders | None = None

    def __post_init__(self) -> None:
        self.course = Course(self.started.start_ns)

    @property
    def requests(self) -> int:
        """Requests with an outcome."""
        return sum(self.outcomes.values())

    @property
    def begun(self) -> int:
        """Requests that fell due. An interrupted run leaves some of them without an outcome."""
        return max(self.requests, self.scheduled if self.ended is None else self.ended.scheduled)

    @property
    def errors(self) -> dict[str, int]:
        """Counts by error kind, most frequent first."""
        found: dict[str, int] = {}
        for outcome, count in self.outcomes.items():
            if outcome != outcomes.OK:
                kind = outcomes.kind(outcome)
                found[kind] = found.get(kind, 0) + count
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    @property
    def statuses(self) -> dict[str, int]:
        """Counts of the statuses that were not expected, by code."""
        prefix = f"{outcomes.STATUS}-"
        return {key.removeprefix(prefix): self.outcomes[key] for key in sorted(self.outcomes) if key.startswith(prefix)}

    @property
    def completed(self) -> int:
        """Requests that got a complete answer, whatever it said."""
        return sum(count for outcome, count in self.outcomes.items() if outcomes.completed(outcome))

    @property
    def completed_in_span(self) -> int:
        """Complete answers that came before the schedule's end; without a last record, to the second."""
        if self.ended is not None and self.ended.completed_in_span is not None:
            return self.ended.completed_in_span
        return sum(one.completed for second, one in self.seconds.items() if second < self.span_s)

    @property
    def achieved_rate(self) -> float | None:
        """Complete answers a second of the schedule, without those that came after its end."""
        return self.completed_in_span / self.span_s if self.span_s > 0 else None

    @property
    def sent_rate(self) -> float | None:
        """Requests sent a second of the schedule; None where that was not told."""
        sent = None if self.ended is None else self.ended.sent_in_span
        return None if sent is None or self.span_s <= 0 else sent / self.span_s

    @property
    def memory_growth(self) -> int | None:
        """Bytes by which the subject's resident memory grew from the first look to the last; None without two."""
        sizes = [one.rss_bytes for one in self.vitals if one.rss_bytes is not None]
        return sizes[-1] - sizes[0] if len(sizes) > 1 else None

    @property
    def span_s(self) -> float:
        """Seconds of the schedule as it was run; without a last record, up to the last second that was told."""
        if self.ended is not None:
            return self.ended.span_s
        told = [second for rows in self.workers.values() for second, _, _ in rows]
        return min(self.started.span_s, float(max(told, default=-1) + 1))


def tallies(evidence: Evidence) -> dict[str, Tally]:
    """Return a tally for every step that began a load scenario, by step id."""
    found: dict[str, Tally] = {}
    before: dict[str, list[Calibrated | GeneratorMeans]] = {}  # what is known of the generator when a scenario begins
    kinds = LoadStarted, LoadSlice, Exemplar, GeneratorSecond, Vitals, LoadEnded, CallSecond, LoopStall
    looks = VitalsDetail, ProbeLook, StacksSeen, ProbeSilent
    for envelope in evidence.envelopes(
        *kinds, *looks, Calibrated, ErrorTexts, GeneratorMeans, MachineSecond, Bystanders
    ):
        record, identity = envelope.data, observation_id(envelope)
        if isinstance(record, LoadStarted):
            begun = found[envelope.source] = Tally(record, identity)
            for one in before.pop(envelope.source, ()):
                _add(begun, one, identity)
        elif isinstance(record, Calibrated | GeneratorMeans):
            before.setdefault(envelope.source, []).append(record)
        elif (tally := found.get(envelope.source)) is not None:
            _add(tally, record, identity)
    return found


def tally_of(evidence: Evidence, step: str, seconds: Container[int]) -> Tally:
    """Return the tally of what ended in some seconds of one step's scenario. KeyError if it never began."""
    found: Tally | None = None
    for envelope in evidence.envelopes(LoadStarted, LoadSlice, source=step):
        record, identity = envelope.data, observation_id(envelope)
        if isinstance(record, LoadStarted):
            found = Tally(record, identity)
        elif found is not None and isinstance(record, LoadSlice) and record.second in seconds:
            _add_slice(found, record)
    if found is None:
        raise KeyError(step)
    return found


def _add(tally: Tally, record: object, identity: str) -> None:
    match record:
        case LoadSlice():
            _add_slice(tally, record)
        case GeneratorSecond():
            tally.workers.setdefault(record.worker, []).append((record.second, record.cpu_s, record.starved_s))
            tally.lag.add_sparse(record.lag, record.max_lag_ns)
            tally.scheduled += record.scheduled
            tally.waited_seconds += record.waiting > 0
            tally.longest_gc_s = max(tally.longest_gc_s, record.gc_s)
            tally.course.add_generator(record)
        case Exemplar():
            _add_exemplar(tally, record, identity)
        case Vitals():
            tally.vitals.append(record)
            tally.course.add(record)
        case LoadEnded():
            tally.ended, tally.ended_id = record, identity
        case CallSecond():
            tally.callers.setdefault(record.worker, []).append(record)
        case LoopStall():
            tally.stalls.append(record)
        case ErrorTexts():
            _add_texts(tally, record)
        case VitalsDetail() | ProbeLook() | StacksSeen() | ProbeSilent():
            _add_look(tally, record)
        case Calibrated() | GeneratorMeans() | MachineSecond() | Bystanders():
            _add_surroundings(tally, record)


def _add_surroundings(tally: Tally, record: Calibrated | GeneratorMeans | MachineSecond | Bystanders) -> None:
    match record:
        case Calibrated():
            tally.calibrated = record
        case GeneratorMeans():
            tally.means = record
        case MachineSecond():
            tally.machine.append(record)
        case Bystanders():
            tally.bystanders = record


def _add_texts(tally: Tally, record: ErrorTexts) -> None:
    for one in record.texts:
        count, first, last = tally.texts.get((one.outcome, one.text), (0, one.first_ns, one.last_ns))
        tally.texts[one.outcome, one.text] = count + one.count, min(first, one.first_ns), max(last, one.last_ns)


def _add_look(tally: Tally, one: VitalsEntry) -> None:
    tally.looks.append(one)
    if isinstance(one, VitalsDetail | ProbeLook):
        tally.course.add(one)


def _add_slice(tally: Tally, one: LoadSlice) -> None:
    tally.outcomes[one.outcome] = tally.outcomes.get(one.outcome, 0) + one.count
    operation = tally.operations.setdefault(one.operation, OperationTally())
    operation.requests += one.count
    for histogram in (tally.response, operation.response):
        histogram.add_sparse(one.response, one.max_response_ns)
    for histogram in (tally.service, operation.service):
        histogram.add_sparse(one.service, one.max_service_ns)
    second = tally.seconds.setdefault(one.second, SecondTally())
    second.max_ns = max(second.max_ns, one.max_response_ns)
    response = compact(one.response)
    second.parts.append(response)
    tally.course.add_slice(one, response)
    if outcomes.completed(one.outcome):
        second.completed += one.count
    if one.outcome == outcomes.OK:
        tally.response_ok.add_sparse(one.response, one.max_response_ns)
    else:
        second.errors += one.count
        kind = outcomes.kind(one.outcome)
        operation.errors[kind] = operation.errors.get(kind, 0) + one.count
        for name in dict.fromkeys((kind, one.outcome.replace(f"{outcomes.STATUS}-", f"{outcomes.STATUS} "))):
            first, last = tally.error_seconds.get(name, (one.second, one.second))
            tally.error_seconds[name] = min(first, one.second), max(last, one.second)


def _add_exemplar(tally: Tally, one: Exemplar, identity: str) -> None:
    if one.outcome != outcomes.OK:
        kept = tally.failed.setdefault(one.outcome, [])
        if len(kept) < EACH_ERROR:
            kept.append((identity, one))
            return
    tally.slowest.append((one.ended_ns - one.due_ns, identity, one))
    if len(tally.slowest) > 4 * SLOWEST:
        keep_slowest(tally)


def keep_slowest(tally: Tally) -> None:
    """Sort the slowest first and forget the others."""
    tally.slowest.sort(key=lambda entry: -entry[0])
    # A failed request can come twice, as an error and as one of the slowest: once is enough.
    seen = {(one.due_ns, one.ended_ns) for kept in tally.failed.values() for _, one in kept}
    found = []
    for entry in tally.slowest:
        key = entry[2].due_ns, entry[2].ended_ns
        if key not in seen:
            seen.add(key)
            found.append(entry)
    tally.slowest = found[:SLOWEST]
