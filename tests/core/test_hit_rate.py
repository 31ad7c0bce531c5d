from __future__ import annotations

from collections import OrderedDict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.core.hit_rate import BATCH, cold_start, hit_rate, ideal, kept_share
from brinell.core.key_choice import KeyChoice, Mix, recent, stream


def runs(rate, keep, count, source):
    """Hits of a chain that keeps its state with a chance of ``keep``, else draws it anew, in batches."""
    drawn = source.random((count, 2))
    hits = np.empty(count, dtype=np.int64)
    state = source.random() < rate
    for index in range(count):
        if drawn[index, 0] >= keep:
            state = drawn[index, 1] < rate
        hits[index] = state
    return hits.reshape(-1, BATCH).sum(axis=1).tolist()


@pytest.mark.parametrize(("rate", "keep"), [(0.9, 0.0), (0.9, 0.9), (0.6, 0.95), (0.97, 0.5)])
def test_the_interval_holds_the_truth_as_often_as_it_says(rate, keep):
    source = np.random.default_rng(3)
    held = 0
    for _ in range(120):
        found = hit_rate(runs(rate, keep, 2000, source))
        held += found.low <= rate <= found.high
    # 93 % and more in the benchmark's 10,000; of 120 such, fewer than 102 are seen once in ten thousand times.
    assert held >= 102


def test_runs_widen_the_interval():
    source = np.random.default_rng(5)
    alone, together = (hit_rate(runs(0.8, keep, 10_000, source)) for keep in (0.0, 0.95))
    assert together.high - together.low > 3 * (alone.high - alone.low)
    assert alone.counts_as > 5000
    assert together.counts_as < 1000


def test_what_was_never_seen_leaves_room():
    found = hit_rate([BATCH] * 100)
    assert (found.value, found.high) == (1.0, 1.0)
    assert 0.9 < found.low < 0.99
    nothing = hit_rate([0] * 100)
    assert (nothing.value, nothing.low) == (0.0, 0.0)
    assert nothing.high > 0.01


def test_one_long_run_of_misses_tells_little():
    found = hit_rate([BATCH] * 200 + [0] * 5 + [BATCH] * 200)
    assert found.low < 0.95 < found.high


def test_a_cold_start_is_cut_and_noise_is_not():
    source = np.random.default_rng(2)
    steady = source.binomial(BATCH, 0.9, 200).tolist()
    assert cold_start(steady) == 0
    assert 8 <= cold_start([2, 5, 8, 9, 11, 12, 14, 15, 16, 17, *steady]) < 60
    assert cold_start([*steady, 0, 0, 0]) == 0  # an end is no beginning
    assert cold_start([BATCH] * 100) == 0
    assert cold_start([10] + [BATCH] * 5) == 0  # too few to tell


@given(st.lists(st.integers(0, BATCH), max_size=100))
def test_a_cut_leaves_half_and_something_better(batches):
    cut = cold_start(batches)
    assert 0 <= cut <= len(batches) // 2
    assert not cut or np.mean(batches[:cut]) < np.mean(batches[cut:])


def test_no_gets_no_rate():
    assert hit_rate([]) is None


@given(st.lists(st.integers(0, BATCH), min_size=1, max_size=200))
def test_the_interval_holds_the_rate_and_stays_within(batches):
    found = hit_rate(batches)
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert found.value == pytest.approx(sum(batches) / BATCH / len(batches))


def simulated(choice, capacity, gets, *, renews):
    held = OrderedDict.fromkeys(recent(choice, capacity).tolist())
    hits = count = 0
    for stretch in stream(choice, Mix(shares={"read": 1.0})):
        for key in stretch.keys.tolist():
            count += 1
            if key in held:
                hits += 1
                if renews:
                    held.move_to_end(key)
                continue
            held[key] = None
            if len(held) > capacity:
                held.popitem(last=False)
        if count >= gets:
            return hits / count
    raise AssertionError


@pytest.mark.parametrize(
    ("distribution", "keys", "capacity"),
    [("zipfian", 5000, 500), ("zipfian", 2000, 1000), ("uniform", 2000, 500), ("hotspot", 2000, 300)],
)
def test_the_approximations_are_within_one_percent_of_simulated_caches(distribution, keys, capacity):
    choice = KeyChoice(distribution=distribution, keys=keys, seed=4)
    found = ideal(choice, capacity)
    assert found.lru == pytest.approx(simulated(choice, capacity, 120_000, renews=True), abs=0.01)
    assert found.fifo == pytest.approx(simulated(choice, capacity, 120_000, renews=False), abs=0.01)
    assert found.lru <= found.static + 1e-9


def test_the_best_static_cache_holds_the_most_popular_keys():
    choice = KeyChoice(distribution="hotspot", keys=1000, hot_keys=0.1, hot_ops=0.9)
    assert ideal(choice, 100).static == pytest.approx(0.9)
    assert ideal(choice, 550).static == pytest.approx(0.95)
    assert ideal(choice, 1000)[:2] == (1.0, 1.0)


def test_a_scan_defeats_whoever_drops_the_least_recently_used():
    assert ideal(KeyChoice(distribution="scan", keys=100), 99)[:2] == (pytest.approx(0.99), 0.0)


def test_new_keys_have_no_fixed_popularity():
    assert ideal(KeyChoice(distribution="latest", keys=100), 50, inserting=True).lru is None


@given(st.integers(1, 300), st.integers(1, 300), st.floats(0.1, 3))
def test_both_rates_are_rates_and_the_static_one_is_no_worse(keys, capacity, exponent):
    static, lru, fifo = ideal(KeyChoice(keys=keys, exponent=exponent), capacity)
    assert 0 <= lru <= static + 1e-9
    assert fifo is None if capacity >= keys else 0 <= fifo <= lru
    assert static <= 1 + 1e-9


@pytest.mark.parametrize("loads", [True, False])
def test_deletes_take_away_what_was_last_written(loads):
    """Against a cache without bounds, simulated."""
    shares = {"read": 0.6, "update": 0.3, "delete": 0.1}
    source = np.random.default_rng(8)
    held, hits, reads = set(range(50)), 0, 0
    for kind, key in zip(source.choice(3, 60_000, p=[0.6, 0.3, 0.1]), source.integers(50, size=60_000), strict=True):
        if kind == 0:
            reads += 1
            hits += key in held
            held |= {key} if loads else set()
        elif kind == 1:
            held.add(key)
        else:
            held.discard(key)
    assert kept_share(shares, loads=loads) == pytest.approx(hits / reads, abs=0.01)
    assert kept_share({"read": 1.0}, loads=loads) == 1.0
