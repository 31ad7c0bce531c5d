"""What a drill's rules are made of."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from brinell.core.drill_judgement import DrillRule
from brinell.core.verdicts import Reason, Verdict

ORDERLY = frozenset((0, -15, 143))
"""Exit statuses after SIGTERM that say that all was well: 0, the signal itself, and what shells make of it."""


class Ruled(NamedTuple):
    """One drill, judged. Keys of ``not_measured`` are those of ``measured`` that are None, each with its reason."""

    measured: dict[str, Any]
    rules: list[DrillRule]
    title: str
    not_measured: dict[str, str] = {}  # noqa: RUF012 - never changed
    examples: tuple[str, ...] = ()


def passed(rule: str, says: str) -> DrillRule:
    """It held."""
    return DrillRule(rule=rule, verdict=Verdict.PASS, says=says)


def failed(rule: str, says: str, *, required: bool = True) -> DrillRule:
    """It did not hold."""
    return DrillRule(rule=rule, verdict=Verdict.FAIL, says=says, required=required)


def unknown(rule: str, reason: Reason, says: str, *, required: bool = True) -> DrillRule:
    """It cannot be said."""
    return DrillRule(rule=rule, verdict=Verdict.UNKNOWN, reason=reason, says=says, required=required)


def ruled(rule: str, holds: bool, good: str, bad: str) -> DrillRule:  # noqa: FBT001 - the question itself
    """Pass or fail."""
    return passed(rule, good) if holds else failed(rule, bad)


def counted(number: int, word: str) -> str:
    """Write ``1 request`` and ``2,000 requests``."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def took(value_s: float | None) -> str:
    """Write seconds with three digits."""
    return "?" if value_s is None else f"{value_s:.3g} s"


def percent(share: float) -> str:
    """Write a share with two digits, or as a whole number: ``0.58 %``, ``5.8 %``, ``100 %``."""
    value = share * 100
    return f"{value:.0f} %" if value >= 9.95 else f"{value:.2g} %"


def milliseconds(value_ns: float | None) -> float | None:
    """Return nanoseconds as milliseconds, to three decimals."""
    return None if value_ns is None else round(value_ns / 1e6, 3)


def quantile(values: list[float], share: float) -> float | None:
    """Return the value that at least ``share`` of the values do not exceed, to milliseconds; None of none."""
    ordered = sorted(values)
    return round(ordered[max(0, math.ceil(share * len(ordered) - 1e-9) - 1)], 4) if ordered else None
