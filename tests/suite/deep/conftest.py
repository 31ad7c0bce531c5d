"""A laboratory in memory: tests are a model whose truth is known, and an examination takes milliseconds."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from brinell.core.clock import FakeClock
from brinell.core.errors import Interrupted
from brinell.core.examination import Confirmation, ExamStarted
from brinell.core.fakes import FakeRoom
from brinell.core.plan import ExamineSpec
from brinell.core.trust import Ledger
from brinell.suite.deep.confirm import Confirmer
from brinell.suite.deep.examiner import Examiner
from brinell.suite.deep.trial import ExamineTrial, _examine
from brinell.suite.lab.job import Change, Job, Ran, Result
from brinell.suite.lab.plain import Answer, Asked
from brinell.suite.lab.server import Command
from brinell_inside.serve.project_files import ProjectFiles

FORK_S, FRESH_S = 0.005, 0.4


@dataclass(frozen=True)
class Modelled:
    """A test: what it reads, what it leaves, and what else decides whether it passes."""

    sets: Mapping[str, int] = field(default_factory=dict)
    fails_if: Sequence[Mapping[str, int]] = ()  # any of these conjunctions makes it fail
    needs: Mapping[str, int] = field(default_factory=dict)  # it fails where one of these does not hold
    p: float = 0.0  # probability that it fails whatever else
    dies: str = ""  # left, signal or deadline: always
    dies_if: Mapping[str, int] = field(default_factory=dict)  # leaves the process where all of these hold
    uses: str = ""  # fails while another process uses it, too
    factors: Mapping[str, Any] = field(default_factory=dict)  # factor: predicate of the level; holds: it fails
    imports: Mapping[str, Any] = field(default_factory=dict)  # the same of levels that a process starts under
    hidden: bool = False  # what it leaves is out of sight
    seconds: float = 0.01

    def fails(self, state: Mapping[str, int]) -> bool:
        holds = any(_holds(one, state) for one in self.fails_if)
        return holds or not _holds(self.needs, state)

    def dead(self, state: Mapping[str, int]) -> bool:
        return bool(self.dies) or (bool(self.dies_if) and _holds(self.dies_if, state))


def _holds(conjunction: Mapping[str, int], state: Mapping[str, int]) -> bool:
    return all(state.get(name, 0) == value for name, value in conjunction.items())


class Truth:
    """What is true of a model's tests, for those that nothing but order decides."""

    def __init__(self, tests: Sequence[Modelled]) -> None:
        self.tests = tests

    def outcomes(self, sequence: Sequence[int]) -> str:
        """Letters as in ``Exam``: p, f, d; it ends behind a d."""
        state: dict[str, int] = {}
        letters = ""
        for test in sequence:
            one = self.tests[test]
            if one.dead(state):
                return letters + "d"
            letters += "f" if one.fails(state) else "p"
            state |= one.sets
        return letters

    def bad(self, *sequence: int) -> bool | None:
        """Whether the last one fails; None if it is not reached."""
        letters = self.outcomes(sequence)
        return letters[-1] in "fd" if len(letters) == len(sequence) else None

    def steady(self, test: int) -> bool:
        one = self.tests[test]
        return not one.p and not one.uses and not one.factors

    def verdict(self, test: int) -> str:
        """By single tests before it alone: victim, brittle, self-polluting, or nothing of these."""
        others = [other for other in range(len(self.tests)) if other != test]
        if self.bad(test):
            return "brittle" if any(self.bad(other, test) is False for other in others) else ""
        if any(self.bad(other, test) for other in others):
            return "victim"
        return "self-polluting" if self.bad(test, test) else ""


class ModelLab:
    """Answers jobs from the model. ``slots`` jobs run beside each other unless they are to be alone."""

    why = "a model"

    def __init__(self, tests, clock, *, forks=True, slots=2, seed=0) -> None:
        self.model = tests
        self.tests = tuple(f"test_m.py::test_{number}" for number in range(len(tests)))
        self.forks = forks
        self.jobs: list[Job] = []
        self._clock = clock
        self._slots = slots
        self._draw = Random(seed)  # noqa: S311 - a reproducible model, no secret

    def run(self, jobs: Iterable[Job]) -> Iterator[Result]:
        waiting = list(jobs)
        self.jobs += waiting
        while waiting:
            wave = [waiting.pop(0)]
            while waiting and len(wave) < self._slots and not wave[0].alone and not waiting[0].alone:
                wave.append(waiting.pop(0))
            results = [self._one(job, [other for other in wave if other is not job]) for job in wave]
            self._clock.sleep(max(result.seconds for result in results))
            yield from results

    def close(self) -> None:
        pass

    def _one(self, job: Job, beside: Sequence[Job]) -> Result:
        used = {self.model[test].uses for other in beside for test in other.tests} - {""}
        state, marked = {}, {}
        ran, changes, how = [], [], "finished"
        seconds = FORK_S if self.forks else FRESH_S
        for step in job.steps:
            if not isinstance(step, int):
                if step[0] == "mark":
                    marked = dict(state)
                elif step[0] == "restore":
                    state = {k: v for k, v in state.items() if f"m.{k}" not in step[1]}
                    state |= {k: v for k, v in marked.items() if f"m.{k}" in step[1]}
                continue
            one = self.model[step]
            if one.dead(state):
                how = one.dies or "left"
                seconds += (job.stall_s or job.deadline_s) if how == "deadline" else one.seconds
                ran.append(Ran(step, "failed", one.seconds, died=True))
                break
            failed = one.fails(state) or self._by_chance(one, job) or one.uses in used
            ran.append(Ran(step, "failed" if failed else "passed", one.seconds, kind="AssertionError" * failed))
            seconds += one.seconds
            if job.watch and not one.hidden:
                moved = {k: v for k, v in one.sets.items() if state.get(k, 0) != v}
                if moved:
                    changes.append((step, tuple(_change(k, state.get(k, 0), v) for k, v in moved.items())))
            state |= one.sets
        return Result(job, how, 0, seconds, tuple(ran), tuple(changes))

    def _by_chance(self, one: Modelled, job: Job) -> bool:
        levels = dict(job.factors) | ({} if job.hash_seed is None else {"hash": job.hash_seed})
        if any(name in levels and predicate(levels[name]) for name, predicate in one.factors.items()):
            return True
        if not self.forks and any(name in levels and holds(levels[name]) for name, holds in one.imports.items()):
            return True
        if one.uses and "beside" in levels:
            return True
        return bool(one.p) and self._draw.random() < one.p


def _change(name: str, before: int, after: int) -> Change:
    root = f"m.{name}"
    return Change(root, root, "module-attribute", str(before), str(after), "changed", restorable=True)


class ModelRuns:
    """Answers reproducers from the same model; each a process of its own."""

    def __init__(self, lab: ModelLab) -> None:
        self._lab = lab

    def run(self, asked: Iterable[Asked]) -> Iterator[Answer]:
        number = {name: place for place, name in enumerate(self._lab.tests)}
        for one in asked:
            steps = tuple(number[name] for name in one.ids) * (1 + one.twice)
            (result,) = self._lab.run([Job(steps, deadline_s=one.deadline_s, alone=True)])
            letters = "".join("d" if ran.died else "f" if ran.failed else "p" for ran in result.ran)
            yield Answer(one, letters, None, FRESH_S)


class ModelConfirmer(Confirmer):
    """Reproducers are asked of the model; no fixture is written."""

    def __init__(self, examiner: Examiner, lab: ModelLab, folder: Path) -> None:
        super().__init__(examiner, Command("python", (), folder, {}), (), 1)
        self._side_by_side = self._serial = ModelRuns(lab)

    def propose(self, trusts) -> None:
        for trust in trusts:
            assert trust.confirmed or not trust.leaked or trust.verdict == "nondeterministic", trust


class Examined:
    """An examination that is over."""

    def __init__(self, tests, examiner, lab, room) -> None:
        self.truth = Truth(tests)
        self.examiner = examiner
        self.lab = lab
        self.room = room
        self.records = room.records
        self.ledger = Ledger(room.records)  # as the judge reads it, from the records alone
        self.spent_s = room.clock.now_ns() / 1e9

    def trust(self, test: int):
        return self.ledger.trust(test)

    def verdicts(self) -> dict[int, str]:
        found = {test: self.trust(test).verdict for test in range(len(self.truth.tests))}
        return {test: verdict for test, verdict in found.items() if verdict != "stable"}


def examine(tests: Sequence[Modelled], *, budget_s=1e6, seed=0, forks=True, slots=2, only=None) -> Examined:
    """Examine a model as ``ExamineTrial`` would."""
    spec = ExamineSpec(budget_s=budget_s, factors=only or {})
    with tempfile.TemporaryDirectory() as folder:
        room = FakeRoom(spec, Path(folder), clock=FakeClock())
        lab = ModelLab(tests, room.clock, forks=forks, slots=slots, seed=seed)
        fresh = ModelLab(tests, room.clock, forks=False, slots=slots, seed=seed + 1)
        started = ExamStarted(lab.tests, forks, slots=slots, budget_s=budget_s)
        room.emit(started)
        with contextlib.closing(ProjectFiles(folder)) as files:
            examiner = Examiner(room, lab, Ledger([started]), budget_s, files)
            _examine(examiner, ModelConfirmer(examiner, fresh, Path(folder)), fresh, spec)
    return Examined(tests, examiner, lab, room)


@pytest.fixture(scope="session")
def models():
    """``T`` makes a test of a model, ``examine`` examines some."""

    return SimpleNamespace(T=Modelled, Truth=Truth, examine=examine)


@pytest.fixture
def real(tmp_path, write_project, guarded_room):
    """Write a project (in a folder with a space) and examine it with real processes: ``real(files…, args=…)``.

    ``until``: names of tests; the examination is interrupted once all of them are confirmed. So a budget may be one
    that the most crowded machine keeps, and costs no time elsewhere.
    """
    rooms = []

    def run(
        *,
        args=(),
        budget_s=6.0,
        interrupt_when=None,
        tests=(),
        factors=None,
        folder="a project",
        guarded=False,
        until=(),
        **files,
    ):
        interrupt_when = interrupt_when or (_confirmed(until) if until else None)
        root = write_project(tmp_path / folder, **files)
        spec = ExamineSpec(
            python=sys.executable, args=tuple(args), budget_s=budget_s, slots=2, tests=tuple(tests),
            factors=factors or {},
        )  # fmt: skip
        (tmp_path / "run").mkdir(exist_ok=True)
        kind = guarded_room if guarded else FakeRoom
        room = kind(spec, tmp_path / "run", root=root, interrupt_when=interrupt_when)
        rooms.append(room)
        before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
        try:
            ExamineTrial().run(room)
        except Interrupted:
            assert interrupt_when is not None
        after = {path: path.read_bytes() for path in root.rglob("*") if path.is_file() and _counts(path)}
        assert after == {path: data for path, data in before.items() if _counts(path)}  # the project is as it was
        return Real(room, root)

    yield run
    for room in rooms:
        left = [child for child in room.children if child.poll() is None]
        room.close()
        assert not left


def _confirmed(names: Sequence[str]) -> Callable[[FakeRoom], bool]:
    def all_are(room: FakeRoom) -> bool:
        if not any(isinstance(record, Confirmation) for record in room.records):
            return False
        ledger = Ledger(room.records)
        return all(ledger.trust(at).confirmed for at, test in enumerate(ledger.tests) if test.endswith(tuple(names)))

    return all_are


def _counts(path: Path) -> bool:
    return not {"__pycache__", ".pytest_cache", ".coverage"} & {*path.parts}


class Real:
    """A real examination that is over."""

    def __init__(self, room: FakeRoom, root: Path) -> None:
        self.room = room
        self.root = root
        self.records = room.records
        self.ledger = Ledger(room.records)

    def of(self, kind):
        return [record for record in self.records if isinstance(record, kind)]

    def trust(self, name: str):
        (found,) = (number for number, test in enumerate(self.ledger.tests) if test.endswith(name))
        return self.ledger.trust(found)

    def names(self, tests: Iterable[int]) -> list[str]:
        return [self.ledger.tests[test].rpartition("::")[2] for test in tests]

    def verdicts(self) -> dict[str, str]:
        trusts = map(self.ledger.trust, range(len(self.ledger.tests)))
        return {self.names([one.test])[0]: one.verdict for one in trusts if one.verdict != "stable"}
