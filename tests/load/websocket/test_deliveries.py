from __future__ import annotations

import struct
import time

from hypothesis import given
from hypothesis import strategies as st

from brinell.core import outcomes
from brinell.core.histogram import Histogram
from brinell.core.socket_records import DELIVERY, Deliveries, Disorder
from brinell.load.engine.recorder import Recorder
from brinell.load.websocket import deliveries
from brinell.load.websocket.deliveries import NOBODYS, Book
from brinell.load.websocket.stamps import Stamp

START = 10**12
MS = 10**6


class Receiver:
    def __init__(self, base=0):
        self.base = self.expect = base
        self.gaps = None


def book(rooms=1, published=50):
    made = Book(Recorder(0), rooms)
    made.start_ns = START
    for group in made.groups:
        group.upcoming = published
    return made


def stamp(number, room=0, due=None):
    return Stamp(room, number, START + number * MS if due is None else due, 1000)


def came(made, receiver, number, now=START + 100 * MS):
    batch = made.batch(stamp(number), made.groups[0], now)
    made.deliver(receiver, batch, now)


def rows(told):
    (found,) = [one for one in told if isinstance(one, Deliveries)]
    return {
        (room, number): (received, expected)
        for room, number, received, expected in zip(
            found.rooms, found.numbers, found.received, found.expected, strict=True
        )
    }


@given(st.lists(st.integers(0, 30), max_size=60), st.integers(0, 10))
def test_every_copy_is_new_late_double_or_not_owed(order, base):
    made, receiver = book(), Receiver(base)
    seen, highest, duplicated, reordered = set(), base - 1, 0, 0
    for number in order:
        came(made, receiver, number)
        if number < base:
            continue
        duplicated += number in seen
        reordered += number not in seen and number < highest
        seen.add(number)
        highest = max(highest, number)
    made.flush(START + 200 * MS, 0)
    told = made.take(0, 0)
    received = sum(one[0] for one in rows(told).values()) if seen else 0
    disorder = [one for one in told if isinstance(one, Disorder)]
    assert received == len(seen)
    assert sum(one.duplicated[0] for one in disorder) == duplicated
    assert sum(one.reordered[0] for one in disorder) == reordered
    missing = [number for low, high in receiver.gaps or () for number in range(low, high)]
    assert sorted({*missing, *seen}) == list(range(base, highest + 1))


def test_what_is_owed_comes_with_the_message_and_what_came_when_it_did():
    made = book()
    made.owe(0, 0, START, 3)
    receivers = [Receiver() for _ in range(3)]
    came(made, receivers[0], 0, START + 5 * MS)
    came(made, receivers[1], 0, START + 9 * MS)
    made.sent(0, 0, START, START + MS)
    assert not made.complete
    assert made.flush(START + 10 * MS, 10**9) == (2, 0)
    (first,) = made.take(1, 0)
    assert (first.worker, first.second) == (1, 0)
    assert (first.due_ns, first.sent_ns, first.first_ns, first.last_ns) == ((0,), (MS,), (5 * MS,), (9 * MS,))
    assert (first.received, first.expected) == ((2,), (3,))
    came(made, receivers[2], 0, START + 30 * MS)
    made.flush(START + 40 * MS, 10**9)
    (second,) = made.take(1, 1)
    assert (second.received, second.expected, second.first_ns, second.sent_ns) == ((1,), (0,), (30 * MS,), (-1,))
    assert made.complete
    assert made.take(1, 2) == []


def test_deliveries_are_samples_from_the_due_time():
    recorder = Recorder(0)
    made = Book(recorder, 1)
    made.start_ns = START
    batch = made.batch(Stamp(0, 0, START, 2 * MS), made.groups[0], START + 50 * MS)
    for after in (10, 20, 30):
        made.deliver(Receiver(), batch, START + after * MS)
    made.flush(START + 60 * MS, 0)
    (one,) = [one for one in recorder.take(0) if getattr(one, "operation", "") == DELIVERY and hasattr(one, "count")]
    assert (one.outcome, one.count, one.max_response_ns, one.max_service_ns) == (outcomes.OK, 3, 30 * MS, 28 * MS)
    merged = Histogram()
    merged.add_sparse(one.response, one.max_response_ns)
    assert merged.count == 3


def test_a_stamp_that_can_be_nobodys_is_no_message():
    made = book(published=5)
    group = made.groups[0]
    now = START + 100 * MS
    assert made.batch(stamp(5 + deliveries.AHEAD), group, now) is None
    assert made.batch(stamp(2, room=1), group, now) is None
    assert made.batch(stamp(2, due=now + 2 * MS), group, now) is None
    assert made.batch(stamp(2, due=START - 1), group, now) is None
    assert made.batch(stamp(2), group, now) is not None


def test_what_is_known_is_bounded():
    made = book(rooms=1000, published=10_000)
    group = made.groups[0]
    for number in range(10_000):
        batch = made.batch(stamp(number), group, START + 10**11)
        group.learn(batch, b"%d" % number)
    assert len(group.known) == deliveries.LEAST_KNOWN
    assert len(group.batches) == deliveries.MOST_KNOWN
    assert group.newest.number == 9999
    made.flush(START + 10**12, 0)
    made.flush(START + 2 * 10**12, 0)
    group.learn_nothing()
    assert group.newest is NOBODYS
    group.learn(batch, b"again")
    assert not group.known


def test_gaps_are_bounded():
    made, receiver = book(published=10**6), Receiver()
    for number in range(1, 4000, 2):
        came(made, receiver, number, START + 4000 * MS)
    assert len(receiver.gaps) == deliveries.MOST_GAPS


def test_what_the_system_noted_is_when_it_came():
    ahead = time.time_ns() - time.monotonic_ns()
    now = time.monotonic_ns()

    def noted(moment):
        return struct.pack("@qq", *divmod(moment + ahead, 10**9))

    moments = [now - 5 * MS, now - 3 * MS, now - 500 * MS, now + 60_000 * MS, now - 60_000 * MS]
    found = deliveries.arrivals([noted(one) for one in moments], now - 10 * MS, now, ahead)
    assert abs(found[0] - moments[0]) < MS
    assert abs(found[1] - moments[1]) < MS
    assert list(found[2:]) == [now] * 3


def test_stamps_count_as_deliveries():
    made = book()
    start = time.monotonic_ns()
    made.start_ns = start - 100 * MS
    batch = made.batch(Stamp(0, 0, start - 50 * MS, 0), made.groups[0], start)
    group = made.groups[0]
    group.learn(batch, b"frame")
    batch.stamp(struct.pack("@qq", *divmod(time.time_ns() - 20 * MS, 10**9)))
    assert not made.complete
    assert made.flush(time.monotonic_ns(), 10**9) == (1, 5)
    (told,) = made.take(0, 0)
    assert told.received == (1,)
    assert 25 * MS < told.first_ns[0] < 50 * MS + time.monotonic_ns() - start
