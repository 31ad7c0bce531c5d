"""Does ``brinell suite`` see what plain pytest sees? Five released projects, test by test, and their exit codes.

    python benchmarks/suite/third_party.py [--only NAME] [--cache DIR]     compare outcomes
    python benchmarks/suite/third_party.py --sabotage                      is the first bug the broken function?

The source releases come from the package index into a cache folder and get a virtual environment each, with the test
requirements below, pytest 7 to 9 among them. Ends with 1 where anything differs. Needs the network the first time.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import json
import subprocess
import sys
import tarfile
import time
import venv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as ET

CACHE = Path.home() / ".cache" / "brinell-third-party"


class Project(NamedTuple):
    """A release, what its tests need, and the function that ``--sabotage`` breaks, chosen by hand for being central."""

    release: str
    requirements: tuple[str, ...]
    file: str
    function: str
    args: tuple[str, ...] = ()


PROJECTS = {
    "itsdangerous": Project(
        "itsdangerous==2.2.0", ("pytest==7.4.4", "freezegun==1.5.1"), "src/itsdangerous/signer.py", "Signer.derive_key"
    ),
    "sqlite-utils": Project(
        "sqlite-utils==3.38",
        ("pytest==8.4.2", "hypothesis==6.131.0", "black==25.1.0", "cogapp==3.4.1", "click==8.1.8"),
        "sqlite_utils/db.py",
        "Table.insert_all",
    ),
    "structlog": Project(
        "structlog==25.1.0",
        ("pytest==8.3.5", "pytest-asyncio==0.25.3", "freezegun==1.5.1", "pretend==1.0.9", "simplejson==3.20.1"),
        "src/structlog/_base.py",
        "BoundLoggerBase._process_event",
    ),
    "httpcore": Project(
        "httpcore==1.0.7",
        (
            "pytest==8.3.4",
            "pytest-httpbin==2.0.0",
            "pytest-trio==0.8.0",
            "anyio==4.8.0",
            "trio==0.28.0",
            "h2==4.1.0",
            "socksio==1.0.0",
            "trustme==1.2.1",
            "setuptools==75.8.0",
        ),
        "httpcore/_sync/connection_pool.py",
        "ConnectionPool._assign_requests_to_connections",
    ),
    "starlette": Project(
        "starlette==0.46.1",
        (
            "pytest==9.0.1",
            "anyio==4.9.0",
            "trio==0.29.0",
            "httpx==0.28.1",
            "jinja2==3.1.6",
            "itsdangerous==2.2.0",
            "python-multipart==0.0.20",
            "pyyaml==6.0.2",
        ),
        "starlette/routing.py",
        "Route.matches",
    ),
}


class Prepared(NamedTuple):
    """An unpacked release with its environment, and a folder for what is run on it."""

    source: Path
    python: Path
    work: Path


def prepare(name: str, cache: Path) -> Prepared:
    """Download, unpack and install what is not there yet."""
    project, home = PROJECTS[name], cache / name
    ready = Prepared(home / "source", home / "venv" / "bin" / "python", home / "work")
    if (home / "installed").exists():
        return ready
    package = project.release.partition("==")[0]
    download = ["download", "--no-deps", "--no-binary", package, "--dest", str(home), project.release]
    pip(Path(sys.executable), *download)
    (archive,) = home.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        tar.extractall(home, filter="data")
    (home / archive.name.removesuffix(".tar.gz")).rename(ready.source)
    venv.create(home / "venv", with_pip=True)
    pip(ready.python, "install", *project.requirements, "--editable", str(ready.source))
    ready.work.mkdir(exist_ok=True)
    (home / "installed").touch()
    return ready


def pip(python: Path, *args: str) -> None:
    subprocess.run([python, "-m", "pip", "--quiet", "--disable-pip-version-check", *args], check=True)


def plain_pytest(project: Project, at: Prepared) -> tuple[int, Path, float]:
    """Return exit code, JUnit file and seconds of pytest on its own."""
    report = at.work / "plain.xml"
    command = [at.python.with_name("pytest"), f"--junitxml={report}", "-o", "junit_family=xunit2", *project.args]
    before = time.monotonic()
    with (at.work / "plain.log").open("w") as log:
        done = subprocess.run(command, cwd=at.source, check=False, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    return done.returncode, report, time.monotonic() - before


def brinell_suite(project: Project, at: Prepared, out: Path) -> int:
    """Return the exit code; what the run left is in ``out``."""
    subprocess.run(["rm", "-rf", str(out)], check=True)
    command = [sys.executable, "-m", "brinell", "suite", str(at.source), "--python", str(at.python), "--out", str(out)]
    with out.with_suffix(".log").open("w") as log:
        done = subprocess.run([*command, "--", *project.args], cwd=at.source, check=False, stdout=log, stderr=log)
    return done.returncode


def outcomes(report: Path) -> Counter[tuple[str, str, str]]:
    """Count (class, test, outcome) of a JUnit file."""
    found: Counter[tuple[str, str, str]] = Counter()
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - written by the two programs under comparison
        kinds = [element.tag for element in case if element.tag in ("failure", "error", "skipped")]
        for kind in kinds or ["passed"]:
            found[case.get("classname", ""), case.get("name", ""), kind] += 1
    return found


def compare(name: str, cache: Path) -> bool:
    """Run both and print a line; whether they agree."""
    project, at = PROJECTS[name], prepare(name, cache)
    status, report, seconds = plain_pytest(project, at)
    out = at.work / "brinell"
    code = brinell_suite(project, at, out)
    theirs, ours = outcomes(report), outcomes(out / "junit.xml")
    suite = json.loads((out / "judgement.json").read_text())["suite"]
    differing = (theirs - ours) + (ours - theirs)
    agree = {0: (0,), 1: (1, 4)}.get(status, (code,))
    same = not differing and code in agree and suite["exit_status"] == status
    counts = Counter(kind for _, _, kind in theirs.elements())
    told = ", ".join(f"{counts[kind]} {kind}" for kind in ("passed", "failure", "error", "skipped") if counts[kind])
    print(f"{name:14} pytest {suite['pytest']:7} {told:38} exit {status} / {code}   ", end="")
    print(f"{seconds:6.1f} s / {suite['execution_time_seconds']:6.1f} s   {'same' if same else 'DIFFERENT'}")
    for (where, test, kind), number in sorted(differing.items())[:20]:
        side = "pytest only" if (where, test, kind) in theirs else "brinell only"
        print(f"    {side}: {where}::{test} {kind} ({number})")
    return same


@contextlib.contextmanager
def sabotaged(file: Path, function: str) -> Iterator[None]:
    """Make a function raise as its first statement; the file is put back afterwards."""
    before = file.read_text()
    lines = before.splitlines(keepends=True)
    node: ast.AST = ast.parse(before)
    for part in function.split("."):
        node = next(child for child in node.body if getattr(child, "name", "") == part)  # type: ignore[attr-defined]
    first = node.body[0]  # type: ignore[attr-defined]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        first = node.body[1]  # type: ignore[attr-defined]
    lines.insert(first.lineno - 1, f'{" " * first.col_offset}raise ZeroDivisionError("broken on purpose")\n')
    try:
        file.write_text("".join(lines))
        yield
    finally:
        file.write_text(before)


def sabotage(name: str, cache: Path) -> bool:
    """Break the function, run the suite, print a line; whether the first bug names it first."""
    project, at = PROJECTS[name], prepare(name, cache)
    out = at.work / "sabotaged"
    with sabotaged(at.source / project.file, project.function):
        code = brinell_suite(project, at, out)
    judgement = json.loads((out / "judgement.json").read_text())
    bugs = judgement["bugs"]
    suspects = bugs[0]["suspects"] if bugs else []
    named = f"{suspects[0]['file']}: {suspects[0]['function']}" if suspects else "nobody"
    hit = bool(suspects) and suspects[0]["function"] == project.function and suspects[0]["file"] == project.file
    failed = sum(test["outcome"] in ("failed", "error") for test in judgement["suite"]["tests"])
    size = len(bugs[0]["tests"]) if bugs else 0
    print(f"{name:14} exit {code}, {failed} of {judgement['suite']['test_count']} failed, {len(bugs)} bugs; ", end="")
    print(f"first: {size} tests, {named}   {'hit' if hit and code == 1 else 'MISSED'}")
    return hit and code == 1


def main() -> int:
    """Run on all projects or one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=sorted(PROJECTS))
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--sabotage", action="store_true")
    given = parser.parse_args()
    examine = sabotage if given.sabotage else compare
    good = [examine(name, given.cache.resolve()) for name in ([given.only] if given.only else PROJECTS)]
    print(f"{sum(good)} of {len(good)} as they should be")
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
