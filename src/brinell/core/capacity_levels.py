"""Steps of a search as they are shown: while it goes on, and in its judgement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from brinell.core.capacity_crowd import crowd
from brinell.core.capacity_failures import words
from brinell.core.capacity_judgement import CapacityLevel
from brinell.core.capacity_records import CapacityStep
from brinell.core.sequential import HELD
from brinell.core.vitals_records import VitalsDetail


def levels(steps: Iterable[tuple[str, CapacityStep]], looks: Sequence[VitalsDetail] = ()) -> tuple[CapacityLevel, ...]:
    """Return steps, each with the id of its observation, in the order in which they were made; ``looks`` at the subject
    and its machine meanwhile.
    """
    rows, at_s = [], 0.0
    for identity, step in steps:
        rows.append(_level(identity, step, at_s, "" if step.verdict == HELD else words(step) or crowd(step, looks)))
        at_s += step.took_s
    return tuple(rows)


def _level(identity: str, step: CapacityStep, at_s: float, detail: str) -> CapacityLevel:
    return CapacityLevel(
        number=step.number,
        level=step.level,
        verdict=step.verdict,
        why=step.why,
        reason=step.reason,
        at_s=at_s,
        took_s=step.took_s,
        seconds=step.seconds,
        offered=step.offered,
        achieved=step.achieved,
        requests=step.requests,
        errors=step.errors,
        observed=step.observed,
        p50_ms=_ms(step.p50_ns),
        p95_ms=_ms(step.p95_ns),
        p99_ms=_ms(step.p99_ns),
        max_ms=_ms(step.max_ns),
        workers=step.workers,
        connections=step.connections,
        decided=step.decided,
        evidence=identity,
        detail=detail,
    )


def _ms(nanoseconds: int | None) -> float | None:
    return None if nanoseconds is None else nanoseconds / 1e6
