"""Two more pictures of a load scenario: response time by percentile, with as much room for 99 to 99.9 % as for 90 to
99 % (as HdrHistogram's plots have it), and response time by rate, a dot a column of the timeline.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

from markupsafe import Markup, escape

from brinell.core.load_judgement import Curve, Timeline
from brinell.core.steady_judgement import Stage
from brinell.reports import plot
from brinell.reports.figures import milliseconds
from brinell.reports.load_picture import Limit

HEIGHT = 230
_MARKS = ((0.0, "0"), (0.5, "50 %"), (0.9, "90 %"), (0.99, "99 %"), (0.999, "99.9 %"), (0.9999, "99.99 %"))
_MORE = ((0.99999, "99.999 %"), (0.999999, "99.9999 %"), (0.9999999, "99.99999 %"))
_CROWDED = 0.09
_LEVEL = 1.1  # the highest rate is this many times the lowest at least, or the axis begins at zero


class Strand(NamedTuple):
    """A line of a percentile curve: the class of its line, its name, its values."""

    kind: str
    name: str
    shares: Sequence[float]
    values: Sequence[float | None]


def strands(curve: Curve) -> list[Strand]:
    """Return the lines of one scenario. Service time is drawn where it differs from response time."""
    found = [Strand("p99", "response time", curve.shares, curve.response_ms)]
    if any(
        value is not None and value != other for value, other in zip(curve.service_ms, curve.response_ms, strict=True)
    ):
        found.append(Strand("service", "service time", curve.shares, curve.service_ms))
    return found


def percentiles(lines: Sequence[Strand], limits: Sequence[Limit] = ()) -> Markup:
    """Return the percentile curve. Limits are short bars at their percentile."""
    scale = plot.logarithmic(chain((value for one in lines for value in one.values), _near(lines, limits)), HEIGHT)
    if scale is None:
        return Markup("")
    end = max(ends(one.shares) for one in lines)
    parts = [_grid(scale)]
    crowded = place(0.5, end) < _CROWDED
    for share, words in (*_MARKS, *_MORE):
        if place(share, end) <= 1 and not (crowded and share == 0.5):
            at, roomy = place(share, end), share not in {0.0, 0.9, 0.99, 0.999, 0.9999, 0.99999}
            kind = "roomy" if roomy else ""
            parts.append(plot.upright(at, HEIGHT, f"time {kind}".strip()))
            parts.append(plot.text(plot.across(at), HEIGHT + 17, words, anchor="middle", kind=kind))
    for one in lines:
        points = [
            None if value is None or value <= 0 else (1000 * place(share, end, one.shares), scale.at(value))
            for share, value in zip(one.shares, one.values, strict=True)
        ]
        parts.append(plot.stretched(1000, HEIGHT, plot.line(one.kind, points)))
    for limit in limits:
        at = place(limit.share, end)
        if scale.holds(limit.milliseconds) and at <= 1:
            y = scale.at(limit.milliseconds)
            low, high = plot.across(max(0.0, at - 0.04)), plot.across(min(1.0, at + 0.04))
            parts.append(f'<line class="limit" x1="{low}" x2="{high}" y1="{y:.1f}" y2="{y:.1f}"/>')
            # Lines rise to the right: there is room above one to the left, and below one to the right.
            above = at >= 0.3 and limit.milliseconds > _value(lines[0], limit.share)
            where, anchor, dy = (high, "end", -6) if above else (low, "start", 16)
            parts.append(plot.text(where, y + dy, limit.words, anchor=anchor, kind="limit-text halo"))
    return _picture(parts, "Response time by percentile. " + _told(lines))


def rate_against_latency(timeline: Timeline, span_s: float, stages: Sequence[Stage] = ()) -> Markup:
    """Return p50 and p99 of every column of the schedule over the rate that was answered in it; empty without any.

    Where the schedule had stages, lines go through theirs, in the order of their rates.
    """
    number = sum(start < span_s for start in timeline.t_s) or len(timeline.t_s)
    rates = plot.known(
        rate for rate, p99 in zip(timeline.rate[:number], timeline.p99_ms, strict=False) if p99 is not None
    )
    scale = plot.logarithmic([*timeline.p50_ms, *timeline.p99_ms], HEIGHT)
    if scale is None or not rates or max(rates) <= 0:
        return Markup("")
    low, high = min(rates), max(rates)
    low = 0.0 if high < low * _LEVEL else low
    pad = (high - low) * 0.04
    ground = plot.Scale(max(0.0, low - pad), high + pad, 480)
    parts = [_grid(scale)]
    for value in ground.ticks(80):
        parts.append(plot.upright(ground.share(value), HEIGHT, "time"))
        parts.append(
            plot.text(plot.across(ground.share(value)), HEIGHT + 17, plot.number_label(value), anchor="middle")
        )
    inner = ""
    for kind, column in (("p99", timeline.p99_ms), ("p50", timeline.p50_ms)):
        points = [
            (1000 * ground.share(rate), scale.at(value))
            for rate, value in zip(timeline.rate[:number], column, strict=False)
            if value is not None and value > 0
        ]
        inner += plot.dots(kind, points)
    for kind in ("p99", "p50"):
        found = [
            (one.achieved_rate, value)
            for one in stages
            if one.achieved_rate is not None and (value := getattr(one, f"{kind}_ms")) is not None and value > 0
        ]
        if len(found) > 1:
            at = [(1000 * ground.share(rate), scale.at(value)) for rate, value in sorted(found)]
            inner += plot.line(f"by-stage {kind}", at)
    parts.append(plot.stretched(1000, HEIGHT, inner))
    return _picture(parts, f"Response time by rate: one dot for every {timeline.step_s} s, p50 and p99.")


def place(share: float, end: float, shares: Sequence[float] = ()) -> float:
    """Return how far across a percentile stands, 0 to 1; the maximum has none and stands at the end of its own line."""
    if share >= 1:
        return ends(shares) / end if shares else 1.0
    return -math.log10(1 - share) / end


def ends(shares: Sequence[float]) -> float:
    """Return the nines at which a line ends: a sixth of a decade beyond its last share below 1."""
    below = [share for share in shares if share < 1]
    return -math.log10(1 - below[-1]) + 1 / 6 if below else 1.0


def _value(line: Strand, share: float) -> float:
    """Return what a line says at a percentile, or just beyond it."""
    found = (value for at, value in zip(line.shares, line.values, strict=True) if at >= share and value is not None)
    return next(found, 0.0)


def _near(lines: Sequence[Strand], limits: Sequence[Limit]) -> list[float]:
    highest = max((value for one in lines for value in one.values if value is not None), default=0.0)
    return [one.milliseconds for one in limits if highest / 10 <= one.milliseconds <= highest * 3]


def _grid(scale: plot.Scale) -> str:
    return "".join(
        plot.level(scale.at(value))
        + plot.text("0", scale.at(value) + 4, plot.duration_label(value), anchor="end", shift=-8)
        for value in scale.ticks()
    )


def _picture(parts: Sequence[str], summary: str) -> Markup:
    foot = plot.level(HEIGHT, "axis")
    return Markup(  # noqa: S704 - texts are escaped where they are put in
        f'<svg class="plot" width="100%" height="{HEIGHT + 24}" role="img" aria-label="{escape(summary)}">'
        f"{''.join(parts)}{foot}</svg>"
    )


def _told(lines: Sequence[Strand]) -> str:
    """Return each line's last values in words."""
    told = []
    for one in lines:
        pairs = [(share, value) for share, value in zip(one.shares, one.values, strict=True) if value is not None]
        if pairs:
            told.append(f"{one.name}: maximum {milliseconds(pairs[-1][1])}")
    return "; ".join(told)
