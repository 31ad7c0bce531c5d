"""Latencies of one worker: raw in small buffers, binned every few milliseconds, handed over once a second.

Appending to a typed array is the cheapest thing Python can do with a number; computing a bucket per request is not.
So durations wait in buffers, and numpy bins a few thousand of them at once. Memory stays fixed: a buffer is emptied
at every tick of the engine, and what remains are counts per bucket.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from brinell.core import outcomes
from brinell.core.error_records import ErrorTexts
from brinell.core.histogram import HIGHEST_NS, SIZE, Sparse
from brinell.core.load_records import Exemplar, LoadSlice
from brinell.core.traffic_records import AnswersJudged
from brinell.load.engine.exemplars import Exemplars

Counts = npt.NDArray[np.int64]
EMPTY: Sparse = ((), ())
_HALF_BITS = 10
_SHIFT = 52 - _HALF_BITS  # a double's mantissa has 52 bits
_OFFSET = (1023 + _HALF_BITS - 1) << _HALF_BITS  # its exponent counts from 1023
MANY = 512  # durations that are worth being binned before the second is over
FEW = 256  # durations of a second that are counted without an array of all buckets


def indices_of(durations_ns: Counts) -> Counts:
    """Return ``histogram.index_of`` of every duration at once.

    A histogram with 1024 buckets an octave is the top of a double: its exponent, then ten bits of its mantissa. The
    conversion is exact: the highest value needs 42 bits, a double holds 53.
    """
    values = np.minimum(durations_ns, HIGHEST_NS)
    found: Counts = (values.astype(np.float64).view(np.int64) >> _SHIFT) - _OFFSET
    linear = values < 1 << _HALF_BITS
    if linear.any():  # below 1024 ns a bucket is one nanosecond
        found[linear] = np.maximum(values[linear], 0)
    return found


class Bins:
    """One histogram of the running second; ``take`` empties it.

    The array of all buckets takes 264 kB, so it is there only in seconds with more than ``FEW`` durations: a server
    that gives every answer another status makes a cell for each.
    """

    __slots__ = ("_counts", "_few", "_highest", "_number", "buffer")

    def __init__(self) -> None:
        self.buffer = array("q")
        self._counts: Counts | None = None
        self._few: list[int] = []  # bucket by bucket, as they came
        self._number = 0
        self._highest = 0

    def absorb(self, least: int = 1) -> None:
        """Bin what waits in the buffer, if at least so many do."""
        if len(self.buffer) >= least:
            self.add(np.array(self.buffer, dtype=np.int64))
            del self.buffer[:]

    def add(self, durations_ns: Counts) -> None:
        """Bin these durations."""
        indices = indices_of(durations_ns)
        self._number += len(indices)
        self._highest = max(self._highest, int(durations_ns.max()))
        if self._counts is None:
            if self._number <= FEW:
                self._few += indices.tolist()
                return
            self._counts = np.zeros(SIZE, dtype=np.int64)
            indices = np.concatenate((np.array(self._few, dtype=np.int64), indices))
            self._few = []
        found = np.bincount(indices)
        self._counts[: len(found)] += found

    @property
    def count(self) -> int:
        """How many were binned since the last ``take``."""
        return self._number

    def take(self) -> tuple[Sparse, int]:
        """Return the non-empty buckets and the exact maximum, and start anew."""
        self.absorb()
        if not self._number:
            return EMPTY, 0
        if self._counts is None:
            buckets = sorted(Counter(self._few).items())
            taken: Sparse = tuple(bucket for bucket, _ in buckets), tuple(count for _, count in buckets)
        else:
            filled = np.flatnonzero(self._counts)
            taken = tuple(filled.tolist()), tuple(self._counts[filled].tolist())
            self._counts[filled] = 0
            if self._number <= FEW:
                self._counts = None
        highest, self._highest, self._number, self._few = self._highest, 0, 0, []
        return taken, highest


class Cell:
    """One operation with one outcome in the running second.

    The hot path appends durations straight to the buffers: to ``both`` where response and service time are one number
    (closed model), else to ``response`` and ``service``. It counts nothing: its answers are all the same, so their
    bytes are ``repeat_bytes`` times their number, which ``settle`` works out.
    """

    __slots__ = (
        "_response", "_service", "_settled", "both", "bytes_in", "operation", "outcome", "repeat_bytes", "response",
        "service",
    )  # fmt: skip

    def __init__(self, operation: str, outcome: str) -> None:
        self.operation = operation
        self.outcome = outcome
        self._response = Bins()
        self._service = Bins()
        self.response = self._response.buffer
        self.service = self._service.buffer
        self.both = array("q")
        self.bytes_in = 0
        self.repeat_bytes = 0
        self._settled = 0

    def record(self, response_ns: int, service_ns: int | None) -> None:
        """Record one request whose bytes are counted elsewhere; ``service_ns`` None: it was never sent."""
        self.response.append(response_ns)
        if service_ns is not None:
            self.service.append(service_ns)
        self._settled += 1

    def settle(self) -> None:
        """Count the bytes of what the hot path recorded since the last time."""
        count = len(self.response) + len(self.both)
        self.bytes_in += (count - self._settled) * self.repeat_bytes
        self._settled = count

    def absorb(self, least: int = 0) -> None:
        """Bin what waits in the buffers, if at least so many do."""
        if len(self.response) + len(self.both) < least:
            return
        self.settle()
        self._settled = 0
        self._response.absorb()
        self._service.absorb()
        if self.both:
            durations = np.array(self.both, dtype=np.int64)
            del self.both[:]
            self._response.add(durations)
            self._service.add(durations)

    def counts(self) -> tuple[int, int]:
        """Return how many requests ended in this second so far, and how many of them had been sent."""
        self.absorb()
        return self._response.count, self._service.count

    def take(self, worker: int, second: int) -> LoadSlice | None:
        """Return the second's slice and start the next; None if nothing ended in it."""
        self.absorb()
        response, max_response = self._response.take()
        service, max_service = self._service.take()
        count = sum(response[1])
        if not count:
            return None  # bytes of an answer that goes on are the second's in which it ends
        bytes_in, self.bytes_in = self.bytes_in, 0
        return LoadSlice(
            worker, second, self.operation, self.outcome, count, response, service, max_response, max_service, bytes_in
        )


class Recorder:
    """All cells of a worker, and its exemplars."""

    def __init__(self, worker: int) -> None:
        self.exemplars = Exemplars()
        self.completed = 0  # complete answers, up to the last second taken
        self.ended = 0  # requests with an outcome, likewise
        self._sent = 0  # those of them that were sent
        self.worker = worker
        self._cells: dict[tuple[str, str], Cell] = {}
        self._others: list[Callable[[int], Sequence[AnswersJudged]]] = []

    def also(self, source: Callable[[int], Sequence[AnswersJudged]]) -> None:
        """Ask ``source`` for more records at the end of each second."""
        self._others.append(source)

    def cell(self, operation: str, outcome: str) -> Cell:
        """Return the cell of that operation and outcome; new ones are empty."""
        key = (operation, outcome)
        found = self._cells.get(key)
        if found is None:
            found = self._cells[key] = Cell(operation, outcome)
        return found

    def relieve(self) -> None:
        """Bin what waits in buffers that are long. To bin a few costs as much as to bin hundreds."""
        for cell in self._cells.values():
            cell.absorb(MANY)

    def so_far(self) -> tuple[int, int]:
        """Return the complete answers until now, and how many requests with an outcome had been sent."""
        completed, sent = self.completed, self._sent
        for cell in self._cells.values():
            ended_here, sent_here = cell.counts()
            completed += ended_here if outcomes.completed(cell.outcome) else 0
            sent += sent_here
        return completed, sent

    def take(self, second: int, *, last: bool = False) -> list[LoadSlice | Exemplar | AnswersJudged | ErrorTexts]:
        """Return the second's slices and new exemplars, and start the next second; with the last one, what was said."""
        slices = [found for cell in self._cells.values() if (found := cell.take(self.worker, second))]
        self.ended += sum(one.count for one in slices)
        self._sent += sum(sum(one.service[1]) for one in slices)
        self.completed += sum(one.count for one in slices if outcomes.completed(one.outcome))
        others = [record for source in self._others for record in source(second)]
        texts = self.exemplars.texts() if last else ()
        return [*slices, *others, *self.exemplars.take(), *([ErrorTexts(self.worker, texts)] if texts else [])]
