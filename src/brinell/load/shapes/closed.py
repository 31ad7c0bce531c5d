"""Closed model: a fixed number of users, each sending its next request when the last one was answered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Self

import msgspec

from brinell.load.shapes.profile import HIGHEST_RATE, LONGEST_S, Stage

LONGEST_THINK_S = 3600.0


class Closed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every connection is a user, for ``duration`` seconds. There is no schedule to fall behind.

    ``think_s`` is how long a user waits after an answer: a number, or two between which it is drawn evenly.
    ``user_rate`` is how many requests a second a user begins at most.
    """

    model: ClassVar[str] = "closed"

    duration: float
    think_s: float | tuple[float, float] = 0.0
    user_rate: float | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be run."""
        if not 0 < self.duration <= LONGEST_S:
            raise ValueError("duration lies above 0 and is at most 30 days")
        least, most = self.think
        if not 0 <= least <= most <= LONGEST_THINK_S:
            raise ValueError("think_s is a time of at most 1 h, or a shorter and a longer one")
        if self.user_rate is not None and not 0 < self.user_rate <= HIGHEST_RATE:
            raise ValueError(f"user_rate lies above 0 and is at most {HIGHEST_RATE:.0f} a second")

    @property
    def think(self) -> tuple[float, float]:
        """Between how many seconds a user's think time is drawn."""
        return self.think_s if isinstance(self.think_s, tuple) else (self.think_s, self.think_s)

    @property
    def span_s(self) -> float:
        """Seconds of the run."""
        return self.duration

    @property
    def target_rate(self) -> float | None:
        """None: the subject sets the rate."""
        return None

    @property
    def peak_rate(self) -> float | None:
        """None, likewise."""
        return None

    @property
    def stages(self) -> tuple[Stage, ...]:
        """None."""
        return ()

    def planned(self, until_s: float | None = None) -> int | None:  # noqa: ARG002 - the role's signature
        """None: nothing falls due."""
        return None

    def due_ns(self, worker: int, workers: int) -> Iterator[int] | None:  # noqa: ARG002 - the role's signature
        """Return None: a request is due when its user is free."""
        return None

    def prepared(self, folder: Path) -> Self:  # noqa: ARG002 - the role's signature
        """Return itself."""
        return self
