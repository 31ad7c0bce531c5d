"""Whole examinations of modelled suites: verdicts against what is true of the model."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brinell.core.examination import Exam
from brinell.core.observation import Choice

_ORDER = {"victim", "brittle", "self-polluting"}


def _padding(models, count=8):
    return [models.T() for _ in range(count)]


def test_a_victim_its_polluter_and_what_it_leaks(models):
    suite = [models.T(sets={"x": 1}), *_padding(models), models.T(fails_if=[{"x": 1}])]
    done = models.examine(suite)
    trust = done.trust(9)
    assert done.verdicts() == {9: "victim"}
    assert trust.polluters == ((0,),)
    assert trust.leaked == ("m.x",)
    assert trust.confirmed


def test_a_victim_behind_a_polluter_whose_traces_are_out_of_sight_and_which_comes_later(models):
    suite = [*_padding(models), models.T(fails_if=[{"x": 1}]), models.T(sets={"x": 1}, hidden=True)]
    done = models.examine(suite)
    assert done.verdicts() == {8: "victim"}
    assert done.trust(8).polluters == ((9,),)


def test_a_test_that_heals_in_between_is_named(models):
    suite = [models.T(sets={"x": 1}), *_padding(models), models.T(sets={"x": 0}), models.T(fails_if=[{"x": 1}])]
    done = models.examine(suite)
    assert done.trust(10).polluters == ((0,),)
    assert done.trust(10).cleaners == (9,)


def test_two_polluters_that_are_needed_both(models):
    suite = [models.T(sets={"x": 1}), *_padding(models), models.T(sets={"y": 1}), models.T(fails_if=[{"x": 1, "y": 1}])]
    done = models.examine(suite)
    assert done.verdicts() == {10: "victim"}
    assert sorted(done.trust(10).polluters[0]) == [0, 9]


def test_a_brittle_test_and_its_setters(models):
    suite = [models.T(sets={"x": 1}), *_padding(models), models.T(needs={"x": 1}), models.T(needs={"x": 1, "y": 1})]
    suite.insert(4, models.T(sets={"y": 1}))
    done = models.examine(suite)
    assert done.verdicts() == {10: "brittle", 11: "brittle"}
    assert done.trust(10).setters == ((0,),)
    assert sorted(done.trust(11).setters[0]) == [0, 4]


def test_a_setter_that_another_test_undoes_in_the_default_order(models):
    suite = [models.T(sets={"x": 1}), models.T(sets={"x": 0}), *_padding(models), models.T(needs={"x": 1})]
    assert models.examine(suite).trust(10).setters == ((0,),)


def test_a_self_polluting_test(models):
    suite = [*_padding(models), models.T(sets={"x": 1}, fails_if=[{"x": 1}])]
    done = models.examine(suite)
    assert done.verdicts() == {8: "self-polluting"}
    assert done.trust(8).confirmed
    assert done.trust(8).leaked == ("m.x",)


@pytest.mark.parametrize("end", ["left", "signal", "deadline"])
def test_a_test_that_ends_its_process_hides_nobody(models, end):
    suite = [models.T(sets={"x": 1}), *_padding(models), models.T(dies=end), models.T(fails_if=[{"x": 1}])]
    done = models.examine(suite, budget_s=5000)
    assert done.verdicts() == {10: "victim"}
    assert done.trust(9).always_fails


def test_more_tests_that_end_their_process_than_the_watched_run_goes_on_behind(models):
    suite = [models.T(sets={"x": 1}), *(models.T(dies="left") for _ in range(30)), models.T(fails_if=[{"x": 1}])]
    assert models.examine(suite).trust(31).polluters == ((0,),)


def test_a_test_that_only_dies_behind_a_polluter_is_a_victim(models):
    suite = [models.T(sets={"x": 1}), *_padding(models), models.T(dies_if={"x": 1}), models.T(fails_if=[{"x": 1}])]
    done = models.examine(suite)
    assert done.verdicts() == {9: "victim", 10: "victim"}
    assert done.trust(9).polluters == ((0,),)


def test_a_test_that_fails_everywhere_is_no_question_of_trust(models):
    suite = [models.T(sets={"x": 1}), *_padding(models), models.T(needs={"y": 1})]
    done = models.examine(suite)
    assert done.verdicts() == {}
    assert done.trust(9).always_fails
    factors = [record for record in done.records if isinstance(record, Exam) and record.purpose.startswith("factor")]
    assert not factors  # nor are causes sought for it


def test_a_victim_of_the_default_order_is_asked_about_no_factor(models):
    suite = [models.T(sets={"x": 1}), *_padding(models), models.T(fails_if=[{"x": 1}])]
    done = models.examine(suite)
    assert not [record for record in done.records if isinstance(record, Exam) and record.purpose.startswith("factor")]


@pytest.mark.parametrize(
    ("factor", "level", "verdict", "cause"),
    [
        ("tz", "Pacific/Kiritimati", "stable", "time-zone"),
        ("tz", "America/St_Johns", "stable", "time-zone"),
        ("locale", "tr_TR.UTF-8", "stable", "locale"),
        ("umask", "000", "stable", "umask"),
        ("home", "read-only", "stable", "home"),
        ("network", "blocked", "stable", "network"),
        ("nofile", 64, "stable", "descriptors"),
        ("hash", 2, "nondeterministic", "hash-seed"),
        ("rng", 3, "nondeterministic", "random-seed"),
        ("entropy", 3, "nondeterministic", "random-seed"),
        ("interleaving", "lines", "stable", "concurrency"),
        ("threads", "slow-start", "stable", "async-wait"),
        ("sleep", "long", "stable", "async-wait"),
        ("cpu", "slow", "stable", "async-wait"),
    ],
)
def test_a_cause_is_the_factor_that_makes_the_difference(models, factor, level, verdict, cause):
    suite = [*_padding(models), models.T(factors={factor: lambda now: now == level}), *_padding(models)]
    done = models.examine(suite)
    trust = done.trust(8)
    assert (trust.verdict, trust.cause) == (verdict, cause)
    assert [(seen.factor, seen.level) for seen in trust.factors] == [(factor, level)]
    assert [test for test in range(17) if done.trust(test).cause] == [8]


def test_a_budget_that_is_spent_is_said(models):
    done = models.examine([models.T(seconds=1.0) for _ in range(20)], budget_s=30)
    assert any("not tried" in record.what for record in done.records if isinstance(record, Choice))


@pytest.mark.parametrize("forks", [True, False])
@pytest.mark.parametrize("p", [0.9, 0.5, 0.1])
def test_a_test_that_fails_by_chance_is_nobodys_victim(models, p, forks):
    for seed in range(8):
        suite = [models.T(sets={"x": 1}), *_padding(models, 4), models.T(p=p), *_padding(models, 3)]
        done = models.examine(suite, seed=seed, forks=forks)
        assert done.verdicts() in ({5: "nondeterministic"}, {}), seed
    assert done.trust(5).all_runs[0] > 0


@pytest.mark.parametrize("forks", [True, False])
def test_what_fails_only_beside_others_is_not_blamed_on_order_or_chance(models, forks):
    suite = [
        *_padding(models),
        models.T(uses="port"),
        models.T(uses="port"),
        models.T(fails_if=[{"x": 1}], uses="port"),
    ]
    suite[2] = models.T(sets={"x": 1})
    done = models.examine(suite, forks=forks)
    causes = {test: done.trust(test).cause for test in (8, 9)}
    assert causes == dict.fromkeys((8, 9), "beside-itself" if forks else None)
    assert done.trust(10).verdict == "victim"
    assert done.trust(10).polluters == ((2,),)
    assert done.ledger.conflicts <= {8, 9, 10}


@st.composite
def _suites(draw, make):
    """Up to nine tests that read, set and reset three variables; some end their process."""
    variable, value = st.sampled_from("abc"), st.integers(0, 2)
    some = st.dictionaries(variable, value, min_size=1, max_size=2)
    wrong = st.dictionaries(variable, st.integers(1, 2), min_size=1, max_size=2)
    test = st.builds(
        make,
        sets=st.one_of(st.just({}), st.just({}), some),
        fails_if=st.one_of(st.just(()), st.just(()), wrong.map(lambda one: (one,))),
        needs=st.one_of(*[st.just({})] * 5, wrong),
        dies=st.sampled_from([""] * 14 + ["left", "signal", "deadline"]),
        hidden=st.sampled_from([False, False, False, True]),
        uses=st.sampled_from([""] * 8 + ["port"]),
    )
    return draw(st.lists(test, min_size=1, max_size=9))


def _check_evidence(done, test):
    """What a verdict says must be true of the model."""
    truth, trust = done.truth, done.trust(test)
    match trust.verdict:
        case "victim":
            assert truth.bad(test) is False
            assert trust.polluters
            assert all(truth.bad(*polluter, test) for polluter in trust.polluters)
            assert all(truth.bad(*trust.polluters[0], one, test) is False for one in trust.cleaners)
        case "brittle":
            assert truth.bad(test)
            assert trust.setters
            assert all(truth.bad(*setter, test) is False for setter in trust.setters)
        case "self-polluting":
            assert (truth.bad(test), truth.bad(test, test)) == (False, True)
        case "nondeterministic":
            assert not truth.steady(test)
            assert trust.cause == "beside-itself"


@given(st.data())
@settings(deadline=None, max_examples=100)
@pytest.mark.prove
def test_no_test_is_accused_of_what_it_does_not_do_and_none_is_missed(models, data):
    suite = data.draw(_suites(models.T))
    forks, slots, seed = data.draw(st.booleans()), data.draw(st.integers(1, 4)), data.draw(st.integers(0, 3))
    done = models.examine(suite, forks=forks, slots=slots, seed=seed)
    for test in range(len(suite)):
        _check_evidence(done, test)
        true, trust = done.truth.verdict(test), done.trust(test)
        if not true:
            continue
        if true != "self-polluting":  # which may be a victim of two others together as well
            assert trust.verdict == true
        assert trust.verdict in _ORDER
        assert trust.confirmed
        if trust.verdict == true == "victim":
            assert len(trust.polluters[0]) == 1
        if trust.verdict == true == "brittle":
            assert len(trust.setters[0]) == 1


@given(st.data(), st.sampled_from([0.0, 0.5, 2.0, 10.0, 60.0]))
@settings(deadline=None, max_examples=60)
def test_whatever_the_budget_it_ends_near_it_and_accuses_nobody_wrongly(models, data, budget_s):
    suite = data.draw(_suites(models.T)) * data.draw(st.integers(1, 4))
    done = models.examine(suite, budget_s=budget_s, forks=data.draw(st.booleans()))
    for test in range(len(suite)):
        _check_evidence(done, test)
    hangs = sum(test.dies == "deadline" for test in suite)
    processes = len(suite) - hangs + 40  # one each where a killer makes it go on, and what a phase has begun
    assert done.spent_s <= 1.5 * budget_s + 90 * hangs + processes


def _alone_jobs(done):
    return [record for record in done.records if isinstance(record, Exam) and record.purpose == "alone"]


def test_of_many_tests_one_process_for_each_says_both_what_it_does_alone_and_twice(models):
    suite = [models.T(seconds=0.001) for _ in range(300)]
    suite[5] = models.T(sets={"x": 1}, hidden=True)
    suite[9] = models.T(needs={"x": 1})
    suite[200] = models.T(sets={"y": 1}, fails_if=[{"y": 1}])
    done = models.examine(suite, budget_s=20)
    assert done.verdicts() == {9: "brittle", 200: "self-polluting"}
    assert all(done.ledger.alone[test].runs and done.ledger.twice[test].runs for test in range(300) if test != 9)
    assert len(_alone_jobs(done)) < 50


def test_a_polluter_among_many_is_found_by_halving_what_ran_before_the_victim(models):
    suite = [models.T(seconds=0.001) for _ in range(300)]
    suite[150] = models.T(sets={"x": 1}, hidden=True)
    suite[290] = models.T(fails_if=[{"x": 1}])
    done = models.examine(suite, budget_s=20)
    assert done.trust(290).polluters == ((150,),)
    sought = [one for one in done.records if isinstance(one, Exam) and one.purpose in {"pair", "sequence"}]
    assert len(sought) < 40
