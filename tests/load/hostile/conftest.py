"""A whole trial against a server that means harm: a real worker process, its highest memory, the judgement."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from brinell.checks.load import load
from brinell.core.evidence import MemoryEvidence
from brinell.core.fakes import FakeRoom
from brinell.core.load_records import LoadEnded, LoadSlice
from brinell.core.observation import StepStarted
from brinell.core.plan import LoadSpec
from brinell.core.verdicts import Verdict
from brinell.load.trial import LoadTrial
from brinell.rosters.drivers import DRIVERS
from brinell.rosters.shapes import SHAPES

OPEN = {"kind": "constant", "rate": 100, "duration": 0.2}
CLOSED = {"kind": "closed", "duration": 0.5}
MOST_BYTES = 200 << 20  # of a worker's memory: a fifth of what nothing may ever take
LONGEST_S = 40.0  # of a trial of a second or two, on a machine that does much else; far from for ever


@dataclass
class Pressed:
    """What a trial came to."""

    room: FakeRoom
    peak_bytes: int
    took_s: float

    @property
    def numbers(self) -> Any:
        """The scenario's part of the judgement."""
        return self._judged().load[0]

    @property
    def verdicts(self) -> dict[str, Verdict]:
        """The required findings."""
        return {one.id.removeprefix("load.hostile."): one.verdict for one in self._judged().findings if one.required}

    @property
    def kinds(self) -> set[str]:
        """What became of the requests, but for those that the end cut off."""
        return {one.outcome for one in self.slices} - {"unfinished"}

    @property
    def slices(self) -> list[LoadSlice]:
        """The seconds' numbers."""
        return [one for one in self.room.records if isinstance(one, LoadSlice)]

    def kinds_of(self, operation: str) -> set[str]:
        """What became of the requests of one name, but for those that the end cut off."""
        return {one.outcome for one in self.slices if one.operation == operation} - {"unfinished"}

    @property
    def said(self) -> str:
        """The samples' details."""
        return " / ".join(one.detail for one in self.room.records if type(one).__name__ == "Exemplar")

    def _judged(self) -> Any:
        return load(MemoryEvidence(self.room.plan, [StepStarted(self.room.step.id), *self.room.records]))

    def survived(self) -> Pressed:
        """Assert what holds of every hostile server: the worker reached its end, in time, small, with all accounted."""
        (ended,) = (one for one in self.room.records if isinstance(one, LoadEnded))
        assert ended.worker_failures == ()
        assert all(child.poll() is not None for child in self.room.children)
        assert 0 < self.peak_bytes < MOST_BYTES
        assert self.took_s < LONGEST_S
        counted = sum(one.count for one in self.slices)
        assert counted == ended.scheduled > 0
        assert (self.room.folder / "load-workers.log").read_text() == ""
        return self

    def failed_as(self, *kinds: str) -> Pressed:
        """Assert that nothing passed for an answer and that every failure is called one of these."""
        self.survived()
        assert self.kinds
        assert self.kinds <= set(kinds), self.said
        # A failure where the generator can be believed; on a machine too busy for that, nothing that passes.
        assert set(self.verdicts.values()) - {Verdict.PASS}
        return self


Press = Callable[..., Pressed]


@pytest.fixture
def press(tmp_path: Path) -> Iterator[Press]:
    """Run a trial against ``127.0.0.1:port``; fields are those of ``LoadSpec``. What ends by time-out should end soon:
    ``timeout_s=0.2``; what does not must have time, on a machine that does much else.
    """
    with _pressing(tmp_path) as run:
        yield run


@pytest.fixture(scope="module")
def press_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Press]:
    """As ``press``, for a trial that several tests look at."""
    with _pressing(tmp_path_factory.mktemp("hostile")) as run:
        yield run


@contextlib.contextmanager
def _pressing(parent: Path) -> Iterator[Press]:
    rooms: list[FakeRoom] = []

    def run(port: int, shape: dict[str, Any] = OPEN, *, scheme: str = "http", **fields: Any) -> Pressed:
        folder = parent / str(len(rooms))
        folder.mkdir()
        given = {"connections": 8, "timeout_s": 2.0, "calibrate": False} | fields
        spec = LoadSpec(name="hostile", shape=shape, url=f"{scheme}://127.0.0.1:{port}", **given)
        peak = 0

        def look(room: FakeRoom) -> bool:
            nonlocal peak
            peak = max([peak, *(_peak_bytes(child.pid) for child in room.children)])
            return False

        room = FakeRoom(spec, folder, interrupt_when=look)
        rooms.append(room)
        began = time.monotonic()
        LoadTrial(DRIVERS, SHAPES).run(room)
        return Pressed(room, peak, time.monotonic() - began)

    try:
        yield run
    finally:
        for room in rooms:
            room.close()


def _peak_bytes(pid: int) -> int:
    """Return the most memory that the process ever had resident, 0 if it is gone."""
    with contextlib.suppress(OSError):
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(encoding="ascii"))
        return int(found.group(1)) * 1024 if found else 0
    return 0
