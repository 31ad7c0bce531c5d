"""Words for a cache under load, the same in every report."""

from __future__ import annotations

from brinell.core.cache_judgement import Cache, CacheGrowth, CacheHits
from brinell.reports.figures import MISSING, count, latency, milliseconds, percent, plural, rate, size

HEAD = ("Operation", "Number", "p50", "p95", "p99", "max", "Failed")
_MODES = {"sync": "called", "async": "awaited"}


def title(cache: Cache) -> str:
    """Return the section's title."""
    return f"Cache: {cache.scenario}"


def facts(cache: Cache) -> list[str]:
    """Return what was asked of what, and what came of it, a sentence a line; the most telling first."""
    lines = [_hits(cache.hit_rate, cache)] if cache.hit_rate is not None else []
    lines += [*_loads(cache), *_stale(cache), *_lifetimes(cache), *_growth(cache), *_stalls(cache)]
    return [*lines, _asked(cache)]


def _hits(hits: CacheHits, cache: Cache) -> str:
    told = f"hit rate {percent(hits.value)}"
    if hits.low is not None and hits.high is not None:
        told += f" ({percent(hits.low)} to {percent(hits.high)} with 95 % confidence, {plural(hits.gets, 'get')})"
    if hits.cold_gets:
        told += f", without the first {count(hits.cold_gets)}, in which it was filling up"
    if hits.lru is not None:
        told += f"; dropping the least recently used, {count(hits.capacity or cache.capacity)} entries "
        told += f"would have {percent(hits.lru)}"
    if hits.ideal is not None:
        told += f"{',' if hits.lru is not None else ';'} and at best {percent(hits.ideal)}"
    return told


def _loads(cache: Cache) -> list[str]:
    lines = [f"{plural(cache.loads, 'load')} after a miss"] if cache.loads else []
    crowd = cache.stampede
    if crowd is not None:
        most = plural(crowd.most_loads, "load")
        least = f"{count(crowd.least_loads)} to " if crowd.by and crowd.least_loads < crowd.most_loads else ""
        lines.append(
            f"{least}{most} at most for one cold key that {crowd.callers} asked for at once "
            f"({plural(crowd.keys, 'key')}, {crowd.mean_loads:.3g} on average; "
            f"the slowest answer took {milliseconds(crowd.longest_ms)})"
        )
    return lines


def _stale(cache: Cache) -> list[str]:
    lines = [] if cache.stale_reads is None else [f"{plural(cache.stale_reads, 'stale read')} after changes"]
    if cache.wrong_values:
        lines.append(f"{plural(cache.wrong_values, 'read')} gave what was not written under the key")
    return lines


def _lifetimes(cache: Cache) -> list[str]:
    found = cache.lifetime
    if found is None:
        return []
    told = f"of {plural(found.keys, 'key')} that were to live for {found.stated_s:g} s, {count(found.early)} had gone"
    return [f"{told} too early" + ("" if found.late is None else f" and {count(found.late)} stayed too long")]


def _growth(cache: Cache) -> list[str]:
    lines = []
    if cache.entries is not None:
        held = cache.entries
        lines.append(f"entries: {count(held.first)} at first, {count(held.last)} at last, {count(held.most)} at most")
        lines[-1] += "" if held.evicted is None else f"; {count(held.evicted)} evicted"
    lines += [] if cache.memory is None else [f"memory: {_sizes(cache.memory)}"]
    if cache.directory is not None:
        lines.append(f"folder: {_sizes(cache.directory)} in {plural(cache.directory.files or 0, 'file')}")
    return lines


def _sizes(growth: CacheGrowth) -> str:
    return f"{size(growth.first_bytes)} at first, {size(growth.last_bytes)} at last, {size(growth.most_bytes)} at most"


def _stalls(cache: Cache) -> list[str]:
    blocks = [
        f"{one.operation} calls {one.what} in the event loop's thread, in {one.where}" for one in cache.blocking or ()
    ]
    if not cache.stalls or cache.loop_stall_ms is None:
        return blocks
    stalls = f"{plural(cache.stalls, 'time')}, {milliseconds(cache.loop_stall_ms)} at most"
    return [*blocks, f"the event loop stood still for 100 ms or longer {stalls}"]


def _asked(cache: Cache) -> str:
    shares = ", ".join(f"{percent(share)} {name}" for name, share in cache.mix.items() if share > 0)
    least, most = cache.value_bytes
    sizes = size(least) if least == most else f"{size(least)} to {size(most)}"
    told = f"{cache.workload} ({shares}) on {plural(cache.keys, 'key')}, {cache.distribution}, values of {sizes}"
    if cache.capacity is not None:
        told += f", {plural(cache.capacity, 'entry', 'entries')} fit"
    told += f"; {count(cache.prefilled)} put in before" if cache.prefilled else "; begun as it was"
    mode = _MODES.get(cache.mode, cache.mode)
    return f"{told}; {cache.target}{f', {mode}' if mode else ''}, {rate(cache.rate)}"


def rows(cache: Cache) -> list[tuple[str, ...]]:
    """Return a row for each operation, in the order of ``HEAD``; milliseconds. What came of reads has rows of its own
    where not all came to the same.
    """
    reads = cache.operations.get("read")
    return [
        (
            name,
            count(one.requests),
            *(latency(value) for value in (one.p50_ms, one.p95_ms, one.p99_ms, one.max_ms)),
            count(sum(one.errors.values())) if one.errors else MISSING,
        )
        for name, one in cache.operations.items()
        if reads is None or not name.startswith("read ") or one.requests < reads.requests
    ]
