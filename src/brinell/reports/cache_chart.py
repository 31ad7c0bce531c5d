"""The picture of a cache: its hit rate second by second, beside what could be reached."""

from __future__ import annotations

from markupsafe import Markup, escape

from brinell.core.cache_judgement import Cache
from brinell.reports import plot
from brinell.reports.figures import percent

HEIGHT = 150
_FEWEST = 3  # columns of which a line is worth looking at


def hit_course(cache: Cache) -> Markup:
    """Return the hit rate over time; empty where there is too little of it."""
    course, hits = cache.course, cache.hit_rate
    if course is None or hits is None or len(course.t_s) < _FEWEST:
        return Markup("")
    until_s = course.t_s[-1] + course.step_s
    scale = plot.linear([*course.hit_rate, hits.ideal, hits.lru], HEIGHT)
    if scale is None:
        return Markup("")
    parts = []
    for value in scale.ticks():
        parts.append(plot.level(scale.at(value)))
        parts.append(plot.text("0", scale.at(value) + 4, f"{value * 100:g} %", anchor="end", shift=-8))
    for at_s, named in plot.time_ticks(until_s):
        parts.append(plot.upright(at_s / until_s, HEIGHT, "time"))
        if named:
            where = plot.across(at_s / until_s)
            parts.append(plot.text(where, HEIGHT + 17, plot.time_label(at_s, until_s), anchor="middle"))
    for reached, words, shift in ((hits.lru, "least recently used dropped", 13), (hits.ideal, "at best", -5)):
        if reached is not None:
            y = scale.at(reached)
            parts.append(plot.level(y, "limit"))
            parts.append(plot.text("0", y + shift, f"{words} {percent(reached)}", shift=4, kind="limit-text halo"))
    points = [
        None if rate is None else (1000 * (at_s + course.step_s / 2) / until_s, scale.at(rate))
        for at_s, rate in zip(course.t_s, course.hit_rate, strict=True)
    ]
    parts.append(plot.stretched(1000, HEIGHT, plot.line("rate", points)))
    summary = f"Hit rate over {until_s} s: {percent(hits.value)} on the whole."
    return Markup(  # noqa: S704 - texts are escaped where they are put in
        f'<svg class="plot" width="100%" height="{HEIGHT + 24}" role="img" aria-label="{escape(summary)}">'
        f"{''.join(parts)}{plot.level(HEIGHT, 'axis')}</svg>"
    )
