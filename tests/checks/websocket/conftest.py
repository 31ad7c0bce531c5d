"""Records of WebSocket scenarios that never happened, made from a few numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from brinell.checks.websocket import websocket
from brinell.core.evidence import MemoryEvidence
from brinell.core.histogram import Histogram
from brinell.core.load_records import GeneratorSecond, LoadEnded, LoadSlice, LoadStarted
from brinell.core.observation import StepFinished, StepStarted
from brinell.core.plan import LoadSpec, Plan, Step, WebSocketSpec
from brinell.core.socket_records import Deliveries, Membership, SocketSecond

SECOND_NS = 1_000_000_000
MS = 1_000_000


def sparse(value_ms, count):
    made = Histogram()
    made.record(int(value_ms * MS), count)
    return made.sparse()


def piece(operation, value_ms, count, second=0, outcome="ok"):
    """A slice of ``count`` samples that are all the same."""
    values, most = sparse(value_ms, count), int(value_ms * MS)
    return LoadSlice(0, second, operation, outcome, count, values, values, most, most)


@dataclass
class Chat:
    """A scenario of ``seconds``: ``rate`` messages a second over ``connections``, each as it should be, unless told
    otherwise. Of a broadcast, ``absent`` deliveries of every message do not come.
    """

    piece = staticmethod(piece)

    mode: str = "broadcast"
    seconds: int = 30
    rate: int = 100
    connections: int = 500
    rooms: int = 1
    delivery_ms: float = 4.0
    connect_ms: float = 2.0
    absent: int = 0
    excluded: int = 0  # open, and never let in
    refused: dict[str, int] = field(default_factory=dict)
    closes: dict[str, int] = field(default_factory=dict)
    own_closes: dict[str, int] = field(default_factory=dict)
    errors: dict[str, int] = field(default_factory=dict)  # of messages, in every second
    thresholds: dict[str, float] = field(default_factory=dict)
    slo: dict[str, float] = field(default_factory=dict)
    lag_ms: float = 0.05
    cpu: float = 0.1
    interrupted: bool = False
    begins: bool = True
    known: list = field(default_factory=list)  # of the generator, beforehand
    extra: list = field(default_factory=list)
    does: dict = field(default_factory=dict)

    def records(self):
        yield StepStarted("load:chat")
        if not self.begins:
            return
        yield from self.known
        yield LoadStarted(
            "chat", "open", "ws://127.0.0.1:1", 0, float(self.seconds), float(self.rate), self.connections, 1, 5.0,
            shape="constant", peak_rate=float(self.rate), socket=self.mode,
        )  # fmt: skip
        made = self.connections - sum(self.refused.values())
        if made:
            yield piece("connect", self.connect_ms, made, -1)
        for outcome, count in self.refused.items():
            yield piece("connect", self.connect_ms, count, -1, outcome)
        if self.excluded:
            yield piece("join", 5000.0, self.excluded, 0, "timeout")
        yield Membership(0, made, publishers=self.rooms, memory_bytes=900)
        yield SocketSecond(0, -1, made, 0, opened=made)
        for second in range(self.seconds):
            yield from self.second(second, made)
        yield from self.extra
        # Workers listen longer than they send, and tell all that ended: the judge must not be misled by either.
        yield LoadEnded(
            self.rate * self.seconds, 10**6, 0, self.seconds + 2.0, interrupted=self.interrupted,
            completed_in_span=10**6, sent_in_span=10**6, planned=self.rate * self.seconds,
        )  # fmt: skip
        yield StepFinished("load:chat")

    def second(self, second, made):
        good = self.rate - sum(self.errors.values())
        receivers = made // self.rooms
        if self.mode == "broadcast":
            yield piece("publish", 0.1, good, second)
            yield piece("delivery", self.delivery_ms, good * (receivers - self.absent), second)
            yield self.deliveries(second, good, receivers)
        else:
            yield piece(self.mode if self.mode == "echo" else "reply", self.delivery_ms, good, second)
        for outcome, count in self.errors.items():
            yield piece("publish" if self.mode == "broadcast" else "echo", 5000.0, count, second, outcome)
        received = good * (receivers - self.absent) if self.mode == "broadcast" else good
        closes, own_closes = (self.closes, self.own_closes) if second == 1 else ({}, {})
        yield SocketSecond(
            0, second, made, 0, sent=good, received=received, closes=closes, own_closes=own_closes,
        )  # fmt: skip
        lag = int(self.lag_ms * MS)
        yield GeneratorSecond(0, second, self.rate, self.rate, self.cpu, sparse(self.lag_ms, self.rate), lag)

    def deliveries(self, second, count, receivers):
        numbers = [second * count + one for one in range(count)]
        each = (count,)
        return Deliveries(
            worker=0,
            second=second,
            rooms=tuple(number % self.rooms for number in numbers),
            numbers=tuple(number // self.rooms for number in numbers),
            due_ns=tuple(second * SECOND_NS + one * SECOND_NS // count for one in range(count)),
            sent_ns=(100_000,) * each[0],
            first_ns=(int(self.delivery_ms * MS / 2),) * each[0],
            last_ns=(int(self.delivery_ms * MS),) * each[0],
            received=(receivers - self.absent,) * each[0],
            expected=(receivers,) * each[0],
        )

    def part(self):
        spec = LoadSpec(
            name="chat", shape={"kind": "constant", "rate": self.rate, "duration": self.seconds}, driver="websocket",
            url="ws://127.0.0.1:1", connections=self.connections, thresholds=self.thresholds,
            websocket=WebSocketSpec(mode=self.mode, rooms=self.rooms, **self.does),
        )  # fmt: skip
        plan = Plan(name="p", root=".", steps=(Step("load:chat", "load", spec),))
        return websocket(MemoryEvidence(plan, self.records(), slo=self.slo))

    def entry(self):
        (found,) = self.part().websocket
        return found

    def findings(self):
        return {one.id.removeprefix("websocket.chat."): one for one in self.part().findings}

    def verdicts(self):
        return {name: one.verdict.value for name, one in self.findings().items()}


@pytest.fixture(scope="session")
def chat():
    return Chat
