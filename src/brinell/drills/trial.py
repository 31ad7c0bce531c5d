"""The drill trial: reads the options, does the drill. Judges nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from brinell.core.errors import UsageError, nearest
from brinell.core.plan import DrillSpec, Plan
from brinell.core.roles import Room
from brinell.drills.contract import Drill
from brinell.drills.scene import Scene
from brinell.load.trial import LoadTrial
from brinell.subject.targets import check_target

SOMEWHERE = "http://127.0.0.1"
"""Stands for a service whose address is not known yet."""


class DrillTrial:
    """``[[drill]]``: one drill of the roster, with load beside it where it wants some."""

    def __init__(self, drills: Mapping[str, type[Drill]], load: LoadTrial) -> None:
        self._drills = drills
        self._load = load

    def run(self, room: Room) -> None:
        """Do the step's drill to its end, or until ``Interrupted``, which passes through after the last record."""
        spec = room.step.spec
        if not isinstance(spec, DrillSpec):
            raise TypeError(f"{room.step.id} is no drill")
        _chosen(spec, self._drills).run(Scene(room, spec, self._load))


def look_ahead(spec: DrillSpec, plan: Plan, drills: Mapping[str, type[Drill]]) -> None:
    """Find what only shows at run time otherwise: the target, the environment, what cannot be sent. UsageError."""
    target = check_target(spec.load.url or SOMEWHERE, plan.allow_targets)
    _chosen(spec, drills).look(spec.load, target, Path(plan.root), plan.allow_targets)


def _chosen(spec: DrillSpec, drills: Mapping[str, type[Drill]]) -> Drill:
    if spec.drill not in drills:
        close = nearest(spec.drill, list(drills))
        raise UsageError(
            f"[[drill]] {spec.name}: there is no drill '{spec.drill}'; there are {', '.join(drills)}",
            hint=f"did you mean {close}?" if close else None,
        )
    try:
        return msgspec.convert(spec.options, drills[spec.drill])
    except (msgspec.ValidationError, ValueError) as error:
        raise UsageError(f"[[drill]] {spec.name}: {error}") from None
