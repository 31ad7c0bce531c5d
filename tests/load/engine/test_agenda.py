"""Due times and wake-ups in one order."""

from __future__ import annotations

from array import array

from hypothesis import given
from hypothesis import strategies as st

from brinell.load.engine.agenda import Agenda
from brinell.load.engine.pacing import NEVER, Pacer

TIMES = st.lists(st.integers(0, 50))


@given(TIMES, TIMES)
def test_everything_comes_once_in_order_and_never_early(dues, wakes):
    woken = []
    agenda = Agenda(Pacer(iter(sorted(dues)), 0, array("q")), lambda who, due: woken.append((who, due)))
    for number, due in enumerate(wakes):
        agenda.add(due, number)
    given_out = []
    while agenda.next_ns != NEVER:
        now = agenda.next_ns
        before = len(woken)
        due = list(agenda.due_by(now))
        assert due or len(woken) > before  # the next moment is one at which there is something
        assert all(one <= now for one in due)
        assert all(at <= now for _, at in woken)
        given_out += due
    assert given_out == sorted(dues)
    assert [at for _, at in woken] == sorted(wakes)
    assert sorted(who for who, _ in woken) == list(range(len(wakes)))
    assert len(agenda.lag) == len(dues) + len(wakes)


def test_who_asks_again_meanwhile_waits_for_the_next_turn():
    turns = []

    def wake(who, due):
        turns.append(who)
        agenda.add(due, who + 1)

    agenda = Agenda(Pacer(iter(()), 0, array("q")), wake)
    agenda.add(5, 0)
    list(agenda.due_by(10))
    assert turns == [0]
    assert agenda.next_ns == 5
    list(agenda.due_by(10))
    assert turns == [0, 1]


def test_a_spent_schedule_still_wakes_and_a_stopped_one_does_not():
    woken = []
    agenda = Agenda(Pacer(iter([3, 4]), 0, array("q")), lambda who, _: woken.append(who))
    agenda.add(7, "a")
    agenda.spend()
    assert agenda.next_ns == 7
    assert list(agenda.due_by(9)) == []
    assert woken == ["a"]
    agenda.add(13, "c")
    agenda.add(11, "b")
    assert agenda.take() == ["b", "c"]
    assert agenda.next_ns == NEVER
    agenda.add(11, "b")
    agenda.stop()
    assert agenda.next_ns == NEVER
    assert list(agenda.due_by(99)) == []
    assert woken == ["a"]


def test_who_is_woken_may_stop_everything():
    agenda = Agenda(Pacer(iter([1, 2]), 0, array("q")), lambda *_: agenda.stop())
    for number in range(3):
        agenda.add(1, number)
    assert list(agenda.due_by(5)) == []
    assert agenda.next_ns == NEVER
