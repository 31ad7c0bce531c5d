"""Do predictions of property tests hold on real projects? Prints, for each test, predicted beside measured seconds.

    python benchmarks/property/predictions.py --checkouts DIR [--only NAME]... [--work DIR] [--effort 240]
        [--floor 0.05] [--examples 200] [--ci-examples 50] [--python PY] [--all-tests]

DIR holds projects, one a folder (unpacked source distributions: see benchmarks/README.md); nothing is fetched but what
each needs from the package index. For each a copy and a virtual environment are made below ``--work`` (once), the
project is installed with ``-e``, and ``brinell property`` measures, predicts and verifies it. ``--python`` uses one
environment for all instead. A project that was examined already is only judged again: delete its ``run`` to measure it
anew.

Compared is the mean of the ordinary runs of each profile (three to twelve, as the model says) with what the cost model
predicted from the measuring runs, per test and profile. Counted are runs of at least ``--floor`` seconds: fixed costs,
a garbage collection or a page fault are as large as a test that takes a few milliseconds, and nobody waits for those.
Of the shorter ones the largest absolute error is printed. ``95 %`` counts predictions whose interval held the measured
mean. ``unlucky`` counts misses that the model's own interval allows for: the spread of the test's examples is the
reason.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

CLOSE = 0.2
PACKAGES = {  # what the tests of a project need beside the project itself, and which part of them has property tests
    "attrs": (["cloudpickle", "zope.interface"], ["tests"]),
    "cattrs": (["pytest-benchmark", "immutables", "orjson", "ujson", "pyyaml", "msgpack", "tomlkit", "cbor2", "bson",
                "msgspec"], ["tests"]),
    "pyrsistent": ([], ["tests/hypothesis_vector_test.py"]),
    "python_dateutil": (["freezegun"], ["tests/property"]),
    "hyperlink": ([], ["src/hyperlink/test"]),
    "argon2_cffi": ([], ["tests"]),
    "priority": ([], ["test"]),
    "hpack": ([], ["tests"]),
    "h2": ([], ["tests"]),
    "natsort": (["pytest-mock"], ["tests"]),
}  # fmt: skip


class Pair(NamedTuple):
    """One test under one profile."""

    test: str
    profile: str
    said: float
    was: float
    held: bool


def main() -> int:
    arguments = _arguments()
    rows = []
    for folder in sorted(path for path in arguments.checkouts.iterdir() if _is_project(path)):
        name = folder.name.rpartition("-")[0] or folder.name
        if arguments.only and name not in arguments.only:
            continue
        run = _examine(name, folder, arguments)
        row = _table(name, run, arguments)
        if row is not None:
            rows.append(row)
    if not rows:
        print(f"no project with property tests in {arguments.checkouts}", file=sys.stderr)
        return 2
    print(f"\n{'project':<20}{'tests':>7}{'compared':>10}{'within 20 %':>13}{'95 %':>7}{'unlucky':>9}")
    total = [0] * 5
    for name, *numbers in rows:
        print(_line(name, numbers))
        total = [a + b for a, b in zip(total, numbers, strict=True)]
    print(_line("all", total))
    return 0 if total[2] >= 0.9 * total[1] else 1


def _is_project(path: Path) -> bool:
    return any((path / name).exists() for name in ("pyproject.toml", "setup.py"))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkouts", type=Path, required=True)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--work", type=Path, default=Path("property-predictions"))
    parser.add_argument("--effort", type=float, default=240.0)
    parser.add_argument("--floor", type=float, default=0.05)
    parser.add_argument("--examples", type=int, default=200)
    parser.add_argument("--ci-examples", type=int, default=50)
    parser.add_argument("--python")
    parser.add_argument("--all-tests", action="store_true", help="every folder of tests, not the listed ones")
    return parser.parse_args()


def _examine(name: str, folder: Path, arguments: argparse.Namespace) -> Path:
    """Measure and verify one project; return the folder of the run."""
    home = (arguments.work / folder.name).resolve()
    run = home / "run"
    if (run / "judgement.json").exists():
        _brinell(["judge", str(run)], home)
        return run
    shutil.rmtree(run, ignore_errors=True)
    copy = home / "project"
    if not copy.exists():
        shutil.copytree(folder, copy, symlinks=True)
        subprocess.run(["git", "init", "-q", str(copy)], check=True)  # Hypothesis counts lines below the repository
    python = arguments.python or _environment(name, home, copy)
    tests = [] if arguments.all_tests else [path for path in PACKAGES.get(name, ([], []))[1] if (copy / path).exists()]
    print(f"{name}: measuring", flush=True)
    numbers = ["--examples", str(arguments.examples), "--ci-examples", str(arguments.ci_examples)]
    words = [
        "property",
        "--python",
        str(python),
        "--effort",
        f"{arguments.effort}s",
        *numbers,
        "--out",
        str(run),
        "--quiet",
    ]
    _brinell([*words, "--", "-p", "no:cacheprovider", *tests], copy)
    return run


def _environment(name: str, home: Path, copy: Path) -> Path:
    """Make the project's virtual environment, once."""
    python = home / "venv" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(home / "venv")], check=True)
        needs = ["pytest", "hypothesis", *PACKAGES.get(name, ([], []))[0]]
        for words in (needs, ["-e", str(copy)]):
            subprocess.run([str(python), "-m", "pip", "install", "-q", *words], check=False)
    return python


def _brinell(words: list[str], folder: Path) -> None:
    subprocess.run([sys.executable, "-m", "brinell", *words], cwd=folder, check=False, env=dict(os.environ),
                   stdout=subprocess.DEVNULL)  # fmt: skip


def _table(name: str, run: Path, arguments: argparse.Namespace) -> tuple[Any, ...] | None:
    """Print one project's tests; return its row of the last table."""
    try:
        judgement = json.loads((run / "judgement.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        print(f"{name}: not examined")
        return None
    tests = judgement["property_tests"]
    measured = [test for test in tests if test["predicted_s"]]
    if not measured:
        print(f"{name}: " + "; ".join(finding["title"] for finding in judgement["findings"]))
        return None
    pairs = [pair for test in measured for pair in _pairs(test)]
    long = [pair for pair in pairs if pair.was >= arguments.floor]
    short = [abs(pair.said - pair.was) for pair in pairs if pair.was < arguments.floor]
    error = f", largest error {max(short) * 1000:.1f} ms" if short else ""
    below = f"{len(short)} runs below {arguments.floor * 1000:g} ms{error}"
    print(f"\n{name}: {len(tests)} tests, {len(measured)} measured; {below}")
    for pair in sorted(long, key=lambda one: -one.was):
        close = abs(pair.said - pair.was) <= CLOSE * pair.was
        mark = " " if close else "~" if pair.held else "!"
        print(f" {mark} {pair.profile:<6}{pair.said:9.3f} s {pair.was:9.3f} s {pair.said / pair.was:6.2f}  {pair.test}")
    misses = [pair for pair in long if abs(pair.said - pair.was) > CLOSE * pair.was]
    held = sum(pair.held for pair in long)
    return name, len(measured), len(long), len(long) - len(misses), held, sum(pair.held for pair in misses)


def _pairs(test: dict[str, Any]) -> list[Pair]:
    found = []
    for profile in ("ci", "local"):
        said, was = test["predicted_s"][profile], (test["verified_s"] or {}).get(profile)
        if was is not None:
            found.append(Pair(test["test"], profile, said["seconds"], was, said["low"] <= was <= said["high"]))
    return found


def _line(name: str, numbers: list[int]) -> str:
    tests, compared, close, held, unlucky = numbers
    share = f"{close} ({close / compared:.0%})" if compared else "-"
    return f"{name:<20}{tests:>7}{compared:>10}{share:>13}{held:>7}{unlucky:>9}"


if __name__ == "__main__":
    sys.exit(main())
