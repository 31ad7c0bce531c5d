"""Are the percentiles true? Against Lindley's recursion over logged services, beside what other tools say.

A server that takes one request at a time writes down how long each service really took: constant, and exponential, at
an offered load of 0.5, 0.8 and 0.95. Requests come as a Poisson process. The recursion over those services and the
actual due times gives every response time; each of our percentiles up to p99.9 must lie within 3 % of it.

The others press on the same servers at the same rates, evenly spaced or in a loop as they can (k6, vegeta, wrk2 open;
wrk and Locust closed, with ten connections). Beside what the open ones say stands the recursion over the services of
*that* run with due times evenly spaced, so that what differs is the tool's own.

    python benchmarks/load/accuracy.py [--seconds 60] [--service-ms 5] [--tools k6,vegeta,wrk2,wrk,locust]
"""

from __future__ import annotations

import argparse
import sys

from measured import ours
from others import TOOLS, Tool, found, run
from queueing import lindley, quantile, server

from brinell.load.shapes.poisson import Poisson

LOADS = (0.5, 0.8, 0.95)
SHARES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p99_9": 0.999}
PEERS_AT = 0.8
CONNECTIONS = 1000  # a queue of its own would be ours: nobody waits for a connection
CLOSED_CONNECTIONS = 10
BOUND = 0.03


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=int, default=60)
    options.add_argument("--service-ms", type=float, default=5.0)
    options.add_argument("--tools", default="k6,vegeta,wrk2,wrk,locust")
    given = options.parse_args()
    print(f"{'service':12} {'load':>5} " + "".join(f"{name:>26}" for name in SHARES))
    worst = max(
        against_theory(kind, load, given.seconds, given.service_ms)
        for kind in ("constant", "exponential")
        for load in LOADS
    )
    print(f"largest deviation of a percentile up to p99.9: {worst:.2%}; to hold: {BOUND:.0%}\n")
    for kind in ("constant", "exponential"):
        for tool in (tool for tool in TOOLS if tool.name in given.tools.split(",")):
            beside(tool, kind, given.seconds, given.service_ms)
    return 0 if worst <= BOUND else 1


def against_theory(kind: str, load: float, seconds: int, service_ms: float) -> float:
    """Print ours beside the recursion, and return the largest relative difference."""
    rate = load / service_ms * 1e3
    with server(*_options(kind, service_ms)) as (url, services):
        shape = {"kind": "poisson", "rate": rate, "duration": seconds}
        seen = ours(url, shape, connections=CONNECTIONS, timeout_s=60).load
    true = lindley(list(Poisson(rate, seconds).due_ns(0, 1)), services())
    cells, worst = [], 0.0
    for name, share in SHARES.items():
        said, is_so = getattr(seen.response_ms, name), quantile(true, share)
        off = said / is_so - 1
        worst = max(worst, abs(off))
        cells.append(f"{said:.2f} of {is_so:.2f} ({off:+.2%})")
    believed = "" if seen.generator.valid else f"  INVALID: {seen.generator.reason}"
    print(f"{kind:12} {load:>5} " + "".join(f"{cell:>26}" for cell in cells) + believed, flush=True)
    return worst


def beside(tool: Tool, kind: str, seconds: int, service_ms: float) -> None:
    """Print what another tool says of such a server, and what it should have said."""
    if found(tool) is None:
        print(f"{tool.name}: not here")
        return
    rate = round(PEERS_AT / service_ms * 1e3)
    connections = CONNECTIONS if tool.opens else CLOSED_CONNECTIONS
    with server(*_options(kind, service_ms)) as (url, services):
        said = run(tool, url, seconds, connections, rate if tool.opens else None)
    took = services()
    words = f"{kind}, {f'{rate}/s' if tool.opens else f'closed, {connections} connections'}"
    cells = [f"p{name} {value:.2f}" for name, value in said.ms.items()]
    print(f"{tool.name:8} {words}: says {', '.join(cells)} ms over {said.requests} requests")
    if tool.opens:
        dues = [index * 10**9 // rate for index in range(len(took))]
        true = lindley(dues, took)
        print(f"{'':8} the recursion: " + ", ".join(f"{n} {quantile(true, share):.2f}" for n, share in SHARES.items()))


def _options(kind: str, service_ms: float) -> tuple[str, ...]:
    return "--service-ms", str(service_ms), *(("--exponential",) if kind == "exponential" else ())


if __name__ == "__main__":
    sys.exit(main())
