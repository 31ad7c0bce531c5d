from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from brinell.core.error_records import FOLDED
from brinell.load.engine.exemplars import EACH_ERROR, MOST_TEXTS, SLOWEST, Exemplars


@given(st.lists(st.lists(st.integers(0, 10**9), max_size=40), max_size=6))
def test_the_slowest_of_all_are_told_over_the_seconds(seconds):
    kept, told, every = Exemplars(), [], []
    for second in seconds:
        for response in second:
            every.append(response)
            if response > kept.floor_ns:
                kept.slow("a", "ok", (0, 0, 0, response), "")
        new = kept.take()
        assert len(new) <= SLOWEST
        told += [one.ended_ns for one in new]
    assert sorted(told, reverse=True)[:SLOWEST] == sorted(every, reverse=True)[:SLOWEST]


def test_each_kind_of_error_keeps_its_first_few():
    kept = Exemplars()
    for number in range(10):
        kept.error("a", "timeout", (0, 0, 0, number), "")
        kept.error("a", "status-503", (0, 0, 0, number), "")
    assert [(one.outcome, one.ended_ns) for one in kept.take()] == [
        (kind, number) for number in range(EACH_ERROR) for kind in ("timeout", "status-503")
    ]
    assert kept.take() == []


def test_what_the_subject_said_is_masked_before_it_is_cut():
    kept = Exemplars()
    kept.error("a", "protocol", (0, 0, 0, 1), "x" * 280 + " password=hunter2hunter2hunter2\x1b[31m")
    (one,) = kept.take()
    assert "hunter2" not in one.detail
    assert "\x1b" not in one.detail
    assert len(one.detail) <= 300


@given(st.lists(st.tuples(st.sampled_from(["reset", "timeout", "status-503"]), st.integers(0, 30)), max_size=200))
def test_what_was_said_is_counted_with_its_first_and_last_time(said):
    kept = Exemplars()
    for moment, (outcome, number) in enumerate(said):
        kept.error("a", outcome, (0, 0, 0, moment), f"number {number}")
    expected = {}
    for moment, (outcome, number) in enumerate(said):
        if outcome != "status-503":  # a status says itself
            expected.setdefault((outcome, f"number {number}"), []).append(moment)
    assert {(one.outcome, one.text): (one.count, one.first_ns, one.last_ns) for one in kept.texts()} == {
        key: (len(moments), moments[0], moments[-1]) for key, moments in expected.items()
    }


def test_beyond_a_thousand_texts_the_rest_is_folded():
    kept = Exemplars()
    for number in range(1500):
        kept.error("a", "reset" if number % 2 else "check", (0, 0, 0, number), f"no. {number}")
    kept.error("a", "reset", (0, 0, 0, 2000), "no. 7")
    found = {(one.outcome, one.text): one.count for one in kept.texts()}
    assert len(found) == MOST_TEXTS + 2
    assert found["reset", "no. 7"] == 2
    assert found["reset", FOLDED] + found["check", FOLDED] == 500
    assert sum(found.values()) == 1501


def test_texts_that_differ_in_a_secret_only_are_one():
    kept = Exemplars()
    for number in range(3):
        kept.error("a", "protocol", (0, 0, 0, number), f"password=hunter{number}hunter{number}")
    (one,) = kept.texts()
    assert one.count == 3
    assert "hunter" not in one.text
