"""Numbers as sentences say them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.checks.load.words import above, short


@pytest.mark.parametrize(
    ("value", "text"),
    [(3600.0, "3600"), (999.6, "1000"), (1954.7, "1955"), (12.34, "12.3"), (0.01234, "0.0123"), (0, "0")],
)
def test_three_digits_and_no_power_of_ten(value, text):
    assert short(value) == text


def test_what_exceeds_a_limit_is_seen_to():
    assert above(500.04, 500) == "500.04"
    assert above(12_345.6, 500) == "12346"
    assert above(12_000.000001, 12_000) == "12000.000001"


@given(st.floats(1e-3, 1e9), st.floats(1e-3, 1e9))
def test_it_is_always_seen(one, other):
    low, high = sorted((one, other))
    if low < high:
        assert float(above(high, low)) > low
    assert "e+" not in short(high)


def test_a_long_run_is_told_in_seconds(story):
    assert "ran for 3600 s" in story(seconds=3600, rate=1).findings()["ran"].title
