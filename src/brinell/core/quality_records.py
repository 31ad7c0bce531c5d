"""Records of the examination of a suite's quality: what stands in the test code and in its configuration.

What it means (how bad, what to do) is the judge's to say: ``brinell.checks.quality``.
"""

from __future__ import annotations

from brinell.core.entry import Entry

KINDS = (
    "asserts-nothing",
    "cannot-fail",
    "empty-loop",
    "not-collected",
    "shadowed",
    "broad-except",
    "sleep",
    "no-reason",
    "xpassed",
    "unknown-option",
    "missing-dependency",
    "deprecation",
    "slow-fixture",
    "coverage-gap",
)
"""Kinds of findings, most telling first. This order is kept in every list of them."""


class Weakness(Entry, frozen=True):
    """One place in the test code or its configuration. ``file`` is relative to the project's root.

    ``variant`` names which of a kind's patterns it is; ``name`` is what it is about (a variable, an option, an import),
    ``detail`` a second fact that the pattern has (the other line, where it belongs), ``seconds`` are those of a sleep.
    """

    weakness: str
    file: str
    line: int
    variant: str = ""
    test: str = ""
    name: str = ""
    detail: str = ""
    seconds: float | None = None


class QualityRead(Entry, frozen=True):
    """How much was read: test files, test functions, assertions in them and in what they call, and in what time.

    ``per_test`` are assertions of single tests, ascending, as (assertions, tests) pairs. ``unread`` names files that
    were not (``path: why``), ``left_out`` what else was not examined and why (kind -> reason).
    """

    files: int
    tests: int
    assertions: int
    per_test: tuple[tuple[int, int], ...] = ()
    seconds: float = 0.0
    unread: tuple[str, ...] = ()
    left_out: dict[str, str] = {}
    ignored: int = 0  # places that a comment or [suite] quality_ignore exempts
    folder: str = "."


class ModuleCoverage(Entry, frozen=True):
    """Lines of one module of the product that the suite ran: ``missing`` are the first lines of what it did not."""

    file: str
    statements: int
    covered: int
    missing: tuple[int, ...] = ()


class CoverageTarget(Entry, frozen=True):
    """The share of lines that was asked for, 0 to 100, and of the modules together (None: not measured, and why)."""

    target: float
    total: float | None = None
    why_not: str = ""
