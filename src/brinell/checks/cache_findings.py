"""What is said of a cache beside its thresholds: required where it mixes keys up, else advice."""

from __future__ import annotations

from brinell.checks import cache_facts as facts
from brinell.checks.cache_limits import ideal_words, said
from brinell.core.cache_judgement import Cache, CacheHits, CacheStampede
from brinell.core.finding import Finding
from brinell.core.plan import CacheSpec
from brinell.core.verdicts import Reason, Severity

FAR = 0.9  # of LRU's rate: a cache whose interval ends below it does worse than a simple one
CLEARLY = 2.0  # half-widths of its interval between a rate and LRU's
MORE = 0.01  # above the best of the stated capacity
_WAYS = {
    "deleted": "when it was deleted while others read",
    "loading": "when it was deleted while its old value was being loaded",
    "updated": "when it was changed while others read",
}


def wrong(judged: Cache, samples: tuple[str, ...], cited: tuple[str, ...]) -> list[Finding]:
    """A cache that mixes up its keys is not ready, whatever was asked for."""
    if not judged.wrong_values:
        return []
    title = f"{judged.wrong_values} reads gave what was not written under their key"
    return [said(judged, "wrong_values", title, "; ".join(samples[:10]), cited, severity=Severity.P0, required=True)]


def stale(judged: Cache, samples: tuple[str, ...], seen: facts.Seen) -> list[Finding]:
    """What was deleted must stay deleted."""
    if not judged.stale_reads:
        return []
    title = f"{judged.stale_reads} reads gave what had been deleted or replaced before they began"
    detail = f"{stale_words(samples, seen)}. To make it a requirement, state stale_reads = 0"
    return [said(judged, "stale_reads", title, detail, tuple(seen.probe_ids[:10]), severity=Severity.P1)]


def stale_words(samples: tuple[str, ...], seen: facts.Seen) -> str:
    """Say when stale reads came, what some of them gave, and what to do about it."""
    how = [f"{one.stale} of {one.reads} {_WAYS.get(one.how, '')}" for one in seen.probes if one.stale]
    return "; ".join([*how, *samples[:3]]) + (
        ". What was changed must be dropped wherever it is cached before the change is answered, and a load that began "
        "earlier must not put its value in afterwards"
    )


def stampede(judged: Cache, seen: facts.Seen) -> list[Finding]:
    """One load for one cold key is enough."""
    crowd = judged.stampede
    if crowd is None or crowd.least_loads <= 1:
        return []
    is_exact = crowd.least_loads == crowd.most_loads
    times = f"{crowd.most_loads} times" if is_exact else f"{crowd.least_loads} times at least"
    detail = f"{stampede_words(crowd)}; to make it a requirement, state stampede_loads = 1"
    title = f"{crowd.callers} asked for a cold key and it was loaded {times}"
    return [said(judged, "stampede", title, detail, tuple(seen.stampede_ids[:10]), severity=Severity.P2)]


def stampede_words(crowd: CacheStampede) -> str:
    """Say how often keys were loaded, which of them, and what to do about it."""
    is_exact = crowd.least_loads == crowd.most_loads
    mean = f"{crowd.mean_loads:.3g} times{'' if is_exact else ' at most,'} on average of {crowd.keys} keys"
    ended = ", some of them of entries that had come to their end" if "ended" in crowd.by else ""
    return (
        f"{mean}{ended}: what the cache shields is hit by all of them at once when a popular key expires. Let the "
        "first one load and the others wait"
    )


def uncounted(judged: Cache, wanted: CacheSpec, seen: facts.Seen) -> list[Finding]:
    """A get that loads was named, and no load was counted: who asked for that is told."""
    if wanted.stampede is None or judged.stampede is not None or not seen.stampedes:
        return []
    detail = facts.stampede_why_not(wanted, seen)
    if "TypeError" in detail and wanted.loader is None:
        detail += ". Where it takes the key alone, name what it loads with (loader)"
    evidence = tuple(seen.stampede_ids[:10])
    return [said(judged, "stampede", "no stampede was counted", detail, evidence, reason=Reason.NOT_EXERCISED)]


def far(judged: Cache, wanted: CacheSpec, seen: facts.Seen, cited: tuple[str, ...]) -> list[Finding]:
    """Nobody stated a hit rate: say so where a simple cache would do much better."""
    hits = judged.hit_rate
    if hits is None or hits.lru is None or hits.high is None or not facts.warmed(wanted, seen):
        return []
    if hits.high >= FAR * hits.lru:
        return _oldest(judged, hits, cited)
    title = f"the hit rate is {hits.value * 100:.4g} %, far below what this capacity allows"
    detail = (
        f"{ideal_words(judged)}. Is it as large as was stated, does it expire too early, or drop what is asked for "
        "most? To make it a requirement, state hit_rate"
    )
    return [said(judged, "hit_rate", title, detail, cited)]


def _oldest(judged: Cache, hits: CacheHits, cited: tuple[str, ...]) -> list[Finding]:
    """What is asked for most is dropped like anything else: say so where the rate is clearly not LRU's."""
    if hits.lru is None or hits.fifo is None or hits.low is None or hits.high is None:
        return []
    below, above = hits.value - hits.low, hits.high - hits.value
    if hits.value + CLEARLY * above >= hits.lru or not hits.value - below <= hits.fifo <= hits.value + above:
        return []
    title = f"the hit rate is {hits.value * 100:.4g} %: that of a cache that drops the oldest entry"
    detail = (
        f"{ideal_words(judged)}; one that drops the oldest, or any, however often it is asked for, "
        f"{hits.fifo * 100:.4g} %. Let a hit renew an entry's place, or is it smaller than was stated?"
    )
    return [said(judged, "hit_rate", title, detail, cited, severity=Severity.P3)]


def more(judged: Cache, cited: tuple[str, ...]) -> list[Finding]:
    """More was found than the stated capacity can hold: then the ideals are not this cache's."""
    hits = judged.hit_rate
    if hits is None or hits.lru is None or hits.ideal is None or hits.low is None or hits.low <= hits.ideal + MORE:
        return []
    title = f"more was found than {hits.capacity:,} entries can hold"
    detail = (
        f"{hits.value * 100:.4g} % were hits, and the most popular {hits.capacity:,} keys are {hits.ideal * 100:.4g} % "
        "of what was asked for. It holds more than was stated, some of it from before"
    )
    return [said(judged, "capacity", title, detail, cited, reason=Reason.INCONCLUSIVE)]


def not_filled(judged: Cache, seen: facts.Seen, cited: tuple[str, ...]) -> list[Finding]:
    """What was to be in the cache before the load was not."""
    short = [one for one in seen.prepared.values() if one.filled < one.wanted]
    if not short:
        return []
    one = short[0]
    title = f"{one.filled} of {one.wanted} keys were put in before the load"
    detail = f"{one.why}. The hit rate is that of a cache that was filling up"
    return [said(judged, "prefill", title, detail, cited, reason=Reason.INCONCLUSIVE)]
