from __future__ import annotations

import pytest

from brinell.core.histogram import Histogram
from brinell.core.load_judgement import Timeline
from brinell.core.load_records import GeneratorSecond, LoadSlice
from brinell.core.observation import Vitals
from brinell.core.socket_course import SocketSeconds
from brinell.core.socket_records import SocketSecond
from brinell.core.socket_view import as_load, is_right


def piece(operation, outcome="ok"):
    made = Histogram()
    made.record(5_000_000, 7)
    return LoadSlice(0, 3, operation, outcome, 7, made.sparse(), made.sparse(), 5_000_000, 5_000_000)


def test_of_a_broadcast_publishes_are_counted_and_deliveries_timed():
    delivery, publish = as_load(piece("delivery"), "broadcast"), as_load(piece("publish"), "broadcast")
    assert (delivery.count, delivery.response) == (0, piece("delivery").response)
    assert (publish.count, publish.response, publish.max_response_ns) == (7, ((), ()), 0)
    failed = as_load(piece("publish", "closed-1006"), "broadcast")
    assert (failed.count, failed.outcome, failed.response, failed.service) == (7, "closed-1006", ((), ()), ((), ()))


@pytest.mark.parametrize("operation", ["connect", "join", "ping"])
def test_what_is_timed_aside_is_no_request(operation):
    assert as_load(piece(operation), "echo") is None


def test_messages_that_no_connection_was_there_for_are_counted_and_not_timed():
    sent, echo = piece("echo", "closed-1006"), piece("echo")
    assert as_load(sent, "echo") is sent
    unsent = as_load(LoadSlice(0, 3, "echo", "closed-1006", 7, echo.response, ((), ()), 5_000_000, 0), "echo")
    assert (unsent.count, unsent.response, unsent.max_response_ns) == (7, ((), ()), 0)
    waited = LoadSlice(0, 3, "echo", "unfinished", 7, echo.response, ((), ()), 5_000_000, 0)
    assert as_load(waited, "echo") is waited  # it waited for a connection, and that is a time


def test_messages_and_everything_else_stay_as_they_are():
    for record in (
        piece("echo"),
        piece("reply"),
        Vitals(1, 1, 0.0, None, None, None),
        GeneratorSecond(0, 0, 1, 1, 0.1, ((), ()), 0),
    ):
        assert as_load(record, "echo") is record


def test_before_the_schedule_a_worker_makes_connections():
    assert as_load(GeneratorSecond(0, -1, 0, 0, 0.9, ((), ()), 0), "echo") is None


def test_of_a_limit_the_attempts_are_what_counts():
    assert as_load(piece("connect"), "limit") == piece("connect")
    assert as_load(piece("echo"), "limit") is None


@pytest.mark.parametrize(
    ("part", "outcome", "right"),
    [
        ("fill", "accepted", True), ("fill", "status-503", False), ("refill", "accepted", True),
        ("beyond", "status-503", True), ("beyond", "status-429", True), ("storm", "status-403", True),
        ("storm", "closed-1013", True), ("storm", "closed-1008", True), ("storm", "closed-4999", True),
        ("beyond", "accepted", False), ("storm", "status-500", False), ("storm", "status-302", False),
        ("storm", "closed-1000", False), ("storm", "closed-1011", False), ("storm", "closed-40000", False),
        ("storm", "hang", False), ("storm", "reset", False), ("storm", "refused", False),
        ("free", "accepted", True), ("free", "status-503", True), ("free", "hang", False),
        ("kept", "closed-1001", False),
    ],
)  # fmt: skip
def test_what_a_full_subject_may_answer(part, outcome, right):
    assert is_right(part, outcome) is right


def timeline(seconds, step):
    nothing = (None,) * -(-seconds // step)
    zeros = tuple(0 for _ in nothing)
    return Timeline(
        step_s=step, t_s=tuple(range(0, seconds, step)), requests=zeros, rate=zeros, due_rate=nothing,
        unanswered=nothing, waiting=nothing, errors={}, p50_ms=nothing, p95_ms=nothing, p99_ms=nothing, max_ms=nothing,
        lag_p99_ms=nothing, lag_max_ms=nothing, generator_cpu=nothing, cpu=nothing, rss_bytes=nothing, fds=nothing,
        threads=nothing,
    )  # fmt: skip


def test_workers_are_added_and_seconds_put_into_columns():
    seconds = SocketSeconds()
    for worker in (0, 1):
        seconds.add(SocketSecond(worker, -1, 5, 3))
        for second in range(4):
            seconds.add(
                SocketSecond(worker, second, 10 - second, 0, sent=2, received=30, closes={"1006": 1} if second else {})
            )
    found = seconds.course(timeline(5, 2), reach=lambda column: column.start / 10)
    assert found.open == (18, 14, None)
    assert found.sent == (4, 4, None)
    assert found.received == (60, 60, None)
    assert found.closed == (2, 4, None)
    assert found.reach == (0.0, 0.2, 0.4)
    assert seconds.rows[-1].connecting == 6


def test_a_second_that_is_told_in_two_parts_ends_with_the_second():
    seconds = SocketSeconds()
    seconds.add(SocketSecond(0, 0, 10, 4, sent=3))
    seconds.add(SocketSecond(1, 0, 5, 0, sent=1))
    seconds.add(SocketSecond(0, 0, 12, 0, sent=2, closes={"1000": 1}))
    one = seconds.rows[0]
    assert (one.open, one.connecting, one.sent, one.closes) == (17, 0, 6, {"1000": 1})
