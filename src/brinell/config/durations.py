"""Durations as people write them: ``30s``, ``5m``, ``250ms``, ``1h30m``, or a plain number of seconds."""

from __future__ import annotations

import math
import re

LONGEST_S = 30 * 86_400.0
_UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_PART = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)(ms|s|m|h|d)", re.ASCII)
_WHOLE = re.compile(rf"(?:{_PART.pattern})+", re.ASCII)
_NUMBER = re.compile(r"\d{1,12}(?:\.\d{1,9})?", re.ASCII)


def seconds(value: float | str) -> float:
    """Return a duration in seconds, more than zero and at most 30 days.

    ValueError says in words what is wrong with any other value.
    """
    found = _from_text(value) if isinstance(value, str) else _from_number(value)
    if not 0 < found <= LONGEST_S:
        raise ValueError("a duration lies above 0 and is at most 30 days")
    return found


def spell(duration_s: float) -> str:
    """Write seconds the way ``seconds`` reads them: ``90`` becomes ``1m30s``, ``0.25`` becomes ``250ms``."""
    if duration_s < 1:
        return f"{round(duration_s * 1000, 3):g}ms"
    whole, rest = divmod(round(duration_s, 3), 60)
    if whole == 0:
        return f"{rest:g}s"
    hours, minutes = divmod(int(whole), 60)
    parts = ((hours, "h"), (minutes, "m"), (round(rest, 3), "s"))
    return "".join(f"{amount:g}{unit}" for amount, unit in parts if amount)


def _from_text(text: str) -> float:
    bare = text.strip().lower()
    if _NUMBER.fullmatch(bare):
        return float(bare)
    if _WHOLE.fullmatch(bare):
        return math.fsum(float(amount) * _UNITS_S[unit] for amount, unit in _PART.findall(bare))
    raise ValueError("a duration is a number with ms, s, m, h or d, such as 30s, 5m or 1h30m")


def _from_number(number: float) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf
