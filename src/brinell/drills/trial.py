"""The drill trial: reads the options, does the drill. Judges nothing."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from brinell.core.errors import UsageError, nearest
from brinell.core.plan import DrillSpec
from brinell.core.roles import Room
from brinell.drills.contract import Drill
from brinell.drills.scene import Scene
from brinell.load.trial import LoadTrial


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
        if spec.drill not in self._drills:
            close = nearest(spec.drill, list(self._drills))
            raise UsageError(
                f"[[drill]] {spec.name}: there is no drill '{spec.drill}'; there are {', '.join(self._drills)}",
                hint=f"did you mean {close}?" if close else None,
            )
        try:
            drill = msgspec.convert(spec.options, self._drills[spec.drill])
        except (msgspec.ValidationError, ValueError) as error:
            raise UsageError(f"[[drill]] {spec.name}: {error}") from None
        drill.run(Scene(room, spec, self._load))
