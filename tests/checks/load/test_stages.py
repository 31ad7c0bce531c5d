from __future__ import annotations

import msgspec
import pytest

from brinell.checks.load import load
from brinell.core.evidence import MemoryEvidence
from brinell.core.load_records import LoadEnded, LoadSlice, LoadStarted
from brinell.core.plan import LoadSpec, Plan, Step

STAGES = ((0.0, 3.0, 100.0, 100.0), (3.0, 6.0, 200.0, 200.0), (6.0, 9.0, 400.0, 400.0))
MS = (10, 12, 90)


def told(story, piece, *, answered=(100, 200, 400), thresholds=None, shape="steps", planned=2100, scheduled=2100):
    run = story(seconds=9, rate=100)
    records = []
    for record in run.records():
        if isinstance(record, LoadStarted):
            records.append(
                msgspec.structs.replace(record, shape=shape, stages=STAGES, target_rate=700 / 3, peak_rate=400.0)
            )
        elif isinstance(record, LoadSlice):
            stage = record.second // 3
            records.append(piece([MS[stage]] * answered[stage], second=record.second))
        elif isinstance(record, LoadEnded):
            records.append(msgspec.structs.replace(record, planned=planned, scheduled=scheduled))
        else:
            records.append(record)
    spec = LoadSpec(name="x", shape={}, thresholds=thresholds or {})
    plan = Plan(name="p", root=".", steps=(Step("load:x", "load", spec),))
    return load(MemoryEvidence(plan, records))


def named(part):
    return {one.id.removeprefix("load.x."): one for one in part.findings}


def test_each_stage_has_its_own_numbers(story, piece):
    (numbers,) = told(story, piece).load
    assert [one.target_rate for one in numbers.stages] == [100, 200, 400]
    assert [one.achieved_rate for one in numbers.stages] == [100, 200, 400]
    assert [one.requests for one in numbers.stages] == [300, 600, 1200]
    assert [one.p95_ms for one in numbers.stages] == [pytest.approx(ms, rel=0.01) for ms in MS]
    assert (numbers.shape, numbers.planned, numbers.peak_rate) == ("steps", 2100, 400)


def test_up_to_which_step_the_limits_held(story, piece):
    found = named(told(story, piece, thresholds={"p95_ms": 50}))["stages"]
    assert (found.required, found.verdict.value) == (False, "fail")
    assert "held up to 200/s, not at 400/s: p95_ms" in found.title
    assert "100/s answered" in found.detail


def test_a_step_that_was_not_kept_up_with_is_named_without_any_limit(story, piece):
    assert "300/s were answered" in named(told(story, piece, answered=(100, 200, 300)))["stages"].title


def test_steps_that_all_hold_need_no_words(story, piece):
    assert "stages" not in named(told(story, piece, thresholds={"p95_ms": 500}))


@pytest.mark.parametrize("shape", ["spike", "sine"])
def test_other_shapes_have_rows_but_no_verdict_on_them(story, piece, shape):
    part = told(story, piece, shape=shape, thresholds={"p95_ms": 50})
    assert "stages" not in named(part)
    assert len(part.load[0].stages) == 3


def test_a_stage_that_was_not_reached_has_no_numbers(story, piece):
    run = told(story, piece)
    assert run.load[0].stages[0].errors == 0
    short = story(seconds=4, rate=100)
    records = [
        msgspec.structs.replace(one, shape="steps", stages=STAGES) if isinstance(one, LoadStarted) else one
        for one in short.records()
    ]
    spec = LoadSpec(name="x", shape={})
    part = load(MemoryEvidence(Plan(name="p", root=".", steps=(Step("load:x", "load", spec),)), records))
    last = part.load[0].stages[2]
    assert (last.requests, last.achieved_rate, last.p95_ms, last.max_ms) == (0, None, None, None)


@pytest.mark.parametrize(("scheduled", "valid"), [(2100, True), (1500, False)])
def test_what_fell_due_is_compared_with_what_the_plan_had(story, piece, scheduled, valid):
    part = told(story, piece, scheduled=scheduled)
    assert part.load[0].generator.valid is valid
    if not valid:
        assert "1500 of 2100 planned" in part.load[0].generator.reason


def test_a_plan_that_varies_and_was_cut_off_is_not_called_behind(story, piece):
    """Nobody told how much of it was due by then."""
    part = told(story, piece, planned=None, scheduled=300)
    assert part.load[0].generator.valid


def test_a_step_long_enough_is_judged_for_being_steady(story, piece):
    """Response times rise from the middle of the second step on: no limit is broken yet, and it will be."""
    run = story(seconds=60, rate=100)
    records = []
    for record in run.records():
        if isinstance(record, LoadStarted):
            stages = ((0.0, 30.0, 100.0, 100.0), (30.0, 60.0, 100.0, 100.0))
            records.append(msgspec.structs.replace(record, shape="steps", stages=stages))
        elif isinstance(record, LoadSlice):
            late = max(0, record.second - 30)
            records.append(piece([10.0 * (1 + late / 5)] * 100, second=record.second))
        else:
            records.append(record)
    plan = Plan(name="p", root=".", steps=(Step("load:x", "load", LoadSpec(name="x", shape={})),))
    part = load(MemoryEvidence(plan, records))
    assert [one.course for one in part.load[0].stages] == ["steady", "growing"]
    assert "response times rose to its end" in named(part)["stages"].title
    assert [one.course for one in told(story, piece).load[0].stages] == ["too-short"] * 3
    assert [one.course for one in told(story, piece, shape="spike").load[0].stages] == [""] * 3


def ramp(story, piece, slope, *, answered=1.0, late_s=0.01):
    """A ramp in parts of 1.5 s: their whole seconds are not in their middle; each answer takes so long."""
    edges = ((0.0, 1.5), (1.5, 3.0), (3.0, 4.5))
    parts = tuple((early, late, early * slope, late * slope) for early, late in edges)
    records = []
    for record in story(seconds=4, rate=10).records():
        if isinstance(record, LoadStarted):
            records.append(
                msgspec.structs.replace(
                    record, shape="ramp", stages=parts, target_rate=2.25 * slope, peak_rate=4.5 * slope
                )
            )
        elif isinstance(record, LoadSlice):
            begin, end = max(0.0, record.second - late_s), record.second + 1 - late_s
            count = round(slope * (end**2 - begin**2) / 2 * answered)
            records.append(piece([late_s * 1e3] * count, second=record.second))
        else:
            records.append(record)
    return load(MemoryEvidence(Plan("p", ".", (Step("load:x", "load", LoadSpec(name="x", shape={})),)), records))


def test_a_part_of_a_ramp_is_measured_by_what_its_whole_seconds_were_asked(story, piece):
    part = ramp(story, piece, 100)
    assert [one.achieved_rate for one in part.load[0].stages] == [49, 249, 349]
    assert [one.target_rate for one in part.load[0].stages] == [75, 225, 375]
    assert "stages" not in named(part)
    assert "were answered" in named(ramp(story, piece, 100, answered=0.9))["stages"].title


def test_answers_that_take_their_time_are_no_rate_that_was_not_kept(story, piece):
    """Who answers all of them has kept up, and who does not is found all the same."""
    assert "stages" not in named(ramp(story, piece, 300, late_s=0.3))
    assert "were answered" in named(ramp(story, piece, 300, late_s=0.3, answered=0.9))["stages"].title
