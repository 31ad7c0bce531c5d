"""What to type next: only what helps there."""

from __future__ import annotations

import pytest

from brinell.cli import session
from brinell.core.drill_judgement import Drill
from brinell.core.finding import Finding
from brinell.core.judgement import SCHEMA, Judgement, RunInfo
from brinell.core.verdicts import Reason, Verdict


def judged(verdict, *, reason=None, check="drills", **parts):
    run = RunInfo(
        id="r", name="p", started="", duration_s=1.0, state="complete", fingerprint={}, exit_code=0, brinell="0",
        plan_digest="",
    )  # fmt: skip
    told = Finding(id="x", check=check, required=True, verdict=verdict, reason=reason, title="t")
    return Judgement(schema=SCHEMA, run=run, verdict=verdict, findings=(told,), suite=None, bugs=(), **parts)


def commands(judgement, folder):
    return [command.split()[1] for command, _ in session.next_steps(judgement, folder)]


@pytest.mark.parametrize(
    ("reason", "first"),
    [
        (Reason.INVALID, "doctor"),
        (Reason.UNSUPPORTED, "doctor"),
        (Reason.NOT_EXERCISED, "report"),  # the machine lacks nothing
        (Reason.INCONCLUSIVE, "report"),
    ],
)
def test_the_doctor_is_asked_where_the_machine_may_be_the_reason(here, reason, first):
    assert commands(judged(Verdict.UNKNOWN, reason=reason), here)[0] == first
    assert commands(judged(Verdict.UNKNOWN, reason=reason, check="suite-outcomes"), here)[0] == "doctor"


def test_what_a_baseline_cannot_hold_is_not_to_be_blessed(here, monkeypatch):
    monkeypatch.setattr(session.runs, "project_of", lambda _: here)
    drill = Drill(drill="drain", name="drain", measured={"lost": 0}, verdict=Verdict.PASS)
    assert commands(judged(Verdict.PASS, drills=(drill,)), here) == ["report"]
