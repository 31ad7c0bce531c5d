"""How many samples a statement needs, and what a small sample can prove all the same."""

from __future__ import annotations

import math

from brinell.core.stats import ALPHA

TAIL_SAMPLES = 20  # expected beyond a quantile before it is trusted
ERROR_SAMPLES = 3.0  # none in 3/p samples puts an error rate below p with 95 % confidence (rule of three)
CERTAIN = 0.01  # error of calling a rate of errors too high


def needed(what: str, share: float | None, limit: float) -> int:
    """Return the number of requests that a passing threshold needs."""
    if what == "quantile" and share is not None:
        return math.ceil(TAIL_SAMPLES / (1 - share) - 1e-6)
    if what == "error_rate":
        return math.ceil(ERROR_SAMPLES / limit) if limit > 0 else TAIL_SAMPLES
    return TAIL_SAMPLES if what in {"max", "mean"} else 1


def quantile_above(exceeding: int, count: int, share: float, error: float = ALPHA) -> bool:
    """Whether ``exceeding`` of ``count`` above a limit prove that the quantile at ``share`` lies above it.

    It does where the lower bound on the share above the limit exceeds 1 - ``share`` (Clopper and Pearson, Biometrika
    26, 1934; one-sided, with that ``error``).
    """
    return proves_more(exceeding, count, 1 - share, error)


def proves_more(exceeding: int, count: int, allowed: float, error: float = CERTAIN) -> bool:
    """Whether seeing ``exceeding`` of ``count`` proves a true share above ``allowed``.

    Exact binomial test, one-sided: seeing so many or more, if the share were ``allowed``, is less likely than
    ``error``. The exact lower bound on the share with that error lies above ``allowed`` just then.
    """
    if exceeding <= count * allowed:
        return False
    if allowed <= 0:
        return exceeding > 0
    return _upper_tail(exceeding, count, allowed) < error


def _upper_tail(least: int, count: int, chance: float) -> float:
    """P(X >= least) of a binomial, summed until the terms no longer matter. ``least`` lies above the mean."""
    log = (
        math.lgamma(count + 1)
        - math.lgamma(least + 1)
        - math.lgamma(count - least + 1)
        + least * math.log(chance)
        + (count - least) * math.log1p(-chance)
    )
    term = total = math.exp(log)
    for seen in range(least, count):
        term *= (count - seen) / (seen + 1) * chance / (1 - chance)
        total += term
        if term < total * 1e-12:
            break
    return min(1.0, total)
