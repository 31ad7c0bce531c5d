from __future__ import annotations

from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.checks.load.samples import CERTAIN, needed, proves_more


@given(st.integers(1, 120), st.data(), st.sampled_from([0.001, 0.01, 0.05, 0.1, 0.5]))
def test_the_tail_is_the_binomials(count, data, allowed):
    exceeding = data.draw(st.integers(0, count))
    tail = sum(comb(count, k) * allowed**k * (1 - allowed) ** (count - k) for k in range(exceeding, count + 1))
    if abs(tail - CERTAIN) > 1e-9:
        assert proves_more(exceeding, count, allowed) == (exceeding > count * allowed and tail < CERTAIN)


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
