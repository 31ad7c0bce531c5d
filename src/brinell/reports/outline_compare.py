"""Two runs side by side: the sections, rows and words that all reports of a comparison share."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from brinell.core.comparison import Comparison
from brinell.core.load_comparison import LoadChange
from brinell.core.measured import Change, Numbers
from brinell.core.measured_capacity import HIGHEST
from brinell.reports.figures import MISSING, count, exact, percent, rate, seconds, size

HEAD = ("", "a", "b", "b / a", "95 % interval", "")
CAUTION = (
    "One run each: the interval holds what a run's own seconds vary, drawn anew in blocks. What differs from one run "
    "to the next is not in it, so repeat both before you build on a difference. Of shares it is that of b - a, in "
    "points of a hundred (pt)."
)
CAPACITY_CAUTION = (
    "One search each: b / a is that of the middle of both brackets, and the interval what they leave open. It is a "
    "difference where they lie further apart than the searches were exact (tolerance)."
)
_TITLES = {"load": "Load", "websocket": "WebSocket", "cache": "Cache"}
_LABELS = {"p50": "p50", "p90": "p90", "p95": "p95", "p99": "p99", "p99_9": "p99.9", "max": "max"}
_BRIEF = ("p50", "p95", "p99", "max")
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


class Section(NamedTuple):
    """One scenario, search or drill. ``scenario`` or ``search`` names what can be drawn; empty: nothing."""

    title: str
    rows: list[Row]
    conditions: str = ""
    doubts: tuple[str, ...] = ()
    caution: str = ""
    scenario: str = ""
    search: str = ""


class _Line(NamedTuple):
    """How one number is told. ``bad``: the answer that is worse, empty where neither is. ``is_rare``: where there was
    none in either run, nothing is told.
    """

    name: str
    label: str
    words: Words
    bad: str = ""
    says: Mapping[str, str] = {}
    is_rare: bool = False


def sections(c: Comparison) -> Iterator[Section]:
    """Return what has numbers, in the order of a report."""
    for name, metrics in c.load.items():
        change = c.load_changes.get(name)
        title = f"{_TITLES.get(c.kinds.get(name, ''), 'Load')}: {name}"
        caution = CAUTION if change else ""
        yield Section(title, rows(metrics, change), conditions(change), doubts(change), caution, name)
    for name, metrics in c.capacity.items():
        change = c.capacity_changes.get(name)
        found = _capacity_rows(metrics, change)
        caution = CAPACITY_CAUTION if change else ""
        yield Section(f"Capacity: {name}", found, conditions(change), doubts(change), caution, search=name)
    for name, metrics in c.drills.items():
        lines = (_Line(key, key.replace("_", " "), _fine) for key in metrics)
        yield Section(f"Drill: {name}", list(_told(lines, metrics, None)))


def rows(metrics: Mapping[str, Numbers], change: LoadChange | None) -> list[Row]:
    """Return a scenario's lines; numbers that neither run has are left out."""
    is_broadcast = any(value is not None for value in _both(metrics.get("reach")))
    found = list(_told((line for line in _ABOUT if line.name in metrics), metrics, change))
    if "errors" in metrics and not is_broadcast:
        found += _error_row(metrics["errors"], change.changes.get("error_rate") if change else None)
    if is_broadcast:
        found = [row._replace(label=_PUBLISHED.get(row.label, row.label)) for row in found]
    is_socket = "opened" in metrics
    found += _times("response", "delivery" if is_broadcast else "response", metrics, change)
    found += _times("service", "from send" if is_socket else "service", metrics, change, brief=is_socket)
    for clock in ("skew", "connect"):
        found += _times(clock, clock, metrics, change, brief=True)
    return found + list(_told(_operations(metrics), metrics, change))


def conditions(change: LoadChange | None) -> str:
    """Return what was not the same about the load; empty where all was."""
    if change is None or not change.conditions:
        return ""
    told = ", ".join(f"{name.replace('_', ' ')} {a} and {b}" for name, (a, b) in change.conditions.items())
    return f"Not the same load: {told}."


def doubts(change: LoadChange | None) -> tuple[str, ...]:
    """Return why something cannot be told, each reason once."""
    return tuple(dict.fromkeys(one.why for one in change.changes.values() if one.why)) if change else ()


def _share(value: float | None) -> str:
    """A share that must not look better than it is."""
    return MISSING if value is None else f"{int(value * 1e6) / 1e6:g}"


def _fine(value: float | None) -> str:
    """Return four digits: what differs must not look alike."""
    return (
        MISSING
        if value is None or not math.isfinite(value)
        else exact(float(f"{value:.4g}") if abs(value) < 1000 else round(value))
    )


def _bytes(value: float | None) -> str:
    return size(value)


_ABOUT = (
    _Line("achieved_rate", "answered a second", rate, bad="lower"),
    _Line("requests", "requests", count),
    _Line("hit_rate", "hit rate", percent, bad="lower"),
    _Line("ideal_hit_rate", "best hit rate", percent),
    _Line("stampede_loads", "loads a cold key", _fine, bad="higher", says=_MORE),
    _Line("stale_reads", "stale reads", count, is_rare=True),
    _Line("wrong_values", "wrong values", count, is_rare=True),
    _Line("loop_stall_ms", "longest stall ms", _fine),
    _Line("memory_growth_bytes", "memory grew by", _bytes),
    _Line("directory_growth_bytes", "folder grew by", _bytes),
    _Line("reach", "reach", _share, bad="lower"),
    _Line("expected", "deliveries owed", count),
    _Line("lost", "lost", count, is_rare=True),
    _Line("duplicated", "came twice", count, is_rare=True),
    _Line("reordered", "out of order", count, is_rare=True),
    _Line("opened", "connections made", count),
    _Line("refused", "not connected", count, is_rare=True),
    _Line("ended", "ended by subject", count, is_rare=True),
    _Line("configured", "limit", count),
    _Line("accepted", "accepted", count),
    _Line("rejected", "refused beyond it", count),
    _Line("tried", "tried beyond it", count),
    _Line("freed_s", "place free after", seconds),
    _Line("leaked_fds", "descriptors leaked", count),
    _Line("leaked_bytes", "memory leaked", _bytes),
)
_PUBLISHED = {"answered a second": "published a second", "requests": "published"}


def _operations(metrics: Mapping[str, Numbers]) -> Iterator[_Line]:
    """A cache's operations have their own times: ``read hit p95_ms``."""
    for name in metrics:
        operation, space, quantile = name.rpartition(" ")
        if space:
            yield _Line(name, f"{operation} {_LABELS.get(quantile.removesuffix('_ms'), quantile)} ms", _fine)


def _times(
    clock: str, words: str, metrics: Mapping[str, Numbers], change: LoadChange | None, *, brief: bool = False
) -> Iterator[Row]:
    names = ((f"{clock}_{name}_ms", label) for name, label in _LABELS.items() if not brief or name in _BRIEF)
    lines = (_Line(name, f"{words} {label} ms", _fine, "higher", _SLOWER) for name, label in names if name in metrics)
    return _told(lines, metrics, change)


def _capacity_rows(metrics: Mapping[str, Numbers], change: LoadChange | None) -> list[Row]:
    found = list(_told(_SEARCH, metrics, None))
    highest = change.changes.get(HIGHEST) if change else None
    if highest is not None:
        says, tone = _says(highest, {}, bad="lower")
        ratio = MISSING if highest.ratio is None else f"{highest.ratio:.2f}"
        middle = Row("middle of both", _fine(highest.a), _fine(highest.b), ratio, _interval(highest), says, tone)
        found.insert(0, middle)
    return found


_SEARCH = (
    _Line("held", "held", _fine),
    _Line("broke", "broke", _fine),
    _Line("knee", "knee", _fine),
    _Line("steps", "steps", count),
    _Line("took_s", "took", seconds),
)


def _told(
    lines: Iterator[_Line] | tuple[_Line, ...], metrics: Mapping[str, Numbers], change: LoadChange | None
) -> Iterator[Row]:
    changes = change.changes if change else {}
    for line in lines:
        numbers = metrics[line.name]
        if (numbers.a is None and numbers.b is None) or (line.is_rare and not numbers.a and not numbers.b):
            continue
        found = changes.get(line.name)
        says, tone = _says(found, line.says, bad=line.bad)
        ratio = MISSING if numbers.ratio is None else f"{numbers.ratio:.2f}"
        yield Row(line.label, line.words(numbers.a), line.words(numbers.b), ratio, _interval(found), says, tone)


def _both(numbers: Numbers | None) -> tuple[float | None, float | None]:
    return (None, None) if numbers is None else (numbers.a, numbers.b)


def _error_row(numbers: Numbers, change: Change | None) -> list[Row]:
    if numbers.a is None and numbers.b is None:
        return []
    says, tone = _says(change, _MORE, bad="higher")
    shares = [
        f" ({percent(value)})" if value is not None else ""
        for value in ((change.a, change.b) if change else (None,) * 2)
    ]
    ratio = MISSING if numbers.ratio is None else f"{numbers.ratio:.2f}"
    interval = _interval(change)
    return [Row("errors", count(numbers.a) + shares[0], count(numbers.b) + shares[1], ratio, interval, says, tone)]


def _interval(change: Change | None) -> str:
    """An interval of b / a; of shares, of b - a in points of a hundred."""
    if change is None or (change.low is None and change.high is None):
        return ""
    if change.points is not None and change.low is not None and change.high is not None:
        return f"{change.low * 100:+.3g} to {change.high * 100:+.3g} pt"
    if change.low is None:
        return f"{change.high:.2f} or less"
    return f"{change.low:.2f} or more" if change.high is None else f"{change.low:.2f} to {change.high:.2f}"


def _says(change: Change | None, words: Mapping[str, str], *, bad: str) -> tuple[str, str]:
    if change is None:
        return "", ""
    tone = {bad: "worse"}.get(change.answer, "better" if change.answer in {"higher", "lower"} else "")
    return words.get(change.answer, change.answer), tone
