"""How many examples each test gets while its cost is measured, and how often a prediction is tried: as much as the time
that is meant for it allows.
"""

from __future__ import annotations

from collections.abc import Mapping

from brinell.core.property_cost import Cost

LEAST = 20
SURE = 0.04  # a mean whose standard error is a larger share of it is worth measuring again,
WORTH_S = 0.05  # if a run takes that long: of shorter ones nobody waits for the error
_STEPS = 40


def measuring_sizes(costs: Mapping[str, Cost], most: int, effort_s: float) -> dict[str, int]:
    """Return examples by test: ``most``, or fewer for the costly ones so that all take about ``effort_s``.

    The costly ones get equal seconds, however many examples that makes, but never fewer than ``LEAST``.
    """
    sizes = dict.fromkeys(costs, most)
    if seconds_of(costs, sizes) <= effort_s or not costs:
        return sizes
    low, high = 0.0, effort_s
    for _ in range(_STEPS):
        share = (low + high) / 2
        tried = {test: max(min(LEAST, most), cost.most_examples(share, most)) for test, cost in costs.items()}
        if seconds_of(costs, tried) <= effort_s:
            low = share
            sizes = tried
        else:
            high = share
    return sizes if low else dict.fromkeys(costs, min(LEAST, most))


def unsure(costs: Mapping[str, Cost], examples: int) -> dict[str, Cost]:
    """Return the tests whose predicted mean deserves another measurement."""
    return {
        test: cost
        for test, cost in costs.items()
        if cost.error(examples) > SURE and cost.predict(examples).seconds >= WORTH_S
    }


def seconds_of(costs: Mapping[str, Cost], sizes: Mapping[str, int]) -> float:
    """Return the predicted seconds of one session with these sizes."""
    return sum(cost.predict(sizes[test]).seconds for test, cost in costs.items())


def rounds(
    costs: Mapping[str, Cost], sizes: Mapping[str, int], counts: tuple[int, int], spare_s: float
) -> list[tuple[str, ...]]:
    """Return the tests of every round in which predictions are tried; ``counts``: how many rounds with all of them, and
    how many at most. After those with all, a test is repeated until the mean of its runs is not more luck than
    ``SURE``, the cheapest first, as long as ``spare_s`` lasts.

    Chosen by the model alone: repeating what came out badly would flatter the predictions.
    """
    least, most = counts
    wanted = {test: (cost.luck(sizes[test]) / SURE) ** 2 for test, cost in costs.items()}
    seconds = {test: cost.predict(sizes[test]).seconds for test, cost in costs.items()}
    planned = [tuple(costs)] * least
    for number in range(least, most):
        chosen: list[str] = []
        for test in sorted(costs, key=lambda name: (seconds[name], name)):
            if wanted[test] > number and WORTH_S <= seconds[test] <= spare_s:
                spare_s -= seconds[test]
                chosen.append(test)
        planned.append(tuple(chosen))
    return planned
