"""How much of a wrong service would the reference backend's own suite notice?

`python benchmarks/mutation/run.py` ejects the project, has mutmut change its service and cache packages in every small
way it knows, runs the unit tests that reach each change, and prints the score and the survivors. mutmut and the
project's dependencies go into a virtual environment of their own in the work folder, which is temporary unless it is
named; a named one is resumed.

Score: (killed + timed out) / all mutants. What no test reaches, and what was not tried, has survived.
Each run is appended to results.jsonl beside this script, with the commit it is about.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import platform
import subprocess
import sys
import tempfile
import tomllib
import venv
from datetime import UTC, datetime
from pathlib import Path

from brinell_reference import eject, project

HERE = Path(__file__).resolve().parent
MUTMUT = "mutmut==3.8.1"
CONFIGURATION = """
[tool.mutmut]
source_paths = ["src"]
only_mutate = ["src/noticeboard/service/*", "src/noticeboard/cache/*"]
also_copy = ["README.md"]
pytest_add_cli_args = ["-p", "no:cacheprovider"]
pytest_add_cli_args_test_selection = ["tests/unit"]
use_git_change_detection = false
timeout_constant = 2.0
timeout_multiplier = 3.0
"""
# What mutmut notes as the exit code of the tests, as far as it isn't an ordinary failure.
OUTCOMES = {
    None: "not tried",
    0: "survived",
    1: "killed",
    3: "killed",  # pytest itself broke down
    5: "no tests",
    33: "no tests",
    24: "timed out",
    36: "timed out",
    152: "timed out",
    255: "timed out",
    -24: "timed out",
}
NOTICED = {"killed", "timed out"}


def main() -> int:
    """Run, report, append; 1 if the score is below what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="work folder, kept and resumed (default: temporary)")
    parser.add_argument("--minutes", type=float, default=60.0, help="stop after so long (default: 60)")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="mutants tried at once")
    parser.add_argument("--at-least", type=float, default=80.0, metavar="PERCENT", help="the score to reach")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mutation-") as temporary:
        folder = (arguments.folder or Path(temporary)).resolve()
        mutmut = prepare(folder)
        if not try_mutants(mutmut, folder, arguments.workers, arguments.minutes):
            print((folder / "mutmut.log").read_text()[-3000:])
            print("mutmut failed; there is no score")
            return 1
        outcomes = read_outcomes(folder / "project" / "mutants")
        score = report(outcomes, mutmut, folder / "project")
        append(outcomes, score, (folder / "commit").read_text())
    return 0 if score >= arguments.at_least else 1


def prepare(folder: Path) -> str:
    """Eject the project and install what it takes, unless that was done before; return the path of mutmut."""
    copy, environment = folder / "project", folder / "environment"
    mutmut = environment / "bin" / "mutmut"
    if not copy.exists():
        eject(copy)
        (folder / "commit").write_text(examined_commit())  # a resumed folder is about this one
        with (copy / "pyproject.toml").open("a") as configuration:
            configuration.write(CONFIGURATION)
    if not mutmut.exists():
        venv.create(environment, with_pip=True)
        declared = tomllib.loads((copy / "pyproject.toml").read_text())["project"]
        needed = [MUTMUT, *declared["dependencies"], *declared["optional-dependencies"]["test"]]
        subprocess.run([environment / "bin" / "python", "-m", "pip", "install", "--quiet", *needed], check=True)
    return str(mutmut)


def try_mutants(mutmut: str, folder: Path, workers: int, minutes: float) -> bool:
    """Have mutmut try what it hasn't tried yet; False if it could not, for one because the suite fails unchanged."""
    command = [mutmut, "run", "--max-children", str(workers)]
    with (folder / "mutmut.log").open("w") as log:
        try:
            run = subprocess.run(
                command, cwd=folder / "project", stdout=log, stderr=log, timeout=minutes * 60, check=False
            )
        except subprocess.TimeoutExpired:
            print(f"stopped after {minutes:g} minutes; what was not tried counts as survived")
            return True
    return run.returncode == 0


def read_outcomes(mutants: Path) -> dict[str, str]:
    """Return the outcome of every mutant by its name."""
    codes: dict[str, int | None] = {}
    for path in sorted(mutants.rglob("*.meta")):
        codes |= json.loads(path.read_text())["exit_code_by_key"]
    return {name: OUTCOMES.get(code, f"exit code {code}") for name, code in codes.items()}


def report(outcomes: dict[str, str], mutmut: str, project: Path) -> float:
    """Print the survivors as diffs and the score by module; return the score in per cent."""
    modules: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for name, outcome in outcomes.items():
        modules[name.rpartition(".")[0]][outcome] += 1
        if outcome not in NOTICED:
            shown = subprocess.run([mutmut, "show", name], cwd=project, capture_output=True, text=True, check=False)
            changes = [line for line in shown.stdout.splitlines() if line[:2] in {"- ", "+ "}]
            print(f"{outcome}: {name}", *changes, sep="\n    ")
    for module, counted in sorted(modules.items()):
        print(f"{percentage(counted):6.1f} %  {module}  {dict(counted.most_common())}")
    total = sum(modules.values(), collections.Counter())
    print(f"{percentage(total):6.1f} %  of {total.total()} mutants noticed  {dict(total.most_common())}")
    return percentage(total)


def percentage(counted: collections.Counter[str]) -> float:
    """Return the share of mutants that were noticed, in per cent."""
    return 100 * sum(counted[outcome] for outcome in NOTICED) / counted.total()


def examined_commit() -> str:
    """Return the commit that last changed the project, marked if it has been changed since."""
    commit = ask_git("log", "-1", "--format=%H", "--", str(project()))
    return f"{commit} with changes" if ask_git("status", "--porcelain", "--", str(project())) else commit


def ask_git(*arguments: str) -> str:
    """Return what git says, which is nothing outside a checkout."""
    return subprocess.run(["git", *arguments], cwd=HERE, capture_output=True, text=True, check=False).stdout.strip()


def append(outcomes: dict[str, str], score: float, examined: str) -> None:
    """Add the raw result to those of earlier runs."""
    record = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "project_commit": examined,
        "interpreter": f"{platform.python_implementation()} {platform.python_version()}",
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "tool": MUTMUT,
        "score_percent": round(score, 2),
        "outcomes": dict(collections.Counter(outcomes.values()).most_common()),
        "survivors": sorted(name for name, outcome in outcomes.items() if outcome not in NOTICED),
    }
    with (HERE / "results.jsonl").open("a") as results:
        results.write(json.dumps(record, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    sys.exit(main())
