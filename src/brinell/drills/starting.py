"""Starts that cannot simply succeed: beside another instance, at once with one, on a port that somebody else has, and
after a kill whose pid file names a process of somebody else's by now.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec

from brinell.core.drill_records import StartTried
from brinell.core.errors import SubjectError
from brinell.core.redact import one_line, redact
from brinell.drills import files
from brinell.drills.instance import Instance
from brinell.drills.scene import LOG, Scene
from brinell.subject import process_table, readiness, sockets
from brinell.subject.guard import GuardedChild
from brinell.subject.ports import lasting_port
from brinell.subject.service import tail
from brinell.subject.service_command import HOST, Launch

_TAIL = 100  # what it says may be followed by a long traceback
_GONE_S = 3.0
_HEARD_S = 5.0
_HELD_NS = 400_000_000  # it listens for so long: it serves
_LOOK_S = 0.05
_PID_BYTES = 32  # a pid file holds little else


class Difficult:
    """All of them. What cannot be tried is marked as such, with its reason."""

    def __init__(self, scene: Scene, patience_s: float, temporary: Path) -> None:
        self._scene = scene
        self._patience_s = patience_s
        spec = scene.service_spec
        self._spec = msgspec.structs.replace(spec, env={"TMPDIR": str(temporary), **spec.env})
        self._temporary = temporary
        self._launch: Launch = scene.launch(self._spec)

    def run(self) -> None:
        """Try one after the other."""
        tries: list[tuple[str, Callable[[], None]]] = [("stale-pid", self._stale)]
        if self._launch.takes_port or self._launch.fixed_port is not None:
            tries += [("second", self._second), ("at-once", self._at_once), ("taken", self._taken)]
        else:
            self._scene.mark("not-tried", "the command names no port, so that it could not be taken")
        for what, one in tries:
            try:
                one()
            except SubjectError as error:
                self._scene.mark("not-tried", f"{what}: the service did not start any more: {error}")
                return

    # --- the starts -------------------------------------------------------------------------------------------------

    def _second(self) -> None:
        """Start it again while it runs, on the same port: it says no, or both serve on their own."""
        with self._first() as first, self._attempts("second", port=first.port) as (second,):
            second.tell(first_alive=first.status is None and self._answers(first.url))

    def _at_once(self) -> None:
        """Start two on one port at the same moment: one serves, and the other one says no, or both do."""
        port = self._port()
        with self._attempts("at-once", "at-once-other", port=port) as both:
            serves = self._answers(f"http://{HOST}:{port}")
            for one in both:
                one.tell(first_alive=serves)

    def _taken(self) -> None:
        """Listen on its port before it does."""
        port = self._port()
        with contextlib.closing(socket.socket()) as mine:
            mine.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                mine.bind((HOST, port))
            except OSError as error:
                self._scene.mark("not-tried", f"taken: port {port} could not be taken: {error.strerror}")
                return
            mine.listen(1)
            with self._attempts("taken", port=port) as (found,):
                found.tell()

    def _stale(self) -> None:
        """Kill it, let the pid file that it leaves name a process of the drill's own, and start it again."""
        pids: set[int] = set()
        with self._first() as first:
            pids.update(first.pids())
            first.signal(signal.SIGKILL)
            self._scene.wait(lambda: first.over, _GONE_S)
        left = _naming(pids, files.present(self._folders, without=self._scene.room.folder.resolve()))
        if not left:
            self._scene.mark("not-tried", "stale-pid: it leaves no pid file when it is killed")
            return
        stranger = self._scene.begin([sys.executable, "-S", "-c", "import time; time.sleep(3600)"])
        try:
            for path in left:
                path.write_text(str(stranger.pid), encoding="ascii")
            with self._attempts("stale-pid", port=self._port()) as (found,):
                found.tell(first_alive=stranger.poll() is None, files=tuple(path.name for path in left))
        finally:
            stranger.stop(0.0)
            for path in _naming({stranger.pid}, map(str, left)):
                path.unlink(missing_ok=True)  # a healthy service has replaced or removed it

    # --- what they need ---------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _first(self) -> Iterator[Instance]:
        """An instance that runs, ended in order afterwards."""
        first = self._scene.start(temporary=self._temporary)
        try:
            first.remember()
            yield first
        finally:
            first.signal(signal.SIGTERM)
            self._scene.wait(lambda: first.over, self._spec.stop_timeout_s)
            first.end()

    @contextlib.contextmanager
    def _attempts(self, *names: str, port: int) -> Iterator[list[_Attempt]]:
        """Start as many as there are names, and wait until it is clear what becomes of each; all ended afterwards."""
        found: list[_Attempt] = []
        try:
            found.extend(_Attempt(self._scene, self._launch, what, port) for what in names)
            deadline_ns = self._scene.clock.now_ns() + int(self._patience_s * 1e9)
            for one in found:
                left_s = (deadline_ns - self._scene.clock.now_ns()) / 1e9
                self._scene.wait(one.is_clear, left_s, every_s=_LOOK_S)
            yield found
        finally:
            for one in found:
                one.end()

    @property
    def _folders(self) -> list[Path]:
        return [self._launch.cwd.resolve(), self._temporary]

    def _port(self) -> int:
        return self._launch.fixed_port or lasting_port() or sockets.free_port(HOST)

    def _answers(self, url: str) -> bool:
        scene = self._scene
        address, _, port = url.removeprefix("http://").rpartition(":")
        answer = readiness.get(
            address.strip("[]"),
            int(port),
            self._spec.ready,
            timeout_s=_HEARD_S,
            clock=scene.clock,
            tick=scene.room.tick,
        )
        return answer.ready


class _Attempt:
    """One such start. It is clear what becomes of it once it ended, or has listened for a while."""

    def __init__(self, scene: Scene, launch: Launch, what: str, port: int) -> None:
        self._scene = scene
        self._what = what
        self._port = port
        self._log = scene.room.folder / LOG
        self._log_start = self._log.stat().st_size if self._log.exists() else 0
        self._at_ns = scene.clock.now_ns()
        self._since_ns = 0  # since when it listens
        self._ended_ns = 0
        argv, env = launch.at(port)
        self._child = scene.begin(argv, cwd=launch.cwd, env=env, stdout=self._log, stderr=self._log)

    def is_clear(self) -> bool:
        """Whether it ended, or serves and has not just begun to."""
        now_ns = self._scene.clock.now_ns()
        if self._child.poll() is not None:
            self._ended_ns = self._ended_ns or now_ns
            return True
        self._since_ns = (self._since_ns or now_ns) if self._listens() else 0
        return self._since_ns > 0 and now_ns - self._since_ns >= _HELD_NS

    def tell(self, *, first_alive: bool = True, files: tuple[str, ...] = ()) -> None:
        """Write down what became of it."""
        status = self._child.poll()
        state = "ended" if status is not None else "ready" if self._listens() else "hung"
        until_ns = self._ended_ns or self._since_ns or self._scene.clock.now_ns()
        lines = tuple(one_line(redact(line), 300) for line in tail(self._log, self._log_start, _TAIL))
        self._scene.room.emit(
            StartTried(
                self._what,
                self._at_ns,
                self._port,
                state,
                max(0, until_ns - self._at_ns) / 1e9,
                status,
                first_alive=first_alive,
                tail=lines,
                files=files,
            )
        )

    def end(self) -> None:
        """End it, and what it started."""
        child = self._child
        child.signal(signal.SIGTERM)
        if isinstance(child, GuardedChild):
            self._scene.wait(lambda: child.poll() is not None and child.over, _GONE_S)
        child.stop(0.0)

    def _listens(self) -> bool:
        """Whether a process of that tree listens on anything."""
        pid = self._child.pid
        found = process_table.tree(pid, process_table.table(), pid)
        return bool(sockets.listening_ports([pid, *(process.pid for process in found)]))


def _naming(pids: set[int], paths: Iterable[str]) -> list[Path]:
    """Return the small files that hold one of these pids and nothing else."""
    found = []
    for path in paths:
        with contextlib.suppress(OSError, ValueError):
            told = os.lstat(path)
            if stat.S_ISREG(told.st_mode) and 0 < told.st_size <= _PID_BYTES:
                file = Path(path)
                if int(file.read_text(encoding="ascii").strip()) in pids:
                    found.append(file)
    return found
