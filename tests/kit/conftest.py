"""Small projects that are run by a real pytest in a process of its own, and judgements about them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from brinell.core.judgement import (
    SCHEMA,
    FactorEffect,
    FlakyTest,
    Judgement,
    LeakedState,
    Probability,
    Regression,
    RunInfo,
    Seconds,
    SuiteReport,
    TestEntry,
)
from brinell.core.property_judgement import PropertyTest
from brinell.core.verdicts import Exit, Verdict


class Project:
    """A folder with tests. Folders called hardening are where the written tests go."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.guards = root / "tests" / "hardening"
        self.guards.mkdir(parents=True)
        (root / "pytest.ini").write_text("[pytest]\ntestpaths = tests\nfilterwarnings = error\n")

    def write(self, name: str, text: str) -> Path:
        path = self.root / "tests" / name
        path.write_text(text, encoding="utf-8")
        return path

    def replace(self, name: str, old: str, new: str) -> None:
        path = self.root / "tests" / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def guard(self, name: str, text: str) -> Path:
        path = self.guards / name
        path.write_text(text, encoding="utf-8")
        return path

    def pytest(self, *arguments: str, **env: str) -> tuple[int, str]:
        """Exit status and output. Installed plug-ins stay out, unless ``plugins="yes"`` is said."""
        quick = {} if env.pop("plugins", "") else {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV_"))}
        ended = subprocess.run(
            [sys.executable, "-m", "pytest", "-rA", *arguments],
            cwd=self.root, env={**kept, "PYTHONDONTWRITEBYTECODE": "1", **quick, **env},
            capture_output=True, check=False, timeout=120, encoding="utf-8", errors="replace",
        )  # fmt: skip
        return ended.returncode, ended.stdout + ended.stderr


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


def judgement(**parts: Any) -> Judgement:
    run = RunInfo(
        id="20261121T000000Z-shop", name="shop", started="2026-11-21T00:00:00Z", duration_s=1.0, state="complete",
        fingerprint={}, exit_code=Exit.PASS, brinell="0", plan_digest="",
    )  # fmt: skip
    fields = {"suite": None, "bugs": (), "findings": (), "verdict": Verdict.PASS, **parts}
    return Judgement(schema=SCHEMA, run=run, **fields)


def share(failures: int, runs: int) -> Probability:
    return Probability(estimate=failures / runs, low=0.0, high=1.0, failures=failures, runs=runs)


def flaky(test: str, verdict: str, **fields: Any) -> FlakyTest:
    return FlakyTest(**{
        "test": test, "verdict": verdict, "polluters": (), "polluter_sets": (), "setters": (), "setter_sets": (),
        "cleaners": (), "leaked_state": (), "cause": None, "factors": {}, "failure_probability": None,
        "reproducer": None, "reproducer_outcome": None, "confirmed": True, "fixture": None, "message": "",
        "cluster": None, **fields,
    })  # fmt: skip


def victim(test: str, *sets: tuple[str, ...], state: tuple[tuple[str, str], ...] = ()) -> FlakyTest:
    leaked = tuple(LeakedState(name=name, kind=kind, before="", after="", proved=True) for name, kind in state)
    names = tuple(dict.fromkeys(one for polluters in sets for one in polluters))
    return flaky(test, "victim", polluters=names, polluter_sets=sets, leaked_state=leaked, cause="order")


def factor(name: str, level: Any, command: str | None, failures: int = 8, runs: int = 8) -> dict[str, FactorEffect]:
    effect = FactorEffect(level=level, with_factor=share(failures, runs), without=share(0, runs), command=command)
    return {name: effect}


def suite(
    seconds: dict[str, tuple[float, float, float]], repeats: tuple[float, ...] = (), category: str = "unit"
) -> SuiteReport:
    tests = tuple(
        TestEntry(
            id=name, outcome="passed", trust="single-run", category=category,
            seconds=Seconds(setup=phases[0], call=phases[1], teardown=phases[2]),
        )
        for name, phases in seconds.items()
    )  # fmt: skip
    return SuiteReport(
        timestamp="", execution_time_seconds=sum(map(sum, seconds.values())), test_count=len(tests), passed=len(tests),
        failed=0, skipped=0, errors=0, xfailed=0, xpassed=0, flaky_retries=0, categories={}, slowest_tests=(),
        serial_seconds=None, parallel_seconds=None, parallel_speedup=None, target_full_suite=300.0,
        target_property_test=None, targets_met={}, property_test_targets=None, targets_verified=None,
        verification_timestamp=None, tests=tests, repeats=repeats,
        regression=Regression(baseline_seconds=None, ratio=None, threshold=1.2, verdict=Verdict.UNKNOWN),
    )  # fmt: skip


@pytest.fixture
def of():
    """How to make judgements and their parts."""
    return SimpleNamespace(
        judgement=judgement, share=share, flaky=flaky, victim=victim, factor=factor, suite=suite,
        property_test=lambda test: PropertyTest(test=test, file="", line=1, outcome="passed"),
    )  # fmt: skip
