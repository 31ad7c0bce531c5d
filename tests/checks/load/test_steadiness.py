from __future__ import annotations

import msgspec
import numpy as np
import pytest

from brinell.checks.load import load
from brinell.core.evidence import MemoryEvidence
from brinell.core.judgement import Load
from brinell.core.load_records import LoadSlice, LoadStarted
from brinell.core.plan import LoadSpec, Plan, Step


def told(story, piece, factors, *, shape="constant", steady=False, slo=None, errors=None, noise=0.0, **fields):
    """A run in which second i takes ``factors[i]`` times 10 ms, a little spread; ``errors``: how many in a second."""
    run = story(seconds=len(factors), rate=100, **fields)
    source = np.random.default_rng(4)
    records = []
    for record in run.records():
        if isinstance(record, LoadStarted):
            records.append(msgspec.structs.replace(record, shape=shape))
        elif isinstance(record, LoadSlice):
            shared = np.exp(source.normal(0, noise))  # what a second has in common
            ms = 10 * factors[record.second] * shared * np.exp(source.normal(0, 0.02, 100))
            bad = (errors or {}).get(record.second, 0)
            records.append(piece(ms[bad:].tolist(), second=record.second))
            if bad:
                records.append(piece(ms[:bad].tolist(), second=record.second, outcome="reset"))
        else:
            records.append(record)
    spec = LoadSpec(name="x", shape={}, thresholds=run.thresholds, steady=steady)
    plan = Plan(name="p", root=".", steps=(Step("load:x", "load", spec),))
    return load(MemoryEvidence(plan, records, slo=slo))


def named(part):
    return {one.id.removeprefix("load.x."): one for one in part.findings}


WARM_UP = [6.0] * 10 + [1.0] * 50


def test_an_even_run_is_steady_from_the_start(story, piece):
    part = told(story, piece, [1.0] * 30)
    (numbers,) = part.load
    assert (numbers.warm_up_s, numbers.steady.answer, numbers.steady.judged) == (0.0, "steady", False)
    assert (numbers.steady.from_s, numbers.steady.to_s) == (0.0, 30.0)
    assert numbers.steady.requests == 3000
    assert numbers.steady.achieved_rate == pytest.approx(100)
    found = named(part)["steady"]
    assert (found.required, found.verdict.value) == (False, "pass")
    assert "steady from the start" in found.title


def test_a_warm_up_is_named_and_left_out_of_the_steady_numbers(story, piece):
    (numbers,) = (part := told(story, piece, WARM_UP)).load
    assert 10 <= numbers.warm_up_s <= 12  # to the batch
    assert f"a warm-up of {numbers.warm_up_s:.0f} s" in named(part)["steady"].title
    assert numbers.steady.response_ms["p95"] < 12 < numbers.response_ms.p95
    assert numbers.response_ms.max > 50  # the whole run stays in the numbers


@pytest.mark.parametrize(("steady", "verdict"), [(False, "fail"), (True, "pass")])
def test_thresholds_are_judged_on_the_steady_part_where_that_was_asked_for(story, piece, steady, verdict):
    part = told(story, piece, WARM_UP, steady=steady, thresholds={"p95_ms": 15, "error_rate": 0.01, "min_rate": 99})
    found = named(part)
    assert found["p95_ms"].verdict.value == verdict
    assert found["min_rate"].verdict.value == "pass"
    (numbers,) = part.load
    assert numbers.steady.judged is steady
    assert numbers.thresholds["p95_ms"]["observed"] == pytest.approx(10.5 if steady else 60, rel=0.1)


def test_errors_of_the_warm_up_do_not_count_where_the_steady_part_is_judged(story, piece):
    early = {0: 50, 1: 50}
    limits = {"error_rate": 0.005}
    assert named(told(story, piece, WARM_UP, errors=early, thresholds=limits))["error_rate"].verdict.value == "fail"
    part = told(story, piece, WARM_UP, errors=early, thresholds=limits, steady=True)
    assert named(part)["error_rate"].verdict.value == "pass"
    assert part.load[0].steady.errors == 0
    late = told(story, piece, WARM_UP, errors={55: 50}, thresholds=limits, steady=True)
    assert named(late)["error_rate"].verdict.value == "fail"


def test_without_a_steady_part_nothing_passes_and_it_says_how_long_to_run(story, piece):
    falling = list(np.linspace(3, 1, 40))
    part = told(story, piece, falling, steady=True, thresholds={"p95_ms": 1000})
    found = named(part)["p95_ms"]
    assert (found.verdict.value, found.reason.value) == ("unknown", "inconclusive")
    assert "run it for 80 s or more" in found.detail
    (numbers,) = part.load
    assert (numbers.warm_up_s, numbers.steady.from_s, numbers.steady.answer) == (None, None, "moving")
    assert "not steady" in part.not_measured["load.x.warm_up_s"]
    # The same run, judged as a whole, passes: the advice stands beside it.
    whole = named(told(story, piece, falling, thresholds={"p95_ms": 1000}))
    assert (whole["p95_ms"].verdict.value, whole["steady"].verdict.value) == ("pass", "unknown")


def test_response_times_that_rise_to_the_end_are_called_so_and_a_failure_stands(story, piece):
    rising = list(np.linspace(1, 20, 40))
    part = told(story, piece, rising, steady=True, thresholds={"p95_ms": 50})
    found = named(part)
    assert found["p95_ms"].verdict.value == "fail"
    assert (found["steady"].verdict.value, found["steady"].required) == ("fail", False)
    assert "rose to the end" in found["steady"].title
    passing = told(story, piece, rising, steady=True, thresholds={"p95_ms": 5000})
    assert named(passing)["p95_ms"].verdict.value == "unknown"


def test_a_short_run_has_no_advice_but_says_so(story, piece):
    part = told(story, piece, [1.0] * 10)
    assert "steady" not in named(part)
    assert part.load[0].steady.answer == "too-short"
    assert "too short, at 10 s" in part.not_measured["load.x.warm_up_s"]


@pytest.mark.parametrize("shape", ["ramp", "steps", "spike", "sine", "replay"])
def test_a_rate_that_changes_by_plan_has_no_steady_state(story, piece, shape):
    part = told(story, piece, [1.0] * 30, shape=shape)
    assert part.load[0].steady is None
    assert "steady" not in named(part)
    assert "by plan" in part.not_measured["load.x.steady"]


def test_a_generator_that_is_not_believed_gives_no_advice(story, piece):
    part = told(story, piece, [1.0] * 30, cpu=(1.0,))
    assert "steady" not in named(part)


def test_the_numbers_survive_their_schema(story, piece):
    (numbers,) = told(story, piece, WARM_UP).load
    again = msgspec.json.decode(msgspec.json.encode(numbers), type=Load)
    assert again == numbers
    assert {one.series for one in again.steady.drifts} == {"rate", "median", "p95"}
    assert all(one.low <= one.change <= one.high for one in again.steady.drifts)


def test_an_interrupted_run_says_of_the_steady_part_no_more_than_it_may(story, piece):
    part = told(story, piece, WARM_UP, steady=True, interrupted=True, thresholds={"p95_ms": 15})
    assert named(part)["p95_ms"].reason.value == "inconclusive"


def test_noise_stands_in_the_way_of_a_verdict_only_where_it_could_change_it(story, piece):
    limits = {"p95_ms": 1000, "p50_ms": 14, "error_rate": 0.01, "min_rate": 50}
    part = told(story, piece, [1.0] * 30, noise=0.4, steady=True, thresholds=limits)
    assert part.load[0].steady.answer == "unclear"
    assert "could hide a change of" in named(part)["steady"].title
    verdicts = {name: named(part)[name].verdict.value for name in limits}
    assert verdicts == {"p95_ms": "pass", "p50_ms": "unknown", "error_rate": "pass", "min_rate": "pass"}
    assert named(part)["p50_ms"].detail == part.load[0].steady.why


@pytest.mark.parametrize(("limits", "is_told"), [({}, False), ({"p95_ms": 1000}, False), ({"p50_ms": 14}, True)])
def test_noise_on_which_nothing_hangs_is_no_finding(story, piece, limits, is_told):
    part = told(story, piece, [1.0] * 30, noise=0.4, thresholds=limits)
    assert part.load[0].steady.answer == "unclear"
    assert ("steady" in named(part)) is is_told
    assert "load.x.warm_up_s" in part.not_measured


def test_where_no_length_would_do_none_is_named(story, piece):
    part = told(story, piece, [1.0] * 40, noise=1.2, steady=True)
    assert (part.load[0].steady.answer, part.load[0].steady.longer_s) == ("unclear", None)
    assert "20 times as long would not tell either" in named(part)["steady"].title
