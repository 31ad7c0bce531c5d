"""Start, stop and kill, again and again: does it always come up, and go without leaving anything?

Then the two starts that go wrong in production: two at once, and one whose port somebody else has.
"""

from __future__ import annotations

import shutil
import signal
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import msgspec

from brinell.core.drill_records import DrillEnded, DrillStarted, ServiceLife
from brinell.core.errors import SubjectError
from brinell.core.plan import LoadSpec
from brinell.core.redact import one_line, redact
from brinell.drills import files
from brinell.drills.instance import Instance
from brinell.drills.scene import Scene
from brinell.drills.starting import Difficult
from brinell.subject.ports import lasting_port
from brinell.subject.sockets import listeners
from brinell.subject.targets import Target

MOST_FAILED = 3  # starts that fail one after the other, after which no further one is tried
GONE_S = 3.0
SETTLED_S = 0.5
"""Until what it starts beside itself stands, too: workers, say, that have their own signal handlers by then."""
_PAUSE_S = 0.005
_SAID_MOST = 20_000
_SAID_HEAD, _SAID_TAIL = 150, 300  # characters of why it did not start: a traceback tells the reason last


class Lifecycle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``times`` lives: every second one ends by SIGKILL, with ``kill``. Of the others every second one is stopped as
    soon as it is ready, and the rest a moment later. ``patience_s`` is how long a start that cannot succeed may take
    to say so.
    """

    about: ClassVar[str] = "start, stop and kill it again and again; two at once; port taken: what stays behind?"
    starts: ClassVar[bool] = True
    loads: ClassVar[bool] = False
    driver: ClassVar[str] = "http"
    versions: ClassVar[tuple[str, ...]] = ("1.1",)

    times: int = 20
    kill: bool = True
    patience_s: float = 10.0

    def __post_init__(self) -> None:
        """Refuse what cannot be done."""
        for name, low, high in (("times", 1, 1000), ("patience_s", 0.5, 600)):
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} lies between {low:g} and {high:g}")

    def look(self, load: LoadSpec, target: Target, root: Path, allow: Sequence[str]) -> None:
        """Nothing is sent but to the ready path."""

    def run(self, scene: Scene) -> None:
        """Do all lives, then the difficult starts."""
        command = scene.launch().words
        scene.room.emit(
            DrillStarted("lifecycle", scene.clock.now_ns(), command=tuple(redact(word) for word in command))
        )
        temporary = Path(tempfile.mkdtemp(prefix="drill-", dir=scene.room.folder)).resolve()
        interrupted = True
        lives = _Lives(self, scene, temporary)
        try:
            lives.run()
            if lives.starts:
                Difficult(scene, self.patience_s + lives.slowest_s, temporary).run()
            else:
                scene.mark("not-tried", "the service did not start any more")
            interrupted = False
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
            seen = {"own_tmp": "TMPDIR" in scene.service_spec.env}
            scene.room.emit(DrillEnded(scene.clock.now_ns(), seen, interrupted))


class _Lives:
    """One life after the other."""

    def __init__(self, drill: Lifecycle, scene: Scene, temporary: Path) -> None:
        self._drill = drill
        self._scene = scene
        self._temporary = temporary
        self._folders = [scene.launch().cwd.resolve(), temporary]
        self._failed = 0
        self._stops = 0
        self._port = lasting_port()  # the same in every life, as behind a load balancer: what the last one left counts
        self.slowest_s = 0.0  # of all starts: no other one is expected to be faster
        self._known: set[str] = set()  # files of all lives so far: what comes again under its old name piles up nothing

    @property
    def starts(self) -> bool:
        """Whether it got ready the last time."""
        return not self._failed

    def run(self) -> None:
        """Live ``times`` times. ``SubjectError`` if it does not even start once."""
        times = self._drill.times
        for number in range(1, times + 1):
            self._scene.room.tick()
            self._scene.room.progress(number - 1, times, f"life {number} of {times}")
            ending = "kill" if self._drill.kill and number % 2 == 0 else "stop"
            self._scene.room.emit(self._live(number, ending))
            if self._failed >= MOST_FAILED:
                return
        self._scene.room.progress(times, times, "two at once, and a port that is taken")

    def _live(self, number: int, ending: str) -> ServiceLife:
        at_ns = self._scene.clock.now_ns()
        self._known |= self._files()
        try:
            instance = self._start()
            self.slowest_s = max(self.slowest_s, instance.ready_s)
            try:
                life = self._end(instance, ServiceLife(number, ending, at_ns, instance.port, instance.ready_s))
            finally:
                instance.end()
        except SubjectError as error:
            if number == 1:
                raise
            self._failed += 1
            said = both_ends(one_line(redact(" ".join(filter(None, (str(error), error.hint)))), _SAID_MOST))
            return ServiceLife(number, ending, at_ns, said=said)
        self._failed = 0
        return life

    def _start(self) -> Instance:
        """Start it on its port; on another one if somebody else listens there by now."""
        if self._port is not None and any(one.port == self._port for one in listeners()):
            self._port = lasting_port()
        return self._scene.start(temporary=self._temporary, port=self._port)

    def _end(self, instance: Instance, life: ServiceLife) -> ServiceLife:
        scene, limit_s = self._scene, self._scene.service_spec.stop_timeout_s
        self._stops += life.ending == "stop"
        if life.ending == "stop" and self._stops % 2:
            self._settle(instance)
        instance.remember()
        signal_ns = instance.signal(signal.SIGKILL if life.ending == "kill" else signal.SIGTERM)
        in_time = scene.wait(lambda: instance.status is not None, limit_s, every_s=_PAUSE_S)
        status = instance.status
        exited_ns = instance.exited_ns or scene.clock.now_ns()
        held = False
        if in_time:
            scene.wait(lambda: instance.over or instance.child.left, GONE_S, every_s=_PAUSE_S)
            held = bool(instance.child.left) and instance.listens()
            scene.wait(lambda: instance.over, GONE_S, every_s=_PAUSE_S)
        new = self._files() - self._known
        return msgspec.structs.replace(
            life,
            exit_s=(exited_ns - signal_ns) / 1e9,
            exit_status=status,
            overdue=not in_time,
            left=instance.left(),
            held=held,
            files_left=len(new),
            files=files.named(new, self._folders),
        )

    def _settle(self, instance: Instance) -> None:
        """Let it run for a moment. ``SubjectError`` if it ends by itself meanwhile."""
        if self._scene.wait(lambda: instance.status is not None, SETTLED_S):
            raise SubjectError(
                f"the service got ready and ended by itself (status {instance.status})",
                hint="\n".join(instance.tail()),
            )

    def _files(self) -> set[str]:
        return files.present(self._folders, without=self._scene.room.folder.resolve())


def both_ends(said: str) -> str:
    """Return what was said, of a long text its beginning and its end."""
    if len(said) <= _SAID_HEAD + _SAID_TAIL:
        return said
    return f"{said[:_SAID_HEAD]} ... {said[-_SAID_TAIL:]}"
