"""How good is the search for the breaking point? Thousands of searches on simulated servers whose capacity is known.

Each server is a first-come-first-served queue with c places and a distribution of service times, asked evenly
spaced as ``brinell capacity`` asks. What the workers would tell each second goes through the product's own code:
``core.sequential`` decides each step, ``core.capacity_search`` chooses the next. Nothing else is simulated away but the
network. The true capacity of each server is found beforehand with the same simulator: the highest rate at which the
threshold holds over a very long run, by bisection to 0.3 %.

Prints, for each server, how often the answer (the highest rate that held) lies within 5 % of the truth, the error's
quantiles, how often the interval [low, high] holds the truth, how many steps and seconds of load a search took.

    python benchmarks/capacity/simulated.py --searches 200 --out simulated.json
    python benchmarks/capacity/simulated.py --quick
"""

from __future__ import annotations

import argparse
import heapq
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from brinell.core.capacity_search import PROVING, Search, Stop, Tried, Try, bracket, next_step
from brinell.core.sequential import Bound, Second, decide

Times = npt.NDArray[np.float64]
WARM_S = 1
REST_S = 0.7  # a worker's start and the rest between two steps
SHARE = 0.05


@dataclass
class Server:
    """A subject: ``serve`` gives departure times for arrival times; ``limit_s`` is the p95 that it is held to."""

    name: str
    serve: Callable[[Times, np.random.Generator, dict[str, Any]], Times]
    limit_s: float
    guess: float
    worst: dict[str, Any] = field(default_factory=dict)  # the state in which its capacity is known
    truth: float = 0.0
    before: float | None = None  # the truth as long as nothing has broken, where that is another
    rare: int = 1  # so many times longer has to be looked for its truth
    state: dict[str, Any] = field(default_factory=dict)


def one_place(draw: Callable[[np.random.Generator, int], Times]) -> Callable[..., Times]:
    """G/G/1, first come first served: departure = max(arrival, departure before) + service, without a loop."""

    def serve(arrivals: Times, random: np.random.Generator, _state: dict[str, Any]) -> Times:
        services = draw(random, len(arrivals))
        done = np.cumsum(services)
        return done + np.maximum.accumulate(arrivals - (done - services))

    return serve


def places(number: int, mean_s: float) -> Callable[..., Times]:
    """D/M/c: the earliest free of ``number`` places takes the next."""

    def serve(arrivals: Times, random: np.random.Generator, _state: dict[str, Any]) -> Times:
        services = random.exponential(mean_s, len(arrivals))
        free = [0.0] * number
        ended = np.empty(len(arrivals))
        for index, (arrived, service) in enumerate(zip(arrivals.tolist(), services.tolist(), strict=True)):
            until = max(arrived, free[0]) + service
            heapq.heapreplace(free, until)
            ended[index] = until
        return ended

    return serve


def pausing(mean_s: float, every_s: float, pause_s: float) -> Callable[..., Times]:
    """One place with services of one length, and a pause (garbage collection) at every so many seconds of work."""

    def serve(arrivals: Times, random: np.random.Generator, _state: dict[str, Any]) -> Times:
        services = np.full(len(arrivals), mean_s)
        each = max(1, round(every_s / mean_s))
        services[int(random.integers(each)) :: each] += pause_s
        done = np.cumsum(services)
        return done + np.maximum.accumulate(arrivals - (done - services))

    return serve


def lingering(mean_s: float, worse: float, after_s: float) -> Callable[..., Times]:
    """Hysteresis: a step in which somebody waited for longer than ``after_s`` leaves the next step a slower server.

    Its capacity is what holds even then: what held before the first overload is no promise for after it. What it can do
    as long as it was not overloaded is the other truth (``before``), to which ``from_below`` is held.
    """

    def serve(arrivals: Times, random: np.random.Generator, state: dict[str, Any]) -> Times:
        factor = worse if state.pop("hurt", False) else 1.0
        services = random.gamma(20.0, mean_s * factor / 20.0, len(arrivals))
        done = np.cumsum(services)
        ended = done + np.maximum.accumulate(arrivals - (done - services))
        if len(ended) and float((ended - arrivals).max()) > after_s:
            state["hurt"] = True
        return ended

    return serve


def noisy(mean_s: float, share: float, slowdown: float, lasting_s: float) -> Callable[..., Times]:
    """Neighbours: for ``share`` of the time, in stretches of about ``lasting_s``, every service takes longer."""

    def serve(arrivals: Times, random: np.random.Generator, _state: dict[str, Any]) -> Times:
        services = random.gamma(20.0, mean_s / 20.0, len(arrivals))
        at, end = 0.0, float(arrivals[-1]) if len(arrivals) else 0.0
        while True:
            at += random.exponential(lasting_s * (1 - share) / share)
            if at >= end:
                break
            lasts = random.exponential(lasting_s)
            first, last = np.searchsorted(arrivals, (at, at + lasts))
            services[first:last] *= slowdown
            at += lasts
        done = np.cumsum(services)
        return done + np.maximum.accumulate(arrivals - (done - services))

    return serve


def constant(mean_s: float) -> Callable[[np.random.Generator, int], Times]:
    return lambda _random, number: np.full(number, mean_s)


def exponential(mean_s: float) -> Callable[[np.random.Generator, int], Times]:
    return lambda random, number: random.exponential(mean_s, number)


def servers() -> list[Server]:
    return [
        Server("D/D/1, 1 ms, p95 50 ms", one_place(constant(0.001)), 0.05, 1000),
        Server("D/D/1, 10 ms, p95 500 ms", one_place(constant(0.01)), 0.5, 100),
        Server("D/M/1, 1 ms, p95 20 ms", one_place(exponential(0.001)), 0.02, 850),
        Server("D/M/1, 4 ms, p95 100 ms", one_place(exponential(0.004)), 0.1, 220),
        Server("D/M/1, 10 ms, p95 500 ms", one_place(exponential(0.01)), 0.5, 95),
        Server("D/M/8, 20 ms, p95 100 ms", places(8, 0.02), 0.1, 350),
        Server("D/M/8, 1 s, p95 3.5 s", places(8, 1.0), 3.5, 6.5),
        Server("D/D/1, 500 ms, p95 2 s", one_place(constant(0.5)), 2.0, 2.0),
        Server("pauses of 80 ms every 2 s, 1 ms, p95 60 ms", pausing(0.001, 2.0, 0.08), 0.06, 900),
        Server("slower after an overload, 1 ms, p95 50 ms", lingering(0.001, 1.3, 0.02), 0.05, 750, {"hurt": True}),
        Server("noisy neighbours, 1 ms, p95 50 ms", noisy(0.001, 0.02, 1.5, 0.3), 0.05, 900, rare=20),
    ]


def spaced(rate: float, lasts_s: float) -> Times:
    return np.arange(int(rate * lasts_s)) / rate


def seconds_of(arrivals: Times, ended: Times, limit_s: float, number: int) -> list[Second]:
    """Return what a worker would have told of each second."""
    edges = np.arange(number + 1)
    due = np.histogram(arrivals, edges)[0]
    over = np.histogram(ended, edges)[0]
    above = np.histogram(ended[ended - arrivals > limit_s], edges)[0]
    return [Second(int(d), int(e), (float(a),)) for d, e, a in zip(due, over, above, strict=True)]


def step(server: Server, move: Try, random: np.random.Generator, step_s: int) -> tuple[str, float]:
    """Return one step's verdict and how long it took."""
    rate, longest_s = move.level, step_s * PROVING if move.whole else step_s
    least_s = longest_s if move.long else step_s if move.whole else 0
    arrivals = spaced(rate, longest_s)
    told = seconds_of(arrivals, server.serve(arrivals, random, server.state), server.limit_s, longest_s)
    bounds = (Bound("p95_ms", SHARE, server.limit_s),)
    for until in range(WARM_S + 1, longest_s + 1):
        found = decide(told[WARM_S:until], bounds, rate=rate, ended=until == longest_s)
        if found.verdict is not None and not (found.verdict == "held" and until < least_s):
            return found.verdict, until + REST_S
    raise AssertionError("the last second decides")


def search(server: Server, random: np.random.Generator, tolerance: float, step_s: int) -> dict[str, Any]:
    """Return what one search found."""
    server.state.clear()
    start = float(random.uniform(50, 100))  # another grid of levels for each search
    plan = Search("rate", start=start, limit=1e6, tolerance=tolerance, budget_s=1e9)
    tried: list[Tried] = []
    while not isinstance(move := next_step(plan, tried), Stop):
        verdict, took = step(server, move, random, step_s)
        tried.append(Tried(move.level, verdict, took))
    found = bracket(tried)
    return {
        "low": found.low,
        "high": found.high,
        "why": move.why,
        "confirmed": found.confirmed,
        "from_below": found.from_below,
        "steps": len(tried),
        "seconds": sum(one.took_s for one in tried),
    }


def truth(server: Server, random: np.random.Generator, requests: int = 400_000) -> float:
    """Return the highest rate at which at most 5 % exceed the limit in a long run, by bisection."""
    return _by_bisection(server, random, requests * server.rare, server.worst)


def _by_bisection(server: Server, random: np.random.Generator, requests: int, state: dict[str, Any]) -> float:
    low, high = server.guess * 0.5, server.guess * 1.5
    while high / low > 1.003:
        middle = (low * high) ** 0.5
        server.state = dict(state)
        arrivals = spaced(middle, requests / middle)
        response = server.serve(arrivals, random, server.state) - arrivals
        settled = response[len(response) // 20 :]
        low, high = (middle, high) if (settled > server.limit_s).mean() <= SHARE else (low, middle)
    return low


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--searches", type=int, default=200, help="of each server")
    options.add_argument("--tolerance", type=float, default=0.05)
    options.add_argument("--step", type=int, default=10, help="longest step, seconds")
    options.add_argument("--requests", type=int, default=400_000, help="of each long run that finds the truth")
    options.add_argument("--only", default="", help="servers whose name contains this")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--out", type=Path)
    options.add_argument("--quick", action="store_true", help="20 searches of each, and a shorter run for the truth")
    given = options.parse_args()
    if given.quick:
        given.searches, given.requests = min(given.searches, 20), min(given.requests, 100_000)
    rows = []
    for server in servers():
        if given.only not in server.name:
            continue
        began = time.perf_counter()
        server.truth = truth(server, np.random.default_rng(given.seed), given.requests)
        if server.worst:
            server.before = _by_bisection(server, np.random.default_rng(given.seed), given.requests, {})
        found = [
            search(server, np.random.default_rng((given.seed, number)), given.tolerance, given.step)
            for number in range(given.searches)
        ]
        rows.append(told(server, found, time.perf_counter() - began))
        print(json.dumps(rows[-1]), flush=True)
    print(summary(rows) if rows else "no such server")
    if given.out:
        given.out.write_text(json.dumps({"options": vars(given) | {"out": ""}, "rows": rows}, indent=2) + "\n")


def told(server: Server, found: list[dict[str, Any]], took_s: float) -> dict[str, Any]:
    """Return a row: how near the answers were, how often the interval held the truth, how long a search took."""
    errors = np.array([one["low"] / server.truth - 1 for one in found])
    holds = [one["low"] <= server.truth * 1.005 and (one["high"] or 1e9) >= server.truth * 0.995 for one in found]
    return {
        "server": server.name,
        "truth": round(server.truth, 1),
        "searches": len(found),
        "within_5_percent": round(float((np.abs(errors) <= 0.05).mean()), 3),
        "within_10_percent": round(float((np.abs(errors) <= 0.10).mean()), 3),
        "error_percent": _quantiles(errors),
        "interval_holds_truth": round(sum(holds) / len(holds), 3),
        "ended": {why: sum(one["why"] == why for one in found) for why in sorted({one["why"] for one in found})},
        "mean_steps": round(sum(one["steps"] for one in found) / len(found), 1),
        "mean_seconds": round(sum(one["seconds"] for one in found) / len(found), 0),
        "from_below": _from_below(server, found),
        "took_s": round(took_s, 1),
    }


def _from_below(server: Server, found: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Return how often a search told what held before anything broke, and how near that came; None: it is no other."""
    if server.before is None:
        return None
    errors = np.array([one["from_below"] / server.before - 1 for one in found if one["from_below"]])
    near = round(float((np.abs(errors) <= 0.05).mean()), 3) if len(errors) else 0.0
    told_by = {"truth": round(server.before, 1), "told": round(len(errors) / len(found), 3), "within_5_percent": near}
    return told_by | ({"error_percent": _quantiles(errors)} if len(errors) else {})


def _quantiles(errors: Times) -> dict[int, float]:
    return {q: round(float(np.quantile(errors, q / 100)) * 100, 1) for q in (5, 25, 50, 75, 95)}


def summary(rows: list[dict[str, Any]]) -> str:
    """Return the rows as a table."""
    lines = [f"{'server':46} {'truth':>7} {'within 5 %':>10} {'10 %':>6} {'holds it':>9} {'steps':>6} {'seconds':>8}"]
    for row in rows:
        shares = (row["within_5_percent"], row["within_10_percent"], row["interval_holds_truth"])
        near, ten, holds = (f"{share * 100:.1f} %" for share in shares)
        lines.append(
            f"{row['server']:46} {row['truth']:7g} {near:>10} {ten:>6} {holds:>9} {row['mean_steps']:6} "
            f"{row['mean_seconds']:8.0f}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
