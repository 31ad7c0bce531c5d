"""Records of a reading, and of the run that goes with it, to advice."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.checks.deprecations import CAUSES, cause_of, is_deprecation
from brinell.checks.quality import quality
from brinell.checks.quality_words import PLURALS, WORDS
from brinell.core.evidence import MemoryEvidence
from brinell.core.observation import SeenTest, StepFinished, StepStarted, SuiteEnded, WarningSeen
from brinell.core.plan import Plan, QualitySpec, Step, SuiteSpec
from brinell.core.quality_records import KINDS, CoverageTarget, ModuleCoverage, QualityRead, Weakness
from brinell.core.time_records import FixtureTime
from brinell.core.verdicts import Severity, Verdict

READ = QualityRead(files=2, tests=4, assertions=6, per_test=((0, 1), (2, 3)))
STEPS = (Step("suite", "suite", SuiteSpec()), Step("quality", "quality", QualitySpec()))


def judged(*records, run=()):
    whole = [
        StepStarted("suite"),
        *run,
        StepFinished("suite"),
        StepStarted("quality"),
        *records,
        StepFinished("quality"),
    ]
    return quality(MemoryEvidence(Plan("p", "/p", STEPS), whole))


def test_nothing_that_was_read_is_required_or_a_bug():
    part = judged(Weakness("sleep", "t.py", 3, seconds=0.5), READ)
    assert all(not finding.required for finding in part.findings)
    assert [finding.id for finding in part.findings] == ["quality.sleep", "quality.read"]
    assert part.findings[-1].verdict is Verdict.PASS


def test_a_weakness_is_told_with_its_words():
    (item,) = judged(Weakness("shadowed", "t.py", 3, test="t.py::test_a", name="test_a", detail="9"), READ).quality
    assert (item.kind, item.file, item.line, item.severity, item.test) == ("shadowed", "t.py", 3, "P2", "t.py::test_a")
    assert item.title == "test_a is defined again at line 9: this one never runs"
    assert item.fix


@pytest.mark.parametrize(("seconds", "severity"), [(0.2, "P3"), (1.0, "P2"), (None, "P3")])
def test_long_sleeps_are_gaps_of_time(seconds, severity):
    (item,) = judged(Weakness("sleep", "t.py", 3, detail="pause", seconds=seconds), READ).quality
    assert item.severity == severity
    assert (f"{seconds:g} s" if seconds else "pause") in item.title


def test_a_dependency_is_told_with_where_it_belongs():
    record = Weakness("missing-dependency", "t.py", 1, name="yaml", detail="PyYAML\n[dependency-groups.test]\n")
    assert judged(record, READ).quality[0].fix == "Add PyYAML to [dependency-groups.test]."


@pytest.mark.parametrize("detail", ["plugin pytest-django", "python_files", ""])
def test_an_unknown_option_is_told_with_what_is_meant(detail):
    record = Weakness("unknown-option", "pytest.ini", 2, variant="pytest", name="python_fils", detail=detail)
    (item,) = judged(record, READ).quality
    assert "{" not in item.title + item.fix
    assert detail.removeprefix("plugin ") in item.title + item.fix


def test_facts_of_the_subject_are_no_templates():
    (item,) = judged(Weakness("shadowed", "t.py", 3, name="{detail}{0}{x.__class__}", detail="{name}"), READ).quality
    assert item.title == "{detail}{0}{x.__class__} is defined again at line {name}: this one never runs"


@given(
    st.builds(
        Weakness, st.sampled_from(KINDS), st.text(), st.integers(0, 10**6),
        st.sampled_from(sorted({variant for _, variant in WORDS})), st.text(), st.text(), st.text(),
        st.none() | st.floats(0, 1e9),
    )
)  # fmt: skip
def test_any_record_becomes_advice(record):
    part = judged(record, READ)
    assert len(part.quality or ()) == 1
    assert all(finding.title for finding in part.findings)


def test_the_worst_come_first_and_are_counted():
    records = [Weakness("sleep", "t.py", n, seconds=0.1) for n in (5, 3)] + [
        Weakness("asserts-nothing", "u.py", 1, name="x")
    ]
    part = judged(*records, READ)
    assert [(item.kind, item.line) for item in part.quality] == [("asserts-nothing", 1), ("sleep", 3), ("sleep", 5)]
    assert part.quality_summary.counts == {"asserts-nothing": 1, "sleep": 2}
    assert [finding.title for finding in part.findings][:2] == ["1 test asserts nothing", "2 sleeps in tests"]


def test_density():
    told = judged(READ).quality_summary
    assert (told.per_test, told.median, told.without) == (1.5, 2.0, 1)


def test_deprecations_are_grouped_by_cause_with_their_tests():
    old = "The `dict` method is deprecated; use `model_dump` instead."
    run = [
        WarningSeen(old, "pydantic.warnings.PydanticDeprecatedSince20", "/v/site-packages/x/a.py", 1, "t.py::a"),
        WarningSeen("Pydantic V1 style `@validator`", "PydanticDeprecatedSince20", "/p/shop/b.py", 7, "t.py::b"),
        WarningSeen(old, "PydanticDeprecatedSince20", "/p/shop/b.py", 7, "t.py::b", repeat=1),
        WarningSeen("x(1) goes away", "DeprecationWarning", "/p/t.py", 3, "t.py::a"),
        WarningSeen("x(2) goes away", "DeprecationWarning", "/p/t.py", 4, "t.py::c"),
        WarningSeen("careful", "UserWarning", "/p/t.py", 4, "t.py::c"),
    ]
    items = judged(READ, run=run).quality
    assert [(item.file, item.line, item.tests) for item in items] == [("shop/b.py", 7, 2), ("t.py", 3, 2)]
    assert "Pydantic" in items[0].title
    assert "field_validator" in items[0].fix
    assert items[0].places == ("site-packages/x/a.py:1",)


def test_a_deprecation_in_a_fixture_touches_every_test_that_uses_it():
    seen = WarningSeen("x() goes away", "PendingDeprecationWarning", "/p/conftest.py", 7, "t.py::a")
    (item,) = judged(READ, run=[msgspec.structs.replace(seen, tests=("t.py::a", "t.py::b"), touched=2)]).quality
    assert (item.tests, item.touched) == (2, ("t.py::a", "t.py::b"))
    assert "warned of in 2 tests" in item.title
    (item,) = judged(READ, run=[msgspec.structs.replace(seen, tests=("t.py::a",), touched=3000)]).quality
    assert (item.tests, item.touched) == (3000, ("t.py::a",))


def test_what_the_run_showed_beside_warnings():
    run = [
        SeenTest("t.py::test_x", "xpassed", {}, path="t.py", line=8),
        FixtureTime("database", "function", "conftest.py", 4, 12.0, 60),
        FixtureTime("cheap", "function", "conftest.py", 9, 0.9, 60),
        FixtureTime("share", "session", "conftest.py", 12, 1.5, 1),
        SuiteEnded(0, 40.0, 1.0),
    ]
    items = {item.kind: item for item in judged(READ, run=run).quality}
    assert set(items) == {"xpassed", "slow-fixture"}
    assert (items["xpassed"].file, items["xpassed"].line) == ("t.py", 8)
    assert "12.0 s: 60 times 0.2 s" in items["slow-fixture"].title
    assert "session" in items["slow-fixture"].fix


def test_coverage_below_its_target():
    modules = [ModuleCoverage("a.py", 10, 5, (3, 4)), ModuleCoverage("b.py", 10, 9), ModuleCoverage("c.py", 0, 0)]
    part = judged(READ, *modules, CoverageTarget(80, 70.0))
    (item,) = part.quality
    assert (item.kind, item.file, item.line, item.severity) == ("coverage-gap", "a.py", 3, Severity.P2)
    assert (part.quality_summary.coverage, part.quality_summary.coverage_target) == (70.0, 80)
    assert "quality.coverage" not in part.not_measured
    part = judged(READ, CoverageTarget(80, why_not="no coverage here"))
    assert part.not_measured["quality.coverage"] == "no coverage here"


def test_what_was_not_read_is_not_measured():
    part = judged(QualityRead(1, 1, 1, left_out={"unknown-option of coverage": "no coverage"}))
    assert part.not_measured["quality.unknown-option of coverage"] == "no coverage"
    assert "quality" in quality(MemoryEvidence(Plan("p", "/p", STEPS[:1]), [])).not_measured
    cut_off = judged(Weakness("sleep", "t.py", 1))
    assert [finding.verdict for finding in cut_off.findings] == [Verdict.UNKNOWN]
    assert cut_off.quality is None


def test_a_suite_without_tests_proves_nothing():
    (finding,) = judged(QualityRead(0, 0, 0)).findings
    assert finding.verdict is Verdict.UNKNOWN


def test_every_kind_has_a_title():
    assert set(PLURALS) == set(KINDS)
    assert {kind for kind, _ in WORDS} <= set(KINDS)


@pytest.mark.parametrize(
    ("category", "message", "name"),
    [
        ("DeprecationWarning", "datetime.datetime.utcnow() is deprecated and scheduled for removal", "naive UTC times"),
        (
            "sqlalchemy.exc.MovedIn20Warning",
            "The declarative_base() function is now",
            "SQLAlchemy 1 API under SQLAlchemy 2",
        ),
        (
            "DeprecationWarning",
            "on_event is deprecated, use lifespan event handlers",
            "FastAPI and Starlette start-up events",
        ),
        ("pytest.PytestRemovedIn9Warning", "The (path) argument is deprecated", "pytest"),
        ("DeprecationWarning", "invalid escape sequence '\\d'", "invalid escape sequences"),
        ("DeprecationWarning", "pkg_resources is deprecated as an API", "pkg_resources"),
        (
            "DeprecationWarning",
            "'cgi' is deprecated and slated for removal in Python 3.13",
            "modules that Python removes",
        ),
    ],
)
def test_known_migrations(category, message, name):
    assert is_deprecation(category, message)
    assert cause_of(category, message)[1] == name


def test_no_migration_hides_another():
    assert len({cause.name for cause in CAUSES}) == len(CAUSES)


@given(st.text(), st.text())
def test_any_warning_has_a_cause(category, message):
    key, name, fix = cause_of(category, message)
    assert len(name) <= 100
    assert fix
    assert isinstance(key, str)
