"""A limit that was missed on a machine that others used meanwhile: can they have made the difference?

It takes five things to say so, else the failure stands and what speaks against them is told. They use the machine
without the load as well; the seconds without them do not miss the limit by themselves; what the subject needs at this
rate would fit the machine; it lacked the processor for so long that so many requests can have met that; and without
the lack the limit may be met. None of it makes a pass: what such a run shows is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from brinell.checks.load.crowd import ROOM, Crowd
from brinell.checks.load.doubt import above
from brinell.checks.load.limits import Ruling, observe
from brinell.checks.load.tally import OperationTally, Tally
from brinell.checks.load.words import short
from brinell.core import outcomes
from brinell.core.reason_case import percent
from brinell.core.thresholds import THRESHOLDS, Metric
from brinell.core.verdicts import Reason, Verdict

FITS = 0.9  # of all cores
NEARLY = 0.9  # looks are half a second apart, and the load's ends lie between them
LEAST_S = 3  # without others, before it is said how those were
_TIMES = {"quantile", "max", "mean"}
_MEASURED = {*_TIMES, "rate", "error_rate"}
_LATE = {outcomes.TIMEOUT, outcomes.UNFINISHED, outcomes.SHED}  # failures that only lateness makes


class Missed(NamedTuple):
    """A limit that was missed by ``excess``, a share of the scenario (None: lateness does not do that)."""

    metric: Metric
    limit: float
    observed: float
    excess: float | None

    @property
    def late_s(self) -> float:
        """Seconds by which a time was too long; 0 of anything else."""
        return (self.observed - self.limit) / 1e3 if self.metric.what in _TIMES else 0.0


def judged(
    limits: Mapping[str, float],
    rulings: Mapping[str, Ruling],
    tally: Tally,
    found: Crowd | None,
    again: Callable[[str, Sequence[int]], Ruling],
) -> dict[str, Ruling]:
    """Return the rulings on what ``tally`` holds as others than the subject leave them; ``again`` rules on a threshold
    in some seconds alone.
    """
    if found is None:
        return dict(rulings)
    judged = dict(rulings)
    for name, one in rulings.items():
        metric, limit = THRESHOLDS[name], limits[name]
        if one.verdict is Verdict.FAIL and one.observed is not None and metric.what in _MEASURED:
            missed = Missed(metric, limit, one.observed, _excess(metric, limit, tally))
            calm = again(name, found.calm) if len(found.calm) >= LEAST_S else None
            why = _of_machine(found, calm) or _of_demand(tally, found) or _of_lack(missed, tally, found)
            judged[name] = _worded(one, found, calm, why)
    return judged


def _worded(ruling: Ruling, found: Crowd, calm: Ruling | None, why: str) -> Ruling:
    """Return the ruling as it stands, and ``why``; without a reason to stand, unknown."""
    before = f"{ruling.detail.rstrip('.')}. " if ruling.detail else ""
    if why:
        return ruling._replace(detail=f"{before}{found.told} That does not explain it: {why}.")
    needs = f", which needs {found.demand.neediest:.2f} cores at this rate," if found.demand.known else ""
    words = f"The subject{needs} was ready to run without a core for {percent(found.lacked_s / found.crowded_s)} of it"
    if calm is not None and calm.verdict is Verdict.PASS:
        words += f"; in the {len(found.calm)} s without them the limit was met"
    advice = "Run again when they are done, or on another machine."
    return Ruling(ruling.observed, Verdict.UNKNOWN, Reason.INVALID, f"{before}{found.told} {words}. {advice}")


def _of_machine(found: Crowd, calm: Ruling | None) -> str:
    """Return why it was not others; empty where nothing speaks against it."""
    if not found.stays:
        return "who used it did not do so without the load, so that it may be what the subject calls upon"
    if calm is not None and calm.verdict is Verdict.FAIL:
        return f"the limit was missed in the {len(found.calm)} s without them, too"
    return ""


def _of_demand(tally: Tally, found: Crowd) -> str:
    """Return why the subject would not do on a machine of its own; empty where it would, or there is no rate."""
    need = found.demand
    if not need.known:
        return "" if tally.completed else "nothing was answered, and nobody knows what an answer takes of a core"
    if need.neediest >= ROOM:
        return f"a process of the subject needs {need.neediest:.2f} cores at this rate, wherever it runs"
    total = need.subject + need.generator + need.dependent
    if total >= FITS * found.number:
        return f"subject and load need {total:.1f} of {found.number} cores by themselves"
    return ""


def _of_lack(missed: Missed, tally: Tally, found: Crowd) -> str:
    """Return why want of a core is not the reason; empty where it may be."""
    if missed.excess is None:
        return "lateness does not make what failed"
    room, lacked_s = found.demand.room, max(found.lacked_s, found.full_s)
    if lacked_s < NEARLY * room * max(missed.excess * found.span_s, missed.late_s):
        return f"it lacked a core for {short(found.lacked_s)} s, too short a time to be the reason"
    if found.demand.known and 0 < found.full_s >= NEARLY * room * missed.excess * found.span_s:
        return ""
    if missed.metric.what in _TIMES and missed.observed * (1.0 - _lack(tally, found)) <= missed.limit:
        return ""
    return "it was seldom kept from running, so that most of what it took was its own"


def _excess(metric: Metric, limit: float, tally: Tally) -> float | None:
    """Return the share of the scenario that missed the limit beyond what it allows; None: whatever made it, it was not
    lateness.
    """
    if metric.what == "rate":
        rate = observe(metric, tally)
        return None if rate is None or not limit else max(0.0, 1.0 - rate / limit)
    if metric.what == "error_rate":
        late = sum(count for outcome, count in tally.errors.items() if outcome in _LATE)
        failed = sum(tally.errors.values())
        if not tally.requests or (failed - late) / tally.requests > limit:
            return None
        return failed / tally.requests - limit
    if metric.what != "quantile":
        return 0.0
    rows: list[Tally | OperationTally] = [tally, *tally.operations.values()] if metric.each else [tally]
    times = [one.service if metric.clock == "service" else one.response for one in rows]
    allowed = 1.0 - (metric.share or 0.0)
    return max(
        (above(one, limit * 1e6) / one.count - allowed for one in times if one.count),
        default=0.0,
    )


def _lack(tally: Tally, found: Crowd) -> float:
    """Return the share of a request's time in the subject in which this was kept from running, at most: all of its
    lack lies in times in which there is a request (Little, Operations Research 9, 1961).
    """
    mean, rate = tally.response.mean_ns(), tally.achieved_rate
    inside = min(1.0, (mean or 0.0) / 1e9 * (rate or 0.0))
    return min(1.0, found.lacked_s / found.crowded_s / inside) if inside > 0 else 0.0
