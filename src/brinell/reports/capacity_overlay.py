"""Two searches for the breaking point in one picture: p95 by load of both."""

from __future__ import annotations

import math

from markupsafe import Markup, escape

from brinell.core.capacity_judgement import Capacity
from brinell.reports import plot
from brinell.reports.capacity_chart import TIMES
from brinell.reports.outline_capacity import levels


def both_searches(a: Capacity, b: Capacity) -> Markup:
    """Return the picture; empty where one of them was never answered, or they searched for different things."""
    runs = [_points(one) for one in (a, b)]
    if not all(runs) or a.unit != b.unit:
        return Markup("")
    ground = plot.logarithmic([level for run in runs for level, _ in run], 480)
    scale = plot.logarithmic([value for run in runs for _, value in run], TIMES)
    if ground is None or scale is None:
        return Markup("")
    parts = []
    for side, one in zip("ab", (a, b), strict=True):
        if one.low > 0 and one.high is not None:
            low, high = ground.share(one.low), ground.share(one.high)
            parts.append(plot.band(low, high, TIMES, "apart"))
            where = plot.across((low + high) / 2)
            y = 12 if side == "a" else 26  # one above the other where both are near
            parts.append(plot.text(where, y, f"{side} breaks", anchor="middle", kind="note halo"))
    for value in scale.ticks():
        parts.append(plot.level(scale.at(value)))
        parts.append(plot.text("0", scale.at(value) + 4, plot.duration_label(value), anchor="end", shift=-8))
    for value in ground.ticks(70):
        parts.append(plot.upright(ground.share(value), TIMES, "time"))
        where = plot.across(ground.share(value))
        parts.append(plot.text(where, TIMES + 17, plot.number_label(value), anchor="middle"))
    inner = ""
    for side, run in zip("ab", runs, strict=True):
        inner += plot.line(f"run-{side}", [(1000 * ground.share(level), scale.at(value)) for level, value in run])
    parts.append(plot.stretched(1000, TIMES, inner))
    summary = f"p95 by load. a {a.answer}; b {b.answer}."
    return Markup(  # noqa: S704 - texts are escaped where they are put in
        f'<svg class="plot" width="100%" height="{TIMES + 24}" role="img" aria-label="{escape(summary)}">'
        f"{''.join(parts)}{plot.level(TIMES, 'axis')}</svg>"
    )


def _points(capacity: Capacity) -> list[tuple[float, float]]:
    """Return level and p95 of what can stand on two logarithmic scales."""
    found = [(step.level, step.p95_ms) for step in levels(capacity) if step.p95_ms is not None]
    return [(level, value) for level, value in found if all(math.isfinite(one) and one > 0 for one in (level, value))]
