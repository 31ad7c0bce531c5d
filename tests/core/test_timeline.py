"""The course of a load scenario: columns must say of many seconds what one histogram of all would say."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.core.histogram import Histogram
from brinell.core.load_records import GeneratorSecond, LoadSlice
from brinell.core.observation import Vitals
from brinell.core.sparse import compact, logarithmic, merged, quantiles_ns
from brinell.core.timeline import MOST_COLUMNS, MOST_KINDS, OTHER, PER_DECADE, Course, curve, step_for
from brinell.core.vitals_records import ProbeLook, ProcessLook, VitalsDetail

SECOND_NS = 1_000_000_000
durations = st.lists(st.integers(0, 10**13), min_size=1, max_size=60)


def histogram(values):
    made = Histogram()
    for value in values:
        made.record(value)
    return made


def piece(values, second=0, outcome="ok", worker=0):
    made = histogram(values)
    return LoadSlice(
        worker, second, "GET /", outcome, made.count, made.sparse(), made.sparse(), made.max_ns, made.max_ns
    )


def told(second, worker=0, *, scheduled=10, lag=(1000,), waiting=0, cpu_s=0.25):
    made = histogram(lag)
    return GeneratorSecond(worker, second, scheduled, scheduled, cpu_s, made.sparse(), made.max_ns, waiting)


def course(*records, **options):
    made = Course(0, **options)
    for record in records:
        made.add(record)
    return made


@given(st.lists(durations, min_size=1, max_size=5), st.lists(st.floats(0.001, 1), min_size=1, max_size=5))
def test_quantiles_of_merged_parts_are_those_of_one_histogram(parts, shares):
    whole = histogram([value for part in parts for value in part])
    made = merged([compact(histogram(part).sparse()) for part in parts])
    assert quantiles_ns(made, shares, whole.max_ns) == whole.quantiles_ns(shares)
    assert (made[0].tolist(), made[1].tolist()) == tuple(map(list, whole.sparse()))


@given(durations)
def test_every_request_is_in_the_heat_once_and_where_it_belongs(values):
    first, counts = logarithmic(compact(histogram(values).sparse()), PER_DECADE)
    assert sum(counts) == len(values)
    assert counts[0] > 0
    assert counts[-1] > 0
    low = min(max(1, min(value, 3_600_000_000_000)) for value in values)
    assert 10 ** (first / PER_DECADE) <= low * 1.001
    assert low <= 10 ** ((first + 1) / PER_DECADE) * 1.001


def test_nothing_gives_nothing():
    assert quantiles_ns(merged([]), [0.5], 0) == [None]
    assert logarithmic(merged([]), PER_DECADE) == (0, ())
    assert Course(0).timeline() is None
    assert curve(Histogram(), Histogram()) is None


def test_what_is_no_histogram_is_refused():
    with pytest.raises(ValueError, match="not a sparse histogram"):
        compact(([10**9], [1]))
    with pytest.raises(ValueError, match="not a sparse histogram"):
        compact(([1, 2], [1]))


def test_a_second_says_what_ended_in_it_and_what_did_not():
    found = course(
        piece([2_000_000] * 6), piece([9_000_000] * 2, outcome="status-503"), told(0, scheduled=10, waiting=1),
        told(1, scheduled=4), piece([5_000_000] * 5, second=1),
    ).timeline()  # fmt: skip
    assert (found.step_s, found.t_s, found.requests, found.rate) == (1, (0, 1), (8, 5), (8.0, 5.0))
    assert (found.due_rate, found.unanswered, found.waiting) == ((10.0, 4.0), (2, 1), (1, 0))
    assert found.errors == {"status": (2, 0)}
    assert found.max_ms == (9.0, 5.0)
    assert found.generator_cpu == (0.25, 0.25)
    assert found.p50_ms[0] == pytest.approx(2.0, rel=0.001)


def test_seconds_without_anything_are_columns_all_the_same():
    found = course(piece([10**6], second=3)).timeline()
    assert found.requests == (0, 0, 0, 1)
    assert found.p99_ms[:3] == (None, None, None)
    assert found.due_rate == found.waiting == found.lag_p99_ms == (None,) * 4
    assert found.heat.counts[:3] == ((), (), ())


def test_the_subject_is_the_highest_of_a_column_and_a_process_that_ended_takes_no_time_back():
    looks = [
        Vitals(0, 1, 1.0, 100, 5, 2), Vitals(SECOND_NS // 2, 1, 1.4, 300, 5, 2), Vitals(SECOND_NS, 1, 1.5, 200, 6, 2),
        Vitals(2 * SECOND_NS, 1, 0.2, None, None, 1),
    ]  # fmt: skip
    found = course(piece([1], second=2), *looks).timeline()
    assert found.cpu == (0.8, 0.2, None)
    assert found.rss_bytes == (300, 200, None)
    assert found.threads == (2, 2, 1)


@given(st.integers(1, 10**7))
def test_columns_never_exceed_their_number(seconds):
    step = step_for(float(seconds))
    assert -(-seconds // step) <= MOST_COLUMNS
    assert step == 1 or seconds > MOST_COLUMNS


def test_an_hour_and_a_quarter_of_a_day_stay_small():
    """Both with response times over three decades; the report's part of the judgement, indented as it is written."""
    values = [int(10 ** (6 + n / 20)) for n in range(60)]
    for seconds in (3600, 21_600):
        made = Course(0)
        slice_, second_ = piece(values), told(0)
        for second in range(seconds):
            made.add(msgspec.structs.replace(slice_, second=second))
            made.add(msgspec.structs.replace(second_, second=second))
        found = made.timeline()
        assert len(found.t_s) <= MOST_COLUMNS
        assert sum(found.requests) == seconds * len(values)
        assert sum(map(sum, found.heat.counts)) == seconds * len(values)
        assert len(msgspec.json.format(msgspec.json.encode(found), indent=2)) < 800_000


@given(st.lists(st.tuples(st.integers(0, 700), durations), min_size=1, max_size=12))
def test_asking_in_between_changes_nothing(pieces):
    """The live page asks every second; what it is told must be what a judge is told of the same records."""
    live, folded, late = Course(0), Course(0, span_s=2000.0, fold=True), Course(0, span_s=2000.0)
    for second, values in pieces:
        for one in (live, folded):
            one.add(piece(values, second=second))
            one.timeline()
    for second, values in pieces:
        late.add(piece(values, second=second))
    assert folded.timeline() == late.timeline()
    again = Course(0)
    for second, values in pieces:
        again.add(piece(values, second=second))
    assert live.timeline() == again.timeline()


def test_columns_can_be_as_wide_as_the_run_will_need_from_the_start():
    assert course(piece([1]), span_s=3600.0).timeline().step_s == 15


def test_only_seconds_that_every_worker_told_are_whole():
    made = course(told(0), told(0, worker=1), told(1), told(2), told(2, worker=1))
    assert (made.told_by(1), made.told_by(2)) == (3, 3)  # a worker that stood still skips seconds
    assert course(told(0), told(0, worker=1), told(1)).told_by(2) == 1
    assert course(told(0), told(5)).told_by(2) == 4  # one that died is not waited for
    assert course().told_by(1) == 0
    assert made.timeline(until_s=1).t_s == (0,)
    assert made.timeline(until_s=0) is None


def test_kinds_beyond_counting_are_one():
    made = course(*(piece([1] * (number + 1), outcome=f"odd{number}") for number in range(20)))
    found = made.timeline().errors
    assert len(found) == MOST_KINDS
    assert next(iter(found)) == "odd19"
    assert sum(sum(counts) for counts in found.values()) == sum(range(21))
    assert list(found)[-1] == OTHER


@given(durations)
def test_a_curve_rises_to_the_maximum_and_says_no_more_than_there_are_requests_for(values):
    whole = histogram(values)
    found = curve(whole, Histogram())
    assert list(found.response_ms) == sorted(found.response_ms)
    assert found.response_ms[-1] == whole.quantiles_ns([1.0])[0] / 1e6
    assert all((1 - share) * len(values) >= 1 - 1e-6 for share in found.shares[:-1])
    assert set(found.service_ms) == {None}


def test_the_busiest_process_and_the_latest_loop_of_each_column():
    looks = [
        VitalsDetail(
            at_ns=int(at * SECOND_NS),
            processes=(ProcessLook(pid=1, name="a", cpu_s=at * 0.3), ProcessLook(pid=2, name="b", cpu_s=at * 0.9)),
        )
        for at in (0.0, 0.5, 1.0, 1.5, 2.5)
    ]
    lags = [
        ProbeLook(at_ns=int(at * SECOND_NS), pid=2, span_ns=SECOND_NS, lag_max_ms=late)
        for at, late in ((0.2, 3.0), (0.9, 7.0), (2.1, 5.0), (2.2, None))
    ]
    made = course(*(told(second) for second in range(4)), *looks, *lags).timeline()
    assert made is not None
    assert made.busiest_cpu == pytest.approx((0.9, 0.9, 0.9, None))
    assert made.loop_lag_ms == (7.0, None, 5.0, None)
    plain = course(told(0), told(1)).timeline()
    assert plain is not None
    assert (plain.busiest_cpu, plain.loop_lag_ms) == ((), ())


def test_a_process_that_began_anew_has_no_negative_time():
    looks = [
        VitalsDetail(at_ns=at * SECOND_NS, processes=(ProcessLook(pid=1, name="a", cpu_s=cpu),))
        for at, cpu in ((0, 5.0), (1, 0.5), (2, 1.0))
    ]
    made = course(told(0), told(1), told(2), *looks).timeline()
    assert made is not None
    assert made.busiest_cpu == (None, None, 0.5)
