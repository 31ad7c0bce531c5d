"""The picture of a storm: how many connections were back, and what it cost, by time from the cut."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

from brinell.core.drill_judgement import Drill
from brinell.reports import plot
from brinell.reports.figures import count, seconds

HEIGHT = 150


def returned(drill: Drill) -> Markup:
    """Return the picture; empty where nobody came back, and of other drills."""
    course = drill.returned
    if course is None:
        return Markup("")
    steady_s = drill.measured.get("steady_s")
    marks = [(steady_s, "steady")] if isinstance(steady_s, int | float) else []
    until_s = max(course.back[-1][0], course.attempts[-1][0], *(at_s for at_s, _ in marks), 0.001) * 1.02
    scale = plot.linear([course.back[-1][1], course.attempts[-1][1], course.wanted], HEIGHT)
    if scale is None:
        return Markup("")
    parts = []
    for value in scale.ticks():
        parts.append(plot.level(scale.at(value)))
        parts.append(plot.text("0", scale.at(value) + 4, plot.number_label(value), anchor="end", shift=-8))
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts.append(plot.upright(share, HEIGHT, "time"))
        parts.append(plot.text(plot.across(share), HEIGHT + 17, seconds(share * until_s), anchor="middle"))
    wanted = scale.at(course.wanted)
    parts += [plot.level(wanted, "limit"), plot.text("0", wanted + 13, "all of them", shift=4, kind="limit-text halo")]
    for at_s, words in marks:
        parts.append(plot.upright(at_s / until_s, HEIGHT, "instant"))
        where = plot.across(at_s / until_s)
        parts.append(plot.text(where, HEIGHT - 6, words, anchor="end", shift=-5, kind="note halo"))
    lines = (("due", course.attempts), ("rate", course.back))
    inner = "".join(plot.line(kind, _steps(points, until_s, scale)) for kind, points in lines)
    parts.append(plot.stretched(1000, HEIGHT, inner))
    last_s, back = course.back[-1]
    summary = f"{count(back)} of {count(course.wanted)} connections back after {seconds(last_s)}."
    return Markup(  # noqa: S704 - texts are escaped where they are put in
        f'<svg class="plot" width="100%" height="{HEIGHT + 24}" role="img" aria-label="{escape(summary)}">'
        f"{''.join(parts)}{plot.level(HEIGHT, 'axis')}</svg>"
    )


def _steps(points: Sequence[tuple[float, int]], until_s: float, scale: plot.Scale) -> list[tuple[float, float]]:
    """Return a line from nothing at the cut, level between what is known, and on to the end."""
    found, before = [(0.0, scale.at(0))], 0
    for at_s, number in points:
        x = 1000 * min(1.0, at_s / until_s)
        found += [(x, scale.at(before)), (x, scale.at(number))]
        before = number
    return [*found, (1000.0, scale.at(before))]
