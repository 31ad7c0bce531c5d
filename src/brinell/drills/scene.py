"""What a drill works with: its room and specification, the service, its own instances of it, and the load beside."""

from __future__ import annotations

import contextlib
import os
import resource
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Unpack

import msgspec

from brinell.core.clock import Clock
from brinell.core.drill_records import DrillMark
from brinell.core.errors import UsageError
from brinell.core.observation import Envelope, Record
from brinell.core.plan import DrillSpec, LoadSpec, Plan, RequestSpec, ServiceSpec, Step
from brinell.core.redact import one_line, redact
from brinell.core.roles import Child, Room, Service, StartOptions
from brinell.drills.instance import Instance
from brinell.drills.sending import encoded, opening
from brinell.drills.witness import Witness
from brinell.load import tls
from brinell.load.beside import Beside
from brinell.load.engine.endpoint import Endpoint
from brinell.load.sharing import place, reachable, tls_name
from brinell.load.trial import LoadTrial
from brinell.load.websocket.link import Terms
from brinell.subject.interpreter import choose
from brinell.subject.service import start_service
from brinell.subject.service_command import Launch, compose
from brinell.subject.sockets import listening_pids
from brinell.subject.targets import Target, check_target, is_loopback

LINGER_S = 0.4
"""What outlives the service by more than that was left behind; a helper that ends with its pipe needs a moment."""
LOG = "drill-service.log"
SPARE = 256
"""Descriptors that the trial itself may need."""
_PATIENT_S = 0.02


class Impatient:
    """A clock whose sleeps are short, so that how long a start takes is known to a few hundredths of a second."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.now_ns = clock.now_ns
        self.utc = clock.utc

    def sleep(self, seconds: float) -> None:
        """Sleep, but not for long."""
        self._clock.sleep(min(seconds, _PATIENT_S))


class Scene:
    """One drill's. ``requests`` are what it sends, ``load`` the scenario they are of."""

    def __init__(self, room: Room, spec: DrillSpec, trial: LoadTrial) -> None:
        self.room = room
        self.spec = spec
        self.load = spec.load
        self.clock = room.clock
        self._trial = trial
        self._endpoints: dict[tuple[Target, str], Endpoint] = {}

    # --- writing down -----------------------------------------------------------------------------------------------

    def mark(self, what: str, detail: str = "", *, at_ns: int = 0) -> int:
        """Write down an instant, now if none is given; return it."""
        at_ns = at_ns or self.clock.now_ns()
        self.room.emit(DrillMark(what, at_ns, one_line(redact(detail), 300)))
        return at_ns

    # --- the service ------------------------------------------------------------------------------------------------

    @property
    def service_spec(self) -> ServiceSpec:
        """How the service is started. UsageError where the plan has none."""
        if self.room.plan.service is None:
            raise UsageError(
                f"the drill {self.spec.drill} starts and ends the service itself, and there is no [service]",
                hint='add [service] with its command, or --service "uvicorn shop.app:app --port {port}"',
            )
        return self.room.plan.service

    def launch(self, spec: ServiceSpec | None = None) -> Launch:
        """Return the service's command, read."""
        root = Path(self.room.plan.root)
        python = str(choose(root, self.room.plan.python, os.environ).path)
        return compose(spec or self.service_spec, root, python, os.environ)

    def start(self, *, temporary: Path | None = None, port: int | None = None) -> Instance:
        """Start an instance of the service and wait until it is ready; ``SubjectError`` if it won't be.

        ``temporary`` is the folder for its temporary files, where its own environment names none; ``port`` what it is
        told, where it takes one.
        """
        root, spec = Path(self.room.plan.root), self.service_spec
        if temporary is not None:
            spec = msgspec.structs.replace(spec, env={"TMPDIR": str(temporary), **spec.env})
        running = start_service(
            spec,
            root=root,
            python=str(choose(root, self.room.plan.python, os.environ).path),
            log=self.room.folder / LOG,
            starter=self.begin,
            clock=Impatient(self.clock),
            tick=self.room.tick,
            port=port,
        )
        return Instance(running, self.clock)

    def begin(self, argv: Sequence[str], **options: Unpack[StartOptions]) -> Child:
        """Start a command under the guard, which tells what it leaves behind."""
        options["linger_s"] = LINGER_S
        return self.room.start(argv, **options)

    # --- requests ---------------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """Where requests go: the address that was given, else the service of the run."""
        return self.load.url or self.room.service().url

    def target(self, url: str) -> Target:
        """Return a checked target."""
        return check_target(url, self.room.plan.allow_targets)

    def encode(self, target: Target, url: str, *requests: RequestSpec) -> list[bytes]:
        """Return requests as bytes."""
        return encoded(self.load, url, target, Path(self.room.plan.root), *requests)

    def connect(self, target: Target, *, window: int = 0) -> Witness:
        """Begin to connect; ``window``: bytes that this side takes at most without reading."""
        return Witness(self.endpoint(target), window=window)

    def endpoint(self, target: Target, version: str = "1.1") -> Endpoint:
        """Return where to connect to, and how: as the load beside does, looked for and read once."""
        if (target, version) not in self._endpoints:
            name = tls_name(target)
            secure = None if name is None else tls.context(verify=self.load.verify_tls)
            if secure is not None and version == "2":
                secure.set_alpn_protocols(["h2"])
            self._endpoints[target, version] = Endpoint(*place(target, reachable(target)), secure, name)
        return self._endpoints[target, version]

    def terms(self, target: Target, path: str, headers: Mapping[str, str] | None = None) -> Terms:
        """Return how WebSockets are opened at a path of the target."""
        return Terms(opening(self.load, target, path, headers or {}))

    def pids(self, target: Target) -> list[int]:
        """Return the first processes of what is asked; none where they cannot be known."""
        if self.load.pid is not None:
            return [self.load.pid]
        if self.load.url is None:
            return [self.room.service().pid]
        address = str(self.endpoint(target).address[0])
        return listening_pids(address, target.port)[0] if is_loopback(address) else []

    @staticmethod
    @contextlib.contextmanager
    def descriptors(number: int) -> Iterator[None]:
        """Allow this process so many beside its own, as far as it may, for the time within."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        number += SPARE
        wanted = max(soft, number if hard == resource.RLIM_INFINITY else min(hard, number))
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    def wait(self, until: Callable[[], object], timeout_s: float, *, every_s: float = 0.005) -> bool:
        """Wait until something holds, ticking; whether it did in time."""
        deadline = self.clock.now_ns() + int(timeout_s * 1e9)
        while not until():
            if self.clock.now_ns() >= deadline:
                return False
            self.room.tick()
            self.clock.sleep(every_s)
        return True

    # --- load beside ------------------------------------------------------------------------------------------------

    def press(self, load: LoadSpec, beside: Beside, watch: Callable[[Record], None] = lambda _: None) -> None:
        """Run a load scenario with ``beside`` acting meanwhile; ``watch`` sees its records as they are written."""
        self._trial.run(_LoadRoom(self.room, load, watch), beside)


class _LoadRoom:
    """The drill's room, as the load trial sees it (``core.roles.Room``): the same journal, another specification."""

    def __init__(self, room: Room, load: LoadSpec, watch: Callable[[Record], None]) -> None:
        self.step = Step(room.step.id, "load", load)
        self.plan: Plan = room.plan
        self.folder = room.folder
        self.clock = room.clock
        self.tick = room.tick
        self.start = room.start
        self.progress = room.progress
        self.history = room.history
        self.service: Callable[[], Service] = room.service
        self._room = room
        self._watch = watch

    def emit(self, record: Record) -> Envelope:
        envelope = self._room.emit(record)
        self._watch(record)
        return envelope
