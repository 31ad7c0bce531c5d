"""How often does a comparison call equal runs different, and how often does it see a run that is worse?

Simulated pairs go through the product's own code: ``core.measured_load`` and its kin give each run's numbers with their
intervals, ``core.load_comparison.changes`` compares them, ``checks.baseline.beyond`` says what got worse than allowed.
Loads have seconds that are alike, or each like the one before it (AR(1), 0.8), and a start of their own (uniform, so
many per cent to either side), which no interval can know. Gets of a cache hit in runs, and a cold key is loaded more
than once by chance; steps of a search hold or break by chance near its capacity.

Prints for each kind and number: pairs called different, and worse than a baseline, with 95 % upper bounds (Clopper and
Pearson), of equal runs; and how many of pairs in which the second is a fifth worse were seen.

    python benchmarks/compare/false_alarms.py --pairs 2500
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial

import numpy as np

from brinell.checks.baseline import RULES, beyond
from brinell.core.cache_judgement import Cache, CacheHits, CacheStampede
from brinell.core.capacity_judgement import Capacity
from brinell.core.capacity_search import RATE, Search, Stop, Tried, bracket, next_step
from brinell.core.flaky_rates import interval
from brinell.core.hit_rate import BATCH, hit_rate
from brinell.core.judgement import Distribution, Generator, Load, SubjectVitals
from brinell.core.load_comparison import changes
from brinell.core.load_judgement import Heat, Timeline
from brinell.core.measured import Change
from brinell.core.measured_cache import cache_measured
from brinell.core.measured_capacity import HIGHEST, capacity_change
from brinell.core.measured_load import load_measured
from brinell.core.sequential import BROKEN, HELD
from brinell.core.timeline import PER_DECADE

NOTHING = Distribution(p50=None, p90=None, p95=None, p99=None, p99_9=None, max=None)
SHARES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}
_UNCHANGED = {"achieved_rate", "error_rate"}  # are no worse in the second run
Pair = Callable[[np.random.Generator, float], dict[str, Change]]


def load(generator: np.random.Generator, median_ms: float, *, seconds: int, rate: int, drift: float) -> Load:
    """A run whose response times are lognormal; a hundredth of them fail."""
    level, levels = 0.0, []
    for _ in range(seconds):
        level = 0.8 * level + drift * generator.normal()
        levels.append(level)
    times = median_ms * 1e6 * np.exp(np.array(levels)[:, None] + 0.5 * generator.normal(size=(seconds, rate)))
    buckets = np.floor(np.log10(times) * PER_DECADE).astype(int)
    rows = [np.bincount(row - row.min()) for row in buckets]
    failed = generator.binomial(rate, 0.01, seconds)
    each = (float(rate),) * seconds
    unknown = (None,) * seconds
    timeline = Timeline(
        step_s=1, t_s=tuple(range(seconds)), requests=(rate,) * seconds, rate=each, due_rate=each, unanswered=unknown,
        waiting=unknown, errors={"timeout": tuple(map(int, failed))}, p50_ms=unknown, p95_ms=unknown, p99_ms=unknown,
        max_ms=unknown, lag_p99_ms=unknown, lag_max_ms=unknown, generator_cpu=unknown, cpu=unknown, rss_bytes=unknown,
        fds=unknown, threads=unknown,
        heat=Heat(
            per_decade=PER_DECADE, first=tuple(int(row.min()) for row in buckets),
            counts=tuple(tuple(map(int, row)) for row in rows),
        ),
    )  # fmt: skip
    found = {name: float(np.quantile(times, share)) / 1e6 for name, share in SHARES.items()}
    response = Distribution(**found, p99_9=None, max=float(times.max()) / 1e6)
    return Load(
        scenario="x", model="open", url="", target_rate=float(rate), achieved_rate=float(rate), requests=rate * seconds,
        errors={"timeout": int(failed.sum())}, response_ms=response, response_ok_ms=response, service_ms=response,
        histogram="", generator=Generator(valid=True, reason="", cpu=0.1, schedule_lag_ms=NOTHING), connections=4,
        subject=SubjectVitals(cpu=None, rss=None, fds=None, threads=None), workers=1, timeout_s=5.0,
        span_s=float(seconds), timeline=timeline,
    )  # fmt: skip


def loads(
    generator: np.random.Generator, worse: float, *, seconds: int, drift: float, start: float
) -> dict[str, Change]:
    """Two loads, the second slower by a factor."""
    run = partial(load, generator, seconds=seconds, rate=100, drift=drift)
    one, other = (load_measured(run(10 * by * generator.uniform(1 - start, 1 + start))) for by in (1.0, worse))
    return changes(one, other)


def caches(generator: np.random.Generator, worse: float) -> dict[str, Change]:
    """Two caches, the second with so many times the misses, and that often more than one load of a cold key."""
    return changes(*(cache_measured(_cache(generator, by)) for by in (1.0, worse)))


def _cache(generator: np.random.Generator, worse: float) -> Cache:
    gets, length = 6000, generator.geometric(0.1, 6000)
    drawn = np.repeat(generator.random(6000) < max(0.0, 1 - 0.2 * worse), length)[:gets]
    told = hit_rate(drawn.reshape(-1, BATCH).sum(axis=1).tolist())
    assert told is not None
    each = 1 + generator.binomial(30, min(1.0, 0.02 * worse**8), 20)
    return Cache(
        scenario="x", workload="ycsb-b", target="x:y", mode="sync", operations={}, loop_stall_ms=None, stale_reads=None,
        hit_rate=CacheHits(
            value=told.value, low=told.low, high=told.high, ideal=None, lru=None, gets=gets, hits=int(drawn.sum())
        ),
        stampede=CacheStampede(
            keys=20, callers=100, most_loads=int(each.max()), mean_loads=float(each.mean()), failed=0, longest_ms=1.0
        ),
        stampede_loads=int(each.max()), distribution="zipfian", keys=1000, capacity=100, rate=1.0, value_bytes=(1, 1),
        prefilled=1,
    )  # fmt: skip


def searches(generator: np.random.Generator, worse: float, *, wavers: float, start: float) -> dict[str, Change]:
    """Two searches, of subjects of which the second holds so many times less."""
    noise, truth = random.Random(int(generator.integers(1 << 30))), 10 ** generator.uniform(2, 4)  # noqa: S311 - no secret
    a, b = (_search(noise, truth / by * noise.uniform(1 - start, 1 + start), wavers) for by in (1.0, worse))
    return {HIGHEST: capacity_change(a, b)}


def _search(noise: random.Random, truth: float, wavers: float) -> Capacity:
    plan = Search(quantity=RATE, start=50, limit=100_000, tolerance=0.05, budget_s=1e9)
    tried: list[Tried] = []
    while not isinstance(move := next_step(plan, tried), Stop):
        held = move.level <= truth * noise.uniform(1 - wavers, 1 + wavers)
        tried.append(Tried(move.level, HELD if held else BROKEN, 1.0))
    found = bracket(tried)
    return Capacity(
        name="x", quantity=RATE, unit="/s", url="", low=found.low, high=found.high, confirmed=found.confirmed,
        knee=None, limited_by=None, limited_by_reason="", thresholds={}, at_least=None, tolerance=0.05, ended="found",
        reason="", steps=(), took_s=1.0,
    )  # fmt: skip


KINDS: dict[str, tuple[Pair, float]] = {
    "load, 60 s, even seconds": (partial(loads, seconds=60, drift=0.0, start=0.0), 1.25),
    "load, 60 s, seconds that wander by 5 %": (partial(loads, seconds=60, drift=0.03, start=0.0), 1.25),
    "load, 60 s, wandering, starts differ by 5 %": (partial(loads, seconds=60, drift=0.03, start=0.05), 1.25),
    "load, 20 s, wandering": (partial(loads, seconds=20, drift=0.03, start=0.0), 1.25),
    "cache, hits in runs of ten": (caches, 1.5),
    "search, steps waver by 3 %": (partial(searches, wavers=0.03, start=0.0), 1.25),
    "search, wavering by 5 %, starts differ by 5 %": (partial(searches, wavers=0.05, start=0.05), 1.25),
}


def upper(found: int, of: int) -> float:
    """Return the 95 % upper bound of a share (Clopper and Pearson, one-sided)."""
    return interval(found, of, 0.9)[1]


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--pairs", type=int, default=2500, help="of each kind")
    pairs = options.parse_args().pairs
    alarms = worse = every = 0
    for name, (pair, by) in KINDS.items():
        generator = np.random.default_rng(len(name))
        called, beyond_allowed, seen, told = Counter(), Counter(), Counter(), Counter()
        for _ in range(pairs):
            _count(pair(generator, 1.0), called, beyond_allowed, told)
        for _ in range(pairs // 10):
            _count(pair(generator, by), seen, Counter(), Counter())
        print(f"\n{name}: {pairs} equal pairs; {pairs // 10} of which the second is {by:g} times worse")
        for key in told:
            bound = f"{called[key] / told[key]:.2%} (at most {upper(called[key], told[key]):.2%})"
            rest = f"worse than a baseline {beyond_allowed[key]} (at most {upper(beyond_allowed[key], told[key]):.2%})"
            found = "" if key in _UNCHANGED else f"; seen {seen[key] / (pairs // 10):.0%}"
            print(f"  {key:18} called different {bound}; {rest}{found}")
            alarms, worse, every = alarms + called[key], worse + beyond_allowed[key], every + told[key]
    print(f"\nin all: called different {alarms} of {every} (at most {upper(alarms, every):.2%}), ", end="")
    print(f"worse than a baseline {worse} of {every} (at most {upper(worse, every):.2%})")


def _count(found: dict[str, Change], called: Counter[str], worse: Counter[str], told: Counter[str]) -> None:
    for key, change in _ruled(found.items()):
        told[key] += not change.why
        called[key] += change.answer in {"higher", "lower"}
        worse[key] += beyond(key, change)


def _ruled(found: Iterable[tuple[str, Change]]) -> list[tuple[str, Change]]:
    return [(key, change) for key, change in found if key in RULES]


if __name__ == "__main__":
    main()
