"""Can the generator be believed? A literal table of rules: what must hold for a run to be worthless, and what to do.

Two promises. A slow subject is never called invalid: no rule looks at how long the subject took, at requests that
waited for a connection, at time-outs or at a rate that was not answered. They look at the generator alone: its own
processor time, how late it noticed that a request was due (which it does whether or not a connection is free), the
requests it could not even begin, the workers that died. Response times appear only as the measure of lateness, and the
slower the subject, the milder that makes it. A saturated generator is never called valid: a loop without an
idle moment is saturated whatever the subject does at the same time.
"""

from __future__ import annotations

import errno
import math
import os
from collections.abc import Callable, Mapping
from typing import NamedTuple

from brinell.checks.load import surroundings
from brinell.checks.load.calls import crowded_out
from brinell.checks.load.tally import Tally
from brinell.checks.load.words import short
from brinell.core import outcomes
from brinell.core.generator_records import Calibrated
from brinell.core.histogram import Histogram
from brinell.core.thresholds import THRESHOLDS

BUSY = 0.9  # share of a core
DENIED = 0.95  # CPU plus time in the run queue: no idle moment, although other processes had the core
# Below this share of a core it is not the loop's work that keeps it from idling but a crowded machine. That limits what
# is measured only where the usual delay is a part of the usual response time worth speaking of.
WORKING = 0.25
CROWDED = 0.1
SATURATED_SECONDS = 0.1  # share of the middle seconds
# Lateness is part of every response time, so it can only make the subject look worse: a limit that is met is met. What
# it can do is turn a good subject's numbers into the generator's. Hence the bound grows with what was measured and with
# what was asked for; a processor that other processes use comes some milliseconds late to anybody.
LATE_NS = 2_000_000
LATE_UNASKED_NS = 5_000_000  # where no latency limit was stated
LATE_SHARE = 0.1  # of the response time's p95, and of the strictest limit
BEHIND = 0.97
LATE = "late"
_EXPLAINED = {"saturated", "late", "behind", "beyond"}  # by what the machine was denied
_INSIDE = ("call:", "cache:")  # what is timed where it is called, or perhaps: none of it is waiting for this side
_SECURE = ("https:", "wss:")  # of what comes encrypted nobody stamps when it came (``engine.patience``)
_NO_PORT = {os.strerror(errno.EADDRNOTAVAIL), os.strerror(errno.EADDRINUSE)}
MOMENT_S = 0.05


class Rule(NamedTuple):
    """``test`` looks at a run and its stated limits; it returns what was seen, None where the rule does not bite."""

    name: str
    test: Callable[[Tally, Mapping[str, float]], str | None]
    advice: str


class Trust(NamedTuple):
    """``broken`` are the names of the rules that bit; ``reason`` says what was seen and what to do."""

    broken: tuple[str, ...]
    reason: str
    cpu: float | None
    calibrated: Calibrated | None = None
    # How late the loop was: of requests that fell due or, in a closed model, of its turns. None: it is in no time.
    lag: Histogram | None = None
    held_up: int = 1  # requests that one late turn may have made later
    read_late: bool = False  # so it is in service times, too: of no answer it is known when it came

    @property
    def valid(self) -> bool:
        """Whether the numbers are the subject's."""
        return not self.broken


def trust(tally: Tally, limits: Mapping[str, float]) -> Trust:
    """Apply every rule."""
    bitten = [(rule, seen) for rule in RULES if (seen := rule.test(tally, limits)) is not None]
    words = [f"{seen}: {rule.advice}." for rule, seen in bitten]
    if any(rule.name in _EXPLAINED for rule, _ in bitten):
        words += surroundings.circumstances(tally)
    names = tuple(rule.name for rule, _ in bitten)
    started, is_closed = tally.started, tally.started.model == "closed"
    is_inside = started.url.startswith(_INSIDE)
    in_sessions = started.model == "partly-open" or (tally.ended is not None and tally.ended.sessions is not None)
    return Trust(
        names,
        " ".join(words),
        busiest(tally),
        tally.calibrated,
        None if is_closed and is_inside else tally.lag,
        # The users of one worker may all be answered in the turn that was late.
        1 if started.model == "open" else math.ceil(started.connections / max(1, started.workers)),
        read_late=not is_inside and (is_closed or in_sessions or started.url.startswith(_SECURE)),
    )


def busiest(tally: Tally) -> float | None:
    """Return the share of a core that the busiest worker used in the middle of the run, None if nothing was told."""
    shares = [[cpu for cpu, _ in rows] for rows in _middle(tally).values() if rows]
    return max((sum(row) / len(row) for row in shares), default=None)


def _middle(tally: Tally) -> dict[int, list[tuple[float, float]]]:
    """Return (CPU, CPU plus run queue) as shares of a core per worker and second.

    Without the first second (connecting, handshakes) and what came after the schedule's end; a run too short to have
    a middle counts as a whole.
    """
    last = int(tally.span_s) - 1
    found = {}
    for worker, rows in tally.workers.items():
        # A record covers the seconds up to the next one: more than one where the loop stood still.
        ends = [second for second, _, _ in rows[1:]] + [rows[-1][0] + 1]
        spread = [
            (second, cpu / max(1, end - second), (cpu + starved) / max(1, end - second))
            for (second, cpu, starved), end in zip(rows, ends, strict=True)
        ]
        middle = [(cpu, busy) for second, cpu, busy in spread if 1 <= second <= last]
        if not middle and tally.span_s > 0:
            whole = min(1.0, tally.span_s)
            middle = [(cpu / whole, busy / whole) for second, cpu, busy in spread if second <= max(last, 0)]
        found[worker] = middle
    return found


def _died(tally: Tally, _: Mapping[str, float]) -> str | None:
    if tally.ended is None or not tally.ended.worker_failures:
        return None
    return f"Part of the load was never sent, {'; '.join(tally.ended.worker_failures)}"


def _own_faults(tally: Tally, _: Mapping[str, float]) -> str | None:
    return None if _out_of_ports(tally) else _faults(tally)


def _no_ports(tally: Tally, _: Mapping[str, float]) -> str | None:
    return _faults(tally) if _out_of_ports(tally) else None


def _faults(tally: Tally) -> str | None:
    count = tally.outcomes.get(outcomes.OWN_FAULT, 0)
    if not count:
        return None
    said = _said(tally)
    return f"{count} requests failed on this side{f' ({said})' if said else ''} and never reached the subject"


def _out_of_ports(tally: Tally) -> bool:
    return _said(tally) in _NO_PORT


def _said(tally: Tally) -> str:
    return next((one.detail for _, one in tally.failed.get(outcomes.OWN_FAULT, ()) if one.detail), "")


def _beyond(tally: Tally, _: Mapping[str, float]) -> str | None:
    return surroundings.beyond(tally)


def _saturated(tally: Tally, _: Mapping[str, float]) -> str | None:
    (lag,), (response,) = tally.lag.quantiles_ns([0.5]), tally.response.quantiles_ns([0.5])
    least = 0.0 if (lag or 0) > CROWDED * (response or 0) else WORKING
    for worker, rows in _middle(tally).items():
        full = sum(cpu >= BUSY or (cpu >= least and busy >= DENIED) for cpu, busy in rows)
        if full > SATURATED_SECONDS * len(rows):
            return f"Worker {worker} had no idle moment in {full} of {len(rows)} s"
    return None


def _interpreter(tally: Tally, _: Mapping[str, float]) -> str | None:
    return crowded_out(tally)


def _late(tally: Tally, limits: Mapping[str, float]) -> str | None:
    (lag,) = tally.lag.quantiles_ns([0.99])
    (response,) = tally.response.quantiles_ns([0.95])
    asked = [limit * 1e6 for name, limit in limits.items() if THRESHOLDS[name].clock == "response"]
    floor = max(LATE_NS, LATE_SHARE * min(asked)) if asked else LATE_UNASKED_NS
    if lag is None or lag <= max(floor, LATE_SHARE * (response or 0)):
        return None
    if tally.started.target_rate is None:
        return f"One time in a hundred the loop woke {short(lag / 1e6)} ms late or more"
    return f"One request in a hundred was noticed {short(lag / 1e6)} ms or more after it was due"


def _behind(tally: Tally, _: Mapping[str, float]) -> str | None:
    rate = tally.started.target_rate
    peak = tally.started.peak_rate or rate or 0.0
    told = tally.ended.planned if tally.ended is not None else None
    if told is None and rate is not None and peak != rate:
        return None  # how far a plan that varies had come by then was not told
    planned = (rate or 0.0) * tally.span_s if told is None else told
    scheduled = tally.ended.scheduled if tally.ended is not None else tally.scheduled
    # What falls due in the last moment before an interruption may not have been told.
    if scheduled >= BEHIND * planned - max(1.0, MOMENT_S * peak):
        return None
    return f"Only {scheduled} of {planned:.0f} planned requests were begun or waited to be"


RULES: tuple[Rule, ...] = (
    Rule("died", _died, "look into load-workers.log of the run, then run again"),
    Rule("own-faults", _own_faults, "raise the descriptor limit (ulimit -n) or take fewer connections"),
    Rule(
        "ports",
        _no_ports,
        "keep connections alive, send less, or widen net.ipv4.ip_local_port_range: a port rests after its connection",
    ),
    Rule("beyond", _beyond, "take more workers while cores are free, another machine, or a lower rate"),
    Rule("saturated", _saturated, "take more workers while cores are free, else another machine or a lower rate"),
    Rule(
        "interpreter",
        _interpreter,
        "let a call do more at once, take more workers while cores are free, or a lower rate",
    ),
    Rule(LATE, _late, "free cores on this machine, take more workers, or use another machine"),
    Rule("behind", _behind, "the generator stood still; keep the machine awake and run again"),
)
