"""How often a test fails by chance: intervals, what may have been missed, and whether a factor changes the rate.

Sources: Clopper & Pearson, Biometrika 26 (1934); Turner, Ly & Grünwald, Generic E-variables for exact sequential
k-sample tests that allow for optional stopping (2022); Wasserman, Ramdas & Balakrishnan, Universal inference (PNAS
2020).
"""

from __future__ import annotations

from collections import deque
from functools import lru_cache
from math import ceil, exp, inf, lgamma, log, log1p, pi
from typing import Literal, NamedTuple

MOST_RUNS = 1000
"""``TwoRates`` decides after so many runs at the latest, whatever it was asked for: beyond it floats overflow."""

LEVELS = 64
"""At most so many levels of factors are tried on one test."""
ALPHA = 0.01 / LEVELS
"""Error of one such trial (Bonferroni): a pure flake gets a wrong cause from any of them with probability 0.01 at most.
It holds under optional stopping, because that of each trial does (Ville's inequality).
"""

_EPSILON = 1e-16
_TINY = 1e-300


def interval(failures: int, runs: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the Clopper-Pearson interval of the failure rate: it holds the true rate with at least ``confidence``.

    (0, 1) without any run. Raises ValueError for counts or a confidence that cannot be.
    """
    if not 0 <= failures <= runs or not 0 < confidence < 1:
        raise ValueError(f"no interval for {failures} of {runs} with confidence {confidence}")
    tail = (1 - confidence) / 2
    low = 0.0 if failures == 0 else _beta_quantile(tail, failures, runs - failures + 1)
    high = 1.0 if failures == runs else _beta_quantile(1 - tail, failures + 1, runs - failures)
    return low, high


def missed(rate: float, runs: int) -> float:
    """Return the probability that a flake of this rate did not show once in so many runs."""
    if not 0 <= rate <= 1 or runs < 0:
        raise ValueError(f"a rate is between 0 and 1, runs are not negative: {rate}, {runs}")
    return exp(runs * log1p(-rate)) if rate < 1 else float(runs == 0)


def runs_to_see(rate: float, probability: float) -> int:
    """Return the least number of runs in which a flake of this rate shows with at least this probability."""
    if not 0 < rate <= 1 or not 0 <= probability < 1:
        raise ValueError(f"no number of runs shows a rate of {rate} with probability {probability}")
    runs = 1 if rate == 1 else ceil(log1p(-probability) / log1p(-rate))
    runs -= runs > 0 and 1 - missed(rate, runs - 1) >= probability
    return runs + (1 - missed(rate, runs) < probability)


def _beta_quantile(share: float, a: float, b: float) -> float:
    low, high = 0.0, 1.0
    for _ in range(100):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if _beta_share(middle, a, b) < share else (low, middle)
    return (low + high) / 2


def _beta_share(x: float, a: float, b: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b), for x strictly between 0 and 1."""
    front = exp(a * log(x) + b * log1p(-x) - _log_beta(a, b))
    if x < (a + 1) / (a + b + 2):
        return front * _beta_fraction(x, a, b) / a
    return 1 - front * _beta_fraction(1 - x, b, a) / b


def _beta_fraction(x: float, a: float, b: float) -> float:
    """Return the continued fraction of I_x(a, b) (DLMF 8.17.22) by Lentz's method; about sqrt(a + b) steps."""
    c, d = 1.0, 1 / _away_from_zero(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, 100_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for step in (even, odd):
            d = 1 / _away_from_zero(1 + step * d)
            c = _away_from_zero(1 + step / c)
            value *= c * d
        if abs(c * d - 1) < 4 * _EPSILON:
            break
    return value


def _away_from_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


def _log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)


class Rates(NamedTuple):
    """Failure rates with and without the factor; None before the first run of a kind."""

    with_factor: float | None
    without: float | None


class _Bet(NamedTuple):
    """One simple alternative and what a pair of runs multiplies its e-value by, by who of the two failed."""

    weight: float
    both: float
    only_with: float
    only_without: float
    neither: float


def _bet(weight: float, rate: float, without: float) -> _Bet:
    null = (rate + without) / 2  # of all nulls the hardest to beat, so that under any null the bet wins nothing
    return _Bet(
        weight,
        rate * without / null**2,
        rate * (1 - without) / (null * (1 - null)),
        (1 - rate) * without / (null * (1 - null)),
        (1 - rate) * (1 - without) / (1 - null) ** 2,
    )


def _bets() -> tuple[_Bet, ...]:
    """Return the mixture: a quarter on "always against never", the rest evenly on a grid of higher rates."""
    rates = (0.0, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 0.98, 1.0)
    grid = [(w, o) for w in rates for o in rates if w - o >= 0.1 and (w, o) != (1.0, 0.0)]
    return _bet(0.25, 1.0, 0.0), *(_bet(0.75 / len(grid), w, o) for w, o in grid)


_BETS = _bets()


class TwoRates:
    """Whether a test fails more often with a factor than without, decided while it is being run.

    ``decision`` is ``"higher"`` once the e-value against "not more often" reaches 1 / ``alpha``, ``"same"`` once the
    one against "more often by ``least`` or more" reaches 1 / ``beta``. Both errors hold whenever one looks. ``"same"``
    is also said when ``higher`` can no longer be reached within ``max_runs`` (both kinds together); ``settled`` is
    then False: nothing was shown. The n-th run with the factor is paired with the n-th without; runs of one test must
    be independent of each other given their kind. Once there is a decision, further runs only change the rates.
    """

    def __init__(self, *, alpha: float = ALPHA, beta: float = 0.05, least: float = 0.3, max_runs: int = 200) -> None:
        if not (0 < alpha < 1 and 0 < beta < 1 and 0 < least < 1 and 2 <= max_runs <= MOST_RUNS):
            raise ValueError(f"not a test: alpha {alpha}, beta {beta}, least {least}, max_runs {max_runs}")
        self._alpha, self._beta, self._least = alpha, beta, least
        self._pairs_left = max_runs // 2
        self._waiting: dict[bool, deque[bool]] = {True: deque(), False: deque()}
        self._runs = {True: 0, False: 0}
        self._failures = {True: 0, False: 0}
        self._pairs = {(True, True): 0, (True, False): 0, (False, True): 0, (False, False): 0}
        self.decision: Literal["higher", "same"] | None = None
        self.settled = False

    def add(self, with_factor: bool, failed: bool) -> None:  # noqa: FBT001 - two facts of a run, both named by callers
        """Take the outcome of one run."""
        self._runs[with_factor] += 1
        self._failures[with_factor] += failed
        if self.decision is None:
            self._waiting[with_factor].append(failed)
            while self.decision is None and all(self._waiting.values()):
                self._pairs[self._waiting[True].popleft(), self._waiting[False].popleft()] += 1
                self._pairs_left -= 1
                self._decide()

    def _decide(self) -> None:
        both, only_with, only_without, neither = self._pairs.values()
        if _higher(both, only_with, only_without, neither) >= 1 / self._alpha:
            self.decision, self.settled = "higher", True
        elif (
            _not_higher(both + only_with, both + only_without, sum(self._pairs.values()), self._least) >= 1 / self._beta
        ):
            self.decision, self.settled = "same", True
        elif _higher(both, only_with + self._pairs_left, only_without, neither) < 1 / self._alpha:
            self.decision = "same"

    @property
    def e_value(self) -> float:
        """The evidence against "not more often with the factor": 1 / e_value bounds the error of saying "higher"."""
        return _higher(*self._pairs.values())

    @property
    def rates(self) -> Rates:
        """The rates seen so far."""
        return Rates(*(self._failures[kind] / self._runs[kind] if self._runs[kind] else None for kind in (True, False)))

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """Failures and runs with the factor, failures and runs without."""
        return self._failures[True], self._runs[True], self._failures[False], self._runs[False]


@lru_cache(maxsize=1 << 15)
def _higher(both: int, only_with: int, only_without: int, neither: int) -> float:
    """Return the e-value against "the rate with the factor is at most the rate without".

    The mixture of Turner et al.'s pair-wise e-variables. Each is at most 1 in expectation for equal rates, and for
    a lower rate with the factor too: along rates of one sum it is convex and at most 1 at both ends, or falling.
    """
    return sum(
        bet.weight
        * (bet.both**both * bet.only_with**only_with)
        * (bet.only_without**only_without * bet.neither**neither)
        for bet in _BETS
    )


@lru_cache(maxsize=1 << 15)
def _not_higher(failed_with: int, failed_without: int, pairs: int, least: float) -> float:
    """Return the e-value against "the rate with the factor is higher by at least ``least``" (universal inference).

    Above: a mixture over equal rates (never, always, Jeffreys' prior) and over unrelated rates. Below: the best
    likelihood among all rates that far apart.
    """
    failures, runs = failed_with + failed_without, 2 * pairs
    apart = _jeffreys(failed_with, pairs) + _jeffreys(failed_without, pairs)
    mixture = ((failures == 0) + (failures == runs) + exp(_jeffreys(failures, runs)) + exp(apart)) / 4
    best = _best_apart(failed_with, failed_without, pairs, least)
    if mixture == 0 or best == -inf:
        return 0.0 if mixture == 0 else inf
    return exp(min(700.0, log(mixture) - best))


def _jeffreys(failures: int, runs: int) -> float:
    """Return the log probability of one sequence of outcomes under the Beta(1/2, 1/2) mixture."""
    return _log_beta(failures + 0.5, runs - failures + 0.5) - log(pi)


def _best_apart(failed_with: int, failed_without: int, pairs: int, least: float) -> float:
    """Return the highest log likelihood of rates at least ``least`` apart; it is concave, so the border has it."""
    if failed_with - failed_without >= least * pairs:
        return _log_likelihood(failed_with, pairs, failed_with / pairs) + _log_likelihood(
            failed_without, pairs, failed_without / pairs
        )
    low, high = 0.0, 1 - least
    for _ in range(60):
        rate = (low + high) / 2
        slope = _slope(failed_without, pairs, rate) + _slope(failed_with, pairs, rate + least)
        low, high = (rate, high) if slope > 0 else (low, rate)
    return max(
        _log_likelihood(failed_without, pairs, rate) + _log_likelihood(failed_with, pairs, rate + least)
        for rate in (low, high)
    )


def _slope(failures: int, runs: int, rate: float) -> float:
    upwards = failures / rate if failures else 0.0
    return upwards - ((runs - failures) / (1 - rate) if rate < 1 else inf) if failures < runs else upwards


def _log_likelihood(failures: int, runs: int, rate: float) -> float:
    failing = failures * log(rate) if failures and rate > 0 else -inf if failures else 0.0
    if failures == runs:
        return failing
    return failing + (runs - failures) * log1p(-rate) if rate < 1 else -inf
