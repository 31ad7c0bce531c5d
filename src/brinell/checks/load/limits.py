"""Stated thresholds against what was measured: one required finding each."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from brinell.checks.load.doubt import Seen, above, doubt
from brinell.checks.load.generator import LATE, Trust
from brinell.checks.load.samples import CERTAIN, needed, proves_more, quantile_above
from brinell.checks.load.tally import Tally
from brinell.core import outcomes
from brinell.core.finding import Finding
from brinell.core.histogram import Histogram
from brinell.core.stats import ALPHA
from brinell.core.thresholds import THRESHOLDS, Metric
from brinell.core.verdicts import Reason, Verdict

CHECK = "load"

# Only the subject can have caused these, however badly the generator did. A time-out or an unfinished request may be
# an answer that a saturated loop never came to read; a reset or a handshake cut off may be a server that lost patience
# with a client as slow as that.
_SUBJECTS_OWN = {outcomes.STATUS, outcomes.PROTOCOL, outcomes.SHORT_BODY, outcomes.REFUSED}


class Ruling(NamedTuple):
    """A threshold's outcome. ``observed`` in the threshold's unit, None where there was nothing to observe."""

    observed: float | None
    verdict: Verdict
    reason: Reason | None
    detail: str


def rule(metric: Metric, limit: float, tally: Tally, trust: Trust, among: int = 1) -> Ruling:
    """Judge one threshold. ``among``: of so many that are judged alike, of which one that fails is enough; each of them
    is to be that much surer of what it says on few requests (Bonferroni).
    """
    observed = observe(metric, tally)
    if observed is None:
        return Ruling(None, Verdict.UNKNOWN, Reason.NOT_EXERCISED, _unobserved(metric, tally))
    met = observed <= limit if metric.at_most else observed >= limit
    stands = not met and _stands(metric, limit, tally, trust)
    why = "" if met else doubt(metric, limit, Seen(observed, _histogram(metric, tally), stands), trust)
    if not (trust.valid or stands or _harmless(metric, trust)):
        why = trust.reason
    if why:
        return Ruling(observed, Verdict.UNKNOWN, Reason.INVALID, why)
    ended = tally.ended
    if met and (ended is None or ended.interrupted):
        how = f"{tally.span_s:.3g} s of {tally.started.span_s:.3g} s were run"
        return Ruling(observed, Verdict.UNKNOWN, Reason.INCONCLUSIVE, f"{how}; what was measured meets the limit")
    missing = _missing(metric, limit, tally, None if met else among)
    if missing:
        return Ruling(observed, Verdict.UNKNOWN, Reason.INCONCLUSIVE, missing)
    late = tally.completed - tally.completed_in_span
    if metric.what == "rate" and late and not met:
        detail = f"{late} answers came after the {tally.span_s:.3g} s of the schedule and do not count"
        return Ruling(observed, Verdict.FAIL, None, detail)
    return Ruling(observed, Verdict.PASS if met else Verdict.FAIL, None, "")


def observe(metric: Metric, tally: Tally) -> float | None:
    """Return the metric's value: milliseconds, a share, a rate per second or bytes."""
    if metric.what == "error_rate":
        return sum(tally.errors.values()) / tally.requests if tally.requests else None
    if metric.what == "rate":
        return tally.achieved_rate
    if metric.what == "memory":
        return tally.memory_growth
    return _milliseconds(metric, _histogram(metric, tally))


def finding(scenario: str, name: str, limit: float, ruling: Ruling, evidence: tuple[str, ...]) -> Finding:
    """Word a ruling."""
    sign = "at most" if THRESHOLDS[name].at_most else "at least"
    return worded((CHECK, scenario, name), ruling, f"{sign} {spell(name, limit)}", evidence, spell)


def worded(
    of: tuple[str, str, str],
    ruling: Ruling,
    asked: str,
    evidence: tuple[str, ...],
    spell: Callable[[str, float], str],
) -> Finding:
    """Word a ruling of any check on a threshold; ``of``: check, scenario and threshold; ``asked``: what was asked for;
    ``spell`` says a value with its unit.
    """
    check, scenario, name = of
    seen = "not measured" if ruling.observed is None else spell(name, ruling.observed)
    return Finding(
        id=".".join(of),
        check=check,
        required=True,
        verdict=ruling.verdict,
        reason=ruling.reason,
        title=f"{scenario}: {name} is {seen}, asked for {asked}",
        detail=ruling.detail,
        evidence=evidence,
    )


def _unobserved(metric: Metric, tally: Tally) -> str:
    if metric.what != "memory":
        return "no request that could be measured ended"
    return tally.started.subject_reason or "the run was too short to look at its memory twice"


def _histogram(metric: Metric, tally: Tally) -> Histogram:
    return tally.service if metric.clock == "service" else tally.response


def _milliseconds(metric: Metric, histogram: Histogram) -> float | None:
    if not histogram.count:
        return None
    if metric.what == "max":
        return histogram.max_ns / 1e6
    if metric.what == "mean":
        mean = histogram.mean_ns()
        return None if mean is None else mean / 1e6
    (found,) = histogram.quantiles_ns([metric.share or 0.0])
    return None if found is None else found / 1e6


def _stands(metric: Metric, limit: float, tally: Tally, trust: Trust) -> bool:
    """Whether a failure holds although the generator is invalid, because the generator can't have caused it."""
    if metric.what == "error_rate":
        own = sum(count for kind, count in tally.errors.items() if kind in _SUBJECTS_OWN)
        return tally.requests > 0 and own / tally.requests > limit
    if metric.what == "rate":
        return False  # less was sent, or later: less could be answered
    if metric.what == "memory":
        return True
    # Service time begins at the actual send: neither lateness nor a dead worker is in it. Only a saturated loop is,
    # because it comes late to read the answer.
    service = _milliseconds(metric, tally.service)
    return not {"saturated", "interpreter"}.intersection(trust.broken) and service is not None and service > limit


def _harmless(metric: Metric, trust: Trust) -> bool:
    """Whether what is wrong with the generator matters nothing: all was sent, if some milliseconds late."""
    return metric.what == "memory" and set(trust.broken) <= {LATE}


def _missing(metric: Metric, limit: float, tally: Tally, among: int | None) -> str:
    """Return what is missing for a conclusion, empty if nothing is. ``among``: of ``rule``; None: it is met."""
    if metric.what == "memory":
        return ""
    histogram = _histogram(metric, tally)
    count = tally.requests if metric.what in {"error_rate", "rate"} else histogram.count
    need = needed(metric.what, metric.share, limit)
    if count >= need:
        return ""
    if among is not None and _proved(metric, limit, tally, among):
        return ""
    text = f"{count} requests are too few, it takes {need}"
    if tally.span_s > 0 and count:
        more = (need - count) / (count / tally.span_s)
        text += f": run it about {more:.3g} s longer at this rate"
    return text


def _proved(metric: Metric, limit: float, tally: Tally, among: int) -> bool:
    """Whether a failure is certain although the sample is small."""
    if metric.what == "error_rate":
        return proves_more(sum(tally.errors.values()), tally.requests, limit, CERTAIN / among)
    if metric.what == "quantile" and metric.share is not None:
        histogram = _histogram(metric, tally)
        return quantile_above(above(histogram, limit * 1e6), histogram.count, metric.share, ALPHA / among)
    return metric.what == "max"  # one request above the limit is one too many


def spell(name: str, value: float) -> str:
    """Return a value with its unit. Never rounded up to the limit or to 100 %: 989.97/s stays below 990."""
    if name.endswith("_ms"):
        return f"{value:.4g} ms"
    if name.endswith("_bytes"):
        return f"{value:,.0f} bytes"
    return f"{value * 100:.4g} %" if name.endswith("error_rate") else f"{int(value * 100) / 100:g}/s"
