"""What is written down where only some files of a suite were collected; rules of a record: ``core.observation``."""

from __future__ import annotations

from brinell.core.entry import Entry
from brinell.core.examination import LeftState


class ImportExam(Entry, frozen=True):
    """Some tests ran in one process in which only ``collected`` had been collected, in this order (null: everything).

    Paths are below the project's root. ``outcomes`` as in ``Exam``; a test that was not collected is in error (e).
    ``later`` was collected after these, with a look at what that changes, and ``restored`` of it was put back before
    the last test. ``uncollected`` says what could not be collected, and why. ``fresh``: no fork.
    """

    purpose: str  # screen | again | search | state | proof
    collected: tuple[str, ...] | None
    tests: tuple[int, ...]
    outcomes: str
    how: str = "finished"
    seconds: float = 0.0
    later: tuple[str, ...] = ()
    restored: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    uncollected: dict[str, str] = {}
    messages: dict[str, str] = {}  # as in ``Exam``
    fresh: bool = False


class ImportLeft(Entry, frozen=True):
    """What collecting ``files`` changed in a process that had collected ``beside`` before."""

    files: tuple[str, ...]
    beside: tuple[str, ...]
    changes: tuple[LeftState, ...]
