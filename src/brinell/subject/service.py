"""The service under test: started under a guard, ready, and stopped in order."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable
from pathlib import Path

from brinell.core.clock import Clock
from brinell.core.errors import UsageError
from brinell.core.plan import ServiceSpec
from brinell.core.redact import one_line, plain, redact
from brinell.core.roles import Child
from brinell.subject import capped_log, process_table, readiness, service_command, service_failure, sockets
from brinell.subject.ports import lasting_port
from brinell.subject.probe import ProbeLine
from brinell.subject.readiness import Answer
from brinell.subject.service_command import HOST, Launch
from brinell.subject.service_failure import Failure

_ANSWER_S = 10.0  # one look at the ready path; a service that needs longer to say that it is ready is not
_LEAST_LOOK_S = 1.0  # one that our time cut off sooner takes nothing back of what was answered before
_FIRST_PAUSE_S = 0.02
_LONGEST_PAUSE_S = 0.25
_TAIL_BYTES = 65536
_ABANDON_S = 2.0  # for a service that did not get ready to end in order

Starter = Callable[..., Child]
"""``Room.start``: the argument vector and its keywords to a child."""


class RunningService:
    """A service that answered its ready path (``core.roles.Service``). ``command`` is the argument vector it got."""

    def __init__(
        self,
        child: Child,
        *,
        url: str,
        command: tuple[str, ...],
        log: Path,
        log_start: int,
        ready_s: float,
        stop_s: float,
        probe: ProbeLine | None = None,
    ) -> None:
        self.child = child
        self.probe = probe  # the line to what was put into its processes, where that was asked for
        self.url = url
        self.pid = child.pid
        self.command = command
        self.log = log
        self.ready_s = ready_s
        self._log_start = log_start
        self._stop_s = stop_s

    def stop(self) -> int | None:
        """End the service as its configuration allows: SIGTERM, its time to drain, SIGKILL. Returns its exit status.

        Its log is redacted then; so it is if the service has ended already.
        """
        status = self.child.stop(self._stop_s)
        if self.probe is not None:
            self.probe.close()
        capped_log.redact_file(self.log)
        return status

    def tail(self, n: int = 30) -> list[str]:
        """Return the last ``n`` lines it wrote, redacted and without terminal codes."""
        return tail(self.log, self._log_start, n)


def start_service(
    spec: ServiceSpec,
    *,
    root: Path,
    python: str,
    log: Path,
    starter: Starter,
    clock: Clock,
    tick: Callable[[], None],
    port: int | None = None,
) -> RunningService:
    """Start the service and wait until its ready path answers 2xx.

    ``UsageError`` if it cannot be started as configured, ``SubjectError`` with its last lines and the likely fix if it
    ends early or is not ready in time; nothing of it is left then. ``tick`` is called several times a second.
    A service that takes a port is told ``port``, or a free one if none is given.
    """
    launch = service_command.compose(spec, root, python, os.environ)
    if launch.fixed_port is not None:
        _refuse_taken(launch.fixed_port)
    may_repeat = launch.takes_port and port is None
    while True:
        found = _Attempt(spec, launch, log, starter=starter, clock=clock, tick=tick, port=port).run()
        if isinstance(found, RunningService):
            return found
        if not (may_repeat and found.exit_status is not None and _is_taken(found.port)):
            raise service_failure.explain(found)
        may_repeat = False  # somebody took the port before the service did; that it happens twice is no accident


class _EndedError(Exception):
    """The service ended while it was being looked at."""


class _Attempt:
    """One start of the service, until it is ready or not."""

    def __init__(
        self,
        spec: ServiceSpec,
        launch: Launch,
        log: Path,
        *,
        starter: Starter,
        clock: Clock,
        tick: Callable[[], None],
        port: int | None,
    ) -> None:
        self._spec = spec
        self._launch = launch
        self._log = log
        self._clock = clock
        self._tick = tick
        self._port = (port or lasting_port() or sockets.free_port(HOST)) if launch.takes_port else launch.fixed_port
        self._command, env = launch.at(self._port)
        self._log_start = log.stat().st_size if log.exists() else 0
        self._begun_ns = clock.now_ns()
        self._probe = ProbeLine() if spec.probe else None
        if self._probe is not None:
            env |= self._probe.environment(env)
        try:
            self._child = starter(self._command, cwd=launch.cwd, env=env, stdout=log, stderr=log)
        except BaseException:
            self._hang_up()
            raise

    def run(self) -> RunningService | Failure:
        """Wait; what is not ready is stopped, whatever the reason."""
        found: RunningService | Failure | None = None
        try:
            found = self._await_ready()
        finally:
            if not isinstance(found, RunningService):
                self._child.stop(min(_ABANDON_S, self._spec.stop_timeout_s))
                self._hang_up()
                capped_log.redact_file(self._log)
        return found

    def _hang_up(self) -> None:
        if self._probe is not None:
            self._probe.close()

    def _await_ready(self) -> RunningService | Failure:
        pause_s = _FIRST_PAUSE_S
        answer: Answer | None = None
        while True:
            self._tick()
            status = self._child.poll()
            left_s = self._spec.ready_timeout_s - self._passed_s()
            if status is not None or left_s <= 0:
                return self._failure(status, answer)
            with contextlib.suppress(_EndedError):
                for address, port in self._addresses():
                    seen = self._look(address, port, min(left_s, _ANSWER_S))
                    if seen.ready and self._child.poll() is None:
                        return self._running(address, port)
                    if seen.status is not None or left_s >= _LEAST_LOOK_S or answer is None or answer.status is None:
                        answer = seen
            self._clock.sleep(pause_s)
            pause_s = min(pause_s * 1.5, _LONGEST_PAUSE_S)

    def _look(self, address: str, port: int, timeout_s: float) -> Answer:
        def tick() -> None:
            self._tick()
            if self._child.poll() is not None:
                raise _EndedError  # whoever has taken the connection, it is not the service

        path = self._spec.ready
        return readiness.get(address, port, path, timeout_s=timeout_s, clock=self._clock, tick=tick)

    def _passed_s(self) -> float:
        return (self._clock.now_ns() - self._begun_ns) / 1e9

    def _addresses(self) -> list[tuple[str, int]]:
        """Where to look: at the port the service was told; where it was told none, at what its processes listen on."""
        if self._launch.takes_port and self._port is not None:
            return [(HOST, self._port)]
        found = [(_reachable(address), port) for address, port in _listening(self._child.pid)]
        if self._port is not None:
            found.sort(key=lambda one: one[1] != self._port)
            found = found or [(HOST, self._port)]  # its processes may be out of sight, as in a container
        return found

    def _running(self, address: str, port: int) -> RunningService:
        host = f"[{address}]" if ":" in address else address
        return RunningService(
            self._child,
            url=f"http://{host}:{port}",
            command=self._command,
            log=self._log,
            log_start=self._log_start,
            ready_s=self._passed_s(),
            stop_s=self._spec.stop_timeout_s,
            probe=self._probe,
        )

    def _failure(self, status: int | None, answer: Answer | None) -> Failure:
        return Failure(
            command=self._command,
            cwd=self._launch.cwd,
            python=self._launch.python,
            port=self._port,
            takes_port=self._launch.takes_port,
            ready=self._spec.ready,
            after_s=self._passed_s(),
            exit_status=status,
            answer=answer,
            listening=tuple(_listening(self._child.pid)) if status is None else (),
            log=self._log,
            tail=tuple(tail(self._log, self._log_start, service_failure.TAIL_LINES)),
        )


def tail(log: Path, start: int, n: int) -> list[str]:
    """Return the last ``n`` lines of ``log`` after byte ``start``, redacted and plain."""
    with contextlib.suppress(FileNotFoundError), log.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        # A log that was cut in between (capped_log) may end before its ``start``: what it ends with is newer.
        file.seek(max(start if start <= size else 0, size - _TAIL_BYTES))
        return plain(redact(file.read(_TAIL_BYTES).decode(errors="replace"))).splitlines()[-n:]
    return []


def _listening(pid: int) -> list[tuple[str, int]]:
    tree = process_table.tree(pid, process_table.table(), pid)
    return sockets.listening_ports([pid, *(process.pid for process in tree)])


def _reachable(address: str) -> str:
    return HOST if address in ("0.0.0.0", "::") else address  # noqa: S104 - to look at, not to listen on


def _is_taken(port: int | None) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that linger do not count
        try:
            probe.bind((HOST, port or 0))
        except OSError:
            return True
    return False


def _refuse_taken(port: int) -> None:
    if not _is_taken(port):
        return
    pids, reason = sockets.listening_pids(HOST, port)
    holder = ", ".join(f"pid {pid} ({one_line(process_table.name(pid))})" for pid in pids) or reason
    raise UsageError(
        f"[service] command names port {port}, which is already in use: {holder}",
        "write {port} in its place, and every run gets a free one; or end what holds it",
    )
