"""What recording costs: user + system CPU seconds of pytest with the recorder (B) against plain pytest (A).

    python benchmarks/recorder/overhead.py [--minutes 5] [--tests 10000] [--python PY] [--raw results.jsonl]

Two generated suites: empty tests (microseconds per test) and tests that compute for about 5 ms (per cent). Fresh
processes in blocks A B B A, so that a machine that drifts evenly favours neither; CPU time from wait4, so that other
people's processes count only through caches and clocks. The effect of a block is (B + B - A - A) / 2; its A/A is the
second A minus the first, through the same arithmetic: how far a difference can be from nothing when there is none.
Medians over blocks with 95 % percentile bootstrap intervals. B is read through a pipe by this process, whose own CPU
time is not counted. Bytecode caches are on and warm; plugins other than pytest's own are off.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

LAUNCH = Path(__file__).parents[2] / "src" / "brinell_inside" / "launch.py"
TESTS_PER_FILE = 100
WORK_MS = 5.0


@dataclass(frozen=True)
class Suite:
    """A folder of generated tests."""

    name: str
    folder: Path
    tests: int


@dataclass(frozen=True)
class Block:
    """CPU seconds of one A B B A."""

    a1: float
    b1: float
    b2: float
    a2: float

    @property
    def effect_s(self) -> float:
        """What recording added."""
        return (self.b1 + self.b2 - self.a1 - self.a2) / 2

    @property
    def nothing_s(self) -> float:
        """The A/A difference, at the scale of the effect (a mean of two differences has half the variance)."""
        return (self.a2 - self.a1) / 2**0.5

    @property
    def base_s(self) -> float:
        """What plain pytest took."""
        return (self.a1 + self.a2) / 2


def generate(folder: Path, name: str, tests: int, body: str) -> Suite:
    home = folder / name
    home.mkdir()
    (home / "pytest.ini").write_text("[pytest]\n")
    for number in range(0, tests, TESTS_PER_FILE):
        lines = [f"def test_{n}():\n    {body}\n" for n in range(number, min(number + TESTS_PER_FILE, tests))]
        (home / f"test_{number // TESTS_PER_FILE:04}.py").write_text("\n".join(lines))
    return Suite(name, home, tests)


def iterations_for(milliseconds: float) -> int:
    """How many turns of the generated loop this interpreter makes in that time."""
    begun = time.process_time()
    sum(range(3_000_000))
    return int(3_000_000 * milliseconds / 1000 / (time.process_time() - begun))


def environment() -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "PYTHON", "COV"))}
    return {**kept, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


def drain(reading: int, pause_s: float, chunks: list[bytes]) -> None:
    with os.fdopen(reading, "rb", buffering=0) as pipe:
        while data := pipe.read(1 << 16):
            chunks.append(data)
            time.sleep(pause_s)


def cpu_s(python: str, suite: Suite, pause_s: float, *, recorded: bool) -> float:
    """User + system seconds of one run and whatever it waited for; asserts that it ran all tests."""
    arguments = ["-q", "-p", "no:cacheprovider"]
    reading, writing = os.pipe()
    chunks: list[bytes] = []
    reader = threading.Thread(target=drain, args=(reading, pause_s, chunks))
    reader.start()
    launched = [python, str(LAUNCH), "--fd", str(writing), "--", *arguments]
    command = launched if recorded else [python, str(Path(python).with_name("pytest")), *arguments]
    child = subprocess.Popen(
        command, cwd=suite.folder, env=environment(), stdout=subprocess.DEVNULL, pass_fds=[writing] * recorded
    )
    os.close(writing)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    reader.join()
    assert child.returncode == 0
    assert b"".join(chunks).count(b'{"kind":"test"') == (suite.tests if recorded else 0)
    return usage.ru_utime + usage.ru_stime


def measure(python: str, suite: Suite, pause_s: float, seconds: float, blocks: int) -> list[Block]:
    for recorded in (False, True):  # warm the bytecode caches
        cpu_s(python, suite, pause_s, recorded=recorded)
    measured: list[Block] = []
    until = time.monotonic() + seconds
    while len(measured) < 3 or (len(measured) < blocks and time.monotonic() < until):
        runs = (cpu_s(python, suite, pause_s, recorded=recorded) for recorded in (False, True, True, False))
        measured.append(Block(*runs))
    return measured


def median_with_interval(values: list[float], resamples: int = 10_000) -> tuple[float, float, float]:
    chance = random.Random(0)  # noqa: S311 - a bootstrap, not a secret
    medians = sorted(statistics.median(chance.choices(values, k=len(values))) for _ in range(resamples))
    return statistics.median(values), medians[resamples // 40], medians[-resamples // 40]


def report(suite: Suite, blocks: list[Block]) -> None:
    base = statistics.median(block.base_s for block in blocks)
    print(f"\n{suite.name}: {suite.tests} tests, plain pytest {base:.2f} s CPU, {len(blocks)} blocks A B B A")
    for label, values in (
        ("B - A", [block.effect_s for block in blocks]),
        ("A - A", [block.nothing_s for block in blocks]),
    ):
        middle, low, high = median_with_interval(values)
        us, us_low, us_high = (1e6 * value / suite.tests for value in (middle, low, high))
        share, share_low, share_high = (100 * value / base for value in (middle, low, high))
        print(
            f"  {label}: {us:6.1f} us per test [{us_low:.1f}, {us_high:.1f}]"
            f"   {share:5.2f} % [{share_low:.2f}, {share_high:.2f}]"
        )


def append_raw(path: Path, python: str, suite: Suite, blocks: list[Block]) -> None:
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=Path(__file__).parent, capture_output=True, text=True, check=False
    ).stdout.strip()
    version = subprocess.run([python, "-VV"], capture_output=True, text=True, check=True).stdout.strip()
    machine = {"commit": commit, "machine": platform.platform(), "cpus": os.cpu_count(), "python": version}
    with path.open("a") as file:
        for block in blocks:
            file.write(json.dumps({**machine, "suite": suite.name, "tests": suite.tests, **vars(block)}) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5.0, help="for both suites together")
    parser.add_argument("--blocks", type=int, default=20, help="at most so many per suite")
    parser.add_argument("--tests", type=int, default=10_000, help="empty tests; the other suite has a twentieth")
    parser.add_argument("--python", default=sys.executable, help="an interpreter with pytest and its script")
    parser.add_argument("--reader-pause-ms", type=float, default=0, help="0: a reader that wakes for every line")
    parser.add_argument("--raw", type=Path, help="append each block as a JSON line")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        suites = [
            generate(Path(folder), "empty", options.tests, "pass"),
            generate(Path(folder), "five-ms", max(options.tests // 20, 1), f"sum(range({iterations_for(WORK_MS)}))"),
        ]
        for suite in suites:
            pause_s = options.reader_pause_ms / 1000
            blocks = measure(options.python, suite, pause_s, options.minutes * 30, options.blocks)
            report(suite, blocks)
            if options.raw is not None:
                append_raw(options.raw, options.python, suite, blocks)


if __name__ == "__main__":
    main()
