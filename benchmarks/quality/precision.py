"""How often a finding on well-kept projects is wrong, when somebody reads the test beside it.

    python benchmarks/quality/precision.py
    python benchmarks/quality/precision.py --sources DIR [--python PY]

Without options: the table of what was reviewed (``reviewed.csv``: facts and verdicts, nothing of the projects' code).
With ``--sources``, a folder of unpacked source distributions called ``name-version``: the reader runs again, and what
it finds now is set beside the review. What is new there is listed, to be read.

A finding is *wrong* where its statement is false, or where the test itself (its name, docstring or a comment) says that
what is missed is not the point. It is *weak* where the statement is true and yet a maintainer may shrug: not raising is
evidently what the test is about, and it does not say so. Weak ones are counted apart.

Of celery, huey, redis and tornado only what the methods changed after ``planted2/`` add was read. A first reading had
19 such findings, 6 of them wrong (a namespace package that is declared, hooks of a base class, cleaning up in
``finally`` behind an ``if``); the methods were mended, and the 13 left are in the table. Of anyio and aiohttp, and of
redis and tornado once more, only what changed after the third set: on 22 projects 11 new at first, 6 wrong (what is
gone through twice, a message that is a tuple, a set of one, a sleep under a decorator's time limit); 5 are left.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
from collections import Counter, defaultdict
from pathlib import Path

from brinell.core.quality_records import Weakness
from brinell.suite.quality.reading import Task, read_suite

REVIEWED = Path(__file__).with_name("reviewed.csv")
VERDICTS = ("right", "weak", "wrong")


def reviewed() -> list[dict[str, str]]:
    with REVIEWED.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    bad = [row for row in rows if row["verdict"] not in VERDICTS]
    if bad:
        sys.exit(f"no verdict: {bad[0]}")
    return rows


def table(rows: list[dict[str, str]]) -> None:
    print(f"{'project':24}{'findings':>10}{'right':>8}{'weak':>8}{'wrong':>8}{'wrong share':>14}")
    projects: dict[str, Counter[str]] = defaultdict(Counter)
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        projects[f"{row['project']} {row['version']}"][row["verdict"]] += 1
        kinds[row["kind"]][row["verdict"]] += 1
    for names in (projects, kinds):
        for name, counts in names.items():
            line(name, counts)
        print()
    line("all", sum(kinds.values(), Counter()))


def line(name: str, counts: Counter[str]) -> None:
    total = counts.total()
    columns = "".join(f"{counts[verdict]:8}" for verdict in VERDICTS)
    print(f"{name:24}{total:10}{columns}{counts['wrong'] / total:13.0%}")


def again(rows: list[dict[str, str]], sources: Path, python: str) -> None:
    """Print what a new reading finds that nobody has read, and what it no longer finds."""
    known = {(row["project"], row["kind"], row["file"], row["line"]): row for row in rows}
    seen = set()
    for folder in sorted(sources.iterdir()):
        name = folder.name.rpartition("-")[0]
        if not folder.is_dir() or name not in {row["project"] for row in rows}:
            continue
        for record in read_suite(Task(folder.resolve(), python=python, env=dict(os.environ))):
            if not isinstance(record, Weakness):
                print(
                    f"{folder.name}: {record.tests} tests, {record.assertions} assertions; left out: {record.left_out}"
                )
                continue
            key = (name, record.weakness, record.file, str(record.line))
            seen.add(key)
            if key not in known:
                print(f"  new: {record.weakness} {record.variant} {record.file}:{record.line} {record.name}")
    read = {row["project"] for row in rows if any(key[0] == row["project"] for key in seen)}
    gone = [key for key in known if key not in seen and key[0] in read]
    for key in gone:
        print("  gone:", *key)
    print(f"{len(seen - set(known))} new, {len(gone)} gone, {len(seen & set(known))} as reviewed")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sources", type=Path, help="unpacked source distributions, called name-version")
    parser.add_argument("--python", default=sys.executable, help="an interpreter that has what they need")
    options = parser.parse_args()
    rows = reviewed()
    table(rows)
    if options.sources:
        again(rows, options.sources, options.python)


if __name__ == "__main__":
    main()
