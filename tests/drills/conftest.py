"""Real drills on real services: a room in memory whose children run under real guards."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Unpack

import msgspec
import pytest

from brinell.checks.drills import drills
from brinell.core.clock import SystemClock
from brinell.core.drill_judgement import Drill
from brinell.core.evidence import MemoryEvidence
from brinell.core.fakes import FakeRoom
from brinell.core.finding import Finding
from brinell.core.observation import StepStarted
from brinell.core.plan import DrillSpec, LoadSpec, Plan, RequestSpec, ServiceSpec, Step
from brinell.core.roles import StartOptions
from brinell.drills.trial import DrillTrial, look_ahead
from brinell.load.trial import LoadTrial
from brinell.rosters.drills import DRILLS
from brinell.rosters.drivers import DRIVERS
from brinell.rosters.shapes import SHAPES
from brinell.subject import guard
from brinell.subject import sockets as free_sockets
from brinell.subject.ports import lasting_port
from brinell.subject.service import RunningService, start_service

SUBJECT = Path(__file__).with_name("subject.py")


class GuardedRoom(FakeRoom):
    """Children are started as a run starts them."""

    def tick(self) -> None:
        """Renew the guards' lease too."""
        guard.beat_all()
        super().tick()

    def start(self, argv: Sequence[str], **options: Unpack[StartOptions]) -> Any:
        """Start under a guard."""
        child = guard.start(argv, **options)
        self.children.append(child)
        return child


@dataclass
class Done:
    """A drill that was done: its room, its entry in the judgement, its finding."""

    room: GuardedRoom
    drill: Drill
    finding: Finding

    def rule(self, name: str) -> Any:
        """Return one rule."""
        return next(rule for rule in self.drill.rules if rule.rule == name)

    @property
    def failed(self) -> set[str]:
        """Required rules that failed."""
        return {rule.rule for rule in self.drill.rules if rule.required and rule.verdict == "fail"}


def plan_of(kind: str, folder: Path, options: dict[str, Any], *, service: ServiceSpec | None, **fields: Any) -> Plan:
    """Return a plan of one drill, its options filled in as the configuration does."""
    rate = fields.pop("rate", 50.0)
    whole = msgspec.json.decode(msgspec.json.encode(msgspec.convert(options, DRILLS[kind])))
    shape = {"kind": "constant", "rate": rate, "duration": 1.0}
    load = LoadSpec(name=kind, shape=shape, connections=200, calibrate=False, **fields)
    step = Step("drill:x", "drill", DrillSpec("x", kind, load, rate, whole), needs_service=service is not None)
    return Plan(name="fake", root=str(folder), steps=(step,), service=service, python=sys.executable)


def judged(plan: Plan, records: Sequence[Any]) -> tuple[Drill, Finding]:
    """Judge records as one step's."""
    part = drills(MemoryEvidence(plan, [StepStarted("drill:x"), *records]))
    assert part.drills is not None
    return part.drills[0], part.findings[0]


@pytest.fixture
def service() -> Callable[..., ServiceSpec]:
    """Return how the planted service is started."""

    def spec(defect: str = "healthy", *more: str, stop_s: float = 5.0, subject: str = SUBJECT.name) -> ServiceSpec:
        words = (
            f"{shlex.join((sys.executable, str(SUBJECT.with_name(subject))))} {{port}} {shlex.join((defect, *more))}"
        )
        return ServiceSpec(command=words, stop_timeout_s=stop_s)

    return spec


@pytest.fixture
def drill(tmp_path: Path) -> Iterator[Callable[..., Done]]:
    """Do a drill and judge it."""
    rooms: list[GuardedRoom] = []

    def do(kind: str, options: dict[str, Any], **fields: Any) -> Done:
        room_fields = {key: fields.pop(key) for key in ("interrupt_when",) if key in fields}
        plan = plan_of(kind, tmp_path, options, **{"service": None, **fields})
        room = GuardedRoom(plan.steps[0].spec, tmp_path, plan=plan, **room_fields)
        rooms.append(room)
        DrillTrial(DRILLS, LoadTrial(DRIVERS, SHAPES)).run(room)
        return Done(room, *judged(plan, room.records))

    do.rooms = rooms  # type: ignore[attr-defined]
    yield do
    for room in rooms:
        room.close()


@pytest.fixture
def look(tmp_path: Path) -> Callable[..., None]:
    """Look at a drill as before any run: nothing is sent."""

    def at(kind: str, options: dict[str, Any], **fields: Any) -> None:
        plan = plan_of(kind, tmp_path, options, **{"service": None, **fields})
        spec = plan.steps[0].spec
        assert isinstance(spec, DrillSpec)
        look_ahead(spec, plan, DRILLS)

    return at


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Start the planted service by itself and return its address."""
    children: list[Any] = []

    def begin(defect: str = "healthy", *more: str, subject: Path = SUBJECT) -> str:
        port = lasting_port() or free_sockets.free_port()  # none that a connection may take meanwhile
        log = tmp_path / "subject.log"
        child = guard.start(
            [sys.executable, str(subject), str(port), defect, *more], cwd=tmp_path, stdout=log, stderr=log
        )
        children.append(child)
        while free_sockets.listening_pids("127.0.0.1", port)[0] != [child.pid]:
            assert child.wait(0.02) is None, log.read_text()
        return f"http://127.0.0.1:{port}"

    yield begin
    for child in children:
        child.stop(0.0)


@pytest.fixture
def running_service(tmp_path: Path) -> Iterator[Callable[[ServiceSpec], str]]:
    """Start a service as a run does, and return its address."""
    found: list[RunningService] = []

    def begin(spec: ServiceSpec) -> str:
        log = tmp_path / "service.log"
        found.append(
            start_service(
                spec,
                root=tmp_path,
                python=sys.executable,
                log=log,
                starter=guard.start,
                clock=SystemClock(),
                tick=guard.beat_all,
            )
        )
        return found[-1].url

    yield begin
    for service in found:
        service.child.stop(1.0)


@pytest.fixture
def sockets(running: Callable[..., str]) -> Callable[..., str]:
    """Start the planted WebSocket service and return its address."""
    return lambda *words: running(*words, subject=SUBJECT.with_name("socket_subject.py"))


@pytest.fixture
def secure(running: Callable[..., str], certificate: tuple[Path, Path]) -> Callable[..., str]:
    """Start the planted service that speaks TLS and return its address."""

    def begin(defect: str, *more: str) -> str:
        words = (*map(str, certificate), *more)
        return running(defect, *words, subject=SUBJECT.with_name("secure_subject.py")).replace("http", "https", 1)

    return begin


def post(path: str, body: dict[str, Any]) -> tuple[RequestSpec, ...]:
    """Return one POST with a JSON body."""
    return (RequestSpec(path=path, method="POST", json=body),)
