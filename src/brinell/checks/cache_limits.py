"""Thresholds that only caches have. Whether something is found does not depend on when it was asked for: a generator
that was late makes latencies worthless, and hit rates not.
"""

from __future__ import annotations

from brinell.checks.load.limits import Ruling, worded
from brinell.core.cache_judgement import Cache, CacheStampede
from brinell.core.finding import Finding
from brinell.core.thresholds import CACHE_THRESHOLDS
from brinell.core.verdicts import Reason, Severity, Verdict

CHECK = "cache"


def rule(name: str, limit: float, cache: Cache, *, whole: bool, why_not: str) -> Ruling:
    """Judge one threshold. ``whole``: the run came to its end; ``why_not``: why it was not measured, if it was not."""
    observed = observe(name, cache)
    if name == "stampede_loads" and observed is None and cache.stampede is not None:
        return _between(limit, cache.stampede, why_not, whole=whole)
    if observed is None:
        return Ruling(None, Verdict.UNKNOWN, Reason.NOT_EXERCISED, why_not)
    if name == "hit_rate":
        return _hit_rate(limit, cache, whole=whole)
    met = observed <= limit
    if met and not whole:
        why = "the run was cut off; what was measured meets the limit"
        return Ruling(observed, Verdict.UNKNOWN, Reason.INCONCLUSIVE, why)
    return Ruling(observed, Verdict.PASS if met else Verdict.FAIL, None, "")


def _between(limit: float, crowd: CacheStampede, why_not: str, *, whole: bool) -> Ruling:
    """Judge loads of which only the bounds are known."""
    if crowd.least_loads > limit:
        return Ruling(crowd.least_loads, Verdict.FAIL, None, "at least so many times")
    if crowd.most_loads <= limit and whole:
        return Ruling(crowd.most_loads, Verdict.PASS, None, "at most so many times")
    return Ruling(None, Verdict.UNKNOWN, Reason.INCONCLUSIVE, why_not)


def observe(name: str, cache: Cache) -> float | None:
    """Return the value of a threshold's metric; None where it was not measured."""
    found: float | None = None
    match name:
        case "hit_rate":
            found = None if cache.hit_rate is None else cache.hit_rate.value
        case "stale_reads":
            found = cache.stale_reads
        case "stampede_loads":
            found = cache.stampede_loads
        case "directory_bytes":
            found = None if cache.directory is None else cache.directory.most_bytes
    return found


def _hit_rate(limit: float, cache: Cache, *, whole: bool) -> Ruling:
    """A rate is above a limit when its interval is, and below when its interval is."""
    seen = cache.hit_rate
    if seen is None:
        raise TypeError("a hit rate that was not measured has been ruled on before")
    if seen.low is not None and seen.low >= limit:
        if whole:
            return Ruling(seen.value, Verdict.PASS, None, "")
        return Ruling(
            seen.value, Verdict.UNKNOWN, Reason.INCONCLUSIVE, "the run was cut off; what was measured meets it"
        )
    if seen.high is not None and seen.high < limit:
        return Ruling(seen.value, Verdict.FAIL, None, ideal_words(cache))
    if limit >= 1:  # no interval lies above it
        verdict = Verdict.PASS if seen.value >= 1 and whole else Verdict.FAIL
        return Ruling(seen.value, verdict, None, "") if whole or seen.value < 1 else _too_few(limit, cache)
    return _too_few(limit, cache)


def _too_few(limit: float, cache: Cache) -> Ruling:
    seen = cache.hit_rate
    value = None if seen is None else seen.value
    if seen is None or seen.low is None or seen.high is None:
        detail = "too few gets for an interval"
    else:
        detail = f"with 95 % confidence it lies between {seen.low * 100:.4g} % and {seen.high * 100:.4g} %"
        apart, half = abs(seen.value - limit), max(seen.high - seen.value, seen.value - seen.low)
        if apart > 0:
            detail += f": about {max(1.1, (half / apart) ** 2):.2g} times as many gets decide it"
    return Ruling(value, Verdict.UNKNOWN, Reason.INCONCLUSIVE, detail)


def ideal_words(cache: Cache) -> str:
    """Say what the best cache of that capacity would have reached, where that is known."""
    seen = cache.hit_rate
    if seen is None or seen.ideal is None:
        return ""
    words = f"the {seen.capacity:,} most popular keys are {seen.ideal * 100:.4g} % of what was asked for"
    if seen.lru is not None:
        words += f", and a cache that drops the least recently used would have {seen.lru * 100:.4g} %"
    return words


def finding(scenario: str, name: str, limit: float, ruling: Ruling, evidence: tuple[str, ...]) -> Finding:
    """Word a ruling."""
    sign = "at most" if CACHE_THRESHOLDS[name].at_most else "at least"
    return worded((CHECK, scenario, name), ruling, f"{sign} {spell(name, limit)}", evidence, spell)


def said(
    judged: Cache,
    name: str,
    title: str,
    detail: str,
    evidence: tuple[str, ...],
    *,
    severity: Severity | None = None,
    reason: Reason | None = None,
    required: bool = False,
) -> Finding:
    """Word what is said beside thresholds: a failure, or unknown where there is a reason."""
    return Finding(
        id=f"{CHECK}.{judged.scenario}.{name}",
        check=CHECK,
        required=required,
        verdict=Verdict.FAIL if reason is None else Verdict.UNKNOWN,
        reason=reason,
        severity=severity,
        title=f"{judged.scenario}: {title}",
        detail=detail,
        evidence=evidence,
    )


def spell(name: str, value: float) -> str:
    """Never rounded up: 89.996 % stays below 90 %."""
    return f"{int(value * 1e5) / 1e3:g} %" if name == "hit_rate" else f"{value:.10g}"
