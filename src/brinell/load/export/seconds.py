"""A scenario read back from its records, second by second: what every export file is written from.

A second is whole when every worker has told of it. What a worker that stood still told later belongs to the second it
was told for; a worker that died holds seconds back until the scenario's end, and no longer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from brinell.core.evidence import Evidence
from brinell.core.load_records import GeneratorSecond, LoadEnded, LoadSlice, LoadStarted
from brinell.core.observation import Envelope, Epoch, Vitals
from brinell.core.socket_records import ASIDE, CONNECT, DELIVERY
from brinell.core.sparse import Compact, compact, merged

_SECOND_NS = 1_000_000_000


@dataclass
class Outcomes:
    """What ended in one second: one operation with one outcome, or several of them added up."""

    requests: int = 0
    bytes_in: int = 0
    max_response_ns: int = 0
    max_service_ns: int = 0
    responses: list[Compact] = field(default_factory=list)
    services: list[Compact] = field(default_factory=list)

    def add(self, one: LoadSlice) -> None:
        """Add what one worker told."""
        self.requests += one.count
        self.bytes_in += one.bytes_in
        self.max_response_ns = max(self.max_response_ns, one.max_response_ns)
        self.max_service_ns = max(self.max_service_ns, one.max_service_ns)
        self.responses.append(compact(one.response))
        self.services.append(compact(one.service))

    def join(self, other: Outcomes) -> None:
        """Add what others came to."""
        self.requests += other.requests
        self.bytes_in += other.bytes_in
        self.max_response_ns = max(self.max_response_ns, other.max_response_ns)
        self.max_service_ns = max(self.max_service_ns, other.max_service_ns)
        self.responses += other.responses
        self.services += other.services

    def response(self) -> Compact:
        """Return the response times."""
        return merged(self.responses)

    def service(self) -> Compact:
        """Return the service times; fewer than the response times where requests were never sent."""
        return merged(self.services)


@dataclass
class Second:
    """One second of a scenario. ``subject`` is the last look at it in that second; ``mode`` is what connections that
    stay do, empty of requests.
    """

    number: int
    mode: str = ""
    cells: dict[tuple[str, str], Outcomes] = field(default_factory=dict)  # by operation and outcome
    generator: list[GeneratorSecond] = field(default_factory=list)
    subject: Vitals | None = None

    @property
    def whole(self) -> Outcomes:
        """All requests together: of connections that stay their messages, of a broadcast its deliveries."""
        found = Outcomes()
        for (operation, _), one in self.cells.items():
            if self._is_request(operation):
                found.join(one)
        return found

    def _is_request(self, operation: str) -> bool:
        match self.mode:
            case "":
                return True
            case "broadcast":
                return operation == DELIVERY
            case "limit":
                return operation == CONNECT
            case _:
                return operation not in ASIDE


@dataclass
class Scenario:
    """A scenario that began. ``start_s`` is its start on the wall clock, seconds since 1970."""

    name: str
    step: str
    started: LoadStarted
    start_s: float


def scenarios(evidence: Evidence) -> Iterator[Scenario]:
    """Yield the scenarios of a run, in the order in which they began."""
    epoch: Epoch | None = None
    for envelope in evidence.envelopes(Epoch, LoadStarted):
        match envelope.data:
            case Epoch() as one:
                epoch = one
            case LoadStarted() as started:
                yield Scenario(started.scenario, envelope.source, started, wall_s(epoch, started.start_ns))


def wall_s(epoch: Epoch | None, moment_ns: int) -> float:
    """Return a monotonic moment as seconds since 1970; without an epoch, the seconds of the monotonic clock."""
    if epoch is None:
        return moment_ns / 1e9
    return datetime.fromisoformat(epoch.wall).timestamp() + (moment_ns - epoch.mono_ns) / 1e9


def seconds(evidence: Evidence, scenario: Scenario) -> Iterator[Second]:
    """Yield the scenario's seconds in order; those of which nothing was told are left out.

    A step may press more than once, as a search for the breaking point does: a scenario is what lies between its start
    and the next one.
    """
    read = _Reading(scenario.started)
    is_this = False
    kinds = (LoadStarted, LoadSlice, GeneratorSecond, Vitals, LoadEnded)
    for envelope in evidence.envelopes(*kinds, source=scenario.step):
        if isinstance(envelope.data, LoadStarted):
            is_this = envelope.data == scenario.started
        elif is_this:
            yield from read.take(envelope)
    yield from read.rest()


class _Reading:
    """Seconds of which something is known and something may be missing."""

    def __init__(self, started: LoadStarted) -> None:
        self._started = started
        self._open: dict[int, Second] = {}
        self._told = dict.fromkeys(range(started.workers), -1)  # the last second each worker told of

    def take(self, envelope: Envelope) -> Iterator[Second]:
        match envelope.data:
            case LoadSlice() as one:
                self._second(one.second).cells.setdefault((one.operation, one.outcome), Outcomes()).add(one)
            case Vitals() as look:
                self._second(max(0, (look.at_ns - self._started.start_ns) // _SECOND_NS)).subject = look
            case GeneratorSecond() as own:
                self._second(own.second).generator.append(own)
                self._told[own.worker] = own.second
                # One second behind: looks at the subject come when the trial gets to them, perhaps a little later.
                yield from self._up_to(min(self._told.values()) - 1)
            case LoadEnded():
                yield from self.rest()

    def rest(self) -> Iterator[Second]:
        yield from self._up_to(max(self._open, default=0))

    def _up_to(self, last: int) -> Iterator[Second]:
        for number in sorted(number for number in self._open if number <= last):
            yield self._open.pop(number)

    def _second(self, number: int) -> Second:
        return self._open.setdefault(number, Second(number, self._started.socket))
