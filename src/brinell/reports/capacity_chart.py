"""The picture of a search: response time and throughput by load, what held and what broke, knee and breaking point."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain

from markupsafe import Markup, escape

from brinell.core.capacity_judgement import Capacity, CapacityLevel
from brinell.reports import plot
from brinell.reports.figures import milliseconds
from brinell.reports.outline_capacity import levels, limits_ms

TIMES = 230
RATES = 120
_DOTS = (("held", "rate"), ("broken", "waiting"), ("invalid", "due"))
"""Verdicts, and the classes of the style sheet that have their colours."""

_NEAR = 30.0  # a limit further above all that was measured than that is not drawn: it would press the rest flat


def times(capacity: Capacity) -> Markup:
    """Return p95 and p99 by level; empty where nothing was answered."""
    steps = levels(capacity)
    ground = plot.logarithmic([step.level for step in steps], 480)
    highest = max((step.p99_ms or 0.0 for step in steps), default=0.0)
    limits = [(name, limit) for name, limit in limits_ms(capacity) if 0 < limit <= highest * _NEAR]
    values = chain.from_iterable((step.p95_ms, step.p99_ms) for step in steps)
    scale = plot.logarithmic([*values, *(limit for _, limit in limits)], TIMES)
    if ground is None or scale is None:
        return Markup("")
    parts = _frame(capacity, ground, scale, TIMES, plot.duration_label)
    for name, limit in limits:
        y = scale.at(limit)
        parts.append(plot.level(y, "limit"))
        words = f"{name.removesuffix('_ms')} limit {milliseconds(limit)}"
        parts.append(plot.text("0", y - 6, words, shift=4, kind="limit-text halo"))
    inner = _line("p99", steps, ground, scale, lambda step: step.p99_ms)
    inner += _line("p95", steps, ground, scale, lambda step: step.p95_ms)
    inner += _dots(steps, ground, scale, lambda step: step.p95_ms)
    parts.append(plot.stretched(1000, TIMES, inner))
    return _picture(parts, TIMES, f"Response time by load: {capacity.answer}.")


def throughput(capacity: Capacity) -> Markup:
    """Return what was answered a second by level."""
    steps = levels(capacity)
    ground = plot.logarithmic([step.level for step in steps], 480)
    scale = plot.linear([step.achieved for step in steps], RATES)
    if ground is None or scale is None:
        return Markup("")
    parts = _frame(capacity, ground, scale, RATES, plot.number_label, words=False)
    inner = _line("rate", steps, ground, scale, lambda step: step.achieved)
    inner += _dots(steps, ground, scale, lambda step: step.achieved)
    parts.append(plot.stretched(1000, RATES, inner))
    return _picture(parts, RATES, "Answers a second by load.")


Value = Callable[[CapacityLevel], float | None]


def _frame(
    capacity: Capacity,
    ground: plot.Scale,
    scale: plot.Scale,
    height: int,
    label: Callable[[float], str],
    *,
    words: bool = True,
) -> list[str]:
    parts = []
    if capacity.low > 0 and capacity.high is not None:
        parts.append(plot.band(ground.share(capacity.low), ground.share(capacity.high), height, "apart"))
    for value in scale.ticks():
        parts.append(plot.level(scale.at(value)))
        parts.append(plot.text("0", scale.at(value) + 4, label(value), anchor="end", shift=-8))
    for value in ground.ticks(70):
        parts.append(plot.upright(ground.share(value), height, "time"))
        where = plot.across(ground.share(value))
        parts.append(plot.text(where, height + 17, plot.number_label(value), anchor="middle"))
    if capacity.knee is not None:
        parts.append(plot.upright(ground.share(capacity.knee), height, "axis"))
        if words:
            where = plot.across(ground.share(capacity.knee))
            parts.append(plot.text(where, 12, "knee", anchor="end", shift=-5, kind="note halo"))
    return parts


def _line(kind: str, steps: Sequence[CapacityLevel], ground: plot.Scale, scale: plot.Scale, value: Value) -> str:
    return plot.line(kind, [_point(step, ground, scale, value) for step in steps])


def _dots(steps: Sequence[CapacityLevel], ground: plot.Scale, scale: plot.Scale, value: Value) -> str:
    found = ""
    for verdict, kind in _DOTS:
        points = [_point(step, ground, scale, value) for step in steps if step.verdict == verdict]
        found += plot.dots(kind, [point for point in points if point is not None])
    return found


def _point(step: CapacityLevel, ground: plot.Scale, scale: plot.Scale, value: Value) -> tuple[float, float] | None:
    seen = value(step)
    if seen is None or (scale.log and seen <= 0):
        return None
    return 1000 * ground.share(step.level), scale.at(seen)


def _picture(parts: Sequence[str], height: int, summary: str) -> Markup:
    foot = plot.level(height, "axis")
    return Markup(  # noqa: S704 - texts are escaped where they are put in
        f'<svg class="plot" width="100%" height="{height + 24}" role="img" aria-label="{escape(summary)}">'
        f"{''.join(parts)}{foot}</svg>"
    )
