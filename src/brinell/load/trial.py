"""The load trial: checks the target, starts workers, watches the subject, writes down what was seen. Judges nothing."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

from brinell.core.errors import Interrupted, SubjectError, UsageError, nearest
from brinell.core.generator_records import Calibrated
from brinell.core.load_records import LoadStarted
from brinell.core.plan import LoadSpec
from brinell.core.redact import redact
from brinell.core.roles import Room
from brinell.load.beside import NOTHING, Beside
from brinell.load.calibration.trial import calibrate
from brinell.load.contract import Driver, Shape
from brinell.load.drivers.call import Calls
from brinell.load.drivers.websocket import Sockets, lead_s
from brinell.load.fleet import Fleet
from brinell.load.ledger import Ledger, slow_ns
from brinell.load.listening import is_wanted, remedy, silence
from brinell.load.machine import MachineWatch
from brinell.load.means import look, refuse
from brinell.load.schedule import Schedule
from brinell.load.sharing import reachable, split
from brinell.load.socket_ledger import SocketLedger
from brinell.load.watch import SubjectWatch
from brinell.load.websocket.hostile import try_manners
from brinell.load.websocket.limit import try_limit
from brinell.load.wire import Written
from brinell.subject.bystanders import BystanderWatch
from brinell.subject.targets import Target, check_target

HEAD_START_NS = 200_000_000  # between the order and the first due time: every worker has read it by then
GRACE_S = 10.0  # a worker may be this late after its last time-out before it counts as hung
DRAIN_S = 3.0  # for what workers still have to say after Ctrl-C
_READ_S = 0.1
_SCRATCH = "load-"

T = TypeVar("T")


class LoadTrial:
    """``[[load]]``: one scenario with every shape and driver of the rosters."""

    def __init__(self, drivers: Mapping[str, Driver | Calls | Sockets], shapes: Mapping[str, type[Shape]]) -> None:
        self._drivers = drivers
        self._shapes = shapes

    def run(self, room: Room, beside: Beside = NOTHING) -> None:
        """Run the step's scenario to its end, or until ``Interrupted``, which passes through after the last record.

        ``beside`` acts meanwhile, and may end it.
        """
        spec = room.step.spec
        if not isinstance(spec, LoadSpec):
            raise TypeError(f"{room.step.id} is no load step")
        driver, shape = self.look(spec)
        for left in room.folder.glob(f"{_SCRATCH}????????"):  # by an attempt that was killed
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=room.folder) as folder:
            if isinstance(driver, Calls):
                _calls(room, spec, Schedule(spec, shape, Path(folder)), driver, beside)
            elif isinstance(driver, Sockets):
                _sockets(room, spec, Schedule(spec, shape, Path(folder)), driver, beside)
            else:
                self._requests(room, spec, shape, driver, Path(folder), beside=beside)

    def look(self, spec: LoadSpec) -> tuple[Driver | Calls | Sockets, Shape]:
        """Return a scenario's driver and shape. UsageError for what does not go together, whatever is pressed on."""
        where = f"[[load]] {spec.name}"
        driver = _chosen(spec, "driver", spec.driver, self._drivers)
        options = {key: value for key, value in spec.shape.items() if key != "kind"}
        kind = _chosen(spec, "shape.kind", spec.shape.get("kind", ""), self._shapes)
        shape = _shape(spec, kind, options)
        if spec.shed_after_s is not None and (shape.model == "closed" or isinstance(driver, Calls)):
            why = "users of a closed model wait for nothing" if shape.model == "closed" else "calls are not shed"
            raise UsageError(f"{where}: shed_after_s = {spec.shed_after_s:g}: {why}", hint="leave it away")
        if spec.grain_s and spec.driver not in {"http", "websocket"}:
            raise UsageError(f"{where}: grain_s: calls are begun one by one", hint="leave it away")
        if isinstance(driver, Calls | Sockets):
            return driver, shape
        if spec.version == "2" and not spec.keep_alive:
            raise UsageError(f"{where}: keep_alive = false: HTTP/2 keeps its connections", hint="leave it away")
        if spec.raw:
            raise UsageError(f"{where}: raw = true is not there yet: single requests are not written down")
        if spec.workers > spec.connections:
            raise UsageError(
                f"{where}: {spec.workers} workers cannot share {spec.connections} connections",
                hint=f"connections = {spec.workers} or more",
            )
        return driver, shape

    def _requests(
        self, room: Room, spec: LoadSpec, shape: Shape, driver: Driver, folder: Path, *, beside: Beside
    ) -> None:
        driver = driver.speaking(spec.version)
        target = check_target(spec.url or room.service().url, room.plan.allow_targets)
        root = Path(room.plan.root)
        address = reachable(target)
        if spec.openapi is not None or spec.har is not None:
            if spec.openapi is not None:  # which is mostly asked for there
                _knock(spec, target, beside)
            from brinell.load.described import described  # noqa: PLC0415 - heavy: a validator of schemas

            driver = described(room, spec, target, address)
        sessions = driver.sessions(spec, target, root, room.plan.allow_targets)
        operations = () if sessions else driver.encode(spec, target, root)
        _knock(spec, target, beside)
        partly = sessions is not None and sessions.partly
        schedule = Schedule(spec, shape, folder, partly=partly and shape.model == "open")
        name = _class_name(type(driver))
        specs = split(spec, schedule, operations, name, target=target, address=address, sessions=sessions)
        means = look(spec, specs, schedule.shape.peak_rate, address)
        refuse(spec, means, closed=shape.model == "closed")
        room.emit(means)
        room.emit(calibrate(room, spec, specs, schedule.shape.peak_rate))
        fleet = Fleet(room, specs)
        try:
            fleet.wait_ready()
            watch = SubjectWatch(room, spec, target, address)
            _Scenario(room, spec, schedule, fleet, watch, beside=beside, partly=partly).run()
        finally:
            fleet.close()


class _Scenario:
    """The part with time in it: from the order to start to the last record."""

    def __init__(
        self,
        room: Room,
        spec: LoadSpec,
        schedule: Schedule,
        fleet: Fleet,
        watch: SubjectWatch,
        *,
        beside: Beside,
        partly: bool = False,
    ) -> None:
        does = spec.websocket
        self._does = does
        self._partly = partly and schedule.shape.model == "open"
        self._room = room
        self._spec = spec
        self._schedule = schedule
        self._fleet = fleet
        self._watch = watch
        self._beside = beside
        self._machine = MachineWatch(room)
        self._bystanders = BystanderWatch(room) if beside is NOTHING else None
        self._start_ns = room.clock.now_ns() + HEAD_START_NS + int((lead_s(spec, does) if does else 0) * 1e9)
        self._ledger = (
            Ledger(self._start_ns, schedule.span_s, slow_ns(spec.thresholds))
            if does is None
            else SocketLedger(self._start_ns, schedule.span_s, does, spec.connections)
        )

    def run(self) -> None:
        room, spec, schedule = self._room, self._spec, self._schedule
        room.emit(
            LoadStarted(
                scenario=spec.name,
                model="partly-open" if self._partly else schedule.shape.model,
                url=_place(room, spec),
                start_ns=self._start_ns,
                span_s=schedule.span_s,
                target_rate=None if self._partly else schedule.target_rate,
                session_rate=schedule.target_rate if self._partly else None,
                connections=spec.connections,
                workers=spec.workers,
                timeout_s=spec.timeout_s,
                subject_pids=tuple(self._watch.pids),
                subject_reason=self._watch.reason,
                subject_others=self._watch.others,
                shape=schedule.kind,
                peak_rate=None if self._partly else schedule.peak_rate,
                stages=() if self._partly else schedule.stages,
                socket=self._does.mode if self._does else "",
            )
        )
        try:
            self._fleet.go(self._start_ns)
            self._follow()
        except Interrupted:
            self._fleet.stop()
            self._drain(DRAIN_S)
            self._end(interrupted=True)
            raise
        self._end(interrupted=False)
        if self._ledger.subject_ended:
            raise SubjectError(f"{spec.name}: {self._ledger.subject_ended}")
        if self._bystanders is not None:
            self._bystanders.close(self._watch.members)

    def _follow(self) -> None:
        room, clock = self._room, self._room.clock
        settle_s = self._does.settle_s + self._spec.timeout_s if self._does else 0.0
        deadline = self._start_ns + int((self._schedule.span_s + self._spec.timeout_s + settle_s + GRACE_S) * 1e9)
        say_ns = clock.now_ns() + 1_000_000_000
        while self._fleet.busy and clock.now_ns() < deadline:
            room.tick()
            again_ns = self._beside.look(clock.now_ns(), self._start_ns)
            if again_ns is None or self._ledger.in_vain:
                self._fleet.stop()
                self._drain(DRAIN_S)
                return
            self._read(min(_READ_S, max(0.0, (again_ns - clock.now_ns()) / 1e9)))
            now = clock.now_ns()
            self._watch.strained = self._ledger.behind
            self._watch.look(now)
            self._machine.look(now)
            if self._bystanders is not None:
                self._bystanders.look(now)
            if now >= say_ns:
                say_ns = now + 1_000_000_000
                done_s = min(max(0.0, (now - self._start_ns) / 1e9), self._schedule.span_s)
                room.progress(done_s, self._schedule.span_s, self._ledger.line())
        self._fleet.give_up()

    def _drain(self, patience_s: float) -> None:
        """Take what the workers still say; the stop was heard, so hearing it again changes nothing."""
        until = self._room.clock.now_ns() + int(patience_s * 1e9)
        while self._fleet.busy and self._room.clock.now_ns() < until:
            with contextlib.suppress(Interrupted):
                self._room.tick()
            self._read(_READ_S)
        self._fleet.give_up()

    def _read(self, timeout_s: float) -> None:
        for message in self._fleet.read(timeout_s):
            self._ledger.add(message)
            if isinstance(message, Written):
                self._room.emit(message)

    def _end(self, *, interrupted: bool) -> None:
        room = self._room
        self._machine.look(room.clock.now_ns(), last=True)
        self._watch.close(room.clock.now_ns())
        ended = self._ledger.ended(room.clock.now_ns(), tuple(self._fleet.failures), interrupted=interrupted)
        ended = msgspec.structs.replace(ended, planned=self._schedule.planned(ended.span_s))
        room.emit(ended)
        room.progress(ended.span_s, self._schedule.span_s, self._ledger.line())


def _knock(spec: LoadSpec, target: Target, beside: Beside) -> None:
    """SubjectError where nobody is there, unless that may be, or somebody beside decides what it means."""
    if spec.url is not None and beside is NOTHING and is_wanted(spec) and (why := silence(target)):
        raise SubjectError(why, hint=remedy(target))


def _place(room: Room, spec: LoadSpec) -> str:
    """Return what is pressed on, as it may be written down."""
    if spec.cache is not None:
        return f"cache:{redact(spec.cache.target)}"
    return f"call:{spec.call}" if spec.call else redact(spec.url or room.service().url)


def _calls(room: Room, spec: LoadSpec, schedule: Schedule, driver: Calls, beside: Beside) -> None:
    """Run a scenario that calls a function: its workers start the project's interpreter, and that is the subject."""
    room.emit(Calibrated(skipped="functions are called: nothing goes over a network"))
    fleet = Fleet(room, driver.workers(spec, schedule, Path(room.plan.root)))
    try:
        room.progress(0, None, driver.preparing)
        fleet.wait_ready()
        room.progress(0, None, "")
        _Scenario(room, spec, schedule, fleet, driver.watch(room, spec, fleet.subject_pids), beside=beside).run()
    finally:
        fleet.close()


def _sockets(room: Room, spec: LoadSpec, schedule: Schedule, driver: Sockets, beside: Beside) -> None:
    """Run a scenario whose connections stay open, or try how many there may be."""
    target = check_target(spec.url or room.service().url, room.plan.allow_targets)
    address = reachable(target)
    specs = driver.workers(spec, schedule, target, address, Path(room.plan.root))
    _knock(spec, target, beside)
    means = look(spec, specs, None, address)
    refuse(spec, means, closed=True)  # every connection is made at once
    room.emit(means)
    room.emit(calibrate(room, spec, specs, schedule.shape.peak_rate))
    watch = SubjectWatch(room, spec, target, address)
    if spec.websocket is not None and spec.websocket.limit:
        try_limit(room, spec, schedule, specs[0], watch)
        return
    if spec.websocket is not None and spec.websocket.one_by_one:
        try_manners(room, spec, schedule, specs[0], watch)
        return
    fleet = Fleet(room, specs)
    try:
        fleet.wait_ready()
        _Scenario(room, spec, schedule, fleet, watch, beside=beside).run()
    finally:
        fleet.close()


def _chosen(spec: LoadSpec, key: str, name: str, choices: Mapping[str, T]) -> T:
    if name in choices:
        return choices[name]
    close = nearest(name, list(choices))
    raise UsageError(
        f"[[load]] {spec.name}: {key} = {name!r} does not exist; there are {', '.join(choices)}",
        hint=f'did you mean "{close}"?' if close else None,
    )


def _shape(spec: LoadSpec, kind: type[Shape], options: Mapping[str, object]) -> Shape:
    try:
        return msgspec.convert(options, kind)
    except (msgspec.ValidationError, ValueError) as error:
        raise UsageError(f"[[load]] {spec.name}: shape: {error}") from None


def _class_name(kind: type) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"
