"""How good is triage on real bugs? One command, one row of a truth file after the other, totals at the end.

    python benchmarks/triage/practice.py TRUTH.json --mirror DIR --python PYTHON [--only ID]... [--work DIR]

TRUTH.json (or $BRINELL_TRUTH) lists bugs of public projects: repository, buggy and fixed commit, test files, the
tests to run, the label ``product`` or ``environment``, and the lines the fix changed in the buggy version. ``--mirror``
holds local clones as ``OWNER+NAME/repo`` or ``OWNER/NAME`` (bare or not); nothing is fetched. PYTHON is the interpreter
of the subjects: it needs pytest and what the projects import.

A row is the buggy commit with the test files of the fixed one, run as ``brinell suite`` runs it (no reproduction). What
the label claims is checked first, in the same environment: for ``product`` the fixed commit must pass, for
``environment`` it must fail as well; other rows are shown and not counted. The suspect is right if a function named
among the first one or five contains a line that the fix changed.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from brinell.core.judgement import Bug
from brinell.core.plan import Plan, Step, SuiteSpec
from brinell.journal.reader import read
from brinell.run import execute
from brinell.subject.discover.tree import packages
from brinell.triage.check import triage

OWNER = {"product": "product", "environment": "infrastructure"}


@dataclass(frozen=True)
class Row:
    """One row as it came out. ``checked`` says whether the label holds in this environment."""

    id: str
    label: str
    checked: bool
    owner: str
    rank: int | None  # of the first suspect that contains a changed line, from 1
    crashed_in_product: bool
    severity: str
    rule: str
    title: str


def main() -> int:
    arguments = _arguments()
    truth = json.loads(Path(arguments.truth).read_text(encoding="utf-8"))
    rows: list[Row] = []
    for entry in truth:
        if arguments.only and entry["id"] not in arguments.only:
            continue
        repository = _clone(Path(arguments.mirror), entry["repo"])
        if repository is None:
            print(f"{entry['id']:<16} no clone of {entry['repo']}: left out")
            continue
        rows.append(_examine(entry, repository, arguments.python, Path(arguments.work)))
        _show(rows[-1])
    _totals(rows)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("truth", nargs="?", default=os.environ.get("BRINELL_TRUTH"))
    parser.add_argument("--mirror", required=True)
    parser.add_argument("--python", required=True)
    parser.add_argument("--only", action="append")
    parser.add_argument("--work", default=tempfile.gettempdir())
    found = parser.parse_args()
    if not found.truth:
        parser.error("name a truth file, or set BRINELL_TRUTH")
    return found


def _clone(mirror: Path, repository: str) -> Path | None:
    owner, name = repository.split("/")
    places = (mirror / f"{owner}+{name}" / "repo", mirror / owner / name)
    return next((found for place in places for found in (place / ".git", place) if (found / "objects").is_dir()), None)


def _examine(entry: dict[str, Any], repository: Path, python: str, work: Path) -> Row:
    with tempfile.TemporaryDirectory(prefix="triage-", dir=work) as folder:
        buggy = _bugs(entry, repository, python, Path(folder, "buggy"), entry["buggy"])
        fixed = _bugs(entry, repository, python, Path(folder, "fixed"), entry["fixed"])
        first = buggy[0] if buggy else None
        return Row(
            id=entry["id"],
            label=OWNER[entry["label"]],
            checked=bool(buggy) and bool(fixed) == (entry["label"] == "environment"),
            owner=str(first.owner) if first else "-",
            rank=_rank(first, Path(folder, "buggy"), entry["patch_lines"]) if first else None,
            crashed_in_product=bool(first and first.suspects),
            severity=str(first.severity) if first else "-",
            rule=first.severity_rule.split(":")[0] if first else "-",
            title=first.title if first else "no failure",
        )


def _bugs(entry: dict[str, Any], repository: Path, python: str, root: Path, commit: str) -> tuple[Bug, ...]:
    """Return the bugs of the row's tests at a commit, most urgent first."""
    _checkout(repository, commit, root)
    for file in entry["test_files"].split(";"):
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_bytes(_git(repository, "show", f"{entry['fixed']}:{file}"))
    spec = SuiteSpec(python=python, paths=tuple(_node(command) for command in entry["run"]), timeout_s=120.0)
    plan = Plan(entry["id"], str(root), (Step("suite", "suite", spec),), source=packages(root))
    run = root.with_name(f"{root.name}-run")
    run.mkdir()
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(root)
    try:
        execute(plan, run)
    finally:
        os.environ.pop("PYTHONPATH")
        if before is not None:
            os.environ["PYTHONPATH"] = before
    return triage(read(run)).bugs or ()


def _checkout(repository: Path, commit: str, root: Path) -> None:
    root.mkdir()
    with tempfile.TemporaryFile() as file:
        subprocess.run(["git", f"--git-dir={repository}", "archive", commit], stdout=file, check=True)
        file.seek(0)
        with tarfile.open(fileobj=file) as archive:
            archive.extractall(root, filter="data")


def _git(repository: Path, *arguments: str) -> bytes:
    return subprocess.run(["git", f"--git-dir={repository}", *arguments], capture_output=True, check=True).stdout


def _node(command: str) -> str:
    """Turn a row's command (pytest, tox, unittest) into a pytest node id."""
    last = command.rsplit(maxsplit=1)[-1]
    if "unittest" not in command:
        return last
    parts = last.split(".")
    at = next(n for n, part in enumerate(parts) if re.match(r"[A-Z]", part))
    return "::".join(["/".join(parts[:at]) + ".py", *parts[at:]])


def _rank(bug: Bug, root: Path, patch: list[list[Any]]) -> int | None:
    changed = {(file, name) for file, line, _ in patch if (name := _function(root / file, line))}
    for rank, suspect in enumerate(bug.suspects, 1):
        if (suspect.file, suspect.function) in changed:
            return rank
    return None


def _function(file: Path, line: int) -> str | None:
    """Return the qualified name of the innermost function around a line, as tracebacks have it; None outside of any."""
    found = None

    def visit(node: ast.AST, prefix: str) -> None:
        nonlocal found
        for child in ast.iter_child_nodes(node):
            inner = prefix
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                inner = f"{prefix}{child.name}"
                is_class = isinstance(child, ast.ClassDef)
                if not is_class and child.lineno <= line <= (child.end_lineno or child.lineno):
                    found = inner
                inner += "." if is_class else ".<locals>."
            visit(child, inner)

    visit(ast.parse(file.read_text(encoding="utf-8")), "")
    return found


def _show(row: Row) -> None:
    suspect = (
        "-" if not row.crashed_in_product or row.label != "product" else f"top-{row.rank}" if row.rank else "wrong"
    )
    said = "right" if row.owner == row.label else "WRONG" if row.owner in OWNER.values() else "undecided"
    counted = "" if row.checked else "  (label does not hold here: not counted)"
    print(
        f"{row.id:<16} {row.label:<15} said {row.owner:<15} {said:<9} suspect {suspect:<6} {row.severity}"
        f" {row.rule:<20} {row.title}{counted}",
        flush=True,
    )


def _totals(rows: list[Row]) -> None:
    counted = [row for row in rows if row.checked]
    product = [row for row in counted if row.label == "product"]
    print(f"\n{len(rows)} rows, {len(counted)} whose label holds here, Python of the tool {sys.version.split()[0]}")
    for label in ("product", "infrastructure"):
        of = [row for row in counted if row.label == label]
        right = sum(row.owner == label for row in of)
        undecided = sum(row.owner == "undecided" for row in of)
        print(f"owner, {label}: {right} right, {undecided} undecided, {len(of) - right - undecided} wrong of {len(of)}")
    named = [row for row in product if row.crashed_in_product]
    top1 = sum(row.rank == 1 for row in product)
    top5 = sum(row.rank is not None for row in product)
    print(f"suspect named for {len(named)} of {len(product)} product bugs; right first: {top1}, right in five: {top5}")


if __name__ == "__main__":
    sys.exit(main())
