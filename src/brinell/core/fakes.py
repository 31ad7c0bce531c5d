"""A room in memory for tests of trials: records land in a list, commands are real processes, a stop comes when told."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Unpack

import msgspec

from brinell.core.clock import Clock, SystemClock
from brinell.core.errors import Interrupted, UsageError
from brinell.core.observation import VERSION, Envelope, Record
from brinell.core.plan import Plan, Spec, Step
from brinell.core.roles import Service, StartOptions


class FakeChild:
    """A ``Child`` without a guard: the leader of a session of its own, whose group ``stop`` ends."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        """Process id of the command."""
        return self._process.pid

    def poll(self) -> int | None:
        """Return the exit status, negative for a signal; None while it runs."""
        return self._process.poll()

    def signal(self, number: int) -> None:
        """Send a signal to the command's process."""
        self._process.send_signal(number)

    def stop(self, timeout_s: float) -> int | None:
        """SIGTERM, then SIGKILL to the whole group."""
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout_s)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        return self._process.wait()


class FakeRoom:
    """A ``Room`` for one step. What it keeps is public: ``records``, ``said`` (progress), ``ticks``, ``children``.

    ``tick`` raises ``Interrupted`` once: at the tick ``interrupt_at``, or the first at which ``interrupt_when`` holds.
    ``earlier`` is what ``history`` gives, by source.
    Every record makes the trip through JSON that the journal would send it on.
    """

    def __init__(
        self,
        spec: Spec,
        folder: Path,
        *,
        root: Path | None = None,
        plan: Plan | None = None,
        trial: str | None = None,
        clock: Clock | None = None,
        interrupt_at: int | None = None,
        interrupt_when: Callable[[FakeRoom], bool] | None = None,
        earlier: Mapping[str, Sequence[Record]] | None = None,
        service: Service | None = None,
    ) -> None:
        kind = trial or type(spec).__name__.removesuffix("Spec").lower()
        self.step = plan.steps[0] if plan else Step(id=kind, trial=kind, spec=spec)
        self.plan = plan or Plan(name="fake", root=str(root or folder), steps=(self.step,))
        self.folder = folder
        self.clock: Clock = clock or SystemClock()
        self.interrupted = False
        self.records: list[Record] = []
        self.said: list[tuple[float, float | None, str]] = []
        self.ticks = 0
        self.children: list[FakeChild] = []
        self._stops = interrupt_when or (lambda room: room.ticks == interrupt_at)
        self._earlier = earlier or {}
        self._service = service

    def emit(self, record: Record) -> Envelope:
        """Keep the record; ValueError if JSON would change it."""
        envelope = Envelope(VERSION, len(self.records), self.step.id, 0, self.clock.now_ns(), record)
        if msgspec.json.decode(msgspec.json.encode(envelope), type=Envelope) != envelope:
            raise ValueError(f"the journal would not give this record back: {record!r}")
        self.records.append(record)
        return envelope

    def tick(self) -> None:
        """Count; raise ``Interrupted`` where it was asked for."""
        self.ticks += 1
        if not self.interrupted and self._stops(self):
            self.interrupted = True
            raise Interrupted("stopped on request")

    def progress(self, done: float, total: float | None, text: str) -> None:
        """Keep what was said."""
        self.said.append((done, total, text))

    def start(self, argv: Sequence[str], **options: Unpack[StartOptions]) -> FakeChild:
        """Start a real process."""
        with contextlib.ExitStack() as opened:
            process = subprocess.Popen(
                list(argv),
                cwd=options.get("cwd"),
                env=options.get("env"),
                stdin=_stream(options.get("stdin"), opened),
                stdout=_stream(options.get("stdout"), opened),
                stderr=_stream(options.get("stderr"), opened),
                pass_fds=options.get("pass_fds", ()),
                start_new_session=True,
            )
        child = FakeChild(process)
        self.children.append(child)
        return child

    def service(self) -> Service:
        """Return the service the test gave."""
        if self._service is None:
            raise UsageError("this step needs a service and the plan has none")
        return self._service

    def history(self, *kinds: type[Record], source: str) -> Iterator[Envelope]:
        """Stream what the test gave as that source's records."""
        for seq, record in enumerate(self._earlier.get(source, ())):
            if not kinds or isinstance(record, kinds):
                yield Envelope(VERSION, seq, source, 0, seq, record)

    def close(self) -> None:
        """End what was started and still runs."""
        for child in self.children:
            if child.poll() is None:
                child.stop(0.0)


def _stream(where: int | Path | None, opened: contextlib.ExitStack) -> int:
    if where is None:
        return subprocess.DEVNULL
    return opened.enter_context(where.open("ab")).fileno() if isinstance(where, Path) else where
