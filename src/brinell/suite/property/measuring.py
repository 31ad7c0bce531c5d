"""How many examples each test gets while its cost is measured: as many as the time that is meant for it allows."""

from __future__ import annotations

from collections.abc import Mapping

from brinell.core.property_cost import Cost

LEAST = 20
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


def seconds_of(costs: Mapping[str, Cost], sizes: Mapping[str, int]) -> float:
    """Return the predicted seconds of one session with these sizes."""
    return sum(cost.predict(sizes[test]).seconds for test, cost in costs.items())
