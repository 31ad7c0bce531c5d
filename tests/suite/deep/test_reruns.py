"""What is left of the budget: where it goes, and what it finds."""

from __future__ import annotations

import pytest

from brinell.core.examination import Exam
from brinell.core.observation import Choice
from brinell.core.spending import AGAIN
from brinell.suite.deep.recent import Recent


def _reruns(done):
    return [record for record in done.records if isinstance(record, Exam) and record.purpose == "rerun"]


def test_a_test_that_seldom_fails_is_found_by_running_it_again(models):
    suite = [*(models.T(seconds=0.001) for _ in range(20)), models.T(p=0.01, seconds=0.001)]
    done = models.examine(suite, budget_s=120)
    assert done.verdicts() == {20: "nondeterministic"}
    assert any("f" in exam.outcomes for exam in _reruns(done))


def test_steady_tests_stay_so_and_have_enough_runs_to_have_missed_nothing_common(models):
    suite = [models.T(seconds=0.001) for _ in range(6)]
    done = models.examine(suite, budget_s=1e6)
    assert done.verdicts() == {}
    assert {598 <= count.runs < 700 for count in done.ledger.runs.values()} == {True}


def test_new_and_changed_tests_come_first(models, monkeypatch):
    found = Recent(new=frozenset({3}), changed=frozenset({5}), near=frozenset({7}), against="main")
    monkeypatch.setattr("brinell.suite.deep.trial.recent", lambda *_: found)
    done = models.examine([models.T(seconds=0.05) for _ in range(40)], budget_s=400)
    times = {test: sum(exam.tests.count(test) for exam in _reruns(done)) for test in range(40)}
    others = [times[test] for test in range(40) if test not in {3, 5, 7}]
    assert min(times[3], times[5]) > 2 * max(others)
    assert times[3] > times[7] > max(others)
    said = [record.reason for record in done.records if isinstance(record, Choice) and record.what == AGAIN]
    assert len(said) == 2, "before the search for causes, and with what that left"
    assert all("1 new, 1 changed, 1 using what was changed (against main)" in reason for reason in said)


def test_a_victim_that_only_another_sequence_shows_gets_its_polluter(models, monkeypatch):
    # Nothing else looks at pairs here: only a rerun puts the one behind the other.
    monkeypatch.setattr("brinell.suite.deep.trial.phases.whole_orders", lambda *_: None)
    monkeypatch.setattr("brinell.suite.deep.trial.phases.followed", lambda *_: None)
    monkeypatch.setattr("brinell.suite.deep.trial.phases.remaining_pairs", lambda *_: None)
    suite = [models.T(sets={"x": 1}, hidden=True), models.T(sets={"x": 0}, seconds=9.0), models.T(fails_if=[{"x": 1}])]
    done = models.examine(suite, budget_s=60)
    assert done.verdicts() == {2: "victim"}
    assert done.trust(2).polluters == ((0,),)


@pytest.mark.parametrize("budget_s", [0.0, 1e-3])
def test_without_a_budget_nothing_runs_again(models, budget_s):
    assert not _reruns(models.examine([models.T() for _ in range(5)], budget_s=budget_s))


def test_what_ends_its_process_or_fails_each_time_is_not_run_again(models):
    suite = [models.T(dies="left"), models.T(needs={"y": 1}), *(models.T() for _ in range(4))]
    done = models.examine(suite, budget_s=200)
    assert _reruns(done)
    assert not {0, 1} & {test for exam in _reruns(done) for test in exam.tests}
