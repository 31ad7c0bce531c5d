"""The figures of a drill: the requests beside it over time, with the drill's instants on the same axis."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from brinell.core.drill_judgement import Drill
from brinell.reports import outline_drills
from brinell.reports.load_figures import Figures, drawn, told
from brinell.reports.load_picture import Picture, end_of


def drill_figures(drill: Drill) -> Figures | None:
    """Return a drill's figures; None where nothing ran beside it."""
    found = _picture(drill)
    return None if found is None else drawn(found)._replace(rates=Markup(""))


def drill_data(drill: Drill) -> dict[str, Any]:
    """Return what the script needs of a drill; empty where nothing is drawn."""
    found = _picture(drill)
    return {} if found is None else told(found)


def _picture(drill: Drill) -> Picture | None:
    timeline = drill.timeline
    if timeline is None or not timeline.t_s:
        return None
    until_s = end_of(timeline, float(timeline.t_s[-1]))
    return Picture(
        timeline=timeline,
        curve=None,
        limits=(),
        span_s=until_s,
        until_s=until_s,
        whole={},
        marks=tuple(outline_drills.notes(drill)),
    )
