from __future__ import annotations

import re

import msgspec
import pytest

from brinell.reports.chart import chart


@pytest.fixture
def with_errors(build):
    """Draw the first scenario with these errors by second; everything else is level."""

    def draw(*errors):
        load = build.realistic().load[0]
        number = len(errors)
        level = dict.fromkeys(("rate", "p50_ms", "p95_ms", "p99_ms", "max_ms", "cpu"), (1.0,) * number)
        seconds = tuple(float(second) for second in range(number))
        series = msgspec.structs.replace(load.series, t_s=seconds, errors=errors, rss_bytes=(1,) * number, **level)
        return chart(msgspec.structs.replace(load, series=series))

    return draw


def bars(svg):
    """The error bars: where they stand and how tall they are."""
    (found,) = re.findall(r'<path class="errors" d="([^"]*)"', svg) or [""]
    return [(float(x), float(tall)) for x, tall in re.findall(r"M(\S+) \S+v-(\S+?)(?=M|$)", found)]


def test_errors_are_drawn_without_a_script_where_they_were(with_errors):
    found = bars(with_errors(0, 0, 10, 0, 5))
    assert [x for x, _ in found] == [56 + 836 / 2, 892]
    assert found[0][1] == pytest.approx(2 * found[1][1], abs=0.2)
    assert found[0][1] > 20


def test_a_single_error_among_thousands_is_still_seen(with_errors):
    assert bars(with_errors(1, 0, 100_000))[0][1] >= 3


def test_an_error_between_the_columns_of_a_long_run_is_not_lost(with_errors):
    assert len(bars(with_errors(*[0] * 7000, 1, *[0] * 79_399))) == 1


def test_without_errors_and_without_a_second_there_is_no_bar(with_errors):
    assert bars(with_errors(0, 0, 0)) == []
    assert len(bars(with_errors(3))) == 1


def test_a_scenario_that_told_no_second_has_no_chart(build):
    assert chart(msgspec.structs.replace(build.realistic().load[0], series=None)) == ""


@pytest.mark.parametrize(("span_s", "marked"), [(30.0, False), (29.5, False), (29.0, True), (12.2, True), (0.0, False)])
def test_seconds_after_the_schedule_are_set_apart(build, span_s, marked):
    load = msgspec.structs.replace(build.realistic().load[0], span_s=span_s)  # thirty seconds: 0 to 29
    assert ("end of the schedule" in chart(load)) is marked
