"""Does `brinell suite --against` cry wolf, and does it find what it should?

    python benchmarks/suite/regression.py [--minutes 30] [--raw FILE] [--cases 10000] [--only aa,planted,truth]

On a generated suite of about three seconds (fixtures, computing, sleeping, an import), with background load made here
(bursts of busy processes at random), three tables:

1. **A/A**: comparisons of two identical copies until 50 pairs have been run: how often "regressed". The same pairs
   also as one comparison that never stops early.
2. **Planted**: the suite made slower by 20 % of its time, in a fixture (computing, sleeping), a test, an import:
   answer, part that was named, share of the difference that it is said to carry.
3. **Simulated truth**: noise resampled from the A/A pairs (sides by lot), an effect added, the whole
   sequential procedure run: false alarms and power, with 95 % Clopper-Pearson bounds. `wall only`: as on a host
   that does not tell how long a process waited for a processor.

Raw results are appended to the JSON lines file with commit and machine; what it has of this commit is not run
again, so that a run that was cut off goes on. `--minutes` bounds the live runs; the tables show what there is.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from brinell.core import slower
from brinell.core.against_records import AgainstNames, AgainstStarted, SideRun
from brinell.core.paired import LOOKS
from brinell.core.slower import REGRESSED, Times, decide

HERE = Path(__file__).parent
TESTS = 120
UNIT = 60_000  # turns of the loop in a test and in a fixture
AA_PAIRS = 50
MOST_PAIRS = 50
EXTRA = 0.20
EFFECTS = (0.0, 0.05, 0.10, 0.20)
PLANTED = ("fixture-cpu", "fixture-sleep", "test-cpu", "test-sleep", "import-cpu")

WORK = (
    "def work(turns):\n    total = 0\n    for turn in range(turns):\n        total += turn * turn\n    return total\n"
)
CONFTEST = """import time
import pytest
from shop import heavy
from shop.work import work

@pytest.fixture(scope="session")
def database():
    work({session})
    yield
    work({session})

@pytest.fixture
def account(database):
    work({account})
    time.sleep({nap})
    yield

@pytest.fixture
def basket(account):
    work({unit})
"""
TEST = """import time
import pytest
from shop.work import work

@pytest.mark.parametrize("n", range({tests}))
def test_computes(basket, n):
    work({unit})

def test_waits():
    time.sleep(0.3)

def test_report():
    work({report})
    time.sleep({rest})
"""


def write(folder: Path, **values: Any) -> None:
    """Write the suite; ``values`` replace what makes it as fast as it is."""
    said = {
        "session": 10 * UNIT, "account": UNIT, "nap": 0, "unit": UNIT, "tests": TESTS, "report": 20 * UNIT, "rest": 0,
        "heavy": 20 * UNIT, **values,
    }  # fmt: skip
    files = {
        "pytest.ini": "[pytest]\npythonpath = src\n",
        "src/shop/__init__.py": "",
        "src/shop/work.py": WORK,
        "src/shop/heavy.py": f"from shop.work import work\nwork({said['heavy']})\n",
        "tests/conftest.py": CONFTEST.format(**said),
        "tests/test_shop.py": TEST.format(**said),
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def turns_per_s() -> float:
    """Turns of the loop in a second of processor time here, the best of five."""
    space: dict[str, Any] = {}
    exec(WORK, space)  # noqa: S102 - the text above
    best = 0.0
    for _ in range(5):
        begun = time.process_time()
        space["work"](500_000)
        best = max(best, 500_000 / (time.process_time() - begun))
    return best


def slowed(kind: str, suite_s: float) -> dict[str, Any]:
    """Values that make the suite slower by ``EXTRA`` of its time in one place."""
    extra_s = EXTRA * suite_s
    turns = int(extra_s * turns_per_s())
    return {
        "fixture-cpu": {"account": UNIT + turns // TESTS},
        "fixture-sleep": {"nap": round(extra_s / TESTS, 5)},
        "test-cpu": {"report": 20 * UNIT + turns},
        "test-sleep": {"rest": round(extra_s, 3)},
        "import-cpu": {"heavy": 20 * UNIT + turns},
    }[kind]


EXPECTED = {
    "fixture-cpu": ("fixture", "account"), "fixture-sleep": ("fixture", "account"),
    "test-cpu": ("test", "tests/test_shop.py::test_report"), "test-sleep": ("test", "tests/test_shop.py::test_report"),
    "import-cpu": ("import", "shop.heavy"),
}  # fmt: skip

_BURSTS = """
import random, sys, time
end = time.monotonic() + float(sys.argv[1])
while time.monotonic() < end:
    stop = min(end, time.monotonic() + random.uniform(0.05, 2))
    while time.monotonic() < stop:
        sum(range(20000))
    time.sleep(random.uniform(0, 2))
"""


@contextlib.contextmanager
def load(processes: int, seconds: float) -> Iterator[None]:
    """Bursts of busy processes meanwhile; they end by themselves, too."""
    command = [sys.executable, "-c", _BURSTS, str(seconds)]
    running = [subprocess.Popen(command) for _ in range(processes)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


def compare(old: Path, new: Path, out: Path, budget_s: float, seed: int) -> dict[str, Any]:
    """One `brinell suite --against`: the judgement's part, and both sides' times pair by pair."""
    command = [
        sys.executable, "-m", "brinell", "suite", str(new), "--against", str(old), "--pairs", str(MOST_PAIRS),
        "--budget", f"{budget_s:.0f}s", "--seed", str(seed), "--python", sys.executable, "--out", str(out), "--quiet",
        "--", "-q", "-p", "no:randomly", "-p", "no:cacheprovider",
    ]  # fmt: skip
    subprocess.run(command, cwd=new, capture_output=True, check=False, timeout=budget_s + 300)
    found = json.loads((out / "judgement.json").read_text())["suite"]["against"]
    decoder = msgspec.json.Decoder(AgainstStarted | AgainstNames | SideRun)
    records = [decoder.decode(line) for line in (out / "pairs.jsonl").read_bytes().splitlines()]
    runs = [one for one in records if isinstance(one, SideRun) and one.pair >= 0]
    sides = {side: {one.pair: one for one in runs if one.side == side} for side in ("old", "new")}
    pairs = [
        [[one.seconds, one.cpu_s, one.starved_s] for one in (sides["old"][pair], sides["new"][pair])]
        for pair in sorted(sides["old"].keys() & sides["new"].keys())
    ]
    return {"against": {**found, "old": "old"}, "pairs": pairs}


def live(options: argparse.Namespace, done: list[dict[str, Any]]) -> None:
    """Run what is missing, within the minutes."""
    until = time.monotonic() + 60 * options.minutes
    with tempfile.TemporaryDirectory(prefix="brinell-regression-") as name:
        folder = Path(name)
        for side in ("old", "same"):
            write(folder / side)
        suite_s = plain_s(folder / "old")
        jobs = [("aa", None)] if "aa" in options.only else []
        jobs += [("planted", kind) for kind in PLANTED] if "planted" in options.only else []
        for what, kind in jobs:
            new = folder / (kind or "same")
            if kind:
                write(new, **slowed(kind, suite_s))
            while missing(done, what, kind, options) and (left_s := until - time.monotonic()) > 60:
                number = sum(row["what"] == what and row.get("kind") == kind for row in done)
                with load(options.load, left_s + 60):
                    found = compare(folder / "old", new, folder / f"{what}-{kind}-{number}", left_s, number + 1)
                row = {**machine(), "what": what, "kind": kind, "suite_s": suite_s, "load": options.load, **found}
                done.append(row)
                with options.raw.open("a") as file:
                    file.write(json.dumps(row) + "\n")
                told = found["against"]
                print(f"  {what} {kind or ''}: {told['answer']} after {told['pairs']} pairs", flush=True)


def missing(done: list[dict[str, Any]], what: str, kind: str | None, options: argparse.Namespace) -> bool:
    rows = [row for row in done if row["what"] == what and row.get("kind") == kind]
    if what == "aa":
        return sum(len(row["pairs"]) for row in rows) < AA_PAIRS
    return len(rows) < options.repeats


def plain_s(folder: Path) -> float:
    """Processor seconds of the suite with its sleeps, the best of three: what it takes on a quiet machine."""
    best = math.inf
    for _ in range(3):
        before = os.times()
        subprocess.run([sys.executable, "-m", "pytest", "-q"], cwd=folder, capture_output=True, check=True)
        after = os.times()
        used = after.children_user + after.children_system - before.children_user - before.children_system
        best = min(best, used + 0.3)
    return best


def machine() -> dict[str, Any]:
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=HERE, capture_output=True, text=True, check=False)
    return {"commit": commit.stdout.strip(), "machine": platform.platform(), "cpus": os.cpu_count()}


def show(done: list[dict[str, Any]]) -> list[list[list[float]]]:
    """Print the live tables; return all A/A pairs."""
    rows = [row for row in done if row["what"] == "aa"]
    pairs = [pair for row in rows for pair in row["pairs"]]
    if rows:
        answers = [row["against"]["answer"] for row in rows]
        wolf = answers.count(REGRESSED)
        print(f"\nA/A: {len(rows)} comparisons, {len(pairs)} pairs of identical runs")
        for answer in sorted(set(answers)):
            print(f"  {answer:<14} {answers.count(answer)}")
        print(f"  false alarms   {wolf} of {len(rows)}, at most {100 * upper(wolf, len(rows)):.0f} % (95 %)")
        print(f"  all {len(pairs)} pairs as one comparison: {sequential(pairs, stop=False)}")
        for measure, name in ((0, "wall"), (1, "processor"), (2, "free")):
            logs = [math.log(value(pair[1], measure) / value(pair[0], measure)) for pair in pairs]
            print(f"  {name:<9} a pair's ratio differs from 1 by {100 * deviation(logs):.1f} % (standard deviation)")
    planted = [row for row in done if row["what"] == "planted"]
    if planted:
        print(f"\nPlanted: {EXTRA:.0%} of the suite's time")
        for row in planted:
            told = row["against"]
            named = [(one["kind"], one["name"]) for one in told["carriers"]]
            right = bool(named) and named[0] == EXPECTED[row["kind"]]
            first = f"{named[0][0]} {named[0][1]}, {told['carriers'][0]['share']:.0%}" if named else "nothing named"
            ratio = told["time"]["estimate"] if told["time"] else math.nan
            print(
                f"  {row['kind']:<14} {told['answer']:<13} {told['pairs']:>3} pairs  {ratio:.3f} times  "
                f"{'right' if right else 'WRONG'}: {first}"
            )
    return pairs


def value(run: list[float], measure: int) -> float:
    wall, cpu, starved = run
    return (wall, cpu, wall - (starved or 0.0))[measure]


def deviation(values: list[float]) -> float:
    middle = sum(values) / len(values)
    return math.sqrt(sum((one - middle) ** 2 for one in values) / max(1, len(values) - 1))


def sequential(pairs: list[list[list[float]]], *, stop: bool) -> str:
    """Return the answer of the whole procedure; without ``stop`` the first "regressed" of any look, else the last."""
    answer = slower.CANNOT_TELL
    for n in (look for look in LOOKS if look <= len(pairs)):
        old, new = ([Times(*pair[side]) for pair in pairs[:n]] for side in (0, 1))
        answer = decide(old, new).answer
        if answer == REGRESSED or (stop and answer != slower.CANNOT_TELL):
            return answer
    return answer


def truth(pairs: list[list[list[float]]], cases: int) -> None:
    """Print false alarms and power on resampled noise."""
    if len(pairs) < 8:
        print("\nSimulated truth: not enough A/A pairs to resample")
        return
    print(
        f"\nSimulated truth: {cases:,} cases each, noise of {len(pairs)} recorded A/A pairs, at most {MOST_PAIRS} pairs"
    )
    print("  effect          regressed  not regressed  cannot tell  pairs (median)")
    wall_only = [[[wall, cpu, None] for wall, cpu, _ in pair] for pair in pairs]
    for kind, noise in (("computing", pairs), ("waiting", pairs), ("wall only", wall_only)):
        for effect in EFFECTS:
            if effect == 0 and kind == "waiting":  # as computing: there is no effect to be anywhere
                continue
            chance = random.Random(f"{effect}{kind}")  # noqa: S311 - a simulation
            answers: dict[str, int] = {}
            needed = []
            for _ in range(cases):
                answer, n = one_case(noise, effect, chance, waits=kind == "waiting")
                answers[answer] = answers.get(answer, 0) + 1
                needed.append(n)
            shares = [answers.get(word, 0) for word in (REGRESSED, slower.NOT_REGRESSED, slower.CANNOT_TELL)]
            bound = f"  (at most {100 * upper(shares[0], cases):.3f} %)" if effect == 0 else ""
            told = "  ".join(f"{100 * share / cases:8.2f} %" for share in shares)
            print(f"  {effect:4.0%} {kind:<10} {told}  {sorted(needed)[len(needed) // 2]:>6}{bound}")


def one_case(pairs: list[list[list[float]]], effect: float, chance: random.Random, *, waits: bool) -> tuple[str, int]:
    """One sequential comparison of resampled pairs whose new side takes ``effect`` of the time longer."""
    old: list[Times] = []
    new: list[Times] = []
    answer = slower.CANNOT_TELL
    for n in range(1, MOST_PAIRS + 1):
        one, other = chance.choice(pairs)
        if chance.random() < 0.5:
            one, other = other, one
        old.append(Times(*one))
        more_s = effect * (other[0] - (other[2] or 0.0))
        cpu_s = other[1] if waits or other[1] is None else other[1] + more_s
        new.append(Times(other[0] + more_s, cpu_s, other[2]))
        if n in LOOKS:
            answer = decide(old, new).answer
            if answer != slower.CANNOT_TELL:
                return answer, n
    return answer, MOST_PAIRS


def upper(found: int, of: int) -> float:
    """Upper end of the exact one-sided 95 % interval of a share (Clopper and Pearson), by bisection."""
    if found >= of:
        return 1.0
    low, high = found / of, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        tail = sum(math.comb(of, k) * middle**k * (1 - middle) ** (of - k) for k in range(found + 1))
        low, high = (middle, high) if tail > 0.05 else (low, middle)
    return high


def read(path: Path, commit: str | None) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    rows = []
    for line in path.read_text().splitlines():
        with contextlib.suppress(ValueError):  # a torn last line
            rows.append(json.loads(line))
    return [row for row in rows if commit is None or row["commit"] == commit]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0, help="of live runs, at most")
    parser.add_argument("--raw", type=Path, default=HERE / "regression.jsonl", help="JSON lines, appended to")
    parser.add_argument("--any-commit", action="store_true", help="take up results of other commits, too")
    parser.add_argument("--cases", type=int, default=10_000, help="simulated, per effect")
    parser.add_argument("--load", type=int, default=2, help="busy processes beside")
    parser.add_argument("--repeats", type=int, default=1, help="comparisons per planted change")
    parser.add_argument("--only", default="aa,planted,truth")
    options = parser.parse_args()
    done = read(options.raw, None if options.any_commit else machine()["commit"])
    if options.minutes > 0:
        live(options, done)
    pairs = show(done)
    if "truth" in options.only:
        truth(pairs, options.cases)


if __name__ == "__main__":
    main()
