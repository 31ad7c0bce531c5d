from __future__ import annotations

import msgspec
import pytest

from brinell.checks.load import load
from brinell.core.evidence import MemoryEvidence
from brinell.core.histogram import Histogram
from brinell.core.judgement import Load
from brinell.core.load_records import LoadEnded, LoadSlice, LoadStarted
from brinell.core.observation import StepStarted
from brinell.core.plan import LoadSpec, Plan, Step
from brinell.reports import figures, outline, outline_stages

STAGES = ((0.0, 20.0, 10.0, 10.0), (20.0, 40.0, 10.0, 30.0))


def judged(ms, *, shape="constant", stages=(), steady=False, peak=None) -> Load:
    """The numbers of a run in which second i took ``ms[i]``."""
    records = [
        StepStarted("load:x"),
        LoadStarted(
            "x", "open", "http://127.0.0.1:1", 0, float(len(ms)), 20.0, 4, 1, 5.0,
            shape=shape, stages=stages, peak_rate=peak,
        ),
    ]  # fmt: skip
    for second, value in enumerate(ms):
        histogram = Histogram()
        histogram.record(int(value * 1e6), 20)
        sparse = histogram.sparse()
        records.append(LoadSlice(0, second, "GET /", "ok", 20, sparse, sparse, histogram.max_ns, histogram.max_ns))
    total = 20 * len(ms)
    records.append(LoadEnded(total, total, 0, float(len(ms)), planned=total))
    spec = LoadSpec(name="x", shape={}, steady=steady, thresholds={"mean_ms": 1000})
    plan = Plan(name="p", root=".", steps=(Step("load:x", "load", spec),))
    (numbers,) = load(MemoryEvidence(plan, records)).load
    return numbers


def test_a_warm_up_is_told_with_the_numbers_of_what_came_after():
    told = outline_stages.steadiness(judged([50.0] * 6 + [10.0] * 34))
    assert told.startswith("a warm-up of 6 s, then steady for 34 s: 20/s, p95 10")
    assert "judged" not in told


def test_whether_thresholds_were_judged_there_is_told():
    assert outline_stages.steadiness(judged([10.0] * 30, steady=True)).endswith("thresholds are judged on that part")
    assert outline_stages.steadiness(judged([10.0] * 30)) == "steady from the start, for 30 s"


def test_what_is_not_steady_is_told_with_what_to_do():
    told = outline_stages.steadiness(judged([10.0 + 3 * i for i in range(40)]))
    assert "rose to the end" in told
    assert "too short" in outline_stages.steadiness(judged([10.0] * 5))


def test_a_rate_that_changes_by_plan_has_no_line_but_rows():
    numbers = judged([10.0] * 20 + [20.0] * 20, shape="ramp", stages=STAGES, peak=30.0)
    assert outline_stages.steadiness(numbers) == ""
    first, second = outline_stages.stages(numbers)
    assert first[:4] == ("0 s to 20.0 s", "10/s", "20/s", "0")
    assert second[1] == "10 to 30/s"
    assert all(len(row) == len(outline_stages.HEAD) for row in (first, second))
    assert "20/s asked for on average, 30/s at most" in outline.rates(numbers)


def test_a_stage_that_was_not_reached_is_a_dash():
    numbers = judged([10.0] * 20, shape="steps", stages=STAGES)
    assert outline_stages.stages(numbers)[1][2] == figures.MISSING


@pytest.mark.parametrize("rate", [20.0, None])
def test_an_even_rate_is_not_said_to_vary(rate):
    numbers = msgspec.structs.replace(judged([10.0] * 20), peak_rate=rate)
    assert "on average" not in outline.rates(numbers)


def test_a_step_that_was_not_steady_says_so():
    rising = [10.0] * 20 + [10.0 + 5 * i for i in range(20)]
    even, grown = outline_stages.stages(judged(rising, shape="steps", stages=STAGES))
    assert even[0] == "0 s to 20.0 s"
    assert grown[0] == "20.0 s to 40.0 s, growing"
