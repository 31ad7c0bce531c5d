"""What is asked of a laboratory, and what it answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from brinell.core.touch_records import Resource

BESIDE = "beside"
FAILED = frozenset({"failed", "error"})

Mark = ("mark",)
"""Step: remember the state of the process."""
Changed = ("changed",)
"""Step: say what differs from the last mark."""


def restore(roots: Sequence[str] | None) -> tuple[str, tuple[str, ...] | None]:
    """Step: put these roots back as they were at the last mark; None for everything that can be."""
    return ("restore", None if roots is None else tuple(roots))


def collect(paths: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """Step: collect these files as well, in a job that says what is collected at first."""
    return ("collect", tuple(paths))


def fixture(roots: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """Step: write a pytest fixture that guards what has changed in these roots since the last mark."""
    return ("fixture", tuple(roots))


Step = int | tuple[Any, ...]
"""A test (its index in ``Lab.tests``), or one of the state steps above."""


class Job(msgspec.Struct, frozen=True):
    """Steps taken in one process, in order. ``alone``: nothing else runs beside it, and files it changed in the project
    are put back. ``watch``: name what each test leaves changed. ``hash_seed`` needs an interpreter of its own; so do
    ``env`` (added to the environment) and ``prefix`` (words before the interpreter), by which its process starts under
    ``factors``. ``held``: conditions that are the same in all runs that are compared.
    ``stall_s``: seconds without a word from a test after which it hangs (0: only ``deadline_s`` counts). The factor
    ``beside`` says what runs at the same time; the others are conditions that the process itself changes.
    """

    steps: tuple[Step, ...]
    deadline_s: float = 60.0
    stall_s: float = 0.0
    factors: Mapping[str, Any] = {}
    collect: tuple[str, ...] | None = None  # files below the project's root that are collected, and no others
    watch: bool = False
    alone: bool = False
    hash_seed: int | None = None
    anew: bool = False  # unseeded generators start elsewhere, as in any fresh process: children inherit one state
    env: Mapping[str, str] = {}
    prefix: tuple[str, ...] = ()
    held: Mapping[str, Any] = {}
    beside: Mapping[str, Any] | None = None  # the company it begins with (``brinell_inside/serve``)

    @property
    def tests(self) -> tuple[int, ...]:
        """The tests among the steps."""
        return tuple(step for step in self.steps if isinstance(step, int))

    @property
    def conditions(self) -> dict[str, Any]:
        """The factors that the process is told to change."""
        changed = {} if self.env or self.prefix else self.factors
        return {**self.held, **{name: level for name, level in changed.items() if name != BESIDE}}


class Ran(msgspec.Struct, frozen=True):
    """One test as it ran in a job. ``died``: it never ended (it left the process, or was ended with it)."""

    test: int
    outcome: str
    seconds: float = 0.0
    phase: str = ""
    kind: str = ""  # of the exception
    message: str = ""
    died: bool = False

    @property
    def failed(self) -> bool:
        """Failed or in error, or its process did not survive it."""
        return self.died or self.outcome in FAILED


class Change(msgspec.Struct, frozen=True):
    """Something that a test left changed (``brinell_inside.state``)."""

    name: str
    root: str = ""
    kind: str = ""
    before: str = ""
    after: str = ""
    how: str = ""
    restorable: bool = False
    weak: bool = False


class Result(msgspec.Struct, frozen=True):
    """What a job gave. ``how`` it ended: ``finished``, or ``left`` (the test left the process), ``signal``,
    ``deadline``, ``killed``, ``fork`` (no process could be made), ``lost`` (the server is gone).
    """

    job: Job
    how: str
    status: int | None = None
    seconds: float = 0.0
    ran: tuple[Ran, ...] = ()
    changes: tuple[tuple[int | None, tuple[Change, ...]], ...] = ()
    refused: tuple[str, ...] = ()  # roots that could not be restored
    unsupported: Mapping[str, str] = {}  # factors that this host cannot change
    files: tuple[tuple[str, str], ...] = ()  # in the project: (path, changed | added | removed), put back
    trouble: tuple[str, ...] = ()  # our own errors in the child
    fixture: str = ""  # source of a fixture that was asked for
    collected: tuple[str, ...] = ()  # files and conftests, as pytest came to them (of an ``EarlyLab``)
    uncollected: tuple[tuple[str, str], ...] = ()  # what could not be, and why, where the job says what is collected
    touched: Mapping[int, tuple[Resource, ...]] = {}  # by test: what it shares with other processes

    @property
    def complete(self) -> bool:
        """Whether every step was taken."""
        return self.how == "finished"

    def last(self) -> Ran | None:
        """The last test that ran, None if none did."""
        return self.ran[-1] if self.ran else None

    def failures(self) -> frozenset[int]:
        """Tests that failed at least once."""
        return frozenset(ran.test for ran in self.ran if ran.failed)


class Lab(Protocol):
    """Does jobs. ``tests`` are the node ids in collection order; ``forks`` says whether a job costs milliseconds."""

    tests: tuple[str, ...]
    forks: bool
    why: str  # it does not fork, where it does not

    def run(self, jobs: Iterable[Job]) -> Iterator[Result]:
        """Yield results as they come in, in no particular order; ticks. ``Interrupted`` passes through."""
        ...

    def close(self) -> None:
        """End every process."""
        ...
