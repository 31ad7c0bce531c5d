"""The knee of a throughput-latency curve: where more load buys more delay than throughput.

Kleinrock's power (ICC 1979): throughput divided by mean response time is highest at the knee. It takes no threshold;
for a server with one place the knee is about half of what it can do, for one with many nearly all.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

FEWEST = 4  # levels


class Point(NamedTuple):
    """One level: answers a second, and the mean response time in nanoseconds."""

    level: float
    achieved: float
    mean_ns: float


def knee(points: Iterable[Point]) -> float | None:
    """Return the level of the highest power; None where there are few levels, or where it is the lowest or the highest,
    because then the curve did not bend in between. Steps of one level are averaged.
    """
    by_level: dict[float, list[Point]] = {}
    for point in points:
        if point.achieved > 0 and point.mean_ns > 0:
            by_level.setdefault(point.level, []).append(point)
    if len(by_level) < FEWEST:
        return None
    power = {
        level: sum(one.achieved / one.mean_ns for one in found) / len(found)
        for level, found in sorted(by_level.items())
    }
    best = max(power, key=lambda level: power[level])
    return best if min(power) < best < max(power) else None
