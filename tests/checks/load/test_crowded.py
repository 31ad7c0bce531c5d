"""A subject that misses a limit on a machine that others use: whose doing was it?"""

from __future__ import annotations

import pytest

from brinell.core.generator_records import Bystander, Bystanders
from brinell.core.vitals_records import ProcessLook, VitalsDetail

SECOND_NS = 1_000_000_000
ALWAYS = range(10)
MAKE = Bystanders(0, 10.0, 1.0, 1.4, 1.6, 1.4, (Bystander("make", 1.4, 1.6, 1.4),))
FEW = Bystanders(0, 10.0, 1.0, 1.4, 0.4, 0.35, (Bystander("make", 1.4, 0.4, 0.35),))
DATABASE = Bystanders(0, 10.0, 1.0, 1.4, 0.0, 0.0, (Bystander("postgres", 1.4, 0.0, 0.0),))


def looks(*, crowded=ALWAYS, cpu=0.2, later_cpu=None, starved=0.75, alone=0.2, busy=1.0, steal=0.0):
    """Two looks a second; in ``crowded`` seconds the subject uses ``cpu`` and lacks a core for ``starved``."""
    used, lacked, cores, stolen = 0.0, 0.0, 0.0, 0.0
    for half in range(21):
        yield VitalsDetail(
            half * SECOND_NS // 2,
            processes=(ProcessLook(7, "app", used, starved_s=lacked, listens=True),),
            busy_s=(cores, cores),
            running=9 if min(half // 2, 9) in crowded else 1,
            steal_s=stolen,
        )
        now = half // 2 in crowded
        taken = cpu if later_cpu is None or half < 10 else later_cpu
        used, lacked = used + (taken if now else alone) / 2, lacked + (starved if now else 0.0) / 2
        cores, stolen = cores + (busy if now else 0.2) / 2, stolen + (steal * 2 if now else 0.0) / 2


@pytest.fixture
def crowded(story, piece):
    """A run at 100/s, answered after ``response_ms``, beside others; return the ruling on ``threshold``."""

    def run(
        *, response_ms=900.0, limit=("p95_ms", 500.0), bystanders=MAKE, slow=(), rate=100, errors=None, more=(), **told
    ):
        extra = [*looks(**told), *([bystanders] if bystanders else []), *more]
        extra += [piece([900.0] * rate, second=second) for second in slow]
        name, value = limit
        run = story(rate=rate, response_ms=response_ms, thresholds={name: value}, extra=extra, errors=errors or {})
        return run.findings()[name]

    return run


def said(finding):
    return finding.verdict.value, "" if finding.reason is None else finding.reason.value


def test_a_subject_that_others_kept_from_running_is_not_judged(crowded):
    found = crowded()
    assert said(found) == ("unknown", "invalid")
    assert found.detail.startswith(
        "This machine was crowded for 10 of 10 s: 9.0 tasks wanted its 2 cores, others had 1.7 of them (make 1.6)."
    )
    assert "needs 0.20 cores at this rate, was ready to run without a core for 75 % of it" in found.detail
    assert found.detail.endswith("Run again when they are done, or on another machine.")


def test_a_limit_that_was_met_is_met(crowded):
    assert said(crowded(response_ms=100.0)) == ("pass", "")


def test_on_a_machine_with_room_it_is_the_subjects(crowded):
    found = crowded(crowded=())
    assert said(found) == ("fail", "")
    assert "crowded" not in found.detail


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"bystanders": DATABASE}, "who used it did not do so without the load"),
        ({"bystanders": None}, "who used it did not do so without the load"),
        ({"crowded": range(5)}, "the limit was missed in the 3 s without them, too"),
        ({"cpu": 0.85, "starved": 0.14}, "a process of the subject needs 0.85 cores at this rate, wherever it runs"),
        ({"bystanders": FEW, "errors": {"timeout": 20}}, "subject and load need 2.0 of 2 cores by themselves"),
        ({"starved": 0.02}, "it lacked a core for 0.2 s, too short a time to be the reason"),
        (
            {"response_ms": 9000.0, "limit": ("max_ms", 500.0), "crowded": range(1)},
            "the limit was missed in the 8 s without them, too",
        ),
        ({"limit": ("error_rate", 0.01), "errors": {"status-500": 30}}, "lateness does not make what failed"),
    ],
)
def test_why_it_is_the_subjects_all_the_same(crowded, told, why):
    found = crowded(**told)
    assert said(found) == ("fail", "")
    assert "This machine was crowded for" in found.detail
    assert f"That does not explain it: {why}" in found.detail


def test_a_subject_that_sleeps_is_slow_wherever_it_runs(crowded):
    """It lacked a core for half of the time, and had idle time: of 1,500 ms at least 750 were its own."""
    found = crowded(response_ms=1500.0, cpu=0.1, starved=0.5, limit=("p50_ms", 500.0))
    assert said(found) == ("fail", "")
    assert "it was seldom kept from running, so that most of what it took was its own" in found.detail


def test_what_it_spends_on_requests_that_were_given_up_is_no_need(crowded, piece):
    given_up = [piece([900.0], second=5, outcome="timeout")]
    found = crowded(later_cpu=1.5, more=given_up)
    assert said(found) == ("unknown", "invalid")
    assert "which needs 0.20 cores at this rate" in found.detail


def test_where_most_of_the_time_was_waiting_for_a_core_the_limit_may_be_met(crowded):
    """It had idle moments, and seldom ran when it could have."""
    assert said(crowded(cpu=0.1, starved=0.7, limit=("max_ms", 500.0))) == ("unknown", "invalid")


def test_in_the_seconds_without_others_it_was_quick_and_that_is_told(crowded):
    found = crowded(response_ms=10.0, crowded=range(5), slow=range(5), rate=1000)
    assert said(found) == ("unknown", "invalid")
    assert "in the 3 s without them the limit was met" in found.detail


def test_what_a_hypervisor_takes_needs_no_names(crowded):
    found = crowded(bystanders=None, starved=0.0, steal=0.5, cpu=0.45)
    assert said(found) == ("unknown", "invalid")
    assert "50 % of its time a hypervisor gave away" in found.detail


def test_time_outs_of_a_subject_that_was_kept_from_running_are_not_judged(crowded):
    late = {"response_ms": 5000.0, "limit": ("error_rate", 0.01), "errors": {"timeout": 30}}
    assert said(crowded(**late)) == ("unknown", "invalid")
    assert said(crowded(**late, starved=0.02)) == ("fail", "")


def test_operations_are_excused_each_by_itself(crowded):
    assert said(crowded(limit=("each_p95_ms", 500.0))) == ("unknown", "invalid")
    assert said(crowded(limit=("each_p95_ms", 500.0), starved=0.02)) == ("fail", "")


def test_memory_grows_without_any_crowd(crowded):
    assert "crowded" not in crowded(limit=("memory_growth_bytes", 0.0)).detail
