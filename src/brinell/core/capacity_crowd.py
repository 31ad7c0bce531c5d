"""Was the machine crowded while a step broke? From its run queue, its cores and what was stolen of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from brinell.core.capacity_records import CapacityStep
from brinell.core.crowd import OTHERS, STEAL, is_full
from brinell.core.reason_case import percent
from brinell.core.sequential import BROKEN, FALLING_BEHIND
from brinell.core.vitals_records import VitalsDetail
from brinell.core.vitals_window import Span, Window, window


def crowd(step: CapacityStep, looks: Iterable[VitalsDetail]) -> str:
    """Return ``this machine was crowded: 6.1 tasks wanted its 2 cores ...``; empty where it was not, or nobody looked.

    A machine that the subject and the load fill by themselves is not crowded, and no crowd refuses a connection or
    answers 503: only what takes too long can be its doing.
    """
    if step.verdict != BROKEN or not (step.why == FALLING_BEHIND or step.why.endswith("_ms")):
        return ""
    at = window(looks, Span(step.started_ns, step.ended_ns))
    parts = [*_queue(at, step), *_stolen(at)]
    return f"this machine was crowded: {'; '.join(parts)}" if parts else ""


def _queue(at: Window, step: CapacityStep) -> list[str]:
    number, busy = len(at.cores), sum(at.cores)
    if at.running is None or not is_full(busy, number, at.running):
        return []
    own, subject = step.generator_cores or 0.0, sum(one.cores for one in at.processes.values())
    others = max(0.0, busy - own - subject)
    if others < OTHERS:
        return []
    told = f"{at.running:.1f} tasks wanted its {number} cores, of which the subject had {subject:.1f}"
    told += "" if step.generator_cores is None else f", the load generator {own:.1f}"
    return [f"{told} and other programs {others:.1f}"]


def _stolen(at: Window) -> list[str]:
    if at.steal is None or at.steal < STEAL:
        return []
    return [f"a hypervisor gave {percent(at.steal)} of its time to others"]
