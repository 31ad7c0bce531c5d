from __future__ import annotations

from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.checks.load.samples import CERTAIN, needed, proves_more, quantile_above
from brinell.core.stats import ALPHA


@given(st.integers(1, 120), st.data(), st.sampled_from([0.001, 0.01, 0.05, 0.1, 0.5]))
def test_the_tail_is_the_binomials(count, data, allowed):
    exceeding = data.draw(st.integers(0, count))
    tail = sum(comb(count, k) * allowed**k * (1 - allowed) ** (count - k) for k in range(exceeding, count + 1))
    if abs(tail - CERTAIN) > 1e-9:
        assert proves_more(exceeding, count, allowed) == (exceeding > count * allowed and tail < CERTAIN)


@given(st.integers(1, 120), st.data(), st.sampled_from([0.5, 0.9, 0.95, 0.99, 0.999]))
def test_a_quantile_lies_above_where_the_exact_lower_bound_does(count, data, share):
    exceeding = data.draw(st.integers(1, count))
    low, high = 0.0, 1.0  # Clopper-Pearson: the share at which so many or more have the chance ALPHA, by bisection
    for _ in range(60):
        middle = (low + high) / 2
        tail = sum(comb(count, k) * middle**k * (1 - middle) ** (count - k) for k in range(exceeding, count + 1))
        low, high = (middle, high) if tail < ALPHA else (low, middle)
    if abs(low - (1 - share)) > 1e-9:
        assert quantile_above(exceeding, count, share) == (low > 1 - share)


def test_no_request_above_proves_nothing():
    assert not quantile_above(0, 100, 0.95)
    assert not quantile_above(0, 0, 0.95)


def test_large_counts_neither_overflow_nor_take_long():
    assert proves_more(10_000_000, 10_000_000, 0.05)
    assert not proves_more(500_000, 10_000_000, 0.05)
    assert not proves_more(500_100, 10_000_000, 0.05)
    assert proves_more(1, 5, 0.0)


@pytest.mark.parametrize(
    ("what", "share", "limit", "expected"),
    [
        ("quantile", 0.5, 1, 40),
        ("quantile", 0.95, 1, 400),
        ("quantile", 0.99, 1, 2000),
        ("quantile", 0.999, 1, 20_000),
        ("error_rate", None, 0.01, 300),
        ("error_rate", None, 0, 20),
        ("max", None, 1, 20),
        ("rate", None, 1, 1),
    ],
)
def test_what_a_pass_takes(what, share, limit, expected):
    assert needed(what, share, limit) == expected
