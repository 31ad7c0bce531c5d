"""How good are the flakiness verdicts on real projects, beside what people use today? Prints a table.

    python benchmarks/flaky/practice.py --checkouts DIR --python PY [--truth CSV] [--peers PY2] [--seeds 20]
                                        [--rerun 20] [--only PROJECT]... [--work DIR] [--deadline 900]
                                        [-- PYTEST OPTIONS]

CSV (or $BRINELL_FLAKY_TRUTH) has the columns repo, sha, test, category (OD-Vic, OD-Brit, NIO), reproduced_on_3_11. DIR
holds one checkout a project and commit, named OWNER__NAME or OWNER__NAME@SHA7; nothing is fetched. PY needs pytest and
what the projects import; PY2, if given, also detect-test-pollution and pytest-randomly.

Labels marked True or pair-only must be found; others count neither way. ``as labelled``: victim, brittle or
self-polluting as IDoFT says; ``found``: any of the three. ``confirmed``: what was named was run again here, in fresh
processes on a fresh copy (polluters then victim; setters then brittle; a self-polluting test twice), and the test
alone. A verdict other than stable on a test without label is ``unlabelled``: confirmed in the same way (then it is a
find), or failing in some of ``--rerun`` fresh runs alone, or neither, which is a stable test accused.

The peers get the victims that must be found: detect-test-pollution one by one, its answer right when that test and the
victim fail in a fresh process; pytest-randomly some seeds over the whole suite, where a victim that failed once counts
as found (it names no polluter). Every step is kept in ``--work`` and not repeated.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import statistics
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from examine import Examined, Fresh, confirmed, copy_of, environment, examine

VERDICT = {"OD-Vic": "victim", "OD-Brit": "brittle", "NIO": "self-polluting"}
MUST = {"True", "pair-only"}
ANSWER = re.compile(r"the polluting test is: (.+)")
COLUMNS = ("labels", "as_labelled", "found", "named", "confirmed", "unlabelled", "proved", "fail_alone", "accused")


def main() -> int:
    arguments = _arguments()
    rows: list[dict[str, Any]] = []
    for project, labels in _projects(arguments):
        row = _project(project, labels, arguments)
        rows.append(row)
        print(_line(row), flush=True)
    if not rows:
        print(f"no checkout of a labelled project in {arguments.checkouts}", file=sys.stderr)
        return 2
    _totals(rows)
    return 1 if any(row["problem"] for row in rows) else 0


def _projects(arguments: argparse.Namespace) -> list[tuple[Path, list[dict[str, str]]]]:
    """Checkouts that are there, with their labels; those that are not are named."""
    labels: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
    with Path(arguments.truth).open(encoding="utf-8", newline="") as lines:
        for label in csv.DictReader(lines):
            labels[label["repo"], label["sha"]].append(label)
    largest = {repo: max(len(found) for (other, _), found in labels.items() if other == repo) for repo, _ in labels}
    out = []
    for (repo, sha), found in labels.items():
        name = repo.replace("/", "__")
        exact = arguments.checkouts / f"{name}@{sha[:7]}"
        project = exact if exact.is_dir() else next(arguments.checkouts.glob(f"{name}@{sha[:6]}*"), exact)
        if not project.is_dir() and len(found) == largest[repo]:
            project = arguments.checkouts / name
        if not any(label["reproduced_on_3_11"] in MUST for label in found):
            print(f"{project.name}: no label that must be found, left out")
        elif not project.is_dir():
            print(f"{project.name}: no such checkout, left out")
        elif not arguments.only or project.name in arguments.only:
            out.append((project.resolve(), found))
    return out


def _project(project: Path, labels: list[dict[str, str]], arguments: argparse.Namespace) -> dict[str, Any]:
    place = arguments.work / project.name
    found = examine(project, arguments.python, arguments.work, arguments.options, arguments.deadline)
    fresh = Fresh(project, arguments.python, place)
    must = {label["test"]: VERDICT[label["category"]] for label in labels if label["reproduced_on_3_11"] in MUST}
    row: dict[str, Any] = {"project": project.name, "seconds": found.seconds, "problem": found.problem}
    row |= {column: Counter() for column in COLUMNS}
    row["missed"], row["false"] = [], []
    for test, verdict in must.items():
        _label(row, test, verdict, found, fresh)
    known = {label["test"] for label in labels}
    for test, entry in found.flaky.items():
        if test not in known and entry["verdict"] != "stable":
            _unlabelled(row, test, entry, fresh, arguments.rerun)
    if arguments.peers:
        victims = [test for test, verdict in must.items() if verdict == "victim"]
        row["peers"] = _peers(project, victims, fresh, place, arguments)
    return row


def _label(row: dict[str, Any], test: str, verdict: str, found: Examined, fresh: Fresh) -> None:
    row["labels"][verdict] += 1
    entry = found.flaky.get(test)
    if entry is None or entry["verdict"] not in VERDICT.values():
        said = "not listed" if entry is None else entry["verdict"]
        row["missed"].append(f"{test} ({verdict}): {said}")
        return
    row["found"][verdict] += 1
    row["as_labelled"][verdict] += entry["verdict"] == verdict
    named = entry["verdict"] == "self-polluting" or entry.get("polluters") or entry.get("setters")
    row["named"][verdict] += bool(named)
    held = _kept(fresh.place, f"confirm {test} {json.dumps(entry, sort_keys=True)}", lambda: confirmed(entry, fresh))
    row["confirmed"][verdict] += held
    if not held:
        row["missed"].append(f"{test} ({verdict}): said {entry['verdict']}, which fresh processes did not confirm")


def _unlabelled(row: dict[str, Any], test: str, entry: dict[str, Any], fresh: Fresh, runs: int) -> None:
    """A verdict on a test that has no label: is it a find, or a stable test accused?"""
    row["unlabelled"]["all"] += 1
    if _kept(fresh.place, f"confirm {test} {json.dumps(entry, sort_keys=True)}", lambda: confirmed(entry, fresh)):
        row["proved"]["all"] += 1
        return
    failures = _kept(fresh.place, f"alone {test} {runs}", lambda: fresh.failures(test, runs))
    if 0 < failures < runs:
        row["fail_alone"]["all"] += 1
        return
    row["accused"]["all"] += 1
    row["false"].append(f"{test}: {entry['verdict']}; alone {failures} of {runs} fresh runs fail")


def _peers(
    project: Path, victims: list[str], fresh: Fresh, place: Path, arguments: argparse.Namespace
) -> dict[str, Any]:
    answers = [
        _kept(place, f"dtp {test}", lambda test=test: _dtp(project, test, fresh, place, arguments.peers))
        for test in victims
    ]
    runs = [
        _kept(place, f"randomly {seed}", lambda seed=seed: _randomly(project, seed, place, arguments.peers))
        for seed in range(1, arguments.seeds + 1)
    ]
    failed = {test for run in runs for test in run["failed"]}
    return {
        "victims": len(victims),
        "dtp_right": sum(answer["right"] for answer in answers),
        "dtp_answered": sum(bool(answer["said"]) for answer in answers),
        "dtp_seconds": [answer["seconds"] for answer in answers],
        "randomly_found": sum(test in failed for test in victims),
        "randomly_seconds": sum(run["seconds"] for run in runs),
    }


def _dtp(project: Path, victim: str, fresh: Fresh, place: Path, python: str) -> dict[str, Any]:
    """detect-test-pollution on one victim; its answer is run again in a fresh process."""
    subject = copy_of(project, place / "peer")
    listing = _pytest(subject, python, ["--collect-only", "-q"], 120)
    ids = place / "ids.txt"
    ids.write_text("".join(line + "\n" for line in listing.splitlines() if "::" in line), encoding="utf-8")
    command = [str(Path(python).parent / "detect-test-pollution"), "--failing-test", victim, "--testids-file", str(ids)]
    began = time.monotonic()
    try:
        done = subprocess.run(
            command,
            cwd=subject,
            env=_peer_environment(subject),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=300,
            check=False,
        )
        out = done.stdout + done.stderr
    except subprocess.TimeoutExpired:
        out = ""
    seconds = time.monotonic() - began
    answer = ANSWER.search(out)
    said = answer[1].strip() if answer else ""
    right = bool(said) and fresh.outcome([said, victim]) in ("FAILED", "ERROR")
    return {"said": said, "right": right, "seconds": seconds, "tail": "" if said else out[-300:]}


def _randomly(project: Path, seed: int, place: Path, python: str) -> dict[str, Any]:
    subject = copy_of(project, place / "peer")
    began = time.monotonic()
    out = _pytest(subject, python, ["-q", "-rfE"], 300, seed)
    failed = re.findall(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", out, re.MULTILINE)
    return {"failed": failed, "seconds": time.monotonic() - began}


def _pytest(subject: Path, python: str, options: list[str], deadline_s: float, seed: int | None = None) -> str:
    environ = _peer_environment(subject)
    if seed is not None:
        environ["PYTEST_ADDOPTS"] = f"-o addopts= -p no:cacheprovider --randomly-seed={seed}"
    try:
        return subprocess.run(
            [python, "-m", "pytest", *options],
            cwd=subject,
            env=environ,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=deadline_s,
            check=False,
        ).stdout
    except subprocess.TimeoutExpired:
        return ""


def _peer_environment(subject: Path) -> dict[str, str]:
    """The suite's own order unless pytest-randomly is what is asked."""
    return {**environment(subject), "PYTEST_ADDOPTS": "-o addopts= -p no:randomly -p no:cacheprovider"}


def _kept(place: Path, key: str, work: Callable[[], Any]) -> Any:
    """The result of a step, from an earlier run if there was one."""
    store = place / "kept.jsonl"
    if store.exists():
        for line in store.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            if entry["key"] == key:
                return entry["value"]
    value = work()
    with store.open("a", encoding="utf-8") as out:
        out.write(json.dumps({"key": key, "value": value}) + "\n")
    return value


def _line(row: dict[str, Any]) -> str:
    counts = "  ".join(f"{column} {sum(row[column].values())}" for column in COLUMNS)
    lines = [f"{row['project']:32} {row['seconds']:6.1f} s  {counts}  {row['problem']}"]
    lines += [f"    missed: {text}" for text in row["missed"]] + [f"    accused: {text}" for text in row["false"]]
    if "peers" in row:
        peers = row["peers"]
        lines.append(
            f"    of {peers['victims']} victims: detect-test-pollution {peers['dtp_right']} right of "
            f"{peers['dtp_answered']} answers, {sum(peers['dtp_seconds']):.1f} s; "
            f"pytest-randomly saw {peers['randomly_found']} fail, {peers['randomly_seconds']:.1f} s"
        )
    return "\n".join(lines)


def _totals(rows: list[dict[str, Any]]) -> None:
    print(f"\n{'':15}{'labels':>8}{'as labelled':>13}{'found':>8}{'named':>8}{'confirmed':>11}")
    groups = {"victim": ["victim"], "brittle": ["brittle"], "self-polluting": ["self-polluting"]}
    for name, verdicts in {**groups, "all": list(VERDICT.values())}.items():
        sums = [sum(row[column][v] for row in rows for v in verdicts) for column in COLUMNS[:5]]
        print(f"{name:15}{sums[0]:8}{sums[1]:13}{sums[2]:8}{sums[3]:8}{sums[4]:11}")
    others = {column: sum(row[column]["all"] for row in rows) for column in COLUMNS[5:]}
    print(
        f"without label: {others['unlabelled']} given another verdict than stable, {others['proved']} confirmed, "
        f"{others['fail_alone']} fail now and then alone, {others['accused']} stable tests accused"
    )
    seconds = [row["seconds"] for row in rows]
    print(f"seconds a project: median {statistics.median(seconds):.1f}, longest {max(seconds):.1f}")
    peers = [row["peers"] for row in rows if "peers" in row]
    each = [s for peer in peers for s in peer["dtp_seconds"]]
    if each:
        victims = sum(peer["victims"] for peer in peers)
        right = sum(peer["dtp_right"] for peer in peers)
        print(
            f"detect-test-pollution: {right} of {victims} victims, median {statistics.median(each):.1f} s each, "
            f"{sum(each):.0f} s"
        )
        saw = sum(peer["randomly_found"] for peer in peers)
        print(
            f"pytest-randomly: {saw} of {victims} victims seen failing, "
            f"{sum(p['randomly_seconds'] for p in peers):.0f} s"
        )
    broken = [row["project"] for row in rows if row["problem"]]
    if broken:
        print(f"no judgement of: {', '.join(broken)} (their labels count as missed)")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkouts", type=Path, required=True)
    parser.add_argument("--python", required=True, help="interpreter of the projects")
    parser.add_argument("--truth", default=os.environ.get("BRINELL_FLAKY_TRUTH"), help="labels, CSV")
    parser.add_argument("--peers", help="interpreter with detect-test-pollution and pytest-randomly")
    parser.add_argument("--seeds", type=int, default=20, help="of pytest-randomly")
    parser.add_argument("--rerun", type=int, default=20, help="fresh runs of a test accused")
    parser.add_argument("--only", action="append", default=[], metavar="PROJECT")
    parser.add_argument(
        "--work", type=Path, default=Path(".brinell") / "flaky-practice", help="copies and results; resumes"
    )
    parser.add_argument("--deadline", type=float, default=900.0, metavar="S", help="of one project")
    parser.add_argument("options", nargs="*", help="further options of pytest, after --")
    arguments = parser.parse_args()
    if not arguments.truth:
        parser.error("--truth CSV or $BRINELL_FLAKY_TRUTH is needed")
    arguments.work = arguments.work.resolve()
    arguments.checkouts = arguments.checkouts.resolve()
    return arguments


if __name__ == "__main__":
    raise SystemExit(main())
