"""Families of metrics as text: OpenMetrics 1.0 and, for older scrapers, Prometheus' own format 0.0.4.

A file of a whole run has one sample a second, or fewer where the run is longer than ``MOST_MOMENTS``: backfill it with
``promtool tsdb create-blocks-from openmetrics``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import accumulate

from brinell.load.export.metrics import BOUNDS_S, Buckets, Family, Labels, Point, Totals
from brinell.load.export.seconds import Scenario, Second

OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
PLAIN = "text/plain; version=0.0.4; charset=utf-8"
MOST_MOMENTS = 600

Sample = tuple[str, Labels, float]
"""The sample's full name, its labels and its value."""


def text(families: Iterable[Family], *, openmetrics: bool) -> str:
    """Return what a scrape answers."""
    lines: list[str] = []
    for family in families:
        lines += _head(family, openmetrics=openmetrics)
        lines += [_line(one) for point in family.points for one in samples(family, point)]
    return "\n".join([*lines, "# EOF", ""] if openmetrics else [*lines, ""])


def samples(family: Family, point: Point) -> Iterator[Sample]:
    """Yield the samples that a point consists of; buckets count everything up to their bound."""
    if isinstance(point.value, Buckets):
        totals = list(accumulate(point.value.counts))
        for bound, total in zip((*map(repr, BOUNDS_S), "+Inf"), totals, strict=True):
            yield f"{family.name}_bucket", (("le", bound), *point.labels), float(total)
        yield f"{family.name}_sum", point.labels, point.value.sum_s
        yield f"{family.name}_count", point.labels, float(totals[-1])
    else:
        yield family.name + ("_total" if family.kind == "counter" else ""), point.labels, point.value


def openmetrics_file(scenario: Scenario, seconds: Iterable[Second]) -> Iterator[str]:
    """Yield the lines of one scenario's file."""
    course: dict[str, tuple[Family, dict[Labels, list[tuple[float, Point]]]]] = {}
    for moment_s, families in _moments(scenario, seconds):
        for family in families:
            _, series = course.setdefault(family.name, (family, {}))
            for point in family.points:
                series.setdefault(point.labels, []).append((moment_s, point))
    for family, series in course.values():
        yield from _head(family, openmetrics=True)
        for points in series.values():
            for moment_s, point in points:
                for one in samples(family, point):
                    yield f"{_line(one)} {moment_s:.3f}"
    yield "# EOF"


def _moments(scenario: Scenario, seconds: Iterable[Second]) -> Iterator[tuple[float, list[Family]]]:
    """Yield what there was at the end of every second, or of every few in a long run, and after the last."""
    step_s = max(1, math.ceil(scenario.started.span_s / MOST_MOMENTS))
    totals = Totals()
    name = totals.begin(scenario.started)
    next_s = step_s
    for second in seconds:
        if second.number >= next_s:
            yield scenario.start_s + next_s, totals.families()
            next_s = (second.number // step_s + 1) * step_s
        totals.add_second(name, second)
    totals.end(name)
    yield scenario.start_s + next_s, totals.families()


def _head(family: Family, *, openmetrics: bool) -> list[str]:
    name = family.name if openmetrics or family.kind != "counter" else f"{family.name}_total"
    unit = [f"# UNIT {name} {family.unit}"] if openmetrics and family.unit else []
    return [f"# TYPE {name} {family.kind}", *unit, f"# HELP {name} {family.help}"]


def _line(sample: Sample) -> str:
    name, labels, value = sample
    inside = ",".join(f'{key}="{_escaped(word)}"' for key, word in labels)
    return f"{name}{{{inside}}} {_number(value)}" if inside else f"{name} {_number(value)}"


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
