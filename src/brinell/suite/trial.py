"""The suite trial: the project's own pytest, in its own interpreter, to its end, as often as was asked for."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from brinell.core.errors import Interrupted, UsageError
from brinell.core.observation import RUN, BaselineRead, Choice
from brinell.core.plan import SuiteSpec
from brinell.core.redact import redact
from brinell.core.roles import Room
from brinell.subject.interpreter import choose, probe
from brinell.suite.output_log import OutputLog
from brinell.suite.pace import Pace, blessed_durations
from brinell.suite.parallel import ParallelSession
from brinell.suite.recording import Recording, read_recording
from brinell.suite.session import Command, Session

LOG_FILE = "test_execution.log"
TO_THE_END = ("--continue-on-collection-errors", "--maxfail=0")
"""A module that cannot be imported hides no other failure, and neither does a ``-x`` in the project's addopts. They
come first, so that a ``-x`` the user gives now still wins."""


class SuiteTrial:
    """Runs the suite ``spec.repeat`` times, and once more in one process for ``serial_too``; or reads a recording
    of ``pytest --brinell``.
    """

    def run(self, room: Room) -> None:
        """Do the step. ``UsageError`` where there is no interpreter with pytest; its hint is the line that helps."""
        spec = room.step.spec
        if not isinstance(spec, SuiteSpec):
            raise TypeError(f"step {room.step.id} is no suite")
        directory = Path(room.plan.root, spec.directory)
        if not directory.is_dir():
            raise UsageError(f"there is no directory {directory}", "brinell suite DIR, or [suite] directory")
        if spec.recording is not None:
            _take_recording(room, directory / spec.recording)
            return
        chosen = choose(directory, spec.python or room.plan.python, os.environ, configured=room.plan.python)
        room.progress(0, None, f"asking {chosen.path} for its pytest ({chosen.because})")
        probe(chosen, cwd=directory)
        args = (*TO_THE_END, *spec.paths, *spec.args)
        command = Command(str(chosen.path), args, directory, dict(os.environ), spec.timeout_s)
        runs = [spec] * spec.repeat
        if spec.serial_too and spec.workers:
            runs.append(msgspec.structs.replace(spec, workers=0))
        pace = Pace(_blessed(room), len(runs))
        for repeat, run in enumerate(runs):
            if not _once(room, command, chosen.because, pace, repeat, run):
                return
            pace.next_run()


def _once(  # noqa: PLR0917 - one caller
    room: Room, command: Command, because: str, pace: Pace, repeat: int, spec: SuiteSpec
) -> bool:
    """Run it once; return whether a further run makes sense."""
    workers = spec.workers if spec.workers >= 0 else _cores()
    recording = Recording(("pytest", *map(redact, command.args)), command.python, because, repeat)
    before = f"run {repeat + 1}: " if repeat else ""

    def show() -> None:
        done, total, text = pace.said(recording, room.clock.now_ns())
        room.progress(done, total, before + text)

    log = OutputLog(room.folder / (LOG_FILE if repeat == 0 else f"test_execution-{repeat + 1}.log"))
    session: Session | ParallelSession
    if workers:
        session = ParallelSession(
            room, command, recording, log, room.emit, workers=workers, test_timeout_s=spec.test_timeout_s,
            durations=_blessed(room), watch=show, repeat=repeat,
        )  # fmt: skip
    else:
        session = Session(room, command, recording, log, room.emit, watch=show)
    try:
        session.run()
    finally:
        log.close()
    if session.interrupted:
        raise Interrupted("stopped on request")
    if isinstance(session, ParallelSession) and session.not_possible:
        room.emit(Choice("workers", f"the suite ran in one process: {session.not_possible}"))
        return _once(room, command, because, pace, repeat, msgspec.structs.replace(spec, workers=0))
    return bool(recording.finished) and not session.timed_out


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _blessed(room: Room) -> dict[str, float]:
    """Return seconds by test from the blessed baseline as this run read it."""
    read = (envelope.data for envelope in room.history(BaselineRead, source=RUN))
    return blessed_durations(next((data.content for data in read if isinstance(data, BaselineRead)), None))


def _take_recording(room: Room, path: Path) -> None:
    try:
        for number, record in enumerate(read_recording(path, f"recorded by pytest --brinell in {path.name}")):
            room.emit(record)
            if number % 1000 == 0:
                room.tick()
    except OSError as error:
        message = f"the recording {path} cannot be read: {error.strerror}"
        raise UsageError(message, "pytest --brinell writes one") from None
