"""The breaking point in a judgement; see ``core.judgement``."""

from __future__ import annotations

import msgspec

from brinell.core.capacity_search import GONE
from brinell.core.capacity_words import level_words
from brinell.core.vitals_judgement import LimitedBy


class _Part(msgspec.Struct, frozen=True, kw_only=True):
    """Base of what stands in a judgement."""


class CapacityLevel(_Part, frozen=True, kw_only=True):
    """One step of the search: a load of one level. Rates per second; latency in milliseconds from the intended start.
    Of a broadcast, requests and rates are those of deliveries.

    ``verdict`` is held, broken or invalid; ``why`` says what decided it, ``detail`` more of that: what requests failed
    with, that the machine was crowded. ``reason`` is why this level was tried.
    ``at_s`` is when it began, in seconds from the search's start.
    """

    number: int
    level: float
    verdict: str
    why: str
    reason: str
    at_s: float
    took_s: float
    seconds: int
    offered: float | None
    achieved: float
    requests: int
    errors: dict[str, int]
    observed: dict[str, float]
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    max_ms: float | None
    workers: int
    connections: int
    decided: bool
    evidence: str
    detail: str = ""


class CapacityLimit(_Part, frozen=True, kw_only=True):
    """A threshold of a search; ``stated``: somebody asked for it, and it is not one of the usual ones."""

    limit: float
    stated: bool


class Capacity(_Part, frozen=True, kw_only=True):
    """The highest load at which the thresholds hold. ``low`` held and ``high`` broke; the breaking point lies between.

    ``low`` 0: nothing held. ``high`` None: nothing that was believed broke, so that it is at least ``low``.
    ``knee`` is the level with the most throughput for its response time (Kleinrock's power); None where the curve has
    no inner maximum. ``limited_by`` is what was at its limit when it broke; None where nothing shows it, and
    ``limited_by_reason`` says why. ``ended`` is how the search came to its end, ``reason`` the same in words.
    ``from_below`` is the highest level above ``low`` that held as long as nothing had broken just before it; None where
    that makes no difference.
    """

    name: str
    quantity: str
    unit: str
    url: str
    low: float
    high: float | None
    confirmed: bool
    knee: float | None
    limited_by: LimitedBy | None
    limited_by_reason: str
    thresholds: dict[str, CapacityLimit]
    at_least: float | None
    tolerance: float
    ended: str
    reason: str
    steps: tuple[CapacityLevel, ...]
    took_s: float
    from_below: float | None = None

    def level_words(self, level: float) -> str:
        """Return a level with its unit: ``954.2/s``, ``12 connections``."""
        return level_words(level, self.unit)

    @property
    def answer(self) -> str:
        """The answer in words."""
        if self.ended == GONE:
            held = f"held {self.level_words(self.low)}" if self.low > 0 else "held nothing"
            at = f", at {self.level_words(self.steps[-1].level)}" if self.steps else ""
            return f"{held} before the subject was gone{at}"
        if self.low <= 0:
            return "nothing held" if self.high is None else f"not even {self.level_words(self.high)} held"
        if self.high is None:
            return f"holds at least {self.level_words(self.low)}"
        return f"holds {self.level_words(self.low)} and breaks at {self.level_words(self.high)}"

    @property
    def limits(self) -> str:
        """The thresholds in words; ``(default)`` beside those that nobody stated."""
        return ", ".join(
            f"{name} {one.limit:g}{'' if one.stated else ' (default)'}" for name, one in self.thresholds.items()
        )
