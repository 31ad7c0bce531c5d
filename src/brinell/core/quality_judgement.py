"""What a judgement says about a suite's quality: single weaknesses, and how much was read."""

from __future__ import annotations

import msgspec

from brinell.core.verdicts import Severity


class QualityItem(msgspec.Struct, frozen=True, kw_only=True):
    """One weakness of the tests or of their configuration. ``severity`` is P2 (a gap, or time lost) or P3 (the rest).

    ``file`` is relative to the project's root where it is below it. ``tests`` counts those it touches; ``places`` are
    further ``file:line``, at most 20, where the same cause shows in several. ``test`` is None where it is about none;
    ``touched`` names the tests that a deprecation touches, at most 20.
    """

    kind: str
    file: str
    line: int
    severity: Severity
    title: str
    fix: str
    test: str | None = None
    tests: int = 1
    places: tuple[str, ...] = ()
    touched: tuple[str, ...] = ()


class QualitySummary(msgspec.Struct, frozen=True, kw_only=True):
    """How much was read. ``assertions`` are counted by place, in tests and in what they call; ``without`` are tests
    that have none. ``unread`` are files that could not be read, ``left_out`` what was not examined, each with why.
    ``coverage`` is the share of the product's lines that the suite ran, in percent; None where it was not measured.
    """

    files: int
    tests: int
    assertions: int
    per_test: float | None
    median: float | None
    without: int
    seconds: float
    ignored: int
    counts: dict[str, int]
    unread: tuple[str, ...] = ()
    left_out: dict[str, str] = {}
    coverage: float | None = None
    coverage_target: float | None = None
