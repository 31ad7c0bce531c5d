"""The course of a load scenario as panels over one time axis: a heat map of response times with its percentiles,
requests, errors by kind, the subject and the generator. Complete without a script; a script adds the cross-hair.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from markupsafe import Markup, escape

from brinell.core.load_judgement import Heat
from brinell.reports import plot
from brinell.reports.figures import count
from brinell.reports.load_picture import Picture, kind_name

TALL, STRIP, LOW = 250, 66, 44
LEVELS = 8  # shades of the heat map
_QUANTILES = ("p50", "p95", "p99", "max")
_NS = 6  # powers of ten from a nanosecond to a millisecond
_MIB = 1024 * 1024
_COARSE_FROM = 2.2  # decades; beyond, two buckets make a cell
_GAMMA = 0.45
_NEAR = 10.0  # a limit this many times above everything measured is told and not drawn


class Key(NamedTuple):
    """An entry of a panel's legend: the class of its line, its name, the column it follows, its text for the run."""

    kind: str
    name: str
    column: str
    text: str = ""


class Panel(NamedTuple):
    """One of the pictures above each other. ``inner`` is drawn at the panel's own pixels from its upper edge."""

    title: str
    keys: tuple[Key, ...]
    height: int
    inner: str
    summary: str


def course(picture: Picture, further: Sequence[Panel] = ()) -> Markup:
    """Return the panels and their time axis, for an element of the class ``panels``; ``further`` ones stand below those
    of the requests.
    """
    panels = [*_made(picture, _latency, _requests, _unanswered, _errors), *further]
    panels += _made(picture, _cores, _loop_lag, _memory, _lag, _generator)
    shaded = _shades(picture)
    parts = [panel_of(panel, upright_marks(picture.until_s, panel.height) + shaded(panel.height)) for panel in panels]
    return Markup("").join(Markup(part) for part in (*parts, axis(picture.until_s, _notes(picture))))  # noqa: S704 - texts are escaped where they are put in


def _made(picture: Picture, *makers: Callable[[Picture], Panel | None]) -> list[Panel]:
    return [found for make in makers if (found := make(picture)) is not None]


def panel_of(panel: Panel, behind: str) -> str:
    """Return a panel with its legend; ``behind`` is drawn first."""
    keys = "".join(
        f'<span class="key"><i class="{key.kind}"></i>{escape(key.name)}'
        + (f' <b data-value="{escape(key.column)}">{escape(key.text)}</b>' if key.column else "")
        + "</span>"
        for key in panel.keys
    )
    words = escape(f"{panel.title}. {panel.summary}")
    picture = f'<svg class="plot" width="100%" height="{panel.height}" role="img" aria-label="{words}">{behind}'
    return (
        f'<div class="panel"><p class="legend"><b>{escape(panel.title)}</b>{keys}</p>{picture}{panel.inner}</svg></div>'
    )


# --- panels ---------------------------------------------------------------------------------------------------------


def _latency(picture: Picture) -> Panel | None:
    timeline, heat = picture.timeline, picture.timeline.heat
    columns = {name: getattr(timeline, f"{name}_ms") for name in _QUANTILES}
    scale, group = _latency_scale(picture, [value for values in columns.values() for value in values])
    if scale is None:
        return None
    keys = [Key(name, name, f"{name}_ms", picture.whole.get(f"{name}_ms", "")) for name in _QUANTILES]
    inner = ""
    if heat is not None:
        cells, most = _heat(heat, scale, group, picture)
        inner += cells
        keys.append(Key("heat", f"{picture.words.cells}, 1 to {count(most)} a cell", ""))
    inner += grid(scale, plot.duration_label)
    places = [(scale.at(one.milliseconds), one.words) for one in picture.limits if scale.holds(one.milliseconds)]
    inner += "".join(plot.level(y, "limit") for y, _ in places)
    drawn = "".join(_line(picture, f"under {name}", columns[name], scale) for name in _QUANTILES)
    drawn += "".join(_line(picture, name, columns[name], scale) for name in reversed(_QUANTILES))
    inner += plot.stretched(picture.until_s, TALL, drawn)
    for y, words in places:
        inner += plot.text("0", y + 14 if y < 18 else y - 5, words, shift=6, kind="limit-text halo")
    ends = [(scale.at(value), name) for name in reversed(_QUANTILES) if (value := plot.last(columns[name])) is not None]
    inner += "".join(plot.text("100%", y + 4, name, shift=7) for y, name in plot.apart(ends, TALL))
    return Panel(picture.words.times, tuple(keys), TALL, inner, _summary(picture, _QUANTILES))


def _latency_scale(picture: Picture, values: Sequence[float | None]) -> tuple[plot.Scale | None, int]:
    """Return a scale whose edges are those of the heat map's cells, and how many buckets make a cell."""
    heat = picture.timeline.heat
    near = plot.known(values)
    highest = max(near, default=0.0)
    near += [one.milliseconds for one in picture.limits if highest / _NEAR <= one.milliseconds <= highest * _NEAR]
    rough = plot.logarithmic(near, TALL)
    if rough is None:
        return None, 1
    if heat is None:
        return rough, 1
    filled = [(first, first + len(counts)) for first, counts in zip(heat.first, heat.counts, strict=True) if counts]
    low = min([_bucket(heat, min(value for value in near if value > 0)), *(first for first, _ in filled)])
    high = max([_bucket(heat, max(near)) + 1, *(beyond for _, beyond in filled)])
    group = 1 if (high - low) / heat.per_decade <= _COARSE_FROM else 2
    low, high = low // group * group, -(-high // group) * group
    return plot.Scale(_edge(heat, low), _edge(heat, max(high, low + 4)), TALL, log=True), group


def _heat(heat: Heat, scale: plot.Scale, group: int, picture: Picture) -> tuple[str, int]:
    """Return the cells, one path for each shade, in units of cells; and the count in the fullest."""
    low, high = _bucket(heat, scale.low * 1.000001), _bucket(heat, scale.high * 1.000001)
    tall = (high - low) // group
    columns = []
    for first, counts in zip(heat.first, heat.counts, strict=True):
        cells = [0] * tall
        for place, number in enumerate(counts):
            cells[min(tall - 1, max(0, (first + place - low) // group))] += number
        columns.append(cells)
    most = max((number for cells in columns for number in cells), default=0)
    paths: list[list[str]] = [[] for _ in range(LEVELS)]
    for x, cells in enumerate(columns):
        for start, length, shade in plot.runs([_shade(number, most) for number in cells]):
            paths[shade - 1].append(f"M{x} {tall - start - length}h1v{length}h-1z")
    drawn = "".join(f'<path class="h{shade + 1}" d="{"".join(d)}"/>' for shade, d in enumerate(paths) if d)
    box = f'viewBox="0 0 {picture.until_s / picture.timeline.step_s:g} {tall}" preserveAspectRatio="none"'
    return f'<svg class="heat" width="100%" height="{TALL}" {box}>{drawn}</svg>', most


def _shade(number: int, most: int) -> int:
    """Return 0 for nothing, else 1 to ``LEVELS``: a single slow request must be seen, and the bulk must not be one."""
    return min(LEVELS, 1 + int(LEVELS * (number / most) ** _GAMMA)) if number > 0 else 0


def _bucket(heat: Heat, milliseconds: float) -> int:
    return math.floor((math.log10(milliseconds) + _NS) * heat.per_decade + 1e-9)


def _edge(heat: Heat, bucket: int) -> float:
    return float(10 ** (bucket / heat.per_decade - _NS))


def _requests(picture: Picture) -> Panel | None:
    timeline = picture.timeline
    scale = plot.linear([*timeline.rate, *timeline.due_rate], STRIP)
    if scale is None:
        return None
    keys = [Key("rate", picture.words.done, "rate", picture.whole.get("rate", ""))]
    drawn = _line(picture, "rate", timeline.rate, scale)
    if plot.known(timeline.due_rate):
        keys.insert(0, Key("due", "due", "due_rate", picture.whole.get("due_rate", "")))
        drawn = _line(picture, "due", timeline.due_rate, scale) + drawn
    inner = grid(scale, plot.number_label) + plot.stretched(picture.until_s, STRIP, drawn)
    return Panel(
        f"{picture.words.requests} a second", tuple(keys), STRIP, inner, _summary(picture, ("rate", "due_rate"))
    )


def _unanswered(picture: Picture) -> Panel | None:
    timeline = picture.timeline
    scale = plot.linear([*timeline.unanswered, *timeline.waiting], STRIP, least=1.0)
    if scale is None or (picture.sockets and not any(timeline.unanswered) and not any(timeline.waiting)):
        return None  # on connections that stay, nothing waits for one
    drawn = _area(picture, "left", timeline.unanswered, scale) + _line(picture, "waiting", timeline.waiting, scale)
    keys = Key("left", "in all", "unanswered"), Key("waiting", "waiting for a connection", "waiting")
    inner = grid(scale, plot.number_label) + plot.stretched(picture.until_s, STRIP, drawn)
    most = max(plot.known(timeline.unanswered), default=0.0)
    return Panel("Due and not answered", keys, STRIP, inner, f"At most {count(most)} at the end of a second.")


def _errors(picture: Picture) -> Panel | None:
    """Stacked, the most frequent kind at the bottom."""
    timeline = picture.timeline
    step, columns = timeline.step_s, list(timeline.errors.values())
    if not columns:
        return None
    lengths = [min(step, picture.until_s - start) or 1.0 for start in timeline.t_s]
    totals = [sum(column[row] for column in columns) / length for row, length in enumerate(lengths)]
    scale = plot.linear(totals, STRIP)
    if scale is None:
        return None
    drawn, floors = "", [0.0] * len(totals)
    for number, column in enumerate(columns):
        found = []
        for row, value in enumerate(column):
            if value:
                low, high = floors[row], floors[row] + value / lengths[row]
                tall = max(1.5, scale.at(low) - scale.at(high))
                gap = min(0.08, lengths[row] * 0.08)
                found.append((timeline.t_s[row] + gap, scale.at(low) - tall, lengths[row] - 2 * gap, tall))
                floors[row] = high
        drawn += plot.boxes(f"e{number}", found)
    keys = tuple(
        Key(f"e{number}", kind_name(kind), f"errors.{number}", picture.whole.get(f"errors.{kind}", ""))
        for number, kind in enumerate(timeline.errors)
    )
    inner = grid(scale, plot.number_label) + plot.stretched(picture.until_s, STRIP, drawn)
    told = ", ".join(f"{kind_name(kind)} {count(sum(column))}" for kind, column in timeline.errors.items())
    return Panel("Errors a second", keys, STRIP, inner, f"In all: {told}.")


def _cores(picture: Picture) -> Panel | None:
    lines: list[tuple[str, str, str, plot.Values]] = [("cpu", "cores", "cpu", picture.timeline.cpu)]
    if picture.timeline.busiest_cpu:
        lines.append(("busiest", "busiest process", "busiest_cpu", picture.timeline.busiest_cpu))
    return strip(picture, "Subject: cores", lines, plot.number_label)


def _loop_lag(picture: Picture) -> Panel | None:
    values = picture.timeline.loop_lag_ms
    lines = (("loop-lag", "max", "loop_lag_ms", values),)
    return strip(picture, "Subject: event loop late by", lines, plot.duration_label, log=True) if values else None


def _memory(picture: Picture) -> Panel | None:
    timeline = picture.timeline
    mib = tuple(None if value is None else value / _MIB for value in timeline.rss_bytes)
    found = strip(picture, "Subject: memory, MiB", (("rss", "memory", "rss_bytes", mib),), plot.number_label)
    if found is None:
        return None
    more = [
        Key("none", name, name if name != "descriptors" else "fds", picture.whole.get(column, ""))
        for name, column in (("descriptors", "fds"), ("threads", "threads"))
        if plot.known(getattr(timeline, column))
    ]
    return found._replace(keys=(*found.keys, *more))


def _lag(picture: Picture) -> Panel | None:
    timeline = picture.timeline
    lines = (("lag-max", "max", "lag_max_ms", timeline.lag_max_ms), ("lag", "p99", "lag_p99_ms", timeline.lag_p99_ms))
    return strip(picture, "Generator: lag behind the schedule", lines, plot.duration_label, log=True)


def _generator(picture: Picture) -> Panel | None:
    values = tuple(None if value is None else value * 100 for value in picture.timeline.generator_cpu)
    lines = (("busy", "CPU", "generator_cpu", values),)
    return strip(picture, "Generator: busiest worker, % of a core", lines, plot.number_label, height=LOW, least=100.0)


def strip(
    picture: Picture,
    title: str,
    lines: Sequence[tuple[str, str, str, plot.Values]],
    words: Callable[[float], str],
    *,
    height: int = STRIP,
    log: bool = False,
    least: float = 0.0,
) -> Panel | None:
    """Return a low panel of lines over a common scale; None where nothing was measured."""
    values = [value for *_, column in lines for value in column]
    scale = plot.logarithmic(values, height) if log else plot.linear(values, height, least=least)
    if scale is None:
        return None
    drawn = "".join(_line(picture, kind, column, scale) for kind, _, _, column in lines)
    keys = tuple(Key(kind, name, column, picture.whole.get(column, "")) for kind, name, column, _ in lines)
    inner = grid(scale, words) + plot.stretched(picture.until_s, height, drawn)
    return Panel(title, keys, height, inner, _summary(picture, [key.column for key in keys]))


# --- what panels share ----------------------------------------------------------------------------------------------


def _line(picture: Picture, kind: str, values: plot.Values, scale: plot.Scale) -> str:
    return plot.line(kind, [None if p is None else (p[0], scale.at(p[1])) for p in points(picture, values)])


def _area(picture: Picture, kind: str, values: plot.Values, scale: plot.Scale) -> str:
    known = [point for point in points(picture, values) if point is not None]
    if not known:
        return ""
    edge = "L".join(f"{x:g} {scale.at(value):.1f}" for x, value in known)
    d = f"M{known[0][0]:g} {scale.height:g}L{edge}L{known[-1][0]:g} {scale.height:g}z"
    return f'<path class="{kind}" d="{d}"/>'


def points(picture: Picture, values: plot.Values) -> list[tuple[float, float] | None]:
    """Return where values stand: in the middle of their column."""
    step, until_s = picture.timeline.step_s, picture.until_s
    return [
        None if value is None or not math.isfinite(value) else (start + min(step, until_s - start) / 2, value)
        for start, value in zip(picture.timeline.t_s, values, strict=True)
    ]


def grid(scale: plot.Scale, words: Callable[[float], str]) -> str:
    """Return the lines of a scale with their values."""
    parts = []
    for value in scale.ticks():
        y = scale.at(value)
        parts += [plot.level(y), plot.text("0", y + 4, words(value), anchor="end", shift=-8)]
    return "".join(parts)


def upright_marks(until_s: float, height: float) -> str:
    """Return the lines of the time axis through a panel."""
    marks = plot.time_ticks(until_s)
    return "".join(
        plot.upright(second / until_s, height, "time" if always else "time roomy") for second, always in marks
    )


def _shades(picture: Picture) -> Callable[[float], str]:
    """Return what sets apart the warm-up and what came after the schedule, and the instants."""
    bands = []
    if picture.warm_up_s:
        bands.append((0.0, min(1.0, picture.warm_up_s / picture.until_s)))
    if 0 < picture.span_s < picture.until_s and picture.until_s - picture.span_s >= 0.5:
        bands.append((picture.span_s / picture.until_s, 1.0))
    marks = [at_s / picture.until_s for at_s, _ in picture.marks if at_s <= picture.until_s]
    return lambda height: (
        "".join(plot.band(low, high, height, "apart") for low, high in bands)
        + "".join(plot.upright(share, height, "instant") for share in marks)
    )


def axis(until_s: float, notes: Sequence[tuple[float, str]] = ()) -> str:
    """Return the marks below the panels; ``notes`` are words and where they stand."""
    parts = [plot.level(0.5, "axis")]
    for second, always in plot.time_ticks(until_s):
        where, words = plot.across(second / until_s), plot.time_label(second, until_s)
        parts.append(plot.text(where, 17, words, anchor="middle", kind="" if always else "roomy"))
    for share, words in notes:
        anchor = "start" if share < 0.1 else "end" if share > 0.85 else "middle"
        edge = 0.0 if anchor == "start" else 1.0 if anchor == "end" else share
        parts.append(plot.text(plot.across(edge), 34, words, anchor=anchor, kind="note"))
    height = 40 if notes else 22
    return f'<svg class="plot axis" width="100%" height="{height}" aria-hidden="true">{"".join(parts)}</svg>'


def _notes(picture: Picture) -> list[tuple[float, str]]:
    """Return what the shaded stretches are, and the instants."""
    found = []
    if picture.warm_up_s:
        found.append((picture.warm_up_s / picture.until_s / 2, "warm-up"))
    if picture.steady:
        found.append((sum(picture.steady) / 2 / picture.until_s, "steady"))
    if 0 < picture.span_s < picture.until_s and picture.until_s - picture.span_s >= 0.5:
        found.append(((picture.span_s / picture.until_s + 1) / 2, "after the schedule"))
    found += [(at_s / picture.until_s, words) for at_s, words in picture.marks if words and at_s <= picture.until_s]
    return found


def _summary(picture: Picture, columns: Sequence[str]) -> str:
    """Say in words what a panel's lines come to over the whole run."""
    told = []
    for name in columns:
        column = name if name in picture.whole else f"{name}_ms"
        if picture.whole.get(column):
            told.append(f"{name.removesuffix('_ms').replace('_', ' ')} {picture.whole[column]}")
    return f"Whole run: {', '.join(told)}." if told else ""
