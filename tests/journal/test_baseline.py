from __future__ import annotations

import json

import msgspec
import pytest

from brinell.core.drill_judgement import Drill
from brinell.core.errors import UsageError
from brinell.core.judgement import (
    SCHEMA,
    Distribution,
    Generator,
    Judgement,
    Load,
    Regression,
    RunInfo,
    Seconds,
    SubjectVitals,
    SuiteReport,
    TestEntry,
)
from brinell.core.verdicts import Verdict
from brinell.journal import baseline

NONE = Distribution(p50=1.0, p90=None, p95=2.0, p99=3.0, p99_9=None, max=4.0)


def suite(seconds):
    return SuiteReport(
        timestamp="", execution_time_seconds=seconds, test_count=1, passed=1, failed=0, skipped=0, errors=0, xfailed=0,
        xpassed=0, flaky_retries=0, categories={}, slowest_tests=(), serial_seconds=None, parallel_seconds=None,
        parallel_speedup=None, target_full_suite=300, target_property_test=None, targets_met={},
        property_test_targets=None, targets_verified=None, verification_timestamp=None,
        regression=Regression(baseline_seconds=None, ratio=None, threshold=1.2, verdict=Verdict.UNKNOWN),
        tests=(
            TestEntry(id="t.py::b", outcome="passed", trust="single-run", category="unit", seconds=Seconds(call=0.25)),
            TestEntry(id="t.py::a[ü\n]", outcome="failed", trust="single-run", category="unit", seconds=Seconds()),
        ),
    )  # fmt: skip


def load(scenario):
    return Load(
        scenario=scenario, model="open", url="http://127.0.0.1/", target_rate=10.0, achieved_rate=9.9, requests=99,
        errors={}, response_ms=NONE, response_ok_ms=NONE, service_ms=NONE, histogram="", connections=1, workers=1,
        generator=Generator(valid=True, reason="", cpu=0.1, schedule_lag_ms=NONE), timeout_s=1.0, span_s=10.0,
        subject=SubjectVitals(cpu=None, rss=None, fds=None, threads=None),
    )  # fmt: skip


def judgement(**parts):
    run = RunInfo(
        id="r1", name="p", started="", duration_s=1.0, state="complete", fingerprint={"cpu": "x"}, exit_code=0,
        brinell="0", plan_digest="",
    )  # fmt: skip
    empty = {"suite": None, "bugs": (), "findings": (), "verdict": Verdict.PASS}
    return Judgement(schema=SCHEMA, run=run, **{**empty, **parts})


def test_what_is_blessed_is_read_back_with_one_line_per_test(tmp_path):
    path = baseline.bless(tmp_path, judgement(suite=suite(1.5), load=(load("browse"),)), "2026-01-01T00:00:00Z")
    content = baseline.load(tmp_path)
    assert content["suite"]["seconds"] == [1.5]
    assert content["suite"]["tests"]["t.py::b"] == ["passed", 0.25]
    assert content["load"]["browse"]["measured"]["response_p95_ms"] == [2.0, None, None]  # nothing kept by second
    assert content["load"]["browse"]["conditions"]["target_rate"] == "10"
    assert sum("t.py::" in line for line in path.read_text().splitlines()) == 2


def test_a_run_without_a_suite_keeps_the_suite_that_was_blessed_before(tmp_path):
    baseline.bless(tmp_path, judgement(suite=suite(1.5)), "2026-01-01T00:00:00Z")
    baseline.bless(tmp_path, judgement(load=(load("browse"),)), "2026-02-01T00:00:00Z")
    content = baseline.load(tmp_path)
    assert content["suite"]["seconds"] == [1.5]
    assert set(content["load"]) == {"browse"}


def test_a_scenario_that_was_not_run_keeps_its_place(tmp_path):
    baseline.bless(tmp_path, judgement(load=(load("browse"), load("buy"))), "2026-01-01T00:00:00Z")
    baseline.bless(tmp_path, judgement(load=(load("buy"),)), "2026-02-01T00:00:00Z")
    assert set(baseline.load(tmp_path)["load"]) == {"browse", "buy"}
    assert baseline.holds_anything(judgement(load=(load("buy"),)))
    assert not baseline.holds_anything(judgement())
    assert not baseline.holds_anything(
        judgement(drills=(Drill(drill="x", name="x", measured={}, verdict=Verdict.PASS),))
    )


def test_without_a_baseline_there_is_none(tmp_path):
    assert baseline.load(tmp_path) is None


@pytest.mark.parametrize(
    "damage",
    ["{", "[]", '{"v": "x"}', '{"v": 99}', '{"v": 1, "x": "\\ud800"}', '{"x": ' + "[" * 9000 + "]" * 9000 + "}"],
)
def test_a_damaged_or_newer_baseline_is_a_usage_error_with_the_fix(tmp_path, damage):
    path = baseline.path_of(tmp_path)
    path.parent.mkdir()
    path.write_text(damage)
    with pytest.raises(UsageError) as caught:
        baseline.load(tmp_path)
    assert caught.value.hint


def test_a_file_where_the_baselines_go_is_named(tmp_path):
    baseline.path_of(tmp_path).parent.touch()
    with pytest.raises(UsageError) as caught:
        baseline.load(tmp_path)
    assert "is a file: move it away" in str(caught.value.hint)


def test_the_layout_is_json(tmp_path):
    path = baseline.bless(tmp_path, judgement(suite=msgspec.structs.replace(suite(2.0), repeats=(2.0, 2.1))), "")
    assert json.loads(path.read_text())["suite"]["seconds"] == [2.0, 2.1]


def test_a_baseline_that_cannot_be_written_is_a_usage_error_with_the_fix(tmp_path):
    baseline.path_of(tmp_path).with_suffix(".tmp").mkdir(parents=True)
    with pytest.raises(UsageError, match="cannot write") as caught:
        baseline.bless(tmp_path, judgement(), "")
    assert caught.value.hint


def test_what_a_blessed_suite_took_is_the_median_of_its_runs(tmp_path):
    repeated = msgspec.structs.replace(suite(2.0), repeats=(2.0, 9.0, 3.0))
    baseline.bless(tmp_path, judgement(suite=repeated), "")
    assert baseline.suite_s(baseline.load(tmp_path)) == 3.0


@pytest.mark.parametrize("content", [None, {}, {"suite": 3}, {"suite": {"seconds": []}}, {"suite": {"seconds": ["1"]}}])
def test_a_baseline_without_a_suite_says_nothing_of_its_seconds(content):
    assert baseline.suite_s(content) is None


def test_when_it_was_blessed_is_one_plain_line_whatever_the_file_holds():
    said = baseline.told({"blessed": {"a": "\n"}, "run": "\x1b[31mred\n" * 100})
    assert said.isprintable()
    assert len(said) <= 160
