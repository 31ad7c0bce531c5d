"""What one run of a load scenario measured, with what its own seconds say of how sure that is.

How much a run's seconds differ from each other can be seen; they are drawn anew in blocks of neighbours, because
neighbours are alike (circular block bootstrap; Politis and Romano 1992). What differs from run to run (another start of
the service, another neighbour on the machine) cannot be seen from within, and is in no interval here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from brinell.core.judgement import Load, WebSocket
from brinell.core.load_judgement import Heat
from brinell.core.measured import Measured
from brinell.core.student import NORMAL, student

DRAWS = 1000
LEAST_COLUMNS = 10
TAIL_REQUESTS = 20  # beyond a percentile before anything is said of it
SHARES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p99_9": 0.999}
_SEED = 20_240_607
_SIDES = (2.5, 97.5)
_RATE_GRAIN = 0.005
_NONE_IN = 3.0  # none in n may hide a share of 3 / n (rule of three)

Array = npt.NDArray[np.float64]


def load_measured(load: Load) -> dict[str, Measured]:
    """Return response_p50_ms and so on, achieved_rate, error_rate (a share of the requests); of connections that stay
    connect_p50_ms and so on, of a broadcast reach. The same run always gives the same.
    """
    columns = _Columns(load)
    found = {f"response_{name}_ms": _quantile(load, name, columns) for name in SHARES}
    found["achieved_rate"] = columns.rate(load.achieved_rate)
    found["error_rate"] = columns.share(_error_rate(load), columns.errors, columns.requests)
    if isinstance(load, WebSocket):
        found |= _connects(load)
        if load.reach is not None:
            found["reach"] = _reach(load, columns)
    return found


def _quantile(load: Load, name: str, columns: _Columns) -> Measured:
    value, (times, what) = getattr(load.response_ms, name), (load.requests, "requests")
    if isinstance(load, WebSocket) and load.received is not None:
        times, what = load.received, "deliveries"
    if (needed := _needed(name)) > times:
        return Measured(value=value, why=f"it takes {needed:,} {what}, not {times:,}")
    return columns.quantile(value, SHARES[name])


def _connects(load: WebSocket) -> dict[str, Measured]:
    """Return the times of handshakes; their seconds are those in which they ended, before the schedule and after."""
    heat = load.connect_heat
    if heat is None:
        return {}
    made = sum(map(sum, heat.counts))
    times = _Times(heat, range(len(heat.counts))) if len(heat.counts) >= LEAST_COLUMNS else None
    found = {}
    for name, share in SHARES.items():
        value = getattr(load.connect_ms, name)
        if times is None:
            why = f"handshakes took {len(heat.counts)} seconds, and it takes {LEAST_COLUMNS}"
        else:
            why = f"it takes {_needed(name):,} handshakes, not {made:,}" if made < _needed(name) else ""
        known = Measured(value=value, why=why or "nothing was measured")
        found[f"connect_{name}_ms"] = known if why or not value or times is None else times.quantile(value, share)
    return found


def _needed(name: str) -> int:
    """Return how many times there must be before anything is said of a quantile."""
    return math.ceil(TAIL_REQUESTS / (1 - SHARES[name]) - 1e-6)


def _reach(load: WebSocket, columns: _Columns) -> Measured:
    """A message that fell due in a column weighs as much as its receivers, who are about as many for each."""
    course = load.sockets_course
    reach = load.reach
    if course is None or reach is None or len(course.reach) < len(columns.inside):
        return Measured(value=reach, why=columns.problem or "reach was not kept by second")
    told = [course.reach[row] for row in columns.inside]
    published = np.array([0.0 if one is None else weight for one, weight in zip(told, columns.requests, strict=True)])
    lost = np.array([0.0 if one is None else 1.0 - one for one in told]) * published
    missing = columns.share(1.0 - reach, lost, published)
    if missing.low is None or missing.high is None:
        return Measured(value=reach, why=missing.why)
    return Measured(value=reach, low=1.0 - missing.high, high=1.0 - missing.low)


class _Times:
    """Columns of times, and how often each draw takes each of them."""

    def __init__(self, heat: Heat, inside: Sequence[int]) -> None:
        filled = [(heat.first[row], heat.counts[row]) for row in inside]
        self._first = min((first for first, counts in filled if counts), default=0)
        beyond = max((first + len(counts) for first, counts in filled if counts), default=self._first + 1)
        self._heat = np.zeros((len(inside), beyond - self._first))
        for row, (first, counts) in enumerate(filled):
            self._heat[row, first - self._first : first - self._first + len(counts)] = counts
        self._per_decade = heat.per_decade
        self.weights = _weights(len(inside), np.random.Generator(np.random.PCG64(_SEED)))
        self._drawn = self.weights @ self._heat
        self.wider = _wider(len(inside))

    def quantile(self, value: float, share: float) -> Measured:
        """Return a quantile. Never more exact than its part of half a bucket: what lies within one is alike."""
        here, drawn = self._logs(share)
        return self.around(value, drawn - here, math.log(10) / self._per_decade / 2)

    def around(self, value: float, logs: Array, grain: float) -> Measured:
        """Return the value with the interval of its logarithm. Two that are compared share the grain."""
        low, high = np.percentile(logs * self.wider, _SIDES)
        least = grain / math.sqrt(2)
        return Measured(
            value=value, low=value * math.exp(min(float(low), -least)), high=value * math.exp(max(float(high), least))
        )

    def _logs(self, share: float) -> tuple[float, Array]:
        """Return the natural logarithm of a quantile: of the run, and of every draw. Within a bucket it is linear."""
        both = np.vstack([self._heat.sum(axis=0), self._drawn])
        running = np.cumsum(both, axis=1)
        wanted = share * running[:, -1]
        place = np.argmax(running >= wanted[:, None] - 1e-9, axis=1)
        rows = np.arange(len(both))
        inside = both[rows, place]
        part = 1 - (running[rows, place] - wanted) / np.where(inside > 0, inside, 1)
        found = (self._first + place + part) * math.log(10) / self._per_decade
        return float(found[0]), found[1:]


class _Columns:
    """A run's columns within its schedule. ``problem``: why there are none to go by."""

    def __init__(self, load: Load) -> None:
        timeline = load.timeline
        self.problem = ""
        self.inside: list[int] = []
        self.errors: Array = np.zeros(0)
        self.requests: Array = np.zeros(0)
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
        self.inside = inside
        self._times = _Times(timeline.heat, inside)
        self._rate = np.array([timeline.rate[row] for row in inside])
        self.requests = np.array([timeline.requests[row] for row in inside], dtype=float)
        self.errors = np.array([sum(column[row] for column in timeline.errors.values()) for row in inside], dtype=float)

    def quantile(self, value: float | None, share: float) -> Measured:
        """Return a quantile of the response times."""
        if self.problem or not value:
            return Measured(value=value, why=self.problem or "nothing was measured")
        return self._times.quantile(value, share)

    def rate(self, value: float | None) -> Measured:
        """Return the mean of the columns' rates."""
        if self.problem or not value:
            return Measured(value=value, why=self.problem or "there is nothing to divide by")
        drawn = self._times.weights @ self._rate / len(self._rate)
        here = max(float(self._rate.mean()), 1e-12)
        return self._times.around(value, np.log(np.maximum(drawn, 1e-12)) - math.log(here), _RATE_GRAIN)

    def share(self, value: float | None, part: Array, whole: Array) -> Measured:
        """Return a share of all, of which each column has a part. What never happened may still happen."""
        if self.problem or value is None or not whole.sum():
            return Measured(value=value, why=self.problem or "nothing was measured")
        here = float(part.sum() / whole.sum())
        drawn = (self._times.weights @ part) / np.maximum(self._times.weights @ whole, 1.0)
        low, high = np.percentile((drawn - here) * self._times.wider, _SIDES)
        above = max(float(high), _NONE_IN / float(whole.sum()))
        return Measured(value=value, low=max(0.0, value + min(float(low), 0.0)), high=min(1.0, value + above))


def _block(columns: int) -> int:
    """Return the length of a block: half as much again as the root of their number."""
    return math.ceil(1.5 * math.sqrt(columns))


def _wider(columns: int) -> float:
    """Return by what a run's spread is widened.

    It is known from few blocks, hence Student's t instead of the normal; and blocks tell too little of what changes
    more slowly than they are long.
    """
    blocks = columns / _block(columns)
    return student(max(1, math.floor(blocks - 1))) / NORMAL * math.sqrt(blocks / (blocks - 1))


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


def _columns(step_s: int) -> str:
    return "seconds" if step_s == 1 else f"columns of {step_s} s"
