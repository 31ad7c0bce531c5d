"""The verdict on a test from hand-made records. Tests 0, 1, 2 ... are named a, b, c ... in what follows."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.core.examination import Confirmation, Exam, ExamStarted, FixTried, Left, LeftState
from brinell.core.trust import Ledger

A, B, C, D = range(4)
STARTED = ExamStarted(("t.py::a", "t.py::b", "t.py::c", "t.py::d"), forks=True)


def exam(tests, outcomes, purpose="order", **more):
    return Exam(purpose, tuple(tests), outcomes, **more)


def confirmed(purpose, tests, outcomes, **more):
    return Confirmation(purpose, ("pytest", *(STARTED.tests[test] for test in tests)), tuple(tests), outcomes, **more)


def trust(test, *records):
    return Ledger([STARTED, *records]).trust(test)


EACH_ALONE = [exam([test], "p", "alone") for test in (A, B, C, D)]


def test_a_test_that_always_passes_is_stable():
    found = trust(A, *EACH_ALONE, exam([A, B, C, D], "pppp"), exam([D, C, B, A], "pppp"), exam([A, A], "pp", "twice"))
    assert (found.verdict, found.cause, found.alone, found.confirmed) == ("stable", None, (0, 3), False)
    assert found.all_runs == (0, 5)


def test_a_test_that_always_fails_is_stable_and_said_to_fail():
    found = trust(A, exam([A], "f", "alone"), exam([A, B], "fp"), exam([B, A], "pf"))
    assert (found.verdict, found.always_fails) == ("stable", True)


def test_a_victim_passes_alone_and_fails_after_its_polluter():
    found = trust(
        B, *EACH_ALONE, exam([A, B], "pf", "pair"), exam([C, B], "pp", "pair"), exam([A, B], "pf", "pair"),
        confirmed("alone", [B], "p"), confirmed("sequence", [A, B], "pf"),
    )  # fmt: skip
    assert (found.verdict, found.polluters, found.cause) == ("victim", ((A,),), "order")
    assert found.confirmed
    assert found.command == ("pytest", "t.py::a", "t.py::b")


def test_two_polluters_are_two_sets_and_a_conjunction_is_one():
    two = trust(C, *EACH_ALONE, exam([A, C], "pf", "pair"), exam([B, C], "pf", "pair"))
    assert two.polluters == ((A,), (B,))
    both = [exam([A, C], "pp", "pair"), exam([B, C], "pp", "pair"), exam([A, B, C], "ppf", "sequence")]
    assert trust(C, *EACH_ALONE, *both).polluters == ((A, B),)


def test_a_conjunction_may_need_its_order():
    orders = [exam([A, B, C], "ppp", "sequence"), exam([B, A, C], "ppf", "sequence")]
    assert trust(C, *EACH_ALONE, *orders).polluters == ((B, A),)


def test_a_longer_sequence_that_contains_a_polluter_says_nothing_new():
    found = trust(D, *EACH_ALONE, exam([A, B, C, D], "pppf"), exam([B, D], "pf", "pair"))
    assert found.polluters == ((B,),)


def test_who_stands_between_polluter_and_victim_and_lets_it_pass_is_a_cleaner():
    found = trust(C, *EACH_ALONE, exam([A, C], "pf", "pair"), exam([A, B, C], "ppp", "cleaner"))
    assert (found.verdict, found.polluters, found.cleaners) == ("victim", ((A,),), (B,))


def test_a_victim_is_confirmed_by_fresh_processes_only_if_they_agree():
    seen = [*EACH_ALONE, exam([A, B], "pf", "pair")]
    assert not trust(B, *seen).confirmed
    assert not trust(B, *seen, confirmed("sequence", [A, B], "pf")).confirmed
    assert not trust(B, *seen, confirmed("alone", [B], "f"), confirmed("sequence", [A, B], "pf")).confirmed
    assert not trust(B, *seen, confirmed("alone", [B], "p"), confirmed("sequence", [A, B], "pp")).confirmed
    assert not trust(B, *seen, confirmed("alone", [B], "p"), confirmed("sequence", [A, B], "")).confirmed
    assert trust(B, *seen, confirmed("alone", [B], "p"), confirmed("sequence", [A, B], "pf")).confirmed


def test_a_brittle_test_fails_alone_and_passes_after_its_setter():
    found = trust(
        B, exam([B], "f", "alone"), exam([B], "f", "alone"), exam([A, B], "pp", "sequence"), exam([C, B], "pf", "pair"),
        confirmed("alone", [B], "f"), confirmed("sequence", [A, B], "pp"),
    )  # fmt: skip
    assert (found.verdict, found.setters, found.confirmed) == ("brittle", ((A,),), True)


def test_a_self_polluting_test_fails_the_second_time():
    twice = [exam([A, A], "pf", "twice"), exam([A, A], "pf", "twice")]
    found = trust(A, *EACH_ALONE, *twice, confirmed("alone", [A], "p"), confirmed("twice", [A, A], "pf"))
    assert (found.verdict, found.confirmed) == ("self-polluting", True)


def test_what_goes_both_ways_alone_is_nondeterministic():
    found = trust(A, exam([A], "p", "alone"), exam([A], "f", "alone"), exam([A], "p", "alone"))
    assert (found.verdict, found.alone) == ("nondeterministic", (1, 3))


def test_fresh_processes_that_disagree_confirm_that_a_test_is_nondeterministic():
    seen = [exam([A], "p", "alone"), exam([A], "f", "alone")]
    assert not trust(A, *seen, confirmed("alone", [A], "f")).confirmed
    assert trust(A, *seen, confirmed("alone", [A], "f"), confirmed("alone", [A], "p")).confirmed


def test_what_never_passed_is_no_victim():
    assert trust(B, exam([A, B], "pf")).verdict == "stable"


def test_what_goes_both_ways_in_the_same_order_is_nondeterministic_and_no_victim():
    order = [A, B, C, D]
    for outcomes in itertools.permutations(["pppp", "ppfp", "ppfp"]):
        found = trust(C, *EACH_ALONE, *(exam(order, one) for one in outcomes))
        assert (found.verdict, found.polluters) == ("nondeterministic", ())


def test_a_prefix_of_an_order_is_the_same_history_whatever_follows():
    found = trust(C, *EACH_ALONE, exam([A, B, C, D], "ppfp"), exam([A, B, C], "ppp", "sequence"))
    assert found.verdict == "nondeterministic"


def test_a_factor_that_varies_by_itself_makes_a_test_nondeterministic():
    tried = [exam([A], outcome, "factor hash", factors={"hash": 3}) for outcome in "fffffff"]
    plain = [exam([A], outcome, "factor hash", factors={"hash": 5}) for outcome in "ppppppp"]
    said = confirmed("factor", [A], "f", env={"PYTHONHASHSEED": "3"})
    found = trust(A, *EACH_ALONE, *tried, *plain, said)
    assert (found.verdict, found.cause, found.confirmed) == ("nondeterministic", "hash-seed", True)
    assert found.env == {"PYTHONHASHSEED": "3"}
    seen = found.factors[0]
    assert (seen.factor, seen.level, seen.with_factor, seen.without) == ("hash", 3, (7, 7), (0, 7))


def test_a_factor_of_the_environment_leaves_a_test_stable_and_names_what_it_depends_on():
    tried = [exam([A], outcome, "factor tz", factors={"tz": "Asia/Tokyo"}) for outcome in "f" * 8]
    found = trust(A, *EACH_ALONE, *tried, *(exam([A], "p", "factor tz") for _ in range(8)))
    assert (found.verdict, found.cause, found.depends_on) == ("stable", "time-zone", "time-zone")


def test_a_factor_that_changes_nothing_is_no_cause():
    tried = [exam([A], outcome, "factor tz", factors={"tz": "Asia/Tokyo"}) for outcome in "p" * 8]
    found = trust(A, *EACH_ALONE, *tried, *(exam([A], "p", "factor tz") for _ in range(8)))
    assert (found.verdict, found.cause, found.factors) == ("stable", None, ())


def test_a_failure_beside_others_is_a_conflict_and_no_verdict():
    ledger = Ledger([STARTED, *EACH_ALONE, exam([A, B], "pf", "conflict")])
    assert ledger.conflicts == {B}
    assert ledger.trust(B).verdict == "stable"
    assert not ledger.runs[B].failures


def test_what_was_put_back_and_heals_is_the_leaked_state():
    roots = ("shop.db.ENGINE",)
    found = trust(
        B, *EACH_ALONE, exam([A, B], "pf", "pair"),
        Left(A, (LeftState("shop.db.ENGINE", "shop.db.ENGINE", "module-attribute"),)),
        exam([A, B], "pf", "proof", restored=("os.environ",)), exam([A, B], "pp", "proof", restored=roots),
        FixTried(B, (A,), roots, "no use", worked=False), FixTried(B, (A,), roots, "def fix(): ...", worked=True),
    )  # fmt: skip
    assert (found.leaked, found.fixture) == (roots, "def fix(): ...")


def test_an_exam_that_was_cut_short_counts_as_far_as_it_got():
    ledger = Ledger([STARTED, exam([A, B, C], "pd", how="died")])
    assert (ledger.runs[A].failures, ledger.runs[B].failures, ledger.runs[C].runs) == (0, 1, 0)


_TESTS = st.lists(st.sampled_from([A, B, C, D]), min_size=1, max_size=4, unique=True)


@st.composite
def exams(draw):
    tests = draw(_TESTS)
    return exam(tests, "".join(draw(st.sampled_from("pfe")) for _ in tests))


@given(st.lists(exams(), max_size=12))
def test_a_verdict_rests_on_runs_that_were_seen(records):
    ledger = Ledger([STARTED, *records])
    for test in (A, B, C, D):
        found = ledger.trust(test)
        if found.verdict == "stable":
            continue
        outcomes = [
            letter for one in records for other, letter in zip(one.tests, one.outcomes, strict=True) if other == test
        ]
        assert "p" in outcomes
        assert {"f", "e"} & set(outcomes)
        for sequence in (*found.polluters, *found.setters):
            assert any(one.tests[: len(sequence) + 1] == (*sequence, test) for one in records)


@given(st.lists(exams(), max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_records_changes_no_verdict(records, random):
    shuffled = random.sample(records, len(records))
    for test in (A, B, C, D):
        one, other = trust(test, *records), trust(test, *shuffled)
        assert one.verdict == other.verdict
        for mine, theirs in ((one.polluters, other.polluters), (one.setters, other.setters)):
            assert set(map(frozenset, mine)) == set(map(frozenset, theirs))


@pytest.mark.parametrize("record", [exam([], ""), exam([A], ""), confirmed("alone", [], ""), Left(A, ())])
def test_records_that_say_nothing_change_nothing(record):
    assert trust(A, *EACH_ALONE, record) == trust(A, *EACH_ALONE)
