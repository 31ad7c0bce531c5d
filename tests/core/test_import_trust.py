"""What records of collections mean for a test: the difference, whose collection it is, and who has the last word."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.core.examination import Confirmation, Exam, ExamStarted, LeftState
from brinell.core.import_records import ImportExam, ImportLeft
from brinell.core.import_trust import CAUSE, COLLECTED, ONLY, SHORT, TIMES, Imports, left_by
from brinell.core.trust import Ledger

OWN, OTHER, THIRD = "tests/test_a.py", "tests/test_b.py", "tests/test_c.py"


def imported(outcome, *files, test=0, **more):
    return ImportExam("again", files or None, (test,), outcome, **more)


def difference(only, every):
    return [*[imported(only, OWN)] * TIMES, *[imported(every)] * TIMES]


BRITTLE = [*difference("f", "p"), imported("p", OWN, OTHER), imported("f", OWN, THIRD)]
VICTIM = [*difference("p", "f"), imported("f", OWN, OTHER), imported("p", OWN, THIRD)]


def imports(*records):
    found = Imports()
    for record in records:
        found.add(record)
    return found


def said(purpose, outcome):
    return Confirmation(purpose, ("pytest", purpose), (0,), outcome)


def ledger(*records, forks=True):
    return Ledger([ExamStarted((f"{OWN}::test_it", f"{OTHER}::test_other"), forks), *records])


@pytest.mark.parametrize(("records", "word"), [(BRITTLE, "brittle"), (VICTIM, "victim")])
def test_a_test_differs_by_the_collection_of_one_other_file(records, word):
    found = imports(*records)
    assert found.difference(0, OWN) == word
    assert found.sets(0, OWN) == ((OTHER,),)


def test_a_difference_needs_the_same_each_time_and_often_enough():
    assert not imports(*BRITTLE[1:]).difference(0, OWN)
    assert not imports(*BRITTLE, imported("p", OWN)).difference(0, OWN)
    assert not imports(*BRITTLE, imported("f")).difference(0, OWN)


def test_what_is_skipped_or_runs_behind_others_tells_nothing():
    assert not imports(*difference("f", "s")).difference(0, OWN)
    together = ImportExam("screen", (OWN,), (0, 1), "pp")
    assert imports(*BRITTLE, together).difference(0, OWN) == "brittle"


def test_a_test_that_was_not_collected_alone_is_brittle():
    records = [imported("e", OWN, uncollected={OWN: "ModuleNotFoundError: no helpers"})] * TIMES
    found = imports(*records, *[imported("p")] * TIMES, imported("p", OWN, OTHER))
    assert found.verdict(0, OWN, ())["message"] == "ModuleNotFoundError: no helpers"


def test_of_nested_sets_the_smallest_are_named_and_whole_suites_are_not():
    many = [f"tests/test_{number}.py" for number in range(20)]
    more = [imported("p", OWN, OTHER, THIRD), imported("p", OWN, "x.py", "y.py"), imported("p", OWN, *many)]
    assert imports(*BRITTLE, *more).sets(0, OWN) == ((OTHER,),)  # of x and y it is not known whether both are needed
    more += [imported("f", OWN, "x.py"), imported("f", OWN, "y.py")]
    found = imports(*BRITTLE, *more)
    assert found.sets(0, OWN)[:2] == ((OTHER,), ("x.py", "y.py"))
    assert found.verdict(0, OWN, ())["files"] == ((OTHER,), ("x.py", "y.py"))


def test_without_the_files_that_make_it_there_is_no_verdict():
    assert imports(*difference("f", "p")).verdict(0, OWN, ()) == {}


def test_state_that_was_put_back_and_undid_it_is_proved():
    undone = imported("f", OWN, later=(OTHER,), restored=("m.X",))
    kept = imported("p", OWN, later=(OTHER,), restored=("m.Y",))
    assert imports(*BRITTLE, undone, kept).proved(0, OWN) == ("m.X",)
    assert imports(*BRITTLE, kept).proved(0, OWN) == ()


def test_a_fresh_process_has_the_last_word():
    found = imports(*BRITTLE)
    told = found.verdict(0, OWN, [said(ONLY, "f"), said(COLLECTED, "p")])
    assert (told["verdict"], told["cause"], told["confirmed"]) == ("brittle", CAUSE, True)
    assert told["command"] == ("pytest", COLLECTED)
    assert found.verdict(0, OWN, [said(ONLY, "p"), said(COLLECTED, "p")]) == {}
    assert found.verdict(0, OWN, [said(ONLY, "f"), said(COLLECTED, "f")]) == {}
    assert "confirmed" not in found.verdict(0, OWN, [said(ONLY, "f")])


def test_the_shorter_command_is_shown_where_it_gives_the_same():
    agreeing = [said(ONLY, "p"), said(COLLECTED, "f"), said(SHORT, "f")]
    assert imports(*VICTIM).verdict(0, OWN, agreeing)["command"] == ("pytest", SHORT)
    other = [said(ONLY, "p"), said(COLLECTED, "f"), said(SHORT, "p")]
    assert imports(*VICTIM).verdict(0, OWN, other)["command"] == ("pytest", COLLECTED)


def test_a_command_that_keeps_the_order_of_imports_overrides_one_that_did_not():
    tried = [said(ONLY, "f"), said(COLLECTED, "e"), said(COLLECTED, "p")]
    assert imports(*BRITTLE).verdict(0, OWN, tried)["confirmed"]


@given(st.permutations([*BRITTLE, imported("f", OWN, later=(OTHER,), restored=("m.X",))]))
def test_the_order_of_records_does_not_matter(records):
    assert imports(*records).verdict(0, OWN, ()) == imports(*sorted(records, key=repr)).verdict(0, OWN, ())


@given(st.lists(st.tuples(st.sampled_from("pf"), st.sampled_from("pf")), min_size=TIMES, max_size=8))
def test_whatever_went_both_ways_is_no_difference(pairs):
    records = list(itertools.chain.from_iterable((imported(a, OWN), imported(b)) for a, b in pairs))
    only, every = ({pair[side] for pair in pairs} for side in (0, 1))
    assert bool(imports(*records).difference(0, OWN)) == (len(only) == len(every) == 1 and only != every)


def test_what_collections_leave_is_added_up():
    one, two = (LeftState(f"m.{name}", f"m.{name}", "module-attribute") for name in "XY")
    found = imports(ImportLeft((OTHER,), (OWN,), (one,)), ImportLeft((OTHER,), (), (one, two)))
    assert set(left_by(found, [(THIRD,), (OTHER,)])) == {"m.X", "m.Y"}
    assert left_by(found, [(THIRD,)]) == {}


def test_the_ledger_gives_the_verdict_with_files_and_lists_the_test():
    everything = [Exam("order", (0, 1), "pp"), Exam("alone", (0,), "p")]
    known = ledger(*everything, *BRITTLE, said(ONLY, "f"), said(COLLECTED, "p"))
    (trust,) = known.remarkable()
    assert (trust.test, trust.verdict, trust.cause, trust.files) == (0, "brittle", CAUSE, ((OTHER,),))
    assert trust.confirmed
    assert not trust.setters


def test_a_verdict_of_running_tests_that_was_confirmed_is_not_renamed():
    ordinary = [
        *[Exam("alone", (0,), "p")] * 2, *[Exam("pair", (1, 0), "pf")] * 2,
        Confirmation("alone", ("pytest", "a"), (0,), "p"), Confirmation("sequence", ("pytest", "b", "a"), (1, 0), "pf"),
    ]  # fmt: skip
    trust = ledger(*ordinary, *BRITTLE, said(ONLY, "f"), said(COLLECTED, "p")).trust(0)
    assert (trust.verdict, trust.cause) == ("victim", "order")


def test_without_forks_alone_means_with_its_own_file_only():
    ordinary = [
        *[Exam("alone", (0,), "f")] * 2, *[Exam("pair", (1, 0), "pp")] * 2,
        Confirmation("alone", ("pytest", "a"), (0,), "f"), Confirmation("sequence", ("pytest", "b", "a"), (1, 0), "pp"),
    ]  # fmt: skip
    assert ledger(*ordinary, *BRITTLE, forks=False).trust(0).cause == CAUSE
    assert ledger(*ordinary, forks=False).trust(0).cause == "order"


def test_a_test_that_goes_both_ways_is_nondeterministic_whatever_is_collected():
    coin = [Exam("alone", (0,), letter) for letter in "pfpf"]
    assert ledger(*coin, *BRITTLE).trust(0).verdict == "nondeterministic"
