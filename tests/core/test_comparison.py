from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from brinell.core.comparison import MOVERS, compare
from brinell.core.finding import Finding
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


def entry(name="a", outcome="passed", call=1.0, trust="single-run", **fields):
    return TestEntry(id=name, outcome=outcome, trust=trust, category="other", seconds=Seconds(call=call), **fields)


def suite(*tests, seconds=10.0):
    return SuiteReport(
        timestamp="", execution_time_seconds=seconds, test_count=len(tests), passed=0, failed=0, skipped=0, errors=0,
        xfailed=0, xpassed=0, flaky_retries=0, categories={}, slowest_tests=(), serial_seconds=None,
        parallel_seconds=None, parallel_speedup=None, target_full_suite=300.0, target_property_test=None,
        targets_met={}, property_test_targets=None, targets_verified=None, verification_timestamp=None, tests=tests,
        regression=Regression(baseline_seconds=None, ratio=None, threshold=1.2, verdict=Verdict.UNKNOWN),
    )  # fmt: skip


def load(scenario, p95):
    distribution = Distribution(p50=None, p90=None, p95=p95, p99=None, p99_9=None, max=None)
    return Load(
        scenario=scenario, model="open", url="", target_rate=100.0, achieved_rate=90.0, requests=9,
        errors={"timeout": 2}, response_ms=distribution, response_ok_ms=distribution, service_ms=distribution,
        histogram="",
        generator=Generator(valid=True, reason="", cpu=None, schedule_lag_ms=distribution),
        subject=SubjectVitals(cpu=None, rss=None, fds=None, threads=None), connections=1, workers=1, timeout_s=5.0,
        span_s=1.0,
    )  # fmt: skip


def judgement(identity, *tests, verdict=Verdict.PASS, fingerprint=None, loads=(), findings=()):
    info = RunInfo(
        id=identity, name="shop", started="", duration_s=1.0, state="complete", exit_code=0, brinell="0",
        plan_digest="", fingerprint=fingerprint or {},
    )  # fmt: skip
    return Judgement(
        schema=SCHEMA, run=info, verdict=verdict, findings=findings, suite=suite(*tests), bugs=(), load=loads
    )


def changes(before, after):
    return compare(judgement("a", *before), judgement("b", *after)).tests


def test_what_became_of_each_test():
    found = changes(
        [entry("breaks"), entry("mends", "failed"), entry("goes"), entry("skips"), entry("stays", "failed")],
        [entry("breaks", "error"), entry("mends"), entry("comes"), entry("bad", "failed"), entry("skips", "skipped"),
         entry("stays", "failed")],
    )  # fmt: skip
    assert found.regressed == ("breaks",)
    assert found.fixed == ("mends",)
    assert (found.new, found.new_failing, found.vanished) == (("comes", "bad"), ("bad",), ("goes",))
    assert {name: (change.a, change.b) for name, change in found.changed.items()} == {"skips": ("passed", "skipped")}


def test_a_teardown_that_begins_to_fail_is_a_regression():
    assert changes([entry()], [entry(teardown_error=True)]).regressed == ("a",)


def test_movers_are_ordered_by_seconds_and_say_whether_chance_may_explain_them():
    found = changes(
        [
            entry("little", call=1.0),
            entry("much", call=1.0, trust="repeated"),
            entry("same"),
            entry("failing", "failed"),
        ],
        [entry("little", call=1.5), entry("much", call=0.1, trust="repeated"), entry("same"), entry("failing")],
    )
    assert [(mover.test, mover.seconds.ratio, mover.single_run) for mover in found.movers] == [
        ("much", 0.1, False),
        ("little", 1.5, True),
    ]


def test_the_runs_themselves():
    finding = Finding(id="x", check="c", required=True, verdict=Verdict.PASS, title="t")
    a = judgement("a", fingerprint={"cpu": "x", "lock": "1"}, findings=(finding,))
    b = judgement("b", verdict=Verdict.FAIL, fingerprint={"cpu": "y", "lock": "1"})
    found = compare(a, b)
    assert (found.a, found.b, found.verdict.a, found.verdict.b, found.worse) == ("a", "b", "pass", "fail", True)
    assert {name: (fact.a, fact.b) for name, fact in found.fingerprint.items()} == {"cpu": ("x", "y")}
    assert {name: (word.a, word.b) for name, word in found.findings.items()} == {"x": ("pass", None)}
    assert compare(b, a).worse is False


def test_load_stands_side_by_side_with_its_ratio():
    found = compare(
        judgement("a", loads=(load("browse", 10.0), load("gone", 1.0))), judgement("b", loads=(load("browse", 15.0),))
    )
    assert found.load["browse"]["response_p95_ms"].ratio == 1.5
    assert (found.load["browse"]["errors"].a, found.load["browse"]["response_p50_ms"].ratio) == (2, None)
    assert (found.load["gone"]["response_p95_ms"].a, found.load["gone"]["response_p95_ms"].b) == (1.0, None)


def test_runs_without_a_suite_compare():
    bare = msgspec.structs.replace(judgement("a"), suite=None)
    assert compare(bare, bare).suite_seconds.ratio is None


WORDS = st.sampled_from(["passed", "failed", "skipped", "error", "xfailed", "xpassed"])
TESTS = st.dictionaries(st.integers(0, 40), st.tuples(WORDS, st.floats(0, 100)), max_size=40)


@given(TESTS, TESTS)
def test_every_test_is_in_its_place_and_the_way_back_is_the_mirror(before, after):
    a = [entry(str(name), outcome, call) for name, (outcome, call) in before.items()]
    b = [entry(str(name), outcome, call) for name, (outcome, call) in after.items()]
    there, back = changes(a, b), changes(b, a)
    assert set(there.regressed) == set(back.fixed)
    assert set(there.new) == set(back.vanished)
    assert set(there.changed) == set(back.changed)
    common = set(map(str, before.keys() & after.keys()))
    parts = [set(there.regressed), set(there.fixed), set(there.changed)]
    assert set.union(*parts) <= common
    assert sum(map(len, parts)) == len(set.union(*parts))
    assert {mover.test for mover in there.movers} <= common - set.union(*parts)
    assert len(there.movers) <= MOVERS
    msgspec.json.encode(there)
