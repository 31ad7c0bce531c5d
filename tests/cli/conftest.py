"""The command line, called in this process from a folder of its own."""

from __future__ import annotations

import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from brinell.cli.app import run
from brinell.core.finding import Finding
from brinell.core.judgement import (
    SCHEMA,
    Bug,
    Distribution,
    Generator,
    Judgement,
    Load,
    Regression,
    RunInfo,
    Seconds,
    SubjectVitals,
    SuiteReport,
    Suspect,
    TestEntry,
)
from brinell.core.verdicts import Owner, Severity, Verdict


class Said(NamedTuple):
    """What a command gave."""

    code: int
    out: str
    err: str


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Path:
    """An empty folder to stand in; nothing around it is a project."""
    folder = tmp_path / "shop"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    if request.node.get_closest_marker("prove") is None:
        # What is installed beside us is not the subject's, and costs every pytest most of a second.
        monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    command = tmp_path / "bin" / "brinell"  # where the shell finds it, as once it is installed
    command.parent.mkdir()
    command.symlink_to(Path(sys.executable).with_name("brinell"))
    monkeypatch.setenv("PATH", f"{command.parent}{os.pathsep}{os.environ['PATH']}")
    return folder


@pytest.fixture
def brinell(here: Path, capfd: pytest.CaptureFixture[str]) -> Callable[..., Said]:  # noqa: ARG001 - to stand there
    def call(*argv: str) -> Said:
        capfd.readouterr()
        code = run(argv)
        return Said(code, *capfd.readouterr())

    return call


@pytest.fixture
def bugs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """The texts of the bug reports that a test provokes: in a folder of its own, not where people look for theirs."""
    folder = tmp_path / "reports"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return lambda: [file.read_text() for file in sorted(folder.glob("brinell-bug-*.txt"))]


@pytest.fixture
def project(here: Path) -> Path:
    """A project with a test and an application, without a configuration."""
    (here / "shop").mkdir()
    (here / "shop" / "__init__.py").write_text("")
    (here / "shop" / "app.py").write_text(
        "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/healthz')\ndef h(): ...\n"
    )
    (here / "tests").mkdir()
    (here / "tests" / "test_sums.py").write_text("def test_sum():\n    assert 1 + 1 == 2\n")
    return here


def _distribution(scale: float) -> Distribution:
    return Distribution(p50=scale, p90=2 * scale, p95=3 * scale, p99=4 * scale, p99_9=None, max=9 * scale)


def _suite(outcomes: dict[str, str], seconds: float) -> SuiteReport:
    counts = Counter(outcomes.values())
    return SuiteReport(
        timestamp="2026-01-01T00:00:00Z",
        execution_time_seconds=seconds,
        test_count=len(outcomes),
        passed=counts["passed"],
        failed=counts["failed"],
        skipped=0,
        errors=0,
        xfailed=0,
        xpassed=0,
        flaky_retries=0,
        categories={},
        slowest_tests=(),
        serial_seconds=None,
        parallel_seconds=None,
        parallel_speedup=None,
        target_full_suite=300.0,
        target_property_test=None,
        targets_met={},
        property_test_targets=None,
        targets_verified=None,
        verification_timestamp=None,
        regression=Regression(baseline_seconds=None, ratio=None, threshold=1.2, verdict=Verdict.UNKNOWN),
        tests=tuple(
            TestEntry(id=name, outcome=outcome, trust="single-run", category="tests", seconds=Seconds(call=0.1))
            for name, outcome in outcomes.items()
        ),
    )


def _load(scale: float) -> Load:
    return Load(
        scenario="browse",
        model="open",
        url="http://127.0.0.1",
        target_rate=100.0,
        achieved_rate=99.0,
        requests=990,
        errors={"timeout": 1},
        response_ms=_distribution(scale),
        response_ok_ms=_distribution(scale),
        service_ms=_distribution(scale),
        histogram="",
        generator=Generator(valid=True, reason="", cpu=0.1, schedule_lag_ms=_distribution(0.1)),
        subject=SubjectVitals(cpu=None, rss=None, fds=None, threads=None),
        connections=64,
        workers=1,
        timeout_s=5.0,
        span_s=10.0,
    )


def _bug(signature: str, title: str) -> Bug:
    return Bug(
        id=f"b1-{signature}",
        severity=Severity.P1,
        severity_rule="rule",
        owner=Owner.PRODUCT,
        owner_evidence=(),
        signature=signature,
        title=title,
        tests=("tests/test_a.py::test_a",),
        error="",
        root_cause=None,
        suspects=(Suspect(file="src/shop/a,b.py", function="f", lines=(7,), score=1.0),),
        reproduction=None,
        fix_strategy=None,
        sla_due="2026-01-02T00:00:00Z",
        status="new",
    )


@pytest.fixture
def judgement() -> Callable[..., Judgement]:
    """Make a judgement: outcomes of tests, seconds of the suite, scale of latencies, titles of bugs by signature."""

    def make(
        *,
        verdict: Verdict = Verdict.PASS,
        outcomes: dict[str, str] | None = None,
        seconds: float = 1.0,
        latency: float | None = None,
        bugs: dict[str, str] | None = None,
        findings: tuple[Finding, ...] = (),
    ) -> Judgement:
        return Judgement(
            schema=SCHEMA,
            run=RunInfo(
                id="20260101T000000Z-shop",
                name="shop",
                started="2026-01-01T00:00:00Z",
                duration_s=2.0,
                state="complete",
                fingerprint={},
                exit_code=0,
                brinell="0",
                plan_digest="",
            ),
            verdict=verdict,
            findings=findings,
            suite=_suite(outcomes, seconds) if outcomes is not None else None,
            bugs=tuple(_bug(signature, title) for signature, title in (bugs or {}).items()),
            load=(_load(latency),) if latency is not None else (),
        )

    return make
