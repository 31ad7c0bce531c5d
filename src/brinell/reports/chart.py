"""Pictures made of numbers alone, as SVG without any script: the chart of a load scenario as it stands without
JavaScript (which redraws it to the window's width), and the small bars of tables.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence

from markupsafe import Markup

from brinell.core.judgement import Load, Seconds, Series
from brinell.reports import outline
from brinell.reports.figures import exact

_WIDTH, _LEFT, _RIGHT = 960, 56, 892
_TOP, _TALL, _STRIP, _GAP = 26, 230, 62, 34
_TITLE = 280  # room for a panel's title and a label beside it
_MOST_POINTS = 400
_ERROR_SHARE, _LEAST_BAR = 0.55, 3.0  # of the strip's height; as in chart.js
Values = Sequence[float | None]
Scale = Callable[[float], float]


def chart(load: Load) -> Markup:
    """Return response time (logarithmic), throughput with errors and the subject, by second."""
    series = load.series
    if series is None or not series.t_s:
        return Markup("")
    second = _TOP + _TALL + _GAP
    third = second + _STRIP + _GAP
    parts = _latency(series)
    parts += _panel(second, "Throughput per second; errors in red", (("rate", series.rate),), linear)
    parts.append(_error_bars(series.errors, second + _STRIP))
    parts += _panel(third, "Subject: cores", (("cpu", series.cpu),), linear)
    bottom = third + _STRIP
    end = outline.schedule_end(load)
    if end is not None:
        x = _LEFT + (end - series.t_s[0]) / ((series.t_s[-1] - series.t_s[0]) or 1) * (_RIGHT - _LEFT)
        parts.append(f'<line class="target" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{bottom}"/>')
        before = x - _LEFT > _TITLE
        parts.append(_label(x - 5 if before else x + 5, _TOP - 10, "end of the schedule", "end" if before else "start"))
    parts.append(f'<line class="axis" x1="{_LEFT}" x2="{_RIGHT}" y1="{bottom}" y2="{bottom}"/>')
    parts.append(_label(_LEFT, bottom + 17, f"{series.t_s[0]:g} s"))
    parts.append(_label(_RIGHT, bottom + 17, f"{series.t_s[-1]:g} s", anchor="end"))
    return Markup(f'<svg viewBox="0 0 {_WIDTH} {bottom + 24}" height="{bottom + 24}" role="img">{"".join(parts)}</svg>')  # noqa: S704 - numbers only


def _latency(series: Series) -> list[str]:
    lines = (("p50", series.p50_ms), ("p95", series.p95_ms), ("p99", series.p99_ms), ("max", series.max_ms))
    parts = _panel(_TOP, "Response time, ms, logarithmic", lines, logarithmic, height=_TALL)
    for name, values in lines:
        known = _known(values)
        if known:
            scale = logarithmic(_known(value for _, column in lines for value in column), _TOP, _TALL)
            parts.append(_label(_RIGHT + 7, scale(known[-1]) + 4, name))
    return parts


def _panel(
    top: float,
    title: str,
    lines: Sequence[tuple[str, Values]],
    kind: Callable[[Sequence[float], float, float], Scale],
    height: float = _STRIP,
) -> list[str]:
    """Return lines over a common scale, with the lowest and highest value at the axis."""
    known = _known(value for _, values in lines for value in values)
    parts = [_label(_LEFT, top - 10, title)]
    if not known:
        return [*parts, _label(_LEFT, top + height / 2, "not measured")]
    scale = kind(known, top, height)
    for value in _ticks(known) if kind is logarithmic else (0.0, max(known)):
        y = scale(value)
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{_RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(_label(_LEFT - 8, y + 4, exact(float(f"{value:.3g}")), anchor="end"))
    return parts + [f'<path class="{name}" d="{_path(values, scale)}"/>' for name, values in lines]


def _ticks(known: Sequence[float]) -> list[float]:
    """Return the powers of ten within the values' range; the range's ends where there are fewer than two."""
    positive = [value for value in known if value > 0] or [1.0]
    low, high = min(positive), max(positive)
    powers = range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)
    return [10.0**power for power in powers] if len(powers) > 1 else sorted({low, high})


def linear(known: Sequence[float], top: float, height: float) -> Scale:
    """Scale from zero to the highest value."""
    high = max(known) or 1.0
    return lambda value: top + height - max(0.0, value) / high * height


def logarithmic(known: Sequence[float], top: float, height: float) -> Scale:
    """Scale by the logarithm; zero, which has none, is drawn at the lower edge."""
    positive = [value for value in known if value > 0]
    if not positive:
        return linear(known, top, height)
    low, high = min(positive), max(positive)
    ratio = math.log(high / low) or 1.0
    return lambda value: top + height - math.log(max(value, low) / low) / ratio * height


def _path(values: Values, scale: Scale) -> str:
    """Return the line, broken where nothing is known."""
    parts, pen = [], "M"
    for x, highest in _columns(values):
        if highest is None:
            pen = "M"
            continue
        parts.append(f"{pen}{x:.1f} {scale(highest):.1f}")
        pen = "L"
    return "".join(parts)


def _error_bars(errors: Sequence[int], bottom: float) -> str:
    """Return a bar for every second with errors: the most take half of the strip, one is still to be seen."""
    most = max(errors, default=0)
    bars = [
        f"M{x:.1f} {bottom:g}v{-max(_LEAST_BAR, number / most * _STRIP * _ERROR_SHARE):.1f}"
        for x, number in _columns(errors)
        if number
    ]
    return f'<path class="errors" d="{"".join(bars)}"/>' if bars else ""


def _columns(values: Values) -> Iterator[tuple[float, float | None]]:
    """Yield where each value stands and what it is; of many, a column keeps the highest, so that no spike is lost."""
    width = max(1, math.ceil(len(values) / _MOST_POINTS))
    starts = range(0, len(values), width)
    step = (_RIGHT - _LEFT) / max(1, len(starts) - 1)
    for number, start in enumerate(starts):
        yield _LEFT + number * step, max(_known(values[start : start + width]), default=None)


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None and math.isfinite(value)]


def _label(x: float, y: float, words: str, anchor: str = "start") -> str:
    return f'<text x="{x:.0f}" y="{y:.1f}" text-anchor="{anchor}">{words}</text>'


def phases_bar(seconds: Seconds, longest_s: float) -> Markup:
    """Return a bar of setup, call and teardown; ``longest_s`` fills the whole width."""
    phases = (("setup", seconds.setup), ("call", seconds.call), ("teardown", seconds.teardown))
    return _bar([(name, value or 0.0) for name, value in phases], longest_s)


def share_bar(part: float, whole: float) -> Markup:
    """Return a bar for a part of a whole."""
    return _bar([("amount", part)], whole)


def _bar(pieces: Sequence[tuple[str, float]], whole: float) -> Markup:
    at, rects = 0.0, []
    for name, value in pieces:
        width = 100 * value / whole if whole > 0 else 0.0
        rects.append(f'<rect class="{name}" x="{at:.2f}" width="{width:.2f}" height="10"/>')
        at += width
    inner = "".join(rects)
    return Markup(f'<svg class="bars" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">{inner}</svg>')  # noqa: S704 - numbers only
