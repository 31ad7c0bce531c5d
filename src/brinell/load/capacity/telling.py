"""From a step's records to what is written down of it: whether it held, and its numbers. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from brinell.core import outcomes
from brinell.core.capacity_search import INVALID
from brinell.core.histogram import Histogram
from brinell.core.load_records import GeneratorSecond, LoadSlice, LoadStarted
from brinell.core.observation import Record
from brinell.core.sequential import BROKEN, HELD, Decision
from brinell.core.socket_records import DELIVERY, PUBLISH
from brinell.load.capacity.bounds import Limit, Seconds
from brinell.load.capacity.broadcast_seconds import BroadcastSeconds
from brinell.load.capacity.socket_seconds import SocketSeconds

CROWDED = 0.5  # share of the seconds in which requests waited for a connection
QUICK = 1.5  # a service time below this multiple of what it was under little load has not suffered
SECOND_NS = 1_000_000_000
_NOT_SENT = {"died", "own-faults", "ports", "behind", "beyond"}  # rules that say: less was sent than was asked for
_OTHER = {"died", "own-faults", "ports"}
LOST = "lost"
OTHER = "other"
WORKERS = "workers"
CONNECTIONS = "connections"


class Doubt(NamedTuple):
    """What speaks against believing the generator: the names of the rules that bit, in words, and whether a threshold
    was missed in a way that no generator can cause.
    """

    rules: tuple[str, ...] = ()
    reason: str = ""
    proved: bool = False


Believe = Callable[[Sequence[Record], Mapping[str, float]], tuple[tuple[str, ...], str, bool]]
"""The records of one scenario and its thresholds to the fields of a ``Doubt``."""


class Ruling(NamedTuple):
    """A step's verdict (held, broken, invalid), what decided it, and what the generator lacked."""

    verdict: str
    why: str
    lack: str = ""


class Numbers(NamedTuple):
    """What the judged seconds showed. Rates per second, times in nanoseconds. Of a broadcast, of deliveries."""

    requests: int
    completed: int
    errors: dict[str, int]
    response: Histogram
    service: Histogram
    shares: dict[str, float]  # error_rate and reach
    longest_ns: int  # of what came
    crowded: float = 0.0  # share of worker-seconds that ended with requests waiting for a connection
    owed: int | None = None  # deliveries of a broadcast
    skew: Histogram | None = None
    connect: Histogram | None = None
    outcomes: dict[str, int] = {}  # noqa: RUF012 - never changed; errors with their codes


def numbers(records: Sequence[Record], seconds: range, book: Seconds, timeout_s: float) -> Numbers:
    """Add up what ended in these seconds of a level; ``book`` is what its decision was made on."""
    if isinstance(book, BroadcastSeconds):
        return _deliveries(records, seconds, book, timeout_s)
    response, service, errors, whole = Histogram(), Histogram(), dict[str, int](), dict[str, int]()
    requests = completed = told = crowded = 0
    for one in records:
        if isinstance(one, LoadSlice) and one.second in seconds and book.counts(one):
            response.add_sparse(one.response, one.max_response_ns)
            service.add_sparse(one.service, one.max_service_ns)
            requests += one.count
            completed += one.count if outcomes.completed(one.outcome) else 0
            if one.outcome != outcomes.OK:
                kind = outcomes.kind(one.outcome)
                errors[kind] = errors.get(kind, 0) + one.count
                whole[one.outcome] = whole.get(one.outcome, 0) + one.count
        elif isinstance(one, GeneratorSecond) and one.second in seconds:
            told += 1
            crowded += one.waiting > 0
    failed = sum(errors.values())
    connect = None
    if isinstance(book, SocketSeconds):
        connect = book.connect
        errors |= _refused(book)
    return Numbers(
        requests,
        completed,
        errors,
        response,
        service,
        {"error_rate": failed / requests} if requests else {},
        response.max_ns,
        crowded=crowded / told if told else 0.0,
        connect=connect,
        outcomes=whole,
    )


def _deliveries(records: Sequence[Record], seconds: range, book: BroadcastSeconds, timeout_s: float) -> Numbers:
    """Add up deliveries. What was lost counts with the time-out, as a request does that is not answered."""
    response, service, errors = Histogram(), Histogram(), dict[str, int]()
    for one in records:
        if not isinstance(one, LoadSlice) or one.second not in seconds:
            continue
        if one.operation == DELIVERY:
            response.add_sparse(one.response, one.max_response_ns)
            service.add_sparse(one.service, one.max_service_ns)
        elif one.operation == PUBLISH and one.outcome not in {outcomes.OK, outcomes.UNFINISHED}:
            kind = outcomes.kind(one.outcome)
            errors[kind] = errors.get(kind, 0) + one.count
    seen = book.came(seconds)
    failed, longest_ns = sum(errors.values()), response.max_ns
    if seen.lost:
        response.record(int(timeout_s * 1e9), seen.lost)
        errors[LOST] = seen.lost
    errors |= _refused(book)
    shares = {"error_rate": failed / max(failed, seen.publishes)} if failed or seen.publishes else {}
    if seen.came or seen.lost_sent:
        shares["reach"] = seen.came / (seen.came + seen.lost_sent)
    return Numbers(
        seen.came + seen.lost,
        seen.came,
        errors,
        response,
        service,
        shares,
        longest_ns,
        owed=seen.owed,
        skew=book.skew,
        connect=book.connect,
    )


def _refused(book: SocketSeconds) -> dict[str, int]:
    """Return handshakes that failed, by what ``outcomes.kind`` says of them, apart from what messages came to."""
    found: dict[str, int] = {}
    for outcome, count in book.refused.items():
        kind = outcomes.kind(outcome)
        name = kind if kind in {outcomes.REFUSED, outcomes.UNREACHABLE} else f"connect-{kind}"
        found[name] = found.get(name, 0) + count
    return found


def observed(limits: Sequence[Limit], seen: Numbers) -> dict[str, float]:
    """Return each threshold's quantity in its own unit; what nothing was seen of is left out."""
    found = {limit.name: _observed(limit, seen) for limit in limits}
    return {name: value for name, value in found.items() if value is not None}


def _observed(limit: Limit, seen: Numbers) -> float | None:
    metric = limit.metric
    if metric.what in {"error_rate", "reach"}:
        return seen.shares.get(metric.what)
    beside = {"service": seen.service, "skew": seen.skew, "connect": seen.connect}
    times = beside.get(metric.clock, seen.response)
    if times is None or not times.count:
        return None
    if metric.what == "mean":
        return (times.mean_ns() or 0.0) / 1e6
    if metric.what == "max":
        return times.max_ns / 1e6
    (value,) = times.quantiles_ns([metric.share or 0.0])
    return (value or 0) / 1e6


def rule(decision: Decision, seen: Numbers, doubt: Doubt, quick_ns: int | None) -> Ruling:
    """Return a step's verdict. A generator in doubt can make a good subject look bad, and not the other way round: what
    held, held, unless less was sent than was asked for. ``quick_ns``: the service time under little load.
    """
    bitten = set(doubt.rules)
    lack = OTHER if bitten & _OTHER else WORKERS
    if decision.verdict is None:
        return Ruling(INVALID, doubt.reason or decision.why or "nothing was measured", lack if bitten else OTHER)
    if decision.verdict == HELD:
        return Ruling(INVALID, doubt.reason, lack) if bitten & _NOT_SENT else Ruling(HELD, decision.why)
    if bitten and not doubt.proved:
        return Ruling(INVALID, doubt.reason, lack)
    (service,) = seen.service.quantiles_ns([0.5])
    if quick_ns is not None and service is not None and seen.crowded >= CROWDED and service <= QUICK * quick_ns:
        why = "all connections were taken, and each was as quick as ever: their number set the rate"
        return Ruling(INVALID, why, CONNECTIONS)
    return Ruling(BROKEN, decision.why)


def told(
    records: Sequence[Record], limits: Sequence[Limit], seen: Numbers, seconds: range, offered: float | None
) -> dict[str, Any]:
    """Return the fields of a ``CapacityStep`` that are its numbers. ``offered``: by the schedule."""
    started_ns = next((one.start_ns for one in records if isinstance(one, LoadStarted)), 0)
    p50, p95, p99 = seen.response.quantiles_ns((0.5, 0.95, 0.99))
    return {
        "started_ns": started_ns,
        "judged_ns": started_ns + seconds.start * SECOND_NS,
        "ended_ns": started_ns + seconds.stop * SECOND_NS,
        "seconds": len(seconds),
        "offered": offered if seen.owed is None else seen.owed / max(1, len(seconds)),
        "achieved": seen.completed / max(1, len(seconds)),
        "requests": seen.requests,
        "errors": seen.errors,
        "outcomes": seen.outcomes,
        "generator_cores": _cores(records, seconds),
        "observed": observed(limits, seen),
        "p50_ns": p50,
        "p95_ns": p95,
        "p99_ns": p99,
        "max_ns": seen.response.max_ns if seen.requests else None,
        "mean_ns": seen.response.mean_ns(),
        "service_p50_ns": seen.service.quantiles_ns((0.5,))[0],
    }


def _cores(records: Sequence[Record], seconds: range) -> float | None:
    """Return the processor time of the load's workers, per second."""
    told = [one.cpu_s for one in records if isinstance(one, GeneratorSecond) and one.second in seconds]
    return sum(told) / len(seconds) if told else None
