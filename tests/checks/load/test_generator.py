"""The rules that decide whether the generator can be believed: never against a slow subject, always against itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.checks.load.generator import RULES

LIMITS = {"p95_ms": 500, "error_rate": 0.01, "min_rate": 900}


def test_a_generator_with_time_to_spare_is_believed(story):
    assert story(thresholds=LIMITS).verdicts() == dict.fromkeys(("ran", "generator", *LIMITS), "pass")


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"cpu": (0.97,)}, "more workers"),
        ({"cpu": (0.1, 0.97)}, "more workers"),
        ({"cpu": (0.5,), "starved": 0.48}, "no idle moment"),
        ({"lag_ms": 60, "response_ms": 80}, "after it was due"),
        ({"failures": ("worker 0 ended with signal 9",)}, "signal 9"),
        ({"errors": {"own-fault": 1}}, "descriptor"),
        ({"scheduled": 5000}, "stood still"),
    ],
)
def test_a_generator_that_was_the_limit_never_passes(story, told, words):
    run = story(thresholds=LIMITS, **told)
    found = run.findings()
    assert found["generator"].reason.value == "invalid"
    assert words in found["generator"].detail
    assert not run.part().load[0].generator.valid
    assert {found[name].reason.value for name in LIMITS} == {"invalid"}


@given(
    response_ms=st.floats(0.05, 60_000),
    waiting=st.integers(0, 100_000),
    failed=st.dictionaries(
        st.sampled_from(["timeout", "reset", "refused", "unfinished", "status-500"]), st.integers(1, 200)
    ),
    cpu=st.floats(0, 0.89),
)
def test_a_slow_or_failing_subject_is_never_called_invalid(story, response_ms, waiting, failed, cpu):
    run = story(
        seconds=3, response_ms=response_ms, service_ms=response_ms / 2, waiting=waiting, errors=failed, cpu=(cpu,),
        thresholds=LIMITS,
    )  # fmt: skip
    assert run.findings()["generator"].verdict.value == "pass"
    assert "invalid" not in run.verdicts().values()


@pytest.mark.prove
@given(
    cpu=st.floats(0.9, 1.0),
    response_ms=st.floats(0.05, 60_000),
    workers=st.integers(1, 4),
    waiting=st.integers(0, 1000),
)
def test_a_saturated_generator_is_never_called_valid(story, cpu, response_ms, workers, waiting):
    run = story(
        seconds=4, cpu=(0.2,) * (workers - 1) + (cpu,), response_ms=response_ms, waiting=waiting, thresholds=LIMITS
    )
    assert "pass" not in {run.verdicts()[name] for name in ("generator", *LIMITS)}


def test_a_moment_of_full_load_after_a_stall_is_no_saturation(story):
    # One second of thirty: what waited while the subject stood still is sent as fast as the subject takes it.
    run = story(seconds=30, thresholds=LIMITS)
    run.extra = [one for one in story(seconds=1, cpu=(1.0,)).records() if type(one).__name__ == "GeneratorSecond"]
    assert run.verdicts()["generator"] == "pass"


@pytest.mark.parametrize("rate", [1000, None])
def test_a_crowded_machine_is_the_limit_where_its_delay_counts(story, rate):
    crowded = {"cpu": (0.05,), "starved": 0.93, "lag_ms": 3.0, "rate": rate, "thresholds": LIMITS}
    assert story(response_ms=128, **crowded).verdicts()["generator"] == "pass"
    assert story(response_ms=1, **crowded).verdicts()["generator"] == "invalid"


@pytest.mark.parametrize(
    ("lag_ms", "response_ms", "limits", "believed"),
    [
        (4.0, 1.0, {"p95_ms": 500}, True),  # far below what was asked for
        (4.0, 1.0, {"p95_ms": 10}, False),
        (1.5, 1.0, {"p95_ms": 1}, True),  # below what any system keeps
        (4.0, 1.0, {}, True),
        (6.0, 1.0, {}, False),
        (6.0, 100.0, {}, True),  # a small part of what was measured
        (6.0, 1.0, {"service_p95_ms": 500}, False),  # asks nothing of response times
        (60.0, 1000.0, {"p95_ms": 100}, True),
    ],
)
def test_lateness_counts_against_what_was_measured_and_asked(story, lag_ms, response_ms, limits, believed):
    run = story(lag_ms=lag_ms, response_ms=response_ms, service_ms=1.0, thresholds=limits)
    assert (run.verdicts()["generator"] == "pass") is believed


def test_the_busiest_worker_is_told(story):
    assert story(cpu=(0.2, 0.7, 0.1)).part().load[0].generator.cpu == pytest.approx(0.7)


def test_connecting_and_draining_are_not_the_middle(story):
    run = story(seconds=4)
    base = list(run.records())
    seconds = [one for one in base if type(one).__name__ == "GeneratorSecond"]
    assert len(seconds) == 4
    busy_start = story(seconds=4, cpu=(0.1,))
    busy_start.extra = []
    assert busy_start.verdicts()["generator"] == "pass"


@pytest.mark.parametrize("seconds", [1, 2, 3])
def test_short_runs_are_judged_as_far_as_they_go(story, seconds):
    assert story(seconds=seconds, cpu=(0.99,)).verdicts()["generator"] == "invalid"
    assert story(seconds=seconds, cpu=(0.2,)).verdicts()["generator"] == "pass"


# --- failures that stand --------------------------------------------------------------------------------------------


def test_errors_only_the_subject_can_make_stay_a_failure(story):
    for kind in ("status-500", "protocol", "short-body", "refused"):
        assert story(cpu=(0.99,), errors={kind: 100}, thresholds=LIMITS).verdicts()["error_rate"] == "fail"
    for kind in ("timeout", "unfinished", "reset"):
        assert story(cpu=(0.99,), errors={kind: 100}, thresholds=LIMITS).verdicts()["error_rate"] == "invalid"


def test_a_service_time_above_the_limit_stays_a_failure_unless_the_loop_was_full(story):
    late = story(lag_ms=400, response_ms=900, service_ms=800, thresholds={"p95_ms": 500})
    assert late.verdicts() == {"ran": "pass", "generator": "invalid", "p95_ms": "fail"}
    mostly_lag = story(lag_ms=400, response_ms=900, service_ms=300, thresholds={"p95_ms": 500})
    assert mostly_lag.verdicts()["p95_ms"] == "invalid"
    full = story(cpu=(0.99,), response_ms=900, service_ms=800, thresholds={"p95_ms": 500})
    assert full.verdicts()["p95_ms"] == "invalid"


def test_a_rate_that_was_not_offered_cannot_be_missed(story):
    assert story(cpu=(0.99,), thresholds={"min_rate": 5000}).verdicts()["min_rate"] == "invalid"


def test_every_rule_says_what_to_do():
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert all(len(rule.advice.split()) >= 4 for rule in RULES)
