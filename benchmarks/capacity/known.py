"""``brinell capacity`` against real servers of known capacity: how far is its answer from the truth?

- one thread that is busy for 2 ms a request (``../load/fifo_server.py``): how long each service really took the server
  writes down itself, so the truth is one by their mean
- a token bucket of 400/s, and eight places of 20 ms: the truth is what they say (``slots_server.py``)
- one place of 4 ms and eight of 20 ms with exponential services, held to p95 <= 100 ms: D/M/1 in closed form
  (Kleinrock, Queueing Systems I, 6.3: P(response > t) = exp(-mu (1 - sigma) t)), D/M/8 from a long simulation

Prints a row for each search: the truth, low, high, the error of low in percent, whether it is within 5 %.

    python benchmarks/capacity/known.py --repeat 5 --out known.json
"""

from __future__ import annotations

import argparse
import json
import math
import signal
import subprocess
import sys
import tempfile
import time
from array import array
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from simulated import Server, places, truth

HERE = Path(__file__).parent
FIFO = HERE.parent / "load" / "fifo_server.py"
SLOTS = HERE / "slots_server.py"


class Case(NamedTuple):
    """A server's command, the p95 that it is held to, and its capacity, given what it wrote down (if it did)."""

    name: str
    command: Sequence[str]
    p95_ms: float
    truth: Callable[[Path], float]


def by_its_own_record(record: Path) -> float:
    """Return one by the mean service; the machine's interruptions are part of what it can do."""
    took = array("q")
    took.frombytes(record.read_bytes())
    return 1e9 / float(np.array(took, dtype=float).mean())


def one_place_exponential(service_s: float, limit_s: float) -> float:
    """Return the rate at which 5 % of a D/M/1 exceed the limit."""
    mu = 1 / service_s
    rest = math.log(20) / (mu * limit_s)  # 1 - sigma
    return -mu * rest / math.log(1 - rest)


def places_exponential(number: int, service_s: float, limit_s: float) -> float:
    server = Server("", places(number, service_s), limit_s, 0.85 * number / service_s)
    return truth(server, np.random.default_rng(1), 300_000)


def cases(record: Path) -> list[Case]:
    fifo = [str(FIFO), "--service-ms", "2", "--out", str(record)]
    eight = [str(SLOTS), "--places", "8", "--service-ms", "20"]
    one = [str(SLOTS), "--service-ms", "4", "--exponential"]
    return [
        Case("one thread, 2 ms", fifo, 100, by_its_own_record),
        Case("token bucket, 400/s", [str(SLOTS), "--service-ms", "2.5"], 200, lambda _: 400.0),
        Case("eight places, 20 ms", eight, 200, lambda _: 400.0),
        Case("one place, exponential 4 ms", one, 100, lambda _: one_place_exponential(0.004, 0.1)),
        Case(
            "eight places, exponential 20 ms",
            [*eight, "--exponential"],
            100,
            lambda _: places_exponential(8, 0.02, 0.1),
        ),
    ]


def search(case: Case, folder: Path, seed: int, extra: Sequence[str]) -> dict[str, Any]:
    """Start the server, search, end it; return one row."""
    server = subprocess.Popen([sys.executable, *case.command, "--seed", str(seed)], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    began = time.perf_counter()
    try:
        url = f"http://127.0.0.1:{int(server.stdout.readline())}/"
        command = [sys.executable, "-m", "brinell", "capacity", url, "--slo", f"p95_ms={case.p95_ms:g}", "--json", "-q"]
        done = subprocess.run([*command, "--out", str(folder), *extra], stdout=subprocess.PIPE, text=True, check=False)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(10)
    found = json.loads(done.stdout)["capacity"][0]
    known = case.truth(folder.parent / "took")
    error = found["low"] / known - 1
    return {
        "server": case.name,
        "truth": round(known, 1),
        "low": found["low"],
        "high": found["high"],
        "error_percent": round(error * 100, 1),
        "within_5_percent": abs(error) <= 0.05,
        "holds_truth": found["low"] <= known <= (found["high"] or math.inf),
        "confirmed": found["confirmed"],
        "ended": found["ended"],
        "knee": found["knee"],
        "steps": len(found["steps"]),
        "invalid": sum(step["verdict"] == "invalid" for step in found["steps"]),
        "seconds": round(time.perf_counter() - began, 1),
        "limited_by": (found["limited_by"] or {}).get("title"),
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--repeat", type=int, default=3)
    options.add_argument("--only", default="", help="servers whose name contains this")
    options.add_argument("--out", type=Path)
    options.add_argument("extra", nargs="*", help="further options of brinell capacity, after --")
    given = options.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(given.repeat):
            for case in cases(Path(folder) / "took"):
                if given.only in case.name:
                    run = Path(folder) / f"run-{number}-{len(rows)}"
                    rows.append(search(case, run, number + 1, given.extra))
                    print(json.dumps(rows[-1]), flush=True)
    near = sum(row["within_5_percent"] for row in rows)
    print(f"{near} of {len(rows)} within 5 %")
    if given.out:
        given.out.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
