"""What limited the subject when it broke: what was at its limit at the knee and not well below it. Pure.

Looked at in this order, and the first that holds is the reason; what else holds is named beside it. What makes
everything wait comes before what it makes wait: a full core keeps connections of a pool taken, so the pool is named
only where no core is full; an event loop that is blocked in one function says more than the core that it fills.

    descriptors, memory, garbage-collection, worker, thread, loop, core, lock, pool, accept-queue, concurrency, machine,
    errors, connections, dependency or pause, generator

``connections`` (refused, or closed by the subject) is what a search for the breaking point adds, and ``errors`` that
are answers (429, 500).

No evidence gives no reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from brinell.core.reason_case import Case
from brinell.core.reason_log import errors
from brinell.core.reason_numbers import numbers
from brinell.core.reason_rules import HELD_BACK, cases_of
from brinell.core.reason_waits import COMPUTES, dependency
from brinell.core.reason_words import FIXES
from brinell.core.stack_words import called_by_loop, frames_of, is_idle_thread
from brinell.core.vitals_judgement import LimitedBy, StackShare
from brinell.core.vitals_records import VitalsEntry
from brinell.core.vitals_window import FULL, Span, Window, window

KINDS = (
    "descriptors", "memory", "garbage-collection", "worker", "thread", "loop", "core", "lock", "pool", "accept-queue",
    "concurrency", "machine", "errors", "connections", "dependency", "pause", "generator",
)  # fmt: skip
MOST_STACKS = 8
AS_MUCH = 1.1  # times what there was well below
_WAITING = frozenset({"lock", "pool"})
_ALWAYS = frozenset({"thread"})  # what is so below, too, and costs the more the more there is to do


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """The reason, or None and, in ``not_measured``, why there is none and what could not be looked at."""

    limited_by: LimitedBy | None
    not_measured: dict[str, str] = {}


def explain(
    records: Iterable[VitalsEntry],
    knee: Span,
    below: Span | None = None,
    *,
    start_ns: int = 0,
    generator: str = "",
    broke: bool = False,
    failed: Case | None = None,
    stay: float | None = None,
) -> Explanation:
    """Say what limited the subject in ``knee`` and not in ``below`` (where that is known).

    ``records`` are all of the scenario's or more: those of the kinds of ``core.vitals_records``. Spans are on the
    monotonic clock, ``start_ns`` is where seconds count from. ``generator``: why the generator cannot be believed.
    ``broke``: requests took longer there than they may, or failed; only then it matters what they wait for.
    ``failed``: what they failed with, where that is what broke. ``stay``: how many times as many clients as in
    ``below`` stayed connected there, where they do: so many times as much waits, and nothing follows from that.
    """
    kept = list(records)
    at = window(kept, knee)
    well = None if below is None else window(kept, below)
    before = {} if well is None else {(case.kind, case.who): case.degree for case in cases_of(well)}
    cases = [
        case
        for case in cases_of(at)
        if case.kind in _ALWAYS or case.degree > _usual(case, stay) * before.get((case.kind, case.who), 0.0)
    ]
    if broke and not generator:
        cases += [*errors(at, well), *([failed] if failed else []), *dependency(at, well, stay)]
    cases = _placed(cases, at)
    if not cases and generator:
        cases = [Case("generator", 0, "the load generator, not the subject", (generator.rstrip("."),))]
    not_measured = _not_measured(at)
    told = numbers(at, well)
    if not cases:
        not_measured["limited_by"] = _why_none(at, before) + (f"; {told}" if told else "")
        return Explanation(limited_by=None, not_measured=not_measured)
    first = cases[0]
    return Explanation(
        limited_by=LimitedBy(
            kind=first.kind,
            title=first.title,
            evidence=(*first.evidence, told) if told else first.evidence,
            fix=FIXES[first.kind],
            pid=first.who or None,
            process=first.process,
            at_s=None if first.at_ns is None else max(0.0, round((first.at_ns - start_ns) / 1e9, 1)),
            also=tuple(case.title for case in cases[1:4]),
            stacks=_stacks(at, first.who),
        ),
        not_measured=not_measured,
    )


def _usual(case: Case, stay: float | None) -> float:
    """Return how many times what there was well below explains nothing."""
    return AS_MUCH * max(1.0, stay or 1.0) if case.kind in _WAITING else AS_MUCH


def _placed(cases: list[Case], at: Window) -> list[Case]:
    """Put the machine where it belongs: it makes everything wait of who would have filled a core and did not get it,
    and is little to who hardly wants one. What a log says (of nobody) stays where it is.
    """
    others = [case for case in cases if case.kind != "machine"]
    machine = [case for case in cases if case.kind == "machine"]
    if any(one.wish >= FULL and (one.starved or 0.0) >= HELD_BACK for one in at.processes.values()):
        waiting = (number for number, case in enumerate(others) if case.kind in _WAITING and case.who)
        begin = next(waiting, None)
        return cases if begin is None else [*others[:begin], *machine, *others[begin:]]
    return cases if any(one.wish >= COMPUTES for one in at.processes.values()) else [*others, *machine]


def _stacks(at: Window, pid: int) -> tuple[StackShare, ...]:
    """The most frequent stacks of the process: of its loop as shares of the looks, of threads and tasks of all seen."""
    inside = at.inside.get(pid)
    looks, outside = at.stacks.get(pid, (0, {}))
    rows = _shares(outside, looks) if inside is None else _shares(inside.stacks, inside.looks)
    return tuple(sorted(rows, key=lambda row: (-row.share, row.frames))[:MOST_STACKS])


def _shares(stacks: Mapping[tuple[str, str], tuple[int, int]], looks: int) -> list[StackShare]:
    totals: dict[str, int] = {"loop": max(looks, sum(count for (of, _), (count, _) in stacks.items() if of == "loop"))}
    for (of, _), (count, _) in stacks.items():
        totals[of] = totals[of] if of == "loop" else totals.get(of, 0) + count
    found = []
    for (of, folded), (count, _) in stacks.items():
        frames = frames_of(folded)
        if of == "loop":
            frames = called_by_loop(frames)
        if frames and totals[of] and not (of == "thread" and is_idle_thread(frames)):
            share = round(count / totals[of], 4)
            found.append(StackShare(of=of, frames=tuple(one.words for one in frames), share=share))
    return found


def _not_measured(at: Window) -> dict[str, str]:
    found: dict[str, str] = {}
    if not at.inside:
        why = "the probe did not speak: is the service's Python started with -E, -I or -S, or as another user?"
        found["event_loop"] = why if at.silent else "there was no probe in the subject: [service] probe = true"
    elif at.mute:
        names = ", ".join(one.words for one in at.mute[:4])
        found["event_loop"] = f"the probe did not speak from {names}: is it started with -E, or as another user?"
    if at.why_no_stacks and not at.inside:
        found["stacks"] = at.why_no_stacks
    if not at.looks:
        found["processes"] = "the subject's processes were not looked at"
    return found


def _why_none(at: Window, before: Mapping[tuple[str, int], float]) -> str:
    if not at.looks and not at.inside:
        return "nobody looked at the subject while it was at its limit"
    if before:
        return "what was at its limit was so well below the breaking point, too"
    looked = ["processor time, descriptors, memory and the accept queue"] if at.looks else []
    looked += ["event loop, garbage collection and pools"] if at.inside else []
    return f"nothing that was looked at was at its limit: {', '.join(looked)}"
