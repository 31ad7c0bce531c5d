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
from brinell.load.capacity.bounds import Limit

CROWDED = 0.5  # share of the seconds in which requests waited for a connection
QUICK = 1.5  # a service time below this multiple of what it was under little load has not suffered
SECOND_NS = 1_000_000_000
_NOT_SENT = {"died", "own-faults", "ports", "behind", "beyond"}  # rules that say: less was sent than was asked for
_OTHER = {"died", "own-faults", "ports"}
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
    """What the judged seconds showed. Rates per second, times in nanoseconds."""

    requests: int
    completed: int
    errors: dict[str, int]
    response: Histogram
    service: Histogram
    sums: tuple[float, ...]
    crowded: float  # share of worker-seconds that ended with requests waiting for a connection


def numbers(records: Sequence[Record], limits: Sequence[Limit], seconds: range) -> Numbers:
    """Add up what ended in these seconds of a level."""
    response, service, errors = Histogram(), Histogram(), dict[str, int]()
    sums, completed, told, crowded = [0.0] * len(limits), 0, 0, 0
    for one in records:
        if isinstance(one, LoadSlice) and one.second in seconds and one.outcome != outcomes.UNFINISHED:
            response.add_sparse(one.response, one.max_response_ns)
            service.add_sparse(one.service, one.max_service_ns)
            completed += one.count if outcomes.completed(one.outcome) else 0
            if one.outcome != outcomes.OK:
                kind = outcomes.kind(one.outcome)
                errors[kind] = errors.get(kind, 0) + one.count
            sums = [amount + limit.of(one) for amount, limit in zip(sums, limits, strict=True)]
        elif isinstance(one, GeneratorSecond) and one.second in seconds:
            told += 1
            crowded += one.waiting > 0
    return Numbers(response.count, completed, errors, response, service, tuple(sums), crowded / told if told else 0.0)


def observed(limits: Sequence[Limit], seen: Numbers) -> dict[str, float]:
    """Return each threshold's quantity in its own unit; what nothing was seen of is left out."""
    found: dict[str, float] = {}
    for limit, amount in zip(limits, seen.sums, strict=True):
        metric = limit.metric
        times = seen.service if metric.clock == "service" else seen.response
        if not seen.requests or (metric.clock and not times.count):
            continue
        if metric.what == "error_rate":
            found[limit.name] = amount / seen.requests
        elif metric.what == "mean":
            found[limit.name] = (times.mean_ns() or 0.0) / 1e6
        elif metric.what == "max":
            found[limit.name] = times.max_ns / 1e6
        else:
            (value,) = times.quantiles_ns([metric.share or 0.0])
            found[limit.name] = (value or 0) / 1e6
    return found


def rule(decision: Decision, seen: Numbers, doubt: Doubt, quick_ns: int | None) -> Ruling:
    """Return a step's verdict. A generator in doubt can make a good subject look bad, and not the other way round: what
    held, held, unless less was sent than was asked for. ``quick_ns``: the service time under little load.
    """
    bitten = set(doubt.rules)
    lack = OTHER if bitten & _OTHER else WORKERS
    if decision.verdict is None:
        return Ruling(INVALID, doubt.reason or "nothing was measured", lack)
    if decision.verdict == HELD:
        return Ruling(INVALID, doubt.reason, lack) if bitten & _NOT_SENT else Ruling(HELD, decision.why)
    if bitten and not doubt.proved:
        return Ruling(INVALID, doubt.reason, lack)
    (service,) = seen.service.quantiles_ns([0.5])
    if quick_ns is not None and service is not None and seen.crowded >= CROWDED and service <= QUICK * quick_ns:
        why = "all connections were taken, and each was as quick as ever: their number set the rate"
        return Ruling(INVALID, why, CONNECTIONS)
    return Ruling(BROKEN, decision.why)


def told(records: Sequence[Record], limits: Sequence[Limit], seen: Numbers, seconds: range) -> dict[str, Any]:
    """Return the fields of a ``CapacityStep`` that are its numbers."""
    started_ns = next((one.start_ns for one in records if isinstance(one, LoadStarted)), 0)
    p50, p95, p99 = seen.response.quantiles_ns((0.5, 0.95, 0.99))
    return {
        "started_ns": started_ns,
        "judged_ns": started_ns + seconds.start * SECOND_NS,
        "ended_ns": started_ns + seconds.stop * SECOND_NS,
        "seconds": len(seconds),
        "achieved": seen.completed / max(1, len(seconds)),
        "requests": seen.requests,
        "errors": seen.errors,
        "observed": observed(limits, seen),
        "p50_ns": p50,
        "p95_ns": p95,
        "p99_ns": p99,
        "max_ns": seen.response.max_ns if seen.requests else None,
        "mean_ns": seen.response.mean_ns(),
        "service_p50_ns": seen.service.quantiles_ns((0.5,))[0],
    }
