"""The judgement's part on drills; ``brinell.core.judgement`` has the rules of its structs."""

from __future__ import annotations

from typing import Any

import msgspec

from brinell.core.load_judgement import Timeline
from brinell.core.verdicts import Reason, Verdict


class _Part(msgspec.Struct, frozen=True, kw_only=True):
    """Base of the parts."""


class DrillRule(_Part, frozen=True, kw_only=True):
    """One thing that had to hold, and what was seen of it. An advisory one never decides."""

    rule: str
    verdict: Verdict
    says: str
    reason: Reason | None = None
    required: bool = True


class DrillInstant(_Part, frozen=True, kw_only=True):
    """What happened when, in seconds from the first request (or the drill's own start, where nothing ran beside)."""

    at_s: float
    what: str
    detail: str = ""


class ReturnCourse(_Part, frozen=True, kw_only=True):
    """How a crowd came back, in seconds from when it was cut: connections that were in at once for the first time, and
    attempts that had been begun, both counted up.
    """

    back: tuple[tuple[float, int], ...]
    attempts: tuple[tuple[float, int], ...]
    wanted: int


class Drill(_Part, frozen=True, kw_only=True):
    """One drill. ``measured`` holds numbers by name, with their unit; what is None was not measured, and
    ``not_measured`` of the judgement says why. ``timeline`` is of the requests beside it, on the clock of ``instants``.
    """

    drill: str
    name: str
    measured: dict[str, Any]
    verdict: Verdict
    reason: Reason | None = None
    title: str = ""
    rules: tuple[DrillRule, ...] = ()
    instants: tuple[DrillInstant, ...] = ()
    examples: tuple[str, ...] = ()  # redacted
    url: str = ""
    timeline: Timeline | None = None
    returned: ReturnCourse | None = None  # of a storm
