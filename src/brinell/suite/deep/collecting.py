"""One collection for a whole examination: started, started again, or why there is none."""

from __future__ import annotations

from collections.abc import Sequence

from brinell.core.errors import SubjectError, UsageError
from brinell.core.examination import ExamStarted
from brinell.core.observation import CollectError
from brinell.core.redact import one_line
from brinell.core.roles import Room
from brinell.suite.lab.enduring import EnduringLab
from brinell.suite.lab.job import Lab
from brinell.suite.lab.own_files import OwnFilesLab
from brinell.suite.lab.server import Command, ForkLab, ServerProcess
from brinell.suite.recording import Recording

_COLLECT_S = 600.0
_LEAST_COLLECT_S, _SLOWER = 10.0, 10  # what a child's collection may take: by what that of everything took
_ENDING_S = 2.0  # of a process that has closed its wire
_PYTEST_USAGE = 4
_TAIL_LINES = 3


class Collection:
    """A fork server that has collected. ``said`` is what pytest said of itself, ``broken`` what could not be."""

    def __init__(self, room: Room, command: Command, because: str, slots: int) -> None:
        self.said = Recording(("pytest", *command.args), command.python, because)
        self.broken: list[CollectError] = []
        self._room = room
        self._command = command
        self._slots = slots
        self._server = ServerProcess(room, command, slots, self._hear)
        self.forks = False
        self._begun_ns = room.clock.now_ns()
        self._took_s = 0.0

    def wait(self) -> None:
        """Wait for its end. ``SubjectError`` or ``UsageError`` where it had none; without any test it is complete."""
        self.forks = self._server.wait_ready(_COLLECT_S)
        self._took_s = (self._room.clock.now_ns() - self._begun_ns) / 1e9
        if not self.tests and not self._server.complete:
            raise self._failed()

    @property
    def tests(self) -> tuple[str, ...]:
        """Node ids."""
        return self._server.tests

    @property
    def why(self) -> str:
        """Why it does not fork, where it does not."""
        return self._server.why

    def lab(self, fresh: Lab) -> Lab:
        """Return where jobs are done; ``fresh`` where no server can. What it starts is closed by ``Lab.close``."""
        if not self.forks:
            return self._before_collection(fresh)
        return EnduringLab(self._room, ForkLab(self._room, self._server), self._again, fresh)

    def _before_collection(self, fresh: Lab) -> Lab:
        """Return a laboratory that forks before a module can start threads; ``fresh`` where not even that is sound."""
        server = ServerProcess(self._room, self._command, self._slots, lambda _: None, early=True)
        try:
            served = server.wait_ready(_COLLECT_S)
        except BaseException:
            server.close()
            raise
        if not served:
            server.close()
            return fresh
        collect_s = max(_LEAST_COLLECT_S, _SLOWER * self._took_s)
        return OwnFilesLab(self._room, server, fresh, why=self.why, collect_s=collect_s)

    def _again(self) -> ForkLab | None:
        """Collect once more; None where that gives anything else."""
        server = ServerProcess(self._room, self._command, self._slots, lambda _: None)
        try:
            served = server.wait_ready(_COLLECT_S) and server.tests == self.tests
        except BaseException:
            server.close()
            raise
        if served:
            return ForkLab(self._room, server)
        server.close()
        return None

    def close(self) -> None:
        """End the server that was started first."""
        self._server.close()

    def _hear(self, line: bytes) -> None:
        self.broken.extend(one for one in self.said.feed(line) if isinstance(one, CollectError))

    def _failed(self) -> SubjectError | UsageError:
        end_ns = self._room.clock.now_ns() + round(_ENDING_S * 1e9)
        while not self._server.gone and not self._server.why and self._room.clock.now_ns() < end_ns:
            self._server.look()
        status = self._server.child.poll()
        tail = " | ".join(self._server.tail.decode("utf-8", "replace").strip().splitlines()[-_TAIL_LINES:])
        if status == _PYTEST_USAGE:
            return UsageError(f"pytest collected no tests: {tail or 'it said nothing'}")
        how = self._server.why or f"its process ended while it was collected ({_ended(status)})"
        return SubjectError(f"the suite cannot be collected: {how}", one_line(tail, 500) or None)


def _ended(status: int | None) -> str:
    if status is None:
        return "how is not known"
    return f"signal {-status}" if status < 0 else f"exit status {status}"


def nothing(room: Room, why: str, broken: Sequence[CollectError] = ()) -> None:
    """Write down that no test was examined."""
    for error in broken:
        room.emit(error)
    room.emit(ExamStarted((), forks=False, why_not=why))
