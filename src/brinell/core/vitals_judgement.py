"""The judgement's part on what limited the subject; ``brinell.core.judgement`` has the rules of its structs."""

from __future__ import annotations

import msgspec


class _Part(msgspec.Struct, frozen=True, kw_only=True):
    """Base of the parts."""


class StackShare(_Part, frozen=True, kw_only=True):
    """Frames ``function (file.py:line)``, outermost first, and the share of the looks that found them."""

    of: str  # loop | thread | task
    frames: tuple[str, ...]
    share: float


class LimitedBy(_Part, frozen=True, kw_only=True):
    """What was at its limit when the subject broke, or fell behind, and not well below it.

    ``kind`` is one of ``core.reasons.KINDS``. ``evidence`` has the numbers, one sentence each; ``also`` what else was
    at its limit, or followed from it.
    """

    kind: str
    title: str  # "event loop blocked in json.dumps, 61 % of samples (process 4711, uvicorn)"
    evidence: tuple[str, ...]
    fix: str
    pid: int | None = None
    process: str | None = None
    at_s: float | None = None  # second of the scenario, at which it was first at its limit
    also: tuple[str, ...] = ()
    stacks: tuple[StackShare, ...] = ()
