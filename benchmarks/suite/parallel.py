"""Forked workers against pytest-xdist on a generated suite, and on checkouts: wall time and processor time.

    python benchmarks/suite/parallel.py [--workers 2] [--rounds 2] [--tests 10000] [--checkouts DIR] [--python PYTHON]

Both run the same suite in turns (ABBA) with bytecode caching on, after one run that fills the caches. Each folder of
``--checkouts`` is a project whose tests PYTHON can run. Wall time is of the whole command; user and system seconds are
those of every process it waited for. On a machine that does other work only the ratio says anything.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from brinell.core.fakes import FakeRoom
from brinell.core.observation import SeenTest, SuiteEnded
from brinell.core.plan import SuiteSpec
from brinell.suite.trial import SuiteTrial

_HEAD = """\
import collections, dataclasses, datetime, decimal, json, pathlib
import pytest

@dataclasses.dataclass
class Order:
    number: int
    lines: list

@pytest.fixture
def order():
    return Order(7, [1, 2, 3])

@pytest.fixture(scope="module")
def table():
    return collections.Counter("abcabc")

class TestOrder:
    @pytest.fixture(autouse=True)
    def _own(self, order):
        self.order = order

    def test_lines(self):
        assert self.order.lines == [1, 2, 3]

"""


def generate(root: Path, tests: int, modules: int = 100) -> None:
    """Write a suite of so many small tests."""
    (root / "tests").mkdir(parents=True)
    (root / "pytest.ini").write_text("[pytest]\ntestpaths = tests\n")
    each = tests // modules - 1
    third = each // 3
    for number in range(modules):
        text = _HEAD
        text += f"@pytest.mark.parametrize('n', range({third}))\n"
        text += "def test_json(n, order):\n    assert json.loads(json.dumps({'n': n}))['n'] == n\n\n"
        text += f"@pytest.mark.parametrize('n', range({third}))\n"
        text += "def test_decimal(n, table):\n    assert decimal.Decimal(n) + table['a'] == n + 2\n\n"
        for n in range(each - 2 * third):
            text += f"def test_day_{n}(order):\n    assert datetime.date(2024, 1, 1) + datetime.timedelta(days={n})\n\n"
        (root / "tests" / f"test_module_{number:03}.py").write_text(text)


def spent(action: object) -> tuple[float, float, float]:
    """Return wall, user and system seconds of ``action`` and of the processes it waited for."""
    before, begun = os.times(), time.monotonic()
    action()  # type: ignore[operator]
    wall, after = time.monotonic() - begun, os.times()
    user = after.user + after.children_user - before.user - before.children_user
    system = after.system + after.children_system - before.system - before.children_system
    return wall, user, system


def ours(root: Path, python: str, workers: int) -> None:
    """Run it on forked workers."""
    with tempfile.TemporaryDirectory() as folder:
        room = FakeRoom(SuiteSpec(python=python, workers=workers), Path(folder), root=root)
        try:
            SuiteTrial().run(room)
        finally:
            room.close()
    ended = next(record for record in room.records if isinstance(record, SuiteEnded))
    tests = sum(isinstance(record, SeenTest) and record.final for record in room.records)
    print(f"    forked: {tests} tests, {ended.summary}, exit {ended.exit_status}")


def xdist(root: Path, python: str, workers: int) -> None:
    """Run it under pytest-xdist."""
    command = [python, "-m", "pytest", "-q", "-n", str(workers), "--continue-on-collection-errors"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    print("    xdist: ", (done.stdout.strip().splitlines() or ["nothing"])[-1], f"exit {done.returncode}")


def compare(root: Path, python: str, workers: int, rounds: int) -> None:
    """Print what both take."""
    print(root.name)
    sides = {"forked": ours, "xdist": xdist}
    seen: dict[str, list[tuple[float, float, float]]] = {name: [] for name in sides}
    ours(root, python, workers)
    for number in range(rounds):
        order = ["forked", "xdist"] if number % 2 == 0 else ["xdist", "forked"]
        for name in order:
            seen[name].append(spent(lambda name=name: sides[name](root, python, workers)))
    for name, some in seen.items():
        wall, user, system = (statistics.median(column) for column in zip(*some, strict=True))
        print(f"  {name:7} wall {wall:6.2f} s  user {user:6.2f} s  system {system:5.2f} s")
    ratio = statistics.median(a[0] / b[0] for a, b in zip(seen["forked"], seen["xdist"], strict=True))
    print(f"  forked / xdist: {ratio:.2f} of the wall time")


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--tests", type=int, default=10_000)
    parser.add_argument("--checkouts", type=Path)
    parser.add_argument("--python", default=sys.executable)
    asked = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / f"generated-{asked.tests}"
        generate(root, asked.tests)
        compare(root, asked.python, asked.workers, asked.rounds)
    for root in sorted(asked.checkouts.iterdir()) if asked.checkouts else ():
        if root.is_dir():
            compare(root, asked.python, asked.workers, asked.rounds)


if __name__ == "__main__":
    main()
