"""Does a standstill of the server show? Open loop against a queueing simulation, and against closed-loop tools.

A server that takes one request at a time stops once for 2 s in a run of 20 s at 500 requests a second. It writes down
how long each of its services really took. The simulation is Lindley's: with the same due times and those services,
first come first served, request n departs at max(departure of n-1, due of n) + service of n. To hold: our p95, p99 and
maximum lie within 3 % of it. Beside it stands what a closed loop, ours and wrk's, says of the same server.

    python benchmarks/load/stall.py [--seconds 20]
"""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from measured import ours, wrk

from brinell.core.judgement import Distribution
from brinell.load.shapes.constant import Constant

SERVER = Path(__file__).with_name("fifo_server.py")
RATE = 500
CONNECTIONS = 64
BOUND = 0.03


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, default=20.0)
    seconds = options.parse_args().seconds
    shape = {"kind": "constant", "rate": RATE, "duration": seconds}
    with server(seconds) as (url, services):
        opened = ours(url, shape, connections=CONNECTIONS, timeout_s=30).load
    simulated = lindley(seconds, services())
    with server(seconds) as (url, _):
        closed = ours(url, {"kind": "closed", "duration": seconds}, connections=CONNECTIONS, timeout_s=30).load
    with server(seconds) as (url, _):
        peer = wrk(url, seconds, CONNECTIONS)
    return show(opened.response_ms, simulated, closed.response_ms, peer.ms)


@contextlib.contextmanager
def server(seconds: float) -> Iterator[tuple[str, object]]:
    """The server in a process of its own; after the block, its services can be read."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "services")
        command = [
            sys.executable,
            str(SERVER),
            "--out",
            str(out),
            "--stall-at",
            str(seconds * 0.4),
            "--stall",
            str(seconds / 10),
        ]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        kept: list[npt.NDArray[np.int64]] = []
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}/", lambda: kept[0]
        finally:
            process.terminate()
            process.wait()
            kept.append(np.frombuffer(out.read_bytes(), dtype=np.int64))


def lindley(seconds: float, services: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Response times in milliseconds of a first come first served queue."""
    dues = list(Constant(RATE, seconds).due_ns(0, 1))
    assert len(dues) == len(services), f"{len(dues)} requests were due and {len(services)} were served"
    departure, responses = 0, np.empty(len(dues))
    for number, (due, service) in enumerate(zip(dues, services.tolist(), strict=True)):
        departure = max(departure, due) + service
        responses[number] = (departure - due) / 1e6
    return responses


def show(opened: Distribution, simulated: npt.NDArray[np.float64], closed: Distribution, peer: dict[str, float]) -> int:
    exact = {"p50": 50.0, "p90": 90.0, "p95": 95.0, "p99": 99.0, "max": 100.0}
    off = 0.0
    print(f"{'ms':>5} {'simulated':>10} {'open':>10} {'ratio':>7} {'closed':>10} {'wrk':>10}")
    for name, percent in exact.items():
        truth = float(np.percentile(simulated, percent, method="inverted_cdf"))
        seen = getattr(opened, name)
        says = peer.get(name.removeprefix("p"), float("nan"))
        print(
            f"{name:>5} {truth:>10.2f} {seen:>10.2f} {seen / truth:>7.3f} {getattr(closed, name):>10.2f} {says:>10.2f}"
        )
        if name in {"p95", "p99", "max"}:
            off = max(off, abs(seen / truth - 1))
    print(f"p95, p99 and max within {off:.2%} of the simulation; to hold: {BOUND:.0%}")
    return 0 if off <= BOUND else 1


if __name__ == "__main__":
    sys.exit(main())
