from __future__ import annotations

import pytest

from brinell.core.histogram import Histogram
from brinell.core.load_records import GeneratorSecond, LoadSlice
from brinell.core.plan import LoadSpec, WebSocketSpec
from brinell.core.sequential import decide
from brinell.core.socket_records import Deliveries, SocketSecond
from brinell.load.capacity.bounds import limits_of, unfit
from brinell.load.capacity.broadcast_seconds import BroadcastSeconds, seconds_for
from brinell.load.capacity.socket_seconds import SocketSeconds
from brinell.load.capacity.telling import numbers, observed

MS = 1_000_000
SECOND = 1_000_000_000


def spec(mode="broadcast", connections=10, **more):
    return LoadSpec(
        name="chat", shape={}, driver="websocket", connections=connections, websocket=WebSocketSpec(mode=mode), **more
    )


def book(thresholds, mode="broadcast", **more):
    load = spec(mode, **more)
    return seconds_for(load, limits_of(thresholds, load))


def piece(second, operation, count, response_ms=5.0, outcome="ok"):
    times = Histogram()
    times.record(int(response_ms * MS), count)
    sparse = times.sparse()
    return LoadSlice(0, second, operation, outcome, count, sparse, sparse, times.max_ns, times.max_ns)


def told(second, *, worker=0, opened=10, scheduled=0):
    return [
        GeneratorSecond(worker, second, scheduled, scheduled, 0.1, ((), ()), 0),
        SocketSecond(worker=worker, second=second, open=opened, connecting=0),
    ]


def rows(second, *messages):
    """Messages: number, due in ms, expected, received, last in ms."""
    numbers_, due, expected, received, last = zip(*messages, strict=True)
    return Deliveries(
        worker=0, second=second, rooms=(0,) * len(messages), numbers=numbers_,
        due_ns=tuple(one * MS for one in due), sent_ns=(100,) * len(messages),
        first_ns=tuple(MS if one else -1 for one in received), last_ns=tuple(one * MS for one in last),
        received=received, expected=expected,
    )  # fmt: skip


def feed(it, *records):
    for one in records:
        it.add(one)


def quiet(it, seconds, *, receivers=10, each=10, response_ms=5.0):
    """Messages that all came."""
    for second in range(seconds):
        messages = [
            (second * each + place, second * 1000 + place * 1000 // each, receivers, receivers, int(response_ms))
            for place in range(each)
        ]
        feed(it, piece(second, "delivery", receivers * each, response_ms), rows(second, *messages), *told(second))


def test_which_seconds_belong_to_which_scenario():
    assert type(book({"p95_ms": 5})) is BroadcastSeconds
    assert type(book({"p95_ms": 5}, "echo")) is SocketSeconds


@pytest.mark.parametrize(
    ("name", "mode", "said"),
    [
        ("lost", "broadcast", "reach"),
        ("reordered", "broadcast", "brinell websocket"),
        ("min_rate", "echo", "at_least"),
        ("reach", "echo", "nothing is broadcast"),
        ("skew_p99_ms", "request-reply", "nothing is broadcast"),
        ("hit_rate", "echo", "brinell cache"),
    ],
)
def test_thresholds_that_no_step_can_be_held_to(name, mode, said):
    assert said in unfit(name, spec(mode))
    assert not unfit("delivery_p95_ms", spec())
    assert "websocket" in unfit("reach", LoadSpec(name="a", shape={}))


def test_of_an_echo_only_messages_count():
    it = book({"p95_ms": 100}, "echo")
    feed(it, piece(0, "echo", 7, 200), piece(0, "connect", 10), piece(0, "ping", 3), *told(0, scheduled=8))
    (row,) = it.since(0)
    assert (row.due, row.ended, row.sums) == (8, 7, (7.0,))


def test_connections_that_are_not_open_break_a_level():
    it = book({"error_rate": 0.1}, "echo")
    feed(it, piece(-1, "connect", 1, outcome="status-503"), *told(-1, opened=9), *told(0, opened=9))
    assert (it.settled, it.missing(0)) == (0, "")  # one in ten may be missing
    feed(it, *told(1, opened=7))
    assert it.missing(1) == "7 of 10 connections were open (1 status-503)"
    assert it.missing(0) == ""
    feed(it, piece(1, "connect", 1, outcome="refused"))
    assert it.missing(0)  # those that were refused are not made again


def test_connections_that_are_still_made_are_waited_for():
    it = book({"error_rate": 0.1}, "echo")
    feed(it, *told(-1, opened=2), *told(0, opened=5))
    assert (it.settled, it.missing(0)) == (None, "")
    assert it.unsettled() == ("broken", "5 of 10 connections were open")
    feed(it, *told(1))
    assert it.settled == 2


def test_connections_that_the_subject_ended_break_a_level():
    it = book({"error_rate": 0.1}, "echo")
    feed(it, SocketSecond(worker=0, second=0, open=8, connecting=0, closes={"1013": 2}))
    assert it.missing(0) == "8 of 10 connections were open (2 closed by the subject)"


def test_a_worker_that_stood_still_has_its_connections_still():
    load = spec("echo", workers=2)
    it = seconds_for(load, limits_of({"p95_ms": 5}, load))
    feed(it, *told(1, opened=5), *told(1, worker=1, opened=5), *told(2, opened=5))
    assert (it.settled, it.missing(2)) == (2, "")


def test_handshakes_are_held_to_their_own_limit():
    it = book({"connect_p95_ms": 50}, "echo")
    feed(it, piece(-1, "connect", 8, 5), piece(-1, "connect", 2, 90), *told(0), *told(1))
    first, second = it.since(0)
    assert (first.sums, first.counts) == ((2.0,), (10,))
    assert second.sums == (0.0,)


def test_deliveries_are_what_is_due_and_what_ends():
    it = book({"p95_ms": 100, "reach": 0.99})
    quiet(it, 3)
    seen = it.since(0)
    assert [(one.due, one.ended, one.events) for one in seen] == [(100, 100, 10)] * 3
    assert [one.sums for one in seen] == [(0.0, 0.0)] * 3
    assert decide(seen[1:], it.bounds, rate=it.pace(seen, 10)).verdict is None  # 20 messages are few
    it = book({"p95_ms": 100, "reach": 0.99})
    quiet(it, 20)
    seen = it.since(1)
    assert it.pace(seen, 10) == 100
    assert decide(seen, it.bounds[:1], rate=100).verdict == "held"


def test_what_did_not_come_in_time_is_lost_once_and_late_if_it_comes_after_all():
    it = book({"p95_ms": 200, "reach": 0.99})
    assert it.patience_s == 1.0
    feed(it, piece(0, "delivery", 8), rows(0, (0, 100, 10, 8, 5)), *told(0), *told(1))
    assert it.since(0, 1)[0].sums == (2.0, 0.0)  # on their way for longer than the limit
    seen = it.since(0)
    assert [one.sums for one in seen] == [(0.0, 0.0), (2.0, 2.0)]
    assert [one.counts for one in seen] == [(8, 8), (2, 2)]
    feed(it, piece(2, "delivery", 2, 2500), rows(2, (0, 100, 0, 2, 2500)), *told(2))
    assert it.since(0)[2].sums == (0.0, 0.0)
    assert it.came(range(3)).lost == 2


def test_what_nobody_wrote_is_late_and_not_lost():
    it = book({"p95_ms": 200, "reach": 0.99, "error_rate": 0.5})
    unsent = rows(0, (0, 100, 10, 0, 0))
    unsent = Deliveries(
        **{name: getattr(unsent, name) for name in unsent.__struct_fields__ if name != "sent_ns"}, sent_ns=(-1,)
    )
    feed(it, piece(0, "publish", 1, outcome="closed-1006"), unsent, *told(0), *told(1))
    (_, last) = it.since(0)
    assert last.sums == (10.0, 0.0, 0.0)
    assert it.since(0)[0].sums[2] == 1.0


def test_a_subject_that_falls_behind_shows_by_how_long_its_deliveries_take():
    it = book({"p95_ms": 10_000}, timeout_s=60.0)
    for second in range(5):
        feed(it, piece(second, "delivery", 90, 50 + 100 * second), rows(second, (second, second * 1000, 100, 90, 50)))
        feed(it, *told(second))
    seen = it.since(1)
    assert [one.change for one in seen] == pytest.approx([10.0] * 4, rel=0.01)  # of a hundred a second
    assert decide(seen, it.bounds, rate=it.pace(seen, 1)).why == "falling behind"


def test_a_subject_that_delivers_nothing_any_more_is_a_second_more_behind_each_second():
    it = book({"p95_ms": 10_000}, timeout_s=60.0)
    quiet(it, 1)
    for second in (1, 2, 3):
        feed(it, rows(second, (100 + second, second * 1000, 100, 0, 0)), *told(second))
    assert [one.change for one in it.since(1)] == pytest.approx([100.0] * 3)


def test_the_first_and_the_last_receiver_of_a_message_are_held_to_their_own_limit():
    it = book({"skew_p95_ms": 50})
    feed(it, piece(0, "delivery", 20), rows(0, (0, 100, 10, 10, 5), (1, 200, 10, 10, 90)), *told(0), *told(1))
    feed(it, *told(2))
    seen = it.since(0)
    assert sum(one.sums[0] for one in seen) == 1
    assert sum(one.counts[0] for one in seen) == 2
    found = numbers([], range(3), it, 5.0)
    assert observed(it.limits, found) == {"skew_p95_ms": pytest.approx(89, rel=0.01)}


def test_the_numbers_of_a_step_are_those_of_deliveries():
    it = book({"p95_ms": 200, "reach": 0.99, "error_rate": 0.5, "connect_p95_ms": 9})
    made = [
        piece(-1, "connect", 9, 3), piece(-1, "connect", 1, 3, "refused"), piece(1, "publish", 1),
        piece(1, "delivery", 8, 20), piece(2, "publish", 1, outcome="closed-1006"),
    ]  # fmt: skip
    feed(it, *made, rows(1, (0, 1100, 10, 8, 20)), *told(0), *told(1), *told(2), *told(3))
    it.since(0)
    found = numbers(made, range(1, 4), it, 5.0)
    assert (found.requests, found.completed, found.owed) == (10, 8, 10)
    assert found.errors == {"closed": 1, "lost": 2, "refused": 1}
    assert observed(it.limits, found) == {
        "p95_ms": pytest.approx(5000, rel=0.001),
        "reach": 0.8,
        "error_rate": 1.0,
        "connect_p95_ms": pytest.approx(3, rel=0.01),
    }


def test_connections_that_are_made_again_have_not_ended_for_good():
    load = LoadSpec(
        name="chat", shape={}, driver="websocket", connections=10, websocket=WebSocketSpec(mode="echo", reconnect_s=0.1)
    )
    it = seconds_for(load, limits_of({"error_rate": 0.1}, load))
    feed(it, *told(-1), SocketSecond(worker=0, second=0, open=9, connecting=1, closes={"1013": 5}))
    assert (it.settled, it.missing(0)) == (0, "")
