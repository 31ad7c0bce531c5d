"""One project through ``brinell suite --deep`` and, by hand, through fresh pytest processes.

Used by planted.py and practice.py. Everything happens on a copy under the work folder, which keeps the project's folder
name (relative imports through a root package need it). An examination that was answered is not repeated (``step.json``
is written last); one that was not is tried again.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ANSWERED = {0, 1, 3, 4}  # exit codes with a judgement; 2, 70 and 130 have none that counts
OUTCOME = re.compile(r"^(PASSED|FAILED|ERROR|XFAIL|XPASS|SKIPPED) (.+?)(?: - .*)?$", re.MULTILINE)
TWICE = '''"""Every test twice in one process: the second is a copy of its own, so that fixtures are set up anew."""
import copy

import pytest


def pytest_collection_modifyitems(items):
    for item in list(items):
        again = copy.copy(item)
        again.stash = pytest.Stash()
        again._nodeid = item.nodeid + "#2"
        if hasattr(again, "_initrequest"):
            again._initrequest()
        items.append(again)
'''


@dataclass(frozen=True)
class Examined:
    """What came out for one project: ``judgement.flaky[]`` by test; ``problem`` is empty when it counts."""

    name: str
    flaky: dict[str, dict[str, Any]]
    seconds: float
    problem: str


def copy_of(project: Path, place: Path) -> Path:
    """A fresh copy in ``place``, under the project's own folder name."""
    target = place / project.name
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(
        project, target, ignore=shutil.ignore_patterns(".git", "__pycache__", ".pytest_cache"), symlinks=True
    )
    return target


def examine(project: Path, python: str, work: Path, extra: list[str], deadline_s: float) -> Examined:
    """``brinell suite --deep`` over a copy of a project; read from ``work`` if that was done before."""
    place = work / project.name
    place.mkdir(parents=True, exist_ok=True)
    step = place / "step.json"
    if not step.exists() or json.loads(step.read_text(encoding="utf-8"))["exit"] not in ANSWERED:
        _suite(project, python, place, extra, deadline_s)
    done = json.loads(step.read_text(encoding="utf-8"))
    judged = place / "run" / "judgement.json"
    if done["exit"] not in ANSWERED or not judged.exists():
        return Examined(project.name, {}, done["seconds"], f"exit {done['exit']}: {done['said'][-200:]}")
    flaky = json.loads(judged.read_text(encoding="utf-8"))["flaky"]
    return Examined(project.name, {entry["test"]: entry for entry in flaky}, done["seconds"], "")


def _suite(project: Path, python: str, place: Path, extra: list[str], deadline_s: float) -> None:
    subject = copy_of(project, place)
    shutil.rmtree(place / "run", ignore_errors=True)
    command = [sys.executable, "-m", "brinell", "suite", str(subject), "--python", python, "--deep"]
    command += ["--out", str(place / "run"), "--json", "--", "-o", "addopts=", *extra]
    began = time.monotonic()
    try:
        done = subprocess.run(
            command,
            cwd=subject,
            env=environment(subject),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=deadline_s,
            check=False,
        )
        code, said = done.returncode, done.stderr
    except subprocess.TimeoutExpired:
        code, said = -1, f"no answer within {deadline_s:g} s"
    step = {"exit": code, "seconds": time.monotonic() - began, "said": said[-2000:]}
    (place / "step.json").write_text(json.dumps(step), encoding="utf-8")


def environment(subject: Path) -> dict[str, str]:
    """Ours without what steers pytest or Brinell, and the copy importable."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "BRINELL"))}
    return {**kept, "PYTHONPATH": str(subject)}


@dataclass(frozen=True)
class Fresh:
    """Fresh pytest processes over a project, each on a fresh copy."""

    project: Path
    python: str
    place: Path
    arguments: tuple[str, ...] = ("-o", "addopts=")
    deadline_s: float = 120.0

    def run(self, tests: list[str], *more: str, twice: bool = False) -> dict[str, str]:
        """Outcome by test (the worse of setup, call and teardown); empty when pytest itself broke or hung."""
        subject = copy_of(self.project, self.place / "fresh")
        environ = environment(subject)
        options = ["-q", "-rA", "-p", "no:cacheprovider", *self.arguments, *more]
        if twice:
            plugin = self.place / "plugin"
            plugin.mkdir(parents=True, exist_ok=True)
            (plugin / "brinell_twice.py").write_text(TWICE, encoding="utf-8")
            environ["PYTHONPATH"] += os.pathsep + str(plugin)
            options += ["-p", "brinell_twice"]
        command = [self.python, "-m", "pytest", *options, *tests]
        try:
            out = subprocess.run(
                command,
                cwd=subject,
                env=environ,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=self.deadline_s,
                check=False,
            ).stdout
        except subprocess.TimeoutExpired:
            return {}
        outcomes: dict[str, str] = {}
        for outcome, test in OUTCOME.findall(out):
            outcomes[test] = "FAILED" if "FAILED" in (outcome, outcomes.get(test)) else outcome
        return outcomes

    def outcome(self, tests: list[str]) -> str:
        """Of the last of some tests run in that order; ``missing`` when it did not run."""
        return self.run(tests).get(tests[-1], "missing")

    def fails_twice(self, test: str) -> bool:
        """Passes the first and fails the second time in one process."""
        outcomes = self.run([test], twice=True)
        return outcomes.get(test) == "PASSED" and outcomes.get(test + "#2") in ("FAILED", "ERROR")

    def failures(self, test: str, runs: int) -> int:
        """How many of some runs of one test alone failed."""
        return sum(self.outcome([test]) in ("FAILED", "ERROR") for _ in range(runs))


def confirmed(entry: dict[str, Any], fresh: Fresh) -> bool:
    """Does what an entry says of another test (or of a second run) hold in fresh processes of our own?"""
    test, verdict = entry["test"], entry["verdict"]
    if verdict == "self-polluting":
        return fresh.fails_twice(test)
    if verdict not in ("victim", "brittle"):
        return False
    word = "polluter" if verdict == "victim" else "setter"
    sets = entry.get(f"{word}_sets") or [[one] for one in entry.get(f"{word}s", ())]
    alone, after = ("PASSED", ("FAILED", "ERROR")) if verdict == "victim" else ("FAILED", ("PASSED",))
    got = fresh.outcome([test])
    if not sets or (got != alone and not (verdict == "brittle" and got == "ERROR")):
        return False
    return any(fresh.outcome([*group, test]) in after for group in sets)
