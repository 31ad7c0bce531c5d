"""How often is "steady" said of what is not, and "warm-up" or "not steady" of what is? Simulated runs of known truth.

Requests of a queue with one server, first come first served (Lindley's recursion), or of a service without a queue;
arrivals are Poisson's. What is not noise is known: the factor f(t) by which times are longer than in the long run. Told
steady from a to b, it is

- wrongly steady, where the straight line through log f from a to b changes by more than the bound of
  ``brinell.core.steady`` (``DRIFT``), or where the average of log f there lies more than 10 % from its end (a warm-up
  that was not cut), or where the queue is asked for more than it can do;
- wrongly warmed up, where f is 1 from the beginning and something was cut.

Told ``moving`` or ``growing`` of what is steady from the beginning is a false alarm; ``unclear`` is no mistake, but is
what a user can't do much with: its share is printed, too.

    python benchmarks/load/steady.py [--cases 13500] [--seed 1]
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from brinell.core import steady

LENGTHS = (30, 60, 120, 300)
Numbers = npt.NDArray[np.float64]
BIAS = 0.1
WORDS = ("steady", "moving", "growing", "unclear")
Source = np.random.Generator


class Case(NamedTuple):
    """``factor`` is f by second; ``overload``: the queue can't keep up."""

    arrivals: Numbers
    services: Numbers
    queue: bool
    factor: Numbers
    overload: bool = False


class Kind(NamedTuple):
    """``make(source, seconds)`` draws a case; ``good``: it is steady from the beginning."""

    name: str
    make: Callable[[Source, int], Case]
    good: bool = False


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--cases", type=int, default=13_500)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    each = -(-given.cases // (len(KINDS) * len(LENGTHS)))
    totals = {True: Counter[str](), False: Counter[str]()}
    heads = "".join(f"{word:>9}" for word in ("runs", *WORDS, "wrong", "cut"))
    print(f"{'truth':36}{'s':>5}{heads}")
    for place, kind in enumerate(KINDS):
        for seconds in LENGTHS:
            said: Counter[str] = Counter()
            for number in range(each):
                case = kind.make(np.random.default_rng((given.seed, place, seconds, number)), seconds)
                said.update(look(case, steady.judge(*series(case, seconds)), good=kind.good))
            totals[kind.good] += said
            row = "".join(f"{said[word]:>9}" for word in ("runs", *WORDS, "wrong", "cut"))
            print(f"{kind.name:36}{seconds:>5}{row}")
    report(totals[False], totals[True])
    return 0


def look(case: Case, answer: steady.Answer, *, good: bool) -> list[str]:
    """What is to be counted of one case."""
    found = ["runs", answer.kind]
    if good:
        found += ["cut"] if answer.begin else []
        found += ["alarm"] if answer.kind in {"moving", "growing"} else []
    elif is_wrong(case, answer):
        found.append("wrong")
    return found


def report(bad: Counter[str], good: Counter[str]) -> None:
    runs, told = bad["runs"] + good["runs"], bad["steady"] + good["steady"]
    print(f"\n{runs} simulated runs, {good['runs']} of them steady from the beginning")
    print(f"wrongly steady:   {share(bad['wrong'], bad['runs'])} of others, {share(bad['wrong'], told)} of all so told")
    print(f"wrongly warm-up:  {share(good['cut'], good['runs'])} of those that were steady from the beginning")
    print(f"false alarm:      {share(good['alarm'], good['runs'])} of them told moving or growing")
    print(
        f"no answer:        {share(good['unclear'], good['runs'])} of them, {share(bad['unclear'], bad['runs'])} others"
    )


def share(count: int, of: int) -> str:
    return f"{count} of {of} ({count / of * 100:.2f} %)" if of else "none"


def is_wrong(case: Case, answer: steady.Answer) -> bool:
    """Whether a run that is not steady from the beginning was told steady in a part in which it is not."""
    if answer.begin is None:
        return False
    left = np.log(case.factor[answer.begin :])
    x = np.arange(len(left)) - (len(left) - 1) / 2
    moved = abs(float(x @ left / (x @ x)) * len(left))
    settles = bool(np.isclose(case.factor[-1], 1, atol=0.05))
    return case.overload or moved > steady.DRIFT or (settles and abs(float(left.mean())) > np.log1p(BIAS))


def series(case: Case, seconds: int) -> tuple[Numbers, Numbers, Numbers]:
    """Let the requests through and look at what ended in each second."""
    ended = departures(case.arrivals, case.services) if case.queue else case.arrivals + case.services
    response = (ended - case.arrivals) * 1e3
    second = np.floor(ended).astype(np.int64)
    rate, median, p95 = np.zeros(seconds), np.full(seconds, np.nan), np.full(seconds, np.nan)
    order = np.argsort(second, kind="stable")
    edges = np.searchsorted(second[order], np.arange(seconds + 1))
    for row in range(seconds):
        values = response[order[edges[row] : edges[row + 1]]]
        rate[row] = len(values)
        if len(values):
            median[row], p95[row] = np.quantile(values, (0.5, 0.95))
    return rate, median, p95


def departures(arrivals: Numbers, services: Numbers) -> Numbers:
    """Lindley: departure n = S_n + max over k <= n of (arrival_k - S_{k-1}), S the sums of services."""
    sums = np.cumsum(services)
    ended: Numbers = sums + np.maximum.accumulate(arrivals - (sums - services))
    return ended


def poisson(source: Source, rate: float, seconds: float) -> Numbers:
    return np.sort(source.uniform(0, seconds, source.poisson(rate * seconds)))


def queue(low: float, high: float) -> Callable[[Source, int], Case]:
    """M/M/1 at a load between two values, in equilibrium when it begins (100 s have gone before), or too much."""

    def make(source: Source, seconds: int) -> Case:
        load, speed = source.uniform(low, high), source.uniform(200, 600)
        before = 100 if load < 1 else 0
        arrivals = poisson(source, load * speed, seconds + before) - before
        return Case(arrivals, source.exponential(1 / speed, len(arrivals)), True, np.ones(seconds), load > 1)

    return make


@cache
def filling(load: float, speed: float) -> Numbers:
    """How the mean response time of a queue that begins empty comes to its long-run value, second by second: by 1,500
    simulations, as a share of 1 / (speed - arrivals).
    """
    source = np.random.default_rng((int(load * 100), int(speed)))
    longest = max(LENGTHS)
    total, count = np.zeros(longest), np.zeros(longest)
    for _ in range(1500):
        arrivals = poisson(source, load * speed, longest)
        ended = departures(arrivals, source.exponential(1 / speed, len(arrivals)))
        second = np.floor(ended).astype(np.int64)
        kept = second < longest
        total += np.bincount(second[kept], weights=(ended - arrivals)[kept], minlength=longest)
        count += np.bincount(second[kept], minlength=longest)
    share: Numbers = total / count * speed * (1 - load)
    return share


def begun_empty(source: Source, seconds: int) -> Case:
    """M/M/1 that fills: slow enough for the transient to take seconds to minutes."""
    load, speed = float(source.choice([0.7, 0.8, 0.9])), float(source.choice([20.0, 60.0]))
    arrivals = poisson(source, load * speed, seconds)
    services = source.exponential(1 / speed, len(arrivals))
    return Case(arrivals, services, True, filling(load, speed)[:seconds])


def service(factor: Callable[[Source, int], Numbers]) -> Callable[[Source, int], Case]:
    """A service of lognormal times without a queue, all longer by a factor that changes with time."""

    def make(source: Source, seconds: int) -> Case:
        by_second = factor(source, seconds)
        arrivals = poisson(source, source.uniform(50, 400), seconds)
        shift = source.normal(0, source.uniform(0, 0.1), seconds)  # what a second has in common
        row = arrivals.astype(np.int64)
        times = 0.01 * np.exp(source.normal(0, source.uniform(0.1, 0.8), len(arrivals)) + shift[row])
        return Case(arrivals, times * np.interp(arrivals, np.arange(seconds), by_second), False, by_second)

    return make


def even(source: Source, seconds: int) -> Numbers:
    del source
    return np.ones(seconds)


def pauses(source: Source, seconds: int) -> Numbers:
    """A collector that takes its turn every few seconds."""
    return 1 + source.uniform(0.2, 2) * (np.arange(seconds) % source.integers(2, 5) == 0)


def warming(source: Source, seconds: int) -> Numbers:
    """Code that gets compiled, caches that fill: soon over, or not within the run."""
    lasts = seconds * np.exp(source.uniform(np.log(0.01), np.log(0.5)))
    return 1 + source.uniform(0.5, 5) * np.exp(-np.arange(seconds) / lasts)


def rising(source: Source, seconds: int) -> Numbers:
    """A straight line up: a leak, a table that grows."""
    return 1 + source.uniform(0.7, 10) * np.arange(seconds) / seconds


def swinging(source: Source, seconds: int) -> Numbers:
    """A wave as long as half of the run to twice the run."""
    length, phase = seconds * source.uniform(0.5, 2), source.uniform(0, 2 * np.pi)
    return 1 + source.uniform(0.3, 0.8) * np.sin(2 * np.pi * np.arange(seconds) / length + phase)


KINDS = (
    Kind("M/M/1, load 0.3 to 0.8", queue(0.3, 0.8), good=True),
    Kind("M/M/1, load 0.8 to 0.95", queue(0.8, 0.95), good=True),
    Kind("even, lognormal times", service(even), good=True),
    Kind("even, a pause every 2 to 4 s", service(pauses), good=True),
    Kind("M/M/1 begun empty, load 0.7 to 0.9", begun_empty),
    Kind("warm-up, exponential", service(warming)),
    Kind("overload, load 1.02 to 1.5", queue(1.02, 1.5)),
    Kind("growth, linear, 1.7 to 11 times", service(rising)),
    Kind("waves as long as the run", service(swinging)),
)

if __name__ == "__main__":
    sys.exit(main())
