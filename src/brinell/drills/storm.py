"""All WebSockets are cut at once, and all clients come back at once: does the service let them in again, and how soon?

What a deployment, a proxy's restart or a network's hiccup does. The clients are this drill's (``crowd.py``).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import msgspec

from brinell.core.drill_records import DrillEnded, DrillStarted
from brinell.core.errors import SubjectError, UsageError
from brinell.core.histogram import Histogram
from brinell.core.plan import LoadSpec, RequestSpec
from brinell.core.redact import one_line, redact
from brinell.drills.crowd import LOOK_NS, Board, Return, spread
from brinell.drills.scene import Scene
from brinell.drills.sending import opening
from brinell.load.websocket.link import Link
from brinell.load.websocket.switchboard import Refused
from brinell.subject.targets import Target
from brinell.subject.vitals import Sampler

AT_ONCE = 50  # attempts under way at a time while they first connect, which is no storm
KEPT_BYTES = 32 << 20  # more memory than before the cut, and
KEPT_EACH_BYTES = 128 << 10  # for each connection, from which on it is seen whether a second cut adds as much
LEAST_AT_ONCE = 5  # however many fail
STILL_NS = 5_000_000_000  # none more are let in for so long: no more will be
STAY_NS = 200_000_000
PAUSE_NS = 100_000_000  # after attempts that failed, twice as long each time
LONGEST_PAUSE_NS = 2_000_000_000
PATHS = (
    "/ws", "/websocket", "/ws/", "/socket", "/sockets", "/live", "/stream", "/chat", "/echo",
    "/socket.io/?EIO=4&transport=websocket",
)  # fmt: skip
"""Where WebSockets usually are: tried where nobody said where."""


class Storm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``sockets`` connections, held for ``calm_s``, cut all at once, and dialled again by all at once. They are all
    back within ``within_s``; of a service that lets in ``limit`` at most, so many. After a failed attempt a client
    waits ``back_off_s``, twice as long each time, at most ``longest_s``, and a random part of that.
    """

    about: ClassVar[str] = "all WebSockets are cut at once and come back at once: how soon are all in again?"
    starts: ClassVar[bool] = False
    loads: ClassVar[bool] = False
    driver: ClassVar[str] = "websocket"
    versions: ClassVar[tuple[str, ...]] = ("1.1",)

    sockets: int = 200
    calm_s: float = 1.0
    within_s: float = 30.0
    back_off_s: float = 0.1
    longest_s: float = 5.0
    limit: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be done."""
        bounds = (
            ("sockets", 1, 20_000), ("calm_s", 0, 600), ("within_s", 0.1, 3600), ("back_off_s", 0.001, 60),
            ("longest_s", 0.001, 600), ("limit", 0, 20_000),
        )  # fmt: skip
        for name, low, high in bounds:
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} lies between {low:g} and {high:g}")

    @property
    def wanted(self) -> int:
        """How many are in when all is well."""
        return min(self.sockets, self.limit or self.sockets)

    def look(self, load: LoadSpec, target: Target, root: Path, allow: Sequence[str]) -> None:
        """Find what could not be sent, before anything runs. UsageError."""
        del root, allow
        request = asked(load)
        opening(load, target, request.path, request.headers)

    def run(self, scene: Scene) -> None:
        """Connect, cut, come back."""
        url = scene.url
        scene.room.emit(DrillStarted("storm", scene.clock.now_ns(), redact(url)))
        interrupted = True
        with scene.descriptors(self.sockets):
            crowd = _Crowd(self, scene, url)
            try:
                crowd.run()
                interrupted = False
            finally:
                crowd.close()
                scene.room.emit(DrillEnded(scene.clock.now_ns(), crowd.seen, interrupted))


class _Crowd:
    """All clients of one storm."""

    def __init__(self, drill: Storm, scene: Scene, url: str) -> None:
        self._drill = drill
        self._scene = scene
        self._target = scene.target(url)
        request = asked(scene.load)
        self._path, self._headers = request.path, request.headers
        self._board = self._switchboard(self._path)
        self._sampler = Sampler(scene.pids(self._target))
        self._return: Return | None = None
        self.seen: dict[str, object] = {"sockets": drill.sockets}

    def run(self) -> None:
        """Do it all."""
        scene, drill = self._scene, self._drill
        self._find()
        usual = self._fill()
        board = self._board
        board.run(lambda: False, drill.calm_s, scene.room.tick)
        fds, rss = self._vitals()
        self.seen |= {"usual_ms": spread(usual), "lost_while_calm": len(board.endings)}
        self.seen |= {"fds_before": fds, "rss_before_bytes": rss}
        links = list(board.open)
        if not links:
            codes = sorted({f"{one.ending.code} {one.ending.reason or one.ending.why}" for one in board.endings})
            said = one_line(redact(", ".join(codes)), 200)
            raise SubjectError(f"{redact(scene.url)} took WebSockets at {self._path} and closed them again: {said}")
        cut_ns = self._cut(links, "cut")
        self._come_back(len(links), cut_ns)
        if self._kept_memory(len(links)):
            self._once_more()

    def close(self) -> None:
        """Close every connection."""
        self._board.close()

    def _switchboard(self, path: str) -> Board:
        terms = self._scene.terms(self._target, path, self._headers)
        return Board(self._scene.endpoint(self._target), terms, timeout_s=self._scene.load.timeout_s)

    # --- before -----------------------------------------------------------------------------------------------------

    def _find(self) -> None:
        """Try one connection where it was said; where nothing was said, at the usual places."""
        why = self._try(self._path)
        if why is None:
            return
        answer = _told(why)
        if why.refusal is None and why.outcome != "protocol":  # nobody there, or no answer: no path mends that
            raise SubjectError(f"{redact(self._scene.url)} took no WebSocket: {answer}")
        found = next((path for path in PATHS if path != self._path and self._try(path) is None), None)
        if self._path != "/":
            hint = f"there is one at {found}" if found else "name its path: ws://127.0.0.1:8000/ws"
            raise SubjectError(f"{redact(self._scene.url)} took no WebSocket at {self._path}: {answer}", hint=hint)
        if found is None:
            raise UsageError(
                f"storm: no WebSocket at / ({answer}), nor at {', '.join(PATHS)}",
                hint="name its path: brinell drill storm ws://127.0.0.1:8000/rooms/a",
            )
        self._path = found
        self._board = self._switchboard(found)
        self._scene.mark("found", f"a WebSocket at {found}")

    def _try(self, path: str) -> Refused | None:
        board = self._switchboard(path)
        try:
            board.dial()
            board.run(lambda: not board.dialling, self._scene.load.timeout_s + 1.0, self._scene.room.tick)
            return board.refused[0] if board.refused else None
        finally:
            for link in list(board.open):
                link.shut()  # in order: a place that it took is free again
            board.run(lambda: not board.open, 0.5)
            board.close()

    def _fill(self) -> Histogram:
        """Connect as many as there will be, at a pace that the service takes; return how long handshakes took."""
        scene, board, wanted = self._scene, self._board, self._drill.wanted
        usual = Histogram()
        board.came = lambda link, now: usual.record(max(1, now - link.started))

        filling = _Filling(board, wanted)
        board.run(filling.step, self._drill.within_s, scene.room.tick)
        for link in list(board.dialling):
            link.close()
        board.dialling.clear()
        self.seen["connected"] = len(board.open)
        self.seen["refused_at_first"] = filling.failed
        if filling.why:
            self.seen["refused_why"] = filling.why
        scene.mark("connected", f"{len(board.open)} of {wanted}")
        if not board.open:
            raise SubjectError(f"{redact(scene.url)} took no WebSocket: {self.seen.get('refused_why', 'no answer')}")
        board.refused.clear()
        board.endings.clear()
        return usual

    # --- after ------------------------------------------------------------------------------------------------------

    def _come_back(self, cut: int, cut_ns: int) -> None:
        scene, drill, board = self._scene, self._drill, self._board
        clients = drill.sockets if drill.limit else cut
        back = Return(
            board, clients, min(drill.wanted, cut), cut_ns,
            back_off_s=drill.back_off_s, longest_s=drill.longest_s, seed=scene.load.seed,
        )  # fmt: skip
        self.seen["cut"] = cut
        try:
            if board.run(back.step, drill.within_s + 1.0, scene.room.tick):
                steady_s = back.seen()["steady_s"] or 0.0  # that they stayed was known only later
                scene.mark("all-back", f"{cut} connections", at_ns=cut_ns + int(steady_s * 1e9))
        finally:
            self.seen |= back.seen()
            fds, rss = self._vitals()
            self.seen |= {"held": board.held(500_000_000), "fds_after": fds, "rss_after_bytes": rss}

    def _cut(self, links: list[Link], what: str) -> int:
        cut_ns = self._scene.mark(what, f"{len(links)} connections, by a reset")
        for link in links:
            link.abandon("cut", reset=True)
        self._board.endings.clear()
        self._board.refused.clear()
        return cut_ns

    def _kept_memory(self, cut: int) -> bool:
        """Whether all are in again, and it has much more memory than with as many before."""
        before, after = self.seen["rss_before_bytes"], self.seen["rss_after_bytes"]
        if not isinstance(before, int) or not isinstance(after, int) or self.seen["steady_s"] is None:
            return False
        return after - before >= max(KEPT_BYTES, KEPT_EACH_BYTES * cut)

    def _once_more(self) -> None:
        """Cut all again. Old and new ones may have been there together, so that one storm says nothing of memory."""
        scene, drill, board = self._scene, self._drill, self._board
        links = list(board.open)
        cut_ns = self._cut(links, "cut-again")
        back = Return(
            board, len(links), len(links), cut_ns,
            back_off_s=drill.back_off_s, longest_s=drill.longest_s, seed=scene.load.seed,
        )  # fmt: skip
        if board.run(back.step, drill.within_s, scene.room.tick):
            self.seen["rss_again_bytes"] = self._vitals()[1]

    def _vitals(self) -> tuple[int | None, int | None]:
        """Return descriptors and memory of the service."""
        now = self._sampler.sample(self._scene.clock.now_ns())
        return now.fds, now.rss_bytes


def _told(refused: Refused) -> str:
    return one_line(redact(f"{refused.outcome} {refused.detail}".strip()), 200)


class _Filling:
    """Connects until ``wanted`` are open, or no more are let in. After attempts that failed it waits, twice as long
    each time, and dials half as many at once: a service may let in so many a second, and that is no limit.
    """

    def __init__(self, board: Board, wanted: int) -> None:
        self._board = board
        self._wanted = wanted
        self._at_once = AT_ONCE
        self._pause_ns = PAUSE_NS
        self._next_ns = 0
        self._most = 0  # that stayed at one time
        self._most_ns = 0  # when there were so many for the first time
        self._look_ns = 0  # when it is counted again how many have stayed
        self.failed = 0
        self.why = ""

    def step(self) -> bool:
        """Dial for whom there is room; return whether it is over."""
        board, now = self._board, time.monotonic_ns()
        if board.refused or board.endings:
            self._failed(now)
        if now >= self._look_ns:
            self._look_ns = now + LOOK_NS
            stay = board.held(STAY_NS)  # what is closed as soon as it was let in was never connected
            if stay > self._most or not self._most_ns:
                self._most, self._most_ns, self._pause_ns = stay, now, PAUSE_NS
            if stay >= self._wanted:
                return True
        still = now - self._most_ns > STILL_NS
        if not still and now >= self._next_ns:
            room = self._wanted - len(board.dialling) - len(board.open)
            for _ in range(min(self._at_once - len(board.dialling), room)):
                board.dial()
        return still and not board.dialling

    def _failed(self, now: int) -> None:
        board = self._board
        self.failed += len(board.refused) + len(board.endings)
        if board.refused:
            self.why = _told(board.refused[-1])
        else:
            self.why = f"closed again, {board.endings[-1].ending.code}"
        board.refused.clear()
        board.endings.clear()
        if now >= self._next_ns:  # those that were under way with the first that failed are one failure
            self._at_once = max(LEAST_AT_ONCE, self._at_once // 2)
            self._next_ns = now + self._pause_ns
            self._pause_ns = min(LONGEST_PAUSE_NS, 2 * self._pause_ns)


def asked(load: LoadSpec) -> RequestSpec:
    """Return the request that is upgraded; of a scenario with rooms, that of the first one."""
    request = load.requests[0] if load.requests else RequestSpec()
    return msgspec.structs.replace(request, path=request.path.replace("{{room}}", "0"))
