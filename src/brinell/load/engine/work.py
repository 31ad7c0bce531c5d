"""What there is to send: operations, and the order in which a scenario's weights mix them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from itertools import repeat

from brinell.load.engine.recorder import Cell, Recorder

_BLOCK = 4096


class Operation:
    """One kind of request. Drivers subclass it with what they need to read its answer."""

    __slots__ = ("cells", "name", "recorder", "request", "size", "weight")

    def __init__(self, name: str, weight: float, request: bytes, recorder: Recorder) -> None:
        self.name = name
        self.weight = weight
        self.request = request
        self.size = len(request)
        self.recorder = recorder
        self.cells: dict[str, Cell] = {}

    def cell(self, outcome: str) -> Cell:
        """Return the recorder's cell of this operation and outcome."""
        found = self.cells.get(outcome)
        if found is None:
            found = self.cells[outcome] = self.recorder.cell(self.name, outcome)
        return found


def chooser(operations: Sequence[Operation], seed: int, worker: int) -> Callable[[], Operation]:
    """Return a function that draws the next operation: independent draws by weight, the same for the same seed.

    Drawn ahead in blocks; a single operation costs nothing.
    """
    if len(operations) == 1:
        return repeat(operations[0]).__next__
    return _draws(operations, random.Random(f"{seed}:{worker}")).__next__  # noqa: S311 - a mix of requests, no secret


def _draws(operations: Sequence[Operation], source: random.Random) -> Iterator[Operation]:
    weights = [operation.weight for operation in operations]
    while True:
        yield from source.choices(operations, weights, k=_BLOCK)
