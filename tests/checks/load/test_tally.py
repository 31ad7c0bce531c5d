"""Adding up: many small records must give what one large one would."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from brinell.core.error_records import ErrorText, ErrorTexts
from brinell.core.histogram import Histogram

outcomes = st.sampled_from(["ok", "timeout", "status-500", "status-404", "unfinished"])
requests = st.lists(
    st.tuples(
        st.sampled_from(["GET /", "POST /"]), outcomes, st.floats(0.001, 5000), st.integers(0, 1), st.integers(0, 3)
    ),
    min_size=1,
    max_size=60,
)


@given(requests)
def test_merged_slices_are_the_requests(story, piece, made):
    run = story(seconds=0)
    run.extra = [
        piece([ms], second=second, outcome=outcome, worker=worker, operation=operation)
        for operation, outcome, ms, worker, second in made
    ]
    (numbers,) = run.part().load
    whole = Histogram()
    for _, _, ms, _, _ in made:
        whole.record(int(ms * 1e6))
    kinds = Counter(outcome.partition("-5")[0].partition("-4")[0] for _, outcome, *_ in made)
    assert numbers.requests == len(made)
    assert numbers.histogram == whole.encode()
    assert numbers.errors == {kind: count for kind, count in kinds.items() if kind != "ok"}
    assert numbers.statuses == {
        code: count for code in ("404", "500") if (count := sum(outcome == f"status-{code}" for _, outcome, *_ in made))
    }
    assert numbers.response_ms.max == whole.max_ns / 1e6
    assert (numbers.response_ok_ms.p50 is None) == (kinds["ok"] == 0)
    for name, one in numbers.operations.items():
        assert one.requests == sum(operation == name for operation, *_ in made)
        assert sum(one.errors.values()) == sum(operation == name and outcome != "ok" for operation, outcome, *_ in made)
    ended = {}
    for _, outcome, _, _, second in made:
        for name in {outcome.partition("-")[0], outcome.replace("-", " ")} - {"ok"}:
            ended.setdefault(name, []).append(second)
    assert numbers.error_seconds == {name: (min(seconds), max(seconds)) for name, seconds in ended.items()}
    series = numbers.series
    assert sum(series.errors) == sum(numbers.errors.values())
    assert len({len(column) for column in (series.t_s, series.rate, series.p50_ms, series.cpu, series.rss_bytes)}) == 1
    assert max(ms for ms in series.max_ms if ms is not None) == numbers.response_ms.max


def test_a_second_in_which_nothing_ended_is_empty_not_zero(story, piece):
    run = story(seconds=0)
    run.extra = [piece([5.0], second=0), piece([7.0], second=2)]
    series = run.part().load[0].series
    assert [value is None for value in series.p50_ms] == [False, True, False]
    assert series.rate == (1.0, 0.0, 1.0)


def test_samples_are_bounded_and_each_request_comes_once(story, request_at):
    run = story()
    run.extra = [request_at(number / 100, number) for number in range(100)]
    run.extra += [request_at(number, 3000 + number, "timeout", "waiting") for number in range(5)] * 2
    samples = run.part().load[0].samples
    assert len(samples) <= 13
    assert len({(one["due_s"], one["response_ms"]) for one in samples}) == len(samples)
    assert samples[0]["response_ms"] >= samples[1]["response_ms"]
    assert sum(one["outcome"] == "timeout" for one in samples) >= 3


def test_the_subjects_vitals_are_rates_and_peaks(story, look):
    run = story(seconds=3)
    run.extra = [look(0.0, 10.0), look(1.0, 10.5, 5000), look(2.0, 12.5, 3000)]
    (numbers,) = run.part().load
    assert (numbers.subject.cpu, numbers.subject.cpu_max, numbers.subject.rss) == (1.25, 2.0, 5000)
    assert numbers.series.cpu[1:] == (0.5, 2.0)
    assert numbers.series.rss_bytes[:3] == (1000, 5000, 3000)


def test_what_was_not_measured_has_its_reason(story):
    part = story(rate=None).part()
    assert part.load[0].target_rate is None
    assert part.load[0].subject.cpu is None
    assert {"load.x.subject", "load.x.subject.loop_lag_ms", "load.x.target_rate"} <= set(part.not_measured)
    assert all(part.not_measured.values())


def test_a_day_by_seconds_becomes_the_columns_of_the_timeline(story, piece):
    run = story(seconds=0)
    run.extra = [piece([10.0], second=0), piece([20.0], second=7000, outcome="timeout")]
    (numbers,) = run.part().load
    assert numbers.series.t_s == tuple(float(start) for start in numbers.timeline.t_s)
    assert len(numbers.series.t_s) <= 300
    assert sum(numbers.series.errors) == 1
    assert numbers.series.max_ms[-1] == 20.0


def test_what_was_said_is_added_up_over_workers(story, piece):
    run = story(seconds=0)
    told = [
        ErrorTexts(0, (ErrorText("reset", "closed", 3, 10**9, 2 * 10**9), ErrorText("check", "no id", 9, 0, 10**9))),
        ErrorTexts(1, (ErrorText("reset", "closed", 4, 5 * 10**8, 10**9),)),
    ]
    run.extra = [piece([5.0], second=0), *told]
    found = {(one.kind, one.text): one for one in run.part().load[0].error_texts}
    assert list(found) == [("check", "no id"), ("reset", "closed")]
    assert found["reset", "closed"].count == 7
    assert found["reset", "closed"].first_s <= found["reset", "closed"].last_s
