"""``brinell capacity`` against real subjects of known capacity: how far is its answer from the truth?

Requests (``slots_server.py``, ``../load/fifo_server.py``):
- one thread that is busy for 2 ms a request: how long each service really took the server writes down itself, so the
  truth is one by their mean
- a token bucket of 400/s, and eight places of 20 ms: the truth is what they say
- one place of 4 ms and eight of 20 ms with exponential services, held to p95 <= 100 ms: D/M/1 in closed form
  (Kleinrock, Queueing Systems I, 6.3: P(response > t) = exp(-mu (1 - sigma) t)), D/M/8 from a long simulation
- users of four requests each at a token bucket of 400/s: 100 sessions a second

Connections that stay (``rooms_server.py``, so many messages or deliveries a second and no more): messages of an echo,
connections that say two a second each, a server that accepts 150; of a broadcast publishes, rooms, receivers, and a
server that loses what would have to wait. A cache of 400 operations a second (``known_cache.py``).

Prints a row for each search: the truth, low, high, the error of low in percent, whether it is within 5 %, whether the
interval holds the truth, how long it took; at the end the same of all together.

    python benchmarks/capacity/known.py --repeat 5 --out known.json
    python benchmarks/capacity/known.py --quick          one search of seven subjects, from near the truth on
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import signal
import statistics
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
ROOMS = HERE / "rooms_server.py"
CACHE = HERE / "known_cache.py"
NEAR = 0.05
VISITORS = """
[[load]]
name = "visitors"
url = "{url}"
shape = {{ kind = "constant", rate = 10, duration = 10 }}
sessions = [{{ name = "visit", repeat = 4, requests = [{{ path = "/" }}] }}]
"""
OPERATIONS = """
[[load]]
name = "operations"
driver = "cache"
shape = {{ kind = "constant", rate = 10, duration = 10 }}
cache = {{ target = "known_cache:cache", workload = "ycsb-c", keys = 50, probe = false }}
"""


class Case(NamedTuple):
    """A server's command (none: the subject is part of the project), how it is pressed on, and its capacity, given what
    it wrote down (if it did). ``scenario``: a ``[[load]]`` in place of an address.
    """

    name: str
    command: Sequence[str]
    limit: str
    truth: Callable[[Path], float]
    press: Sequence[str] = ()
    address: str = "http://127.0.0.1:{port}/"
    scenario: str = ""
    quick: bool = False


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
    """Return the subjects, those of requests first."""
    fifo = [str(FIFO), "--service-ms", "2", "--out", str(record)]
    bucket = [str(SLOTS), "--service-ms", "2.5"]
    eight = [str(SLOTS), "--places", "8", "--service-ms", "20"]
    one = [str(SLOTS), "--service-ms", "4", "--exponential"]
    return [
        Case("one thread, 2 ms", fifo, "p95_ms=100", by_its_own_record),
        Case("token bucket, 400/s", bucket, "p95_ms=200", says(400), quick=True),
        Case("eight places, 20 ms", eight, "p95_ms=200", says(400)),
        Case("one place, exponential 4 ms", one, "p95_ms=100", lambda _: one_place_exponential(0.004, 0.1)),
        Case(
            "eight places, exponential 20 ms",
            [*eight, "--exponential"],
            "p95_ms=100",
            lambda _: places_exponential(8, 0.02, 0.1),
        ),
        Case("sessions of four requests, 100/s", bucket, "p95_ms=200", says(100), scenario=VISITORS, quick=True),
        *sockets(),
        Case("cache, 400 operations/s", (), "p95_ms=200", says(400), scenario=OPERATIONS, quick=True),
    ]


def sockets() -> list[Case]:
    """Return the subjects whose connections stay."""
    room = {"address": "ws://127.0.0.1:{port}/room", "limit": "p95_ms=200"}
    rooms = {"address": "ws://127.0.0.1:{port}/rooms/{{{{room}}}}", "limit": "p95_ms=200"}
    echo = {"address": "ws://127.0.0.1:{port}/echo", "limit": "p95_ms=200"}
    each = ("--quantity", "connections", "--connections", "100", "--rate", "200")
    loses = ("--broadcast", "--connections", "50", "--slo", "reach=0.99")
    return [
        Case("echo, 800 messages/s", takes(800), truth=says(800), press=("--connections", "20"), **echo),
        Case("200 connections of 2 messages/s", takes(400), truth=says(200), press=each, **echo, quick=True),
        Case(
            "150 connections are accepted",
            takes(9000, "--most", "150"),
            truth=says(150),
            press=each,
            **echo,
            quick=True,
        ),
        Case(
            "60 publishes/s to 50 receivers",
            takes(3000),
            truth=says(60),
            press=("--broadcast", "--connections", "50"),
            **room,
            quick=True,
        ),
        Case(
            "100 rooms of 10, 2 publishes/s",
            takes(2000),
            truth=says(100),
            press=("--broadcast", "--quantity", "rooms", "--connections", "10", "--rate", "2"),
            **rooms,
            quick=True,
        ),
        Case(
            "400 receivers of 5 publishes/s",
            takes(2000),
            truth=says(400),
            press=("--broadcast", "--quantity", "receivers", "--rate", "5"),
            **room,
        ),
        Case(
            "loses what waits, 60.6 publishes/s",
            takes(3000, "--queue-ms", "100"),
            truth=says(60 / 0.99),
            press=loses,
            **room,
        ),
    ]


def takes(per_second: float, *more: str) -> list[str]:
    return [str(ROOMS), "--per-second", f"{per_second:g}", *more]


def says(value: float) -> Callable[[Path], float]:
    return lambda _: value


def search(case: Case, folder: Path, seed: int, extra: Sequence[str]) -> dict[str, Any]:
    """Start the server, search, end it; return one row."""
    folder.mkdir()
    server = start(case, seed)
    began = time.perf_counter()
    try:
        port = int(server.stdout.readline()) if server is not None and server.stdout is not None else 0
        given = ["--load", prepare(case, folder, port)] if case.scenario else [case.address.format(port=port)]
        command = [sys.executable, "-m", "brinell", "capacity", *given, *case.press, "--slo", case.limit]
        command += ["--json", "-q", "--out", str(folder / "run"), *extra]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    finally:
        if server is not None:
            server.send_signal(signal.SIGTERM)
            server.wait(10)
    if not done.stdout:
        sys.exit(f"{case.name}: {done.stderr}")
    found = json.loads(done.stdout)["capacity"][0]
    return row(case, found, case.truth(folder.parent / "took"), time.perf_counter() - began)


def start(case: Case, seed: int) -> subprocess.Popen[str] | None:
    if not case.command:
        return None
    command = [sys.executable, *case.command, "--seed", str(seed)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def prepare(case: Case, folder: Path, port: int) -> str:
    """Write the project with the scenario; return the scenario's name."""
    text = case.scenario.format(url=f"http://127.0.0.1:{port}")
    (folder / "brinell.toml").write_text(text, encoding="utf-8")
    shutil.copy(CACHE, folder)
    return text.partition('name = "')[2].partition('"')[0]


def row(case: Case, found: dict[str, Any], known: float, took_s: float) -> dict[str, Any]:
    error = found["low"] / known - 1
    return {
        "subject": case.name,
        "truth": round(known, 1),
        "low": found["low"],
        "high": found["high"],
        "unit": found["unit"],
        "error_percent": round(error * 100, 1),
        "within_5_percent": abs(error) <= NEAR,
        "holds_truth": found["low"] <= known <= (found["high"] or math.inf),
        "confirmed": found["confirmed"],
        "ended": found["ended"],
        "knee": found["knee"],
        "steps": len(found["steps"]),
        "invalid": sum(step["verdict"] == "invalid" for step in found["steps"]),
        "seconds": round(took_s, 1),
        "limited_by": (found["limited_by"] or {}).get("title"),
    }


def summary(rows: Sequence[dict[str, Any]]) -> str:
    """Return what all searches came to, subject by subject and together."""
    lines = [f"{'subject':36} {'truth':>8} {'error of low, %':>20} {'holds it':>9} {'seconds':>8}"]
    for name in dict.fromkeys(row["subject"] for row in rows):
        own = [row for row in rows if row["subject"] == name]
        errors = sorted(row["error_percent"] for row in own)
        span = f"{errors[0]:+.1f}" if len(own) == 1 else f"{errors[0]:+.1f} to {errors[-1]:+.1f}"
        holds = f"{sum(row['holds_truth'] for row in own)} of {len(own)}"
        seconds = statistics.mean(row["seconds"] for row in own)
        lines.append(f"{name:36} {own[0]['truth']:8g} {span:>20} {holds:>9} {seconds:8.0f}")
    near = sum(row["within_5_percent"] for row in rows)
    holds = sum(row["holds_truth"] for row in rows)
    mean = statistics.mean(abs(row["error_percent"]) for row in rows)
    took = statistics.mean(row["seconds"] for row in rows)
    lines.append(
        f"{near} of {len(rows)} within 5 %, off by {mean:.1f} % on average; {holds} of {len(rows)} intervals hold the "
        f"truth; {took:.0f} s a search"
    )
    return "\n".join(lines)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--repeat", type=int, default=3)
    options.add_argument("--only", default="", help="subjects whose name contains this")
    options.add_argument("--quick", action="store_true", help="one search of seven subjects, from near the truth on")
    options.add_argument("--out", type=Path)
    options.add_argument("extra", nargs="*", help="further options of brinell capacity, after --")
    given = options.parse_args()
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(1 if given.quick else given.repeat):
            for case in cases(Path(folder) / "took"):
                if given.only not in case.name or (given.quick and not case.quick):
                    continue
                near = ["--start", str(int(case.truth(Path(folder)) / 2.3)), "--step", "5s"] if given.quick else []
                run = Path(folder) / f"run-{number}-{len(rows)}"
                rows.append(search(case, run, number + 1, [*near, *given.extra]))
                print(json.dumps(rows[-1]), flush=True)
    print(summary(rows) if rows else "no such subject")
    if given.out:
        given.out.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
