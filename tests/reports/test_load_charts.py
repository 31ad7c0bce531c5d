from __future__ import annotations

import re

import msgspec
import pytest

from brinell.core.load_judgement import Heat
from brinell.core.steady_judgement import Stage
from brinell.reports.load_charts import course
from brinell.reports.load_curves import percentiles, rate_against_latency, strands
from brinell.reports.load_figures import data_of, figures_of
from brinell.reports.load_picture import picture

PANELS = [
    "Response time", "Requests a second", "Due and not answered", "Errors a second", "Subject: cores",
    "Subject: memory, MiB", "Generator: lag behind the schedule", "Generator: busiest worker, % of a core",
]  # fmt: skip


@pytest.fixture
def load(build):
    return build.realistic().load[0]


def changed(load, **columns):
    """Return the scenario with other columns in its timeline."""
    return msgspec.structs.replace(load, timeline=msgspec.structs.replace(load.timeline, **columns))


def first_five(load):
    """Return the scenario with the first five of its columns, heat and errors left out."""
    fields = msgspec.structs.asdict(load.timeline)
    short = {name: column[:5] for name, column in fields.items() if isinstance(column, tuple)}
    return changed(load, **short, errors={}, heat=None)


def panels(markup):
    return re.findall(r'aria-label="([^."]*)\.', markup)


def boxes(markup, kind):
    """Left, top, width and height of the boxes of one colour."""
    found = re.findall(rf'<path class="{kind}" d="([^"]*)"', markup)
    number = r"(-?[\d.e+-]+)"
    return [tuple(map(float, m)) for d in found for m in re.findall(rf"M{number} {number}h{number}v{number}h", d)]


def test_all_panels_stand_over_one_time_axis(load):
    drawn = course(picture(load))
    assert panels(drawn) == PANELS
    assert drawn.count('class="plot axis"') == 1
    assert drawn.index("Generator: busiest") < drawn.index('class="plot axis"')


def test_every_cell_of_the_heat_map_is_where_its_requests_were(load):
    """One second, three far-apart buckets: three cells, all in its column; the fullest the darkest."""
    heat = Heat(per_decade=24, first=(0,) * 4 + (144,), counts=((),) * 4 + ((100, *[0] * 20, 1, *[0] * 20, 10),))
    columns = dict.fromkeys(("p50_ms", "p95_ms", "p99_ms", "max_ms"), (None,) * 4 + (1.0,))
    drawn = course(picture(changed(first_five(load), **columns, errors={}, heat=heat)))
    cells = re.findall(r'<path class="h(\d)" d="([^"]*)"', drawn)
    assert [int(shade) for shade, _ in cells] == [2, 3, 8]
    assert all(d.startswith("M4 ") and d.count("M") == 1 for _, d in cells)
    tops = [int(re.match(r"M4 (\d+)", d)[1]) for _, d in cells]
    assert tops[1] < tops[0] < tops[2]  # 10 are the slowest, 1 in the middle, 100 the fastest


def test_errors_are_stacked_by_kind_where_they_were(load):
    counts = {"timeout": (0, 0, 10, 0, 5), "status": (0, 0, 30, 0, 0)}
    drawn = course(picture(changed(first_five(load), errors=counts, heat=None)))
    below, above = boxes(drawn, "e0"), boxes(drawn, "e1")
    assert [int(left) for left, *_ in below] == [2, 4]
    assert [int(left) for left, *_ in above] == [2]
    assert below[0][3] == pytest.approx(2 * below[1][3], rel=0.02)
    assert above[0][3] == pytest.approx(3 * below[0][3], rel=0.02)
    assert above[0][1] + above[0][3] == pytest.approx(below[0][1], abs=0.02)  # it stands on the other


def test_a_single_error_beside_a_hundred_thousand_is_still_seen(load):
    number = len(load.timeline.t_s)
    drawn = course(picture(changed(load, errors={"timeout": (1, *[0] * (number - 2), 100_000)})))
    assert boxes(drawn, "e0")[0][3] >= 1.5


def test_without_errors_there_is_no_such_panel(load):
    assert "Errors a second" not in panels(course(picture(changed(load, errors={}))))


def test_what_was_not_measured_has_no_panel(load):
    nothing = (None,) * len(load.timeline.t_s)
    drawn = course(picture(changed(load, cpu=nothing, rss_bytes=nothing, lag_p99_ms=nothing, lag_max_ms=nothing)))
    assert [name for name in PANELS if name not in panels(drawn)] == [PANELS[4], PANELS[5], PANELS[6]]


@pytest.mark.parametrize(("span_s", "marked"), [(30.0, False), (29.6, False), (29.0, True), (12.2, True), (0.0, False)])
def test_seconds_after_the_schedule_are_set_apart(load, span_s, marked):
    drawn = course(picture(msgspec.structs.replace(load, span_s=span_s)))
    assert ("after the schedule" in drawn) is marked
    assert (drawn.count('class="apart"') == len(PANELS)) is marked


def test_a_warm_up_is_set_apart_in_every_panel(load):
    drawn = course(picture(load)._replace(warm_up_s=6.0))
    assert drawn.count('<rect class="apart" x="0%" y="0" width="20%"') == len(PANELS)
    assert ">warm-up</text>" in drawn


def test_a_limit_is_drawn_near_what_was_measured_and_else_left_out(load):
    def limit(milliseconds):
        row = {"p95_ms": {"limit": milliseconds, "observed": 1.0, "verdict": "fail"}}
        return course(picture(msgspec.structs.replace(load, thresholds=row)))

    assert 'class="limit"' in limit(500.0)
    assert "p95 limit 500 ms" in limit(500.0)
    assert 'class="limit"' not in limit(1e9)
    assert 'class="limit"' not in limit(float("nan"))


def test_the_percentile_curve_gives_every_nine_the_same_room(load):
    drawn = percentiles(strands(load.curve))
    places = {words: float(x) for x, words in re.findall(r'<text x="([\d.]+)%"[^>]*>([\d.]+ %)</text>', drawn)}
    assert places["99 %"] - places["90 %"] == pytest.approx(places["99.9 %"] - places["99 %"], abs=0.01)
    assert "maximum 5,000 ms" in drawn


def test_service_time_is_drawn_where_it_differs(load):
    assert [one.name for one in strands(load.curve)] == ["response time"]
    other = msgspec.structs.replace(load.curve, service_ms=tuple(value / 2 for value in load.curve.response_ms))
    assert [one.name for one in strands(other)] == ["response time", "service time"]
    never = msgspec.structs.replace(load.curve, service_ms=(None,) * len(load.curve.shares))
    assert [one.name for one in strands(never)] == ["response time"]


def test_a_dot_for_every_column_that_has_an_answer(load):
    number = len(load.timeline.t_s)
    (d,) = re.findall(r'<path class="dots p99" d="([^"]*)"', rate_against_latency(load.timeline, load.span_s))
    assert d.count("M") == number
    (d,) = re.findall(r'<path class="dots p99" d="([^"]*)"', rate_against_latency(load.timeline, 20.0))
    assert d.count("M") == 20  # what came after the schedule says nothing of a rate
    silent = msgspec.structs.replace(load.timeline, p50_ms=(None,) * number, p99_ms=(None,) * number)
    assert rate_against_latency(silent, load.span_s) == ""


def test_a_line_goes_through_the_stages_in_the_order_of_their_rates(load):
    def stage(rate, p99):
        return Stage(
            from_s=0.0, to_s=1.0, from_rate=rate, to_rate=rate, target_rate=rate, achieved_rate=rate, requests=1,
            errors=0, p50_ms=None, p95_ms=None, p99_ms=p99, max_ms=p99,
        )  # fmt: skip

    drawn = rate_against_latency(load.timeline, load.span_s, [stage(104.0, 900.0), stage(101.0, 300.0)])
    (d,) = re.findall(r'<path class="by-stage p99" d="M([^"]*)"', drawn)
    (x, y), (x2, y2) = (tuple(map(float, point.split())) for point in d.split("L"))
    assert x < x2
    assert y > y2
    assert "by-stage p50" not in drawn
    assert "by-stage" not in rate_against_latency(load.timeline, load.span_s, [stage(101.0, 300.0)])


def test_the_steady_part_is_named(load):
    drawn = course(picture(load)._replace(warm_up_s=6.0, steady=(6.0, 30.0)))
    assert '<text x="60%" y="34.0" text-anchor="middle" class="note">steady</text>' in drawn


def test_a_scenario_that_told_nothing_has_no_figures(load):
    bare = msgspec.structs.replace(load, timeline=None, series=None, curve=None)
    assert figures_of(bare) is None
    assert data_of(bare) == {}


def test_an_hour_takes_no_more_than_a_few_hundred_kilobytes(build, load):
    timeline, curve = build.recorded(3600, rate=40)
    whole = msgspec.structs.replace(load, timeline=timeline, curve=curve, span_s=3600.0)
    drawn = figures_of(whole)
    assert len(timeline.t_s) <= 300
    assert sum(len(str(part)) for part in drawn) < 400_000
    assert len(msgspec.json.format(msgspec.json.encode(whole), indent=2)) < 1_000_000


def test_names_of_errors_are_escaped(load):
    number = len(load.timeline.t_s)
    kind = "<script>alert(1)</script>\"'&"
    drawn = course(picture(changed(load, errors={kind: (1,) * number})))
    assert "<script" not in drawn
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&#34;&#39;&amp;" in drawn
