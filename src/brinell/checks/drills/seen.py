"""What the records say of each drill, put together in one pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from brinell.checks.load.tally import Tally, tallies
from brinell.core import outcomes
from brinell.core.drill_records import DrillEnded, DrillMark, DrillStarted, Race, ServiceLife, SlowClients, StartTried
from brinell.core.evidence import Evidence, observation_id
from brinell.core.load_records import GeneratorSecond, LoadSlice
from brinell.core.observation import StepFinished
from brinell.core.plan import DrillSpec
from brinell.core.returning import Second


@dataclass
class Seen:
    """One drill's records. ``seconds`` and ``kinds`` (outcomes by count) are those of the load beside, by second."""

    spec: DrillSpec
    started: DrillStarted | None = None
    ended: DrillEnded | None = None
    cited: list[str] = field(default_factory=list)
    marks: list[DrillMark] = field(default_factory=list)
    races: list[Race] = field(default_factory=list)
    lives: list[ServiceLife] = field(default_factory=list)
    tried: dict[str, StartTried] = field(default_factory=dict)
    slow: list[SlowClients] = field(default_factory=list)
    seconds: dict[int, Second] = field(default_factory=dict)
    kinds: dict[int, dict[str, int]] = field(default_factory=dict)
    scheduled: dict[int, int] = field(default_factory=dict)
    connections: dict[int, int] = field(default_factory=dict)  # of the load, open at the second's end
    tally: Tally | None = None
    why: str = ""  # how its step ended, where that was no good end

    @property
    def options(self) -> Mapping[str, Any]:
        """The drill's own options, all of them."""
        return self.spec.options

    @property
    def numbers(self) -> dict[str, Any]:
        """What the drill counted itself; empty where it did not end."""
        return self.ended.seen if self.ended is not None else {}

    def mark(self, what: str) -> DrillMark | None:
        """Return the first instant of that name."""
        return next((one for one in self.marks if one.what == what), None)

    def refused(self, begin: int, end: int) -> float:
        """Return the least share, of the seconds from ``begin`` up to ``end``, of what ended in one that was answered
        with a status that was not expected. A few milliseconds of lateness at this end explain no such answer, let
        alone in every second.
        """
        shares = []
        for second in range(begin, end):
            counts = self.counts(second, second + 1)
            wrong = sum(count for outcome, count in counts.items() if outcomes.kind(outcome) == outcomes.STATUS)
            shares.append(wrong / max(1, sum(counts.values())))
        return min(shares, default=0.0)

    def counts(self, begin: int, end: int | None = None) -> dict[str, int]:
        """Return outcomes by count from second ``begin`` up to ``end``, without what was given up at the end."""
        found: dict[str, int] = {}
        for second, kinds in self.kinds.items():
            if second >= begin and (end is None or second < end):
                for outcome, count in kinds.items():
                    if outcome != outcomes.UNFINISHED:
                        found[outcome] = found.get(outcome, 0) + count
        return found


def gather(evidence: Evidence, specs: Mapping[str, DrillSpec]) -> dict[str, Seen]:
    """Return what was seen of each drill, by step."""
    found = {step: Seen(spec) for step, spec in specs.items()}
    for envelope in evidence.envelopes(StepFinished):
        record = envelope.data
        if isinstance(record, StepFinished) and (seen := found.get(record.step)) is not None:
            seen.why = record.detail.partition("\n")[0]
    kinds = DrillStarted, DrillMark, DrillEnded, Race, ServiceLife, StartTried, SlowClients, LoadSlice, GeneratorSecond
    for envelope in evidence.envelopes(*kinds):
        if (seen := found.get(envelope.source)) is not None:
            _add(seen, envelope.data, observation_id(envelope))
    for step, tally in tallies(evidence).items():
        if step in found:
            found[step].tally = tally
    return found


def _add(seen: Seen, record: object, identity: str) -> None:
    match record:
        case LoadSlice():
            seen.seconds.setdefault(record.second, Second()).add(record)
            kinds = seen.kinds.setdefault(record.second, {})
            kinds[record.outcome] = kinds.get(record.outcome, 0) + record.count
            return
        case GeneratorSecond():
            seen.scheduled[record.second] = seen.scheduled.get(record.second, 0) + record.scheduled
            seen.connections[record.second] = seen.connections.get(record.second, 0) + record.open_connections
            return
        case DrillStarted():
            seen.started = record
        case DrillEnded():
            seen.ended = record
        case DrillMark():
            seen.marks.append(record)
        case Race():
            seen.races.append(record)
            if not record.told:
                return
        case ServiceLife():
            seen.lives.append(record)
        case StartTried():
            seen.tried[record.what] = record
        case SlowClients():
            seen.slow.append(record)
            return
    if len(seen.cited) < 20:
        seen.cited.append(identity)
