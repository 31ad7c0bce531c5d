"""What one run of a side recorded, to the one record that is kept of it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from brinell.core.against_records import AgainstNames, PartName, SideRun
from brinell.core.observation import CollectError, Record, SeenTest, SuiteEnded, SuiteStarted
from brinell.core.time_records import FixtureTime, ImportTime, SessionTime

_PHASES = {"start": "start of pytest", "collection": "collection", "between": "between tests", "end": "end of pytest"}
_MOST_STRANGE = 5


class Register:
    """Numbers for names of parts, in the order they are first seen."""

    def __init__(self, known: Iterable[PartName] = ()) -> None:
        self._numbers: dict[PartName, int] = {name: number for number, name in enumerate(known)}
        self._told = len(self._numbers)

    def number(self, kind: str, name: str, file: str = "") -> int:
        """Return the number of a part."""
        return self._numbers.setdefault(PartName(kind, name, file), len(self._numbers))

    def news(self) -> AgainstNames | None:
        """Return the names that were added since it was last asked; None if there are none."""
        first, self._told = self._told, len(self._numbers)
        names = tuple(self._numbers)[first:]
        return AgainstNames(first, names) if names else None


class Side(msgspec.Struct, frozen=True):
    """A side: ``old`` or ``new``, the root of its project, and the other side's."""

    name: str
    root: Path
    other_root: Path


def read(records: Iterable[Record], side: Side, register: Register, *, pair: int, first: bool) -> SideRun:
    """Return the record of one run."""
    tests: dict[int, list[object]] = {}
    parts: dict[int, list[float]] = {}
    strange: list[str] = []
    started: SuiteStarted | None = None
    ended: SuiteEnded | None = None
    session: SessionTime | None = None
    for record in records:
        match record:
            case SuiteStarted():
                started = record
            case SeenTest():
                _test(record, register, tests, parts)
            case CollectError(nodeid=nodeid):
                tests[register.number("test", nodeid or "(collection)")] = ["e", 0.0, 0.0]
            case FixtureTime():
                number = register.number("fixture", record.name, record.file)
                _add(parts, number, record.seconds, record.cpu_s, record.starved_s)
            case ImportTime() if not record.at_start:
                number = register.number("import", record.module, record.file if record.project else "")
                _add(parts, number, record.exclusive_s, record.cpu_s, record.starved_s)
                if record.project and _from_other(record.file, side):
                    strange.append(record.module)
            case SessionTime():
                session = record
                for name, words in _PHASES.items():
                    seconds = getattr(record, f"{name}_s")
                    clocks = (record.cpu.get(name, 0.0), record.starved.get(name, 0.0))
                    _add(parts, register.number("phase", words), seconds, *clocks)
            case SuiteEnded():
                ended = record
    return SideRun(
        side.name,
        pair,
        first,
        seconds=session.seconds if session else ended.seconds if ended else 0.0,
        cpu_s=round(session.cpu_s + session.children_cpu_s, 6) if session else None,
        starved_s=session.starved_s if session else None,
        parts=tuple(
            (number, _micro(wall), _micro(cpu), _micro(starved)) for number, (wall, cpu, starved) in parts.items()
        ),
        tests=tuple(
            (number, str(outcome), _micro(wall), _micro(cpu)) for number, (outcome, wall, cpu) in tests.items()
        ),
        problem=_problem(started, session, ended),
        strange=tuple(strange[:_MOST_STRANGE]),
    )


def _test(seen: SeenTest, register: Register, tests: dict[int, list[object]], parts: dict[int, list[float]]) -> None:
    """Add one attempt; that of a retried test counts with its time, and the last with its outcome."""
    number = register.number("test", seen.id)
    whole_s = sum(phase.seconds for phase in seen.phases.values())
    cpu_s = seen.cpu_s or 0.0
    outcome = f"{seen.outcome}+error" if seen.teardown_error else seen.outcome
    before = tests.get(number, ["", 0.0, 0.0])
    tests[number] = [outcome, float(before[1]) + whole_s, float(before[2]) + cpu_s]  # type: ignore[arg-type]
    own_s = max(0.0, whole_s - (seen.fixtures_s or 0.0))
    starved_s = max(0.0, (seen.starved_s or 0.0) - (seen.fixtures_starved_s or 0.0))
    _add(parts, number, own_s, max(0.0, cpu_s - (seen.fixtures_cpu_s or 0.0)), starved_s)


def _add(parts: dict[int, list[float]], number: int, *clocks: float) -> None:
    """Add wall seconds, processor seconds and those of waiting for one."""
    known = parts.setdefault(number, [0.0, 0.0, 0.0])
    for clock, spent_s in enumerate(clocks):
        known[clock] += spent_s


def _micro(seconds: object) -> int:
    return round(float(seconds) * 1e6)  # type: ignore[arg-type]


def _from_other(file: str, side: Side) -> bool:
    """Whether a module lies in the other side's tree (and not in this one's, should one lie in the other)."""
    if not Path(file).is_absolute():
        return False
    path = Path(os.path.realpath(file))
    inside = [path.is_relative_to(os.path.realpath(root)) for root in (side.root, side.other_root)]
    if all(inside):
        inside[1 if len(str(side.root)) > len(str(side.other_root)) else 0] = False
    return inside[1]


def _problem(started: SuiteStarted | None, session: SessionTime | None, ended: SuiteEnded | None) -> str:
    """Say why a run cannot be compared; empty where it can."""
    if ended is None or (started is not None and started.xdist_workers):
        return "its tests ran on xdist workers, whose times do not add up: put -n 0 behind --" if ended else "no record"
    if ended.timed_out:
        return f"it was ended after {ended.seconds:.0f} s"
    if ended.signal:
        return f"the interpreter died ({ended.signal})"
    if ended.exit_status not in (0, 1) or ended.summary is None:
        said = next((line.strip() for line in reversed(ended.stderr_tail) if line.strip()), "")
        words = {2: "it was interrupted", 3: "pytest failed", 4: "pytest refused its arguments", 5: "it has no tests"}
        what = words.get(ended.exit_status or 0, f"pytest ended with exit code {ended.exit_status}")
        return f"{what}{': ' if said else ''}{said[:300]}"
    if ended.running or ended.stopped_by:
        return f"it did not come to its end ({ended.stopped_by or 'tests were still running'})"
    return "" if session is not None else "its process did not tell where its time went"
