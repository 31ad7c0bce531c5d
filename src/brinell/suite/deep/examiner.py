"""Asks a laboratory and writes down what it answers, so that every phase only has to decide what to ask."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from brinell.core.examination import Confirmation, Exam, FixTried, Left, LeftState
from brinell.core.roles import Room
from brinell.core.trust import BAD, Ledger
from brinell.suite.deep.touches import Touches
from brinell.suite.lab.job import Job, Lab, Result, Step, restore
from brinell_inside.serve.project_files import ProjectFiles

_LETTERS = {"passed": "p", "failed": "f", "error": "e", "skipped": "s", "xfailed": "x", "xpassed": "X"}
_MOST_MESSAGES = 5
_MOST_SURE = 20  # tests in a sequence that is remembered
_UNTIL_BATCH = 8  # jobs between two looks at whether enough is known
_FILE = "file:"  # root of a changed file, by its path in the project
_SLACK_S = 5.0
_TELL_NS = 100_000_000
_AGAIN = 3  # times alone, before something that failed beside another is said to have been disturbed
_UNKNOWN_S = 20.0  # at least, for a test whose duration nobody knows yet
_KILLER_S = 5.0  # for one that has ended its process before, or had to be ended


class Examiner:
    """Jobs in, records out. ``seconds`` are the tests' durations so far, ``writers`` those that change project files.

    ``killers`` have ended a process that others may have needed; ``deadly`` ones do so with nothing before them.

    What fails while something ran beside it is not believed until it failed alone: a test that uses a fixed port or
    file would look nondeterministic otherwise.
    """

    def __init__(self, room: Room, lab: Lab, ledger: Ledger, budget_s: float, project: ProjectFiles) -> None:
        self.room = room
        self.lab = lab
        self.ledger = ledger
        self.count = len(lab.tests)
        self.touches = Touches()
        self.slots = 2  # children at a time
        self.seconds: dict[int, float] = {}
        self.writers: set[int] = set()
        self.files: dict[int, set[str]] = {}  # of the project that a test changes, as far as is known
        self.write_files = False  # some test of the suite changes files of the project
        self.watched: set[int] = set()  # tests of which it is known what they leave
        self.killers: set[int] = set()
        self.deadly: set[int] = set()
        self.serial = False  # nothing beside anything: running side by side has disturbed too much
        self._begun_ns = room.clock.now_ns()
        self.budget_s = budget_s
        self.project = project
        self.written: set[str] = set()  # paths of the project that tests change
        self._orders: list[Exam] = []
        self._sure: set[tuple[int, ...]] = set()  # sequences whose last test failed with nothing beside it
        self._conflicts = 0
        self._done = 0
        self._phase = self._told_phase = ""
        self._told_ns = 0

    @property
    def left_s(self) -> float:
        """Seconds left of the budget."""
        return self.budget_s - (self.room.clock.now_ns() - self._begun_ns) / 1e9

    def spent(self) -> bool:
        """Whether the budget is."""
        return self.left_s < 0

    def phase(self, text: str) -> None:
        """Say what is done now."""
        self._phase = text
        self._tell()

    def name(self, test: int) -> str:
        """Return a test's node id."""
        return self.lab.tests[test]

    def expected_s(self, tests: Iterable[int]) -> float:
        """Return how long these tests will take in one process, as far as is known."""
        return 0.01 + sum(self.seconds.get(test, 0.05) for test in tests)

    def job(self, steps: Sequence[Step], *, alone: bool = False, **options: Any) -> Job:
        """Return a job with a deadline that fits, alone where one of its tests disturbs others or is disturbed."""
        tests = [step for step in steps if isinstance(step, int)]
        each = [self._allowed_s(test) for test in tests]
        apart = self.writers | self.ledger.conflicts
        alone = alone or self.serial or not apart.isdisjoint(tests)
        stall_s = _SLACK_S + max(each, default=0.0)
        return Job(tuple(steps), deadline_s=_SLACK_S + sum(each), stall_s=stall_s, alone=alone, **options)

    def _allowed_s(self, test: int) -> float:
        if test in self.killers:
            return _KILLER_S
        return 10 * self.seconds[test] if test in self.seconds else max(_UNKNOWN_S, min(120.0, self.budget_s / 2))

    def ask(self, purpose: str, jobs: Iterable[Job], *, until: Callable[[], bool] | None = None) -> list[Result]:
        """Do the jobs; return the results that count, in no particular order.

        ``until`` is asked between batches whether enough is known; what is then left is not done.
        """
        believed: list[Result] = []
        doubted: list[Result] = []
        for batch in _batches(jobs, 64 if until is None else _UNTIL_BATCH):
            if until is not None and until():
                break
            for result in self.lab.run(_knowing(batch)):
                self._done += 1
                self._tell()
                if self._doubtful(result):
                    doubted.append(result)
                else:
                    believed.append(self.write(purpose, result))
            if self.written and not all(job.alone for job in batch):
                self.project.restore(self.written)
        if doubted:
            again = [msgspec.structs.replace(result.job, alone=True) for result in doubted]
            first = {result.job.steps: result for result in doubted}
            for result in list(self.lab.run(again)):
                seen = first[result.job.steps]
                if seen.failures() != result.failures():
                    self._conflict(seen, result, purpose)
                believed.append(self.write(purpose, result))
        return believed

    def _doubtful(self, result: Result) -> bool:
        if result.job.alone or result.job.factors:
            return False
        return any(sequence not in self._sure for sequence in _failing(result))

    def _conflict(self, seen: Result, alone: Result, purpose: str) -> None:
        """Something failed beside others and not alone: if it never fails alone, what ran beside it disturbed it."""
        again = [msgspec.structs.replace(seen.job, alone=True)] * _AGAIN
        results = [self.write(purpose, result) for result in self.lab.run(again)]
        disturbed = seen.failures().difference(alone.failures(), *(result.failures() for result in results))
        if not disturbed:
            self.write(purpose, seen)
            return
        self.tried(self._exam("conflict", seen))
        self._conflicts += 1
        if self._conflicts > max(3, self.count // 20):
            self.serial = True

    def write(self, purpose: str, result: Result) -> Result:
        """Write down a result, and learn from it."""
        exam = self._exam(purpose, result)
        self.room.emit(exam)
        self.ledger.add(exam)
        self.touches.learn(result)
        self._learn_put_back(result)
        if not exam.factors:
            self._learn(result)
            if purpose == "order":
                self._orders.append(exam)
        return result

    def passed_after(self, test: int) -> list[tuple[int, ...]]:
        """Return what ran before ``test`` in the whole orders in which it did not fail."""
        histories = []
        for exam in self._orders:
            at = exam.tests.index(test) if test in exam.tests else len(exam.outcomes)
            if 0 < at < len(exam.outcomes) and exam.outcomes[at] not in BAD:
                histories.append(exam.tests[:at])
        return histories

    def _learn(self, result: Result) -> None:
        if result.job.alone:
            self._sure.update(sequence for sequence in _failing(result) if len(sequence) <= _MOST_SURE)
        for position, ran in enumerate(result.ran):
            if not ran.died:
                self.seconds[ran.test] = max(ran.seconds, self.seconds.get(ran.test, 0.0) * 0.5)
                continue
            self.killers.add(ran.test)
            if not position:
                self.deadly.add(ran.test)

    def _exam(self, purpose: str, result: Result) -> Exam:
        job = result.job
        failed = [ran for ran in result.ran if ran.failed][:_MOST_MESSAGES]
        factors = dict(job.factors) | ({} if job.hash_seed is None else {"hash": job.hash_seed})
        return Exam(
            purpose,
            tuple(ran.test for ran in result.ran) if job.watch or not result.complete else job.tests,
            "".join("d" if ran.died else _LETTERS[ran.outcome] for ran in result.ran),
            how=result.how,
            seconds=round(result.seconds, 4),
            factors=factors,
            restored=_restored(job),
            refused=result.refused,
            unsupported=dict(result.unsupported),
            messages={str(ran.test): _said(ran.kind, ran.message) for ran in failed},
            alone=job.alone,
            fresh=not self.lab.forks,
        )

    def left(self, result: Result) -> None:
        """Write down what the tests of a watched job left changed, where that is not known yet."""
        if result.job.watch:
            self.watched.update(result.job.tests)
        for test, changes in result.changes:
            known = {state.root for state in self.ledger.left.get(-1 if test is None else test, ())}
            if test is not None and any(change.root not in known for change in changes):
                kept = tuple(LeftState(**msgspec.structs.asdict(change)) for change in changes)
                self.tried(Left(test, kept))
                self._learn_files(test, kept)

    def _learn_files(self, test: int, changes: Iterable[LeftState]) -> None:
        paths = {change.root.removeprefix(_FILE) for change in changes if change.kind == "file"}
        if not paths:
            return
        if not self.writers:  # the job in which it showed is over, and what it changed is put back
            self.project.remember()
        self.writers.add(test)
        self.files.setdefault(test, set()).update(paths)
        self.written |= paths

    def _learn_put_back(self, result: Result) -> None:
        """The server has put files back: some test writes them, which one is known once each was watched."""
        if result.files:
            if not self.written:
                self.project.remember()
            self.write_files = True
            self.written.update(path for path, _ in result.files)

    def wrote(self, tests: Iterable[int]) -> set[str]:
        """Return the files of the project that these tests may change: all that any does, where one was not watched."""
        if self.write_files and not self.watched.issuperset(tests):
            return set(self.written)
        return set().union(*(self.files.get(test, set()) for test in tests))

    def tried(self, record: Exam | Confirmation | FixTried | Left) -> None:
        """Write down something seen."""
        self.room.emit(record)
        self.ledger.add(record)

    def _tell(self) -> None:
        now_ns = self.room.clock.now_ns()
        if self._phase == self._told_phase and now_ns - self._told_ns < _TELL_NS:
            return  # of thousands of jobs a second nobody reads more, and finding who is suspicious costs time
        self._told_phase, self._told_ns = self._phase, now_ns
        spent = max(0.0, self.budget_s - self.left_s)
        found = len(self.ledger.suspicious())
        text = f"{self._phase}: {self._done:,} runs" + (f", {found:,} tests differ" if found else "")
        self.room.progress(min(spent, self.budget_s), self.budget_s, text)


def proof_steps(before: Sequence[int], roots: Sequence[str], test: int) -> list[Step]:
    """Return steps: remember, run what pollutes, put ``roots`` back, run ``test``."""
    return [("mark",), *before, restore(roots), test]


def failed_last(result: Result) -> bool:
    """Whether the last test of the job ran and failed."""
    last = result.last()
    return last is not None and last.failed and last.test == result.job.tests[-1]


def passed_last(result: Result) -> bool:
    """Whether the last test of the job ran and did not fail."""
    last = result.last()
    return result.complete and last is not None and not last.failed and last.test == result.job.tests[-1]


def _knowing(batch: list[Job]) -> list[Job]:
    """A single job that does not say so runs alone as well."""
    return (
        [msgspec.structs.replace(job, alone=True) for job in batch]
        if len(batch) == 1 and not batch[0].factors
        else batch
    )


def _failing(result: Result) -> list[tuple[int, ...]]:
    tests = tuple(ran.test for ran in result.ran)
    return [tests[: position + 1] for position, ran in enumerate(result.ran) if ran.failed]


def _restored(job: Job) -> tuple[str, ...]:
    return next((tuple(step[1] or ()) for step in job.steps if isinstance(step, tuple) and step[0] == "restore"), ())


def _said(kind: str, message: str) -> str:
    line = message.strip().splitlines()[0] if message.strip() else ""
    return f"{kind}: {line}"[:300] if line else kind


def _batches(jobs: Iterable[Job], size: int) -> Iterable[list[Job]]:
    batch: list[Job] = []
    for job in jobs:
        batch.append(job)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
