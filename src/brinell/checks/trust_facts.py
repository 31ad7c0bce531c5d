"""What an examine step's records say, gathered once for the checks: the ledger, and what can be cited for each test."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from brinell.core.evidence import Evidence, observation_id, steps_of
from brinell.core.examination import Confirmation, Exam, ExamStarted, FixTried, Left
from brinell.core.import_records import ImportExam, ImportLeft
from brinell.core.observation import Choice, CollectError, Envelope, StepFinished
from brinell.core.plan import ExamineSpec, Step
from brinell.core.touch_records import Clash
from brinell.core.trust import BAD, Count, Ledger, Trust

_MOST_CITED = 5  # failures per test
IMPORT = -1  # the test of a ``Left`` that says what import and collection changed


@dataclass(slots=True)
class Examined:
    """An examine step, read back. ``orders`` holds each whole order once, so that repeating one counts for nothing."""

    step: Step
    spec: ExamineSpec
    root: str
    started: ExamStarted | None = None
    ledger: Ledger = field(default_factory=Ledger)
    state: str = ""  # the step's: done, interrupted, failed; empty where it was cut off
    at: str = ""
    orders: set[tuple[int, ...]] = field(default_factory=set)
    in_orders: dict[int, Count] = field(default_factory=lambda: defaultdict(Count))
    failed_in: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))  # whole orders, as they came
    suite_s: float = 0.0  # the longest of them
    choices: list[Choice] = field(default_factory=list)
    uncollected: list[str] = field(default_factory=list)  # files
    failures: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    confirmations: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    conflicts: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    unsupported: dict[str, str] = field(default_factory=dict)
    _runs: int = 0

    @property
    def tests(self) -> tuple[str, ...]:
        """Node ids; other records name a test by its place here."""
        return self.started.tests if self.started else ()

    def name(self, test: int) -> str:
        """Return the node id of a test; of import and collection, what they are."""
        return self.tests[test] if 0 <= test < len(self.tests) else "import and collection"

    def scope(self) -> list[int]:
        """Return the tests a verdict was asked for: all, or those that the spec names, as the trial understood it."""
        if not self.spec.tests:
            return list(range(len(self.tests)))
        return sorted({number for wanted in self.spec.tests for number in _meant(wanted, self.tests)})

    def trusts(self) -> list[Trust]:
        """Return the verdict on each test in scope, in the suite's order."""
        return [self.ledger.trust(test) for test in self.scope()]

    def cited(self, test: int) -> tuple[str, ...]:
        """Return the observations that speak for a test: fresh processes first."""
        return (*self.confirmations.get(test, ()), *self.failures.get(test, ()))[:_MOST_CITED]

    def take(self, envelope: Envelope) -> None:
        """Take one envelope of this step."""
        data = envelope.data
        self.ledger.add(data)
        match data:
            case ExamStarted():
                self.started, self.at = data, observation_id(envelope)
            case Exam():
                self._exam(data, observation_id(envelope))
            case ImportExam(tests=(test,)) if data.outcomes in BAD and not data.restored:
                if len(self.failures[test]) < _MOST_CITED:
                    self.failures[test].append(observation_id(envelope))
            case Confirmation() if data.tests:
                self.confirmations[data.tests[-1]].append(observation_id(envelope))
            case Choice():
                self.choices.append(data)
            case CollectError(nodeid=nodeid):
                self.uncollected.append(nodeid)
            case StepFinished(state=state):
                self.state = state

    def _exam(self, exam: Exam, at: str) -> None:
        self.unsupported |= exam.unsupported
        ran = list(zip(exam.tests, exam.outcomes, strict=False))
        where = self.conflicts if exam.purpose == "conflict" else self.failures
        for test, letter in ran:
            if letter in BAD and not exam.restored and len(where[test]) < _MOST_CITED:
                where[test].append(at)
        if exam.purpose == "order" and not exam.factors:
            self._order(exam, ran)

    def _order(self, exam: Exam, ran: list[tuple[int, str]]) -> None:
        self._runs += 1
        self.suite_s = max(self.suite_s, exam.seconds)
        for test, letter in ran:
            if letter in BAD:
                self.failed_in[test].add(self._runs)
        if exam.tests not in self.orders:
            self.orders.add(exam.tests)
            for test, letter in ran:
                self.in_orders[test].add(letter in BAD)


def examinations(evidence: Evidence) -> list[Examined]:
    """Read the examine steps of a run, in the plan's order; one that began nothing has no ``started``."""
    found = {
        step.id: Examined(step, step.spec, evidence.plan.root)
        for step in steps_of(evidence, "examine")
        if isinstance(step.spec, ExamineSpec)
    }
    if found:
        for envelope in evidence.envelopes(
            ExamStarted,
            Exam,
            Left,
            ImportExam,
            ImportLeft,
            Confirmation,
            FixTried,
            Clash,
            Choice,
            CollectError,
            StepFinished,
        ):
            if envelope.source in found:
                found[envelope.source].take(envelope)
    return list(found.values())


def trust_by_test(examined: list[Examined]) -> Mapping[str, Trust]:
    """Return the verdict on every test that was examined, by node id; the first step that has one says it."""
    known: dict[str, Trust] = {}
    for one in examined:
        for trust in one.trusts():
            if trust.all_runs[1]:
                known.setdefault(one.name(trust.test), trust)
    return known


def _meant(wanted: str, tests: tuple[str, ...]) -> list[int]:
    """Return which tests a name means: an id; all of a function, class, file or folder; the end of an id; a part."""
    rules: tuple[Callable[[str], bool], ...] = (
        lambda test: test == wanted,
        lambda test: test.startswith((f"{wanted}[", f"{wanted}::", f"{wanted.rstrip('/')}/")),
        lambda test: test.endswith((f"::{wanted}", f"/{wanted}")),
        lambda test: wanted in test,
    )
    fitting = ([number for number, test in enumerate(tests) if rule(test)] for rule in rules)
    return next(filter(None, fitting), [])
