"""Calls of functions: what the interpreter in which they are made says of itself, and what kept its event loop."""

from __future__ import annotations

from brinell.checks.load.tally import Tally
from brinell.checks.load.words import short
from brinell.core.finding import Finding
from brinell.core.verdicts import Verdict

BUSY = 0.9  # of a core: one interpreter does not do more, because only one of its threads runs at a time
DENIED = 0.95  # likewise, with the time in which it was ready to run and other processes had the core
OWN = 0.25  # of its processor time: below it the function is what fills the interpreter


def crowded_out(tally: Tally) -> str | None:
    """Say that an interpreter was full, and with our part of the calls for much of it; else None."""
    for worker, rows in tally.callers.items():
        elapsed_s = max(tally.span_s, float(max(row.second for row in rows)))  # the last one is a part of a second
        cpu_s, own_s = sum(row.cpu_s for row in rows), sum(row.own_s for row in rows)
        ready_s = cpu_s + sum(row.starved_s for row in rows)
        is_full = cpu_s >= BUSY * elapsed_s or ready_s >= DENIED * elapsed_s
        if is_full and own_s > 0 and own_s >= OWN * cpu_s:
            return (
                f"The interpreter of worker {worker} had no idle moment, and {own_s / cpu_s:.0%} of its work was "
                "making the calls"
            )
    return None


def stalls(scenario: str, check: str, tally: Tally) -> list[Finding]:
    """A coroutine that does not await keeps every other call waiting: say where."""
    if not tally.stalls:
        return []
    count, total_s = sum(one.count for one in tally.stalls), sum(one.total_s for one in tally.stalls)
    longest = max(tally.stalls, key=lambda one: one.longest_s)
    places: dict[str, float] = {}
    for one in tally.stalls:
        places[one.where] = places.get(one.where, 0.0) + one.total_s
    listed = sorted(places, key=lambda where: (-places[where], where))
    return [
        Finding(
            id=f"load.{scenario}.loop_stall",
            check=check,
            required=False,
            verdict=Verdict.FAIL,
            title=f"{scenario}: the event loop stood still for 0.1 s or longer {count} time{'s' if count > 1 else ''}, "
            f"{short(longest.longest_s)} s at most, in {longest.where}",
            detail=f"{short(total_s)} s in all; every other call waited. It stood at: "
            + "; ".join(f"{where} ({short(places[where])} s)" for where in listed[:5])
            + ". Await there, or call what blocks with asyncio.to_thread.",
            evidence=(tally.started_id,),
        )
    ]
