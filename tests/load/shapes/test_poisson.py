from __future__ import annotations

import math

import numpy as np
import pytest

from brinell.load.shapes.poisson import COUNTED, Poisson


def gaps(shape):
    return np.diff([0, *shape.due_ns(0, 1)]) / 1e9


def kolmogorov(values, rate):
    """The distance between the gaps' distribution and the exponential one, times the root of their number."""
    ordered = np.sort(values)
    n = len(ordered)
    share = 1 - np.exp(-rate * ordered)
    steps = np.arange(1, n + 1) / n
    return math.sqrt(n) * max(np.max(steps - share), np.max(share - steps + 1 / n))


@pytest.mark.parametrize("rate", [0.5, 50, 20_000])
def test_gaps_are_exponential(rate):
    """Kolmogorov and Smirnov: 1.95 is exceeded by chance once in a thousand; the seed is fixed."""
    found = gaps(Poisson(rate, 20_000 / rate, seed=3))
    assert len(found) == pytest.approx(20_000, abs=5 * math.sqrt(20_000))
    assert kolmogorov(found, rate) < 1.95


def test_gaps_that_are_even_would_be_noticed():
    assert kolmogorov(np.full(1000, 0.02), 50) > 5


def test_gaps_have_no_memory():
    found = gaps(Poisson(1000, 20, seed=5))
    assert abs(np.corrcoef(found[:-1], found[1:])[0, 1]) < 4 / math.sqrt(len(found))


def test_counts_of_a_second_vary_as_poissons():
    dues = np.array(list(Poisson(100, 300, seed=9).due_ns(0, 1))) // 10**9
    counts = np.bincount(dues, minlength=300)
    assert counts.mean() == pytest.approx(100, rel=0.03)
    assert counts.var() == pytest.approx(counts.mean(), rel=0.3)


def test_a_seed_is_a_sequence():
    one, same, other = (list(Poisson(100, 2, seed).due_ns(0, 1)) for seed in (1, 1, 2))
    assert one == same != other


def test_a_longer_run_begins_as_the_shorter_one():
    short, long = (list(Poisson(100, seconds).due_ns(0, 1)) for seconds in (1, 3))
    assert long[: len(short)] == short


@pytest.mark.parametrize("rate", [1e-9, 1e-6, 1e-3])
def test_the_rarest_arrivals_do_not_overflow(rate):
    dues = list(Poisson(rate, 30 * 86_400.0, seed=7).due_ns(0, 1))
    assert all(0 <= due < 30 * 86_400 * 10**9 for due in dues)
    assert len(dues) < 4000


def test_the_densest_arrivals_keep_their_rate():
    shape = Poisson(1_000_000, 0.2)
    dues = list(shape.due_ns(0, 1))
    assert len(dues) == shape.planned() == pytest.approx(200_000, abs=5 * math.sqrt(200_000))


def test_what_is_too_much_to_count_is_the_average():
    shape = Poisson(10_000, 86_400)
    assert shape.rate * shape.duration > COUNTED
    assert shape.planned() == 864_000_000
    assert shape.planned(0.01) == sum(1 for due in Poisson(10_000, 0.01).due_ns(0, 1))
