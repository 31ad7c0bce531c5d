from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.suite.pace import Pace, blessed_durations
from brinell.suite.recording import Recording

S = 1_000_000_000


def session(total, *ids):
    recording = Recording((), "", "")
    lines = [{"kind": "hello"}, {"kind": "collected", "count": total}]
    lines += [{"kind": "test", "id": name, "outcome": "passed"} for name in ids]
    for line in lines:
        list(recording.feed(json.dumps(line).encode()))
    return recording


def finish(recording, name, outcome="passed"):
    list(recording.feed(json.dumps({"kind": "test", "id": name, "outcome": outcome}).encode()))


def test_before_collection_nothing_is_known():
    recording = Recording((), "", "")
    pace = Pace({})
    assert pace.said(recording, 0) == (0, None, "starting pytest")
    list(recording.feed(b'{"kind":"hello"}'))
    assert pace.said(recording, 0) == (0, None, "collecting")


def test_without_a_baseline_tests_are_counted():
    assert Pace({}).said(session(2, "a"), 9 * S) == (1, 2, "1 of 2 tests")


def test_tests_weigh_their_blessed_seconds():
    pace = Pace({"quick": 1.0, "long": 9.0})
    recording = session(2)
    assert pace.said(recording, 0) == (0, 10, "0 of 2 tests")
    finish(recording, "quick")
    assert pace.said(recording, 2 * S) == (1, 10, "1 of 2 tests")
    finish(recording, "long")
    assert pace.said(recording, 3 * S)[:2] == (10, 10)


def test_a_test_that_is_new_weighs_as_much_as_those_to_come():
    pace = Pace({"a": 1.0, "b": 3.0, "c": 5.0})
    recording = session(4)
    assert pace.said(recording, 0)[:2] == (0, 12)
    finish(recording, "a")
    finish(recording, "new")
    assert pace.said(recording, 0)[:2] == (5, 13)


def test_a_choice_of_tests_is_done_when_all_of_it_is():
    pace = Pace({"a": 1.0, "b": 300.0, "c": 300.0})
    assert pace.said(session(1, "a"), 0)[:2] == (1, 1)


def test_blessed_seconds_that_are_all_zero_say_nothing():
    assert Pace({"a": 0.0, "b": 0.0}).said(session(2, "a"), 0)[:2] == (1, 2)


def test_all_runs_are_one_way_and_no_run_sets_it_back():
    pace = Pace({"a": 1.0, "b": 2.0}, runs=3)
    assert pace.said(session(2, "a"), 0)[:2] == (1, 9)
    assert pace.said(session(2, "a", "b"), 0)[:2] == (3, 9)
    pace.next_run()
    assert pace.said(Recording((), "", ""), 0) == (3, 9, "starting pytest")
    assert pace.said(session(2, "b"), 0)[:2] == (5, 9)


def test_a_test_that_takes_long_is_named():
    recording = session(2)
    list(recording.feed(json.dumps({"kind": "start", "id": "t.py::test_slow", "t_ns": 5 * S}).encode()))
    pace = Pace({})
    assert "test_slow" not in pace.said(recording, 14 * S)[2]
    assert pace.said(recording, 17 * S)[2] == "0 of 2 tests, t.py::test_slow has been running for 12 s"


def test_failures_are_told():
    recording = session(2)
    finish(recording, "a", "failed")
    assert Pace({}).said(recording, 0)[2] == "1 of 2 tests, 1 failed"


@given(
    st.dictionaries(st.text(max_size=3), st.floats(0, 1e4)),
    st.lists(st.text(max_size=3), max_size=8),
    st.integers(0, 10**13),
)
def test_any_baseline_and_any_order_gives_a_line(durations, ids, elapsed_ns):
    pace = Pace(durations)
    recording = session(4)
    pace.said(recording, 0)
    for name in ids:
        finish(recording, name)
        done, total, text = pace.said(recording, elapsed_ns)
        assert 0 <= done <= total
        assert "\n" not in text
    assert len(recording.finished) == len(ids)


@pytest.mark.parametrize(
    "content",
    [
        None,
        {},
        {"suite": None},
        {"suite": {"tests": []}},
        {"suite": {"tests": {"a": "passed", "b": [1], "c": ["passed", -1]}}},
    ],
)
def test_a_baseline_of_another_shape_has_no_durations(content):
    assert blessed_durations(content) == {}


def test_durations_of_a_baseline():
    assert blessed_durations({"suite": {"tests": {"a": ["passed", 2]}}}) == {"a": 2.0}
