"""``brinell suite --write-tests``: the tests that keep what a run found, written into the team's own tests."""

from __future__ import annotations

import math
import subprocess
from collections.abc import Callable
from pathlib import Path

import msgspec

from brinell.cli import say
from brinell.cli.options import here
from brinell.core.errors import UsageError
from brinell.core.judgement import Judgement
from brinell.core.plan import ExamineSpec, Plan, SuiteSpec
from brinell.core.verdicts import Exit
from brinell.journal import runs
from brinell.journal.fingerprint import fingerprint
from brinell.journal.reader import read
from brinell.kit import flaky_detection, isolation_validation, performance_baseline, seal
from brinell.publish import load

FOLDER = "hardening"
_TESTS = "tests"
_CALIBRATION_S = 60.0
_BUSY = 0.1  # share of the run
_MACHINE = ("machine", "cpu", "cores", "system")
_MAKERS: dict[str, tuple[Callable[[Judgement, str | None], str], str]] = {
    isolation_validation.NAME: (isolation_validation.isolation_validation, "no victim of another test is known"),
    flaky_detection.NAME: (flaky_detection.flaky_detection, "no other flaky test is known"),
    performance_baseline.NAME: (
        lambda judgement, _: performance_baseline.performance_test(judgement),
        "no suite was run, or none of its tests passed",
    ),
}


class Request(msgspec.Struct, frozen=True):
    """Where to write; ``force``: over what somebody edited, and a baseline that is there."""

    into: Path | None = None
    force: bool = False


def folder_of(plan: Plan, request: Request) -> Path:
    """Return the folder to write to: the one that was asked for, or ``hardening`` in the suite's first path."""
    if request.into is not None:
        return Path.cwd() / request.into
    spec = next((step.spec for step in plan.steps if isinstance(step.spec, SuiteSpec | ExamineSpec)), SuiteSpec())
    home = Path(plan.root) / spec.directory
    first = home / (spec.paths[0].partition("::")[0] if spec.paths else _TESTS)
    place = first if first.is_dir() else first.parent
    return place / FOLDER


def look_ahead(folder: Path, request: Request) -> None:
    """Refuse before anything runs to write over what is not ours. UsageError naming the file."""
    if request.force:
        return
    for name in _MAKERS:
        text = _read(folder / name)
        kind = "ours" if text is None else seal.state(text)
        if kind == "ours":
            continue
        why = "was edited since it was written" if kind == "edited" else "was not written by Brinell"
        raise UsageError(
            f"--write-tests: {say.near(folder / name)} {why}", hint="--force writes it anew, or --into DIR elsewhere"
        )


def write(judgement: Judgement, plan: Plan, request: Request) -> None:
    """Write the tests that a judgement gives cause for, and say which. UsageError where the disk refuses."""
    folder = folder_of(plan, request)
    look_ahead(folder, request)
    wrote = False
    for name, (make, without) in _MAKERS.items():
        path = folder / name
        text = make(judgement, _read(path))
        if not text:
            say.note(f"not written: {name}: {without}{_unasked(judgement, name)}")
            continue
        changed = _put(path, text)
        say.note(f"{'wrote' if changed else 'unchanged:'} {say.near(path)}{_about(name, text)}")
        if name == performance_baseline.NAME:
            _write_baseline(judgement, plan, path, request)
        wrote = True
    if wrote:
        say.note(f"They need pytest and nothing of ours: pytest {say.near(folder)}, or the whole suite for its time.")


def write_from(run: str, request: Request) -> Exit:
    """Write the tests of a run that was made. UsageError if it was never judged."""
    folder = runs.find(here(), run)
    write(load(folder), read(folder).plan, request)
    return Exit.PASS


def _unasked(judgement: Judgement, name: str) -> str:
    asked = name == performance_baseline.NAME or "flaky" not in judgement.not_measured
    return "" if asked else f" ({judgement.not_measured['flaky']})"


def _about(name: str, text: str) -> str:
    number = {flaky_detection.NAME: flaky_detection.known_in, isolation_validation.NAME: isolation_validation.known_in}
    return f" ({number[name](text)} guarded)" if name in number else ""


def _write_baseline(judgement: Judgement, plan: Plan, test: Path, request: Request) -> None:
    """Write the baseline beside its test. One that is there stays: a slow run must not become the measure unseen."""
    path = test.with_name(performance_baseline.BASELINE)
    if path.exists() and not request.force:
        say.note(f"kept {say.near(path)}: --force takes this run's times")
        return
    calibration_s = _calibrated(judgement, plan, test)
    if calibration_s is None:
        say.note("The run was made on another machine, or its interpreter is gone: the times are held against nothing")
        say.note(f"until a session there has written them: {performance_baseline.UPDATE}=1 pytest")
    _put(path, performance_baseline.performance_baseline(judgement, calibration_s))
    say.note(f"wrote {say.near(path)}")
    busy = performance_baseline.starved(judgement)
    if busy > _BUSY:
        say.note(
            f"For {busy:.0%} of the run the tests waited for a processor that others had: its times are too generous."
        )
        say.note(f"A session here measures without that: {performance_baseline.UPDATE}=1 pytest")


def _calibrated(judgement: Judgement, plan: Plan, test: Path) -> float | None:
    """Return what the file's fixed piece of work takes in the suite's interpreter; None if this isn't its machine."""
    machine = fingerprint(Path(plan.root))
    python = judgement.suite.interpreter if judgement.suite else ""
    if not python or any(judgement.run.fingerprint.get(name) != machine[name] for name in _MACHINE):
        return None
    try:
        ended = subprocess.run(
            [python, str(test), "--calibrate"], capture_output=True, check=True, text=True, timeout=_CALIBRATION_S
        )
        seconds = float(ended.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return seconds if 0 < seconds < math.inf else None


def _read(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(
            f"--write-tests: {say.near(path)}: {error.strerror}", hint="--into DIR writes elsewhere"
        ) from None


def _put(path: Path, text: str) -> bool:
    """Write a file whole or not at all; whether that changed anything."""
    if _read(path) == text:
        return False
    draft = path.with_name(f".{path.name}.draft")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise UsageError(
            f"--write-tests: cannot write {say.near(path)}: {error.strerror}", hint="--into DIR writes elsewhere"
        ) from None
    return True
