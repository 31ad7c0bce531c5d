"""What one run of a cache measured, with intervals. Response times and errors are those of its load."""

from __future__ import annotations

import math

from brinell.core.cache_judgement import Cache, CacheStampede
from brinell.core.measured import Measured
from brinell.core.student import student

CONDITIONS = ("workload", "target", "mode", "distribution", "keys", "capacity", "value_bytes", "prefilled", "mix")


def cache_measured(cache: Cache) -> dict[str, Measured]:
    """Return hit_rate (a share, with the interval that it has in the judgement) and stampede_loads (for a cold key)."""
    found = {}
    hits = cache.hit_rate
    if hits is not None:
        why = "" if hits.low is not None and hits.high is not None else "too few gets to say how much hit rates vary"
        found["hit_rate"] = Measured(value=hits.value, low=hits.low, high=hits.high, why=why)
    if cache.stampede is not None:
        found["stampede_loads"] = _loads(cache.stampede)
    return found


def cache_conditions(cache: Cache) -> dict[str, str]:
    """Return what was asked of what, as words."""
    return {name.replace("_", " "): _word(getattr(cache, name)) for name in CONDITIONS}


def _loads(seen: CacheStampede) -> Measured:
    """Return the mean number of loads for a cold key.

    Each key is one trial. Their spread was not kept, and cannot be more than their mean and bounds allow (Bhatia and
    Davis 2000): each was loaded once at least, and ``most_loads`` times at most.
    """
    mean = seen.mean_loads
    if seen.keys < 2:
        return Measured(value=mean, why="one cold key tells nothing of the others")
    variance = max(0.0, (seen.most_loads - mean) * (mean - min(1.0, mean)))
    half = student(seen.keys - 1) * math.sqrt(variance / (seen.keys - 1))
    return Measured(value=mean, low=max(min(1.0, mean), mean - half), high=min(seen.most_loads, mean + half))


def _word(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {share:.3g}" for name, share in sorted(value.items()))
    if isinstance(value, tuple):
        return " to ".join(dict.fromkeys(map(str, value)))
    return "not told" if value is None else str(value)
