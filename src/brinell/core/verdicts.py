"""The words a judgement is made of, and how they combine: three verdicts, worst wins, never averaged."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum, StrEnum


class Verdict(StrEnum):
    """What one finding, or the whole run, says."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    UNKNOWN = "unknown"
    FAIL = "fail"


class Reason(StrEnum):
    """Why a verdict is unknown."""

    INVALID = "invalid"  # our generator or this machine was the limit
    INCONCLUSIVE = "inconclusive"  # too little evidence; the detail says how much more is needed
    NOT_EXERCISED = "not-exercised"  # it never ran
    UNSUPPORTED = "unsupported"  # this host can't do it; the detail says what would enable it
    CRASHED = "crashed"  # the judge itself failed


class Severity(StrEnum):
    """Urgency of a bug; the rule that set it is always named beside it."""

    P0 = "P0"
    P1 = "P1"
    P2 = "P2"
    P3 = "P3"


class Owner(StrEnum):
    """Whose failure it is. An undecided owner counts as product."""

    PRODUCT = "product"
    INFRASTRUCTURE = "infrastructure"
    UNDECIDED = "undecided"


class Exit(IntEnum):
    """Exit codes of the command line."""

    PASS = 0
    FAIL = 1
    USAGE = 2
    UNKNOWN = 3
    INFRASTRUCTURE = 4
    INTERNAL = 70
    INTERRUPTED = 130


_BADNESS = {Verdict.PASS: 0, Verdict.UNKNOWN: 1, Verdict.FAIL: 2}
_PRECEDENCE = (Exit.INTERNAL, Exit.INTERRUPTED, Exit.USAGE, Exit.FAIL, Exit.INFRASTRUCTURE, Exit.UNKNOWN, Exit.PASS)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst verdict; of none at all, ``unknown``: nothing was proved."""
    return max(verdicts, key=_BADNESS.__getitem__, default=Verdict.UNKNOWN)


def first_of(codes: Iterable[Exit]) -> Exit:
    """Return the exit code that takes precedence where several hold; ``PASS`` where none does."""
    held = set(codes)
    return next((code for code in _PRECEDENCE if code in held), Exit.PASS)
