from __future__ import annotations

import pytest

from brinell.core.load_records import GeneratorSecond, LoadSlice
from brinell.core.plan import LoadSpec
from brinell.load.capacity.bounds import Seconds, limits_of
from brinell.load.capacity.broadcast_seconds import seconds_for
from brinell.load.capacity.closed_seconds import ClosedSeconds

THRESHOLDS = {"p95_ms": 500, "error_rate": 0.01}
NOTHING = ((), ())


def book(users, *, workers=1, kind="closed", thresholds=THRESHOLDS):
    load = LoadSpec(name="a", shape={"kind": kind, "duration": 10.0}, connections=users, workers=workers)
    return seconds_for(load, limits_of(thresholds, load))


def second(number, opened, *, worker=0, **failed):
    own = [LoadSlice(worker, number, "GET /", "ok", 900, NOTHING, NOTHING, 0, 0)]
    own += [LoadSlice(worker, number, "GET /", kind, count, NOTHING, NOTHING, 0, 0) for kind, count in failed.items()]
    return [*own, GeneratorSecond(worker, number, 0, 0, 0.1, NOTHING, 0, open_connections=opened)]


def feed(it, *seconds):
    for records in seconds:
        for record in records:
            it.add(record)
    return it


def test_only_users_in_turn_can_stay_out():
    assert isinstance(book(10), ClosedSeconds)
    assert type(book(10, kind="constant")) is Seconds


def test_users_who_stay_out_break_a_level_however_few_requests_they_make():
    it = feed(book(45), *(second(at, 40, reset=5) for at in range(3)))  # of 900 requests a second
    assert it.missing(2) == "40 of 45 connections were open (15 reset in 3 s)"
    assert it.missing(1) == ""  # two seconds may be a hiccup
    it = feed(book(45), *(second(at, 40, reset=1, refused=4) for at in range(3)))
    assert it.missing(2) == "40 of 45 connections were open (12 refused, 3 reset in 3 s)"


def test_one_user_who_stays_out_is_one_too_many_where_one_in_a_hundred_may_fail():
    tries = [1, 0, 1, 1]  # once a second, whatever the phase
    it = feed(book(41), *(second(at, 40, refused=count) for at, count in enumerate(tries)))
    assert "40 of 41 connections were open (2 refused in 3 s)" in it.missing(2)
    it = feed(book(100), *(second(at, 99, refused=1) for at in range(3)))
    assert it.missing(2) == ""
    it = feed(book(41, thresholds={"p95_ms": 500}), *(second(at, 40, refused=1) for at in range(3)))
    assert it.missing(2)


@pytest.mark.parametrize(
    "seconds",
    [
        [second(at, 45, reset=5) for at in range(9)],  # connections that were used, and are made anew at once
        [second(at, 40) for at in range(9)],  # nobody refused them: they think
        [second(at, 40 if at % 3 else 45, reset=5) for at in range(9)],
        [second(at, 40, timeout=5) for at in range(9)],
        [second(at, 0, reset=1) if at == 4 else second(at, 45) for at in range(9)],
    ],
)
def test_who_is_not_out(seconds):
    it = feed(book(45), *seconds)
    assert [it.missing(at) for at in range(9)] == [""] * 9


def test_users_of_several_workers_are_one_level():
    it = book(40, workers=2)
    for at in range(3):
        feed(it, second(at, 20), second(at, 10, worker=1, refused=10))
    assert it.missing(2) == "30 of 40 connections were open (30 refused in 3 s)"
