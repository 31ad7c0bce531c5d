"""Records of a search for the breaking point; see ``core.observation``. What each second of a step showed stands before
its ``CapacityStep``, in the records of a load scenario.
"""

from __future__ import annotations

from brinell.core.entry import Entry


class CapacityStarted(Entry, frozen=True):
    """A search began. ``limits`` are the thresholds, ``stated`` the names of those that somebody asked for."""

    name: str
    quantity: str  # a word of capacity_search.QUANTITIES
    url: str
    limits: dict[str, float]
    stated: tuple[str, ...]
    start: float
    limit: float
    tolerance: float
    step_s: float
    budget_s: float
    at_least: float | None = None


class CapacityStep(Entry, frozen=True):
    """A step that is over: a load of one level, and whether the thresholds held at it. Of one that was cut off there
    is none.

    Numbers are those of the seconds that were judged: from ``judged_ns`` to ``ended_ns``, the warm-up left out.
    ``offered`` and ``achieved`` are per second, of a broadcast deliveries that were owed and that came; times are
    nanoseconds from the intended start, None where nothing ended. ``observed`` is each threshold's quantity, in its own
    unit. ``decided``: by the intervals, before or at the end, and not by the estimates alone. ``lack``: what the
    generator had too little of, where the step is invalid.
    """

    number: int  # from 1
    level: float
    reason: str  # why this level
    verdict: str  # held | broken | invalid
    why: str
    took_s: float  # everything about it, rest included
    started_ns: int
    judged_ns: int
    ended_ns: int
    seconds: int
    offered: float | None
    achieved: float
    requests: int
    workers: int
    connections: int
    errors: dict[str, int] = {}
    observed: dict[str, float] = {}
    p50_ns: int | None = None
    p95_ns: int | None = None
    p99_ns: int | None = None
    max_ns: int | None = None
    mean_ns: float | None = None
    service_p50_ns: int | None = None
    decided: bool = True
    lack: str = ""  # workers | connections | other
    of: str = ""  # what a rate counts: requests (or empty), messages, publishes, operations, calls, sessions
    outcomes: dict[str, int] = {}  # ``errors`` with their codes: status-429
    generator_cores: float | None = None  # processor time of the load's workers, per second


class CapacityEnded(Entry, frozen=True):
    """The search is over; ``why`` is a key of ``capacity_search.ENDINGS``."""

    why: str
    detail: str = ""
