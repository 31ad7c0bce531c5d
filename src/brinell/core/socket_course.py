"""The seconds of a WebSocket scenario as columns beside its timeline's, live and afterwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from brinell.core.load_judgement import Timeline
from brinell.core.socket_judgement import SocketCourse
from brinell.core.socket_records import SocketSecond

_SUMS = (
    "open", "connecting", "opened", "failed", "sent", "received", "sent_bytes", "received_bytes", "pings", "pongs",
    "peer_pings", "strays", "foreign", "again", "changed", "retyped", "served", "short", "unserved",
    "after_close",
)  # fmt: skip


class SocketSeconds:
    """Takes every worker's seconds; ``rows`` are those of all together, negative ones before the schedule."""

    def __init__(self) -> None:
        self.rows: dict[int, SocketSecond] = {}
        self._held: dict[tuple[int, int], tuple[int, int]] = {}  # by second and worker, where it was told before

    def add(self, record: SocketSecond) -> None:
        """Take one worker's second, or another part of one: what is open then is what was open in the end."""
        key = record.second, record.worker
        before, (held, making) = self.rows.get(record.second), self._held.get(key, (0, 0))
        self._held[key] = record.open, record.connecting
        if before is not None:
            both = _together(before, record)
            record = msgspec.structs.replace(both, open=both.open - held, connecting=both.connecting - making)
        self.rows[record.second] = record

    def course(self, timeline: Timeline, reach: Callable[[range], float | None] = lambda _: None) -> SocketCourse:
        """Return the columns; ``reach`` is asked for that of what fell due in some seconds."""
        columns = [range(start, start + timeline.step_s) for start in timeline.t_s]
        last = max(self.rows, default=-1)
        told = [[self.rows[second] for second in column if second in self.rows] for column in columns]
        lengths = [max(1, min(column.stop, last + 1) - column.start) for column in columns]
        return SocketCourse(
            open=tuple(rows[-1].open if rows else None for rows in told),
            sent=tuple(_rate(rows, "sent", length) for rows, length in zip(told, lengths, strict=True)),
            received=tuple(_rate(rows, "received", length) for rows, length in zip(told, lengths, strict=True)),
            closed=tuple(sum(sum(one.closes.values()) for one in rows) if rows else None for rows in told),
            reach=tuple(reach(column) for column in columns),
        )


def _together(one: SocketSecond, other: SocketSecond) -> SocketSecond:
    """Return the sum of two records of the same second."""
    fields: dict[str, Any] = {name: getattr(one, name) + getattr(other, name) for name in _SUMS}
    return msgspec.structs.replace(
        one,
        **fields,
        closes=_added(one.closes, other.closes),
        own_closes=_added(one.own_closes, other.own_closes),
        max_ping_ns=max(one.max_ping_ns, other.max_ping_ns),
    )


def _added(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    return {**one, **{code: one.get(code, 0) + count for code, count in other.items()}}


def _rate(rows: Sequence[SocketSecond], name: str, length: int) -> float | None:
    return round(sum(getattr(one, name) for one in rows) / length, 3) if rows else None
