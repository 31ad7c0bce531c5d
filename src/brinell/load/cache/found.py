"""Reads whose response times are kept by what they found, which their check tells just before they are added."""

from __future__ import annotations

from brinell.core import outcomes
from brinell.core.cache_records import HIT, MISS
from brinell.load.engine.recorder import Recorder
from brinell.load.engine.work import Operation


class Aim:
    """Where the times of an operation go: ``found`` turns them."""

    def __init__(self, operation: Operation, recorder: Recorder) -> None:
        self._operation = operation
        names = {True: operation.name + HIT, False: operation.name + MISS, None: operation.name}
        self._cells = {found: recorder.cell(name, outcomes.OK) for found, name in names.items()}

    def found(self, is_hit: bool | None) -> None:  # noqa: FBT001 - called for every answer
        """Let what is added next be that of a hit, a miss, or of nobody knows which."""
        cell = self._cells[is_hit]
        self._operation.add_response = cell.response.append
        self._operation.add_service = cell.service.append
