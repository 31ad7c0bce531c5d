from __future__ import annotations

import pytest

from brinell.core.load_records import LoadEnded
from brinell.core.thresholds import METRICS, THRESHOLDS
from brinell.core.verdicts import Verdict

SHARES = {"error_rate", "each_error_rate"}
GENEROUS = {name: 0.5 if name in SHARES else 1 if name == "min_rate" else 10_000 for name in METRICS}
STRICT = {name: 0.001 if name in SHARES else 99_999 if name == "min_rate" else 1 for name in METRICS}


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_can_be_met_and_missed(story, look, name):
    run = {"seconds": 30, "errors": {"status-500": 10}, "extra": [look(1, 0.1, 1000), look(29, 0.2, 3000)]}
    met = story(thresholds={name: GENEROUS[name]}, **run)
    missed = story(thresholds={name: STRICT[name]}, **run)
    assert met.verdicts()[name] == "pass"
    assert missed.verdicts()[name] == "fail"
    assert met.findings()[name].required


@pytest.mark.parametrize(
    ("name", "observed"),
    [
        ("p95_ms", 10),
        ("service_p99_ms", 4),
        ("max_ms", 10),
        ("service_mean_ms", 4),
        ("error_rate", 0.0),
        ("min_rate", 1000),
        ("memory_growth_bytes", 500),
    ],
)
def test_what_is_observed(story, look, name, observed):
    looks = [look(1, 0.1, 1000), look(5, 0.1, 9000), look(9, 0.1, None), look(9, 0.1, 1500)]
    found = story(service_ms=4.0, thresholds={name: 1}, extra=looks).part().load[0].thresholds[name]
    assert found["observed"] == pytest.approx(observed, rel=2e-3)


def test_a_limit_that_is_just_met_is_met(story):
    assert story(response_ms=10, thresholds={"max_ms": 10}).verdicts()["max_ms"] == "pass"
    assert story(thresholds={"min_rate": 1000}).verdicts()["min_rate"] == "pass"


def test_too_few_requests_prove_nothing_and_say_how_long_it_takes(story):
    run = story(seconds=1, rate=100, thresholds={"p50_ms": 500, "p99_ms": 500})
    found = run.findings()
    assert found["p50_ms"].verdict is Verdict.PASS
    assert found["p99_ms"].reason.value == "inconclusive"
    assert "100 requests are too few, it takes 2000" in found["p99_ms"].detail
    assert "19 s longer" in found["p99_ms"].detail


def test_a_certain_failure_needs_no_large_sample(story):
    # Everything timed out: a hundred of a hundred above the limit cannot be chance.
    assert story(seconds=1, rate=100, response_ms=5000, thresholds={"p99_ms": 500}).verdicts()["p99_ms"] == "fail"
    assert (
        story(seconds=1, rate=20, errors={"timeout": 20}, thresholds={"error_rate": 0.001}).verdicts()["error_rate"]
        == "fail"
    )


@pytest.mark.parametrize(
    ("above", "verdict"), [(73, "fail"), (10, "fail"), (9, "inconclusive"), (6, "inconclusive"), (5, "inconclusive")]
)
def test_of_a_hundred_requests_ten_above_the_p95_are_certain_and_nine_are_not(story, piece, above, verdict):
    # P(X >= 10) = 0.028 and P(X >= 9) = 0.063 for X ~ Binomial(100, 0.05).
    run = story(seconds=1, rate=100 - above, thresholds={"p95_ms": 500, "service_p95_ms": 500})
    run.extra = [piece([900] * above)]
    assert run.part().load[0].requests == 100
    assert {run.verdicts()[name] for name in ("p95_ms", "service_p95_ms")} == {verdict}


def test_an_error_rate_is_held_to_one_percent(story):
    few = {"seconds": 1, "rate": 100, "thresholds": {"error_rate": 0.02}}  # takes 150 requests
    assert story(errors={"timeout": 6}, **few).verdicts()["error_rate"] == "inconclusive"  # P = 0.015
    assert story(errors={"timeout": 7}, **few).verdicts()["error_rate"] == "fail"  # P = 0.004


def test_a_failure_by_chance_is_not_certain(story, piece):
    run = story(seconds=1, rate=100, thresholds={"p99_ms": 500})
    run.extra = [piece([5000, 5000])]
    assert run.verdicts()["p99_ms"] == "inconclusive"


def test_one_request_above_a_maximum_is_one_too_many(story):
    assert story(seconds=1, rate=2, response_ms=600, thresholds={"max_ms": 500}).verdicts()["max_ms"] == "fail"


def test_an_interrupted_run_proves_failures_only(story):
    run = story(interrupted=True, thresholds={"p95_ms": 500, "p50_ms": 1})
    assert run.verdicts() == {"ran": "inconclusive", "generator": "pass", "p95_ms": "inconclusive", "p50_ms": "fail"}


def test_a_run_that_was_cut_off_is_judged_like_an_interrupted_one(story):
    assert story(ends=False, thresholds={"p95_ms": 500}).verdicts()["p95_ms"] == "inconclusive"


def test_thresholds_given_to_the_judge_replace_the_plans(story):
    run = story(thresholds={"p95_ms": 1}, slo={"p99_ms": 500})
    assert run.verdicts() == {"ran": "pass", "generator": "pass", "p99_ms": "pass"}


def test_a_rate_is_never_rounded_up_to_its_limit(story):
    title = story(rate=989.999, thresholds={"min_rate": 990}).findings()["min_rate"].title
    assert "990/s, asked for at least 990/s" not in title


def test_every_threshold_reads_a_clock_or_a_count():
    assert set(METRICS) == set(THRESHOLDS)
    assert all(
        (metric.clock == "") == (metric.what in {"error_rate", "rate", "memory"}) for metric in THRESHOLDS.values()
    )


def test_a_backlog_worked_off_after_the_end_does_not_flatter_the_rate(story, piece):
    run = story(
        rate=500, thresholds={"min_rate": 900}, extra=[piece([10] * 5000, second=second) for second in (10, 11)]
    )
    (numbers,) = run.part().load
    assert numbers.requests == 15_000
    assert numbers.achieved_rate == pytest.approx(500)
    found = run.findings()["min_rate"]
    assert found.verdict is Verdict.FAIL
    assert "10000 answers came after the 10 s of the schedule" in found.detail


def test_rates_are_what_the_workers_counted_where_they_did(story):
    run = story(ends=False, thresholds={"min_rate": 990})
    run.extra = [LoadEnded(10_000, 10_000, 0, 10.0, sent_in_span=9990, completed_in_span=9950)]
    (numbers,) = run.part().load
    assert (numbers.achieved_rate, numbers.sent_rate) == (995.0, 999.0)
    assert run.verdicts()["min_rate"] == "pass"
    killed = story(ends=False).part()
    assert killed.load[0].sent_rate is None
    assert "load.x.sent_rate" in killed.not_measured
