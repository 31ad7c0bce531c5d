"""Closed model: a fixed number of users, each sending its next request when the last one was answered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import msgspec

from brinell.load.shapes.constant import LONGEST_S


class Closed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every connection is a user without think time, for ``duration`` seconds. There is no schedule to fall behind."""

    model: ClassVar[str] = "closed"

    duration: float

    def __post_init__(self) -> None:
        """Refuse what cannot be run."""
        if not 0 < self.duration <= LONGEST_S:
            raise ValueError("duration lies above 0 and is at most 30 days")

    @property
    def span_s(self) -> float:
        """Seconds of the run."""
        return self.duration

    @property
    def target_rate(self) -> float | None:
        """None: the subject sets the rate."""
        return None

    def due_ns(self, worker: int, workers: int) -> Iterator[int] | None:  # noqa: ARG002 - the role's signature
        """Return None: a request is due when its user is free."""
        return None
