"""What a suite step's records say, gathered once for the checks: sessions (one per repeat), and per test the worst."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from statistics import median

from brinell.core.clock import iso, parse_iso
from brinell.core.evidence import Evidence, observation_id, steps_of
from brinell.core.judgement import Seconds
from brinell.core.observation import (
    Collected,
    CollectError,
    Envelope,
    Epoch,
    Phase,
    SeenTest,
    StepFinished,
    SuiteEnded,
    SuiteStarted,
    WarningSeen,
)
from brinell.core.plan import Step, SuiteSpec
from brinell.core.time_records import FixtureTime, ImportTime, SessionTime

FAILURES = frozenset({"failed", "error"})
_BADNESS = {"skipped": 0, "xfailed": 1, "passed": 2, "xpassed": 3, "error": 4, "failed": 5}
_NOT_TESTS = frozenset({"warnings", "deselected"})  # categories of pytest's summary that count no test


@dataclass(slots=True)
class Seen:
    """One test in one session, as it ended. A module that could not be collected is one, with outcome ``error``."""

    id: str
    outcome: str
    seconds: Seconds
    path: str
    markers: tuple[str, ...]
    reason: str
    teardown_error: bool
    observation: str
    counted: tuple[str, ...]
    final: bool = True  # false: it was to be run again, and the session ended before
    reruns: int = 0

    @property
    def failed(self) -> bool:
        """Whether anything about it failed."""
        return self.teardown_error or self.outcome in FAILURES

    @property
    def badness(self) -> tuple[int, bool, int]:
        """Order by which one of several sessions' outcomes stands for the test: the worst."""
        return (_BADNESS.get(self.outcome, 0), self.teardown_error, self.reruns)

    @property
    def total_s(self) -> float:
        """Seconds of all phases together."""
        phases = (self.seconds.setup, self.seconds.call, self.seconds.teardown)
        return sum(phase for phase in phases if phase is not None)


@dataclass(slots=True)
class Session:
    """One run of pytest from its start to its end, or to where its records end."""

    repeat: int
    started: SuiteStarted | None = None
    collected: Collected | None = None
    ended: SuiteEnded | None = None
    at: str = ""  # observation that speaks for the session as a whole
    tests: dict[str, Seen] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)  # pytest's categories, reruns included
    ran: int = 0  # tests, without modules that skipped themselves or could not be collected
    warnings: int = 0
    time: SessionTime | None = None
    fixtures: list[FixtureTime] = field(default_factory=list)
    imports: list[ImportTime] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether pytest ran all it had selected and said so: its time is the suite's time."""
        ended = self.ended
        if ended is None or ended.exit_status not in (0, 1) or ended.summary is None or ended.timed_out:
            return False
        return not ended.running and not ended.stopped_by and not self.missing

    @property
    def workers(self) -> int:
        """How many processes shared the tests, pytest-xdist's or Brinell's; 0 for one process."""
        return (self.started.xdist_workers or self.started.workers) if self.started else 0

    @property
    def cpu_s(self) -> float | None:
        """Processor seconds of the session, of children that were waited for included."""
        if self.time is not None:
            return self.time.cpu_s + self.time.children_cpu_s
        return self.ended.cpu_s if self.ended else None

    @property
    def missing(self) -> int:
        """Selected tests that never ran."""
        return max(0, self.collected.count - self.ran) if self.collected else 0

    @property
    def deselected(self) -> int:
        """Tests left out by -k, -m and the like; from pytest's summary where the collection could not tell."""
        summary = self.ended.summary if self.ended else None
        return max(self.collected.deselected if self.collected else 0, (summary or {}).get("deselected", 0))

    @property
    def disagreement(self) -> str:
        """How our counts differ from what pytest printed; empty where they agree or pytest printed nothing."""
        if self.ended is None or not self.ended.summary:
            return ""
        said = {name: n for name, n in self.ended.summary.items() if n and name not in _NOT_TESTS}
        ours = {name: n for name, n in self.counts.items() if n}
        names = [name for name in sorted(said.keys() | ours.keys()) if said.get(name, 0) != ours.get(name, 0)]
        return ", ".join(f"{name}: pytest {said.get(name, 0)}, recorded {ours.get(name, 0)}" for name in names)


@dataclass(slots=True)
class Suite:
    """A suite step: its sessions in order."""

    step: Step
    spec: SuiteSpec
    sessions: list[Session] = field(default_factory=list)
    state: str = ""  # the step's: done, interrupted, failed; empty where it was cut off
    timestamp: str = ""

    @property
    def started(self) -> SuiteStarted | None:
        """Who ran; of the first session that said so."""
        return next((session.started for session in self.sessions if session.started), None)

    @property
    def alike(self) -> list[Session]:
        """The sessions on as many workers as the first: times of others are not compared with theirs."""
        return [session for session in self.sessions if session.workers == self.sessions[0].workers]

    @property
    def seconds(self) -> list[float]:
        """Seconds of the sessions alike that ran to their end."""
        return [session.ended.seconds for session in self.alike if session.complete and session.ended]

    @property
    def typical_s(self) -> float | None:
        """Seconds of the whole suite: the median of its complete sessions."""
        return median(self.seconds) if self.seconds else None

    def worst(self) -> dict[str, Seen]:
        """Per test, the session in which it did worst; its seconds are the medians of all that ended like that."""
        found: dict[str, Seen] = {}
        for session in self.sessions:
            for name, seen in session.tests.items():
                before = found.get(name)
                if before is None or seen.badness > before.badness:
                    found[name] = seen
        if len(self.sessions) > 1:
            return {name: replace(seen, seconds=self._typical(seen)) for name, seen in found.items()}
        return found

    def _typical(self, worst: Seen) -> Seconds:
        every = (session.tests[worst.id] for session in self.sessions if worst.id in session.tests)
        alike = [seen.seconds for seen in every if seen.badness == worst.badness]
        phases = {}
        for name in ("setup", "call", "teardown"):
            values = [value for seconds in alike if (value := getattr(seconds, name)) is not None]
            phases[name] = median(values) if values else None
        return Seconds(**phases)

    def differing(self) -> dict[str, list[str]]:
        """Tests whose outcome was not the same in every session they ran in: outcomes in order."""
        if len(self.sessions) < 2:
            return {}
        found = {name: self.outcomes(name) for name in self.worst()}
        return {name: outcomes for name, outcomes in found.items() if len(set(outcomes)) > 1}

    def outcomes(self, name: str) -> list[str]:
        """Outcomes of a test, one per session it ran in."""
        seen = (session.tests[name] for session in self.sessions if name in session.tests)
        return [f"{one.outcome}+error" if one.teardown_error else one.outcome for one in seen]


def suites(evidence: Evidence) -> list[Suite]:
    """Read the suite steps of a run that left any record, in the plan's order."""
    found = {
        step.id: Suite(step, step.spec) for step in steps_of(evidence, "suite") if isinstance(step.spec, SuiteSpec)
    }
    epochs: dict[int, Epoch] = {}
    kinds = (
        Epoch, SuiteStarted, Collected, CollectError, SeenTest, WarningSeen, SuiteEnded, StepFinished,
        SessionTime, FixtureTime, ImportTime,
    )  # fmt: skip
    for envelope in evidence.envelopes(*kinds):
        data = envelope.data
        if isinstance(data, Epoch):
            epochs[envelope.epoch] = data
        elif envelope.source in found:
            _take(found[envelope.source], envelope, epochs)
    return [suite for suite in found.values() if suite.sessions]


def reported(evidence: Evidence, found: list[Suite]) -> Suite | None:
    """Return the suite of the plan's first suite step, which report and baseline are about; None if it left nothing."""
    first = next(iter(steps_of(evidence, "suite")), None)
    return next((suite for suite in found if suite.step == first), None)


def _take(suite: Suite, envelope: Envelope, epochs: dict[int, Epoch]) -> None:
    match envelope.data:
        case SeenTest() as test:
            _seen(_session(suite, test.repeat), test, observation_id(envelope))
        case CollectError() as error:
            _not_collected(_session(suite, error.repeat), error, observation_id(envelope))
        case WarningSeen(count=count, repeat=repeat):
            _session(suite, repeat).warnings += count
        case SuiteStarted(repeat=repeat) as started:
            session = _session(suite, repeat)
            session.started, session.at = started, session.at or observation_id(envelope)
            suite.timestamp = suite.timestamp or _wall(envelope, epochs)
        case Collected(repeat=repeat) as collected:
            _session(suite, repeat).collected = collected
        case SuiteEnded(repeat=repeat) as ended:
            session = _session(suite, repeat)
            session.ended, session.at = ended, observation_id(envelope)
        case SessionTime(repeat=repeat) as time:
            _session(suite, repeat).time = time
        case FixtureTime(repeat=repeat) as fixture:
            _session(suite, repeat).fixtures.append(fixture)
        case ImportTime(repeat=repeat) as one:
            _session(suite, repeat).imports.append(one)
        case StepFinished(state=state):
            suite.state = state


def _session(suite: Suite, repeat: int) -> Session:
    while len(suite.sessions) <= repeat:
        suite.sessions.append(Session(len(suite.sessions)))
    return suite.sessions[repeat]


def _seen(session: Session, test: SeenTest, observation: str) -> None:
    """Take one attempt. The same id twice in one session (--keep-duplicates): the worse one stands for it."""
    before = session.tests.get(test.id)
    if test.instead and before is not None:
        session.counts.subtract(before.counted)
        session.ran -= 1
        session.tests.pop(test.id)
        before = None
    session.counts.update(counted(test))
    session.ran += test.final and bool(test.phases)
    seen = _entry(test, observation)
    seen.reruns = (before.reruns if before else 0) + (not test.final)
    if before is None or not before.final or seen.badness >= before.badness:
        session.tests[test.id] = seen


def counted(test: SeenTest) -> Iterator[str]:
    """Yield the categories of pytest's summary that this attempt counts for."""
    if test.counted:
        yield from filter(None, test.counted)
        return
    yield test.outcome
    if test.teardown_error:
        yield "error"


def _entry(test: SeenTest, observation: str) -> Seen:
    return Seen(
        test.id,
        test.outcome,
        Seconds(
            setup=_s(test.phases.get("setup")),
            call=_s(test.phases.get("call")),
            teardown=_s(test.phases.get("teardown")),
        ),
        test.path,
        test.markers,
        test.reason,
        test.teardown_error,
        observation,
        tuple(counted(test)),
        final=test.final,
    )


def _s(phase: Phase | None) -> float | None:
    return None if phase is None else phase.seconds


def _not_collected(session: Session, error: CollectError, observation: str) -> None:
    session.counts["error"] += 1
    name = error.nodeid or "(collection)"
    session.tests[name] = Seen(name, "error", Seconds(), name, (), "", False, observation, ("error",))


def _wall(envelope: Envelope, epochs: dict[int, Epoch]) -> str:
    """The moment of an observation in UTC, from its epoch's pair of clocks; empty without one."""
    epoch = epochs.get(envelope.epoch)
    if epoch is None:
        return ""
    return iso(parse_iso(epoch.wall) + timedelta(microseconds=(envelope.t_ns - epoch.mono_ns) / 1000))
