"""Two runs of a load scenario over one time axis, and their percentile curves in one picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from markupsafe import Markup

from brinell.core.judgement import Load
from brinell.reports import plot
from brinell.reports.load_charts import STRIP, Key, Panel, axis, grid, panel_of, points, upright_marks
from brinell.reports.load_curves import Strand, percentiles
from brinell.reports.load_picture import Picture, picture

_MIB = 1024 * 1024
_TALL = 150
_RUNS = ("a", "b")


class Overlay(NamedTuple):
    """The pictures of one scenario, and what the script needs to tell values."""

    course: Markup
    percentiles: Markup
    data: dict[str, Any]
    times: str  # what its response times are called


class _Lines(NamedTuple):
    title: str
    column: str
    values: Callable[[Picture], plot.Values]
    words: Callable[[float], str]
    log: bool = False


def overlay(a: Load, b: Load) -> Overlay | None:
    """Return the pictures of both runs; None where one of them told nothing."""
    both = [found for found in (picture(a), picture(b)) if found is not None]
    if len(both) < 2:
        return None
    until_s = max(one.until_s for one in both)
    behind = upright_marks(until_s, STRIP), upright_marks(until_s, _TALL)
    parts = []
    for lines in _PANELS:
        found = _panel(lines, both, until_s)
        if found is not None:
            parts.append(panel_of(found, behind[found.height == _TALL]))
    curves = [
        Strand(f"run-{side}", side, one.curve.shares, one.curve.response_ms)
        for side, one in zip(_RUNS, both, strict=True)
        if one.curve
    ]
    return Overlay(
        course=Markup("").join(Markup(part) for part in (*parts, axis(until_s))),  # noqa: S704 - escaped where put in
        percentiles=percentiles(curves) if len(curves) == 2 else Markup(""),
        data=_data(both, until_s),
        times=both[0].words.times,
    )


def _panel(lines: _Lines, both: Sequence[Picture], until_s: float) -> Panel | None:
    columns = [lines.values(one) for one in both]
    every = [value for column in columns for value in column]
    if lines.column == "errors" and not any(every):
        return None
    height = _TALL if lines.log else STRIP
    scale = plot.logarithmic(every, height) if lines.log else plot.linear(every, height)
    if scale is None:
        return None
    drawn = ""
    for side, one, column in zip(_RUNS, both, columns, strict=True):
        places = [None if p is None else (p[0], scale.at(p[1])) for p in points(one, column)]
        drawn += plot.line(f"run-{side}", places)
    keys = tuple(Key(f"run-{side}", side, f"{lines.column}.{side}", "") for side in _RUNS)
    inner = grid(scale, lines.words) + plot.stretched(until_s, height, drawn)
    words = both[0].words
    title = lines.title.format(times=words.times, done=words.done.capitalize())
    return Panel(title, keys, height, inner, "The earlier run is a, the later b.")


def _data(both: Sequence[Picture], until_s: float) -> dict[str, Any]:
    """Return both runs' columns at the moments of the wider ones."""
    step = max(one.timeline.step_s for one in both)
    moments = list(range(0, int(until_s), step)) or [0]
    columns = {}
    for lines in _PANELS:
        for side, one in zip(_RUNS, both, strict=True):
            values = one.timeline.rss_bytes if lines.column == "rss_bytes" else lines.values(one)
            places = [moment // one.timeline.step_s for moment in moments]
            columns[f"{lines.column}.{side}"] = [values[at] if at < len(values) else None for at in places]
    return {"step": step, "until": until_s, "t": moments, "columns": columns, "curve": None}


def _error_rates(one: Picture) -> plot.Values:
    timeline = one.timeline
    counts = [sum(column[row] for column in timeline.errors.values()) for row in range(len(timeline.t_s))]
    return [number / timeline.step_s for number in counts]


def _reach(one: Picture) -> plot.Values:
    return one.sockets.reach if one.sockets else (None,) * len(one.timeline.t_s)


def _mib(one: Picture) -> plot.Values:
    return [None if value is None else value / _MIB for value in one.timeline.rss_bytes]


_PANELS = (
    _Lines("{times} p50", "p50_ms", lambda one: one.timeline.p50_ms, plot.duration_label, log=True),
    _Lines("{times} p99", "p99_ms", lambda one: one.timeline.p99_ms, plot.duration_label, log=True),
    _Lines("{done} a second", "rate", lambda one: one.timeline.rate, plot.number_label),
    _Lines("Reach", "reach", _reach, plot.number_label),
    _Lines("Errors a second", "errors", _error_rates, plot.number_label),
    _Lines("Subject: cores", "cpu", lambda one: one.timeline.cpu, plot.number_label),
    _Lines("Subject: memory, MiB", "rss_bytes", _mib, plot.number_label),
)
