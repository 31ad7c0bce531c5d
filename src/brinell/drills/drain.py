"""SIGTERM under load: what becomes of requests that are under way, of connections that are kept, and how soon it is
gone. What a rolling restart does to every instance.

Every request of the load has a connection of its own. So what breaks was broken by the service: a request that crosses
the closing of a kept connection would be nobody's fault, and clients repeat it (RFC 9112, 9.3.1). How kept connections
end is seen on some of the drill's own, which rest when the signal comes.
"""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import msgspec

from brinell.core.drill_records import DrillEnded, DrillStarted
from brinell.core.errors import SubjectError, UsageError
from brinell.core.outcomes import of_status
from brinell.core.plan import LoadSpec, RequestSpec
from brinell.core.redact import one_line, redact
from brinell.drills.done import Done, request_of
from brinell.drills.green import Green
from brinell.drills.held_sockets import HeldSockets
from brinell.drills.instance import Instance
from brinell.drills.scene import Scene
from brinell.drills.sending import encoded, look_at_traffic, opening
from brinell.drills.wire import FIN, OPEN, RESET, OwnLimitError
from brinell.drills.witness import Witness
from brinell.subject.targets import Target

EARLY_NS = 700_000_000  # before the signal: connections are opened, and carry a request each
SOCKET_NS = 2_000_000  # more for each WebSocket
EVERY_NS = 4_000_000
PORT_NS = 25_000_000
NEW_S = 0.05  # for new connections to be there, where the service keeps none
GONE_S = 2.0  # for what it left behind to be ended


class Drain(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``before_s`` seconds of load, the signal, and load until ``after_s`` seconds after the service is gone.

    ``in_flight`` requests are sent right before the signal, on open connections if it keeps them; ``idle`` ones rest.
    ``lost`` requests may be lost. ``sockets`` WebSockets to ``socket_path`` are held as well. ``done`` is a request and
    the ``value`` in its answer that says how much the service has done: within ``done_s`` of a new start it has grown
    by as much as was accepted.
    """

    about: ClassVar[str] = "SIGTERM under load: requests lost, connections closed cleanly, time to exit"
    starts: ClassVar[bool] = True
    loads: ClassVar[bool] = True
    driver: ClassVar[str] = "http"
    versions: ClassVar[tuple[str, ...]] = ("1.1",)

    before_s: int = 3
    after_s: float = 1.0
    in_flight: int = 10
    idle: int = 10
    lost: int = 0
    sockets: int = 0
    socket_path: str = "/ws"
    done: dict[str, Any] = {}
    done_s: float = 10.0

    def __post_init__(self) -> None:
        """Refuse what cannot be done."""
        if not self.socket_path.startswith("/"):
            raise ValueError("socket_path is a path, and begins with a slash")
        for name, low, high in (
            ("before_s", 1, 600),
            ("after_s", 0.1, 60),
            ("in_flight", 0, 1000),
            ("idle", 0, 1000),
            ("sockets", 0, 1000),
            ("done_s", 0.1, 600),
        ):
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} lies between {low:g} and {high:g}")
        if self.lost < 0:
            raise ValueError("lost is 0 or more")
        if self.done:
            request_of(self.done)

    def look(self, load: LoadSpec, target: Target, root: Path, allow: Sequence[str]) -> None:
        """Find what could not be sent, before anything runs. UsageError."""
        look_at_traffic(load, target, root, allow)
        if self.sockets:
            opening(load, target, self.socket_path, {})
        if self.done:
            if len(load.requests) != 1 or load.sessions:
                raise UsageError(
                    f"drain: done tells how many requests of one kind were done; this load has {len(load.requests)}",
                    hint='requests = [{ method = "POST", path = "/jobs" }]',
                )
            url = load.url or f"{target.scheme}://{target.authority}"
            encoded(load, url, target, root, request_of(self.done))

    def run(self, scene: Scene) -> None:
        """Start the service, press on it, and ask it to end."""
        instance = scene.start()
        scene.room.emit(
            DrillStarted("drain", scene.clock.now_ns(), instance.url, tuple(redact(word) for word in instance.command))
        )
        stop_s = scene.service_spec.stop_timeout_s
        beside = _Draining(self, scene, instance, stop_s)
        done = Done(scene, self.done) if self.done else None
        if done is not None:
            done.before = done.look(instance.url)
        load = msgspec.structs.replace(
            scene.load,
            url=instance.url,
            pid=instance.pid,
            keep_alive=False,
            calibrate=False,
            shape={
                "kind": "constant",
                "rate": scene.spec.rate,
                "duration": self.before_s + stop_s + self.after_s + GONE_S + 5.0,
            },
        )
        interrupted = True
        try:
            with scene.descriptors(self.in_flight + self.idle + self.sockets):
                scene.press(load, beside, (lambda _: None) if done is None else done.hear)
            beside.close()
            instance.end()
            if done is not None and done.before is not None:
                self._again(scene, done, beside.in_flight_done)
            interrupted = False
        finally:
            beside.close()
            instance.end()
            seen = beside.seen() | ({} if done is None else _told(done, beside.in_flight_done))
            scene.room.emit(DrillEnded(scene.clock.now_ns(), seen, interrupted))

    def _again(self, scene: Scene, done: Done, more: int) -> None:
        """Start it once more, and see what it has done of what the one before had accepted."""
        try:
            instance = scene.start()
        except SubjectError as error:
            done.why = f"it did not start again: {one_line(str(error), 200)}"
            return
        try:
            done.wait(instance.url, more, self.done_s)
        finally:
            instance.end()


def _told(done: Done, more: int) -> dict[str, object]:
    return {
        "accepted": done.accepted + more,
        "done_before": None if done.before is None else float(done.before),
        "done_after": None if done.after is None else float(done.after),
        "done_why": one_line(redact(done.why), 300),
    }


class _Flight(NamedTuple):
    """A request under way at the signal, on a connection that had so many answers ``before`` it."""

    wire: Witness
    before: int

    @property
    def answered(self) -> bool:
        """Whether its answer came, whole."""
        return self.wire.answers > self.before

    @property
    def waits(self) -> bool:
        """Whether an answer may still come."""
        return not self.answered and self.wire.state == OPEN


class _Draining:
    """What the drill does beside the load, one step a look."""

    def __init__(self, drill: Drain, scene: Scene, instance: Instance, stop_s: float) -> None:
        self._drill = drill
        self._scene = scene
        self._instance = instance
        self._stop_ns = int(stop_s * 1e9)
        self._target = scene.target(instance.url)
        self._request = scene.encode(self._target, instance.url, RequestSpec(path=scene.service_spec.ready))[0]
        pressed = scene.load.requests[0] if scene.load.requests else RequestSpec(path=scene.service_spec.ready)
        pressed = still(pressed, scene.service_spec.ready)
        self._pressed = scene.encode(self._target, instance.url, pressed)[0]
        self._expected = pressed.expect
        self._own = pressed in scene.load.requests
        self._green = Green(scene, self._target, self._request)
        self._sockets = HeldSockets(scene, self._target, drill.socket_path, drill.sockets)
        self._busy: list[Witness] = []
        self._idle: list[Witness] = []
        self._flights: list[_Flight] = []
        self._opened = False
        self._signal_ns = self._closed_ns = self._over_ns = 0
        self._status: int | None = None
        self._overdue = False
        self._port_ns = 0
        self._short = ""

    def look(self, now_ns: int, start_ns: int) -> int | None:
        """Open connections shortly before the signal, send it, and watch until it is over."""
        due_ns = start_ns + self._drill.before_s * 1_000_000_000  # at a full second: slices end there
        if not self._signal_ns and self._instance.status is not None:
            self._scene.mark("ended-early", "\n".join(self._instance.tail(3)))
            raise SubjectError(
                f"the service ended by itself, before it was asked to (status {self._instance.status})",
                hint="\n".join(self._instance.tail()),
            )
        early_ns = due_ns - EARLY_NS - self._drill.sockets * SOCKET_NS
        if now_ns < early_ns:
            return early_ns
        if not self._opened:
            self._open()
        self._look_at(self._busy + self._idle)
        self._sockets.look()
        if not self._signal_ns:
            return self._before(now_ns, due_ns)
        return self._after(now_ns)

    def seen(self) -> dict[str, object]:
        """Return what was counted here."""
        flights, idle, signal_ns = self._flights, self._idle, self._signal_ns
        answered = [one.wire for one in flights if one.answered]
        errors = Counter(
            of_status(one.status) for one in answered if one.status >= 500 and one.status not in self._expected
        )
        closed = [(one.ended_ns - signal_ns) / 1e9 for one in idle if one.state in {FIN, RESET}]
        return {
            "signal_ns": signal_ns,
            "in_flight": len(flights),
            "in_flight_new": sum(not one.before for one in flights),
            "in_flight_answered": len(answered),
            "in_flight_waits": sum(one.waits for one in flights),
            "in_flight_5xx": sum(errors.values()),
            "in_flight_errors": dict(errors),
            "in_flight_reset": sum(one.wire.state == RESET for one in flights if not one.answered),
            "in_flight_announced": sum(one.announced for one in answered),
            "idle": len(idle),
            "idle_closed": sum(one.state == FIN for one in idle),
            "idle_reset": sum(one.state == RESET for one in idle),
            "idle_open": sum(one.state == OPEN for one in idle),
            "idle_closed_s": max(closed, default=None),
            "port_closed_s": (self._closed_ns - signal_ns) / 1e9 if self._closed_ns else None,
            "exit_s": (self._instance.exited_ns - signal_ns) / 1e9 if self._instance.exited_ns and signal_ns else None,
            "exit_status": self._status,
            "overdue": self._overdue,
            "ready_until_s": (self._green.last_ns - signal_ns) / 1e9 if self._green.last_ns else None,
            "left": list(self._instance.left()),
            **self._sockets.seen(),
            "short": self._short,
        }

    @property
    def in_flight_done(self) -> int:
        """How many of the load's requests were under way at the signal and answered as they should be."""
        good = [one for one in self._flights if one.answered and one.wire.status < 300]
        return len(good) if self._own else 0

    def close(self) -> None:
        """Close the drill's own connections."""
        for one in self._busy + self._idle:
            one.abort()
        self._green.close()
        self._sockets.close()

    def _open(self) -> None:
        self._instance.remember()
        self._sockets.dial()
        self._opened = True
        try:
            for group, count in ((self._busy, self._drill.in_flight), (self._idle, self._drill.idle)):
                for _ in range(count):
                    group.append(self._scene.connect(self._target))
        except OwnLimitError as error:
            self._short = str(error)

    def _look_at(self, witnesses: Sequence[Witness]) -> None:
        for one in witnesses:
            one.look()
            if one.connected and not one.sent_ns:
                one.send(self._request)

    def _before(self, now_ns: int, due_ns: int) -> int | None:
        if now_ns < due_ns - EVERY_NS:
            return min(now_ns + EVERY_NS, due_ns)
        while now_ns < due_ns:  # the last moment: to the millisecond at which slices change
            now_ns = self._scene.clock.now_ns()
        # Those that did not answer their first request say nothing of the drain.
        self._busy = self._kept(self._busy)
        self._idle = self._kept(self._idle)
        self._sockets.begin()
        self._take_off()
        self._signal_ns = self._instance.signal(signal.SIGTERM)
        self._scene.mark("signal", "SIGTERM", at_ns=self._signal_ns)
        return now_ns + EVERY_NS

    def _take_off(self) -> None:
        """Send a request on every kept connection, and on new ones where the service keeps none."""
        missing = self._drill.in_flight - len(self._busy)
        new: list[Witness] = []
        try:
            new.extend(self._scene.connect(self._target) for _ in range(missing))
        except OwnLimitError as error:
            self._short = str(error)
        self._scene.wait(lambda: all(_stands(one) for one in new), NEW_S, every_s=0.001)
        for one in new:
            if one.connected:
                self._busy.append(one)
            else:
                one.abort()
        self._flights = [_Flight(one, one.answers) for one in self._busy]
        for flight in self._flights:
            flight.wire.send(self._pressed)

    def _kept(self, witnesses: Sequence[Witness]) -> list[Witness]:
        for one in witnesses:
            if one.state != OPEN or one.answers != 1 or one.announced:
                one.abort()
        return [one for one in witnesses if one.state == OPEN and one.answers == 1 and not one.announced]

    def _after(self, now_ns: int) -> int | None:
        instance = self._instance
        if not self._closed_ns and now_ns >= self._port_ns:
            self._port_ns = now_ns + PORT_NS
            if not instance.listens():
                self._closed_ns = self._scene.mark("port-closed", f"port {instance.port}")
        if self._status is None and instance.status is not None:
            self._status = instance.status
            self._scene.mark("exited", f"status {self._status}", at_ns=instance.exited_ns)
        if self._status is None:
            self._green.look(now_ns)
            if now_ns > self._signal_ns + self._stop_ns and not self._overdue:
                self._overdue = True
                self._scene.mark("killed", "SIGKILL: it had not ended in its time")
                instance.child.signal(signal.SIGKILL)
            return now_ns + EVERY_NS
        if not self._over_ns and (instance.over or now_ns > instance.exited_ns + int(GONE_S * 1e9)):
            self._over_ns = now_ns
            self._look_at(self._busy + self._idle)
        if self._over_ns and now_ns >= instance.exited_ns + int(self._drill.after_s * 1e9):
            return None
        return now_ns + EVERY_NS


def _stands(witness: Witness) -> bool:
    """Look, and say whether there is nothing to wait for."""
    witness.look()
    return witness.connected or witness.state != OPEN


def still(request: RequestSpec, ready: str) -> RequestSpec:
    """Return a request that can be sent as it stands: one with a template in it is replaced by the ready path's."""
    written = (request.path, str(request.json), request.body or "", *request.headers.values())
    if any("{{" in part for part in written) or request.form or request.files or request.method == "HEAD":
        return RequestSpec(path=ready, expect=(*range(200, 400), 503))  # not to be ready is an answer, too
    return request
