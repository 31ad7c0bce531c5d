"""Starts that cannot simply succeed: a second instance beside the first, and a port that somebody else has."""

from __future__ import annotations

import contextlib
import signal
import socket
from pathlib import Path

import msgspec

from brinell.core.drill_records import StartTried
from brinell.core.errors import SubjectError
from brinell.core.redact import one_line, redact
from brinell.drills.instance import Instance
from brinell.drills.scene import LOG, Scene
from brinell.subject import process_table, readiness, sockets
from brinell.subject.guard import GuardedChild
from brinell.subject.service import tail
from brinell.subject.service_command import HOST, Launch

_TAIL = 6
_GONE_S = 3.0
_HEARD_S = 1.0


class Difficult:
    """Both of them. What cannot be tried because nobody knows the service's port is marked as such."""

    def __init__(self, scene: Scene, patience_s: float, temporary: Path) -> None:
        self._scene = scene
        self._patience_s = patience_s
        spec = scene.service_spec
        self._spec = msgspec.structs.replace(spec, env={"TMPDIR": str(temporary), **spec.env})
        self._temporary = temporary
        self._launch: Launch = scene.launch(self._spec)

    def run(self) -> None:
        """Try one after the other."""
        if not self._launch.takes_port and self._launch.fixed_port is None:
            self._scene.mark("not-tried", "the command names no port, so that it could not be taken")
            return
        try:
            self._second()
        except SubjectError as error:
            self._scene.mark("not-tried", f"the service did not start any more: {error}")
            return
        self._taken()

    def _second(self) -> None:
        """Start it again while it runs, on the same port: it says no, or both serve on their own."""
        first = self._scene.start(temporary=self._temporary)
        try:
            first.remember()
            self._scene.room.emit(self._try("second", first.port, first))
        finally:
            first.signal(signal.SIGTERM)
            self._scene.wait(lambda: first.over, self._spec.stop_timeout_s)
            first.end()

    def _taken(self) -> None:
        """Listen on its port before it does."""
        port = self._launch.fixed_port or sockets.free_port(HOST)
        with contextlib.closing(socket.socket()) as mine:
            mine.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                mine.bind((HOST, port))
            except OSError as error:
                self._scene.mark("not-tried", f"port {port} could not be taken: {error.strerror}")
                return
            mine.listen(1)
            self._scene.room.emit(self._try("taken", port, None))

    def _try(self, what: str, port: int, first: Instance | None) -> StartTried:
        scene = self._scene
        log = scene.room.folder / LOG
        log_start = log.stat().st_size if log.exists() else 0
        argv, env = self._launch.at(port)
        at_ns = scene.clock.now_ns()
        child = scene.begin(argv, cwd=self._launch.cwd, env=env, stdout=log, stderr=log)
        try:
            scene.wait(lambda: child.poll() is not None or self._serves(child.pid), self._patience_s, every_s=0.05)
            status = child.poll()
            state = "ended" if status is not None else "ready" if self._serves(child.pid) else "hung"
            after_s = (scene.clock.now_ns() - at_ns) / 1e9
            alive = first is None or (first.status is None and self._answers(first))
        finally:
            child.signal(signal.SIGTERM)
            if isinstance(child, GuardedChild):
                scene.wait(lambda: child.poll() is not None and child.over, _GONE_S)
            child.stop(0.0)
        lines = tuple(one_line(redact(line), 300) for line in tail(log, log_start, _TAIL))
        return StartTried(what, at_ns, port, state, after_s, status, first_alive=alive, tail=lines)

    def _serves(self, pid: int) -> bool:
        """Whether a process of that tree listens on anything."""
        found = process_table.tree(pid, process_table.table(), pid)
        return bool(sockets.listening_ports([pid, *(process.pid for process in found)]))

    def _answers(self, first: Instance) -> bool:
        scene, path = self._scene, self._spec.ready
        address = first.url.removeprefix("http://").rpartition(":")[0].strip("[]")
        answer = readiness.get(
            address, first.port, path, timeout_s=_HEARD_S * 5, clock=scene.clock, tick=scene.room.tick
        )
        return answer.ready
