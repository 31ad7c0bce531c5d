from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from brinell.checks.websocket.deliveries import Account
from brinell.core.socket_records import Deliveries, Disorder

S = 1_000_000_000


def rows(second, *told, worker=0):
    """Each: room, number, due_s, sent_ns, first_ns, last_ns, received, expected."""
    columns = zip(*told, strict=True)
    rooms, numbers, due, sent, first, last, received, expected = (tuple(column) for column in columns)
    return Deliveries(worker, second, rooms, numbers, tuple(int(at * S) for at in due), sent, first, last, received,
                      expected)  # fmt: skip


def account(*records, keep_s=10.0):
    made = Account(keep_s)
    for record in records:
        made.add(record)
    made.finish()
    return made


def test_workers_and_seconds_add_up():
    found = account(
        rows(0, (0, 0, 0.9, 50, 100, 900, 3, 5)),
        rows(0, (0, 0, 0.9, -1, 80, 300, 4, 4), worker=1),
        rows(1, (0, 0, 0.9, -1, 2000, 5000, 2, 0)),
    )
    assert (found.whole.published, found.whole.expected, found.whole.received) == (1, 9, 9)
    assert found.whole.reach == 1.0
    assert found.skew.max_ns == 4920
    assert (found.rooms[0].slowest_ns, found.rooms[0].skew_ns) == (5000, 4920)
    assert list(found.seconds) == [0]


def test_what_nobody_wrote_is_owed_to_nobody():
    found = account(rows(0, (0, 0, 0, -1, -1, -1, 0, 7), (0, 1, 0.5, 10, -1, -1, 0, 7)))
    assert (found.whole.published, found.whole.expected, found.whole.lost) == (1, 7, 7)
    assert found.whole.reach == 0.0


def test_a_publisher_that_died_before_it_could_tell_is_believed_by_what_came():
    assert account(rows(0, (0, 0, 0, -1, 10, 20, 3, 4))).whole.lost == 1


def test_more_than_was_owed_in_one_message_does_not_make_up_for_another():
    found = account(rows(0, (0, 0, 0, 1, 1, 1, 6, 4), (0, 1, 0, 1, 1, 1, 2, 4)))
    assert (found.whole.lost, found.whole.reach) == (2, 0.75)


def test_what_comes_after_a_message_was_counted_still_counts():
    found = account(
        rows(0, (0, 0, 0, 5, 5, 9, 3, 4)),
        rows(60, (0, 50, 60, 5, 5, 9, 4, 4)),
        rows(61, (0, 0, 0, -1, 61 * S, 61 * S, 1, 0)),
    )
    assert (found.whole.published, found.whole.lost) == (2, 0)


def test_disorder_is_kept_by_room():
    made = Account(1.0)
    made.add_disorder(Disorder(0, 0, (3, 4), (1, 0), (0, 2)))
    made.add_disorder(Disorder(1, 0, (3,), (1,), (5,)))
    assert (made.whole.duplicated, made.whole.reordered) == (2, 7)
    assert (made.rooms[3].duplicated, made.rooms[4].reordered) == (2, 2)


@given(st.data())
def test_however_a_run_is_told_the_sums_are_the_same(data):
    """Split each message's receivers among workers and seconds at will, in any order within what is kept open."""
    messages = data.draw(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 6)), max_size=20))
    told, numbers = [], {}
    expected = received = 0
    for place, (room, absent) in enumerate(messages):
        number = numbers[room] = numbers.get(room, -1) + 1
        shares = data.draw(st.lists(st.integers(0, 5), min_size=1, max_size=4))
        owed = sum(shares) + absent
        expected += owed
        received += sum(shares)
        due = place * 0.1
        for worker, share in enumerate(shares):
            first = 10 if share else -1
            row = (room, number, due, 5 if worker == 0 else -1, first, first, share, owed if worker == 0 else 0)
            told.append(rows(int(due) + data.draw(st.integers(0, 3)), row, worker=worker))
    found = account(*data.draw(st.permutations(told)), keep_s=30.0)
    assert (found.whole.expected, found.whole.received) == (expected, received)
    assert found.whole.lost == sum(one.lost for one in found.rooms.values())
    assert found.whole.published == sum(one.published for one in found.seconds.values()) == len(messages)
