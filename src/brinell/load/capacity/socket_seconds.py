"""The seconds of a step whose connections stay: those connections belong to the level."""

from __future__ import annotations

from collections.abc import Sequence

from brinell.core import outcomes
from brinell.core.capacity_words import OPEN
from brinell.core.histogram import Histogram
from brinell.core.load_records import LoadSlice
from brinell.core.observation import Record
from brinell.core.plan import LoadSpec
from brinell.core.sequential import BROKEN, Decision, Second
from brinell.core.socket_records import CONNECT, SocketSecond
from brinell.core.socket_view import as_load
from brinell.load.capacity.bounds import Limit, Seconds

MOST_MISSING = 0.01  # of the connections, where no error rate is asked for
BROADCAST = "broadcast"


class SocketSeconds(Seconds):
    """Messages that are answered, over connections that are all to be open."""

    lag_s = 0.15
    early = False

    def __init__(self, limits: Sequence[Limit], spec: LoadSpec) -> None:
        super().__init__(limits, spec.workers)
        self.connect = Histogram()
        self.refused: dict[str, int] = {}
        self._mode = "" if spec.websocket is None else spec.websocket.mode
        self._returns = spec.websocket is not None and spec.websocket.reconnect_s is not None
        self._asked = spec.connections
        allowed = next((one.limit for one in limits if one.metric.what == "error_rate"), MOST_MISSING)
        self._most_missing = int(allowed * spec.connections)
        self._open: dict[int, dict[int, int]] = {}  # by worker: at each second's end
        self._closed = 0  # by the subject

    def add(self, record: Record) -> None:
        """Count one record: of slices only those of messages."""
        if isinstance(record, SocketSecond):
            self._open.setdefault(record.worker, {})[record.second] = record.open
            self._closed += sum(record.closes.values())
        elif isinstance(record, LoadSlice) and record.operation == CONNECT:
            self._handshakes(record)
        else:
            super().add(record)

    def counts(self, one: LoadSlice) -> bool:
        """Whether a slice is one of messages that ended."""
        return super().counts(one) and self._mode != BROADCAST and as_load(one, self._mode) is not None

    def since(self, first: int, until: int | None = None) -> list[Second]:
        """As every step's; handshakes in the first of them, since they come before all."""
        rows = super().since(first, until)
        return [self._shaken(rows[0]), *rows[1:]] if rows and self._shaking else rows

    @property
    def settled(self) -> int | None:
        """The first second that began with nearly all connections open."""
        last = max((second for rows in self._open.values() for second in rows), default=-1)
        return next((at + 1 for at in range(-1, last + 1) if self._short(at) <= self._most_missing), None)

    def unsettled(self) -> Decision:
        """Return that connections were not made in time."""
        return Decision(BROKEN, self._words(self.whole - 1)) if self._open else Decision(None, "")

    def missing(self, at: int) -> str:
        """Return that connections were refused, or have ended; empty where nearly all are, or may yet be, open."""
        lost = 0 if self._returns else sum(self.refused.values()) + self._closed
        settled = self.settled
        gone = settled is not None and at >= settled and self._short(at) > self._most_missing
        return self._words(at) if lost > self._most_missing or gone else ""

    def _short(self, at: int) -> int:
        """Return how many connections were not open at a second's end."""
        return self._asked - sum(
            rows[max(told)] for rows in self._open.values() if (told := [n for n in rows if n <= at])
        )

    def _words(self, at: int) -> str:
        kinds = {**self.refused, **({"closed by the subject": self._closed} if self._closed else {})}
        why = ", ".join(f"{number} {kind}" for kind, number in kinds.items())
        return f"{self._asked - self._short(at)} of {self._asked} {OPEN}{f' ({why})' if why else ''}"

    @property
    def _shaking(self) -> list[int]:
        return [place for place, limit in enumerate(self.limits) if limit.metric.clock == "connect"]

    def _handshakes(self, one: LoadSlice) -> None:
        self.connect.add_sparse(one.response, one.max_response_ns)
        if one.outcome != outcomes.OK:
            self.refused[one.outcome] = self.refused.get(one.outcome, 0) + one.count

    def _shaken(self, row: Second) -> Second:
        sums, counts = [*row.sums], [*(row.counts or (row.ended,) * len(row.sums))]
        indices, numbers = self.connect.sparse()
        for place in self._shaking:
            sums[place], counts[place] = self.limits[place].above(indices, numbers), self.connect.count
        return row._replace(sums=tuple(sums), counts=tuple(counts))
