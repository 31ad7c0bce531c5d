"""How many planted flaky tests get the right verdict and cause, and is any look-alike accused? Prints a table.

    python benchmarks/flaky/planted.py --python PY [--only SUITE]... [--work DIR] [--deadline 600] [-- PYTEST OPTIONS]

Examines each suite of ``benchmarks/flaky/planted`` once with ``brinell suite --deep`` on a copy, and compares
``judgement.flaky[]`` with ``truth.json``. PY is an interpreter with pytest. An interrupted benchmark goes on where it
stopped when given the same ``--work``; remove a suite's folder there to examine it again.

For a test whose cause is outside the suite (clock, network, ...) what counts is the cause: ``right`` is the category
itself, ``near`` a word for its family (``clock`` for a date). Its verdict is shown but not judged: a test that only a
changed environment can make fail passes in every ordinary run. For one whose cause is another test the verdict counts,
and a polluter or setter of the truth named. Accused is every test that the truth calls stable (or does not name) with
another verdict, or with a cause.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from examine import Examined, examine

PLANTED = Path(__file__).resolve().parent / "planted"
# Words a detector may use for a category: the same thing (right), and its family (near).
RIGHT = {
    "hash-seed": {"hash-seed", "hash", "pythonhashseed", "unordered-collection"},
    "rng-seed": {"rng-seed", "rng", "random-seed", "randomness", "random"},
    "time-of-day": {"time-of-day", "midnight"},
    "date": {"date", "month-end", "leap-day", "year-end", "calendar"},
    "time-zone": {"time-zone", "timezone", "tz", "dst"},
    "network": {"network"},
    "async-wait": {"async-wait", "cpu-starvation", "starvation", "cpu"},
    "concurrency": {"concurrency", "switch-interval", "race"},
    "shared-port": {"shared-port", "port"},
    "shared-file": {"shared-file", "file"},
    "locale": {"locale"},
    "umask": {"umask"},
    "descriptors": {"descriptors", "descriptor-limit", "fd-limit", "low-descriptors", "file-descriptors"},
    "home": {"home", "read-only-home"},
    "import-time": {"import-time", "import", "collection", "import-time-pollution"},
}
NEAR = {
    "time-of-day": {"clock", "time", "date", "clock-shift"},
    "date": {"clock", "time", "time-of-day", "midnight", "clock-shift"},
    "time-zone": {"clock", "time"},
    "async-wait": {"concurrency", "timing"},
    "concurrency": {"async-wait", "timing"},
    "shared-port": {"shared-file", "beside-itself", "beside", "shared-resource", "file"},
    "shared-file": {"shared-port", "beside-itself", "beside", "shared-resource", "port"},
}


@dataclass
class Tally:
    """Counts of one category, and what was not right, in words."""

    total: int = 0
    right: int = 0
    near: int = 0
    wrong: list[str] = field(default_factory=list)


def main() -> int:
    arguments = _arguments()
    suites = [suite for suite in sorted(PLANTED.iterdir()) if (suite / "truth.json").exists()]
    categories: dict[str, Tally] = defaultdict(Tally)
    accused: list[str] = []
    stable = 0
    seconds = 0.0
    broken = 0
    for suite in suites:
        if arguments.only and suite.name not in arguments.only:
            continue
        truth = json.loads((suite / "truth.json").read_text(encoding="utf-8"))
        found = examine(suite, arguments.python, arguments.work, arguments.options, arguments.deadline)
        seconds += found.seconds
        broken += bool(found.problem)
        print(f"{suite.name:10} {found.seconds:6.1f} s  {len(found.flaky):3} entries  {found.problem}", flush=True)
        _score(suite.name, truth, found, categories)
        stable += sum(label["verdict"] == "stable" for label in truth.values())
        accused += _accused(suite.name, truth, found)
    _print(categories, accused, stable, seconds)
    return 1 if broken else 0


def _score(suite: str, truth: dict[str, Any], found: Examined, categories: dict[str, Tally]) -> None:
    for test, label in truth.items():
        if label["verdict"] == "stable":
            continue
        tally = categories[label["category"]]
        tally.total += 1
        entry = found.flaky.get(test)
        grade = _grade(label, entry) if entry else "wrong"
        tally.right += grade == "right"
        tally.near += grade == "near"
        if grade != "right":
            tally.wrong.append(f"{suite}/{test}: {_said(entry)}")


def _grade(label: dict[str, Any], entry: dict[str, Any]) -> str:
    if label["verdict"] == "nondeterministic":
        return _cause(label["cause"], entry.get("cause"))
    if label["category"] == "import-time" and _cause("import-time", entry.get("cause")) == "right":
        return "right"
    if entry["verdict"] not in (label["verdict"], *label.get("also", ())):
        return "near" if entry["verdict"] in ("victim", "brittle", "self-polluting") else "wrong"
    if entry["verdict"] == "self-polluting":
        return "right"
    word = "polluter" if label["verdict"] == "victim" else "setter"
    return "right" if _named(label, entry, word) else "near"


def _named(label: dict[str, Any], entry: dict[str, Any], word: str) -> bool:
    """Is a polluter or setter of the truth named: both of a conjunction, and a module for any of its tests?"""
    expected = label.get(f"{word}s", [])
    named = set(entry.get(f"{word}s", ()))
    hits = [one for one in expected if any(name == one or name.startswith(one + "::") for name in named)]
    return len(hits) == len(expected) if label.get("conjunction") else bool(hits)


def _cause(expected: str, said: str | None) -> str:
    word = (said or "").lower().replace("_", "-").replace(" ", "-")
    if word in RIGHT[expected]:
        return "right"
    return "near" if word in NEAR.get(expected, ()) else "wrong"


def _accused(suite: str, truth: dict[str, Any], found: Examined) -> list[str]:
    return [
        f"{suite}/{test}: {_said(entry)}"
        for test, entry in sorted(found.flaky.items())
        if truth.get(test, {"verdict": "stable"})["verdict"] == "stable"
        and (entry["verdict"] != "stable" or entry.get("cause"))
    ]


def _said(entry: dict[str, Any] | None) -> str:
    if entry is None:
        return "not listed"
    others = [*entry.get("polluters", ()), *entry.get("setters", ())]
    return f"{entry['verdict']}, cause {entry.get('cause')}" + (f", of {', '.join(others[:3])}" if others else "")


def _print(categories: dict[str, Tally], accused: list[str], stable: int, seconds: float) -> None:
    print(f"\n{'category':16} {'right':>5} {'near':>5} {'total':>5}")
    sums: Counter[str] = Counter()
    for name, tally in sorted(categories.items()):
        print(f"{name:16} {tally.right:5} {tally.near:5} {tally.total:5}")
        kind = "by cause" if name in RIGHT and name != "import-time" else "by order"
        for key in (kind, "all"):
            sums.update({f"{key} right": tally.right, f"{key} near": tally.near, f"{key} total": tally.total})
    for key in ("by cause", "by order", "all"):
        right, total = sums[f"{key} right"], sums[f"{key} total"]
        share = f"{100 * right / total:5.1f} %" if total else "none"
        print(f"{key:16} {right:5} {sums[f'{key} near']:5} {total:5}  {share}")
    print(f"stable accused   {len(accused)} ({stable} look-alikes, and every test that the truth does not name)")
    print(f"seconds          {seconds:.0f}")
    for title, lines in (("accused", accused), ("not right", [w for t in categories.values() for w in t.wrong])):
        for line in lines:
            print(f"  {title}: {line}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=sys.executable, help="interpreter of the suites; needs pytest")
    parser.add_argument("--only", action="append", default=[], metavar="SUITE")
    parser.add_argument(
        "--work", type=Path, default=Path(".brinell") / "flaky-planted", help="copies and results; resumes"
    )
    parser.add_argument("--deadline", type=float, default=600.0, metavar="S", help="of one suite")
    parser.add_argument("options", nargs="*", help="further options of pytest, after --")
    arguments = parser.parse_args()
    arguments.work = arguments.work.resolve()
    return arguments


if __name__ == "__main__":
    raise SystemExit(main())
