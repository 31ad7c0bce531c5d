"""Caches compared: hit rates by their intervals, loads for cold keys by what their spread can be at most."""

from __future__ import annotations

import numpy as np
import pytest

from brinell.core.cache_judgement import Cache, CacheHits, CacheStampede
from brinell.core.hit_rate import BATCH, hit_rate
from brinell.core.load_comparison import changes, differing
from brinell.core.measured_cache import cache_conditions, cache_measured


def cache(hits=None, loads=None, **fields):
    stampede = None
    if loads is not None:
        stampede = CacheStampede(
            keys=len(loads), callers=100, most_loads=max(loads), mean_loads=sum(loads) / len(loads), failed=0,
            longest_ms=1.0,
        )  # fmt: skip
    said = {
        "scenario": "x", "workload": "ycsb-b", "target": "shop:cache", "mode": "sync", "operations": {},
        "stampede_loads": None, "stale_reads": 0, "loop_stall_ms": None, "distribution": "zipfian", "keys": 1000,
        "capacity": 100, "rate": 1.0, "value_bytes": (100, 100), "prefilled": 100,
    }  # fmt: skip
    return Cache(hit_rate=hits, stampede=stampede, **(said | fields))


def asked(generator, share, *, gets=4000, sticky=0.9):
    """Gets that come in runs: each is like the one before with probability ``sticky``."""
    fresh = generator.random(gets) < share
    keeps = generator.random(gets) < sticky
    found = fresh.copy()
    for at in range(1, gets):
        if keeps[at]:
            found[at] = found[at - 1]
    told = hit_rate(found.reshape(-1, BATCH).sum(axis=1))
    return CacheHits(
        value=told.value, low=told.low, high=told.high, ideal=None, lru=None, gets=gets, hits=int(found.sum())
    )


def answer(a, b, name):
    return changes(cache_measured(a), cache_measured(b))[name].answer


def test_hit_rates_of_the_same_cache_are_seldom_called_different_and_a_fallen_one_is():
    generator = np.random.default_rng(8)
    alarms = found = 0
    for _ in range(200):
        a, b, fallen = (cache(asked(generator, share)) for share in (0.8, 0.8, 0.6))
        alarms += answer(a, b, "hit_rate") != "could be noise"
        found += answer(a, fallen, "hit_rate") == "lower"
    assert alarms <= 0.07 * 200
    assert found >= 0.95 * 200


def test_loads_of_the_same_cache_are_seldom_called_different_and_a_stampede_is():
    generator = np.random.default_rng(9)
    alarms = found = 0
    for _ in range(1000):
        share = generator.uniform(0, 0.3)
        a, b = (cache(loads=(1 + generator.binomial(3, share, 20)).tolist()) for _ in range(2))
        crowd = cache(loads=(1 + generator.binomial(40, 0.2, 20)).tolist())
        alarms += answer(a, b, "stampede_loads") != "could be noise"
        found += answer(a, crowd, "stampede_loads") == "higher"
    assert alarms <= 0.06 * 1000
    assert found >= 0.95 * 1000


@pytest.mark.parametrize("loads", [[1] * 20, [100] * 20, [3, 3]])
def test_loads_that_never_differ_have_no_spread(loads):
    assert answer(cache(loads=loads), cache(loads=loads), "stampede_loads") == "could be noise"
    assert answer(cache(loads=loads), cache(loads=[2 * one for one in loads]), "stampede_loads") == "higher"


def test_one_cold_key_and_too_few_gets_tell_nothing():
    few = CacheHits(value=1.0, low=None, high=None, ideal=None, lru=None, gets=5, hits=5)
    found = changes(cache_measured(cache(few, [7])), cache_measured(cache(few, [9])))
    assert {one.answer for one in found.values()} == {"cannot tell"}
    assert found["stampede_loads"].why == "one cold key tells nothing of the others"
    assert found["hit_rate"].why == "too few gets to say how much hit rates vary"


def test_another_working_set_is_not_the_same_load():
    found = differing(cache_conditions(cache()), cache_conditions(cache(keys=2000, value_bytes=(1, 9))))
    assert found == {"keys": ("1000", "2000"), "value bytes": ("100", "1 to 9")}
