from __future__ import annotations

import pytest

from brinell.checks.load import limited_by
from brinell.core.load_judgement import Timeline


def timeline(rates: list[float], *, waiting=None, p95=None, errors=None, answered=None, step_s: int = 1) -> Timeline:
    rows = len(rates)
    none: tuple[None, ...] = (None,) * rows
    return Timeline(
        step_s=step_s,
        t_s=tuple(range(0, rows * step_s, step_s)),
        requests=tuple(int(rate) for rate in rates),
        rate=tuple(answered or rates),
        due_rate=tuple(rates),
        unanswered=(0,) * rows,
        waiting=tuple(waiting or [0] * rows),
        errors={} if errors is None else {"timeout": tuple(errors)},
        p50_ms=(1.0,) * rows,
        p95_ms=tuple(p95 or [2.0] * rows),
        p99_ms=(3.0,) * rows,
        max_ms=(4.0,) * rows,
        lag_p99_ms=none,
        lag_max_ms=none,
        generator_cpu=none,
        cpu=none,
        rss_bytes=none,
        fds=none,
        threads=none,
    )


STEPS = [10.0] * 5 + [100.0] * 5


def test_nothing_behind_has_no_stretch():
    assert limited_by.stretches(timeline(STEPS), {"p95_ms": 100.0}) == (None, None)


@pytest.mark.parametrize(
    "found",
    [
        timeline(STEPS, waiting=[0] * 6 + [5] * 4),
        timeline(STEPS, p95=[2.0] * 6 + [900.0] * 4),
        timeline(STEPS, errors=[0] * 6 + [50] * 4),
        timeline(STEPS, answered=[10.0] * 5 + [100.0] + [40.0] * 4),
    ],
)
def test_where_it_fell_behind_and_where_it_was_well_below(found):
    assert limited_by.stretches(found, {"p95_ms": 100.0}) == ((6, 10), (0, 5))


def test_one_rate_has_nothing_below_it():
    even = timeline([100.0] * 10, waiting=[0] * 6 + [5] * 4)
    assert limited_by.stretches(even, {}) == ((6, 10), None)


def test_the_longest_stretch_counts():
    found = timeline([50.0] * 10, waiting=[0, 9, 0, 0, 9, 9, 9, 0, 9, 9])
    assert limited_by.stretches(found, {})[0] == (4, 7)


def test_columns_of_several_seconds():
    found = timeline(STEPS, waiting=[0] * 6 + [5] * 4, step_s=5)
    assert limited_by.stretches(found, {}) == ((30, 50), (0, 25))


def test_limits_of_the_rate_and_of_errors_say_nothing_of_a_second():
    assert limited_by.stretches(timeline(STEPS), {"min_rate": 1000.0, "error_rate": 0.0, "max_ms": 1.0}) == (None, None)
