from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.core.key_choice import (
    BLOCK,
    DISTRIBUTIONS,
    OPERATIONS,
    WORKLOADS,
    KeyChoice,
    Mix,
    choice_of,
    mix_of,
    prefilled,
    recent,
    sizes,
    stream,
    uniforms,
)
from brinell.core.plan import CacheSpec

READS = Mix(shares={"read": 1.0})


def choice(distribution="zipfian", **fields):
    return KeyChoice(distribution=distribution, **{"keys": 500} | fields)


def first(given, mix=READS, worker=0, workers=1, blocks=1):
    source = stream(given, mix, worker, workers)
    parts = [next(source) for _ in range(blocks)]
    return [np.concatenate([getattr(one, name) for one in parts]) for name in ("kinds", "keys", "sizes", "lengths")]


def chi_square(seen, expected):
    """The statistic and its degrees of freedom; cells that expect few are put together."""
    order = np.argsort(-expected)
    seen, expected = seen[order].astype(float), expected[order].astype(float)
    small = expected < 10
    if small.any():
        seen = np.append(seen[~small], seen[small].sum())
        expected = np.append(expected[~small], expected[small].sum())
    return float(((seen - expected) ** 2 / expected).sum()), len(expected) - 1


@pytest.mark.parametrize("name", ["zipfian", "uniform", "hotspot", "latest"])
@pytest.mark.parametrize("seed", [1, 2, 7])
def test_ranks_are_drawn_as_stated(name, seed):
    given = choice(name, seed=seed)
    count = 200_000
    ranks = given.ranks(np.arange(count, dtype=np.int64))
    seen = np.bincount(ranks, minlength=given.keys)
    statistic, degrees = chi_square(seen, given.shares * count)
    # Wilson and Hilferty's approximation: exceeded once in 10,000 times where the distribution is right.
    limit = degrees * (1 - 2 / (9 * degrees) + 3.72 * math.sqrt(2 / (9 * degrees))) ** 3
    assert statistic < limit


def test_the_most_popular_key_of_zipf_has_the_share_of_the_formula():
    given = choice(keys=1000)
    harmonic = sum(1 / rank**0.99 for rank in range(1, 1001))
    assert given.shares[0] == pytest.approx(1 / harmonic)
    assert given.shares[99] == pytest.approx(1 / 100**0.99 / harmonic)


def test_a_scan_takes_one_key_after_the_other():
    given = choice("scan", keys=7)
    assert given.chosen(np.arange(10, dtype=np.int64)).tolist() == [0, 1, 2, 3, 4, 5, 6, 0, 1, 2]


@given(st.sampled_from(DISTRIBUTIONS), st.integers(1, 3000), st.integers(0, 2**63), st.integers(0, 2**40))
def test_shares_sum_to_one_and_keys_are_within(name, keys, seed, begin):
    given = choice(name, keys=keys, seed=seed)
    assert given.shares.sum() == pytest.approx(1)
    assert (np.diff(given.shares) <= 1e-15).all()
    chosen = given.chosen(np.arange(begin, begin + 200, dtype=np.int64))
    assert chosen.min() >= 0
    assert chosen.max() < keys


@given(st.sampled_from(DISTRIBUTIONS), st.integers(1, 3000))
def test_ranks_are_scattered_by_a_permutation(name, keys):
    step, start = choice(name, keys=keys).scatter
    assert sorted((np.arange(keys) * step + start) % keys) == list(range(keys))


@given(st.integers(1, 5), st.sampled_from(["ycsb-a", "ycsb-d", "ycsb-e"]), st.integers(0, 100))
def test_workers_draw_together_what_one_would(workers, workload, seed):
    shares, distribution = WORKLOADS[workload]
    given, mix = choice(distribution, seed=seed), Mix(shares=shares, least_bytes=10, most_bytes=99)
    whole = first(given, mix, blocks=workers)
    for worker in range(workers):
        for mine, all_of_them in zip(first(given, mix, worker, workers), whole, strict=True):
            assert mine.tolist() == all_of_them[worker::workers].tolist()


def test_inserts_make_new_keys_in_order_and_latest_reads_them():
    shares, distribution = WORKLOADS["ycsb-d"]
    given = choice(distribution, keys=100)
    kinds, keys, _, _ = first(given, Mix(shares=shares), blocks=3)
    is_new = kinds == OPERATIONS.index("insert")
    assert keys[is_new].tolist() == list(range(100, 100 + int(is_new.sum())))
    newest = 100 + np.cumsum(is_new) - is_new
    assert (keys[~is_new] < newest[~is_new]).all()
    assert (keys[~is_new] == newest[~is_new] - 1).mean() == pytest.approx(given.shares[0], abs=0.02)


def test_the_mix_is_as_stated():
    mix = Mix(shares={"read": 3, "update": 1})
    kinds = first(choice(), mix, blocks=10)[0]
    assert set(kinds.tolist()) == {0, 1}
    assert (kinds == 0).mean() == pytest.approx(0.75, abs=0.01)
    assert len(kinds) == 10 * BLOCK


def test_sizes_are_within_and_zipf_prefers_small_ones():
    numbers = np.arange(20_000, dtype=np.int64)
    even = sizes(Mix(shares={}, least_bytes=100, most_bytes=10_000), 1, numbers)
    zipf = sizes(Mix(shares={}, least_bytes=100, most_bytes=10_000, sizes="zipf"), 1, numbers)
    for drawn in (even, zipf):
        assert (drawn.min(), drawn.max()) >= (100, 9_000)
        assert drawn.max() <= 10_000
    assert even.mean() == pytest.approx(5050, rel=0.03)
    assert np.median(zipf) == pytest.approx(1000, rel=0.1)  # the geometric middle
    assert set(sizes(READS, 1, numbers).tolist()) == {100}


def test_uniforms_of_streams_and_seeds_have_nothing_to_do_with_each_other():
    numbers = np.arange(20_000, dtype=np.int64)
    one, other, third = uniforms(1, 1, numbers), uniforms(1, 2, numbers), uniforms(2, 1, numbers)
    for pair in ((one, other), (one, third), (one[1:], one[:-1])):
        assert abs(np.corrcoef(*pair)[0, 1]) < 0.03
    assert one.min() >= 0
    assert one.max() < 1


@given(st.sampled_from(DISTRIBUTIONS), st.integers(1, 400), st.integers(1, 400))
def test_what_was_chosen_last_is_distinct(name, keys, count):
    found = recent(choice(name, keys=keys), count).tolist()
    assert len(found) == len(set(found)) == min(keys, count)
    assert set(found) <= set(range(keys))


def test_what_was_chosen_last_of_a_scan_are_its_last_keys():
    assert recent(choice("scan", keys=10), 3).tolist() == [7, 8, 9]


def test_a_plan_says_what_is_chosen():
    spec = CacheSpec(target="a:b", workload="ycsb-d", keys=50, capacity=20, value_bytes=(1, 2), value_sizes="zipf")
    assert choice_of(spec, 9) == KeyChoice(distribution="latest", keys=50, seed=9)
    assert mix_of(spec) == Mix(shares=WORKLOADS["ycsb-d"][0], least_bytes=1, most_bytes=2, sizes="zipf")
    assert prefilled(spec) == 20
    own = CacheSpec(target="a:b", mix={"read": 1.0}, keys=50, prefill=False)
    assert choice_of(own, 1).distribution == "zipfian"
    assert (mix_of(own).shares, prefilled(own)) == ({"read": 1.0}, 0)
