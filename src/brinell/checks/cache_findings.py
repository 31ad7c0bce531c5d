"""What is said of a cache beside its thresholds: required where it mixes keys up, else advice."""

from __future__ import annotations

from brinell.checks import cache_facts as facts
from brinell.checks.cache_limits import CHECK, ideal_words
from brinell.core.cache_judgement import Cache
from brinell.core.finding import Finding
from brinell.core.plan import CacheSpec
from brinell.core.verdicts import Reason, Severity, Verdict

FAR = 0.9  # of LRU's rate: a cache whose interval ends below it does worse than a simple one
MORE = 0.01  # above the best of the stated capacity
_WAYS = {"deleted": "while others read", "loading": "while its old value was being loaded"}


def wrong(judged: Cache, cited: tuple[str, ...]) -> list[Finding]:
    """A cache that mixes up its keys is not ready, whatever was asked for."""
    if not judged.wrong_values:
        return []
    return [
        Finding(
            id=f"cache.{judged.scenario}.wrong_values",
            check=CHECK,
            required=True,
            verdict=Verdict.FAIL,
            severity=Severity.P0,
            title=f"{judged.scenario}: {judged.wrong_values} reads gave what was not written under their key",
            detail="; ".join(judged.samples),
            evidence=cited,
        )
    ]


def stale(judged: Cache, seen: facts.Seen) -> list[Finding]:
    """What was deleted must stay deleted."""
    if not judged.stale_reads:
        return []
    how = [
        f"{one.stale} of {one.reads} when it was deleted {_WAYS.get(one.how, '')}" for one in seen.probes if one.stale
    ]
    return [
        Finding(
            id=f"cache.{judged.scenario}.stale_reads",
            check=CHECK,
            required=False,
            verdict=Verdict.FAIL,
            severity=Severity.P1,
            title=f"{judged.scenario}: {judged.stale_reads} reads gave what had been deleted before they began",
            detail="; ".join([*how, *judged.samples[:3]])
            + ". A load that began before a delete must not put its value in afterwards. To make it a requirement, "
            "state stale_reads = 0",
            evidence=tuple(seen.probe_ids[:10]),
        )
    ]


def stampede(judged: Cache, seen: facts.Seen) -> list[Finding]:
    """One load for one cold key is enough."""
    crowd = judged.stampede
    if crowd is None or crowd.most_loads <= 1:
        return []
    return [
        Finding(
            id=f"cache.{judged.scenario}.stampede",
            check=CHECK,
            required=False,
            verdict=Verdict.FAIL,
            severity=Severity.P2,
            title=f"{judged.scenario}: {crowd.callers} asked for a cold key and it was loaded {crowd.most_loads} times",
            detail=f"{crowd.mean_loads:.3g} times on average of {crowd.keys} keys: what the cache shields is hit by "
            "all of them at once when a popular key expires. Let the first one load and the others wait; to make it a "
            "requirement, state stampede_loads = 1",
            evidence=tuple(seen.stampede_ids[:10]),
        )
    ]


def far(judged: Cache, wanted: CacheSpec, seen: facts.Seen, cited: tuple[str, ...]) -> list[Finding]:
    """Nobody stated a hit rate: say so where a simple cache would do much better."""
    hits = judged.hit_rate
    if hits is None or hits.lru is None or hits.high is None or not facts.warmed(wanted, seen):
        return []
    if hits.high >= FAR * hits.lru:
        return []
    return [
        Finding(
            id=f"cache.{judged.scenario}.hit_rate",
            check=CHECK,
            required=False,
            verdict=Verdict.FAIL,
            title=f"{judged.scenario}: the hit rate is {hits.value * 100:.4g} %, far below what this capacity allows",
            detail=ideal_words(judged) + ". Is it as large as was stated, does it expire too early, or drop what is "
            "asked for most? To make it a requirement, state hit_rate",
            evidence=cited,
        )
    ]


def more(judged: Cache, cited: tuple[str, ...]) -> list[Finding]:
    """More was found than the stated capacity can hold: then the ideals are not this cache's."""
    hits = judged.hit_rate
    if hits is None or hits.lru is None or hits.ideal is None or hits.low is None or hits.low <= hits.ideal + MORE:
        return []
    return [
        Finding(
            id=f"cache.{judged.scenario}.capacity",
            check=CHECK,
            required=False,
            verdict=Verdict.UNKNOWN,
            reason=Reason.INCONCLUSIVE,
            title=f"{judged.scenario}: more was found than {judged.capacity:,} entries can hold",
            detail=f"{hits.value * 100:.4g} % were hits, and the most popular {judged.capacity:,} keys are "
            f"{hits.ideal * 100:.4g} % of what was asked for. It holds more than was stated, some of it from before",
            evidence=cited,
        )
    ]


def not_filled(judged: Cache, seen: facts.Seen, cited: tuple[str, ...]) -> list[Finding]:
    """What was to be in the cache before the load was not."""
    short = [one for one in seen.prepared.values() if one.filled < one.wanted]
    if not short:
        return []
    one = short[0]
    return [
        Finding(
            id=f"cache.{judged.scenario}.prefill",
            check=CHECK,
            required=False,
            verdict=Verdict.UNKNOWN,
            reason=Reason.INCONCLUSIVE,
            title=f"{judged.scenario}: {one.filled} of {one.wanted} keys were put in before the load",
            detail=f"{one.why}. The hit rate is that of a cache that was filling up",
            evidence=cited,
        )
    ]
