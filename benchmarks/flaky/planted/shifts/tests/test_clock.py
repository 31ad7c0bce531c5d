import time
from datetime import date, datetime, timedelta

import roster.clock as clock
from roster.clock import (
    events_today,
    greeting,
    hhmm,
    in_maintenance,
    partition_of,
    pickup_slot,
    reserve,
    seconds_left_today,
)


def test_pickup_is_today():
    assert pickup_slot().date() == date.today()


def test_job_lands_in_the_partition_it_was_queued_in():
    queued = time.time()
    started = queued + 90  # the queue's usual delay
    assert partition_of(started) == partition_of(queued)


def test_shift_ends_after_it_began():
    began = time.time()
    assert hhmm(began + 15 * 60) > hhmm(began)


def test_recent_events_are_counted_today():
    now = time.time()
    stamps = [now - 600, now - 300, now]
    assert len(events_today(stamps)) == 3


def test_reservation_is_accepted():
    assert reserve("table 4")["status"] == 201


def test_daily_quota_lives_for_a_while():
    assert seconds_left_today() > 120


def test_pickup_of_a_given_time():
    assert pickup_slot(datetime(2026, 5, 4, 23, 30)).date() == date(2026, 5, 5)


def test_maintenance_window_edges():
    assert in_maintenance(datetime(2026, 5, 4, 2, 0))
    assert not in_maintenance(datetime(2026, 5, 4, 2, 30))


def test_greeting_follows_the_hour():
    assert [greeting(h) for h in (6, 12, 20)] == ["Good morning", "Good afternoon", "Good evening"]


def test_day_name_with_a_frozen_today(monkeypatch):
    class Frozen(date):
        @classmethod
        def today(cls):
            return cls(2024, 2, 29)

    monkeypatch.setattr(clock, "date", Frozen)
    assert clock.day_name() == "2024-02-29"


def test_stopwatch_is_monotonic():
    began = time.monotonic()
    assert time.monotonic() - began >= 0


def test_midnight_is_at_most_a_day_away():
    assert 0 <= seconds_left_today() <= 86400
    assert seconds_left_today(datetime(2026, 1, 1, 23, 59, 30)) == 30


def test_tomorrow_is_later():
    assert datetime.now() < datetime.now() + timedelta(days=1)
