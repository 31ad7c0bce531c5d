"""Plan to journal: the one page where steps, the service and time meet. The only writer of the journal."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Unpack

import msgspec

from brinell.core.clock import Clock, SystemClock
from brinell.core.errors import BrinellError, Interrupted, SubjectError, UsageError
from brinell.core.observation import (
    RUN,
    BaselineRead,
    Envelope,
    Record,
    RunEnded,
    RunStarted,
    ServiceEnded,
    ServiceStarted,
    StepFinished,
    StepStarted,
)
from brinell.core.plan import Plan, Step
from brinell.core.redact import redact
from brinell.core.roles import Progress, Service, StartOptions, Trial, Watcher
from brinell.core.verdicts import Exit
from brinell.journal import baseline
from brinell.journal.fingerprint import fingerprint
from brinell.journal.reader import PLAN_FILE, read
from brinell.journal.store import Journal
from brinell.rosters.trials import TRIALS
from brinell.subject import capped_log, guard
from brinell.subject.interpreter import choose
from brinell.subject.service import RunningService, start_service

SERVICE = "service"
_BEAT_NS = 500_000_000
_PRESSED_OUT = 3


def execute(
    plan: Plan,
    folder: Path,
    *,
    argv: Sequence[str] = (),
    watch: Watcher = lambda _: None,
    show: Progress = lambda *_: None,
    redraw: Callable[[], None] = lambda: None,
    clock: Clock | None = None,
    resume: bool = False,
    trials: Mapping[str, Trial] = TRIALS,
) -> str:
    """Do the plan's steps in order and return how it ended: ``complete`` or ``interrupted``.

    Finished steps of a resumed run are not done again. ``SubjectError`` fails its step and the run goes on; any other
    error ends the run, is journalled, and passes on. ``redraw`` is called at every tick: what is shown must not stand
    still because a trial has nothing new to say.
    """
    clock = clock or SystemClock()
    done = read(folder).finished if resume else {}
    if not resume:
        _write(plan, folder / PLAN_FILE)
    opener = Journal.resume if resume else Journal.create
    with opener(folder, clock) as journal, _stop_requests() as stop:
        run = _Run(plan, folder, journal, clock=clock, stop=stop, watch=watch, show=show, redraw=redraw)
        end = RunEnded("failed")
        try:
            run.open(argv)
            for step in plan.steps:
                if done.get(step.id) != "done":
                    run.do(step, trials[step.trial])
            end = RunEnded("complete")
        except (Interrupted, KeyboardInterrupt):
            end = RunEnded("interrupted", run.stood_still)
        except BaseException as error:
            code = error.exit_code if isinstance(error, BrinellError) else Exit.INTERNAL
            end = RunEnded("failed", redact(f"{type(error).__name__}: {error}"), code)
            raise
        finally:
            run.close(end)
    return end.state


def _write(plan: Plan, path: Path) -> None:
    try:
        path.write_bytes(msgspec.json.format(msgspec.json.encode(plan), indent=2))
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}", hint="give a writable folder with --out") from None


class _Run:
    """What the steps of a run share: the journal, the service, the guards, the wish to stop."""

    def __init__(
        self,
        plan: Plan,
        folder: Path,
        journal: Journal,
        *,
        clock: Clock,
        stop: _StopRequests,
        watch: Watcher,
        show: Progress,
        redraw: Callable[[], None],
    ) -> None:
        self.plan = plan
        self.folder = folder
        self.clock = clock
        self.show = show
        self.stood_still = ""  # how this process lost the lease on what it had started, once it has
        self._journal = journal
        self._stop = stop
        self._watch = watch
        self._redraw = redraw
        self._children: list[guard.GuardedChild] = []
        self._service: RunningService | None = None
        self._logs: set[Path] = set()
        self._beaten_ns = clock.now_ns()
        self._longest_gap_ns = 0

    def open(self, argv: Sequence[str]) -> None:
        root = Path(self.plan.root)
        self.emit(
            RUN,
            RunStarted(
                self.plan.digest, fingerprint(root), tuple(redact(arg) for arg in argv), self.folder.resolve().name
            ),
        )
        blessed = baseline.load(root)
        if blessed is not None:
            self.emit(RUN, BaselineRead(str(baseline.path_of(root).relative_to(root)), blessed))

    def do(self, step: Step, trial: Trial) -> None:
        """Do one step; whatever it started and left behind is ended with it."""
        self.emit(step.id, StepStarted(step.id))
        before = len(self._children)
        state, detail = "failed", ""
        try:
            trial.run(_Room(self, step))
            self._refuse_standstill()
            state = "done"
        except (Interrupted, KeyboardInterrupt):
            state, detail = "interrupted", self.stood_still
            raise
        except Exception as error:
            if self._has_stood_still():  # so whatever broke, it was neither the subject nor the trial
                state, detail = "interrupted", self.stood_still
                raise Interrupted(self.stood_still) from error
            if not isinstance(error, SubjectError):
                detail = redact(f"{type(error).__name__}: {error}")
                raise
            detail = redact("\n".join(filter(None, (str(error), error.hint))))
        finally:
            kept = self._service.child if self._service else None
            for child in self._children[before:]:
                if child is not kept and child.poll() is None:
                    child.stop(1.0)
            self._children = [child for child in self._children if child is kept or child.poll() is None]
            self._cap_logs()
            self.emit(step.id, StepFinished(step.id, state, detail))
            self._journal.flush()

    def close(self, end: RunEnded) -> None:
        """Stop the service, end what is left, and write the last record."""
        try:
            self._end_service(asked=True)
        finally:
            for child in self._children:
                child.stop(1.0)
            self._cap_logs()
            with contextlib.suppress(BrinellError):  # the disk may be what ended the run
                self.emit(RUN, end)

    def emit(self, source: str, record: Record) -> Envelope:
        envelope = self._journal.emit(source, record)
        self._watch(envelope)
        return envelope

    def tick(self) -> None:
        self._redraw()
        now = self.clock.now_ns()
        if now - self._beaten_ns >= _BEAT_NS:
            self._longest_gap_ns = max(self._longest_gap_ns, now - self._beaten_ns)
            self._beaten_ns = now
            for child in self._children:
                child.beat()
            self._journal.flush()
            self._cap_logs()
            if self._service is not None and self._service.child.poll() is not None:
                self._end_service(asked=False)
            self._refuse_standstill()
        self._stop.raise_once()

    def _refuse_standstill(self) -> None:
        """Raise ``Interrupted``, once, if guards ended what was started because this process did not run."""
        if not self.stood_still and self._has_stood_still():
            raise Interrupted(self.stood_still)

    def _has_stood_still(self) -> bool:
        for child in self._children:
            child.poll()
        if not self.stood_still and any(child.ending == "lease" for child in self._children):
            gap_s = (max(self._longest_gap_ns, self.clock.now_ns() - self._beaten_ns)) / 1e9
            self.stood_still = (
                f"brinell itself did not run for {gap_s:.0f} s (stopped with Ctrl-Z, or starved), "
                "so what it had started was ended by its guards"
            )
        return bool(self.stood_still)

    def _cap_logs(self) -> None:
        for path in self._logs:
            capped_log.hold(path)

    def start(self, argv: Sequence[str], **options: Unpack[StartOptions]) -> guard.GuardedChild:
        child = guard.start(argv, **options)
        self._children.append(child)
        outputs = (options.get("stdout"), options.get("stderr"))
        self._logs.update(target for target in outputs if isinstance(target, Path))
        return child

    @property
    def serves(self) -> bool:
        """Whether the service runs."""
        return self._service is not None

    def service(self) -> Service:
        if self._service is not None:
            return self._service
        spec = self.plan.service
        if spec is None:
            raise UsageError("this step needs a service and the plan has none", hint="add [service] to brinell.toml")
        root = Path(self.plan.root)
        self._service = start_service(
            spec,
            root=root,
            python=str(choose(root, self.plan.python, os.environ).path),
            log=self.folder / "service.log",
            starter=self.start,
            clock=self.clock,
            tick=self.tick,
        )
        found = self._service
        command = tuple(redact(word) for word in found.command)
        self.emit(SERVICE, ServiceStarted(command, found.pid, found.url, found.ready_s))
        return found

    def _end_service(self, *, asked: bool) -> None:
        service, self._service = self._service, None
        if service is None:
            return
        if asked:
            if self._stop.hurried:
                service.child.stop(0.0)
            service.stop()
        status = service.child.poll()
        ending = next((child.ending for child in self._children if child is service.child), None) or ""
        if not asked:
            service.stop()  # it is gone already: this redacts what it left in its log
        asked = asked and not ending
        self.emit(SERVICE, ServiceEnded(asked, status, () if asked else tuple(service.tail(30)), ending))


class _Room:
    """A step's room in the run (``core.roles.Room``)."""

    def __init__(self, run: _Run, step: Step) -> None:
        self.step = step
        self.plan = run.plan
        self.folder = run.folder
        self.clock = run.clock
        self.tick = run.tick
        self.start = run.start
        self._run = run

    def emit(self, record: Record) -> Envelope:
        return self._run.emit(self.step.id, record)

    def progress(self, done: float, total: float | None, text: str) -> None:
        self._run.show(self.step.id, done, total, text)

    def service(self) -> Service:
        if self._run.serves:
            return self._run.service()
        self.progress(0, None, "starting the service")
        found = self._run.service()
        self.progress(0, None, "")
        return found

    def history(self, *kinds: type[Record], source: str) -> Iterator[Envelope]:
        self._run._journal.flush()  # noqa: SLF001 - the room is the run's other half
        found = read(self.folder)
        return (found.attempts if source == self.step.id else found.envelopes)(*kinds, source=source)


class _StopRequests:
    """Ctrl-C and SIGTERM: each is raised once, from the loop that owns time, so that cleaning up is not cut short.

    From the third Ctrl-C on somebody wants out: it is raised where it falls, whatever is waited for.
    """

    def __init__(self) -> None:
        self._asked = 0
        self._raised = 0
        self._pressed = 0

    @property
    def hurried(self) -> bool:
        """Whether nothing may be waited for any more."""
        return self._pressed >= _PRESSED_OUT

    def ask(self, number: int, frame: FrameType | None) -> None:
        del frame
        self._asked += 1
        self._pressed += number == signal.SIGINT
        if number == signal.SIGINT and self.hurried:
            raise KeyboardInterrupt

    def raise_once(self) -> None:
        if self._asked > self._raised:
            self._raised = self._asked
            raise Interrupted("stopped on request")


@contextlib.contextmanager
def _stop_requests() -> Iterator[_StopRequests]:
    """Take SIGINT, SIGTERM and SIGHUP for the time of a run."""
    requests = _StopRequests()
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, requests.ask) for number in numbers}
    try:
        yield requests
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
