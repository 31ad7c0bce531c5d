from __future__ import annotations

import time

import msgspec
import pytest

from brinell.core.evidence import MemoryEvidence
from brinell.core.observation import (
    Epoch,
    KnownBugs,
    Reproduced,
    StepFinished,
    StepStarted,
    SuiteEnded,
    SuiteStarted,
)
from brinell.core.plan import Plan, Step, SuiteSpec
from brinell.core.verdicts import Verdict
from brinell.judge import judge
from brinell.triage.check import triage

BOOM = ("tests/test_a.py:3 test_a", "src/shop/web.py:9 get", "src/shop/cart.py:30 Cart.add")


def boom(suite, **more):
    at = suite.frame(BOOM[-1], 'raise RuntimeError("boom")')
    return suite.failed("tests/test_a.py::test_a", suite.raised("RuntimeError", "boom", *BOOM[:2], at), **more)


def test_the_function_that_was_made_to_raise_is_named_everywhere(suite):
    broken = suite.raised("OSError", "x", "tests/conftest.py:3 db")
    infrastructure = [
        suite.failed(f"tests/test_b.py::test_{n}", broken, phase="setup", fixture="db") for n in range(50)
    ]
    first, second = suite.bugs(boom(suite), *infrastructure)
    assert "Cart.add" in first.title
    assert "`Cart.add` at src/shop/cart.py:30" in first.root_cause
    assert "`Cart.add`" in first.fix_strategy
    assert (first.suspects[0].file, first.suspects[0].function, first.suspects[0].lines, first.suspects[0].score) == (
        "src/shop/cart.py", "Cart.add", (30,), 1.0,
    )  # fmt: skip
    assert first.suspects[1].function == "get"
    assert first.suspects[1].score == 0.5
    assert first.sla_due == "2026-03-04T12:00:00Z"
    assert second.owner == "infrastructure"


def test_ties_are_counted(suite):
    errors = [suite.raised("E", "x", "src/shop/a.py:1 f", f"{suite.SITE}/z.py:1 z") for _ in range(2)]
    (bug,) = suite.bugs(*(suite.failed(f"tests/test_a.py::test_{n}", e) for n, e in enumerate(errors)))
    assert [suspect.tied for suspect in bug.suspects] == [0]


def test_a_wrong_result_names_no_suspect_and_says_why(suite):
    error = suite.raised("AssertionError", "assert 1 == 2", suite.frame("tests/test_a.py:3 test_a", "assert f() == 2"))
    (bug,) = suite.bugs(suite.failed("tests/test_a.py::test_a", error))
    assert bug.suspects == ()
    assert "`assert f() == 2` does not hold at tests/test_a.py:3 (test_a)" in bug.root_cause
    assert "does not say where" in bug.root_cause


def test_what_a_test_raises_itself_is_not_called_an_assertion(suite):
    at = suite.frame("tests/tools.py:9 verify", "raise OutputDiffers(text)")
    (bug,) = suite.bugs(suite.failed("tests/test_a.py::test_a", suite.raised("OutputDiffers", "x", at)))
    assert bug.root_cause.startswith(
        "The test itself raises OutputDiffers at tests/tools.py:9 (verify). No product code"
    )


def test_a_reproduction_is_read_from_the_journal(suite):
    identity = suite.bugs(boom(suite))[0].id
    command = ("pytest", "tests/test_a.py::test_a[a b]")
    ran = Reproduced(identity, "tests/test_a.py::test_a", command, "passed alone", 1.0, "the suite's order matters")
    (bug,) = triage(suite.evidence(boom(suite), after=[ran])).bugs
    assert bug.reproduction.command == "pytest 'tests/test_a.py::test_a[a b]'"
    assert bug.reproduction.outcome == "passed alone: the suite's order matters"
    assert "it passes" in bug.owner_evidence[-1]


def test_what_was_not_reproduced_is_said(suite):
    part = triage(suite.evidence(boom(suite)))
    assert part.bugs[0].reproduction is None
    assert part.bugs[0].id in part.not_measured["bugs.reproduction"]


def test_many_bugs_without_a_reproduction_are_counted_where_not_all_are_named(suite):
    part = triage(suite.evidence(*unlike(suite, 23)))
    assert part.not_measured["bugs.reproduction"].endswith(" and 3 more")


def unlike(suite, number):
    errors = [suite.raised("ValueError", "bad", f"src/shop/cart.py:1 f{n}") for n in range(number)]
    return [suite.failed(f"tests/test_a.py::test_{n}", error) for n, error in enumerate(errors)]


def test_work_grows_in_proportion_to_the_number_of_bugs(suite):
    def cost(number):
        evidence, spent = suite.evidence(*unlike(suite, number)), []
        for _ in range(3):
            begun = time.process_time_ns()
            triage(evidence)
            spent.append(time.process_time_ns() - begun)
        return min(spent)

    assert cost(4000) < 20 * cost(500)  # 8 if linear, 64 if quadratic


def test_known_and_regressed(suite):
    identity = suite.bugs(boom(suite))[0].id
    for entries, status in (
        ({}, "new"),
        ({identity: "open"}, "known"),
        ({identity: "fixed"}, "regressed"),
        ({"tests/test_a.py::test_a": "open"}, "known"),
        ({"tests/test_b.py::test_b": "open"}, "new"),
    ):
        assert triage(suite.evidence(boom(suite), before=[KnownBugs(entries)])).bugs[0].status == status


def test_one_listed_test_does_not_make_the_bug_of_others_known(suite):
    other = suite.failed("tests/test_b.py::test_b", *boom(suite).chain)
    known = KnownBugs({"tests/test_a.py::test_a": "open"})
    assert triage(suite.evidence(boom(suite), other, before=[known])).bugs[0].status == "new"


def test_a_passing_suite_has_no_bugs(suite):
    assert triage(suite.evidence(suite.passed("tests/test_a.py::test_a"), end=suite.SuiteEnded(0, 1.0, 1.0))).bugs == ()


def test_without_a_suite_bugs_are_not_measured():
    part = triage(MemoryEvidence(Plan("p", "/p", ()), []))
    assert part.not_measured == {"bugs": "no suite was examined"}


def test_a_rerun_that_passed_is_no_bug(suite):
    first = msgspec.structs.replace(boom(suite), final=False)
    assert suite.bugs(first, suite.passed("tests/test_a.py::test_a"), end=suite.SuiteEnded(0, 1.0, 1.0)) == ()


def test_the_check_takes_part_in_the_judgement(suite):
    judgement = judge(suite.evidence(boom(suite)), {"triage": triage})
    assert len(judgement.bugs) == 1
    assert judgement.verdict is Verdict.UNKNOWN
    assert judgement.findings == ()


def test_what_the_subject_says_is_neutralised(suite):
    error = suite.raised("RuntimeError", "\x1b[31mpassword=hunter2\x00 \u202e", *BOOM)
    (bug,) = suite.bugs(suite.failed("tests/test_a.py::test_a", error, longrepr="E  api_key='abcdef123456'"))
    text = msgspec.json.encode(bug).decode()
    assert "hunter2" not in text
    assert "abcdef123456" not in text
    assert "\\u001b" not in text
    assert "\u202e" not in text


@pytest.mark.parametrize("status", [0, 1])
def test_a_process_that_left_in_the_middle_of_a_test_is_a_bug_whatever_status_it_chose(status):
    plan = Plan(name="p", root="/p", steps=(Step("suite", "suite", SuiteSpec()),))
    records = [
        Epoch("2026-01-01T00:00:00Z", 0, "", 1, "0"),
        StepStarted("suite"),
        SuiteStarted(("pytest",), "/usr/bin/python3", "asked for", python="3.11.7", rootdir="/p", cwd="/p"),
        SuiteEnded(status, 1.0, None, running=("tests/test_a.py::test_leaves",)),
        StepFinished("suite"),
    ]
    (bug,) = triage(MemoryEvidence(plan, records)).bugs
    assert bug.tests == ("tests/test_a.py::test_leaves",)
    assert f"exit status {status}" in bug.title
