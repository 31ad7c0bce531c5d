"""Slow clients at real services: one that serves one connection at a time, and one that does not care."""

from __future__ import annotations

import pytest

from brinell.core.drill_records import SlowClients
from brinell.core.errors import UsageError
from brinell.core.plan import RequestSpec
from brinell.core.verdicts import Reason, Verdict

SHORT = {"part_s": 3, "slow": 60, "every_s": 0.2}
BIG = (RequestSpec(path="/big"),)


@pytest.mark.prove
def test_a_service_with_one_thread_is_starved(drill, running):
    done = drill("slow-client", SHORT, url=running("single"), rate=30.0, timeout_s=1.0)
    assert "served" in done.failed or done.drill.reason is Reason.INVALID, done.finding.detail
    assert done.drill.measured["errors_during"] > 0.5


@pytest.mark.prove
def test_a_service_that_waits_for_nobody_serves_the_others(drill, running):
    done = drill("slow-client", SHORT, url=running(), rate=50.0)
    assert done.drill.verdict is Verdict.PASS or done.drill.reason is Reason.INVALID, done.finding.detail
    assert done.drill.measured["held"] == 60
    told = [one for one in done.room.records if isinstance(one, SlowClients)]
    assert {one.kind_of for one in told} == {"heads", "bodies", "readers"}
    assert done.drill.measured["fds_during"] >= done.drill.measured["fds_before"] + 50
    assert done.drill.measured["fds_after"] < done.drill.measured["fds_during"] - 30


@pytest.mark.prove
def test_readers_that_do_not_read_hold_what_was_to_be_sent(drill, running):
    options = {**SHORT, "slow": 10, "kinds": ["readers"], "large": "/big"}
    done = drill("slow-client", options, url=running(), rate=50.0)
    assert done.drill.measured["held"] == 10
    assert 6 << 20 < done.drill.measured["reader_bytes"] < 7 << 20  # as many requests as it takes


@pytest.mark.prove
def test_small_answers_are_asked_for_once(drill, running):
    done = drill("slow-client", {**SHORT, "slow": 10, "kinds": ["readers"]}, url=running(), rate=50.0)
    assert done.drill.measured["reader_bytes"] < 1000
    assert done.rule("readers").reason is Reason.NOT_EXERCISED


@pytest.mark.parametrize(
    ("options", "words"),
    [({"kinds": ["heads", "tails"]}, "not tails"), ({"slow": 0}, "slow lies between"), ({"large": "big"}, "slash")],
)
def test_options_that_cannot_be(drill, options, words):
    with pytest.raises((UsageError, ValueError), match=words):
        drill("slow-client", options, url="http://127.0.0.1:9", requests=BIG)
