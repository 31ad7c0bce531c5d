"""Words for drills, the same in every report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from brinell.core.drill_judgement import Drill, DrillRule
from brinell.core.judgement import Judgement
from brinell.core.redact import one_line
from brinell.core.verdicts import Verdict
from brinell.reports.figures import exact

COLUMNS = ("Measured", "Value")
_MOST_TEXT = 200


def title(drill: Drill) -> str:
    """Return the section's title: ``Drill: restart (drain)``, or only the drill where it has no other name."""
    return f"Drill: {drill.name}" + (f" ({drill.drill})" if drill.drill != drill.name else "")


def rules(drill: Drill) -> list[tuple[Verdict, str]]:
    """Return what had to hold, in words, the failed first."""
    return [(rule.verdict, one_line(_says(rule), 600)) for rule in drill.rules]


def instants(drill: Drill) -> list[str]:
    """Return what happened when: ``3.002 s signal: SIGTERM``."""
    return [
        f"{one.at_s:.3f} s {one.what}" + (f": {one_line(one.detail, _MOST_TEXT)}" if one.detail else "")
        for one in drill.instants
    ]


def measured(judgement: Judgement, drill: Drill) -> list[tuple[str, str]]:
    """Return every number by its name; one that was not measured has its reason."""
    found = []
    for name, value in _flat(drill.measured):
        why = judgement.not_measured.get(f"drills.{drill.name}.{name}") if value is None else None
        found.append((name, f"not measured: {one_line(why, _MOST_TEXT)}" if why else _spelled(value)))
    return found


def notes(drill: Drill) -> list[tuple[float, str]]:
    """Return what is marked on the time axis."""
    if drill.timeline is None or not drill.timeline.t_s:
        return []
    return spaced([(one.at_s, one.what) for one in drill.instants], drill.timeline.t_s[-1])


def spaced(instants: Iterable[tuple[float, str]], until_s: float) -> list[tuple[float, str]]:
    """Return instants from 0 on, seconds and words; empty for what the words before tell too, because it lies close to
    them.
    """
    close_s = max(1, until_s) * 0.12
    found: list[tuple[float, str]] = []
    last = 0  # the place of the last words
    for at_s, what in instants:
        if at_s < 0:
            continue
        words = one_line(what, 30)
        if found and at_s - found[last][0] < close_s:
            found[last] = found[last][0], f"{found[last][1]}, {words}"
            found.append((at_s, ""))
        else:
            last = len(found)
            found.append((at_s, words))
    return found


def _says(rule: DrillRule) -> str:
    words = rule.says if rule.reason is None else f"{rule.says} ({rule.reason})"
    return words if rule.required else f"{words} (advisory)"


def _flat(table: dict[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


def _spelled(value: Any) -> str:
    match value:
        case list() | tuple():
            return one_line(", ".join(map(str, value)), _MOST_TEXT) or "none"
        case dict():
            return "none"
        case str():
            return one_line(value, _MOST_TEXT)
        case float():
            return f"{value:.4g}"
        case _:
            return exact(value)
