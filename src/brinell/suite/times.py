"""Lines on time, as the wire has them, to the journal's records: untrusted numbers, bounded in count."""

from __future__ import annotations

import math
from collections.abc import Mapping

from brinell.core.time_records import FixtureTime, ImportTime, SessionTime
from brinell.suite import wire_lines as wire
from brinell.suite.untrusted import clean

_MOST = 1000  # of each kind in one session; the recorder writes 500 and 260
_PARTS = ("start", "import", "collection", "fixtures", "setup", "call", "teardown", "between", "end")


class Bounds:
    """How many lines of each kind came in this session."""

    def __init__(self) -> None:
        self.seen: dict[type, int] = {}

    def take(self, line: wire.Line) -> None:
        """Count it. ``MalformedError`` for one too many."""
        count = self.seen[type(line)] = self.seen.get(type(line), 0) + 1
        if count > (1 if isinstance(line, wire.SessionTimeLine) else _MOST):
            raise wire.MalformedError("too many lines on time")


def seconds(value: float | None) -> float | None:
    """Return a time that can be one; None otherwise."""
    return value if value is not None and math.isfinite(value) and value >= 0 else None


def record(line: wire.Line, repeat: int, bounds: Bounds) -> FixtureTime | ImportTime | SessionTime | None:
    """Return the record of a line on time, None for any other line. ``MalformedError`` if its numbers are no times."""
    match line:
        case wire.FixtureTimeLine():
            bounds.take(line)
            setup_s, teardown_s, cpu_s, starved_s = _times(line.setup_s, line.teardown_s, line.cpu_s, line.starved_s)
            return FixtureTime(
                clean(line.name, 512), clean(line.scope, 20), clean(line.file), max(0, line.line),
                round(setup_s + teardown_s, 6), max(0, line.uses), repeat, setup_s, teardown_s, cpu_s,
                starved_s,
            )  # fmt: skip
        case wire.ImportTimeLine():
            bounds.take(line)
            whole_s, own_s, cpu_s, starved_s = _times(line.seconds, line.exclusive_s, line.cpu_s, line.starved_s)
            return ImportTime(
                clean(line.module, 512), clean(line.file), whole_s, own_s, repeat,
                project=line.project, modules=max(1, line.modules), by=clean(line.by, 512), cpu_s=cpu_s,
                at_start=line.at_start, starved_s=starved_s,
            )  # fmt: skip
        case wire.SessionTimeLine():
            bounds.take(line)
            return _session(line, repeat)
    return None


def _session(line: wire.SessionTimeLine, repeat: int) -> SessionTime:
    parts = dict(zip(_PARTS, _times(*(getattr(line, f"{name}_s") for name in _PARTS)), strict=True))
    whole_s, cpu_s, children_s = _times(line.seconds, line.cpu_s, line.children_cpu_s)
    return SessionTime(
        whole_s,
        **{f"{name}_s": value for name, value in parts.items()},
        cpu_s=cpu_s,
        children_cpu_s=children_s,
        cpu=_by_part(line.cpu),
        repeat=repeat,
        imports_timed=line.imports_timed,
        starved_s=seconds(line.starved_s),
        starved=_by_part(line.starved) if line.starved else {},
        fixtures_left_out=max(0, line.fixtures_left_out),
    )


def _by_part(given: Mapping[str, float]) -> dict[str, float]:
    return dict(zip(_PARTS, _times(*(given.get(name, 0.0) for name in _PARTS)), strict=True))


def _times(*values: float) -> list[float]:
    found = [seconds(value) for value in values]
    if None in found:
        raise wire.MalformedError("a time that is none")
    return [round(value, 6) for value in found if value is not None]
