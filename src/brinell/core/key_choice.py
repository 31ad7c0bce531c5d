"""Which operation comes next, and on which key: pure functions of the seed and the operation's number.

Popularity is by *rank* (0: the most popular). ``zipfian``: rank *r* has a share proportional to 1 / (r + 1)**exponent
(Cooper et al., Benchmarking cloud serving systems with YCSB, SoCC 2010; drawn exactly, from the cumulative shares,
where YCSB approximates). ``latest``: the same by age, the newest key first. ``hotspot``: ``hot_ops`` of the operations
go evenly to ``hot_keys`` of the keys. ``scan``: one key after the other, again and again. Ranks are scattered over the
keys by a permutation, so that popular keys are not neighbours.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from math import gcd

import msgspec
import numpy as np
import numpy.typing as npt

from brinell.core.plan import CacheSpec

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

DISTRIBUTIONS = ("zipfian", "uniform", "hotspot", "latest", "scan")
OPERATIONS = ("read", "update", "insert", "scan", "read-modify-write", "delete")
WORKLOADS: dict[str, tuple[dict[str, float], str]] = {
    "ycsb-a": ({"read": 0.5, "update": 0.5}, "zipfian"),
    "ycsb-b": ({"read": 0.95, "update": 0.05}, "zipfian"),
    "ycsb-c": ({"read": 1.0}, "zipfian"),
    "ycsb-d": ({"read": 0.95, "insert": 0.05}, "latest"),
    "ycsb-e": ({"scan": 0.95, "insert": 0.05}, "zipfian"),
    "ycsb-f": ({"read": 0.5, "read-modify-write": 0.5}, "zipfian"),
}
"""The mixes of YCSB and the key choice that belongs to each."""

MOST_KEYS = 10_000_000
MOST_BYTES = (1 << 20) - 1
MOST_SCANNED = 100
BLOCK = 4096
_GOLDEN = 0x9E3779B97F4A7C15
_KIND, _KEY, _SIZE, _LENGTH = range(1, 5)  # streams of draws
_BEFORE = 1 << 40  # numbers that no operation has
_MOST_DRAWN = 2_000_000


class KeyChoice(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """``keys`` keys, numbered from 0, and how one is chosen."""

    distribution: str = "zipfian"
    keys: int = 100_000
    exponent: float = 0.99
    hot_keys: float = 0.2
    hot_ops: float = 0.8
    seed: int = 1

    @cached_property
    def shares(self) -> Floats:
        """The share of each rank, highest first; it sums to 1. Of ``scan`` that is an even share."""
        if self.distribution in {"zipfian", "latest"}:
            weights = np.arange(1, self.keys + 1, dtype=np.float64) ** -self.exponent
            found: Floats = weights / weights.sum()
            return found
        found = np.full(self.keys, 1.0 / self.keys)
        if self.distribution == "hotspot" and self.hot < self.keys:
            found[: self.hot] = self.hot_ops / self.hot
            found[self.hot :] = (1.0 - self.hot_ops) / (self.keys - self.hot)
            found[::-1].sort()
        return found

    @property
    def hot(self) -> int:
        """How many keys are hot."""
        return min(self.keys, max(1, round(self.hot_keys * self.keys)))

    @cached_property
    def scatter(self) -> tuple[int, int]:
        """Return (a, b): rank *r* is key (a * r + b) mod ``keys``, a permutation."""
        if self.distribution == "latest":
            return -1, self.keys - 1
        if self.distribution == "scan" or self.keys < 4:
            return 1, 0
        step = max(1, round(self.keys * 0.6180339887498949))
        while gcd(step, self.keys) != 1:
            step += 1
        return step, (self.seed * 40503) % self.keys

    @cached_property
    def _cumulative(self) -> Floats:
        found = np.cumsum(self.shares)
        found[-1] = 1.0
        return found

    def ranks(self, numbers: Ints) -> Ints:
        """Return the rank that each operation chooses."""
        if self.distribution == "scan":
            return numbers % self.keys
        drawn = uniforms(self.seed, _KEY, numbers)
        if self.distribution == "uniform":
            return np.minimum((drawn * self.keys).astype(np.int64), self.keys - 1)
        return np.searchsorted(self._cumulative, drawn, side="right").astype(np.int64)

    def chosen(self, numbers: Ints, inserted: Ints | int = 0) -> Ints:
        """Return the key of each operation. ``inserted``: keys that were added by then, which ``latest`` looks at."""
        ranks = self.ranks(numbers)
        if self.distribution == "latest":
            return self.keys - 1 + inserted - ranks
        step, start = self.scatter
        return (ranks * step + start) % self.keys


class Mix(msgspec.Struct, frozen=True, kw_only=True):
    """Operations by share, the sizes of values in bytes (``zipf``: small ones are drawn more often), and the length of
    scans in keys.
    """

    shares: dict[str, float]
    least_bytes: int = 100
    most_bytes: int = 100
    sizes: str = "even"
    scanned: int = MOST_SCANNED

    @property
    def parts(self) -> Floats:
        """The share of each of ``OPERATIONS``; they sum to 1."""
        found = np.array([self.shares.get(name, 0.0) for name in OPERATIONS], dtype=np.float64)
        return found / found.sum()  # type: ignore[no-any-return]  # numpy's annotations lose it


def uniforms(seed: int, stream: int, numbers: Ints) -> Floats:
    """Return a number in [0, 1) for each operation's number: SplitMix64 (Steele et al., OOPSLA 2014), 53 bits."""
    state = _mixed(np.array([seed & 0xFFFFFFFFFFFFFFFF], dtype=np.uint64) + np.uint64(stream * _GOLDEN & (1 << 64) - 1))
    with np.errstate(over="ignore"):
        drawn = _mixed(state + (numbers.astype(np.uint64) + np.uint64(1)) * np.uint64(_GOLDEN))
    return (drawn >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _mixed(state: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    with np.errstate(over="ignore"):
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return state ^ (state >> np.uint64(31))


class Operations(msgspec.Struct, frozen=True):
    """A stretch of the stream: ``kinds`` index ``OPERATIONS``."""

    kinds: Ints
    keys: Ints
    sizes: Ints
    lengths: Ints


def stream(choice: KeyChoice, mix: Mix, worker: int = 0, workers: int = 1) -> Iterator[Operations]:
    """Yield one worker's operations in stretches, without end: of W workers, the w-th has number w, w + W, ...

    An ``insert`` makes the next new key, counted over all workers; so each of them draws every operation's kind.
    """
    inserted = 0
    begin = 0
    while True:
        numbers = np.arange(begin, begin + BLOCK * workers, dtype=np.int64)
        found = _stretch(choice, mix, numbers, inserted)
        inserted += int((found.kinds == OPERATIONS.index("insert")).sum())
        begin += BLOCK * workers
        mine = slice(worker, None, workers)
        yield Operations(found.kinds[mine], found.keys[mine], found.sizes[mine], found.lengths[mine])


def _stretch(choice: KeyChoice, mix: Mix, numbers: Ints, inserted: int) -> Operations:
    bounds = np.cumsum(mix.parts)
    bounds[-1] = 1.0
    kinds = np.searchsorted(bounds, uniforms(choice.seed, _KIND, numbers), side="right").astype(np.int64)
    is_new = kinds == OPERATIONS.index("insert")
    before = inserted + np.cumsum(is_new) - is_new  # new keys that earlier operations made
    keys = np.where(is_new, choice.keys + before, choice.chosen(numbers, before))
    lengths = 1 + (uniforms(choice.seed, _LENGTH, numbers) * mix.scanned).astype(np.int64)
    return Operations(kinds, keys, sizes(mix, choice.seed, numbers), lengths)


def sizes(mix: Mix, seed: int, numbers: Ints) -> Ints:
    """Return the size of the value that each operation would write, bytes."""
    least, most = mix.least_bytes, max(mix.least_bytes, mix.most_bytes)
    if least == most:
        return np.full(len(numbers), least, dtype=np.int64)
    drawn = uniforms(seed, _SIZE, numbers)
    if mix.sizes == "zipf":  # density 1 / size: every doubling is as likely as the next
        return np.minimum((least * (most / least) ** drawn).astype(np.int64), most)
    return least + (drawn * (most - least + 1)).astype(np.int64)


def recent(choice: KeyChoice, count: int) -> Ints:
    """Return the ``count`` keys that were chosen last before the first operation, the last one last: what a cache that
    drops the least recently used holds after a long time. Where some are hardly ever chosen, popular ones stand first.
    """
    count = min(count, choice.keys)
    step, start = choice.scatter
    if choice.distribution == "scan":
        return np.arange(choice.keys - count, choice.keys, dtype=np.int64)
    ranks = _last_distinct(choice, count)
    if len(ranks) < count:
        others = np.setdiff1d(np.arange(choice.keys, dtype=np.int64), ranks)[: count - len(ranks)]
        ranks = np.concatenate((others[::-1], ranks))
    return (ranks * step + start) % choice.keys


def _last_distinct(choice: KeyChoice, count: int) -> Ints:
    """Return the last distinct ranks of a stretch of choices before the first operation, at most ``count``."""
    most = min(256 * count, _MOST_DRAWN)
    length = min(4 * count, most)
    while True:
        drawn = choice.ranks(np.arange(_BEFORE, _BEFORE + length, dtype=np.int64))
        ranks, where = np.unique(drawn[::-1], return_index=True)
        if len(ranks) >= count or length >= most:
            return ranks[np.argsort(where)][:count][::-1]
        length = min(4 * length, most)


def choice_of(spec: CacheSpec, seed: int) -> KeyChoice:
    """Return how a scenario's keys are chosen."""
    usual = "zipfian" if spec.mix else WORKLOADS[spec.workload][1]
    return KeyChoice(
        distribution=spec.distribution or usual,
        keys=spec.keys,
        exponent=spec.exponent,
        hot_keys=spec.hot_keys,
        hot_ops=spec.hot_ops,
        seed=seed,
    )


def mix_of(spec: CacheSpec) -> Mix:
    """Return a scenario's operations."""
    least, most = spec.value_bytes
    shares = spec.mix or WORKLOADS[spec.workload][0]
    return Mix(shares=shares, least_bytes=least, most_bytes=most, sizes=spec.value_sizes, scanned=spec.scanned)


def prefilled(spec: CacheSpec) -> int:
    """Return how many keys are put in before the load."""
    return min(spec.keys, spec.capacity or spec.keys) if spec.prefill else 0
