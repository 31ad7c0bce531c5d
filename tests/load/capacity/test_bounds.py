from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.core.histogram import Histogram
from brinell.core.load_records import GeneratorSecond, LoadSlice
from brinell.core.plan import LoadSpec
from brinell.core.sequential import Bound, Second
from brinell.load.capacity.bounds import Seconds
from brinell.load.capacity.bounds import limits_of as limits_for

EMPTY = ((), ())
PLAIN = LoadSpec(name="a", shape={})
MS = 1_000_000


def limits_of(thresholds):
    return limits_for(thresholds, PLAIN)


def sparse(*durations_ns):
    found = Histogram()
    for one in durations_ns:
        found.record(one)
    return found.sparse()


def piece(second, *response_ms, outcome="ok", worker=0, service_ms=()):
    response, service = [int(one * MS) for one in response_ms], [int(one * MS) for one in service_ms]
    return LoadSlice(
        worker, second, "GET /", outcome, len(response), sparse(*response), sparse(*service),
        max(response, default=0), max(service, default=0),
    )  # fmt: skip


def generator(second, scheduled, worker=0):
    return GeneratorSecond(worker, second, scheduled, scheduled, 0.1, EMPTY, 0)


def test_each_threshold_becomes_what_must_not_be_exceeded():
    limits = limits_of({"p95_ms": 200, "error_rate": 0.02, "max_ms": 900, "mean_ms": 50, "service_p99_ms": 100})
    assert [one.bound for one in limits] == [
        Bound("p95_ms", pytest.approx(0.05), 0.2),
        Bound("error_rate", 0.02),
        Bound("max_ms", 0.0, 0.9),
        Bound("mean_ms", 50 * MS, is_share=False),
        Bound("service_p99_ms", pytest.approx(0.01)),
    ]


def test_a_rate_at_least_is_not_a_limit_that_breaks():
    with pytest.raises(ValueError, match="at_least"):
        limits_of({"min_rate": 5})


@given(times=st.lists(st.floats(0.01, 5000), min_size=1, max_size=50), limit=st.integers(1, 4000))
def test_what_exceeds_a_limit_is_counted_to_the_resolution_of_the_histogram(times, limit):
    (bound,) = limits_of({"p95_ms": limit})
    count = bound.of(piece(0, *times))
    assert sum(one > limit * 1.002 for one in times) <= count <= sum(one > limit * 0.998 for one in times)


def test_errors_are_counted_and_service_times_are_read_where_they_are_meant():
    errors, service, mean = limits_of({"error_rate": 0.01, "service_p95_ms": 10, "mean_ms": 5})
    one = piece(0, 100, 200, outcome="timeout", service_ms=(5, 20))
    assert (errors.of(one), service.of(one)) == (2, 1)
    assert errors.of(piece(0, 100)) == 0
    assert mean.of(one) == pytest.approx(300 * MS, rel=0.001)


def test_a_second_is_whole_once_every_worker_has_told_of_it_or_of_a_later_one():
    seconds = Seconds(limits_of({"p95_ms": 100}), workers=2)
    assert (seconds.whole, seconds.since(0)) == (0, [])
    seconds.add(piece(0, 50, 150))
    seconds.add(generator(0, 3))
    assert seconds.whole == 0
    seconds.add(piece(0, 200, worker=1))
    seconds.add(generator(1, 7, worker=1))  # it stood still for a second
    assert seconds.since(0) == [Second(3, 3, (2.0,))]
    seconds.add(generator(1, 2))
    assert seconds.since(1) == [Second(9, 0, (0.0,))]
    assert seconds.since(0, until=1) == [Second(3, 3, (2.0,))]


def test_what_was_given_up_at_the_end_is_no_answer():
    seconds = Seconds(limits_of({"p95_ms": 100}), workers=1)
    seconds.add(piece(0, 500, outcome="unfinished"))
    seconds.add(generator(0, 1))
    assert seconds.since(0) == [Second(1, 0, (0.0,))]
