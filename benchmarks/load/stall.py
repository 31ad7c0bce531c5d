"""Does a standstill of the server show? Open loop against a queueing simulation, and against closed-loop tools.

A server that takes one request at a time stops once for 2 s in a run of 20 s at 500 requests a second. It writes down
how long each of its services really took. The simulation is Lindley's: with the same due times and those services,
first come first served, request n departs at max(departure of n-1, due of n) + service of n. To hold: our p95, p99 and
maximum lie within 3 % of it. Beside it stands what a closed loop, ours and wrk's, says of the same server.

    python benchmarks/load/stall.py [--seconds 20]
"""

from __future__ import annotations

import argparse
import sys

import numpy as np
import numpy.typing as npt
from measured import ours
from others import TOOLS, run
from queueing import lindley, quantile, server

from brinell.core.judgement import Distribution
from brinell.load.shapes.constant import Constant

RATE = 500
CONNECTIONS = 64
BOUND = 0.03


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, default=20.0)
    seconds = options.parse_args().seconds
    shape = {"kind": "constant", "rate": RATE, "duration": seconds}
    stalls = "--stall-at", str(seconds * 0.4), "--stall", str(seconds / 10)
    with server(*stalls) as (url, services):
        opened = ours(url, shape, connections=CONNECTIONS, timeout_s=30).load
    simulated = lindley(list(Constant(RATE, seconds).due_ns(0, 1)), services())
    with server(*stalls) as (url, _):
        closed = ours(url, {"kind": "closed", "duration": seconds}, connections=CONNECTIONS, timeout_s=30).load
    with server(*stalls) as (url, _):
        peer = run(next(tool for tool in TOOLS if tool.name == "wrk"), url, round(seconds), CONNECTIONS)
    return show(opened.response_ms, simulated, closed.response_ms, peer.ms)


def show(opened: Distribution, simulated: npt.NDArray[np.float64], closed: Distribution, peer: dict[str, float]) -> int:
    exact = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "max": 1.0}
    off = 0.0
    print(f"{'ms':>5} {'simulated':>10} {'open':>10} {'ratio':>7} {'closed':>10} {'wrk':>10}")
    for name, share in exact.items():
        truth = quantile(simulated, share)
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
