"""A crowd comes and goes: does p99 come back to what it was, and how soon? One that never comes back is metastable:
something (retries, a queue, a cache that emptied) keeps the overload alive after its cause is gone (Bronson et al.,
HotOS 2021).

Requests that wait longer than the time-out after they were due are dropped unsent, as impatient users are, so that the
crowd's own queue does not outlive it at this end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import msgspec

from brinell.core.drill_records import DrillEnded, DrillStarted
from brinell.core.load_records import LoadSlice
from brinell.core.observation import Record
from brinell.core.plan import LoadSpec
from brinell.core.redact import redact
from brinell.core.returning import Second, Spell, back_at, usual
from brinell.drills.scene import Scene
from brinell.drills.sending import look_at_traffic
from brinell.subject.targets import Target

TOLD_S = 2  # a second is told by every worker so much later


class Spike(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``before_s`` seconds at the usual rate, ``lasts_s`` at ``times`` that, then at most ``within_s`` at the usual:
    by then p99 is within ``factor`` of the usual and stays there for ``calm_s``, which ends the drill. During the crowd
    at most the share ``errors`` of requests fails.
    """

    about: ClassVar[str] = "a crowd comes and goes: does p99 come back, and how soon?"
    starts: ClassVar[bool] = False
    loads: ClassVar[bool] = True
    driver: ClassVar[str] = "http"
    versions: ClassVar[tuple[str, ...]] = ("1.1",)

    before_s: int = 10
    lasts_s: int = 5
    times: float = 5.0
    within_s: int = 30
    factor: float = 2.0
    calm_s: int = 5
    errors: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what cannot be done."""
        bounds = (
            ("before_s", 3, 3600), ("lasts_s", 1, 3600), ("times", 1.1, 10_000), ("within_s", 2, 3600),
            ("factor", 1, 1000), ("calm_s", 1, 600), ("errors", 0, 1),
        )  # fmt: skip
        for name, low, high in bounds:
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} lies between {low:g} and {high:g}")
        if self.calm_s >= self.within_s:
            raise ValueError("calm_s is shorter than within_s")

    @property
    def spell(self) -> Spell:
        """When the crowd is there."""
        return Spell(self.before_s, self.before_s + self.lasts_s)

    def look(self, load: LoadSpec, target: Target, root: Path, allow: Sequence[str]) -> None:
        """Find what could not be sent, before anything runs. UsageError."""
        look_at_traffic(load, target, root, allow)

    def run(self, scene: Scene) -> None:
        """Press, and end once it is back."""
        scene.room.emit(DrillStarted("spike", scene.clock.now_ns(), redact(scene.url)))
        beside = _Spiking(self, scene)
        load = msgspec.structs.replace(
            scene.load,
            shed_after_s=scene.load.timeout_s,
            shape={
                "kind": "spike",
                "rate": scene.spec.rate,
                "peak": scene.spec.rate * self.times,
                "at_s": float(self.before_s),
                "lasts_s": float(self.lasts_s),
                "duration": float(self.before_s + self.lasts_s + self.within_s + self.calm_s),
            },
        )
        interrupted = True
        try:
            scene.press(load, beside, beside.hear)
            interrupted = False
        finally:
            scene.room.emit(
                DrillEnded(scene.clock.now_ns(), {"back_at_s": beside.back, "told_s": beside.told_s}, interrupted)
            )


class _Spiking:
    """Marks the crowd's begin and end, and ends the load once all is as before."""

    def __init__(self, drill: Spike, scene: Scene) -> None:
        self._drill = drill
        self._scene = scene
        self._seconds: defaultdict[int, Second] = defaultdict(Second)
        self._marks = [("crowd-came", drill.spell.begin_s), ("crowd-left", drill.spell.end_s)]
        self.told_s = 0  # seconds that were looked at
        self.back: int | None = None

    def hear(self, record: Record) -> None:
        """Add a slice."""
        if isinstance(record, LoadSlice):
            self._seconds[record.second].add(record)

    def look(self, now_ns: int, start_ns: int) -> int | None:
        """Mark what is due; look at every second that all have told."""
        passed_s = (now_ns - start_ns) / 1e9
        while self._marks and passed_s >= self._marks[0][1]:
            what, at_s = self._marks.pop(0)
            self._scene.mark(what, at_ns=start_ns + at_s * 1_000_000_000)
        told = int(passed_s) - TOLD_S
        if told > self.told_s:
            self.told_s = told
            drill, spell = self._drill, self._drill.spell
            found = back_at(
                self._seconds, usual(self._seconds, spell), spell, told, factor=drill.factor, calm_s=drill.calm_s
            )
            if found is not None:
                self.back = found
                self._scene.mark("back", at_ns=start_ns + found * 1_000_000_000)
                return None
        return now_ns + 100_000_000
