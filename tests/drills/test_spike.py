"""A crowd at a real service with one place at its counter: one that forgets it, one that never does."""

from __future__ import annotations

import pytest

from brinell.core.drill_records import DrillEnded, DrillMark
from brinell.core.verdicts import Reason, Verdict

pytestmark = pytest.mark.prove  # each takes ten seconds or more: a crowd has to come and go
# The counter serves 200 a second; usually 80 come.
CROWD = {"before_s": 4, "lasts_s": 2, "times": 4.0, "within_s": 10, "calm_s": 3}


def passed(done):
    """Whether it passed, or says that this machine was too crowded to tell."""
    return done.drill.verdict is Verdict.PASS or done.drill.reason is Reason.INVALID


def test_a_service_that_works_off_its_queue_comes_back(drill, running):
    done = drill("spike", CROWD, url=running("queue"), rate=80.0)
    assert passed(done), done.finding.detail
    assert done.drill.measured["back_s"] is None or 0 <= done.drill.measured["back_s"] <= 10
    marks = [one.what for one in done.room.records if isinstance(one, DrillMark)]
    assert marks[:2] == ["crowd-came", "crowd-left"]
    (ended,) = [one for one in done.room.records if isinstance(one, DrillEnded)]
    assert marks[2:] == ([] if ended.seen["back_at_s"] is None else ["back"])
    assert done.drill.measured["p99_worst_after_ms"] > done.drill.measured["p99_before_ms"]


def test_a_service_that_does_late_work_three_times_never_comes_back(drill, running):
    done = drill("spike", CROWD, url=running("metastable"), rate=80.0)
    assert done.failed == {"back"} or done.drill.reason is Reason.INVALID, done.finding.detail
    assert done.drill.measured["back_s"] is None
