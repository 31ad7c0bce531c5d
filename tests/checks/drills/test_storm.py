"""Storms: all are back in time, and stay; no more than the limit; what was cut is closed."""

from __future__ import annotations

import pytest

from brinell.core.drill_records import DrillEnded, DrillStarted
from brinell.core.verdicts import Reason, Verdict

S = 1_000_000_000
T0 = 100 * S

CAME_BACK = {
    "sockets": 100, "connected": 100, "refused_at_first": 0, "cut": 100, "back": 100, "wanted": 100, "held": 100,
    "attempts": 120, "attempts_most": 3, "failed": {"status-503": 20}, "first_attempts_s": 0.02, "half_back_s": 0.1,
    "most_back_s": 0.4, "all_back_s": 0.5, "steady_s": 0.5, "reconnect_rate": {"highest": 1000.0},
    "accept_rate": {"mean": 200.0, "highest": 500.0}, "waited_s": {"p50": 0.0, "max": 0.3}, "usual_ms": {"p50": 1.0},
    "storm_ms": {"p50": 9.0}, "lost_while_calm": 0, "fds_before": 110, "fds_after": 110,
}  # fmt: skip
MB = 1_000_000
NEVER_BACK = {"back": 99, "held": 99, "all_back_s": None, "steady_s": None}


@pytest.mark.parametrize(
    ("seen", "rules"),
    [
        ({}, set()),
        (NEVER_BACK, {"back"}),
        ({"steady_s": None, "held": 40}, {"back"}),  # in, and closed again
        ({"steady_s": 31.0, "all_back_s": 31.0}, {"back"}),
        ({"fds_after": 200}, {"free"}),
        ({"fds_after": 115}, set()),
        ({"fds_before": None}, set()),
        ({"closed_again": {"1013": 40}}, set()),  # try again later
        ({"closed_again": {"1008": 1, "1012": 2, "4429": 3}}, set()),  # said, too
        ({"closed_again": {"1011": 1}}, {"closed"}),
        ({"closed_again": {"1006": 1, "1013": 40}}, {"closed"}),
        ({"closed_again": {"1000": 40}}, {"closed"}),
    ],
)
def test_storms(judge, failed, seen, rules):
    drill, _ = judge("storm", DrillStarted("storm", T0), DrillEnded(T0 + S, {**CAME_BACK, **seen}))
    assert failed(drill) == rules
    assert (drill.verdict is Verdict.PASS) == (not rules)


@pytest.mark.parametrize(("held", "rules"), [(60, set()), (61, {"limit"}), (90, {"limit"}), (59, {"back"})])
def test_a_storm_at_a_service_with_a_limit(judge, failed, held, rules):
    numbers = {**CAME_BACK, "connected": 60, "cut": 60, "wanted": 60, "back": held, "held": held}
    numbers |= {"steady_s": 0.5 if held >= 60 else None}
    numbers |= {"fds_before": 70, "fds_after": 70 + held - 60}
    drill, _ = judge("storm", DrillStarted("storm", T0), DrillEnded(T0 + S, numbers), limit=60)
    assert failed(drill) == rules


def test_how_a_crowd_came_back_is_kept_where_it_was_told(judge):
    drill, _ = judge("storm", DrillStarted("storm", T0), DrillEnded(T0 + S, CAME_BACK))
    assert drill.returned is None
    told = {"back_course": [[0.1, 1], [0.5, 100]], "attempts_course": [[0.1, 120]]}
    drill, _ = judge("storm", DrillStarted("storm", T0), DrillEnded(T0 + S, CAME_BACK | told))
    assert (drill.returned.back, drill.returned.attempts) == (((0.1, 1), (0.5, 100)), ((0.1, 120),))


def test_a_storm_that_was_interrupted_is_no_failure(judge):
    drill, _ = judge(
        "storm", DrillStarted("storm", T0), DrillEnded(T0 + S, {**CAME_BACK, **NEVER_BACK}, interrupted=True)
    )
    assert (drill.verdict, drill.reason) == (Verdict.UNKNOWN, Reason.INCONCLUSIVE)


def test_what_a_service_breaks_in_a_storm_is_told(judge):
    drill, _ = judge("storm", DrillStarted("storm", T0), DrillEnded(T0 + S, {**CAME_BACK, "failed": {"status-500": 3}}))
    assert drill.verdict is Verdict.PASS
    assert [rule.rule for rule in drill.rules if rule.verdict == "fail" and not rule.required] == ["errors"]


def test_a_storm_of_fewer_than_asked_for_is_inconclusive(judge):
    drill, _ = judge("storm", DrillStarted("storm", T0), DrillEnded(T0 + S, {**CAME_BACK, "connected": 60, "cut": 60}))
    assert (drill.verdict, drill.reason) == (Verdict.UNKNOWN, Reason.INCONCLUSIVE)
    assert "say limit = 60" in drill.rules[0].says


@pytest.mark.parametrize(("again", "advised"), [(250 * MB, True), (160 * MB, False)])
def test_memory_that_each_cut_adds_is_told(judge, again, advised):
    sizes = {"rss_before_bytes": 50 * MB, "rss_after_bytes": 150 * MB, "rss_again_bytes": again}
    drill, _ = judge("storm", DrillStarted("storm", T0), DrillEnded(T0 + S, {**CAME_BACK, **sizes}))
    assert drill.verdict is Verdict.PASS
    told = [rule for rule in drill.rules if rule.rule == "memory"]
    assert [(rule.verdict, rule.required) for rule in told] == [(Verdict.FAIL, False)] * advised
    assert not told or "50 MB, 150 MB, 250 MB" in told[0].says
    assert not told or "1,000 kB a connection" in told[0].says
