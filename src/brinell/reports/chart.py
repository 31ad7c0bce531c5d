"""Small bars of tables, as SVG without any script."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from brinell.core.judgement import Seconds


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
