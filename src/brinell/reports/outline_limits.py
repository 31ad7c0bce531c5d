"""Words for what limited the subject, the same in every report."""

from __future__ import annotations

from brinell.core.judgement import Judgement
from brinell.core.redact import one_line
from brinell.core.vitals_judgement import LimitedBy
from brinell.reports.figures import percent

COLUMNS = ("Samples", "Of", "Stack, innermost first")
_OF = {"loop": "event loop", "thread": "threads", "task": "tasks"}
_MOST_FRAMES = 8


def limits(judgement: Judgement) -> list[tuple[str, LimitedBy]]:
    """Return what was limited by what: scenarios, then searches whose stacks were seen; all else of these stands with
    their answer.
    """
    scenarios = (*judgement.load, *judgement.websocket)
    loads = [(one.scenario, one.limited_by) for one in scenarios if one.limited_by is not None]
    searches = [(f"capacity {one.name}", one.limited_by) for one in judgement.capacity if one.limited_by is not None]
    return loads + [(name, limit) for name, limit in searches if limit.stacks]


def facts(limit: LimitedBy) -> list[str]:
    """Return the evidence, what else was at its limit, and what to do; a sentence each."""
    at = [] if limit.at_s is None else [f"from second {limit.at_s:g} on"]
    also = [f"also at its limit: {one_line(other, 300)}" for other in limit.also]
    return [*at, *(one_line(line, 300) for line in limit.evidence), *also, one_line(limit.fix, 400).rstrip(".")]


def rows(limit: LimitedBy) -> list[tuple[str, str, str]]:
    """Return the samples of stacks as a table."""
    return [
        (percent(one.share), _OF.get(one.of, one_line(one.of, 20)), " < ".join(_frames(one.frames)))
        for one in limit.stacks
    ]


def _frames(frames: tuple[str, ...]) -> list[str]:
    shown = [one_line(frame, 160) for frame in reversed(frames)]
    return [*shown[:_MOST_FRAMES], "..."] if len(shown) > _MOST_FRAMES else shown
