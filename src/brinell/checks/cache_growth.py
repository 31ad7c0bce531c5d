"""Does a cache keep within what fits? By the entries it says it holds, else by memory and folder."""

from __future__ import annotations

import itertools

from brinell.checks.cache_facts import Seen
from brinell.checks.cache_limits import said
from brinell.core.cache_judgement import Cache, CacheEntries, CacheGrowth
from brinell.core.finding import Finding
from brinell.core.key_choice import mix_of, prefilled
from brinell.core.plan import CacheSpec
from brinell.core.verdicts import Severity

BEYOND = 1.25  # of what was stated: some caches drop several entries at once, and later
SHARE = 0.5  # of what was put in beyond what fits
LEAST_BYTES = 8 << 20  # of growth: an interpreter's memory moves by some megabytes of its own


def entries(seen: Seen) -> CacheEntries | None:
    """Return what the cache said it holds; of several workers the largest. None where it does not say."""
    by_worker: dict[int, list[int]] = {}
    for one in seen.held:
        by_worker.setdefault(one.worker, []).append(one.entries)
    if not by_worker:
        return None
    counts = max(by_worker.values(), key=max)
    evicted = [one.evicted for one in seen.held if one.evicted is not None]
    return CacheEntries(first=counts[0], last=counts[-1], most=max(counts), evicted=max(evicted) if evicted else None)


def beyond(judged: Cache, wanted: CacheSpec, seen: Seen, cited: tuple[str, ...]) -> list[Finding]:
    """A cache that holds more and more is a leak, however high its hit rate is."""
    if wanted.capacity is None:
        return []
    told = _entries(judged.entries, wanted.capacity) or _bytes(judged, wanted, seen)
    if not told:
        return []
    title = f"it grows beyond the {wanted.capacity:,} entries that were stated"
    detail = f"{told}. What is put in beyond what fits is not dropped"
    return [said(judged, "growth", title, detail, cited, severity=Severity.P1)]


def _entries(held: CacheEntries | None, capacity: int) -> str:
    if held is None or held.evicted is not None:  # a store counts what is not the workload's, too
        return ""
    if held.last <= BEYOND * capacity or held.last <= held.first:
        return ""
    return f"It held {held.first:,} entries at first and {held.last:,} at last"


def _bytes(judged: Cache, wanted: CacheSpec, seen: Seen) -> str:
    """Where the cache was full at first, and as much was put in since as makes itself felt."""
    full = wanted.capacity is not None and prefilled(wanted) == wanted.capacity
    if not full or any(one.filled < one.wanted for one in seen.prepared.values()):
        return ""
    mix = mix_of(wanted)
    each = (mix.least_bytes + mix.most_bytes) / 2 if mix.sizes == "even" else mix.least_bytes
    counts = {name: one.requests for name, one in judged.operations.items()}
    new = judged.loads + counts.get("insert", 0)
    every = new + counts.get("update", 0) + counts.get("read-modify-write", 0)  # each of which may leave something
    fits = (wanted.capacity or 0) * each * max(1, len(seen.prepared))
    kinds = ("memory", judged.memory), ("folder", judged.directory)
    for (what, grown), added in itertools.product(kinds, (new * each, every * each)):
        least = max(LEAST_BYTES, SHARE * added, fits)
        if grown is not None and added >= LEAST_BYTES and _grew(grown) >= least:
            return (
                f"Its {what} grew from {grown.first_bytes >> 20} to {grown.last_bytes >> 20} MiB while values of "
                f"{int(added) >> 20} MiB were put in, although it was full"
            )
    return ""


def _grew(grown: CacheGrowth) -> int:
    return grown.last_bytes - grown.first_bytes
