"""What the examination of single tests writes down; see ``brinell.core.observation`` for the rules of a record."""

from __future__ import annotations

from typing import Any

import msgspec

from brinell.core.entry import Entry


class ExamStarted(Entry, frozen=True):
    """The tests are collected and about to be examined. Other records name them by their index in ``tests``.

    ``forks`` says whether children of one collection are used; ``why_not`` why they are not.
    """

    tests: tuple[str, ...]
    forks: bool
    why_not: str = ""
    slots: int = 1
    budget_s: float = 0.0
    rootdir: str = ""
    interpreter: str = ""
    options: tuple[str, ...] = ()  # pytest options that order and repetition plug-ins need to keep quiet
    python: str = ""
    pytest: str = ""


class Exam(Entry, frozen=True):
    """Some tests ran in one process, in this order.

    ``outcomes`` has one letter for each test that was begun: p passed, f failed, e error, s skipped, x xfailed,
    X xpassed, d died (left the process, crashed, hung). ``how`` as in a laboratory's result. ``factors`` are what was
    changed for all of them; ``restored`` the state that was put back before the last one. ``fresh``: no fork.
    """

    purpose: str
    tests: tuple[int, ...]
    outcomes: str
    how: str = "finished"
    seconds: float = 0.0
    factors: dict[str, Any] = {}
    restored: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    unsupported: dict[str, str] = {}
    messages: dict[str, str] = {}  # index of a failed test -> the first line of what it said, of the first few
    alone: bool = False
    fresh: bool = False


class LeftState(msgspec.Struct, frozen=True, omit_defaults=True):
    """One piece of state that a test left changed. ``root`` is what can be put back; ``weak``: nearly any test does."""

    name: str
    root: str
    kind: str
    before: str = ""
    after: str = ""
    how: str = ""
    restorable: bool = False
    weak: bool = False


class Left(Entry, frozen=True):
    """What a test left changed, in the default order. Test -1: import and collection."""

    test: int
    changes: tuple[LeftState, ...]


class Confirmation(Entry, frozen=True):
    """A command a person can type was run in a fresh process: ``outcomes`` of ``tests`` as in ``Exam``."""

    purpose: str  # alone | sequence | twice | factor
    command: tuple[str, ...]
    tests: tuple[int, ...]
    outcomes: str
    seconds: float = 0.0
    env: dict[str, str] = {}
    message: str = ""


class FixTried(Entry, frozen=True):
    """A fixture that guards the leaked state was run in a fresh process before polluter and victim."""

    test: int
    polluters: tuple[int, ...]
    roots: tuple[str, ...]
    source: str
    worked: bool
    seconds: float = 0.0


class ParallelOnly(Entry, frozen=True):
    """A test gave ``parallel`` on a worker and ``serial`` when it was run again as a serial pytest reaches it.

    ``serially_after`` says after what it was run then: ``all`` tests before it
    in the default order, or those of its ``module``. ``same_history``: outcome after just the tests that had run before
    it on its worker, with nothing beside it ("" if that was not tried): where it equals ``parallel``, order is the
    cause and not what ran beside it. ``beside`` are the tests that ran at the same time on other workers, ``before``
    the last ones on its own.
    """

    test: str
    parallel: str
    serial: str
    serially_after: str
    worker: str = ""
    beside: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    same_history: str = ""
    message: str = ""
    repeat: int = 0
