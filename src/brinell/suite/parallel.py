"""One run of the suite on forked workers: pytest collects once, and its children share the tests.

What counts is what a serial pytest would have said, test by test: ``parallel_check``.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from brinell.core.errors import Interrupted
from brinell.core.observation import Record, SuiteEnded, SuiteStarted
from brinell.core.roles import Room
from brinell.suite.lab.server import Command as ServerCommand
from brinell.suite.lab.server import ServerProcess
from brinell.suite.output_log import OutputLog
from brinell.suite.parallel_check import LEAST_S, Check
from brinell.suite.parallel_crew import Crew
from brinell.suite.parallel_ledger import Ledger
from brinell.suite.parallel_output import WorkerLogs
from brinell.suite.recording import Recording
from brinell.suite.schedule import cut
from brinell.suite.session import TEARDOWN_S, Command

_FINISH_S = 600.0  # pytest's end: coverage is combined and reported there


class ParallelSession:
    """Runs a command on ``workers`` children. ``interrupted`` and ``timed_out`` as a ``Session`` has them.

    ``not_possible`` says why it was not done at all, and a serial run must stand in: nothing was emitted then.
    """

    def __init__(
        self,
        room: Room,
        command: Command,
        recording: Recording,
        log: OutputLog,
        emit: Callable[[Record], object],
        *,
        workers: int,
        test_timeout_s: float,
        durations: Mapping[str, float] | None = None,
        watch: Callable[[], None] = lambda: None,
        repeat: int = 0,
    ) -> None:
        self.timed_out = False
        self.not_possible = ""
        self._room = room
        self._command = command
        self._recording = recording
        self._log = log
        self._emit = emit
        self._workers = workers
        self._test_timeout_s = min(test_timeout_s, command.timeout_s)
        self._durations = durations or {}
        self._watch = watch
        self._repeat = repeat
        self._requests = 0
        self._stop_by_ns: int | None = None
        self._begun_ns = room.clock.now_ns()
        self._cpu_s: float | None = None
        self._checked_s = 0.0
        self._held: list[Record] | None = []  # until it is sure that this is no serial run
        self._ledger = Ledger(recording, emit)
        self._crew: Crew | None = None

    @property
    def interrupted(self) -> bool:
        """Whether a stop was asked for."""
        return self._requests > 0

    def run(self) -> None:
        """Do it."""
        asked = self._command
        command = ServerCommand(asked.python, asked.args, asked.cwd, asked.env, asked.timeout_s)
        with contextlib.ExitStack() as opened:
            self._server = server = ServerProcess(self._room, command, self._workers, self._main)
            opened.callback(server.close)
            server.sink = self._log.feed
            self._collect(server)
            if self.not_possible:
                return
            for record in self._held or ():
                self._emit(record)
            self._held = None
            if server.ready and not self.interrupted and not self.timed_out:
                with WorkerLogs(server.slots, self._log) as logs:
                    self._work(server, logs)
            self._finish(server)
        self._end(server)

    def _main(self, raw: bytes) -> None:
        for record in self._ledger.main(raw):
            kept = record
            if isinstance(record, SuiteStarted):
                kept = self._recording.started = msgspec.structs.replace(record, workers=self._workers)
            if self._held is None:
                self._emit(kept)
            else:
                self._held.append(kept)

    def _collect(self, server: ServerProcess) -> None:
        while not server.ready and not server.why and not server.main_ended:
            self._look(server)
            self._ask()
        if server.why:
            self.not_possible = server.why
        elif server.ready and server.stops:
            self.not_possible = "the suite is to stop at its first failures"
        elif server.ready and len(set(server.tests)) < len(server.tests):
            self.not_possible = "some tests have the same id"

    def _work(self, server: ServerProcess, logs: WorkerLogs) -> None:
        limit_s = self._command.timeout_s
        crew = Crew(self._room, server, lambda: self._look(server), self._ledger, self._test_timeout_s, limit_s)
        self._crew = crew

        def ask() -> None:
            crew.output_bytes = logs.flush()
            self._ask()

        crew.pull(cut(server.tests, self._durations, self._workers), ask)
        self._cpu_s = _cpu_seconds(server.child.pid)
        if self._ledger.held and not (self._stop_by_ns or crew.stopped or server.gone):
            begun_ns = self._room.clock.now_ns()
            budget_s = max(LEAST_S, (begun_ns - self._begun_ns) / 1e9)
            Check(crew, self._ledger, server.tests, budget_s, self._repeat).run(self._emit, ask)
            self._checked_s = (self._room.clock.now_ns() - begun_ns) / 1e9
        self._ledger.settle_rest()

    def _ask(self) -> None:
        """Look at the clock and at who wants a stop. The first request lets tests tear down, the second does not."""
        self._watch()
        now_ns = self._room.clock.now_ns()
        if now_ns - self._begun_ns > self._command.timeout_s * 1e9:
            self.timed_out = True
        if (self.timed_out or self._requests) and self._stop_by_ns is None:
            self._stop_by_ns = now_ns + round(TEARDOWN_S * 1e9)
            if self._crew is not None:
                self._crew.stop()
            else:
                self._server.child.signal(signal.SIGINT)
        if self._requests > 1 or (self._stop_by_ns is not None and now_ns > self._stop_by_ns):
            self._server.child.stop(0.0)

    def _look(self, server: ServerProcess) -> None:
        try:
            server.look()
        except Interrupted:
            self._requests += 1

    def _finish(self, server: ServerProcess) -> None:
        """Let pytest end in order: it combines coverage and prints its own summary."""
        server.send({"op": "quit", "failed": self._ledger.failed, **self._counted(server.tests)})
        stop_by_ns = self._room.clock.now_ns() + round(_FINISH_S * 1e9)
        while not server.gone and self._room.clock.now_ns() < stop_by_ns:
            self._look(server)
            self._ask()
            self._cpu_s = _cpu_seconds(server.child.pid) or self._cpu_s
            self._log.flush()
        self._look(server)

    def _counted(self, tests: Sequence[str]) -> dict[str, Any]:
        """Which reports pytest's own listeners (--junitxml, --lf) hear: by job, and what became of crashed tests."""
        reports: dict[int, list[int]] = {}
        crashed = {}
        for number, test in enumerate(tests):
            job, record = self._ledger.counting.get(test, (0, None))
            if record is not None and "crash" in record.phases:
                crashed[number] = record.longrepr[:500]
            elif record is not None:
                reports.setdefault(job, []).append(number)
        return {"reports": reports, "crashed": crashed}

    def _end(self, server: ServerProcess) -> None:
        status = server.child.poll()
        seconds = (self._room.clock.now_ns() - self._begun_ns) / 1e9
        stopped = self._crew.stopped if self._crew else None
        stopped_by = stopped[0] if stopped else ""
        if self.interrupted or self.timed_out:
            stopped_by = "KeyboardInterrupt: "
        if stopped_by and status in (0, 1):
            status = (stopped[1] if stopped else None) or 2
        done = self._recording.done
        if done is not None:
            self._ledger.close(status, stopped_by)
        orderly = done is not None and self._recording.said_hello and status in (0, 1)
        ending = self._recording.end(
            status,
            round(seconds, 6),
            cpu_s=self._cpu_s,
            signal=signal.Signals(-status).name if status is not None and status < 0 else None,
            timed_out=self.timed_out,
            stderr_tail=() if orderly else self._log.tail,
        )
        for record in ending:
            self._emit(self._with_check(record))

    def _with_check(self, record: Record) -> Record:
        checked_s = round(self._checked_s, 6)
        if isinstance(record, SuiteEnded) and checked_s:
            return msgspec.structs.replace(record, checked_s=checked_s)
        return record


def _cpu_seconds(pid: int) -> float | None:
    """Return user and system seconds of the server and of the children it has waited for (Linux); None elsewhere."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError):
        return None
