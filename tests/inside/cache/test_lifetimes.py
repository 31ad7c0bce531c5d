from __future__ import annotations

import time

import pytest

from brinell_inside.cache import lifetimes
from brinell_inside.cache.operations import Operations
from brinell_inside.cache.stamps import Stamps
from brinell_inside.cache.subject import Side, Subject

LIVES_S = 0.4


class Expiring(dict):
    factor = 1.0

    def get(self, key):
        value, until = dict.get(self, key, (None, 0.0))
        return value if until > time.monotonic() else None

    def set(self, key, value):
        self[key] = value, time.monotonic() + LIVES_S * self.factor


class TooLong(Expiring):
    factor = 60.0


class TooShort(Expiring):
    factor = 0.001

    def get(self, key):
        if key not in self.seen:
            self.seen.add(key)
            return dict.get(self, key)[0]
        return super().get(key)

    def __init__(self):
        super().__init__()
        self.seen = set()


class Never(Expiring):
    def get(self, key):  # noqa: ARG002 - likewise
        return None


class Fails(Expiring):
    def set(self, key, value):  # noqa: ARG002 - it never comes to that
        raise ConnectionError("gone")


def look(box, told, table, stated_s=LIVES_S):
    side = Side(None)
    lifetimes.lifetimes(Operations(Subject(box, {}), side, Stamps("bytes"), table), side, stated_s, told)
    (fields,) = [fields for kind, fields in told.said if kind == "lifetime"]
    return fields


@pytest.mark.parametrize(("box", "early", "late"), [(Expiring, 0, 0), (TooLong, 0, 5)])
def test_entries_are_looked_for_before_and_after_their_end(box, early, late, told, table):
    found = look(box(), told, table)
    assert (found["keys"], found["early"], found["late"], found["why"]) == (5, early, late, "")
    assert found["looked_s"] == 2 * LIVES_S


def test_what_is_gone_before_its_time_is_early(told, table, monkeypatch):
    monkeypatch.setattr(lifetimes, "_EARLY_S", 0.05)
    monkeypatch.setattr(lifetimes, "LONGEST_S", 0.1)
    found = look(TooShort(), told, table, stated_s=60.0)
    assert (found["keys"], found["early"], found["late"]) == (5, 5, 0)


def test_who_comes_too_late_for_the_first_look_has_seen_nothing(told, table, monkeypatch):
    """As on a crowded machine: entries that are over by then were there for their time."""
    monkeypatch.setattr(lifetimes, "LONGEST_S", 0.1)
    pause = Side.pause
    monkeypatch.setattr(Side, "pause", lambda side, seconds: pause(side, seconds + 1.5 * LIVES_S))
    found = look(Expiring(), told, table)
    assert (found["keys"], found["early"]) == (5, 0)


def test_nobody_waits_for_the_end_of_a_long_life(told, table, monkeypatch):
    monkeypatch.setattr(lifetimes, "LONGEST_S", 0.1)
    found = look(TooLong(), told, table, stated_s=0.3)
    assert (found["late"], found["looked_s"]) == (0, 0.15)


@pytest.mark.parametrize(
    ("box", "why"), [(Never, "what was set was not there at once"), (Fails, "ConnectionError: gone")]
)
def test_what_cannot_be_tried_says_why(box, why, told, table):
    found = look(box(), told, table)
    assert (found["keys"], found["why"]) == (0, why)


class Renewing(Expiring):
    """What is read often never ends."""

    def get(self, key):
        return (
            dict.get(self, key, (None,))[0] if key.endswith(str(lifetimes.FIRST + lifetimes.KEYS)) else super().get(key)
        )


@pytest.mark.parametrize(("box", "wrong"), [(Renewing, [1]), (Expiring, [0]), (TooLong, [])])
def test_a_read_that_renews_a_lifetime_is_told(box, wrong, told, table):
    look(box(), told, table)
    said = [fields["wrong"] for kind, fields in told.said if kind == "tried" and fields["what"] == "renewed"]
    assert said == wrong or (not said and box is Expiring)  # a machine that stood still for that long saw nothing
