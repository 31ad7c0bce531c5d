from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hdrh.histogram import HdrHistogram
from hypothesis import given
from hypothesis import strategies as st

from brinell.core.histogram import HIGHEST_NS, SIZE, Histogram, bounds, index_of

durations = st.one_of(st.integers(0, 5000), st.integers(0, 10**9), st.integers(0, HIGHEST_NS))
SHARES = (0.001, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0)


def of(values):
    histogram = Histogram()
    for value in values:
        histogram.record(value)
    return histogram


@given(durations)
def test_a_value_lies_in_its_bucket_and_the_bucket_is_three_digits_wide(value):
    low, high = bounds(index_of(value))
    assert low <= value <= high
    assert high - low <= max(0, low / 1000)


def test_the_buckets_tile_the_range_without_gap_or_overlap():
    edges = [bounds(index) for index in range(index_of(HIGHEST_NS) + 1)]
    assert edges[0] == (0, 0)
    assert all(here[1] + 1 == after[0] for here, after in pairwise(edges))
    assert edges[-1][1] >= HIGHEST_NS
    assert len(edges) <= SIZE


@given(st.lists(durations, min_size=1, max_size=200))
def test_quantiles_are_within_a_thousandth_of_the_exact_order_statistics(values):
    exact = sorted(values)
    for share, got in zip(SHARES, of(values).quantiles_ns(SHARES), strict=True):
        want = exact[max(1, math.ceil(share * len(exact) - 1e-9)) - 1]
        assert want <= got <= want * 1.001 + 1


@given(st.lists(durations, max_size=50), st.lists(durations, max_size=50))
def test_adding_is_the_same_as_recording_everything_in_one(left, right):
    merged, sparse = of(left), of(left)
    merged.add(of(right))
    sparse.add_sparse(of(right).sparse(), max(right, default=0))
    together = of(left + right)
    assert merged.sparse() == sparse.sparse() == together.sparse()
    assert merged.max_ns == sparse.max_ns == together.max_ns
    assert merged.quantiles_ns(SHARES) == together.quantiles_ns(SHARES)


@given(st.lists(st.integers(1, HIGHEST_NS), min_size=1, max_size=100))
def test_the_reference_implementation_reads_our_blob_and_agrees(values):
    decoded = HdrHistogram.decode(of(values).encode())
    reference = HdrHistogram(1, HIGHEST_NS, 3)
    for value in values:
        reference.record_value(value)
    assert decoded.get_total_count() == len(values)
    for percent in (50, 90, 99, 99.9, 100):
        assert decoded.get_value_at_percentile(percent) == reference.get_value_at_percentile(percent)


def test_an_empty_histogram_has_no_numbers_but_a_readable_blob():
    assert Histogram().quantiles_ns((0.5,)) == [None]
    assert Histogram().mean_ns() is None
    assert HdrHistogram.decode(Histogram().encode()).get_total_count() == 0


def test_durations_beyond_an_hour_are_clamped_but_the_maximum_stays_exact():
    histogram = of([HIGHEST_NS * 2])
    assert histogram.max_ns == HIGHEST_NS * 2
    assert histogram.count == 1


def test_the_mean_is_within_the_bucket_error():
    assert of([1_000_000, 3_000_000]).mean_ns() == pytest.approx(2_000_000, rel=0.001)


@pytest.mark.parametrize("bad", [((-1,), (1,)), ((SIZE,), (1,)), ((1, 2), (1,))])
def test_a_foreign_sparse_histogram_is_refused(bad):
    with pytest.raises(ValueError, match="layout"):
        Histogram().add_sparse(bad, 1)
