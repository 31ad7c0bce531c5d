"""Parts of charts as SVG that needs no script and fits any width: across, everything stands at a percentage; down, at
pixels. Lines are drawn in an inner picture that is stretched to the width, with strokes that are not.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from markupsafe import escape

_NOTHING = 1e-12
_MOST_RATIO = 1e12  # of a logarithmic scale's edges; what is smaller stands at the lower one
LEAST_BETWEEN = 13  # pixels between two labels
_TIMES_S = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400)
_WIDE, _NARROW = 12, 5  # marks on the time axis, of a wide window and of a telephone
Values = Sequence[float | None]


class Scale(NamedTuple):
    """Values to pixels from a panel's upper edge. A logarithmic one shows what is not positive at its lower edge."""

    low: float
    high: float
    height: float
    log: bool = False

    def at(self, value: float) -> float:
        """Return the place of a value, kept inside the panel."""
        return self.height - self.height * min(1.0, max(0.0, self.share(value)))

    def share(self, value: float) -> float:
        """Return how far up a value lies, 0 at the lower and 1 at the upper edge."""
        if not self.log:
            return (value - self.low) / ((self.high - self.low) or 1.0)
        if value <= self.low:
            return 0.0
        return math.log(value / self.low) / (math.log(self.high / self.low) or 1.0)

    def holds(self, value: float) -> bool:
        """Return whether a value lies between the edges."""
        return self.low <= value <= self.high

    def ticks(self, room: float = 20.0) -> list[float]:
        """Return round values at least ``room`` pixels apart."""
        return _log_ticks(self, room) if self.log else _linear_ticks(self, room)


def linear(values: Iterable[float | None], height: float, *, least: float = 0.0) -> Scale | None:
    """Return a scale from zero to a little above the highest value; None where no value is known."""
    found = known(values)
    if not found:
        return None
    high = max([*found, least])
    return Scale(0.0, high * 1.06 if high > _NOTHING else 1.0, height)


def logarithmic(values: Iterable[float | None], height: float) -> Scale | None:
    """Return a logarithmic scale around the values; None where none is above zero."""
    found = [value for value in known(values) if value > _NOTHING]
    if not found:
        return None
    high = max(found)
    low = max(min(found), high / _MOST_RATIO)
    if high < low * 1.5:  # one value, or nearly: it goes to the middle
        low, high = low / 1.5, high * 1.5
    return Scale(low / 1.08, high * 1.08, height, log=True)


def known(values: Iterable[float | None]) -> list[float]:
    """Return the values that are numbers."""
    return [value for value in values if value is not None and math.isfinite(value)]


def _linear_ticks(scale: Scale, room: float) -> list[float]:
    span = scale.high - scale.low
    most = max(1, int(scale.height // room))
    power = 10.0 ** math.floor(math.log10(span / most)) if span > 0 else 1.0
    step = next((power * factor for factor in (1, 2, 5, 10) if span // (power * factor) <= most), power * 10)
    first = math.ceil(scale.low / step - 1e-9)
    found = [number * step for number in range(first, int(scale.high / step + 1e-9) + 1)]
    return [float(f"{value:.12g}") for value in found]


def _log_ticks(scale: Scale, room: float) -> list[float]:
    decades = math.log10(scale.high / scale.low)
    for factors in ((1, 2, 5), (1, 3), (1,)):
        if scale.height / (decades * len(factors) or 1) >= room:
            break
    every = max(1, math.ceil(room * decades / scale.height)) if factors == (1,) else 1
    powers = range(math.floor(math.log10(scale.low)), math.ceil(math.log10(scale.high)) + 1)
    found = [factor * 10.0**power for power in powers if power % every == 0 for factor in factors]
    return [float(f"{value:.6g}") for value in found if scale.low * 0.999 <= value <= scale.high * 1.001]


def time_ticks(until_s: float) -> list[tuple[float, bool]]:
    """Return the marks of a time axis: seconds, and whether there is room for it on a narrow page."""
    coarse = next((step for step in _TIMES_S if until_s / step <= _NARROW), 86_400 * math.ceil(until_s / 86_400 / 5))
    fine = next((step for step in _TIMES_S if until_s / step <= _WIDE and coarse % step == 0), coarse)
    return [(float(second), second % coarse == 0) for second in range(0, int(until_s) + 1, fine)]


def time_label(seconds: float, until_s: float) -> str:
    """Return ``0``, ``30 s``, ``5 min``, ``2:30 min``, ``1 h``, ``1:30 h``: seconds alone on an axis of two minutes."""
    whole = int(seconds)
    if whole and (until_s <= 120 or whole < 60):
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02d} min" if whole % 60 else f"{whole // 60} min" if whole else "0"
    minutes = whole // 60
    return f"{minutes // 60}:{minutes % 60:02d} h" if minutes % 60 else f"{minutes // 60} h"


def duration_label(milliseconds: float) -> str:
    """Return a round duration with its unit: ``20 µs``, ``5 ms``, ``1 s``."""
    if milliseconds < 1:
        return f"{milliseconds * 1000:g} µs"
    return f"{milliseconds:g} ms" if milliseconds < 1000 else f"{milliseconds / 1000:g} s"


def number_label(value: float) -> str:
    """Return a round number, short: ``0.5``, ``1,000``, ``20k``, ``1.5M``."""
    for least, letter in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if value >= least:
            return f"{value / (1000 if letter == 'k' else least):g}{letter}"
    return f"{value:,.10g}"


def across(share: float) -> str:
    """Return a place across the picture, as a percentage."""
    return f"{round(share * 100, 3):g}%"


def text(x: str, y: float, words: str, *, anchor: str = "start", shift: int = 0, kind: str = "") -> str:
    """Return a label; ``shift`` moves it by pixels."""
    dx = f' dx="{shift}"' if shift else ""
    name = f' class="{kind}"' if kind else ""
    return f'<text x="{x}" y="{y:.1f}"{dx} text-anchor="{anchor}"{name}>{escape(words)}</text>'


def level(y: float, kind: str = "grid") -> str:
    """Return a line from side to side."""
    return f'<line class="{kind}" x1="0" x2="100%" y1="{y:.1f}" y2="{y:.1f}"/>'


def upright(share: float, height: float, kind: str = "grid") -> str:
    """Return a line from top to bottom."""
    return f'<line class="{kind}" x1="{across(share)}" x2="{across(share)}" y1="0" y2="{height:g}"/>'


def band(low: float, high: float, height: float, kind: str) -> str:
    """Return a shaded stretch, shares of the width."""
    wide = across(max(0.0, high - low))
    return f'<rect class="{kind}" x="{across(low)}" y="0" width="{wide}" height="{height:g}"/>'


def stretched(width: float, height: float, inner: str, kind: str = "") -> str:
    """Return a picture in its own units that is stretched across."""
    name = f' class="{kind}"' if kind else ""
    box = f'viewBox="0 0 {width:g} {height:g}" preserveAspectRatio="none"'
    return f'<svg{name} width="100%" height="{height:g}" {box}>{inner}</svg>'


def line(kind: str, points: Iterable[tuple[float, float] | None]) -> str:
    """Return a line through points, broken at None; a point between two breaks is a dot."""
    parts: list[str] = []
    run = 0
    for point in (*points, None):
        if point is None:
            parts += ["h0"] if run == 1 else []
            run = 0
            continue
        parts.append(f"{'L' if run else 'M'}{_short(point[0])} {_short(point[1])}")
        run += 1
    return f'<path class="{kind}" d="{"".join(parts)}"/>' if parts else ""


def dots(kind: str, points: Iterable[tuple[float, float]]) -> str:
    """Return dots, which stay round where they are stretched: lines of no length with round ends."""
    parts = "".join(f"M{_short(x)} {_short(y)}h0" for x, y in points)
    return f'<path class="dots {kind}" d="{parts}"/>' if parts else ""


def boxes(kind: str, rectangles: Iterable[tuple[float, float, float, float]]) -> str:
    """Return rectangles of one colour: left, top, width, height."""
    parts = "".join(f"M{_short(x)} {_short(y)}h{_short(w)}v{_short(h)}h{_short(-w)}z" for x, y, w, h in rectangles)
    return f'<path class="{kind}" d="{parts}"/>' if parts else ""


def apart(labels: Sequence[tuple[float, str]], height: float) -> list[tuple[float, str]]:
    """Return labels moved so that none covers another, and all stay beside the panel; equal places keep their order."""
    placed: list[tuple[float, str]] = []
    for y, words in sorted(labels, key=lambda label: label[0]):
        placed.append((max(y, placed[-1][0] + LEAST_BETWEEN) if placed else y, words))
    over = max(0.0, placed[-1][0] - height) if placed else 0.0
    fixed: list[tuple[float, str]] = []
    for y, words in reversed(placed):
        moved = min(y, height if not fixed else fixed[-1][0] - LEAST_BETWEEN) if over else y
        fixed.append((moved, words))
    return fixed[::-1]


def last(values: Values) -> float | None:
    """Return the last value that is known."""
    return next((value for value in reversed(values) if value is not None and math.isfinite(value)), None)


def runs(levels: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """Yield first place, length and level of each stretch of equal levels that are not zero."""
    start = 0
    for place in range(1, len(levels) + 1):
        if place == len(levels) or levels[place] != levels[start]:
            if levels[start]:
                yield start, place - start, levels[start]
            start = place


def _short(value: float) -> str:
    return f"{round(value, 2):g}"
