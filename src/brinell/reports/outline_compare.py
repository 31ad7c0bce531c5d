"""Two runs of a load scenario: the rows and the words that all reports of a comparison share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from brinell.core.comparison import Comparison, Numbers
from brinell.core.load_comparison import LoadChange
from brinell.core.measured import Change
from brinell.reports.figures import MISSING, count, exact, percent, rate

HEAD = ("", "a", "b", "b / a", "95 % interval", "")
CAUTION = (
    "One run each: the interval holds what a run's own seconds vary, drawn anew in blocks. What differs from one run "
    "to the next is not in it, so repeat both before you build on a difference."
)
_LABELS = {"p50": "p50", "p90": "p90", "p95": "p95", "p99": "p99", "p99_9": "p99.9", "max": "max"}
Words = Callable[[float | None], str]
_SLOWER = {"higher": "slower", "lower": "faster"}
_MORE = {"higher": "more", "lower": "fewer"}


class Row(NamedTuple):
    """A line of the table, as text; ``tone`` is worse, better or empty."""

    label: str
    a: str
    b: str
    ratio: str
    interval: str
    says: str
    tone: str = ""


def rows(metrics: Mapping[str, Numbers], change: LoadChange | None) -> list[Row]:
    """Return a scenario's lines; numbers that neither run has are left out."""
    changes = change.changes if change else {}
    found = [
        _row("answered a second", metrics.get("achieved_rate"), changes.get("achieved_rate"), rate),
        _row("requests", metrics.get("requests"), None, count),
        _error_row(metrics.get("errors"), changes.get("error_rate")),
    ]
    for clock in ("response", "service"):
        for name, label in _LABELS.items():
            key = f"{clock}_{name}_ms"
            found.append(_row(f"{clock} {label} ms", metrics.get(key), changes.get(key), _fine))
    return [row for row in found if row is not None]


def conditions(change: LoadChange | None) -> str:
    """Return what was not the same about the load; empty where all was."""
    if change is None or not change.conditions:
        return ""
    told = ", ".join(f"{name.replace('_', ' ')} {a} and {b}" for name, (a, b) in change.conditions.items())
    return f"Not the same load: {told}."


def doubts(change: LoadChange | None) -> list[str]:
    """Return why something cannot be told, each reason once."""
    return list(dict.fromkeys(one.why for one in change.changes.values() if one.why)) if change else []


def has_load(comparison: Comparison) -> bool:
    """Whether a scenario ran in both."""
    return bool(comparison.load_changes)


def _row(label: str, numbers: Numbers | None, change: Change | None, words: Words) -> Row | None:
    if numbers is None or (numbers.a is None and numbers.b is None):
        return None
    ratio = MISSING if numbers.ratio is None else f"{numbers.ratio:.2f}"
    is_rate = label.startswith("answered")
    says, tone = _says(change, {} if is_rate else _SLOWER, bad="lower" if is_rate else "higher")
    return Row(label, words(numbers.a), words(numbers.b), ratio, _interval(change), says, tone)


def _error_row(numbers: Numbers | None, change: Change | None) -> Row | None:
    if numbers is None or (numbers.a is None and numbers.b is None):
        return None
    says, tone = _says(change, _MORE, bad="higher")
    shares = [
        f" ({percent(value)})" if value is not None else ""
        for value in ((change.a, change.b) if change else (None,) * 2)
    ]
    ratio = MISSING if numbers.ratio is None else f"{numbers.ratio:.2f}"
    return Row("errors", count(numbers.a) + shares[0], count(numbers.b) + shares[1], ratio, "", says, tone)


def _fine(value: float | None) -> str:
    """Return four digits: what differs must not look alike."""
    return MISSING if value is None else exact(float(f"{value:.4g}") if abs(value) < 1000 else round(value))


def _interval(change: Change | None) -> str:
    if change is None or change.low is None or change.high is None:
        return ""
    return f"{change.low:.2f} to {change.high:.2f}"


def _says(change: Change | None, words: Mapping[str, str], *, bad: str) -> tuple[str, str]:
    if change is None:
        return "", ""
    tone = {bad: "worse"}.get(change.answer, "better" if change.answer in {"higher", "lower"} else "")
    return words.get(change.answer, change.answer), tone
