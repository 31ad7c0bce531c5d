"""Findings and entries for tests that depend on which files are collected: files stand where tests do otherwise."""

from __future__ import annotations

from brinell.checks.trust import trust
from brinell.core.evidence import MemoryEvidence
from brinell.core.examination import Confirmation, Exam, ExamStarted, LeftState
from brinell.core.import_records import ImportExam, ImportLeft
from brinell.core.judgement import Part
from brinell.core.observation import StepFinished, StepStarted
from brinell.core.plan import ExamineSpec, Plan, Step
from brinell.core.verdicts import Verdict
from brinell.reports.outline_trust import why, words

IDS = ("tests/test_look.py::test_theme", "tests/test_look.py::test_clean", "tests/test_look.py::test_good")
DARK, FAKE, OWN = "tests/test_dark.py", "tests/test_fake.py", "tests/test_look.py"
THEME = LeftState("core.DEFAULTS['theme']", "core.DEFAULTS", "module-attribute", "'light'", "'dark'", restorable=True)
MODULE = LeftState("sys.modules['json']", "sys.modules['json']", "sys.modules", "<json>", "<fake>", restorable=True)


def exams(test, only, every, culprit):
    known = ((OWN,), only), (None, every), ((culprit, OWN), every)
    told = {str(test): "AssertionError: not dark"}
    return [
        ImportExam("again", files, (test,), outcome, messages=told if outcome == "f" else {})
        for files, outcome in known
        for _ in range(3)
    ]


def confirmed(test, only, every, culprit):
    return [
        Confirmation("only-file", ("pytest", IDS[test]), (test,), only, message="AssertionError: not dark"),
        Confirmation("collected", ("pytest", culprit, IDS[test], "--deselect", culprit), (test,), every),
    ]


ORDINARY = [Exam("order", (0, 1, 2), "pfp"), *(Exam("alone", (test,), "pfp"[test]) for test in (0, 1, 2))]
LOOKED = [
    *ORDINARY, *exams(0, "f", "p", DARK), *exams(1, "p", "f", FAKE), *confirmed(0, "f", "p", DARK),
    *confirmed(1, "p", "f", FAKE), ImportLeft((DARK,), (OWN,), (THEME,)), ImportLeft((FAKE,), (OWN,), (MODULE,)),
    ImportExam("proof", (OWN,), (0,), "f", later=(DARK,), restored=("core.DEFAULTS",)),
    ImportExam("proof", (OWN,), (1,), "p", later=(FAKE,), restored=("sys.modules['json']",)),
]  # fmt: skip


def judged(records) -> Part:
    plan = Plan("p", "/p", (Step("deep", "examine", ExamineSpec()),))
    begun = [StepStarted("deep"), ExamStarted(IDS, forks=True, rootdir="/p"), *records, StepFinished("deep", "done")]
    return trust(MemoryEvidence(plan, begun))


def test_files_are_named_as_setters_and_polluters_with_the_state_that_was_proved():
    brittle, victim = judged(LOOKED).flaky
    assert (brittle.verdict, brittle.cause, brittle.setters, brittle.polluters) == (
        "brittle",
        "import-time",
        (DARK,),
        (),
    )
    assert (victim.verdict, victim.cause, victim.setters, victim.polluters) == ("victim", "import-time", (), (FAKE,))
    assert [(state.name, state.proved) for state in brittle.leaked_state] == [("core.DEFAULTS['theme']", True)]
    assert brittle.reproducer == f"pytest {DARK} {IDS[0]} --deselect {DARK}"
    assert brittle.reproducer_outcome == (
        "it passed; with only its own file collected it failed (AssertionError: not dark)"
    )
    assert brittle.failure_probability.failures == 0  # of whole orders: it fails where only its file is collected


def test_each_file_at_fault_is_one_required_finding():
    titles = [one.title for one in judged(LOOKED).findings if one.verdict is Verdict.FAIL and one.required]
    assert titles == [
        f"1 brittle test: passing only where {DARK} is collected as well, which changes core.DEFAULTS['theme']",
        f"1 victim: failing where {FAKE} is collected as well, which changes sys.modules['json']",
    ]


def test_tests_of_one_file_at_fault_are_one_cluster():
    records = [*ORDINARY, *exams(0, "f", "p", DARK), *exams(2, "f", "p", DARK)]
    (found,) = [one for one in judged(records).findings if "brittle" in one.title]
    assert found.title == f"2 brittle tests: passing only where {DARK} is collected as well"
    assert found.verdict is Verdict.UNKNOWN  # no fresh process was asked


def test_what_a_fresh_process_denied_is_stable():
    denied = [one for one in LOOKED if not isinstance(one, Confirmation)]
    denied += [*confirmed(0, "p", "p", DARK), *confirmed(1, "p", "p", FAKE)]
    assert judged(denied).flaky == ()


def test_pollution_names_the_file_and_whom_it_hurts():
    (left,) = judged(LOOKED).pollution
    assert (left.test, left.state, left.victims, left.proved) == (FAKE, "sys.modules['json']", (IDS[1],), True)


def test_reports_say_it_in_a_sentence():
    brittle, victim = judged(LOOKED).flaky
    sentence = f"`test_theme` fails where only its own file is collected, and passes where `{DARK}` is, too"
    assert why(brittle) == f"{sentence}: collecting it leaves `core.DEFAULTS['theme']` changed."
    assert words(brittle) == "brittle: passes only where other files are collected"
    sentence = f"`test_clean` passes where only its own file is collected, and fails where `{FAKE}` is, too"
    assert why(victim) == f"{sentence}: collecting it leaves `sys.modules['json']` changed."
    assert words(victim) == "victim: fails where other files are collected"
