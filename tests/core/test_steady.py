from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brinell.core import steady

RATE = 100.0


def series(factor, *, noise=0.03, seed=1, rate_noise=0.01):
    """A rate that keeps even, and response times of 10 ms (median) and 20 ms (p95) times a factor by second."""
    source = np.random.default_rng(seed)
    n = len(factor)
    shared = np.exp(source.normal(0, noise, n))
    rate = RATE * (1 + source.normal(0, rate_noise, n))
    return rate, 10 * factor * shared, 20 * factor * shared * np.exp(source.normal(0, noise, n))


def test_what_is_even_is_steady_from_the_first_second():
    answer = steady.judge(*series(np.ones(60)))
    assert (answer.kind, answer.begin, answer.longer_s) == ("steady", 0, None)
    assert set(answer.changes) == {"rate", "median", "p95"}
    assert all(one.low <= one.change <= one.high for one in answer.changes.values())


def test_without_any_noise_nothing_divides_by_zero():
    answer = steady.judge(np.full(40, 5.0), np.full(40, 3.0), np.full(40, 4.0))
    assert (answer.kind, answer.begin) == ("steady", 0)


@pytest.mark.parametrize("seed", range(5))
def test_a_warm_up_is_cut_where_it_is_over(seed):
    lasts = 8.0
    factor = 1 + 3 * np.exp(-np.arange(120) / lasts)
    answer = steady.judge(*series(factor, seed=seed))
    assert answer.kind == "steady"
    assert factor[answer.begin] < 1.5  # of 4 at the start
    assert answer.begin < 8 * lasts


@pytest.mark.parametrize("seed", range(5))
def test_a_warm_up_longer_than_half_of_the_run_is_not_over(seed):
    answer = steady.judge(*series(1 + 3 * np.exp(-np.arange(60) / 25), seed=seed))
    assert answer.kind == "moving"
    assert answer.begin is None
    assert answer.longer_s > 60
    assert answer.worst in {"median", "p95"}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("seconds", [30, 120])
def test_a_queue_that_grows_is_never_steady_however_long(seed, seconds):
    answer = steady.judge(*series(1 + 5 * np.arange(seconds) / seconds, seed=seed))
    assert (answer.kind, answer.begin, answer.longer_s) == ("growing", None, None)


def test_noise_that_could_hide_a_change_is_no_answer_but_a_length():
    answer = steady.judge(*series(np.ones(30), noise=0.25))
    assert answer.kind == "unclear"
    assert 30 < answer.longer_s <= 30 * steady.MOST_LONGER


def test_noise_that_no_length_would_help_against_names_none():
    """A crowded machine: what would do is beyond all patience, and what is named has to do."""
    answer = steady.judge(*series(np.ones(40), noise=1.2))
    assert (answer.kind, answer.longer_s) == ("unclear", None)


def test_a_wave_as_long_as_the_run_is_not_called_steady():
    for phase in np.linspace(0, 2 * math.pi, 12, endpoint=False):
        answer = steady.judge(*series(1 + 0.6 * np.sin(2 * math.pi * np.arange(60) / 60 + phase)))
        # Where it is called so, it is of a part in which the wave hardly moves.
        if answer.kind == "steady":
            part = 1 + 0.6 * np.sin(2 * math.pi * np.arange(answer.begin, 60) / 60 + phase)
            x = np.arange(len(part)) - (len(part) - 1) / 2
            assert abs(x @ np.log(part) / (x @ x) * len(part)) < steady.DRIFT


def test_a_short_wave_is_steady():
    factor = 1 + 0.5 * (np.arange(300) % 3 == 0)
    assert steady.judge(*series(factor)).kind == "steady"


@pytest.mark.parametrize("seconds", [1, 2, 10, steady.LEAST_S])
def test_a_few_seconds_are_too_short(seconds):
    answer = steady.judge(*series(np.ones(seconds)))
    assert (answer.kind, answer.begin) == ("too-short", None)
    assert answer.longer_s > seconds


def test_seconds_without_an_answer_are_no_obstacle():
    rate, median, p95 = series(np.ones(60))
    rate[20], median[20], p95[20] = 0, np.nan, np.nan
    assert steady.judge(rate, median, p95).kind in {"steady", "unclear"}
    nothing = np.full(60, np.nan)
    assert steady.judge(np.zeros(60), nothing, nothing).kind == "unclear"


def test_a_rate_that_moves_is_seen_although_response_times_keep_even():
    rate, median, p95 = series(np.ones(60))
    answer = steady.judge(rate * np.linspace(1, 2, 60), median, p95)
    assert (answer.kind, answer.worst) == ("moving", "rate")


def test_series_of_unequal_length_are_refused():
    with pytest.raises(ValueError, match="one length"):
        steady.judge(np.ones(30), np.ones(30), np.ones(29))


values = st.lists(st.floats(0, 1e6, allow_nan=False), min_size=1, max_size=80)


@settings(max_examples=200)
@given(values, st.integers(0, 2**32))
def test_any_series_has_one_answer(rate, seed):
    source = np.random.default_rng(seed)
    times = np.where(source.random(len(rate)) < 0.2, np.nan, source.exponential(10, len(rate)))
    answer = steady.judge(np.array(rate), times, times * 2)
    assert answer.kind in {"steady", "moving", "growing", "unclear", "too-short"}
    assert (answer.begin is not None) == (answer.kind == "steady")
    if answer.begin is not None:
        assert 0 <= answer.begin <= max(len(rate) / 2, 0)
        assert len(rate) - answer.begin >= steady.LEAST_S
    if answer.longer_s is not None:
        assert answer.longer_s > min(len(rate), 2 * steady.LEAST_S - 1)
        assert math.isfinite(answer.longer_s)


@given(st.floats(0.1, 10), st.integers(0, 1000))
def test_the_unit_of_time_and_rate_does_not_matter(scale, seed):
    rate, median, p95 = series(np.ones(40), noise=0.1, seed=seed)
    plain, scaled = steady.judge(rate, median, p95), steady.judge(rate * scale, median * scale, p95 * scale)
    assert (plain.kind, plain.begin) == (scaled.kind, scaled.begin)


def test_mser_cuts_a_step_where_it_is():
    values = np.concatenate([np.full(10, 5.0), np.full(50, 1.0)]) + np.random.default_rng(3).normal(0, 0.1, 60)
    assert steady.mser(values, 1) == 10
    assert steady.mser(values, 5) == 10
    assert steady.mser(np.concatenate([np.full(40, 5.0), np.full(20, 1.0)]), 1) <= 30  # at most half


def test_the_change_of_a_straight_line_is_its_rise():
    line = np.linspace(0, 1, 60, endpoint=False)
    assert steady.change(line).change == pytest.approx(1, rel=0.01)
    assert steady.change(-line).change == pytest.approx(-1, rel=0.01)
    assert steady.change(line).sure


@pytest.mark.parametrize(
    ("share", "freedom", "known"),
    # Abramowitz and Stegun, table 26.10
    [(0.975, 6, 2.447), (0.995, 6, 3.707), (0.975, 13, 2.160), (0.995, 28, 2.763), (0.975, 120, 1.980)],
)
def test_students_quantiles(share, freedom, known):
    assert steady.t_quantile(share, freedom) == pytest.approx(known, rel=0.01)


def test_students_quantiles_fall_with_the_degrees_of_freedom():
    found = [steady.t_quantile(0.975, freedom) for freedom in range(5, 60)]
    assert all(early > late for early, late in pairwise(found))


def test_steady_is_rarely_said_of_what_grows_and_trouble_rarely_of_what_does_not():
    """A hundredth of benchmarks/load/steady.py, so that a broken rule shows here."""
    grows = [steady.judge(*series(1 + 2 * np.arange(60) / 60, noise=0.1, seed=seed)).kind for seed in range(100)]
    assert grows.count("steady") <= 5
    even = [steady.judge(*series(np.ones(60), noise=0.08, seed=seed)) for seed in range(100)]
    assert sum(one.kind in {"moving", "growing"} for one in even) <= 5
    assert sum(bool(one.begin) for one in even) <= 5
