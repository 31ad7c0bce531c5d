"""What the judge makes of records of property tests."""

from __future__ import annotations

import msgspec
import pytest

from brinell.checks.property_tests import property_tests
from brinell.checks.suite_report import suite_report
from brinell.core.evidence import MemoryEvidence
from brinell.core.observation import Epoch, SeenTest, StepFinished, StepStarted, SuiteEnded, SuiteStarted
from brinell.core.plan import Plan, PropertySpec, Step, SuiteSpec
from brinell.core.property_records import PropertyEnded, PropertyObserved, PropertyRun, PropertyStarted
from brinell.core.verdicts import Reason, Verdict

STARTED = PropertyStarted(
    "look", hypothesis="6.170.0", observability="add_observability_callback", tests=1, own_ci=True
)


def ordinary(purpose, ran, each_us=1000, **more):
    """A run of ``ran`` equal examples under a profile that asks for as many."""
    fields = {"ran": ran, "declared": ran, "profile_examples": ran, "file": "test_a.py", "line": 3} | more
    seconds = ran * each_us / 1e6
    return PropertyRun(
        purpose, fields.pop("test", "test_a.py::t"), fields.pop("outcome", "passed"), call_s=seconds,
        phases_s={"generate": seconds}, statuses="v" * ran, cost_us=(each_us,) * ran, draw_us=(each_us // 4,) * ran,
        **fields,
    )  # fmt: skip


def evidence(*records, suite=(), **fields):
    spec = PropertySpec(**fields)
    steps = (
        Step("suite", "suite", SuiteSpec()),
        Step("property", "property", spec),
        Step("property:verify", "property", msgspec.structs.replace(spec, part="verify")),
    )
    second = [one for one in records if getattr(one, "purpose", "") in {"ci", "local"}]
    first = [one for one in records if one not in second]
    return MemoryEvidence(
        Plan("p", "/p", steps if suite else steps[1:]),
        [
            Epoch("2026-01-01T00:00:00+00:00", 0, "", 1, "0"),
            *([StepStarted("suite"), *suite, StepFinished("suite")] if suite else []),
            StepStarted("property"), *first, StepFinished("property"),
            StepStarted("property:verify"), *second, StepFinished("property:verify"),
        ],
    )  # fmt: skip


def judged(*records, **fields):
    part = property_tests(evidence(*records, **fields))
    return part, {one.id.removeprefix("property."): one for one in part.findings}


MEASURED = (STARTED, ordinary("look", 10), ordinary("measure", 200))
TRIED = (ordinary("ci", 50), ordinary("local", 200), PropertyEnded("local", 0, 1.0))


def test_nothing_asked_for_is_not_measured():
    part = property_tests(MemoryEvidence(Plan("p", "/p", ()), []))
    assert part.property_tests is None
    assert "brinell property" in part.not_measured["property_tests"]


def test_a_test_measured_and_verified():
    part, found = judged(*MEASURED, *TRIED)
    (one,) = part.property_tests
    assert one.max_examples.ci == 50
    assert one.predicted_s.ci.seconds == pytest.approx(0.05)
    assert (one.verified_s.ci, one.verified_s.local) == (pytest.approx(0.05), pytest.approx(0.2))
    assert one.seconds_per_example.generate == pytest.approx(0.00025)
    assert (one.tier, one.ci_tier, one.slow_because) == ("fast", "fast", None)
    assert found["predictions"].title == "2 of 2 predictions within 20 % of what the runs took"
    assert {found[name].verdict for name in ("tests", "budget", "tiers", "predictions", "targets")} == {Verdict.PASS}
    assert part.property_summary.verified.met
    assert part.property_summary.verification_timestamp.startswith("2026-01-01T00:00")


def test_predictions_that_fail_are_named():
    part, found = judged(*MEASURED, ordinary("ci", 50, each_us=3000), ordinary("local", 200, each_us=3000))
    assert found["predictions"].verdict is Verdict.FAIL
    assert "predicted 0.05 s, took 0.15 s" in found["predictions"].detail
    assert part.property_summary.verified.within_20_percent == 0


def test_without_verification_targets_are_set_and_not_verified():
    part, found = judged(*MEASURED)
    assert found["predictions"].reason is Reason.NOT_EXERCISED
    assert part.property_summary.verified is None
    assert "property_summary.verified" in part.not_measured
    assert part.property_summary.targets.max_examples_ci == 50


@pytest.mark.parametrize(("stated", "required"), [(False, False), (True, True)])
def test_a_budget_that_is_stated_is_required(stated, required):
    _, found = judged(*MEASURED, *TRIED, budget_s=0.001, budget_stated=stated)
    assert (found["budget"].verdict, found["budget"].required) == (Verdict.FAIL, required)


def test_a_slow_test_is_told_with_its_reason_and_its_edit():
    slow = (ordinary("look", 10, each_us=900_000), ordinary("measure", 20, each_us=900_000))
    watched = PropertyObserved("observe", "test_a.py::t", {"passed": 20}, timing={"run": 1.0, "generate": 9.0})
    part, found = judged(STARTED, *slow, watched)
    (one,) = part.property_tests
    assert (one.tier, one.slow_because) == ("too-slow", "generation")
    assert "settings.default.max_examples //" in found["tiers"].detail
    assert found["tiers"].verdict is Verdict.FAIL


def test_a_fixture_can_be_what_is_slow():
    slow = [ordinary(purpose, ran, setup_s=70.0) for purpose, ran in (("look", 10), ("measure", 200))]
    (one,) = judged(STARTED, *slow)[0].property_tests
    assert (one.tier, one.slow_because) == ("slow", "fixture")


def test_pinned_tests_are_named_with_the_edit():
    pinned = [ordinary("look", 10, declared=1000), ordinary("measure", 200, declared=1000)]
    _, found = judged(STARTED, *pinned)
    assert (
        found["pinned"].detail
        == "test_a.py:3: max_examples=1000 of test_a.py::t; take it away, and the profiles decide"
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "Hypothesis loads its own profile"),
        ({"profiles_loaded": ("mine",)}, None),
        ({"own_ci": False}, None),
        ({"derandomize": True, "profile": "mine", "profiles_loaded": ("mine",)}, "mine is derandomised"),
    ],
)
def test_a_ci_that_explores_nothing_new_is_warned_of(changes, said):
    _, found = judged(msgspec.structs.replace(STARTED, **changes), *MEASURED[1:])
    assert (said is None) == ("ci-profile" not in found)
    assert said is None or said in found["ci-profile"].title


def test_an_old_hypothesis_gives_times_and_says_what_is_missing():
    part, found = judged(msgspec.structs.replace(STARTED, hypothesis="6.80.0", observability=""), *MEASURED[1:])
    assert found["observability"].reason is Reason.UNSUPPORTED
    assert "6.92" in found["observability"].detail
    assert part.property_tests[0].predicted_s is not None


def test_an_unusable_database_many_rejects_and_a_left_reproducer():
    rejecting = PropertyObserved("observe", "test_a.py::t", {"passed": 10, "gave_up": 30})
    runs = [ordinary("look", 10, reproduce=True), ordinary("measure", 200, reproduce=True)]
    _, found = judged(msgspec.structs.replace(STARTED, unusable_database="/ro/.hypothesis"), *runs, rejecting)
    assert "/ro/.hypothesis" in found["database"].detail
    assert "75%" in found["rejected"].detail
    assert "test_a.py:3" in found["reproduce"].detail


def test_what_was_not_reached_is_not_passed_over():
    ended = PropertyEnded("look", None, 9.0, timed_out=True, left_out={"test_z.py::z": "the session's time was over"})
    _, found = judged(*MEASURED, ended)
    assert (found["left-out"].verdict, found["left-out"].required) == (Verdict.UNKNOWN, True)
    assert "test_z.py::z" in found["left-out"].detail


def test_the_suite_s_report_has_the_targets():
    suite = (
        SuiteStarted(("pytest",), "py", "asked"),
        SeenTest("t", "passed", {}),
        SuiteEnded(0, 1.0, 1.0, {"passed": 1}),
    )
    report = suite_report(evidence(*MEASURED, *TRIED, suite=suite)).suite
    assert report.target_property_test == 100
    assert report.property_test_targets["max_examples_default"] == 200
    assert report.targets_verified["targets_met"] == 1
    assert report.targets_met["property_test"] is True
    assert report.verification_timestamp
