"""Counting what gets found, in the order in which they ended."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from brinell.core.cache_records import CacheSecond
from brinell.core.hit_rate import BATCH

_HITS_AT, _GETS_AT, _LOADS_AT = 24, 32, 40
_BYTE = 0xFF
_MOST_BATCHES = 1000  # of one second: where there are more, two and two are put together


class Gets:
    """One worker's. ``found`` takes one get, ``add`` operations by their codes (``brinell_inside.cache``)."""

    def __init__(self) -> None:
        self._gets = self._hits = self._loads = 0
        self._found: npt.NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self._single: list[bool] = []
        self._batches: list[int] = []

    def found(self, is_hit: bool) -> None:  # noqa: FBT001 - called for every answer
        """Count a get."""
        self._single.append(is_hit)

    def loaded(self) -> None:
        """Count a load after a miss."""
        self._loads += 1

    def add(self, codes: npt.NDArray[np.int64]) -> None:
        """Count operations by their codes: of one with several gets the hits come first."""
        gets, hits = codes >> _GETS_AT & _BYTE, codes >> _HITS_AT & _BYTE
        self._loads += int((codes >> _LOADS_AT & _BYTE).sum())
        parts = np.stack([hits, gets - hits], axis=1).ravel()
        self._fold(np.repeat(np.tile(np.array([1, 0], dtype=np.int64), len(codes)), parts))

    def take(self, worker: int, second: int) -> CacheSecond | None:
        """Return the second's counts and start the next; None where nothing was asked for."""
        if self._single:
            self._fold(np.array(self._single, dtype=np.int64))
            self._single = []
        if not self._gets:
            return None
        batches, width = self._batches, BATCH
        while len(batches) > _MOST_BATCHES:
            whole = len(batches) // 2 * 2
            batches = np.array(batches[:whole], dtype=np.int64).reshape(-1, 2).sum(axis=1).tolist()
            width *= 2
        taken = CacheSecond(worker, second, self._gets, self._hits, tuple(batches), self._loads, width)
        self._gets = self._hits = self._loads = 0
        self._batches = []
        return taken

    def _fold(self, found: npt.NDArray[np.int64]) -> None:
        self._gets += len(found)
        self._hits += int(found.sum())
        found = np.concatenate((self._found, found))
        whole = len(found) // BATCH * BATCH
        self._batches += found[:whole].reshape(-1, BATCH).sum(axis=1).tolist()
        self._found = found[whole:]
