"""Open model at recorded moments: an access log, or any file with a time in each line, sent again."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import ClassVar, Self

import msgspec
import numpy as np

from brinell.load.shapes import moments
from brinell.load.shapes.profile import HIGHEST_RATE, LONGEST_S, SECOND_NS, Stage

_PACKED = "{stem}.due"
_STRIDE = 4096


class Packed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Due times in a file of 64-bit integers, nanoseconds from the start, ascending: what workers get of a replay."""

    model: ClassVar[str] = "open"

    file: str
    span_s: float
    peak_rate: float

    @property
    def target_rate(self) -> float:
        """Requests a second, on average."""
        return self.planned() / self.span_s

    @property
    def stages(self) -> tuple[Stage, ...]:
        """None."""
        return ()

    def planned(self, until_s: float | None = None) -> int:
        """Requests that are due in the first ``until_s`` seconds."""
        dues = _dues(self.file)
        return len(dues) if until_s is None else int(np.searchsorted(dues, int(until_s * SECOND_NS)))

    def due_ns(self, worker: int, workers: int) -> Iterator[int]:
        """Yield every ``workers``-th moment of the file from the ``worker``-th on."""
        dues = _dues(self.file)
        for begin in range(worker, len(dues), _STRIDE * workers):
            yield from dues[begin : begin + _STRIDE * workers : workers].tolist()

    def prepared(self, folder: Path) -> Self:  # noqa: ARG002 - the role's signature
        """Return itself."""
        return self


class Replay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The moments in ``file``, ``speed`` times as fast as they were recorded, at most ``duration`` seconds of them.

    ``column`` names the field of a CSV or JSON line that holds the time; else one of the usual names is looked for.
    """

    model: ClassVar[str] = "open"

    file: str
    speed: float = 1.0
    column: str | None = None
    duration: float | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be scheduled; the file is looked at when its times are needed."""
        if not 0.001 <= self.speed <= 1000:
            raise ValueError("speed lies between 0.001 and 1000")
        if self.duration is not None and not 0 < self.duration <= LONGEST_S:
            raise ValueError("duration lies above 0 and is at most 30 days")

    @property
    def _facts(self) -> tuple[int, float, float]:
        path = Path(self.file)
        try:
            seen = path.stat()
        except OSError as error:
            raise ValueError(f"file {self.file}: {error.strerror}") from None
        return _facts(self, seen.st_mtime_ns, seen.st_size)

    @property
    def span_s(self) -> float:
        """Seconds from the first moment to just after the last."""
        return self._facts[1]

    @property
    def target_rate(self) -> float:
        """Requests a second, on average."""
        return self._facts[0] / self._facts[1]

    @property
    def peak_rate(self) -> float:
        """Requests in the busiest second."""
        return self._facts[2]

    @property
    def stages(self) -> tuple[Stage, ...]:
        """None."""
        return ()

    def planned(self, until_s: float | None = None) -> int:
        """Requests in the whole of the recording, or up to a moment."""
        if until_s is None:
            return self._facts[0]
        with moments.temporary() as file:
            return self._packed(file).planned(until_s)

    def due_ns(self, worker: int, workers: int) -> Iterator[int]:
        """Yield every ``workers``-th due time from the ``worker``-th on; the file is read first, as a whole."""
        with moments.temporary() as file:
            yield from self._packed(file).due_ns(worker, workers)

    def prepared(self, folder: Path) -> Packed:
        """Read the file once, for all workers: its moments in order, as numbers, in ``folder``."""
        return self._packed(folder / _PACKED.format(stem=f"replay-{abs(hash(self)) % 10**8}"))

    def _packed(self, file: Path) -> Packed:
        _, span_s, peak = moments.pack(
            Path(self.file), file, speed=self.speed, column=self.column, duration_s=self.duration
        )
        if peak > HIGHEST_RATE:
            raise ValueError(f"file {self.file} asks for {peak:.0f} requests in one second; the most is a million")
        return Packed(str(file), span_s, peak)


def _dues(file: str) -> moments.Moments:
    return np.memmap(file, dtype=np.int64, mode="r")


@lru_cache(maxsize=8)
def _facts(replay: Replay, changed_ns: int, size: int) -> tuple[int, float, float]:
    """Count, span and peak; ``changed_ns`` and ``size`` are those of the file, so that a new one is read anew."""
    del changed_ns, size
    with moments.temporary() as file:
        packed = replay._packed(file)  # noqa: SLF001 - its own
        return packed.planned(), packed.span_s, packed.peak_rate
