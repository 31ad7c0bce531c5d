"""Clients that dawdle: heads and bodies that come byte by byte, answers that nobody reads. Are all others served?

Three equal parts of load: without them, with them, and after they hung up. Both sides are loopback or allowed targets;
the number of slow clients is bounded, and each of them ends with the drill.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import msgspec

from brinell.core.drill_records import DrillEnded, DrillStarted, SlowClients
from brinell.core.plan import LoadSpec, RequestSpec
from brinell.core.redact import redact
from brinell.drills.drain import still
from brinell.drills.scene import Scene
from brinell.drills.sending import look_at_traffic
from brinell.drills.wire import FIN, OPEN, REFUSED, RESET, OwnLimitError
from brinell.drills.witness import Witness
from brinell.subject.targets import Target

KINDS = ("heads", "bodies", "readers")
PER_LOOK = 40  # connections that are opened in one look, so that the load's own messages are read meanwhile
WINDOW_BYTES = 2048
PIPELINED = 64  # requests that a slow reader sends at once, at most: their answers together are large
LARGE_BYTES = 6 << 20  # what it asks for, if so many requests come to that: more than systems take in advance
SIZE_S = 5.0  # for one such answer to be read
SIZE_BYTES = 1 << 20  # at once
EVERY_NS = 50_000_000
TOLD_NS = 1_000_000_000


class SlowClient(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``slow`` clients, of every kind in ``kinds`` as many, send a byte every ``every_s`` seconds or read nothing.

    ``part_s`` seconds each: without them, with them, after them. With them p95 stays within ``factor`` of what it was,
    and no more than the share ``errors`` more of the requests fail. ``large`` is the path that slow readers ask for.
    """

    about: ClassVar[str] = "slowloris heads, slow bodies, slow readers: does it keep serving the others?"
    starts: ClassVar[bool] = False
    loads: ClassVar[bool] = True
    driver: ClassVar[str] = "http"
    versions: ClassVar[tuple[str, ...]] = ("1.1",)

    slow: int = 150
    kinds: tuple[str, ...] = KINDS
    every_s: float = 1.0
    part_s: int = 10
    factor: float = 2.0
    errors: float = 0.01
    large: str | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be done."""
        bounds = (
            ("slow", 1, 20_000),
            ("every_s", 0.01, 600),
            ("part_s", 3, 3600),
            ("factor", 1, 1000),
            ("errors", 0, 1),
        )
        for name, low, high in bounds:
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} lies between {low:g} and {high:g}")
        strange = [kind for kind in self.kinds if kind not in KINDS]
        if strange or not self.kinds:
            raise ValueError(f"kinds are {', '.join(KINDS)}{f', not {strange[0]}' if strange else ''}")
        if self.large is not None and not self.large.startswith("/"):
            raise ValueError("large is a path, and begins with a slash")

    def look(self, load: LoadSpec, target: Target, root: Path, allow: Sequence[str]) -> None:
        """Find what could not be sent, before anything runs. UsageError."""
        look_at_traffic(load, target, root, allow)

    def run(self, scene: Scene) -> None:
        """Press, dawdle beside, hang up."""
        scene.room.emit(DrillStarted("slow-client", scene.clock.now_ns(), redact(scene.url)))
        beside = _Dawdling(self, scene)
        beside.size()
        load = msgspec.structs.replace(
            scene.load, shape={"kind": "constant", "rate": scene.spec.rate, "duration": 3.0 * self.part_s}
        )
        interrupted = True
        try:
            with scene.descriptors(self.slow):
                scene.press(load, beside)
            interrupted = False
        finally:
            beside.close()
            scene.room.emit(DrillEnded(scene.clock.now_ns(), beside.seen(), interrupted))


class _Slow:
    """One slow client."""

    def __init__(self, kind: str, witness: Witness, rest: bytes) -> None:
        self.kind = kind
        self.witness = witness
        self.rest = rest
        self.next_ns = 0


class _Dawdling:
    """All slow clients, a little work a look."""

    def __init__(self, drill: SlowClient, scene: Scene) -> None:
        self._drill = drill
        self._scene = scene
        url = scene.url
        self._target = scene.target(url)
        request = still(scene.load.requests[0] if scene.load.requests else RequestSpec(), "/")
        large = RequestSpec(path=drill.large or request.path)
        body = RequestSpec(path=request.path, method="POST", body="x" * 100_000)
        (get, posted, read) = scene.encode(self._target, url, RequestSpec(path=request.path), body, large)
        head, _, content = posted.partition(b"\r\n\r\n")
        drip = b"X-Slow: " + b"a" * 4000
        first = get[: get.index(b"\r\n") + 2]
        # At once, and then byte by byte.
        self._words = {
            "heads": (first + b"Host: " + self._target.authority.encode() + b"\r\n", drip),
            "bodies": (head + b"\r\n\r\n", content),
            "readers": (read, b""),
        }
        self._pipelined = 1
        self._slow: list[_Slow] = []
        self._asked = self._limit = drill.slow
        self._short = ""
        self._phase = "before"
        self._told_ns = 0
        self._sized: int | None = None  # bytes of what slow readers will ask for

    def look(self, now_ns: int, start_ns: int) -> int | None:
        """Open, drip, look who hung up."""
        passed_s = (now_ns - start_ns) / 1e9
        if self._phase == "before" and passed_s >= self._drill.part_s:
            self._phase = "during"
            self._scene.mark("slow-came", f"{self._drill.slow} slow clients", at_ns=now_ns)
        elif self._phase == "during" and passed_s >= 2 * self._drill.part_s:
            self._phase = "after"
            self._tell(now_ns)
            self._scene.mark("slow-left", at_ns=now_ns)
            self.close()
        if self._phase == "during":
            self._open()
            self._drip(now_ns)
            if now_ns >= self._told_ns:
                self._told_ns = now_ns + TOLD_NS
                self._tell(now_ns)
        return now_ns + EVERY_NS

    def seen(self) -> dict[str, object]:
        """Return what no other record has."""
        return {
            "asked": self._asked,
            "opened": len(self._slow),
            "short": self._short,
            "reader_bytes": None if self._sized is None else self._sized * self._pipelined,
        }

    def close(self) -> None:
        """Hang up, all at once."""
        for one in self._slow:
            one.witness.abort()

    def size(self) -> None:
        """See how long the answer is that slow readers will not read, and let them ask for no more than it takes: many
        small answers are a crowd of requests, and wait for nobody. As fast as it comes, and before there is any load:
        to read it slowly would be what comes later.
        """
        if "readers" not in self._drill.kinds:
            return
        try:
            witness = self._scene.connect(self._target)
        except OwnLimitError as error:
            self._short = str(error)
            return
        read = self._words["readers"][0]

        def over() -> bool:
            witness.look(SIZE_BYTES)
            return witness.answers > 0 or witness.state != OPEN or witness.bytes_in > LARGE_BYTES

        try:
            witness.send(read)
            self._scene.wait(over, SIZE_S, every_s=0.001)
        finally:
            witness.abort()
        if not witness.bytes_in:
            return
        self._sized = witness.bytes_in
        if self._sized * PIPELINED > LARGE_BYTES:
            self._pipelined = -(-LARGE_BYTES // self._sized)
        self._words["readers"] = read * self._pipelined, b""

    def _open(self) -> None:
        kinds = self._drill.kinds
        for _ in range(min(PER_LOOK, self._limit - len(self._slow))):
            kind = kinds[len(self._slow) % len(kinds)]
            try:
                witness = self._scene.connect(self._target, window=WINDOW_BYTES if kind == "readers" else 0)
            except OwnLimitError as error:
                self._short, self._limit = str(error), len(self._slow)
                return
            self._slow.append(_Slow(kind, witness, b""))

    def _drip(self, now_ns: int) -> None:
        for one in self._slow:
            witness = one.witness
            if witness.state != OPEN:
                continue
            # A slow reader reads nothing; whether it is still open shows all the same.
            witness.look(0 if one.kind == "readers" else 4096)
            if not witness.connected or witness.state != OPEN:
                continue
            if not witness.sent_ns:
                at_once, one.rest = self._words[one.kind]
                witness.send(at_once)
                one.next_ns = now_ns + int(self._drill.every_s * 1e9)
            elif one.rest and now_ns >= one.next_ns:
                witness.send(one.rest[:1])
                one.rest = one.rest[1:]
                one.next_ns = now_ns + int(self._drill.every_s * 1e9)

    def _tell(self, now_ns: int) -> None:
        for kind in self._drill.kinds:
            mine = [one.witness for one in self._slow if one.kind == kind]
            closed = [one for one in mine if one.state in {FIN, RESET}]
            after = sorted((one.ended_ns - one.opened_ns) / 1e9 for one in closed)
            self._scene.room.emit(
                SlowClients(
                    kind_of=kind,
                    at_ns=now_ns,
                    asked=len(mine),
                    held=sum(one.state == OPEN and one.connected for one in mine),
                    closed=len(closed),
                    refused=sum(one.state == REFUSED for one in mine),
                    answered=sum(one.answers > 0 for one in mine),
                    first_closed_s=after[0] if after else None,
                    last_closed_s=after[-1] if after else None,
                )
            )
