"""The quality trial: the suite is read, and where a coverage target was given, run once under coverage."""

from __future__ import annotations

import os
from pathlib import Path

from brinell.core.errors import UsageError
from brinell.core.observation import SeenTest
from brinell.core.plan import QualitySpec
from brinell.core.quality_records import CoverageTarget
from brinell.core.roles import Room
from brinell.subject.interpreter import Interpreter, Probe, choose, probe
from brinell.suite.quality.covering import cover
from brinell.suite.quality.reading import Task, read_suite


class QualityTrial:
    """Reads the suite; runs nothing of it unless coverage is asked for."""

    def run(self, room: Room) -> None:
        """Do the step. ``UsageError`` where there is no directory; without an interpreter, only the code is read."""
        spec = room.step.spec
        if not isinstance(spec, QualitySpec):
            raise TypeError(f"step {room.step.id} reads no suite")
        directory = Path(room.plan.root, spec.directory)
        if not directory.is_dir():
            raise UsageError(f"there is no directory {directory}", "brinell suite DIR, or [suite] directory")
        room.progress(0, None, "reading the tests")
        python, about = _interpreter(room, spec, directory)
        task = Task(
            directory,
            spec.paths,
            str(python.path) if python else None,
            dict(os.environ),
            spec.ignore,
            frozenset(_collected(room, spec)),
            spec.budget_s,
        )
        for record in read_suite(task, room.tick):
            room.emit(record)
        if spec.coverage is None:
            return
        if python is None or about is None:
            room.emit(CoverageTarget(spec.coverage, why_not="there is no interpreter with pytest"))
            return
        for covered in cover(room, spec, python, about, directory):
            room.emit(covered)


def _interpreter(room: Room, spec: QualitySpec, directory: Path) -> tuple[Interpreter | None, Probe | None]:
    try:
        chosen = choose(directory, spec.python or room.plan.python, os.environ, configured=room.plan.python)
        return chosen, probe(chosen, cwd=directory)
    except UsageError:  # the suite step says so; reading needs none
        return None, None


def _collected(room: Room, spec: QualitySpec) -> set[str]:
    """Return the node ids, without parameters, that the suite step of this run is known to have collected."""
    seen = (envelope.data for envelope in room.history(SeenTest, source=spec.suite))
    return {data.id.partition("[")[0] for data in seen if isinstance(data, SeenTest)}
