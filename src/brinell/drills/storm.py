"""All WebSockets are cut at once, and all clients come back at once: does the service let them in again, and how soon?

What a deployment, a proxy's restart or a network's hiccup does. The clients are this drill's: each dials again at once,
and after an attempt that failed waits, twice as long each time, a random part of that (full jitter).
"""

from __future__ import annotations

import heapq
import random
from collections import Counter
from typing import ClassVar
from urllib.parse import urlsplit

import msgspec

from brinell.core.drill_records import DrillEnded, DrillStarted
from brinell.core.errors import SubjectError
from brinell.core.plan import RequestSpec
from brinell.core.redact import redact
from brinell.drills.scene import Scene
from brinell.load.engine.endpoint import Endpoint
from brinell.load.websocket.handshake import Opening
from brinell.load.websocket.link import Link, Terms
from brinell.load.websocket.switchboard import Switchboard
from brinell.subject.sockets import listening_pids
from brinell.subject.vitals import Sampler

AT_ONCE = 50  # attempts under way at a time while they first connect, which is no storm
SETTLED_S = 1.0
MOST_KINDS = 10


class Storm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``sockets`` connections, held for ``calm_s``, cut all at once, and dialled again by all at once. They are all
    back within ``within_s``. After a failed attempt a client waits ``back_off_s``, twice as long each time, at most
    ``longest_s``, and a random part of that.
    """

    about: ClassVar[str] = "all WebSockets are cut at once and come back at once: how soon are all in again?"
    starts: ClassVar[bool] = False
    loads: ClassVar[bool] = False

    sockets: int = 200
    calm_s: float = 1.0
    within_s: float = 30.0
    back_off_s: float = 0.1
    longest_s: float = 5.0

    def __post_init__(self) -> None:
        """Refuse what cannot be done."""
        bounds = (
            ("sockets", 1, 20_000), ("calm_s", 0, 600), ("within_s", 0.1, 3600), ("back_off_s", 0.001, 60),
            ("longest_s", 0.001, 600),
        )  # fmt: skip
        for name, low, high in bounds:
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} lies between {low:g} and {high:g}")

    def run(self, scene: Scene) -> None:
        """Connect, cut, come back."""
        url = scene.url
        scene.room.emit(DrillStarted("storm", scene.clock.now_ns(), redact(url)))
        crowd = _Crowd(self, scene, url)
        interrupted = True
        try:
            with scene.descriptors(self.sockets):
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
        target = scene.target(url)
        request = scene.load.requests[0] if scene.load.requests else RequestSpec()
        path = urlsplit(url).path.rstrip("/") + request.path
        family, address = scene.place(target)
        endpoint = Endpoint(family, address, scene.tls(target), target.host if target.scheme == "https" else None)
        headers = tuple({**scene.load.headers, **request.headers}.items())
        opening = Opening(target.authority, path, headers)
        self._board = Switchboard(endpoint, Terms(opening), timeout_s=scene.load.timeout_s)
        pids = (
            [scene.room.service().pid]
            if scene.load.url is None
            else listening_pids(target.addresses[0], target.port)[0]
        )
        self._sampler = Sampler(pids)
        self._random = random.Random(scene.load.seed)  # noqa: S311 - when to dial again is no secret
        self.seen: dict[str, object] = {"sockets": drill.sockets}

    def run(self) -> None:
        """Do it all."""
        scene, drill, board = self._scene, self._drill, self._board
        self._fill()
        board.run(lambda: False, drill.calm_s, scene.room.tick)
        self.seen |= {"usual_ms": _spread(list(board.took_ns.values())), "fds_before": self._fds()}
        self.seen["lost_while_calm"] = len(board.endings)
        links = list(board.open)
        cut_ns = scene.mark("cut", f"{len(links)} connections, by a reset")
        for link in links:
            link.abandon("cut", reset=True)
        self._come_back(len(links), cut_ns)
        board.endings.clear()
        board.run(lambda: False, SETTLED_S, scene.room.tick)
        self.seen |= {"lost_afterwards": len(board.endings), "fds_after": self._fds()}

    def close(self) -> None:
        """Close every connection."""
        self._board.close()

    def _fill(self) -> None:
        """Connect all, a few at a time."""
        scene, board, wanted = self._scene, self._board, self._drill.sockets

        def step() -> bool:
            while (
                len(board.dialling) < AT_ONCE and len(board.dialling) + len(board.open) < wanted and not board.refused
            ):
                board.dial()
            return len(board.open) >= wanted or bool(board.refused and not board.dialling)

        board.run(step, self._drill.within_s, scene.room.tick)
        if not board.open:
            first = board.refused[0] if board.refused else None
            why = f"{first.outcome} {first.detail}" if first else "no answer to the upgrade"
            raise SubjectError(f"{redact(self._scene.url)} took no WebSocket: {why}")
        self.seen["connected"] = len(board.open)
        self.seen["refused_at_first"] = len(board.refused)
        scene.mark("connected", f"{len(board.open)} of {wanted}")
        board.refused.clear()
        board.endings.clear()

    def _come_back(self, wanted: int, cut_ns: int) -> None:
        scene, drill, board = self._scene, self._drill, self._board
        board.endings.clear()
        board.took_ns.clear()
        waiting: list[tuple[int, int]] = [(cut_ns, 0)] * wanted  # when to dial, failures before
        failures: dict[int, int] = {}  # of a link's client, by the link's tag
        kinds: Counter[str] = Counter()
        back: dict[Link, float] = {}
        attempts = 0

        def step() -> bool:
            nonlocal attempts
            now = scene.clock.now_ns()
            for one in board.open:
                back.setdefault(one, (now - cut_ns) / 1e9)
            lost = [(one.tag, "closed again") for one in board.endings]
            lost += [(one.tag, one.outcome) for one in board.refused]
            board.refused.clear()
            board.endings.clear()
            for tag, kind in lost:
                kinds[kind] += 1
                before = failures.pop(tag, 0)
                pause_s = self._random.random() * min(drill.longest_s, drill.back_off_s * 2**before)
                heapq.heappush(waiting, (now + int(pause_s * 1e9), before + 1))
            while waiting and waiting[0][0] <= now:
                _, before = heapq.heappop(waiting)
                failures[board.dial().tag] = before
                attempts += 1
            return len(board.open) >= wanted

        done = board.run(step, drill.within_s, scene.room.tick)
        step()
        times = sorted(seconds for link, seconds in back.items() if link in board.open)
        if done:
            scene.mark("all-back", f"{wanted} connections")
        self.seen |= {
            "cut": wanted,
            "back": len(board.open),
            "attempts": attempts,
            "failed": dict(kinds.most_common(MOST_KINDS)),
            "half_back_s": _rank(times, wanted, 0.5),
            "most_back_s": _rank(times, wanted, 0.95),
            "all_back_s": _rank(times, wanted, 1.0),
            "highest_rate": _highest(times),
            "storm_ms": _spread(list(board.took_ns.values())),
        }

    def _fds(self) -> int | None:
        return self._sampler.sample(self._scene.clock.now_ns()).fds


def _rank(times: list[float], wanted: int, share: float) -> float | None:
    """When that share of all was back; None if it never was."""
    number = max(1, round(share * wanted))
    return round(times[number - 1], 4) if len(times) >= number else None


def _highest(times: list[float], within_s: float = 0.1) -> float | None:
    """Return the highest rate of connections a second, in any tenth of one."""
    most = begin = 0
    for end, at in enumerate(times):
        while at - times[begin] > within_s:
            begin += 1
        most = max(most, end - begin + 1)
    return most / within_s if times else None


def _spread(times_ns: list[int]) -> dict[str, float | None]:
    ordered = sorted(times_ns)
    if not ordered:
        return {"p50": None, "p95": None, "max": None}
    ranks = {"p50": 0.5, "p95": 0.95, "max": 1.0}
    return {name: round(ordered[max(0, round(share * len(ordered)) - 1)] / 1e6, 3) for name, share in ranks.items()}
