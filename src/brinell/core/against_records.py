"""Runs of two sides of a comparison, old and new; see ``brinell.core.observation`` for the rules of a record."""

from __future__ import annotations

import msgspec

from brinell.core.entry import Entry

OLD = "old"
NEW = "new"


class AgainstStarted(Entry, frozen=True):
    """What is compared: names of the sides as they were asked for. ``state`` is a digest of both sides' code, without
    which measurements of an interrupted step are not taken up again; "" where that can't be told.
    """

    old: str
    new: str
    old_root: str
    new_root: str
    state: str = ""
    interpreter: str = ""
    notes: tuple[str, ...] = ()


class AgainstNames(Entry, frozen=True):
    """Names that ``SideRun`` refers to by number, from ``first`` on."""

    first: int
    names: tuple[PartName, ...]


class PartName(msgspec.Struct, frozen=True, omit_defaults=True, array_like=True):
    """A part of a suite's time. ``kind``: test, fixture, import or phase."""

    kind: str
    name: str
    file: str = ""


class SideRun(Entry, frozen=True):
    """One whole run of one side. ``pair`` -1: a run to warm the caches, which is not compared.

    ``parts`` are rows of a part's number and its microseconds: wall, processor, waiting for one; without one another's:
    of a test what its fixtures did not take. ``tests`` are rows of a test's number, outcome, and microseconds with its
    fixtures (wall, processor). ``problem`` says why the run cannot be compared.
    """

    side: str
    pair: int
    first: bool  # of its pair
    seconds: float
    cpu_s: float | None = None
    starved_s: float | None = None
    parts: tuple[tuple[int, int, int, int], ...] = ()
    tests: tuple[tuple[int, str, int, int], ...] = ()
    problem: str = ""
    strange: tuple[str, ...] = ()  # modules of the project that came from the other side
