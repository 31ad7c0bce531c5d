"""What one session knows: its row of every data file, what it extracted, and its own chance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from brinell.load.scenario.draws import Draws


class Scope:
    """``values`` by variable; a data file's is its row, a table. ``sequence``: numbers that only this worker gives."""

    __slots__ = ("draws", "sequence", "values")

    def __init__(self, draws: Draws, sequence: Iterator[int], values: dict[str, Any]) -> None:
        self.draws = draws
        self.sequence = sequence
        self.values = values
