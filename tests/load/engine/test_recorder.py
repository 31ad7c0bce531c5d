from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.core.histogram import HIGHEST_NS, Histogram, index_of
from brinell.load.engine.recorder import Recorder, indices_of

durations = st.one_of(
    st.integers(0, 5000), st.integers(0, 2 * HIGHEST_NS), st.integers(0, 60).map(lambda bit: 1 << bit)
)


@given(st.lists(durations, min_size=1, max_size=50))
def test_binning_in_bulk_is_binning_one_by_one(values):
    assert indices_of(np.array(values, dtype=np.int64)).tolist() == [index_of(value) for value in values]


@given(
    st.lists(st.tuples(st.integers(0, 10**10), st.integers(0, 10**10)), min_size=1, max_size=60),
    st.lists(st.integers(0, 10**10), max_size=60),
    st.integers(1, 7),
    st.sampled_from([0, 5, 40, 256]),
    st.sampled_from([0, 1, 20, 512]),
)
def test_slices_hold_exactly_what_was_recorded_whenever_it_was_binned(apart, both, every, few, many):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("brinell.load.engine.recorder.FEW", few)
        patched.setattr("brinell.load.engine.recorder.MANY", many)
        recorded_and_taken(apart, both, every)


def recorded_and_taken(apart, both, every):
    recorder = Recorder(3)
    cell = recorder.cell("GET /", "ok")
    response, service = Histogram(), Histogram()
    for number, (first, second) in enumerate(apart):
        cell.response.append(first)
        cell.service.append(second)
        response.record(first)
        service.record(second)
        if number % every == 0:
            recorder.relieve()
    for value in both:
        cell.both.append(value)
        response.record(value)
        service.record(value)
    (one,) = recorder.take(7)
    assert (one.worker, one.second, one.operation, one.outcome, one.count) == (
        3,
        7,
        "GET /",
        "ok",
        len(apart) + len(both),
    )
    assert (one.response, one.service) == (response.sparse(), service.sparse())
    assert (one.max_response_ns, one.max_service_ns) == (response.max_ns, service.max_ns)
    assert recorder.take(8) == []


def test_a_second_starts_empty_and_counts_its_own():
    recorder = Recorder(0)
    for value in (5_000, 7):
        recorder.cell("a", "ok").both.append(value)
        (one,) = recorder.take(0)
        assert (one.count, one.max_response_ns) == (1, value)


def test_only_complete_answers_count_as_completed():
    recorder = Recorder(0)
    for outcome in ("ok", "status-503", "timeout", "refused"):
        recorder.cell("a", outcome).response.append(1)
    recorder.take(0)
    assert recorder.completed == 2


def test_a_zero_duration_is_recorded():
    recorder = Recorder(0)
    recorder.cell("a", "ok").both.append(0)
    (one,) = recorder.take(0)
    assert one.count == 1
