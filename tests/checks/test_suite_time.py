from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.checks.suite_report import suite_report
from brinell.checks.suite_time import spoken
from brinell.core.evidence import MemoryEvidence
from brinell.core.observation import Epoch, Phase, SeenTest, StepFinished, StepStarted, SuiteEnded, SuiteStarted
from brinell.core.plan import Plan, Step, SuiteSpec
from brinell.core.time_records import FixtureTime, ImportTime, SessionTime

PARTS = ("start", "import", "collection", "fixtures", "setup", "call", "teardown", "between", "end")
SECONDS = st.floats(0, 1000).map(lambda value: round(value, 6))


def reported(*records, spec=None):
    plan = Plan(name="p", root="/p", steps=(Step("suite", "suite", spec or SuiteSpec()),))
    started = SuiteStarted(("pytest",), "python3", "asked for")
    seen = SeenTest("t.py::a", "passed", {"call": Phase("passed", 0.5)}, path="t.py")
    before = [Epoch("2026-01-01T00:00:00Z", 0, "", 1, "0"), StepStarted("suite"), started, seen]
    return suite_report(MemoryEvidence(plan, [*before, *records, StepFinished("suite", "done")])).suite


def session(seconds=10.0, repeat=0, **parts):
    return SessionTime(seconds, **{f"{name}_s": parts.get(name, 0.0) for name in PARTS}, repeat=repeat)


def ended(seconds=10.0, repeat=0):
    return SuiteEnded(0, seconds, 4.0, summary={"passed": 1}, repeat=repeat)


@given(st.fixed_dictionaries(dict.fromkeys(PARTS, SECONDS)), SECONDS)
def test_the_parts_add_up_to_the_wall_time(parts, wall_s):
    time = reported(session(**parts), ended(wall_s)).time
    assert time.wall_s == wall_s
    whole = time.import_s + time.collection_s + time.fixtures_s + time.call_s + time.teardown_s + time.rest_s
    assert whole + time.unexplained_s == pytest.approx(wall_s, abs=1e-5)
    assert time.rest_s == pytest.approx(time.start_s + time.setup_s + time.between_s + time.end_s, abs=1e-5)


def test_without_a_word_from_the_process_nothing_is_known():
    suite = reported(ended())
    assert suite.time is None
    assert suite.fixtures == suite.imports == ()


def test_of_several_runs_the_median_one_speaks():
    records = []
    for repeat, seconds in enumerate((9.0, 1.0, 5.0)):
        records += [
            SuiteStarted(("pytest",), "python3", "asked for", repeat=repeat),
            session(seconds, repeat, call=seconds / 2),
            SeenTest("t.py::a", "passed", {"call": Phase("passed", 0.5)}, path="t.py", repeat=repeat),
            ended(seconds, repeat),
        ]
    assert reported(*records[1:], spec=SuiteSpec(repeat=3)).time.call_s == 2.5


@pytest.mark.parametrize(
    ("fixture", "words"),
    [
        (FixtureTime("db", "function", "conftest.py", 4, 4.0, 40, cpu_s=3.9), "set up 40 times, 100 ms each: with"),
        (FixtureTime("db", "function", "conftest.py", 4, 4.0, 40, cpu_s=0.1), "100 ms each, most of it waiting: with"),
        (FixtureTime("db", "session", "conftest.py", 4, 4.0, 1, cpu_s=3.9), "4 s each time: see what it does"),
        (FixtureTime("db", "function", "conftest.py", 4, 0.1, 40), ""),
        (FixtureTime("tmp", "function", "/v/lib/site-packages/_pytest/tmpdir.py", 4, 4.0, 40), ""),
    ],
)
def test_advice_on_a_fixture_is_what_its_numbers_say(fixture, words):
    (cost,) = reported(session(), fixture, ended()).fixtures
    assert cost.advice.startswith(words) if words == "" else words in cost.advice
    assert bool(cost.advice) == bool(words)


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (ImportTime("pandas", "/v/pandas.py", 2.0, 1.5, by="shop.report"), "imported first by shop.report"),
        (ImportTime("pandas", "/v/pandas.py", 2.0, 1.5, by="x", at_start=True), ""),
        (ImportTime("shop.tables", "shop/tables.py", 2.0, 1.5, project=True), "1.5 s of its own"),
        (ImportTime("shop", "shop/__init__.py", 2.0, 0.01, project=True), ""),
    ],
)
def test_advice_on_an_import_is_what_its_numbers_say(one, words):
    (cost,) = reported(session(), one, ended()).imports
    assert words in cost.advice
    assert bool(cost.advice) == bool(words)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("_xunit_setup_method_fixture_TestShop", "setup_method of TestShop"),
        ("_xunit_setup_module_fixture_tests.test_a", "setup_module of tests.test_a"),
        ("_unittest_setUpClass_fixture_TestShop", "setUpClass of TestShop"),
        ("database", "database"),
    ],
)
def test_fixtures_that_pytest_makes_of_methods_are_told_as_those(name, said):
    assert spoken(name) == said
