"""The contract page: every role a part can play. A new kind (trial, check, shape, driver, report) is one file, one
test and one line in its roster under ``brinell.rosters``. If a kind needs a power its role lacks, widen the role.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypedDict, Unpack

from brinell.core.clock import Clock
from brinell.core.evidence import Evidence
from brinell.core.judgement import Judgement, Part
from brinell.core.observation import Envelope, Record
from brinell.core.plan import Plan, Step


class Child(Protocol):
    """A process started under a guard: it ends, with all its descendants, when the tool dies or hangs."""

    @property
    def pid(self) -> int:
        """Process id of the command itself (not of the guard)."""
        ...

    def poll(self) -> int | None:
        """Return the exit status (negative signal number if killed), None while it runs. Never blocks."""
        ...

    def signal(self, number: int) -> None:
        """Send a signal to the command's process; nothing happens if it is gone."""
        ...

    def stop(self, timeout_s: float) -> int | None:
        """Send SIGTERM, wait up to ``timeout_s``, then SIGKILL the whole tree; return the exit status."""
        ...


class StartOptions(TypedDict, total=False):
    """How a command is started. Streams that are not given are the null device; output to a path is appended."""

    cwd: Path | None
    env: Mapping[str, str] | None
    stdin: int | None
    stdout: int | Path | None
    stderr: int | Path | None
    pass_fds: Sequence[int]
    linger_s: float  # what the command leaves behind when it ends by itself is ended so much later


class Service(Protocol):
    """The service under test while it runs."""

    url: str
    pid: int


class Room(Protocol):
    """Where a trial works: everything it may touch outside itself. The one who owns time is the trial's loop, which
    calls ``tick`` at least once a second.
    """

    step: Step
    plan: Plan
    folder: Path  # the run's folder, for logs
    clock: Clock

    def emit(self, record: Record) -> Envelope:
        """Append a record to the journal under this step's source."""
        ...

    def tick(self) -> None:
        """Renew the guards' lease, flush the journal, redraw; raise ``Interrupted`` once a stop was asked for."""
        ...

    def progress(self, done: float, total: float | None, text: str) -> None:
        """Say how far the step is, in any unit; ``total`` None where it cannot be known."""
        ...

    def start(self, argv: Sequence[str], **options: Unpack[StartOptions]) -> Child:
        """Start a command under a guard."""
        ...

    def service(self) -> Service:
        """The running service of the plan; started on first use, stopped by the run. ``SubjectError`` if it won't."""
        ...

    def history(self, *kinds: type[Record], source: str) -> Iterator[Envelope]:
        """Stream what an earlier step of this run wrote (the last attempt at it); of the room's own step, what the
        attempts before this one wrote, which nobody else is told.
        """
        ...


class Trial(Protocol):
    """One kind of examination. Runs a step to its end, writing what it sees; judges nothing."""

    def run(self, room: Room) -> None:
        """Do the step of the room. ``Interrupted`` passes through after cleaning up; ``SubjectError`` is the
        subject's fault and ends the step as failed, the run goes on.
        """
        ...


class TestRunner(Protocol):
    """Runs some of the subject's tests in a process of their own: the power that triage gets from the suite."""

    def run(
        self, room: Room, *, python: str, args: Sequence[str], cwd: Path, timeout_s: float, env: Mapping[str, str]
    ) -> list[Record]:
        """Run ``pytest args`` with the recorder in the interpreter ``python``, in ``cwd``, ``env`` added to the
        environment, and return what it recorded, ``SuiteEnded`` last; nothing is journalled. Ticks; ends the process
        after ``timeout_s`` (``SuiteEnded.timed_out``) and when ``Interrupted`` passes through.
        """
        ...


Check = Callable[[Evidence], Part]
"""Evidence to a part of the judgement. Pure: starts nothing, reads no clock and no file. A crash in it becomes the
finding ``unknown: crashed``."""

Later = Callable[[Evidence, Sequence[Part]], Part]
"""A check of what the others measured: their parts beside the evidence. Pure, like a check; it runs after them."""

Report = Callable[[Judgement], str]
"""A judgement as text. Pure and deterministic: the same judgement gives the same bytes."""

Watcher = Callable[[Envelope], None]
"""Sees every record as it is written: the live display."""

Progress = Callable[[str, float, float | None, str], None]
"""Told how far a step is: step id, done, total (None if it cannot be known), text."""
