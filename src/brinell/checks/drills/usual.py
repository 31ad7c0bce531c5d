"""Whether errors come as often as they always did: few answers after a signal beside many before it."""

from __future__ import annotations

import math
from collections.abc import Mapping

from brinell.core import outcomes

CHANCE = 0.001
"""Below that it is no chance that so many of the later answers are errors."""


def answered(counts: Mapping[str, int]) -> int:
    """Return how many of these outcomes are complete answers, whatever they say."""
    return sum(count for outcome, count in counts.items() if outcomes.completed(outcome))


def as_usual(outcome: str, errors: int, answers: int, before: Mapping[str, int]) -> bool:
    """Whether ``errors`` of ``answers`` are what the outcomes ``before`` let expect. What never came before is not."""
    usual = before.get(outcome, 0)
    return usual > 0 and surplus(errors, answers, usual, answered(before)) >= CHANCE


def surplus(errors: int, answers: int, usual: int, before: int) -> float:
    """Return the probability of so many errors or more among ``answers``, if all ``errors + usual`` fell on
    ``answers + before`` places by chance (Fisher's exact test, one-sided).
    """
    total = errors + usual
    whole = _log_choices(answers + before, total)
    return sum(
        math.exp(_log_choices(answers, here) + _log_choices(before, total - here) - whole)
        for here in range(max(errors, total - before), min(answers, total) + 1)
    )


def _log_choices(number: int, chosen: int) -> float:
    return math.lgamma(number + 1) - math.lgamma(chosen + 1) - math.lgamma(number - chosen + 1)
