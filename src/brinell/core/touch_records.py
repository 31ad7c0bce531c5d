"""What tests share with other processes, and what came of running some beside others."""

from __future__ import annotations

import msgspec

from brinell.core.entry import Entry

WRITES = frozenset({"write", "lock", "bind"})
"""Ways of touching that another process can be hurt by."""


class Resource(msgspec.Struct, frozen=True, order=True):
    """Something outside a process, and how a test used it.

    ``kind``: file, directory (its list of names), address, database (a SQLite file), environment, cwd. ``name`` of a
    path: from the project's root, ``$TMPDIR/...``, ``~/...``, else whole. ``how``: read, write, lock, make (a folder),
    bind, connect.
    """

    kind: str
    name: str
    how: str

    @property
    def writes(self) -> bool:
        """Whether another user of it may be hurt."""
        return self.how in WRITES


class Touched(Entry, frozen=True):
    """What a test touched that another test of the suite touched too, one of them not only to read it."""

    test: int
    resources: tuple[Resource, ...]


class Clash(Entry, frozen=True):
    """A test that failed beside itself, and what both copies had touched. ``proved``: each with its own, they pass."""

    test: int
    resources: tuple[Resource, ...]
    proved: bool = False


class BesideEachOther(Entry, frozen=True):
    """Two tests ran at the same time, some times, and alone: failures and runs of both together."""

    tests: tuple[int, int]
    together: tuple[int, int]
    alone: tuple[int, int]
