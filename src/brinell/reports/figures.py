"""Numbers as people read them. Nothing here rounds in the subject's favour: shares and rates are truncated, so that
99.999 % never reads as 100 %, and a share that is not zero never reads as zero.
"""

from __future__ import annotations

import math
from decimal import ROUND_DOWN, Decimal

MISSING = "\u2013"  # an en dash
_ALL_DIGITS = 1e15  # up to which a float knows whole numbers exactly


def count(value: float | None) -> str:
    """Format a whole number with thousands separators: ``29,961``."""
    return MISSING if value is None or not math.isfinite(value) else f"{int(value):,}"


def plural(value: int, noun: str, many: str | None = None) -> str:
    """Format a count with its noun: ``1 test``, ``2 tests``, ``1,204 tests``."""
    return f"{value:,} {noun if value == 1 else many or noun + 's'}"


def percent(share: float | None) -> str:
    """Format a share of 1, truncated to two decimals: ``99.99 %``; ``<0.01 %`` for anything smaller but zero."""
    if share is None or not math.isfinite(share):
        return MISSING
    value = _truncated(share * 1.0, 4) * 100
    if value == 0 and share > 0:
        return "<0.01 %"
    return f"{_trimmed(value)} %"


def between(low: float, high: float) -> str:
    """Format an interval of shares, widened to one decimal so that it holds what it held: ``between 1.2 % and 4 %``."""
    edges = (math.floor(max(0.0, low) * 1000) / 10, math.ceil(min(1.0, high) * 1000) / 10)
    return f"between {edges[0]:g} % and {edges[1]:g} %"


def rate(value: float | None) -> str:
    """Format a rate per second, truncated: ``999.9/s``, ``12,345/s``."""
    if value is None or not math.isfinite(value):
        return MISSING
    return f"{_trimmed(_truncated(value, 1 if value < 10_000 else 0))}/s"


def latency(value: float | None) -> str:
    """Format milliseconds without the unit, three digits or more: ``0.482``, ``3.12``, ``48.2``, ``1,204``."""
    if value is None or not math.isfinite(value):
        return MISSING
    size = abs(value)
    digits = 3 if size < 1 else 2 if size < 10 else 1 if size < 100 else 0
    return f"{value:,.{digits}f}"


def milliseconds(value: float | None) -> str:
    """Format milliseconds with the unit."""
    return MISSING if value is None or not math.isfinite(value) else f"{latency(value)} ms"


def seconds(value: float | None) -> str:
    """Format a duration given in seconds: ``4 ms``, ``12.3 s``, ``2 min 05 s``, ``1 h 02 min``."""
    if value is None or not math.isfinite(value):
        return MISSING
    if value < 0.0005:
        return "<1 ms" if value > 0 else "0 s"
    if value < 1:
        return f"{value * 1000:.0f} ms"
    if value < 59.95:
        return f"{value:.1f} s"
    whole = round(value)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def whole_seconds(value: float) -> str:
    """Format a duration that keeps changing on the screen: ``0 s``, ``17 s``, ``2 min 05 s``."""
    return f"{int(value)} s" if value < 60 else seconds(float(int(value)))


def cores(value: float | None) -> str:
    """Format processor time per time: ``0.83``, ``0.004``, ``1.20``."""
    if value is None or not math.isfinite(value):
        return MISSING
    return f"{value:,.{2 if abs(value) >= 0.1 else 3}f}"


def size(value: float | None) -> str:
    """Format bytes in binary units: ``48.2 MiB``."""
    if value is None or not math.isfinite(value):
        return MISSING
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(value) < 1024:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TiB"


def exact(value: object) -> str:
    """Format an observed value or its limit with six significant digits, whole numbers (bytes) with all: rounding must
    not make the two look alike.
    """
    if value is None:
        return MISSING
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if not math.isfinite(value):
        return MISSING
    text = f"{value:,.0f}" if float(value).is_integer() and abs(value) < _ALL_DIGITS else f"{value:,.6g}"
    return text if "e" in text else _trimmed(Decimal(text.replace(",", "")))


def _truncated(value: float, digits: int) -> Decimal:
    """Cut off digits. Through ``repr``, so that 0.29 keeps its 29 although the binary value lies below it."""
    return Decimal(repr(value)).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_DOWN)


def _trimmed(value: Decimal) -> str:
    """Format with separators and without trailing zeros."""
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
