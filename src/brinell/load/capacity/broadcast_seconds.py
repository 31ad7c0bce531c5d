"""The seconds of a step in which messages are published: their deliveries are what a load's requests are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from brinell.core import outcomes
from brinell.core.histogram import Histogram
from brinell.core.load_records import LoadSlice
from brinell.core.observation import Record
from brinell.core.plan import LoadSpec
from brinell.core.sequential import Bound, Second
from brinell.core.socket_records import DELIVERY, PUBLISH, Deliveries
from brinell.load.capacity.bounds import Limit, Seconds
from brinell.load.capacity.closed_seconds import ClosedSeconds
from brinell.load.capacity.socket_seconds import BROADCAST, SocketSeconds

SECOND_NS = 1_000_000_000
LEAST_PATIENCE_S = 1.0


def seconds_for(spec: LoadSpec, limits: Sequence[Limit]) -> Seconds:
    """Return the seconds of a level's scenario."""
    does = spec.websocket
    if does is None:
        is_closed = spec.shape.get("kind") == "closed"
        return ClosedSeconds(limits, spec) if is_closed else Seconds(limits, spec.workers)
    kind = BroadcastSeconds if does.mode == BROADCAST else SocketSeconds
    return kind(limits, spec)


class _Message:
    """A message whose deliveries are under way."""

    __slots__ = ("due_ns", "expected", "first_ns", "last_ns", "received", "sent")

    def __init__(self, due_ns: int) -> None:
        self.due_ns = due_ns
        self.expected = self.received = 0
        self.first_ns = self.last_ns = -1
        self.sent = False


class Came(NamedTuple):
    """What became of deliveries in some seconds: owed, come, given up as lost, and those among them that were sent."""

    owed: int = 0
    came: int = 0
    lost: int = 0
    lost_sent: int = 0
    publishes: int = 0
    failed: int = 0


class BroadcastSeconds(SocketSeconds):
    """Messages that go to every member of a room.

    What has not come after ``patience_s`` is lost to this step: it exceeds every limit on times, and counts against
    reach if it was sent at all. Messages come in bursts, so that what is unanswered at a second's end says little; how
    far behind the subject is, is how long its deliveries took. All receivers of a message share its fate.
    """

    def __init__(self, limits: Sequence[Limit], spec: LoadSpec) -> None:
        super().__init__(limits, spec)
        times = [one.limit / 1e9 for one in limits if one.is_time and one.metric.what != "mean"]
        self.patience_s = min(spec.timeout_s, max(LEAST_PATIENCE_S, 2 * max(times, default=0.0)))
        self.bounds: tuple[Bound, ...] = tuple(one._replace(within_s=None) for one in self.bounds)
        self.skew = Histogram()
        self._messages: dict[tuple[int, int], _Message] = {}
        self._over: dict[int, int] = {}  # by room: the highest number that is complete or given up
        self._came: dict[int, Came] = {}
        self._response: dict[int, tuple[int, float]] = {}  # deliveries and the sum of their times, s
        self._skewed: dict[int, list[int]] = {}
        self._behind_s: dict[int, float] = {-1: 0.0}  # how long deliveries took that came in a second
        self._given_up_to = 0  # the first second whose messages were not given up yet
        self._late: dict[int, int] = {}  # came after it was given up

    def add(self, record: Record) -> None:
        """Count one record."""
        if isinstance(record, Deliveries):
            self._deliver(record)
        elif isinstance(record, LoadSlice) and record.operation == DELIVERY:
            self._time(record)
        elif isinstance(record, LoadSlice) and record.operation == PUBLISH:
            self._publish(record)
        else:
            super().add(record)

    def since(self, first: int, until: int | None = None) -> list[Second]:
        """Return whole seconds of deliveries; what is on its way and late already counts in the last of them."""
        last = self.whole if until is None else min(self.whole, until)
        while self._given_up_to < last:
            self._give_up(self._given_up_to)
            self._given_up_to += 1
        rate = sum(self._of(at).owed for at in range(first, last)) / max(1, last - first)
        rows = [self._row(at, rate) for at in range(first, last)]
        if rows:
            rows[-1] = self._with_late(rows[-1], last)
        return [self._shaken(rows[0]), *rows[1:]] if rows and self._shaking else rows

    def pace(self, rows: Sequence[Second], rate: float) -> float:
        """Return the deliveries that are owed a second."""
        return sum(one.due for one in rows) / len(rows) if rows else rate

    def came(self, seconds: range) -> Came:
        """Return what became of deliveries in these seconds."""
        rows = [Came(), *(self._of(at) for at in seconds)]
        return Came(*(sum(column) for column in zip(*rows, strict=True)))

    # --- what is told -----------------------------------------------------------------------------------------------

    def _deliver(self, record: Deliveries) -> None:
        second = record.second
        owed = came = publishes = 0
        rows = zip(
            record.rooms, record.numbers, record.due_ns, record.sent_ns, record.first_ns, record.last_ns,
            record.received, record.expected, strict=True,
        )  # fmt: skip
        for room, number, due_ns, sent_ns, first_ns, last_ns, received, expected in rows:
            message = self._messages.get((room, number))
            if message is None:
                if number <= self._over.get(room, -1) and not expected:
                    self._late[second] = self._late.get(second, 0) + received
                    continue
                message = self._messages[room, number] = _Message(due_ns)
                publishes += 1
            owed, came = owed + expected, came + received
            message.expected += expected
            message.received += received
            message.sent = message.sent or sent_ns >= 0
            if first_ns >= 0:
                message.first_ns = first_ns if message.first_ns < 0 else min(first_ns, message.first_ns)
                message.last_ns = max(last_ns, message.last_ns)
        seen = self._of(second)
        self._came[second] = seen._replace(
            owed=seen.owed + owed, came=seen.came + came, publishes=seen.publishes + publishes
        )

    def _time(self, one: LoadSlice) -> None:
        """Count deliveries by how long they took; ``limit.of`` reads their histogram."""
        sums = self._sums.setdefault(one.second, [0.0] * len(self.limits))
        for place, limit in enumerate(self.limits):
            sums[place] += limit.of(one) if limit.is_time else 0.0
        times = Histogram()
        times.add_sparse(one.response, one.max_response_ns)
        count, total = self._response.get(one.second, (0, 0.0))
        mean = times.mean_ns()
        self._response[one.second] = count + times.count, total + times.count * (mean or 0.0) / 1e9

    def _publish(self, one: LoadSlice) -> None:
        if one.outcome in {outcomes.OK, outcomes.UNFINISHED}:
            return
        seen = self._of(one.second)
        self._came[one.second] = seen._replace(failed=seen.failed + one.count)

    def _give_up(self, at: int) -> None:
        """Close messages that are complete, or whose patience was over by the end of a second."""
        self._note_behind(at)
        before_ns = (at + 1) * SECOND_NS - int(self.patience_s * 1e9)
        lost = lost_sent = 0
        for (room, number), message in [*self._messages.items()]:
            short = message.expected - message.received
            if short > 0 and message.due_ns >= before_ns:
                continue
            if short <= 0 and message.due_ns >= at * SECOND_NS:
                continue  # other workers may tell of their receivers yet
            del self._messages[room, number]
            self._over[room] = max(number, self._over.get(room, -1))
            lost += max(0, short)
            lost_sent += max(0, short) if message.sent else 0
            if message.first_ns >= 0:
                self.skew.record(message.last_ns - message.first_ns)
                self._skewed.setdefault(at, []).append(message.last_ns - message.first_ns)
        seen = self._of(at)
        self._came[at] = seen._replace(lost=seen.lost + lost, lost_sent=seen.lost_sent + lost_sent)

    # --- as a load's ------------------------------------------------------------------------------------------------

    def _of(self, at: int) -> Came:
        return self._came.get(at, Came())

    def _row(self, at: int, rate: float) -> Second:
        seen, late = self._of(at), self._late.get(at, 0)
        times = self._sums.get(at, [0.0] * len(self.limits))
        sums, counts = [], []
        for place, limit in enumerate(self.limits):
            amount, of = self._share(limit, at, seen, times[place] - (late if limit.metric.what != "mean" else 0))
            sums.append(max(0.0, amount))
            counts.append(of)
        return Second(
            due=seen.owed,
            ended=seen.came + seen.lost,
            sums=tuple(sums),
            counts=tuple(counts),
            events=seen.publishes,
            behind=(self._behind_s.get(at, 0.0) - self._behind_s.get(at - 1, 0.0)) * rate,
        )

    def _share(self, limit: Limit, at: int, seen: Came, above: float) -> tuple[float, int]:
        """Return one limit's sum in a second, and of how many it is a part."""
        what, clock = limit.metric.what, limit.metric.clock
        if what == "error_rate":
            return float(seen.failed), max(seen.failed, seen.publishes)
        if what == "reach":
            return float(seen.lost_sent), seen.came + seen.lost_sent
        if clock == "skew":
            skewed = self._skewed.get(at, [])
            return float(sum(skew > limit.limit for skew in skewed)), len(skewed)
        if what == "mean":
            return above + seen.lost * self.patience_s * 1e9, seen.came + seen.lost
        return above + seen.lost, seen.came + seen.lost

    def _with_late(self, row: Second, last: int) -> Second:
        """Count deliveries that are on their way for longer than a limit allows."""
        now_ns = last * SECOND_NS
        sums, counts = [*row.sums], [*row.counts]
        for place, limit in enumerate(self.limits):
            if limit.is_time and limit.metric.what != "mean":
                late = sum(
                    max(0, one.expected - one.received)
                    for one in self._messages.values()
                    if now_ns - one.due_ns > limit.limit
                )
                sums[place] += late
                counts[place] += late
        return row._replace(sums=tuple(sums), counts=tuple(counts))

    def _note_behind(self, at: int) -> None:
        """Note how long deliveries of a second took; where none came and some were owed, a second more than before."""
        before = self._behind_s.get(at - 1, 0.0)
        count, total = self._response.get(at, (0, 0.0))
        if count:
            self._behind_s[at] = total / count
        else:
            end_ns = (at + 1) * SECOND_NS
            waits = any(one.expected > one.received and one.due_ns < end_ns for one in self._messages.values())
            self._behind_s[at] = before + waits
