"""What a judgement says about a cache; ``brinell.core.judgement`` has the rules of its structs."""

from __future__ import annotations

import msgspec


class _Part(msgspec.Struct, frozen=True, kw_only=True):
    """Base of the parts."""


class CacheHits(_Part, frozen=True, kw_only=True):
    """Gets that found something, with a 95 % interval that knows that hits come in runs (None: too few gets).

    ``ideal`` is the rate of a cache that holds the most popular keys, ``lru`` that of one that drops the least recently
    used, both for the key choice and ``capacity``, which is the stated one, or what a store held that had to evict;
    ``why`` says why one of them is None. ``counts_as``: so many
    independent gets would tell as much. Of a cache that was begun cold, ``value`` and its interval leave out the first
    ``cold_gets``, in which it was filling up; ``gets`` and ``hits`` are those of the whole run.
    """

    value: float
    low: float | None
    high: float | None
    ideal: float | None
    lru: float | None
    gets: int
    hits: int
    counts_as: float | None = None
    why: str = ""
    cold_gets: int = 0
    capacity: int | None = None
    fifo: float | None = None  # that of a cache that drops the oldest, or any


class CacheStampede(_Part, frozen=True, kw_only=True):
    """Cold keys, each asked for by ``callers`` at the same moment: how often the loader ran for one of them.

    Where that was counted, ``least_loads`` and ``most_loads`` are the same; of an endpoint they may be bounds, between
    which it was. ``by``: what told them (counter, headers, bodies; empty: the loader itself).
    """

    keys: int
    callers: int
    most_loads: int
    mean_loads: float
    failed: int
    longest_ms: float
    least_loads: int = 0
    by: str = ""


class CacheGrowth(_Part, frozen=True, kw_only=True):
    """Bytes at the beginning of the load, at its end, and at most. ``files`` at its end, of a folder."""

    first_bytes: int
    last_bytes: int
    most_bytes: int
    files: int | None = None


class CacheEntries(_Part, frozen=True, kw_only=True):
    """Entries that the cache said it holds: at the first look during the load, at the last, and at most; of several
    workers, each with a cache of its own, those of the largest. ``evicted`` meanwhile (None: it does not say).
    """

    first: int
    last: int
    most: int
    evicted: int | None = None


class CacheLifetimes(_Part, frozen=True, kw_only=True):
    """Keys that were to live for ``stated_s``: ``early`` of ``keys`` were gone before half of it, and ``late`` there
    after twice as long (None: nobody waited).
    """

    stated_s: float
    keys: int
    early: int
    late: int | None


class CacheBlocked(_Part, frozen=True, kw_only=True):
    """An operation that did ``what`` in the event loop's thread, ``times`` of ``of`` times, ``longest_ms`` at most."""

    operation: str
    what: str
    where: str
    times: int
    of: int
    longest_ms: float


class CacheTry(_Part, frozen=True, kw_only=True):
    """Something was tried ``tried`` times and went wrong ``wrong`` times; for ``what`` see docs/CACHE.md."""

    what: str
    tried: int
    wrong: int
    example: str = ""


class CacheContainer(_Part, frozen=True, kw_only=True):
    """A container within the cache: what it held at the first look during the load, half-way, and at the last."""

    name: str
    first: int
    middle: int
    last: int


class CacheCourse(_Part, frozen=True, kw_only=True):
    """Columns of ``step_s`` seconds each, from ``t_s`` on, 300 at most: gets, and the share of hits (None: no gets)."""

    step_s: int
    t_s: tuple[int, ...]
    gets: tuple[int, ...]
    hit_rate: tuple[float | None, ...]


class CacheOperation(_Part, frozen=True, kw_only=True):
    """One kind of operation. Milliseconds are response times: from when an operation was due (closed model: began)."""

    requests: int
    errors: dict[str, int]
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    max_ms: float | None


class Cache(_Part, frozen=True, kw_only=True):
    """One cache under load; what all load has is in the entry of ``load`` with the same scenario. ``operations`` has
    reads as one and, where it is known of each, by what they found: ``read``, ``read hit``, ``read miss``.

    ``stampede_loads`` is the most often that the loader ran for one cold key. ``stale_reads`` counts reads that began
    after a delete or a set was acknowledged and gave what was there before it; ``wrong_values`` those that gave another
    key's. ``loop_stall_ms`` is the longest that an event loop stood still, of those times that took 100 ms or more.
    Both are None, like every number, where they were not measured (see ``not_measured``).
    """

    scenario: str
    workload: str
    target: str
    mode: str
    operations: dict[str, CacheOperation]
    hit_rate: CacheHits | None
    stampede_loads: int | None
    stale_reads: int | None
    loop_stall_ms: float | None
    distribution: str
    keys: int
    capacity: int | None
    rate: float | None
    value_bytes: tuple[int, int]
    prefilled: int
    loads: int = 0
    wrong_values: int = 0
    stampede: CacheStampede | None = None
    memory: CacheGrowth | None = None
    directory: CacheGrowth | None = None
    mix: dict[str, float] = {}
    stalls: int = 0
    thresholds: dict[str, dict[str, float | str | None]] = {}
    samples: tuple[str, ...] = ()  # stale and wrong reads in words
    course: CacheCourse | None = None
    entries: CacheEntries | None = None
    lifetime: CacheLifetimes | None = None
    blocking: tuple[CacheBlocked, ...] | None = None  # None: nobody looked
    tries: tuple[CacheTry, ...] = ()
    containers: tuple[CacheContainer, ...] = ()
