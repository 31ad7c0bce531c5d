"""Planted weaknesses, and look-alikes, against what ``brinell suite`` says of them.

    python benchmarks/quality/planted.py [--python PY] [FOLDER ...]

Without a folder, all sets (``planted/``, ``planted2/``, ``planted3/``), each with a table of its own. Each folder below
with a ``truth.json`` is a project: ``{"file:line or test id": {"kind": …, "note": …}}``, ``kind`` null: look-alike.
It is copied, run and read with ``brinell suite --json``, and its ``quality[]`` is set beside the truth. *Found*: a
finding of that kind at that line, within its ``lines``, at that test, in the same function, on the class that never
runs with it, or one that names that test among those it touches. *Accused*: a finding at a look-alike: at its line, or
of the kind that it looks like. *Unlisted*: findings that no entry is about. Whoever plants does not read the detector.
"""

from __future__ import annotations

import argparse
import ast
import json
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

SETS = tuple(Path(__file__).with_name(name) for name in ("planted", "planted2", "planted3"))
COLUMNS = ("planted", "found", "missed", "accused", "unlisted")
_TIMEOUT_S = 300
_OF_CLASSES = ("not-collected", "shadowed")  # a class that never runs: none of its tests does


def projects(folder: Path) -> list[Path]:
    return sorted({truth.parent for truth in folder.rglob("truth.json")})


def examine(project: Path, python: str | None) -> list[dict]:
    """Run the suite of a copy of the project, and return the weaknesses that were found."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = shutil.copytree(project, Path(scratch, "project"), ignore=shutil.ignore_patterns("truth.json"))
        command = [sys.executable, "-m", "brinell", "suite", str(copy), "--json", "--quiet", "--out", f"{scratch}/run"]
        command += ["--python", python] if python else []
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
        if not done.stdout.strip():
            sys.exit(f"{project.name}: {done.stderr.strip()[-500:]}")
        judgement = json.loads(done.stdout)
    for path, why in judgement["not_measured"].items():
        if path.startswith("quality") and path != "quality.coverage":
            print(f"{project.name}: {path} not measured: {why}")
    return judgement["quality"]


class Places:
    """Where things are: two lines of one function are one place."""

    def __init__(self, project: Path) -> None:
        self._project = project
        self._trees: dict[str, list[ast.AST]] = {}

    def of(self, file: str, line: int) -> tuple[str, object]:
        """Return the function that a line stands in, or the line itself."""
        inside = [span for span in self._of_file(file) if span[0] <= line <= span[1]]
        if inside:
            _, _, head, name = min(inside, key=lambda span: span[1] - span[0])
            return file, f"{name}@{head}"
        return file, line

    def in_class(self, file: str, line: int, item: dict) -> bool:
        """Return whether a finding is about a class, as a whole, that a line stands in."""
        spans = self._of_file(file, ast.ClassDef) if item["file"] == file else []
        return any(first <= line <= end and first <= item["line"] <= head for first, end, head, _ in spans)

    def touches(self, file: str, line: int, item: dict) -> bool:
        """Return whether a finding says of the test that a line stands in that it touches it."""
        for first, end, _, name in self._of_file(file):
            ids = {one.partition("[")[0] for one in item["touched"]}
            if first <= line <= end and any(one.startswith(f"{file}::") and one.endswith(f"::{name}") for one in ids):
                return True
        return False

    def _of_file(self, file: str, *kinds: type) -> list[tuple[int, int, int, str]]:
        """Return (first line, last line, line of its header, name) of the functions of a file, or of its classes."""
        if file not in self._trees:
            path = self._project / file
            is_python = path.suffix == ".py" and path.is_file()
            self._trees[file] = list(ast.walk(ast.parse(path.read_text()))) if is_python else []
        wanted = kinds or (ast.FunctionDef, ast.AsyncFunctionDef)
        found = [node for node in self._trees[file] if isinstance(node, wanted)]
        return [
            (min([one.lineno, *(mark.lineno for mark in one.decorator_list)]), one.end_lineno, one.lineno, one.name)
            for one in found
        ]


def matches(key: str, item: dict, places: Places) -> bool:
    """Whether a finding is about an entry of the truth."""
    test = (item["test"] or "").partition("[")[0]
    if "::" in key:
        wanted = key.partition("[")[0]
        return test == wanted or test.startswith(f"{wanted}::")
    file, _, line = key.rpartition(":")
    if not line.isdecimal():
        return key == item["file"]
    if (item["kind"] in _OF_CLASSES and places.in_class(file, int(line), item)) or places.touches(
        file, int(line), item
    ):
        return True
    spots = [(item["file"], item["line"]), *_split(item["places"])]
    if any(file == where and int(line) == number for where, number in spots):
        return True
    if not file.endswith(".py"):
        return any(file == where and abs(int(line) - number) <= 1 for where, number in spots)
    place = places.of(file, int(line))
    return isinstance(place[1], str) and any(places.of(where, number) == place for where, number in spots)


def _exact(key: str, item: dict) -> bool:
    return any(key == f"{file}:{line}" for file, line in [(item["file"], item["line"]), *_split(item["places"])])


def _within(key: str, entry: dict, item: dict) -> bool:
    """Whether a finding of the kind of an entry stands in the lines that it is about."""
    first, last = entry.get("lines", (0, -1))
    is_of_kind = item["kind"] == (entry["kind"] or entry.get("like"))
    return is_of_kind and item["file"] == key.rpartition(":")[0] and first <= item["line"] <= last


def _split(spots: list[str]) -> list[tuple[str, int]]:
    parts = [spot.rpartition(":") for spot in spots]
    return [(file, int(line)) for file, _, line in parts if line.isdecimal()]


def compare(project: Path, items: list[dict], counts: dict[str, Counter[str]]) -> None:
    truth = json.loads((project / "truth.json").read_text())
    places = Places(project)
    about: set[int] = set()
    # A finding on the very line of one entry is about that one, and not about its neighbours.
    exactly = [{key for key in truth if _exact(key, item)} for item in items]
    for key, entry in truth.items():
        near = [
            number
            for number, item in enumerate(items)
            if (matches(key, item, places) or _within(key, entry, item))
            and (not exactly[number] or key in exactly[number])
            and (entry["kind"] or _exact(key, item) or item["kind"] == entry.get("like", item["kind"]))
        ]
        about.update(near)
        if entry["kind"] is None:
            counts["look-alikes"]["planted"] += 1
            if near:
                counts["look-alikes"]["accused"] += 1
                print(f"{project.name}: accused {key}: {items[near[0]]['kind']}: {items[near[0]]['title']}")
            continue
        kind = counts[entry["kind"]]
        kind["planted"] += 1
        if any(items[number]["kind"] == entry["kind"] for number in near):
            kind["found"] += 1
        else:
            kind["missed"] += 1
            others = ", ".join(items[number]["kind"] for number in near)
            print(f"{project.name}: missed {entry['kind']} at {key}" + (f" (found there: {others})" if others else ""))
    for number, item in enumerate(items):
        if number not in about:
            counts[item["kind"]]["unlisted"] += 1
            print(f"{project.name}: unlisted {item['kind']} at {item['file']}:{item['line']}: {item['title']}")


def table(folder: Path, counts: dict[str, Counter[str]]) -> None:
    print(f"\n{folder.name:22}" + "".join(f"{column:>10}" for column in COLUMNS))
    for kind, tally in sorted(counts.items()):
        line(kind, tally)
    defects = sum((tally for kind, tally in counts.items() if kind != "look-alikes"), Counter())
    line("all defects", defects)
    print(f"{defects['found']} of {defects['planted']} found, ", end="")
    print(f"{counts['look-alikes']['accused']} of {counts['look-alikes']['planted']} look-alikes accused\n")


def line(name: str, tally: Counter[str]) -> None:
    print(f"{name:22}" + "".join(f"{tally[column]:10}" for column in COLUMNS))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--python", help="the interpreter of the projects' tests; default: as brinell suite chooses")
    options = parser.parse_args()
    for folder in options.folders or SETS:
        found = projects(folder)
        if not found:
            sys.exit(f"no truth.json below {folder}")
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for project in found:
            compare(project, examine(project, options.python), counts)
        table(folder, counts)


if __name__ == "__main__":
    main()
