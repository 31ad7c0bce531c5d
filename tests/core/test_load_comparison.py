"""What chance may explain: the same load twice must not differ, a load twice as slow must."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest

from brinell.core.histogram import Histogram
from brinell.core.judgement import Distribution, Generator, Load, SubjectVitals
from brinell.core.load_comparison import load_change
from brinell.core.load_records import LoadSlice
from brinell.core.measured_load import LEAST_COLUMNS
from brinell.core.timeline import Course


def distribution(histogram):
    p50, p90, p95, p99, p99_9 = (ns / 1e6 for ns in histogram.quantiles_ns([0.5, 0.9, 0.95, 0.99, 0.999]))
    return Distribution(p50=p50, p90=p90, p95=p95, p99=p99, p99_9=p99_9, max=histogram.max_ns / 1e6)


def run(seed, *, seconds=60, rate=400, median_ms=10.0, drift=0.0, failing=0.0):
    """A run whose seconds are alike (``drift`` 0) or wander, each like the one before it."""
    generator = np.random.default_rng(seed)
    course, whole, failed, level = Course(0), Histogram(), 0, 0.0
    for second in range(seconds):
        level = 0.8 * level + drift * generator.normal()
        times = generator.lognormal(math.log(median_ms) + level, 0.5, rate)
        bad = generator.random(rate) < failing
        for outcome, chosen in (("ok", times[~bad]), ("timeout", times[bad])):
            made = Histogram()
            for value in chosen:
                made.record(int(value * 1e6))
            if made.count:
                whole.add(made)
                sparse = made.sparse()
                course.add(LoadSlice(0, second, "/", outcome, made.count, sparse, sparse, made.max_ns, made.max_ns))
        failed += int(bad.sum())
    found = distribution(whole)
    return Load(
        scenario="x", model="open", url="", target_rate=float(rate), achieved_rate=float(rate) - failed / seconds,
        requests=rate * seconds, errors={"timeout": failed} if failed else {}, response_ms=found, response_ok_ms=found,
        service_ms=found, histogram="", generator=Generator(valid=True, reason="", cpu=0.1, schedule_lag_ms=found),
        subject=SubjectVitals(cpu=None, rss=None, fds=None, threads=None), connections=4, workers=1, timeout_s=5.0,
        span_s=float(seconds), timeline=course.timeline(),
    )  # fmt: skip


@pytest.fixture(scope="module")
def steady():
    return run(1, drift=0.05)


def answers(a, b):
    return {name: change.answer for name, change in load_change(a, b).changes.items()}


def test_a_run_beside_itself_differs_in_nothing(steady):
    found = load_change(steady, steady)
    assert {change.answer for change in found.changes.values()} == {"could be noise"}
    assert {change.ratio for name, change in found.changes.items() if name != "error_rate"} == {1.0}
    assert found.conditions == {}


def test_twice_as_slow_is_higher_and_the_way_back_lower(steady):
    slow = run(2, drift=0.05, median_ms=20.0)
    for name in ("response_p50_ms", "response_p95_ms", "response_p99_ms"):
        there, back = load_change(steady, slow).changes[name], load_change(slow, steady).changes[name]
        assert (there.answer, back.answer) == ("higher", "lower")
        assert there.low < 2.0 < there.high or there.ratio == pytest.approx(2.0, rel=0.15)
        assert there.ratio * back.ratio == pytest.approx(1.0)


def test_the_same_load_is_seldom_called_different():
    """Forty pairs whose seconds wander; independent seconds would call most of them different."""
    runs = [run(seed, seconds=40, rate=60, drift=0.08) for seed in range(100, 180)]
    called = sum(
        answers(a, b)["response_p50_ms"] != "could be noise" for a, b in zip(runs[::2], runs[1::2], strict=True)
    )
    assert called <= 8


def test_what_lies_within_half_a_bucket_is_never_called(steady):
    closer = msgspec.structs.replace(
        steady, response_ms=msgspec.structs.replace(steady.response_ms, p50=steady.response_ms.p50 * 1.045)
    )
    assert load_change(steady, closer).changes["response_p50_ms"].answer == "could be noise"


def test_more_errors_are_told_from_chance(steady):
    failing = run(3, failing=0.03, drift=0.05)
    assert answers(steady, failing)["error_rate"] == "higher"
    assert answers(failing, steady)["error_rate"] == "lower"
    assert answers(failing, run(4, failing=0.03, drift=0.05))["error_rate"] == "could be noise"
    assert answers(steady, run(5, failing=0.00002, drift=0.05))["error_rate"] == "could be noise"


def test_a_lower_rate_is_told(steady):
    assert answers(steady, run(6, rate=300, drift=0.05))["achieved_rate"] == "lower"


@pytest.mark.parametrize(
    ("spoilt", "why"),
    [
        ({"timeline": None}, "kept no histograms"),
        ({"span_s": float(LEAST_COLUMNS - 1)}, "9 whole seconds, and it takes 10"),
        ({"generator": "invalid"}, "the generator was the limit"),
    ],
)
def test_what_cannot_be_told_says_why(steady, spoilt, why):
    if "generator" in spoilt:
        spoilt = {"generator": msgspec.structs.replace(steady.generator, valid=False)}
    found = load_change(steady, msgspec.structs.replace(steady, **spoilt)).changes
    assert {change.answer for change in found.values()} == {"cannot tell"}
    assert all(why in change.why for change in found.values())


def test_a_percentile_takes_requests_beyond_it(steady):
    few = msgspec.structs.replace(steady, requests=1999)
    found = load_change(steady, few).changes
    assert found["response_p99_ms"].why == "it takes 2,000 requests, not 1,999"
    assert found["response_p95_ms"].answer == "could be noise"


def test_what_was_not_the_same_about_the_load_is_named(steady):
    other = msgspec.structs.replace(steady, target_rate=None, connections=8, model="closed")
    assert load_change(steady, other).conditions == {
        "model": ("open", "closed"), "target_rate": ("400", "none"), "connections": ("4", "8"),
    }  # fmt: skip


def test_nothing_measured_is_nothing_told(steady):
    nothing = Distribution(p50=None, p90=None, p95=None, p99=None, p99_9=None, max=None)
    found = load_change(steady, msgspec.structs.replace(steady, response_ms=nothing, achieved_rate=None)).changes
    assert found["response_p50_ms"].why == "nothing was measured"
    assert found["achieved_rate"].answer == "cannot tell"


def test_what_was_asked_for_in_another_shape_is_not_the_same_load(steady):
    even = msgspec.structs.replace(steady, shape="constant", peak_rate=steady.target_rate)
    ramp = msgspec.structs.replace(steady, shape="ramp", peak_rate=2 * steady.target_rate)
    asked = f"{steady.target_rate:g}"
    assert load_change(even, ramp).conditions == {
        "shape": ("constant", "ramp"),
        "peak_rate": (asked, f"{2 * steady.target_rate:g}"),
    }
    assert load_change(even, steady).conditions == {}  # a run of before shapes were told
    more = msgspec.structs.replace(even, target_rate=2 * steady.target_rate, peak_rate=2 * steady.target_rate)
    assert set(load_change(even, more).conditions) == {"target_rate"}
