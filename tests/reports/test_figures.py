from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.reports import figures

NUMBERS = (
    figures.count, figures.percent, figures.rate, figures.latency, figures.milliseconds, figures.seconds, figures.size,
    figures.exact, figures.cores,
)  # fmt: skip


@pytest.mark.parametrize("format_", NUMBERS)
def test_what_was_not_measured_is_never_a_number(format_):
    assert format_(None) == figures.MISSING
    assert figures.MISSING in format_(math.nan)
    assert figures.MISSING in format_(math.inf)


@given(st.floats(0, 1, exclude_max=True))
def test_a_share_below_one_never_reads_as_all(share):
    assert figures.percent(share) != "100 %"


@given(st.floats(0, 1, exclude_min=True))
def test_a_share_above_zero_never_reads_as_none(share):
    assert figures.percent(share) != "0 %"


@given(st.floats(0, 1e9))
def test_a_rate_is_never_rounded_up(rate):
    assert float(figures.rate(rate).removesuffix("/s").replace(",", "")) <= rate


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0 %"), (1.0, "100 %"), (0.29, "29 %"), (0.0012, "0.12 %"), (0.99999, "99.99 %"), (1e-9, "<0.01 %")],
)
def test_percent(value, text):
    assert figures.percent(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(999.99, "999.9/s"), (1000.0, "1,000/s"), (998.73, "998.7/s"), (12_345.9, "12,345/s"), (0.04, "0/s")],
)
def test_rate(value, text):
    assert figures.rate(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.4821, "0.482"), (3.1249, "3.12"), (48.21, "48.2"), (1204.4, "1,204"), (0.0, "0.000")]
)
def test_latency(value, text):
    assert figures.latency(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0 s"), (0.0001, "<1 ms"), (0.0042, "4 ms"), (12.34, "12.3 s"), (59.96, "1 min 00 s"),
        (125.2, "2 min 05 s"), (3725.0, "1 h 02 min"),
    ],
)  # fmt: skip
def test_seconds(value, text):
    assert figures.seconds(value) == text


@pytest.mark.parametrize(("value", "text"), [(512, "512 B"), (1536, "1.5 KiB"), (101_200_000, "96.5 MiB")])
def test_size(value, text):
    assert figures.size(value) == text


def test_an_observed_value_and_its_limit_look_different_where_they_differ():
    assert figures.exact(500.04) != figures.exact(500.0)
    assert figures.exact(67_108_864.0) == "67,108,864"
    assert figures.exact(1e300) == "1e+300"


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_exact_takes_any_number(value):
    assert figures.exact(value)


@given(st.integers(0, 10**9))
def test_plural(number):
    assert figures.plural(number, "test").endswith("test" if number == 1 else "tests")


def test_cores_keep_what_a_nearly_idle_service_uses():
    assert [figures.cores(value) for value in (0.83, 0.0041, 0.0, 12.5)] == ["0.83", "0.004", "0.000", "12.50"]


@given(low=st.floats(0, 1), width=st.floats(0, 1))
def test_an_interval_is_widened_never_narrowed(low, width):
    high = min(1.0, low + width)
    shown = figures.between(low, high).removeprefix("between ").removesuffix(" %").split(" % and ")
    assert float(shown[0]) / 100 <= low + 1e-12
    assert float(shown[1]) / 100 >= high - 1e-12
    assert (float(shown[0]) >= 0, float(shown[1]) <= 100) == (True, True)
