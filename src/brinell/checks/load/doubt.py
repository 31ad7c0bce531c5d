"""A limit that was missed although the generator can be believed on the whole: was it missed by the subject?

Two ways in which this side alone can have made the difference. A few late wake-ups make no run worthless and yet decide
a p99.9 or a maximum; and a limit of the size of what the generator itself needs is met by no subject. Both ask what
would be left without this side's part; where the limit is missed all the same, the subject has missed it.
"""

from __future__ import annotations

from typing import NamedTuple

from brinell.checks.load.generator import Trust
from brinell.checks.load.surroundings import FEWEST, histogram_of
from brinell.checks.load.words import short
from brinell.core.generator_records import Calibrated
from brinell.core.histogram import Histogram, bounds
from brinell.core.thresholds import Metric

SHARE = 0.1  # of a limit: what is smaller decides nothing
BEYOND = 3.0  # answers of the calibration that must lie beyond a quantile before it is spoken of


class Seen(NamedTuple):
    """The ``value`` that misses a limit, the ``times`` it was seen in, and whether it ``stands`` however late requests
    were begun: the time from the send alone exceeds the limit.
    """

    value: float
    times: Histogram
    stands: bool


def doubt(metric: Metric, limit: float, seen: Seen, trust: Trust) -> str:
    """Return why a missed limit (milliseconds) says nothing of the subject; empty where it does."""
    if metric.what not in {"quantile", "max", "mean"}:
        return ""
    counts = trust.read_late or (metric.clock == "response" and not seen.stands)
    return (_late(metric, limit, seen.times, trust) if counts else "") or _floor(
        metric, limit, seen.value, trust.calibrated
    )


def above(histogram: Histogram, limit_ns: float) -> int:
    """Count what lies above the limit for certain: buckets that begin above it."""
    indices, counts = histogram.sparse()
    return sum(count for index, count in zip(indices, counts, strict=True) if bounds(index)[0] > limit_ns)


def _late(metric: Metric, limit: float, times: Histogram, trust: Trust) -> str:
    """Whether without the requests that this side noticed late, the limit would be met.

    Late requests come all at once, so a subject that keeps up takes as long again to be through with them: what is
    slower than the limit by more than twice what this side was late is the subject's in any case.
    """
    lag = trust.lag
    if metric.what == "mean" or lag is None:
        return ""
    turns, slow = above(lag, SHARE * limit * 1e6), above(times, limit * 1e6)
    late = turns * trust.held_up
    allowed = (1 - (metric.share or 1.0)) * times.count if metric.what == "quantile" else 0.0
    if not late or slow - late > allowed or above(times, limit * 1e6 + 2 * lag.max_ns) > allowed:
        return ""
    noticed = f"more than {short(SHARE * limit)} ms late"
    if trust.held_up == 1:
        who = f"{late} requests were noticed {noticed} by the generator"
    else:
        often = "once" if turns == 1 else f"{turns} times"
        who = f"The generator's loop came {noticed} {often}, up to {trust.held_up} answers waiting for it"
    return (
        f"{who}, and {slow} exceeded the limit: without those the limit may be met. Free cores on this machine, or use "
        "another one."
    )


def _floor(metric: Metric, limit: float, observed: float, calibrated: Calibrated | None) -> str:
    """Whether the limit would be met without what the generator needs by itself."""
    if calibrated is None or calibrated.skipped:
        return ""
    own = histogram_of(calibrated, metric.clock)
    found: float | None
    if metric.what == "quantile":
        share = metric.share or 0.0
        (found,) = own.quantiles_ns((share,))
        enough = own.count * (1 - share) >= BEYOND
    else:
        found, enough = own.mean_ns(), metric.what == "mean"
    if found is None or not enough or own.count < FEWEST:
        return ""
    needed = (found - calibrated.server_ns) / 1e6
    if needed < SHARE * limit or observed > limit + needed:
        return ""
    what = "without that the limit is met" if needed < observed else "this one took no longer"
    return (
        f"A server that does nothing took {short(needed)} ms of this generator, and {what}: "
        "free cores on this machine, use another one, or ask for more."
    )
