"""What the records say of one cache: gets in order, stampedes, probes, growth; and what a better cache would do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

import numpy as np

from brinell.checks.load.tally import Tally
from brinell.core.cache_judgement import CacheCourse, CacheGrowth, CacheHits, CacheStampede
from brinell.core.cache_records import (
    STALE,
    WRONG,
    CacheBlocking,
    CacheHeld,
    CacheHolder,
    CacheLifetime,
    CachePrepared,
    CacheSecond,
    CacheSpace,
    CacheTried,
    StaleProbe,
    Stampede,
)
from brinell.core.evidence import Evidence, observation_id
from brinell.core.hit_rate import BATCH, cold_start, hit_rate, ideal, kept_share
from brinell.core.key_choice import KeyChoice, Mix, choice_of, mix_of, prefilled
from brinell.core.plan import CacheSpec

_KINDS = (
    CachePrepared, CacheSecond, Stampede, StaleProbe, CacheSpace, CacheLifetime, CacheBlocking, CacheHeld, CacheTried,
    CacheHolder,
)  # fmt: skip
_STEPS = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600)
_MOST_COLUMNS = 300
_FEW_LOOKS = 2
COLD = 20  # gets for each entry of an empty cache, from which on its first misses no longer matter


@dataclass
class Seen:
    """One step's records."""

    prepared: dict[int, CachePrepared] = field(default_factory=dict)
    seconds: list[CacheSecond] = field(default_factory=list)
    stampedes: list[Stampede] = field(default_factory=list)
    probes: list[StaleProbe] = field(default_factory=list)
    space: list[CacheSpace] = field(default_factory=list)
    lifetimes: list[CacheLifetime] = field(default_factory=list)
    blocking: list[CacheBlocking] = field(default_factory=list)
    held: list[CacheHeld] = field(default_factory=list)
    tried: list[CacheTried] = field(default_factory=list)
    holders: list[CacheHolder] = field(default_factory=list)
    stampede_ids: list[str] = field(default_factory=list)
    probe_ids: list[str] = field(default_factory=list)

    @property
    def gets(self) -> int:
        """Gets that ended."""
        return sum(one.gets for one in self.seconds)

    @property
    def hits(self) -> int:
        """Those of them that found something."""
        return sum(one.hits for one in self.seconds)


class Ideals(NamedTuple):
    """See ``CacheHits``."""

    static: float | None
    lru: float | None
    why: str
    fifo: float | None = None


def look(evidence: Evidence) -> dict[str, Seen]:
    """Return what was written down, by step."""
    found: dict[str, Seen] = {}
    for envelope in evidence.envelopes(*_KINDS):
        seen, record = found.setdefault(envelope.source, Seen()), envelope.data
        match record:
            case CachePrepared():
                seen.prepared[record.worker] = record
            case CacheSecond():
                seen.seconds.append(record)
            case Stampede():
                seen.stampedes.append(record)
                seen.stampede_ids.append(observation_id(envelope))
            case StaleProbe():
                seen.probes.append(record)
                seen.probe_ids.append(observation_id(envelope))
            case CacheSpace():
                seen.space.append(record)
            case CacheLifetime():
                seen.lifetimes.append(record)
            case CacheBlocking():
                seen.blocking.append(record)
            case CacheHeld():
                seen.held.append(record)
            case CacheTried():
                seen.tried.append(record)
            case CacheHolder():
                seen.holders.append(record)
    return found


def hits(spec: CacheSpec, seed: int, seen: Seen) -> CacheHits | None:
    """Return the hit rate with its interval and its ideals; None where nothing was asked for."""
    if not seen.gets:
        return None
    series, width = _batches(seen.seconds)
    cuts = [0 if spec.prefill else cold_start(one) for one in series]
    kept = list(chain.from_iterable(one[cut:] for one, cut in zip(series, cuts, strict=True)))
    fits = capacity(spec, seen)
    found, best = hit_rate(kept, width), ideals(spec, seed, fits)
    value = found.value if found is not None and any(cuts) else seen.hits / seen.gets
    return CacheHits(
        value=value,
        low=None if found is None else min(found.low, value),
        high=None if found is None else max(found.high, value),
        ideal=best.static,
        lru=best.lru,
        gets=seen.gets,
        hits=seen.hits,
        counts_as=None if found is None else found.counts_as,
        why=best.why,
        cold_gets=sum(cuts) * width,
        capacity=fits,
        fifo=best.fifo,
    )


def capacity(spec: CacheSpec, seen: Seen) -> int | None:
    """Return how many entries fit: as was stated, else what a store that had to evict held in the later half."""
    if spec.capacity is not None:
        return spec.capacity
    counted = [one for one in seen.held if one.evicted is not None]
    if len(counted) < _FEW_LOOKS or not counted[-1].evicted:
        return None
    later = [one.entries for one in counted[len(counted) // 2 :]]
    return round(sum(later) / len(later)) or None


def _batches(seconds: Sequence[CacheSecond]) -> tuple[list[list[int]], int]:
    """Return each worker's batches, all of one size, and that size."""
    width = max((one.batch for one in seconds if one.batches), default=BATCH)
    found: list[list[int]] = []
    for worker in sorted({one.worker for one in seconds}):
        mine: list[int] = []
        for one in (one for one in seconds if one.worker == worker):
            together = width // one.batch
            whole = len(one.batches) // together * together
            if together == 1:
                mine += one.batches
            else:
                mine += np.array(one.batches[:whole], dtype=np.int64).reshape(-1, together).sum(axis=1).tolist()
        found.append(mine)
    return found, width


def course(seen: Seen) -> CacheCourse | None:
    """Return the hit rate over time; None where nothing was asked for."""
    if not seen.seconds:
        return None
    last = max(one.second for one in seen.seconds)
    step = next((each for each in _STEPS if last // each < _MOST_COLUMNS), last // _MOST_COLUMNS + 1)
    gets, hits = ([0] * (last // step + 1) for _ in range(2))
    for one in seen.seconds:
        gets[one.second // step] += one.gets
        hits[one.second // step] += one.hits
    rates = (found / asked if asked else None for found, asked in zip(hits, gets, strict=True))
    columns = range(0, len(gets) * step, step)
    return CacheCourse(step_s=step, t_s=tuple(columns), gets=tuple(gets), hit_rate=tuple(rates))


def ideals(spec: CacheSpec, seed: int, fits: int | None) -> Ideals:
    """Return what could be reached with so many entries, as far as it follows from what is known."""
    choice, mix = choice_of(spec, seed), mix_of(spec)
    if fits is None:
        return Ideals(None, None, "how many entries the cache can hold was not stated (capacity)")
    shares = {name: share / sum(mix.shares.values()) for name, share in mix.shares.items()}
    if shares.get("scan", 0.0) > 0:
        return Ideals(None, None, "scans read neighbours together, so that keys are not chosen one by one")
    inserting = shares.get("insert", 0.0) > 0
    best = ideal(choice, fits, kept=kept_share(shares, loads=spec.loads), inserting=inserting)
    if not spec.loads and best.lru is not None:
        return Ideals(
            best.static, None, "a get that misses loads nothing, so that what is asked for is not what is kept"
        )
    return Ideals(best.static, best.lru, _why(choice, mix, best.lru), best.fifo)


def _why(choice: KeyChoice, mix: Mix, lru: float | None) -> str:
    if lru is None:
        return "new keys are added, so that no popularity is fixed"
    if mix.least_bytes != mix.most_bytes:
        return "the capacity is in entries, whatever their size"
    return "one key after the other: what comes next was dropped just before" if choice.distribution == "scan" else ""


def warmed(spec: CacheSpec, seen: Seen) -> bool:
    """Whether misses because the cache was empty no longer matter."""
    if spec.prefill and all(one.filled >= one.wanted for one in seen.prepared.values()):
        return True
    workers = max(1, len({one.worker for one in seen.seconds}))
    return seen.gets >= COLD * workers * min(spec.keys, spec.capacity or spec.keys)


def stampede(seen: Seen) -> CacheStampede | None:
    """Return what became of cold keys; None where there was no stampede whose loads were counted."""
    tried = [one for one in seen.stampedes if one.failed < one.callers]
    # A key for which nothing was loaded was there already.
    counted = [(one, one.loads, one.loads) for one in tried if one.loads]
    counted += [(one, one.least, one.most or one.callers) for one in tried if one.loads is None and one.least]
    if not counted:
        return None
    return CacheStampede(
        keys=len(counted),
        callers=max(one.callers for one, _, _ in counted),
        most_loads=max(most for _, _, most in counted),
        least_loads=max(least for _, least, _ in counted),
        mean_loads=sum(most for _, _, most in counted) / len(counted),
        failed=sum(one.failed for one in seen.stampedes),
        longest_ms=max(one.longest_ns for one, _, _ in counted) / 1e6,
        by=", ".join(sorted({one.by for one, _, _ in counted} - {""})),
    )


def stampede_why_not(spec: CacheSpec, seen: Seen) -> str:
    """Say why no stampede was counted."""
    if is_endpoint(spec) and not spec.probe:
        return "no crowd was sent to the endpoint (callers, or counter)"
    if not is_endpoint(spec) and spec.stampede is None and not spec.through:
        return "no get that loads by itself was named (stampede)"
    crowd, why = stampede(seen), next((one.why for one in seen.stampedes if one.why), "")
    if crowd is not None:
        because = f" ({why})" if why else ""
        return (
            f"the loader ran between {crowd.least_loads} and {crowd.most_loads} times{because}: a number with which "
            'the service counts its loads decides it (counter = "/metrics#loads_total")'
        )
    if any(one.failed < one.callers for one in seen.stampedes):
        never = f"{spec.loader} never ran: name it as it is looked up where it is called" if spec.loader else ""
        return why or never or "nothing was loaded: the keys were there already, or the loader is not what it calls"
    return f"no caller got an answer{f': {why}' if why else ''}" if seen.stampedes else "it was not tried"


def stale(spec: CacheSpec, seen: Seen, tally: Tally, mix: dict[str, float]) -> tuple[int | None, str]:
    """Return the stale reads of the load and of the probes together, and None with why where nobody looked."""
    in_load = tally.outcomes.get(STALE, 0)
    tried = [one for one in seen.probes if one.reads]
    if spec.through:
        return None, "the values of a function are not known"
    changing = mix.get("delete", 0.0) > 0 or (is_endpoint(spec) and mix.get("update", 0.0) > 0)
    if not tried and not in_load and not (changing and tally.completed):
        why = next((one.why for one in seen.probes if one.why), "")
        if is_endpoint(spec):
            return None, why or "no request was named that changes what the endpoint gives (update, delete)"
        return None, f"no key was deleted{f': {why}' if why else ''}"
    return in_load + sum(one.stale for one in tried), ""


def wrong(tally: Tally) -> int:
    """Return how many reads gave another key's value."""
    return tally.outcomes.get(WRONG, 0)


def samples(seen: Seen, tally: Tally) -> tuple[str, ...]:
    """Return stale and wrong reads in words."""
    return (stale_samples(seen, tally) + wrong_samples(tally))[:10]


def stale_samples(seen: Seen, tally: Tally) -> tuple[str, ...]:
    """Return stale reads in words, those of the probes first."""
    return (*(one.example for one in seen.probes if one.stale and one.example), *_details(tally, STALE))


def wrong_samples(tally: Tally) -> tuple[str, ...]:
    """Return reads of another key's value in words."""
    return _details(tally, WRONG)


def _details(tally: Tally, outcome: str) -> tuple[str, ...]:
    details = (one.detail for _, one in tally.failed.get(outcome, ()))
    return tuple(detail for detail in details if detail and not detail.startswith("status "))  # of an endpoint


def memory(tally: Tally) -> CacheGrowth | None:
    """Return how the memory of the interpreters grew while the load ran."""
    sizes = [one.rss_bytes for one in tally.vitals if one.rss_bytes is not None]
    if len(sizes) < 2:
        return None
    return CacheGrowth(first_bytes=sizes[0], last_bytes=sizes[-1], most_bytes=max(sizes))


def directory(seen: Seen) -> CacheGrowth | None:
    """Return how the cache's folder grew."""
    if not seen.space:
        return None
    sizes = [one.bytes for one in seen.space]
    return CacheGrowth(first_bytes=sizes[0], last_bytes=sizes[-1], most_bytes=max(sizes), files=seen.space[-1].files)


def is_endpoint(spec: CacheSpec) -> bool:
    """Whether the cache stands in front of an endpoint, which is only read."""
    return "{key}" in spec.target


def is_outside(spec: CacheSpec) -> bool:
    """Whether the cache is in no process of ours: behind an endpoint, or a store."""
    return is_endpoint(spec) or "://" in spec.target


def no_hits(spec: CacheSpec, tally: Tally) -> str:
    """Say why there is no hit rate."""
    if not tally.completed:
        return "no operation ended"
    if is_endpoint(spec):
        return "no answer said whether it was a hit: say with hit which header does"
    if spec.through:
        return "no call came to its end"
    return "nothing was read"


def put_in(spec: CacheSpec, seen: Seen) -> int:
    """Return how many keys were put in before the load, into each worker's cache."""
    return min((one.filled for one in seen.prepared.values()), default=0) if prefilled(spec) else 0
