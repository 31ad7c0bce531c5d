from __future__ import annotations

import pytest

from brinell.core.capacity_search import INVALID
from brinell.core.histogram import Histogram
from brinell.core.load_records import GeneratorSecond, LoadSlice
from brinell.core.plan import LoadSpec
from brinell.core.sequential import BROKEN, HELD, Decision
from brinell.load.capacity.bounds import Seconds, limits_of
from brinell.load.capacity.telling import Doubt, numbers, observed, rule

MS = 1_000_000
LIMITS = limits_of(
    {"p95_ms": 200, "error_rate": 0.02, "mean_ms": 50, "max_ms": 900, "service_p95_ms": 60},
    LoadSpec(name="a", shape={}),
)
BROKE = Decision(BROKEN, "p95_ms")
LATE = Doubt(("late",), "One request in a hundred was noticed 9 ms late")


def piece(second, response_ms, outcome="ok", count=10, service_ms=5):
    response, service = Histogram(), Histogram()
    response.record(response_ms * MS, count)
    service.record(service_ms * MS, count)
    return LoadSlice(
        0, second, "GET /", outcome, count, response.sparse(), service.sparse(), response_ms * MS, service_ms * MS
    )


def seen(*pieces, waiting=0):
    told = [GeneratorSecond(0, second, 10, 10, 0.1, ((), ()), 0, waiting=waiting) for second in range(4)]
    return numbers([*pieces, *told], range(1, 4), Seconds(LIMITS, 1), 5.0)


def test_only_the_seconds_that_are_looked_at_count():
    found = seen(piece(0, 999), piece(1, 10), piece(2, 30), piece(3, 30, "status-503"), piece(4, 999))
    assert (found.requests, found.completed, found.errors) == (30, 30, {"status": 10})
    assert found.outcomes == {"status-503": 10}
    assert found.outcomes == {"status-503": 10}
    values = observed(LIMITS, found)
    assert values["p95_ms"] == pytest.approx(30, rel=0.01)
    assert values["mean_ms"] == pytest.approx(70 / 3, rel=0.01)
    assert values["error_rate"] == pytest.approx(1 / 3)
    assert values["service_p95_ms"] == pytest.approx(5, rel=0.01)
    assert values["max_ms"] == 30


def test_of_nothing_nothing_is_observed():
    assert observed(LIMITS, seen()) == {}


def test_a_believed_step_is_what_its_seconds_say():
    assert rule(Decision(HELD, ""), seen(piece(1, 10)), Doubt(), None) == (HELD, "", "")
    assert rule(BROKE, seen(piece(1, 900)), Doubt(), None) == (BROKEN, "p95_ms", "")


def test_a_late_generator_can_break_a_step_and_cannot_hold_one():
    assert rule(Decision(HELD, ""), seen(piece(1, 10)), LATE, None).verdict == HELD
    assert rule(BROKE, seen(piece(1, 900)), LATE, None) == (INVALID, LATE.reason, "workers")


def test_a_generator_that_sent_less_than_was_asked_for_holds_nothing():
    for name in ("died", "own-faults", "ports", "behind", "beyond"):
        assert rule(Decision(HELD, ""), seen(piece(1, 10)), Doubt((name,), "why"), None).verdict == INVALID


def test_what_no_generator_can_cause_is_broken_whatever_it_did():
    assert rule(BROKE, seen(piece(1, 900, "status-503")), LATE._replace(proved=True), None).verdict == BROKEN


def test_more_workers_do_not_help_against_a_lack_of_ports():
    assert rule(BROKE, seen(piece(1, 900)), Doubt(("ports", "late"), "why"), None).lack == "other"


def test_connections_that_are_all_taken_and_as_quick_as_ever_set_the_rate_themselves():
    crowded = seen(piece(1, 900, service_ms=6), piece(2, 900, service_ms=6), waiting=20)
    assert rule(BROKE, crowded, Doubt(), 5 * MS)[::2] == (INVALID, "connections")
    assert rule(BROKE, crowded, Doubt(), None).verdict == BROKEN  # nobody knows how quick it can be
    assert rule(BROKE, seen(piece(1, 900, service_ms=600), waiting=20), Doubt(), 5 * MS).verdict == BROKEN
    assert rule(BROKE, seen(piece(1, 900, service_ms=6)), Doubt(), 5 * MS).verdict == BROKEN


def test_a_step_that_showed_nothing_is_invalid():
    assert rule(Decision(None, "too few seconds"), seen(), Doubt(), None) == (INVALID, "too few seconds", "other")
    assert rule(Decision(None, ""), seen(), Doubt(), None)[1] == "nothing was measured"
    assert rule(Decision(None, "too few seconds"), seen(), LATE, None) == (INVALID, LATE.reason, "workers")
