"""Judgements for tests of the reports: one that could have happened, one full of hostile text, one with many tests,
and a strategy for all the others.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import msgspec
from hypothesis import strategies as st

from brinell.core.finding import Finding
from brinell.core.histogram import Histogram
from brinell.core.judgement import (
    SCHEMA,
    Bug,
    Category,
    Distribution,
    FactorEffect,
    FlakyTest,
    Generator,
    Judgement,
    LeakedState,
    Load,
    Operation,
    Pollution,
    Probability,
    Regression,
    Reproduction,
    RunInfo,
    Seconds,
    Series,
    SlowTest,
    SubjectVitals,
    SuiteReport,
    Suspect,
    TestEntry,
)
from brinell.core.load_judgement import Curve, Timeline
from brinell.core.load_records import GeneratorSecond, LoadSlice
from brinell.core.observation import Vitals
from brinell.core.property_judgement import (
    ExampleCounts,
    ExampleSeconds,
    PredictedSeconds,
    Predictions,
    PropertySummary,
    PropertyTest,
    TargetValues,
    VerifiedSeconds,
    VerifiedTargets,
)
from brinell.core.quality_judgement import QualityItem, QualitySummary
from brinell.core.timeline import Course, curve
from brinell.core.verdicts import Owner, Reason, Severity, Verdict

HOSTILE = (
    "<script>document.documentElement.dataset.owned='1'</script>",
    "</script><script>document.documentElement.dataset.owned='1'</script>",
    "<img src=x onerror=\"document.documentElement.dataset.owned='1'\">",
    "'\"><svg onload=document.documentElement.dataset.owned=1>",
    "javascript:document.documentElement.dataset.owned=1",
    "]]>&xxe;<!ENTITY x SYSTEM 'file:///etc/passwd'>",
    "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x00\x08\x0c\x7f\x9b31m",
    "\u202egnp.exe \u2066hidden\u2069 \u200f",
    "not a character \uffff \ufffe",
    "| a | b |\n|---|---|\n# Heading\n- [x] [link](https://evil.example/) ![i](https://evil.example/i.png)",
    "```\nout of the fence\n``` @everyone #123 GH-123 www.evil.example https://evil.example <b>bold</b> `tick`",
    "line\u2028separator\u2029paragraph\r\nreturn\ttab",
    "{{ 7 * 7 }} {% raw %} ${7*7} #{7*7}",
    "&lt;already&gt; &#60; \\| \\` \\",
    "constructor", "__proto__",
)  # fmt: skip

_IDS = (
    "tests/orders/test_reserve.py::test_stock_never_negative",
    "tests/orders/test_reserve.py::test_retry_is_idempotent[postgres]",
    "tests/orders/test_refund.py::test_refund_twice_pays_once",
    "tests/api/test_notes.py::TestSearch::test_limit_is_honoured[10-descending]",
    "tests/api/test_webhooks.py::test_signature_is_checked",
    "tests/property_tests/test_cart.py::test_total_is_order_independent",
)


def distribution(p50: float, p99: float, top: float) -> Distribution:
    return Distribution(
        p50=p50, p90=p50 * 2.1, p95=p50 * 2.8, p99=p99, p99_9=(p99 + top) / 2, max=top, mean=round(p50 * 1.24, 3)
    )


def realistic() -> Judgement:
    return Judgement(
        schema=SCHEMA,
        run=RunInfo(
            id="20261121T014500Z-shop",
            name="shop",
            started="2026-11-21T01:45:00Z",
            duration_s=141.7,
            state="complete",
            fingerprint={
                "python": "3.12.4", "os": "Linux 6.8 x86_64", "cpu": "8 x AMD EPYC 7R13", "memory": "31.2 GiB",
                "lock": "uv.lock 4f1a2c9b", "commit": "9b1de07 (dirty)",
            },
            exit_code=1,
            brinell="0.1.0",
            plan_digest="4bf1d0c83e9a7712",
            steps={"suite": "done", "reproduce": "done", "load:browse": "done", "load:checkout": "done"},
        ),
        verdict=Verdict.FAIL,
        findings=_findings(),
        suite=_suite(),
        bugs=_bugs(),
        load=(_browse(), _checkout()),
        property_tests=_property_tests(),
        property_summary=_property_summary(),
        quality=_quality(),
        quality_summary=_quality_summary(),
        not_measured={
            "suite.parallel_seconds": "pytest ran without workers",
            "suite.parallel_speedup": "pytest ran without workers",
            "load.checkout.subject.loop_lag_ms": "the service does not export it",
            **dict.fromkeys(("soak", "recovery", "bench", "websocket"), "no trial of this version measures it"),
        },
    )  # fmt: skip


def _predicted(seconds: float) -> PredictedSeconds:
    return PredictedSeconds(seconds=seconds, low=round(seconds * 0.8, 6), high=round(seconds * 1.2, 6))


def _property_tests() -> tuple[PropertyTest, ...]:
    cart, codec, hangs = (f"tests/property_tests/test_{name}" for name in ("cart.py", "codec.py", "hangs.py"))
    return (
        PropertyTest(
            test=f"{cart}::test_total_is_order_independent",
            file=cart,
            line=14,
            outcome="passed",
            seconds_per_example=ExampleSeconds(generate=0.4, run=0.1, engine=0.02, shrink=None),
            rejected=0.31,
            saturation_examples=37,
            tier="too-slow",
            ci_tier="slow",
            slow_because="generation",
            max_examples=ExampleCounts(now=1000, ci=12, local=50),
            predicted_s=Predictions(now=_predicted(520.0), ci=_predicted(6.3), local=_predicted(26.1)),
            verified_s=VerifiedSeconds(ci=6.6, local=25.0),
            pinned=1000,
            edit="max_examples=max(1, settings.default.max_examples // 4)",
            why="too slow with more",
            once_s=0.2,
            fixtures_s=0.01,
            draws={"orders": 0.92},
        ),
        PropertyTest(
            test=f"{codec}::test_roundtrip",
            file=codec,
            line=9,
            outcome="passed",
            seconds_per_example=ExampleSeconds(generate=0.0004, run=0.0011, engine=0.0001, shrink=0.001),
            rejected=0.0,
            tier="fast",
            ci_tier="fast",
            max_examples=ExampleCounts(now=100, ci=50, local=200),
            predicted_s=Predictions(now=_predicted(0.16), ci=_predicted(0.08), local=_predicted(0.32)),
            once_s=0.004,
            fixtures_s=0.0,
            exhausted_at=180,
        ),
        PropertyTest(
            test=f"{hangs}::test_never_ends", file=hangs, line=3, outcome="limit", tier="too-slow", message="100 s",
        ),
    )  # fmt: skip


def _quality() -> tuple[QualityItem, ...]:
    return (
        QualityItem(
            kind="asserts-nothing",
            file="tests/orders/test_refund.py",
            line=41,
            severity=Severity.P2,
            title="test_refund_is_booked asserts nothing: it passes whatever comes out, as long as nothing raises",
            fix="Assert what the code gives or changes.",
            test="tests/orders/test_refund.py::test_refund_is_booked",
        ),
        QualityItem(
            kind="deprecation",
            file="src/shop/models.py",
            line=12,
            severity=Severity.P3,
            title="Pydantic 1 API under Pydantic 2: warned of in 118 tests",
            fix="@validator becomes @field_validator.",
            tests=118,
            places=("src/shop/models.py:40", "tests/conftest.py:9"),
        ),
    )


def _quality_summary() -> QualitySummary:
    return QualitySummary(
        files=48,
        tests=1_204,
        assertions=2_866,
        per_test=2.38,
        median=2.0,
        without=9,
        seconds=1.7,
        ignored=3,
        counts={"asserts-nothing": 1, "deprecation": 1},
        unread=("tests/legacy/test_py2.py: cannot be parsed",),
        left_out={"unknown-option of coverage": "coverage is not installed there"},
        coverage=81.4,
        coverage_target=80.0,
    )


def _property_summary() -> PropertySummary:
    return PropertySummary(
        hypothesis="6.170.15",
        observability="add_observability_callback",
        profile="default",
        derandomized_ci=True,
        tests=3,
        examples=ExampleCounts(now=100, ci=50, local=200),
        budget_s=60.0,
        ci_s=_predicted(6.4),
        local_s=_predicted(26.4),
        verified_s=VerifiedSeconds(ci=6.7, local=25.3),
        conftest="from hypothesis import settings\n",
        targets=TargetValues(
            fast_tier_seconds=10.0, medium_tier_seconds=60.0, slow_tier_seconds=100.0, max_examples_default=200,
            max_examples_ci=50, rationale="2 tests measured with Hypothesis 6.170.15: 1 too slow, 1 fast",
        ),
        verified=VerifiedTargets(
            ci_fast_tier_seconds=3.0, ci_medium_tier_seconds=15.0, ci_slow_tier_seconds=25.0, ci_seconds=6.7,
            ci_budget_seconds=60.0, local_seconds=25.3, ci_tiers={"fast": 1, "slow": 1},
            local_tiers={"fast": 1, "too-slow": 1}, targets=2, targets_met=1, share_met=0.5, share_required=0.8,
            met=False, tried=3, within_20_percent=3, floor_seconds=0.05,
        ),
        verification_timestamp="2026-11-21T01:47:02Z",
        observability_slowdown=1.3,
    )  # fmt: skip


def _findings() -> tuple[Finding, ...]:
    def finding(identity: str, verdict: Verdict, title: str, detail: str = "", **more: Any) -> Finding:
        more = {"required": True, "check": identity.partition(".")[0], "evidence": ("suite#112",)} | more
        return Finding(id=identity, verdict=verdict, title=title, detail=detail, **more)

    return (
        finding(
            "suite.outcomes", Verdict.FAIL, "7 of 412 tests failed and 2 could not be set up", "3 bugs explain all",
            severity=Severity.P0,
        ),
        finding(
            "load.browse.p95_ms", Verdict.FAIL, "browse: p95 response time is 612.4 ms, the limit is 500 ms",
            "service time p95 is 388 ms: requests waited for a connection", evidence=("load:browse#30412",),
        ),
        finding(
            "load.checkout.error_rate", Verdict.UNKNOWN, "checkout: error rate cannot be judged",
            "the generator's schedule lag reached 48 ms (limit 10 ms)", reason=Reason.INVALID,
        ),
        finding("load.browse.error_rate", Verdict.PASS, "browse: error rate 0.12 % is within 1 %"),
        finding("load.browse.min_rate", Verdict.PASS, "browse: 998.7/s reached, 990/s were required"),
        finding("suite.target", Verdict.PASS, "the suite took 48.2 s, the target is 5 min 00 s", required=False),
        finding(
            "suite.regression", Verdict.FAIL, "the suite became 1.31 times as slow as its baseline",
            "36.8 s → 48.2 s, threshold 1.20", required=False,
        ),
        finding(
            "suite.warnings", Verdict.UNKNOWN, "warnings were not compared", "the baseline has none",
            required=False, reason=Reason.INCONCLUSIVE,
        ),
    )  # fmt: skip


def flaky_test(test: str, verdict: str = "victim", **more: Any) -> FlakyTest:
    """Return a test that cannot be trusted, of which next to nothing is known."""
    nothing = {
        **dict.fromkeys(("polluters", "polluter_sets", "setters", "setter_sets", "cleaners", "leaked_state"), ()),
        **dict.fromkeys(("cause", "failure_probability", "reproducer", "reproducer_outcome", "fixture", "cluster")),
        "factors": {}, "confirmed": True, "message": "",
    }  # fmt: skip
    return FlakyTest(**({"test": test, "verdict": verdict} | nothing | more))


_FIXTURE = """\
@pytest.fixture(autouse=True)
def keep_engine(monkeypatch):
    import shop.db

    monkeypatch.setattr(shop.db, "ENGINE", shop.db.ENGINE)
"""
_TWICE = (
    "python -c 'import copy, pytest\nclass Twice:\n    def x(self):\n        pass' tests/db/test_pool.py::test_self"
)


def _flaky() -> tuple[FlakyTest, ...]:
    polluter, victim = "tests/db/test_pool.py::test_p", "tests/db/test_pool.py::test_v"
    engine = LeakedState(
        name="shop.db.ENGINE", kind="module-attribute", before="None", after="<Engine sqlite://>", proved=True
    )
    often = Probability(estimate=0.3, low=0.1656, high=0.4653, failures=12, runs=40)
    after = {
        "polluters": (polluter,), "polluter_sets": ((polluter,),), "leaked_state": (engine,), "cause": "order",
        "cluster": "deep.cluster.9b1d",
    }  # fmt: skip
    others = tuple(flaky_test(f"tests/db/test_pool.py::test_other[{n}]", **after) for n in range(4))
    seldom = Probability(estimate=0.0, low=0.0, high=0.3, failures=0, runs=10)
    always = Probability(estimate=1.0, low=0.7, high=1.0, failures=10, runs=10)
    effect = FactorEffect(
        level=3, with_factor=always, without=seldom, command="PYTHONHASHSEED=3 pytest tests/x.py::test_h"
    )
    return (
        flaky_test(
            victim, **after, cleaners=("tests/db/test_pool.py::test_reset",), failure_probability=often,
            reproducer=f"pytest {polluter} {victim}", fixture=_FIXTURE, message="AssertionError: engine is set",
            reproducer_outcome="it failed after 1 that did not fail; alone it passed: AssertionError: engine is set",
        ),
        *others,
        flaky_test(
            "tests/db/test_pool.py::test_self", "self-polluting", reproducer=_TWICE,
            reproducer_outcome="it passed, and failed the second time", cluster="deep.cluster.gone",
        ),
        flaky_test(
            "tests/x.py::test_h", "nondeterministic", cause="hash", factors={"hash": effect}, confirmed=False,
            failure_probability=often, cluster="deep.cluster.77aa",
        ),
        flaky_test("tests/db/test_pool.py::test_b", "brittle", setters=(polluter,), setter_sets=((polluter,),)),
        flaky_test("tests/x.py::test_tz", "stable", cause="tz", factors={"tz": effect}, cluster="deep.environment"),
    )  # fmt: skip


def _pollution() -> tuple[Pollution, ...]:
    def left(test: str | None, state: str, *victims: str) -> Pollution:
        return Pollution(
            test=test, state=state, kind="module-attribute", before="None", after="<Engine sqlite://>", victims=victims,
            proved=bool(victims),
        )  # fmt: skip

    return (
        left(None, "shop.settings.DEBUG"),
        left("tests/db/test_pool.py::test_p", "shop.db.ENGINE", "tests/db/test_pool.py::test_v"),
        *(left(f"tests/t.py::test_{n}", f"shop.cache.ITEMS[{n}]") for n in range(14)),
    )


def untrusted() -> Judgement:
    """Return the realistic judgement with an examination of its tests."""
    found = (
        Finding(
            id="deep.cluster.9b1d",
            check="trust",
            required=True,
            verdict=Verdict.FAIL,
            owner=Owner.UNDECIDED,
            title="1 polluter, 5 victims: tests/db/test_pool.py::test_p leaves shop.db.ENGINE changed",
            detail="victim: tests/db/test_pool.py::test_v",
            evidence=("deep#88",),
        ),
        Finding(
            id="deep.cluster.77aa",
            check="trust",
            required=True,
            verdict=Verdict.UNKNOWN,
            reason=Reason.INCONCLUSIVE,
            title="1 nondeterministic test: cause: hash",
            detail="seen, and not tried in a fresh process",
            evidence=("deep#90",),
        ),
    )
    whole = realistic()
    return msgspec.structs.replace(whole, findings=(*found, *whole.findings), flaky=_flaky(), pollution=_pollution())


def _bugs() -> tuple[Bug, ...]:
    return (
        Bug(
            id="B-3f2a91",
            severity=Severity.P0,
            severity_rule="data-loss: an assertion about money or stock failed in product code",
            owner=Owner.PRODUCT,
            owner_evidence=(
                "raised in src/shop/orders.py, below [project] source",
                "failed in the call phase",
                "fails alone in a fresh process",
            ),
            signature="v1:9f31b2c4d5e60718",
            title="AssertionError: stock went negative in reserve",
            tests=_IDS[:4],
            error="AssertionError: stock of 'sku-7' is -2 after 3 concurrent reservations",
            root_cause="reserve() reads the stock and writes it back without holding the row lock (orders.py:88, :91)",
            suspects=(
                Suspect(file="src/shop/orders.py", function="reserve", lines=(88, 91), score=1.0),
                Suspect(file="src/shop/stock.py", function="level", lines=(41,), score=0.5, tied=2),
            ),
            reproduction=Reproduction(command=f"python -m pytest -p no:randomly '{_IDS[0]}'", outcome="reproduced"),
            fix_strategy="Take the row lock before reading the stock (SELECT … FOR UPDATE) or update with a condition.",
            sla_due="2026-11-22T01:45:00Z",
            status="new",
            why_grouped="same exception type, same deepest frame in source (orders.py:reserve), same masked message",
            excerpt=(
                "    def reserve(self, sku, count):\n        level = self.stock.level(sku)\n"
                ">       assert level >= count, f\"stock of '{sku}' is {level - count}\"\n"
                "E       AssertionError: stock of 'sku-7' is -2 after 3 concurrent reservations\n\n"
                "src/shop/orders.py:88: AssertionError"
            ),
        ),
        Bug(
            id="B-77c0de",
            severity=Severity.P2,
            severity_rule="default: a product test fails and no stricter rule matches",
            owner=Owner.UNDECIDED,
            owner_evidence=("deepest frame is in tests/conftest.py", "passes alone"),
            signature="v1:0a1b2c3d4e5f6071",
            title="TimeoutError in webhook delivery",
            tests=_IDS[4:5],
            error="TimeoutError: no delivery within 2.0 s",
            root_cause=None,
            suspects=(Suspect(file="src/shop/webhooks.py", function="deliver", lines=(19,), score=0.7, tied=4),),
            reproduction=Reproduction(command=f"python -m pytest '{_IDS[4]}'", outcome="passed alone"),
            fix_strategy=None,
            sla_due="2026-11-28T01:45:00Z",
            status="known",
        ),
        Bug(
            id="B-c01d00",
            severity=Severity.P3,
            severity_rule="environment: a fixture could not reach a service of the test environment",
            owner=Owner.INFRASTRUCTURE,
            owner_evidence=("failed in setup", "ConnectionRefusedError on 127.0.0.1:5433"),
            signature="v1:beefbeefbeefbeef",
            title="fixture 'postgres' cannot connect",
            tests=("tests/db/test_migrations.py::test_up", "tests/db/test_migrations.py::test_down"),
            error="ConnectionRefusedError: [Errno 111] Connection refused",
            root_cause="the fixture 'postgres' (tests/conftest.py:31) found nothing listening on port 5433",
            suspects=(),
            reproduction=None,
            fix_strategy="Start the database of the test environment.",
            sla_due="2026-12-05T01:45:00Z",
            status="regressed",
        ),
    )


def tests(number: int) -> tuple[TestEntry, ...]:
    """Return ``number`` tests of a plausible suite; the ones of the realistic bugs come first."""
    outcomes = dict.fromkeys(_IDS[:4], "failed") | {_IDS[4]: "failed"}
    found = []
    for n in range(number):
        area = ("orders", "api", "catalogue", "property_tests", "db")[n % 5]
        name = _IDS[n] if n < len(_IDS) else f"tests/{area}/test_{area}_{n // 40:03d}.py::test_case_{n:05d}[{n % 7}]"
        outcome = outcomes.get(name, "skipped" if n % 34 == 33 else "xfailed" if n % 97 == 96 else "passed")
        call = 0.002 + 0.9 * ((n * 7919) % 1000 / 1000) ** 9
        phases = Seconds(setup=0.001, call=round(call, 5), teardown=0.0004)
        if outcome == "skipped":
            phases = Seconds(setup=0.0002)
        found.append(
            TestEntry(
                id=name,
                outcome=outcome,
                trust="confirmed" if outcome == "failed" else "retried" if n == 5 else "single-run",
                category="property" if area == "property_tests" else "integration" if area == "db" else "unit",
                seconds=phases,
                reruns=2 if n == 5 else 0,
                reason="needs a licence key" if outcome == "skipped" else "",
            )
        )
    return tuple(found)


_OUTCOMES = ("passed", "failed", "skipped", "error", "xfailed")
_SLOW = "call takes 98 % of it: profile the code under test"


def _suite(number: int = 410) -> SuiteReport:
    down = [
        TestEntry(id=name, outcome="error", trust="single-run", category="integration", seconds=Seconds(setup=0.03))
        for name in ("tests/db/test_migrations.py::test_up", "tests/db/test_migrations.py::test_down")
    ]
    every = (*tests(number), *down)
    tally = {name: sum(t.outcome == name for t in every) for name in _OUTCOMES}
    slow = sorted(every, key=lambda t: -(t.seconds.call or 0))[:20]
    return SuiteReport(
        timestamp="2026-11-21T01:45:02Z",
        execution_time_seconds=48.214,
        test_count=len(every),
        passed=tally["passed"],
        failed=tally["failed"],
        skipped=tally["skipped"],
        errors=tally["error"],
        xfailed=tally["xfailed"],
        xpassed=0,
        flaky_retries=2,
        categories={
            name: Category(
                count=sum(t.category == name for t in every),
                passed=sum(t.category == name and t.outcome == "passed" for t in every),
                failed=sum(t.category == name and t.outcome in {"failed", "error"} for t in every),
                seconds=round(sum(t.seconds.call or 0 for t in every if t.category == name), 3),
            )
            for name in ("unit", "integration", "property")
        },
        slowest_tests=tuple(
            SlowTest(
                test=t.id,
                duration=round((t.seconds.setup or 0) + (t.seconds.call or 0) + (t.seconds.teardown or 0), 4),
                tier="slow" if (t.seconds.call or 0) > 0.5 else "medium",
                category=t.category,
                recommendation=_SLOW if (t.seconds.call or 0) > 0.5 else "",
            )
            for t in slow
        ),
        serial_seconds=48.214,
        parallel_seconds=None,
        parallel_speedup=None,
        target_full_suite=300.0,
        target_property_test=None,
        targets_met={"full_suite": True, "property_test": None},
        property_test_targets=None,
        targets_verified=None,
        verification_timestamp=None,
        regression=Regression(baseline_seconds=36.8, ratio=1.31, threshold=1.2, verdict=Verdict.FAIL),
        tests=every,
        deselected=3,
        exit_status=1,
        python="3.12.4",
        pytest="9.0.1",
        interpreter=".venv/bin/python",
        warnings=4,
    )  # fmt: skip


def _series(span: int, base: float, rate: float) -> Series:
    def wave(t: int) -> float:
        spike = 9.0 * math.exp(-((t - span * 0.62) ** 2) / 6)
        return 1 + 0.12 * math.sin(t / 2.3) + 0.06 * math.sin(t * 1.7) + spike

    p50 = [round(base * wave(t), 3) for t in range(span)]
    return Series(
        t_s=tuple(float(t) for t in range(span)),
        rate=tuple(round(rate * (1 - 0.08 * (wave(t) > 4)) + 4 * math.sin(t), 1) for t in range(span)),
        errors=tuple(int(6 * (wave(t) > 5)) + (t % 11 == 0) for t in range(span)),
        p50_ms=tuple(p50),
        p95_ms=tuple(round(v * (2.6 + 0.3 * math.sin(t)), 3) for t, v in enumerate(p50)),
        p99_ms=tuple(round(v * (4.4 + 0.9 * math.sin(t * 1.3)), 3) for t, v in enumerate(p50)),
        max_ms=tuple(round(v * (8 + 4 * abs(math.sin(t * 2.1))), 3) for t, v in enumerate(p50)),
        cpu=tuple(round(0.62 + 0.1 * math.sin(t / 3) + 0.02 * wave(t), 3) for t in range(span)),
        rss_bytes=tuple(94_000_000 + 210_000 * t for t in range(span)),
    )


def _histogram() -> str:
    histogram = Histogram()
    for n in range(1000):
        histogram.record(3_000_000 + n * n * 40)
    return histogram.encode()


@cache
def recorded(seconds: int, base_ms: float = 80.0, rate: int = 100) -> tuple[Timeline, Curve]:
    """Return the timeline and the curve of a scenario with a slow stretch, time-outs and errors in it."""
    course, whole = Course(0), Histogram()
    for second in range(seconds):
        slow = 1 + 9 * math.exp(-((second - seconds * 0.62) ** 2) / 6)
        for outcome, count in (("ok", rate), ("status-503", 5 * (slow > 4)), ("timeout", int(second % 11 == 0))):
            made = Histogram()
            for number in range(count):
                spread = 5000.0 if outcome == "timeout" else base_ms * slow * (0.5 + 4 * (number / rate) ** 3)
                made.record(int(spread * 1e6))
            if count:
                whole.add(made)
                sparse = made.sparse()
                slice_ = LoadSlice(0, second, "GET /", outcome, count, sparse, sparse, made.max_ns, made.max_ns)
                course.add(slice_)
        lag = Histogram()
        lag.record(20_000 + 3000 * second, rate)
        course.add(GeneratorSecond(0, second, rate + 4, rate, 0.3, lag.sparse(), lag.max_ns, int(3 * (slow > 4))))
        course.add(Vitals(second * 10**9, 2, 0.6 * second, 94_000_000 + 210_000 * second, 40, 12))
    timeline, found = course.timeline(), curve(whole, whole)
    assert timeline is not None
    assert found is not None
    return timeline, found


def _browse() -> Load:
    timeline, found = recorded(30)
    response = Distribution(p50=218.0, p90=471.2, p95=612.4, p99=980.1, p99_9=2210.0, max=3104.7, mean=260.2)
    service = Distribution(p50=131.4, p90=310.9, p95=388.0, p99=702.3, p99_9=1490.0, max=2012.9, mean=170.6)
    return Load(
        scenario="browse",
        model="open",
        url="http://127.0.0.1:8000",
        target_rate=1000.0,
        achieved_rate=998.73,
        requests=29_962,
        errors={"timeout": 6, "status": 30},
        statuses={"500": 28, "503": 2},
        response_ms=response,
        response_ok_ms=response,
        service_ms=service,
        histogram=_histogram(),
        generator=Generator(valid=True, reason="", cpu=0.41, schedule_lag_ms=distribution(0.02, 0.31, 1.9)),
        subject=SubjectVitals(cpu=0.83, rss=101_200_000, fds=77, threads=12, cpu_max=1.2, processes=2),
        connections=64,
        workers=1,
        timeout_s=5.0,
        span_s=30.0,
        operations={
            "GET /notes": Operation(
                requests=24_010, errors={"timeout": 4}, response_ms=response, service_ms=service
            ),
            "POST /notes": Operation(
                requests=5_952, errors={"timeout": 2, "status": 30}, response_ms=response, service_ms=service
            ),
        },
        thresholds={
            "p95_ms": {"limit": 500.0, "observed": 612.4, "verdict": "fail"},
            "error_rate": {"limit": 0.01, "observed": 0.0012, "verdict": "pass"},
            "min_rate": {"limit": 990.0, "observed": 998.73, "verdict": "pass"},
        },
        samples=(
            {"kind": "slowest", "operation": "GET /notes", "outcome": "ok", "at_s": 18.6, "response_ms": 3104.7,
             "service_ms": 2012.9, "detail": "200"},
            {"kind": "failed", "operation": "POST /notes", "outcome": "status", "at_s": 18.9, "response_ms": 1201.3,
             "service_ms": 1190.0, "detail": '500 Internal Server Error: {"error": "database is locked"}'},
        ),
        series=_series(30, 82.0, 1000),
        sent_rate=999.4,
        timeline=timeline,
        curve=found,
    )  # fmt: skip


def _checkout() -> Load:
    return msgspec.structs.replace(
        _browse(),
        scenario="checkout",
        model="closed",
        target_rate=None,
        achieved_rate=412.04,
        requests=12_361,
        errors={},
        statuses={},
        response_ms=distribution(3.12, 40.2, 120.9),
        service_ms=distribution(3.08, 39.8, 120.2),
        generator=Generator(
            valid=False,
            reason="schedule lag p99 48 ms is above 10 ms: this machine could not send on time",
            cpu=0.97,
            schedule_lag_ms=distribution(4.0, 48.0, 90.0),
        ),
        thresholds={"error_rate": {"limit": 0.01, "observed": None, "verdict": "unknown"}},
        samples=(),
        operations={},
        series=_series(30, 3.1, 412),
        timeline=None,  # as a judgement of an older version has it
        curve=None,
    )


def passing() -> Judgement:
    """Return a judgement in which everything was fine and nothing but a suite ran."""
    suite = _suite()
    every = tuple(
        msgspec.structs.replace(t, outcome="passed") if t.outcome in {"failed", "error"} else t for t in suite.tests
    )
    suite = msgspec.structs.replace(suite, tests=every, failed=0, errors=0, passed=suite.passed + 7)
    whole = realistic()
    return msgspec.structs.replace(
        whole,
        run=msgspec.structs.replace(whole.run, exit_code=0),
        verdict=Verdict.PASS,
        findings=tuple(f for f in whole.findings if f.verdict is Verdict.PASS),
        suite=suite,
        bugs=(),
        flaky=(),
        pollution=(),
        load=(),
    )


def many(number: int = 10_000) -> Judgement:
    """Return the realistic judgement with ``number`` tests."""
    return msgspec.structs.replace(realistic(), suite=_suite(number))


def empty() -> Judgement:
    """Return the judgement of a run in which nothing happened."""
    whole = realistic()
    return msgspec.structs.replace(
        whole,
        run=msgspec.structs.replace(
            whole.run, state="torn", exit_code=3, steps={"suite": "interrupted"}, duration_s=None
        ),
        verdict=Verdict.UNKNOWN,
        findings=(),
        suite=None,
        bugs=(),
        flaky=(),
        pollution=(),
        load=(),
        property_tests=(),
        property_summary=None,
        quality=(),
        quality_summary=None,
        not_measured={},
    )


_SAFE_FIELDS = {"schema", "outcome", "verdict", "severity", "owner", "reason", "exit_code", "histogram", "started"}


def hostile(texts: tuple[str, ...] = HOSTILE) -> Judgement:
    """Return the realistic judgement with every string that could come from the subject replaced by a hostile one."""
    turn = 0

    def replaced(value: Any, field: str = "") -> Any:
        nonlocal turn
        if isinstance(value, str) and field not in _SAFE_FIELDS:
            turn += 1
            return texts[turn % len(texts)] + f" {turn}"
        if isinstance(value, dict):
            return {replaced(key) if field in _FREE_KEYS else key: replaced(item, key) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [replaced(item, field) for item in value]
        return value

    builtins = msgspec.to_builtins(untrusted())
    return msgspec.convert(replaced(builtins), Judgement)


_FREE_KEYS = {
    "fingerprint",
    "categories",
    "errors",
    "factors",
    "operations",
    "thresholds",
    "not_measured",
    "steps",
    "targets_met",
    "counts",
    "left_out",
    "draws",
}


def judgements() -> st.SearchStrategy[Judgement]:
    """Return a strategy: any parts of the realistic judgement missing, any strings, any numbers in its place."""
    text = st.one_of(st.text(max_size=60), st.sampled_from(HOSTILE), st.characters(categories=["Cc", "Cf", "Zl", "Zp"]))
    number = st.one_of(st.none(), st.floats(0, 1e12), st.sampled_from([0.0, 0.9999999, 1e-9, 500.0]))
    return st.builds(_vary, st.lists(text, min_size=1, max_size=6), st.lists(number, min_size=1, max_size=6), _parts())


def _parts() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "verdict": st.sampled_from(Verdict),
            "exit_code": st.sampled_from([0, 1, 3, 4, 130]),
            "state": st.sampled_from(["complete", "torn", "interrupted", "failed"]),
            "keep": st.fixed_dictionaries(
                {name: st.booleans() for name in ("findings", "suite", "bugs", "flaky", "load")}
            ),
        }
    )


def _vary(texts: list[str], numbers: list[float | None], parts: dict[str, Any]) -> Judgement:
    whole = hostile(tuple(texts))
    keep = parts["keep"]
    loads = tuple(
        msgspec.structs.replace(
            load,
            achieved_rate=numbers[0],
            target_rate=numbers[-1],
            response_ms=Distribution(
                p50=numbers[0], p90=numbers[-1], p95=numbers[0], p99=numbers[-1], p99_9=None, max=numbers[0]
            ),
        )
        for load in whole.load
    )
    return msgspec.structs.replace(
        whole,
        run=msgspec.structs.replace(whole.run, exit_code=parts["exit_code"], state=parts["state"]),
        verdict=parts["verdict"],
        findings=whole.findings if keep["findings"] else (),
        suite=whole.suite if keep["suite"] else None,
        bugs=whole.bugs if keep["bugs"] else (),
        flaky=whole.flaky if keep["flaky"] else (),
        pollution=whole.pollution if keep["flaky"] else (),
        load=loads if keep["load"] else (),
    )
