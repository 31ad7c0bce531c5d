"""Lines of each module that the suite runs, by the coverage that is installed in the user's interpreter."""

from __future__ import annotations

import os
import shlex
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from brinell.core.errors import Interrupted
from brinell.core.plan import QualitySpec
from brinell.core.quality_records import CoverageTarget, ModuleCoverage
from brinell.core.redact import one_line
from brinell.core.roles import Room
from brinell.subject.interpreter import Interpreter, Probe
from brinell.subject.question import ask
from brinell.suite.untrusted import clean

_DATA, _REPORT, _LOG = "coverage.data", "coverage.json", "coverage.log"
_MOST_BYTES = 100_000_000
_MOST_MODULES = 5000
_MOST_LINES = 50
_REPORT_S = 120.0
_WAIT_S = 0.1
_STOP_S = 5.0


def cover(
    room: Room, spec: QualitySpec, python: Interpreter, about: Probe, directory: Path
) -> Iterator[ModuleCoverage | CoverageTarget]:
    """Yield the modules, and at last the target with the total, or with why there is none."""
    target = spec.coverage or 0.0
    asked = ask(
        [str(python.path), "-m", "coverage", "--version"], cwd=directory, env=os.environ, timeout_s=_REPORT_S
    )  # fmt: skip
    if asked.status != 0:
        line = f"{shlex.quote(str(python.path))} -m pip install coverage"
        yield CoverageTarget(target, why_not=f"coverage is not installed in {python.path}: {line}")
        return
    why = _run(room, spec, python, about, directory)
    if why:
        yield CoverageTarget(target, why_not=why)
        return
    command = [str(python.path), "-m", "coverage", "json", f"--data-file={room.folder / _DATA}", "-q"]
    command += ["--fail-under=0", "-o", str(room.folder / _REPORT)]
    answer = ask(
        command, cwd=directory, env=os.environ, timeout_s=_REPORT_S
    )  # fmt: skip
    report = _read(room.folder / _REPORT)
    if report is None:
        said = (answer.out.strip() or answer.err.strip() or f"status {answer.status}").splitlines()[-1]
        yield CoverageTarget(target, why_not=f"coverage made no report: {one_line(clean(said), 200)}")
        return
    yield from _modules(report, spec)
    total = report.get("totals", {}).get("percent_covered")
    yield CoverageTarget(target, round(float(total), 2) if isinstance(total, (int, float)) else None)


def _run(room: Room, spec: QualitySpec, python: Interpreter, about: Probe, directory: Path) -> str:
    """Run the suite under coverage; return why that gave nothing, or an empty text."""
    source = [f"--source={','.join(room.plan.source)}"] if room.plan.source else []
    quiet = ["--no-cov"] if "pytest-cov" in {name.lower() for name in about.plugins} else []
    argv = [
        str(python.path),
        "-m",
        "coverage",
        "run",
        f"--data-file={room.folder / _DATA}",
        *source,
        "-m",
        "pytest",
        "-q",
    ]
    argv += [*quiet, *spec.paths, *spec.args]
    log = room.folder / _LOG
    child = room.start(argv, cwd=directory, stdout=log, stderr=log)
    stop_by_ns = room.clock.now_ns() + round(spec.timeout_s * 1e9)
    try:
        while (status := child.poll()) is None:
            room.tick()
            room.progress(0, None, "running the suite once more, under coverage")
            room.clock.sleep(_WAIT_S)
            if room.clock.now_ns() > stop_by_ns:
                child.stop(_STOP_S)
                return f"the suite took longer than {spec.timeout_s:g} s under coverage"
    except Interrupted:
        child.signal(signal.SIGINT)
        child.stop(_STOP_S)
        raise
    return "" if status in {0, 1} else f"pytest ended with status {status} under coverage; see {_LOG}"


def _read(path: Path) -> dict[str, Any] | None:
    try:
        if path.stat().st_size > _MOST_BYTES:
            return None
        found = msgspec.json.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError):
        return None
    return found if isinstance(found, dict) else None


def _modules(report: dict[str, Any], spec: QualitySpec) -> Iterator[ModuleCoverage]:
    files = report.get("files")
    for path, facts in sorted(files.items())[:_MOST_MODULES] if isinstance(files, dict) else ():
        try:
            summary = facts["summary"]
            missing = tuple(int(line) for line in facts.get("missing_lines", [])[:_MOST_LINES])
            module = ModuleCoverage(
                clean(str(path), 1000), int(summary["num_statements"]), int(summary["covered_lines"]), missing
            )  # fmt: skip
        except (KeyError, TypeError, ValueError):
            continue
        if module.statements and not _is_test(module.file, spec):
            yield module


def _is_test(path: str, spec: QualitySpec) -> bool:
    name = path.rpartition("/")[2]
    return name.startswith("test_") or name == "conftest.py" or any(path.startswith(f"{one}/") for one in spec.paths)
