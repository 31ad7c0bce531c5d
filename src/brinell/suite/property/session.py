"""Sessions over the property tests: pytest in the user's interpreter, with a job for our plug-in in it."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from brinell.core.errors import Interrupted
from brinell.core.observation import Record
from brinell.core.property_records import PropertyEnded, PropertyObserved, PropertyRun, PropertyStarted
from brinell.core.redact import redact
from brinell.core.roles import Room
from brinell.suite.output_log import OutputLog
from brinell.suite.property.recording import PropertyRecording
from brinell.suite.session import Command, Session
from brinell.suite.untrusted import identity

_PLUGIN = ("-p", "brinell_inside.property.plugin")
_VARIABLE = "BRINELL_PROPERTY"
_MOST_RESTARTS = 5
LOG_FILE = "test_execution.log"


class Job(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one session is to do, by the plug-in's own names; ``sizes`` and ``limits`` by the ids that are kept."""

    purpose: str
    examples: int
    most: int = 0
    sizes: Mapping[str, int] = {}
    only: Sequence[str] | None = None
    limit_s: float = 0.0
    limits: Mapping[str, float] = {}
    profile: Mapping[str, Any] = {}

    @property
    def mode(self) -> str:
        """How the plug-in listens."""
        return self.purpose if self.purpose in {"observe", "cover"} else "clock"


class Sessions:
    """Runs jobs, one session after the other, and journals what they give.

    Where a test ends the process, it is written down as ``died`` and the job goes on without it.
    """

    def __init__(self, room: Room, command: Command, because: str) -> None:
        self.started: PropertyStarted | None = None
        self._room = room
        self._command = command
        self._because = because
        self._raw: dict[str, str] = {}
        self._log = OutputLog(room.folder / LOG_FILE)

    def close(self) -> None:
        """Let go of the log."""
        self._log.close()

    def run(self, job: Job, words: str) -> list[PropertyRun]:
        """Do a job; return its runs. ``Interrupted`` passes through once the process is gone; what it gave is kept."""
        found: list[PropertyRun] = []
        only = job.only
        for attempt in range(_MOST_RESTARTS + 1):
            one = _Run(self._room, self._command, self._because, self._log, words)
            given = msgspec.structs.replace(job, only=only)
            ended = one.run(given, self._raw)
            self._raw.update(one.recording.raw_ids)
            found += one.runs
            self.started = one.began or self.started
            died = ended.running
            if died:
                lost = PropertyRun(job.purpose, died, "died", ran=job.sizes.get(died, job.examples), call_s=one.lost_s)
                self._room.emit(lost)
                found.append(lost)
            over = {run.test for run in found}
            waiting = [test for test in (one.recording.raw_ids if only is None else only) if test not in over]
            goes_on = bool(died and waiting) and not ended.timed_out and attempt < _MOST_RESTARTS
            if not goes_on and not one.interrupted and (died or ended.timed_out):
                why = "the session's time was over" if ended.timed_out else "too many tests before it ended the process"
                ended = msgspec.structs.replace(ended, left_out=dict.fromkeys(waiting, why))
            self._room.emit(ended)
            if one.interrupted:
                raise Interrupted("stopped on request")
            if not goes_on:
                break
            only = waiting
        return found


class _Run:
    """One pytest process."""

    def __init__(self, room: Room, command: Command, because: str, log: OutputLog, words: str) -> None:
        self.runs: list[PropertyRun] = []
        self.began: PropertyStarted | None = None
        self.interrupted = False
        self.lost_s = 0.0
        self._room = room
        self._command = command
        self._because = because
        self._log = log
        self._words = words
        self._total: int | None = None

    def run(self, job: Job, raw: Mapping[str, str]) -> PropertyEnded:
        command = msgspec.structs.replace(self._command, args=(*_PLUGIN, *self._command.args))
        self._total = len(job.only) if job.only is not None else None
        self.recording = PropertyRecording(
            ("pytest", *map(redact, command.args)), command.python, self._because,
            purpose=job.purpose, examples=job.examples, root=Path(self._room.plan.root),
        )  # fmt: skip
        begun_ns = self._room.clock.now_ns()
        with tempfile.TemporaryDirectory(prefix="brinell-") as folder:
            path = Path(folder) / "job.json"
            path.write_text(json.dumps(_fields(job, raw)), encoding="utf-8")
            command = msgspec.structs.replace(command, env={**command.env, _VARIABLE: str(path)})
            session = Session(self._room, command, self.recording, self._log, self._take, watch=self._show)
            try:
                session.run()
            finally:
                self.interrupted = session.interrupted
        seconds = (self._room.clock.now_ns() - begun_ns) / 1e9
        running = self._running(session)
        return self._ended(job, session, seconds, running)

    def _running(self, session: Session) -> str:
        """The test in which the process ended without being asked to."""
        if session.interrupted or session.timed_out or not self.recording.running:
            return ""
        (test, _), since_ns = next(iter(self.recording.running.items()))
        self.lost_s = max(0.0, (self._room.clock.now_ns() - since_ns) / 1e9)
        return identity(test)

    def _ended(self, job: Job, session: Session, seconds: float, running: str) -> PropertyEnded:
        done = self.recording.done
        return PropertyEnded(
            job.purpose,
            done.exitstatus if done else None,
            round(seconds, 6),
            timed_out=session.timed_out,
            running=running,
            collect_errors=self.recording.collect_errors,
            stderr_tail=() if self.began and done else tuple(self._log.tail[-5:]),
        )

    def _take(self, record: Record) -> None:
        match record:
            case PropertyStarted():
                self.began = record
                self._total = self._total or record.tests
                self._room.emit(record)
            case PropertyRun():
                self.runs.append(record)
                self._room.emit(record)
            case PropertyObserved():
                self._room.emit(record)
            case _:
                pass

    def _show(self) -> None:
        total = self._total
        text = f"{self._words}: {len(self.runs)}{f' of {total}' if total else ''}"
        self._room.progress(len(self.runs), total, text)


def _fields(job: Job, raw: Mapping[str, str]) -> dict[str, Any]:
    """The job as the plug-in reads it: ids as pytest knows them."""
    return {
        "mode": job.mode,
        "examples": job.examples,
        "most": job.most,
        "sizes": {raw.get(test, test): size for test, size in job.sizes.items()},
        "only": None if job.only is None else [raw.get(test, test) for test in job.only],
        "limit_s": job.limit_s,
        "limits": {raw.get(test, test): limit for test, limit in job.limits.items()},
        "profile": dict(job.profile),
    }


def environment() -> dict[str, str]:
    """The environment of the subject's pytest: the user's own, without what would switch observability on."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("HYPOTHESIS_EXPERIMENTAL_OBSERVABILITY")
    }
