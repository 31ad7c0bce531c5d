"""Two runs of a load scenario side by side, with what chance may explain of their difference.

One run each is little: what differs between runs (another start of the service, another neighbour on the machine)
cannot be seen from within. What can be seen is how much a run's own seconds differ from each other. They are drawn anew
in blocks of neighbouring seconds, because neighbours are alike (circular block bootstrap; Politis and Romano 1992), and
a difference that such draws produce by themselves is said to be one that could be noise.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import msgspec
import numpy as np
import numpy.typing as npt

from brinell.core.judgement import Load

DRAWS = 1000
LEAST_COLUMNS = 10
TAIL_REQUESTS = 20  # beyond a percentile, in either run, before anything is said of it
SHARES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p99_9": 0.999}
_SEED = 20_240_607
_SIDES = (2.5, 97.5)
# The 97.5th percentile of Student's t, with 1 degree of freedom and more.
_STUDENT = (12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.20, 2.18, 2.16, 2.14, 2.13, 2.12)
CONDITIONS = ("model", "shape", "target_rate", "peak_rate", "connections", "workers", "timeout_s")

Array = npt.NDArray[np.float64]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One number of both runs. ``ratio`` is b / a with an interval that holds 95 % of what the seconds' own variation
    makes of it. ``answer``: higher, lower, could be noise, or cannot tell; ``why`` says why it cannot be told.
    """

    a: float | None
    b: float | None
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    answer: str = "cannot tell"
    why: str = ""


class LoadChange(msgspec.Struct, frozen=True, kw_only=True):
    """Both runs of one scenario. ``conditions`` holds what was not the same about the load itself: name -> (a, b).

    ``changes``: response_p50_ms and so on, achieved_rate, error_rate (a share of the requests).
    """

    conditions: dict[str, tuple[str, str]]
    changes: dict[str, Change]


def load_change(a: Load, b: Load) -> LoadChange:
    """Compare the earlier run ``a`` of a scenario with the later ``b``. The same two always give the same."""
    draws = _Draws(a, b)
    changes = {f"response_{name}_ms": _quantile(a, b, name, draws) for name in SHARES}
    changes["achieved_rate"] = draws.of_means(a.achieved_rate, b.achieved_rate, lambda run: run.rate)
    changes["error_rate"] = draws.of_errors(_error_rate(a), _error_rate(b))
    differing = [name for name in CONDITIONS if getattr(a, name) != getattr(b, name)]
    if "target_rate" in differing or None in (a.peak_rate, b.peak_rate):
        differing = [name for name in differing if name != "peak_rate"]  # nothing beside the average, or not told
    if not (a.shape and b.shape):  # runs of before there were other shapes
        differing = [name for name in differing if name != "shape"]
    conditions = {name: (_word(getattr(a, name)), _word(getattr(b, name))) for name in differing}
    return LoadChange(conditions=conditions, changes=changes)


def _quantile(a: Load, b: Load, name: str, draws: _Draws) -> Change:
    share = SHARES[name]
    values = getattr(a.response_ms, name), getattr(b.response_ms, name)
    needed = math.ceil(TAIL_REQUESTS / (1 - share) - 1e-6)
    fewest = min(a.requests, b.requests)
    if fewest < needed:
        return Change(
            a=values[0], b=values[1], ratio=_ratio(*values), why=f"it takes {needed:,} requests, not {fewest:,}"
        )
    return draws.of_quantiles(values[0], values[1], share)


class _Run:
    """A run's columns within its schedule, and how often each draw takes each of them."""

    def __init__(self, load: Load, generator: np.random.Generator) -> None:
        timeline = load.timeline
        self.problem = ""
        self.heat: Array = np.zeros((0, 0))
        self.first = self.per_decade = 0
        if timeline is None or timeline.heat is None:
            self.problem = "a run was judged by a version that kept no histograms by second (brinell judge)"
            return
        inside = [row for row, start in enumerate(timeline.t_s) if start + timeline.step_s <= load.span_s + 1e-6]
        if not load.generator.valid:
            self.problem = "the generator was the limit in a run"
        elif len(inside) < LEAST_COLUMNS:
            self.problem = f"a run has {len(inside)} whole {_columns(timeline.step_s)}, and it takes {LEAST_COLUMNS}"
        if self.problem:
            return
        heat = timeline.heat
        filled = [(heat.first[row], heat.counts[row]) for row in inside]
        self.first = min((first for first, counts in filled if counts), default=0)
        beyond = max((first + len(counts) for first, counts in filled if counts), default=self.first + 1)
        self.heat = np.zeros((len(inside), beyond - self.first))
        for row, (first, counts) in enumerate(filled):
            self.heat[row, first - self.first : first - self.first + len(counts)] = counts
        self.per_decade = heat.per_decade
        self.rate = np.array([timeline.rate[row] for row in inside])
        self.requests = np.array([timeline.requests[row] for row in inside], dtype=float)
        self.errors = np.array([sum(column[row] for column in timeline.errors.values()) for row in inside], dtype=float)
        self.weights = _weights(len(inside), generator)
        self.drawn = self.weights @ self.heat
        self.wider = _wider(len(inside))

    def logs(self, share: float) -> tuple[float, Array]:
        """Return the natural logarithm of a quantile: of the run, and of every draw. Within a bucket it is linear."""
        both = np.vstack([self.heat.sum(axis=0), self.drawn])
        running = np.cumsum(both, axis=1)
        wanted = share * running[:, -1]
        place = np.argmax(running >= wanted[:, None] - 1e-9, axis=1)
        rows = np.arange(len(both))
        inside = both[rows, place]
        part = 1 - (running[rows, place] - wanted) / np.where(inside > 0, inside, 1)
        found = (self.first + place + part) * math.log(10) / self.per_decade
        return float(found[0]), found[1:]


class _Draws:
    """Both runs, drawn anew."""

    def __init__(self, a: Load, b: Load) -> None:
        generator = np.random.Generator(np.random.PCG64(_SEED))
        self._a, self._b = _Run(a, generator), _Run(b, generator)
        self._problem = self._a.problem or self._b.problem

    def of_quantiles(self, a: float | None, b: float | None, share: float) -> Change:
        """Compare quantiles. Never more exact than half a bucket: what lies within one cannot be told apart."""
        if self._problem or not a or not b:
            return Change(a=a, b=b, ratio=_ratio(a, b), why=self._problem or "nothing was measured")
        (here_a, drawn_a), (here_b, drawn_b) = self._a.logs(share), self._b.logs(share)
        grain = math.log(10) / self._a.per_decade / 2
        return _told(a, b, (drawn_b - here_b) * self._b.wider - (drawn_a - here_a) * self._a.wider, grain)

    def of_means(self, a: float | None, b: float | None, column: Callable[[_Run], Array]) -> Change:
        """Compare means over the columns."""
        if self._problem or not a or not b:
            return Change(a=a, b=b, ratio=_ratio(a, b), why=self._problem or "there is nothing to divide by")
        logs = []
        for run in (self._a, self._b):
            values = column(run)
            drawn = run.weights @ values / len(values)
            logs.append((np.log(np.maximum(drawn, 1e-12)) - math.log(max(float(values.mean()), 1e-12))) * run.wider)
        return _told(a, b, logs[1] - logs[0], 0.005)

    def of_errors(self, a: float | None, b: float | None) -> Change:
        """Compare shares of requests that failed. By their difference, because either may be zero."""
        if self._problem or a is None or b is None:
            return Change(a=a, b=b, ratio=_ratio(a, b), why=self._problem or "nothing was measured")
        here, spread = [], []
        for run in (self._a, self._b):
            here.append(float(run.errors.sum() / max(1.0, run.requests.sum())))
            drawn = (run.weights @ run.errors) / np.maximum(run.weights @ run.requests, 1.0)
            spread.append((drawn - here[-1]) * run.wider)
        low, high = np.percentile(here[1] - here[0] + spread[1] - spread[0], _SIDES)
        fewest = min(self._a.requests.sum(), self._b.requests.sum())
        blind = 3 / max(1.0, float(fewest))  # none in n may hide a share of 3 / n (rule of three)
        answer = "higher" if low > 0 and b - a > blind else "lower" if high < 0 and a - b > blind else "could be noise"
        return Change(a=a, b=b, ratio=_ratio(a, b), answer=answer)


def _told(a: float, b: float, spread: Array, grain: float) -> Change:
    """Return the change with the interval that the draws' spread around it gives, at least ``grain`` to either side."""
    here = math.log(b / a)
    low, high = np.percentile(spread, _SIDES)
    low, high = here + min(float(low), -grain), here + max(float(high), grain)
    answer = "higher" if low > 0 else "lower" if high < 0 else "could be noise"
    return Change(a=a, b=b, ratio=b / a, low=math.exp(low), high=math.exp(high), answer=answer)


def _block(columns: int) -> int:
    """Return the length of a block: half as much again as the root of their number."""
    return math.ceil(1.5 * math.sqrt(columns))


def _wider(columns: int) -> float:
    """Return by what a run's spread is widened.

    It is known from few blocks, hence Student's t instead of the normal; and blocks tell too little of what changes
    more slowly than they are long.
    """
    blocks = columns / _block(columns)
    at = max(1, min(len(_STUDENT), math.floor(blocks - 1)))
    return _STUDENT[at - 1] / 1.96 * math.sqrt(blocks / (blocks - 1))


def _weights(columns: int, generator: np.random.Generator) -> Array:
    """Return how often each draw takes each column: blocks of neighbours."""
    length = _block(columns)
    blocks = -(-columns // length)
    starts = generator.integers(0, columns, size=(DRAWS, blocks))
    taken = (starts[:, :, None] + np.arange(length)[None, None, :]).reshape(DRAWS, -1)[:, :columns] % columns
    found = np.zeros((DRAWS, columns))
    np.add.at(found, (np.arange(DRAWS)[:, None], taken), 1.0)
    return found


def _error_rate(load: Load) -> float | None:
    return sum(load.errors.values()) / load.requests if load.requests else None


def _ratio(a: float | None, b: float | None) -> float | None:
    return b / a if a and b is not None else None


def _columns(step_s: int) -> str:
    return "seconds" if step_s == 1 else f"columns of {step_s} s"


def _word(value: object) -> str:
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
