"""The figures of a load scenario as the page has them: panels, curves, and what the script needs to tell values."""

from __future__ import annotations

from typing import Any, NamedTuple

from markupsafe import Markup

from brinell.core.judgement import Load, WebSocket
from brinell.reports.load_charts import course
from brinell.reports.load_curves import percentiles, rate_against_latency, strands
from brinell.reports.load_picture import Picture, Words, picture
from brinell.reports.socket_charts import COLUMNS as SOCKETS
from brinell.reports.socket_charts import panels

_COLUMNS = (
    "requests", "rate", "due_rate", "unanswered", "waiting", "p50_ms", "p95_ms", "p99_ms", "max_ms", "lag_p99_ms",
    "lag_max_ms", "generator_cpu", "cpu", "rss_bytes", "fds", "threads", "busiest_cpu", "loop_lag_ms",
)  # fmt: skip


class Figures(NamedTuple):
    """Pictures of one scenario; empty where there is nothing to draw."""

    course: Markup
    percentiles: Markup
    rates: Markup
    has_service: bool
    column: str  # what one column covers, in words
    words: Words


def figures_of(load: Load) -> Figures | None:
    """Return a scenario's figures; None where it told no second."""
    found = picture(load)
    if found is None:
        return None
    is_tried = isinstance(load, WebSocket) and load.one_by_one
    return drawn(found)._replace(rates=Markup("")) if is_tried else drawn(found)  # attempts are not made at a rate


def drawn(picture: Picture) -> Figures:
    """Return the figures of a picture."""
    lines = strands(picture.curve) if picture.curve else []
    step = picture.timeline.step_s
    return Figures(
        course=course(picture, panels(picture)),
        percentiles=percentiles(lines, picture.limits),
        rates=rate_against_latency(picture.timeline, picture.span_s, picture.stages),
        has_service=len(lines) > 1,
        column="second" if step == 1 else f"{step} seconds",
        words=picture.words,
    )


def data_of(load: Load) -> dict[str, Any]:
    """Return what the script needs of a scenario: columns by name. Empty where nothing is drawn."""
    found = picture(load)
    return {} if found is None else told(found)


def told(picture: Picture) -> dict[str, Any]:
    """Return the columns of a picture, errors by their place in the legend."""
    timeline, curve = picture.timeline, picture.curve
    columns = {name: list(getattr(timeline, name)) for name in _COLUMNS}
    columns |= {told: list(getattr(picture.sockets, name)) for name, told in SOCKETS.items() if picture.sockets}
    columns |= {f"errors.{number}": list(counts) for number, counts in enumerate(timeline.errors.values())}
    return {
        "step": timeline.step_s,
        "until": picture.until_s,
        "t": list(timeline.t_s),
        "columns": {name: values for name, values in columns.items() if any(value is not None for value in values)},
        "curve": {"shares": curve.shares, "response": curve.response_ms, "service": curve.service_ms}
        if curve
        else None,
    }
