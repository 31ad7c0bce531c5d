"""What there is to send: operations, and the order in which a scenario's weights mix them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from itertools import repeat

from brinell.core.outcomes import OK
from brinell.load.engine.recorder import Cell, Recorder

_BLOCK = 4096


class Operation:
    """One kind of request. Drivers subclass it with what they need to read its answer.

    ``seen`` is the answer the hot path knows, ``seen_outcome`` its outcome; ``add_both``, ``add_response`` and
    ``add_service`` append to the buffers of that outcome.
    """

    __slots__ = (
        "_cells", "_recorder", "add_both", "add_response", "add_service", "name", "request", "seen", "seen_outcome",
        "size", "weight",
    )  # fmt: skip

    def __init__(self, name: str, weight: float, request: bytes, recorder: Recorder) -> None:
        self.name = name
        self.weight = weight
        self.request = request
        self.size = len(request)
        self._recorder = recorder
        self._cells: dict[str, Cell] = {}
        self.seen: bytes | None = None
        self.seen_outcome = OK
        self._bind(OK)

    def cell(self, outcome: str) -> Cell:
        """Return the recorder's cell of this operation and outcome."""
        found = self._cells.get(outcome)
        if found is None:
            found = self._cells[outcome] = self._recorder.cell(self.name, outcome)
        return found

    def see(self, answer: bytes, outcome: str) -> None:
        """Let the hot path know this answer from now on."""
        self.cell(self.seen_outcome).settle()
        cell = self.cell(outcome)
        cell.settle()
        cell.repeat_bytes = len(answer)
        self.seen, self.seen_outcome = answer, outcome
        self._bind(outcome)

    def move_bytes(self, before: str, after: str, count: int) -> None:
        """Let bytes that were counted for one outcome count for another."""
        of = self.cell(before)
        moved = min(count, of.bytes_in)
        of.bytes_in -= moved
        self.cell(after).bytes_in += moved

    def _bind(self, outcome: str) -> None:
        cell = self.cell(outcome)
        self.add_both: Callable[[int], None] = cell.both.append
        self.add_response: Callable[[int], None] = cell.response.append
        self.add_service: Callable[[int], None] = cell.service.append


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
