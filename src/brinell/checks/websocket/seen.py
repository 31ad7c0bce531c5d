"""What the records of WebSocket scenarios say beside those of every load, in one pass; and the same evidence as the
checks of load read it: messages as requests, deliveries as their response times, no handshakes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec

from brinell.checks.load.tally import OperationTally
from brinell.checks.websocket.deliveries import Account
from brinell.core import outcomes
from brinell.core.evidence import Evidence, observation_id, steps_of
from brinell.core.histogram import index_of
from brinell.core.load_records import LoadEnded, LoadSlice, LoadStarted
from brinell.core.observation import Envelope, Record
from brinell.core.plan import LoadSpec, Plan, WebSocketSpec
from brinell.core.socket_course import SocketSeconds
from brinell.core.socket_records import (
    ASIDE,
    CONNECT,
    DELIVERY,
    JOIN,
    Deliveries,
    Disorder,
    HostileTried,
    LimitFreed,
    LimitStock,
    LimitTried,
    Membership,
    SocketSecond,
)
from brinell.core.socket_view import CUT, LIMIT, as_load

BESIDE = ASIDE - {DELIVERY}
KEPT_S = 10.0  # a message is kept open so much longer than its receivers are waited for
_EMPTY: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())


@dataclass
class Seen:
    """One scenario."""

    does: WebSocketSpec
    account: Account
    beside: dict[str, OperationTally] = field(default_factory=dict)  # handshakes, joins, pings
    connects: list[LoadSlice] = field(default_factory=list)
    seconds: SocketSeconds = field(default_factory=SocketSeconds)
    members: list[Membership] = field(default_factory=list)
    sent_in_span: int = 0
    tried: list[tuple[str, LimitTried]] = field(default_factory=list)
    freed: LimitFreed | None = None
    freed_id: str = ""
    cut: LimitFreed | None = None
    cut_id: str = ""
    stock: dict[str, LimitStock] = field(default_factory=dict)
    span_s: float = 0.0  # of the schedule
    hostile: list[tuple[str, HostileTried]] = field(default_factory=list)

    @property
    def connect(self) -> OperationTally:
        """The handshakes."""
        return self.beside.get(CONNECT) or OperationTally()

    @property
    def opened(self) -> int:
        """Handshakes that went through."""
        return self.connect.requests - sum(self.connect.errors.values())

    @property
    def failed(self) -> dict[str, int]:
        """Handshakes that did not, by outcome."""
        return self.connect.errors

    @property
    def excluded(self) -> int:
        """Connections that were open and never took part: no welcome, or no answer to what they sent first."""
        joins = self.beside.get(JOIN)
        return sum(joins.errors.values()) if joins else 0

    @property
    def broadcasts(self) -> bool:
        """Whether messages go to many receivers."""
        return self.mode == "broadcast"

    @property
    def mode(self) -> str:
        """What the scenario does."""
        return LIMIT if self.does.limit else self.does.mode


def look(evidence: Evidence) -> dict[str, Seen]:
    """Return what was seen of each WebSocket scenario of the plan, by step id."""
    found = {
        step: Seen(spec.websocket, Account(spec.timeout_s + spec.websocket.settle_s + KEPT_S))
        for step, spec in specs(evidence.plan).items()
        if spec.websocket is not None
    }
    kinds = SocketSecond, Deliveries, Disorder, Membership, LimitTried, LimitFreed, LimitStock, LoadStarted
    for envelope in evidence.envelopes(LoadSlice, HostileTried, *kinds):
        if (seen := found.get(envelope.source)) is not None:
            _add(seen, envelope.data, observation_id(envelope))
    for seen in found.values():
        seen.account.finish()
    return found


def specs(plan: Plan) -> dict[str, LoadSpec]:
    """Return the WebSocket scenarios of a plan, by step id."""
    return {
        step.id: step.spec for step in plan.steps if isinstance(step.spec, LoadSpec) and step.spec.websocket is not None
    }


def _add(seen: Seen, record: Record, identity: str) -> None:
    match record:
        case LoadSlice():
            _add_slice(seen, record)
        case SocketSecond():
            seen.seconds.add(record)
        case Deliveries():
            seen.account.add(record)
        case Disorder():
            seen.account.add_disorder(record)
        case Membership():
            seen.members.append(record)
        case LimitTried():
            seen.tried.append((identity, record))
        case LimitFreed(part=part) if part == CUT:
            seen.cut, seen.cut_id = record, identity
        case LimitFreed():
            seen.freed, seen.freed_id = record, identity
        case HostileTried():
            seen.hostile.append((identity, record))
        case LimitStock():
            seen.stock[record.moment] = record
        case LoadStarted():
            seen.span_s = record.span_s


def _add_slice(seen: Seen, one: LoadSlice) -> None:
    if one.operation == CONNECT:
        seen.connects.append(one)
    if one.operation in BESIDE:
        beside = seen.beside.setdefault(one.operation, OperationTally())
        beside.requests += one.count
        beside.response.add_sparse(one.response, one.max_response_ns)
        beside.service.add_sparse(one.service, one.max_service_ns)
        if one.outcome != outcomes.OK:
            beside.errors[one.outcome] = beside.errors.get(one.outcome, 0) + one.count
    elif one.operation != DELIVERY and one.second < seen.span_s:
        seen.sent_in_span += sum(one.service[1])


class AsRequests:
    """The evidence with only WebSocket scenarios in it, and in them what is a load's.

    A delivery that was lost counts with the time-out, as a request does that is not answered.
    """

    def __init__(self, evidence: Evidence, found: dict[str, Seen]) -> None:
        self._evidence = evidence
        self._found = found
        self._specs = specs(evidence.plan)
        self.run_id = evidence.run_id
        self.plan = evidence.plan
        self.baseline = evidence.baseline
        self.slo = evidence.slo
        self.busy_s = evidence.busy_s

    def envelopes(self, *kinds: type[Record], source: str | None = None) -> Iterator[Envelope]:
        """Stream the envelopes of these kinds."""
        slices = not kinds or LoadSlice in kinds
        told: set[str] = set()
        for envelope in self._evidence.envelopes(*kinds, source=source):
            seen = self._found.get(envelope.source)
            if seen is None:
                continue
            if slices and seen.broadcasts and envelope.source not in told and isinstance(envelope.data, LoadSlice):
                told.add(envelope.source)
                for lost in self._lost(envelope.source, seen):
                    yield msgspec.structs.replace(envelope, data=lost)
            data = _as_request(envelope.data, seen)
            if data is not None:
                yield msgspec.structs.replace(envelope, data=data)

    def _lost(self, step: str, seen: Seen) -> list[LoadSlice]:
        limit_ns = int(self._specs[step].timeout_s * 1e9)
        return [
            LoadSlice(0, second, DELIVERY, outcomes.OK, 0, ((index_of(limit_ns),), (one.lost,)), _EMPTY, limit_ns, 0)
            for second, one in sorted(seen.account.seconds.items())
            if one.lost
        ]


def _as_request(record: Record, seen: Seen) -> Record | None:
    """Return a record as a load's; None where it is none."""
    if isinstance(record, LoadEnded):
        span_s = min(record.span_s, seen.span_s)  # workers listen longer than they send
        return msgspec.structs.replace(record, span_s=span_s, completed_in_span=None, sent_in_span=seen.sent_in_span)
    return as_load(record, seen.mode)


def websocket_steps(evidence: Evidence) -> list[tuple[str, LoadSpec]]:
    """Return the steps with WebSocket scenarios, in the plan's order."""
    wanted = specs(evidence.plan)
    return [(step.id, wanted[step.id]) for step in steps_of(evidence, "load") if step.id in wanted]
