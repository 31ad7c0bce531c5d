"""What only the collection of other files makes pass, or fail: each file by itself, against everything collected.

Children of one collection have the import-time state of every module in place. So here a server forks before
collection (``lab/early.py``): each child collects some files, through pytest's own collection, and runs single tests.
"""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Protocol

from brinell.core.errors import SubjectError
from brinell.core.examination import LeftState
from brinell.core.import_records import ImportExam, ImportLeft
from brinell.core.import_trust import TIMES
from brinell.core.observation import Choice
from brinell.suite.deep.examiner import Examiner
from brinell.suite.lab.job import Changed, Job, Lab, Mark, Result, Step, collect, restore
from brinell.suite.minimise import minimise

_SHARE = 0.2  # of what is left of the budget, for looking at every file
_SHARE_OF_ALL = 0.5  # with the search for whose collection it is, where there is something to search for
_TEST_S = 0.02  # a fork and its test, give or take
_MOST_CANDIDATES = 200
_MOST_TRIED = 80  # sets of files for one test
_MOST_LIKELY = 12
_MOST_ROOTS = 16
_MOST_STATED = 20  # tests whose state is named
_MOST_TOGETHER = 8  # files in a set; a longer one was not narrowed down
_CONFTEST = "conftest.py"
_LETTERS = {"passed": "p", "failed": "f", "error": "e", "skipped": "s", "xfailed": "x", "xpassed": "X"}


class Labs(Protocol):
    """Laboratories by the file whose tests run: what a command that names this file alone would have loaded at first.

    ``forks``: whether everything can be collected in children. ``conftests`` are loaded before anything is collected.
    """

    forks: bool
    conftests: tuple[str, ...]

    def of(self, own: str | None) -> Lab:
        """Return the laboratory for a file; None: for what pytest collects as asked."""
        ...


class Importing:
    """One pass over a suite. ``labs`` collect what a job says; ``tests`` are those a verdict is wanted for."""

    def __init__(self, examiner: Examiner, labs: Labs, tests: Iterable[int]) -> None:
        self._examiner = examiner
        self._labs = labs
        self._imports = examiner.ledger.imports
        self._phase = "each file collected by itself"
        self._stop_at_s = 0.0
        self._order: tuple[str, ...] = ()  # files and conftests as pytest came to them
        files: dict[str, list[int]] = defaultdict(list)
        wanted = set(tests)
        for test in range(examiner.count):
            kept = files[self._own(test)]
            if test in wanted and test not in examiner.killers:
                kept.append(test)
        self._files = dict(files)

    def run(self) -> None:
        """Look at every file, verify what differs, find whose collection does it, and name the state."""
        examiner = self._examiner
        self._stop_at_s = examiner.left_s * (1 - _SHARE_OF_ALL)
        try:
            candidates = self._screen()
            if not candidates:
                return
            self._phase = "pollution at import"
            differing = self._verified(candidates)
            self._search(differing)
            lost = [test for test in differing if not self._sets(test)]
            if lost:
                what = f"not known: whose collection makes {len(lost)} tests pass or fail otherwise than by themselves"
                examiner.room.emit(Choice(what, "the budget was spent, or no few files do"))
            self._name([test for test in differing if self._sets(test)])
        except SubjectError as error:
            examiner.room.emit(Choice("not tried further: each file collected by itself", str(error)[:300]))

    def _late(self) -> bool:
        """Whether the share of the budget is spent."""
        return self._examiner.left_s < self._stop_at_s

    # What differs

    def _screen(self) -> list[int]:
        """Return the tests that do with only their file collected what they never do with everything."""
        examiner = self._examiner
        tests = [test for some in self._files.values() for test in some]
        share_s = examiner.left_s * _SHARE
        stop_at_s = examiner.left_s - share_s
        each = sum(examiner.expected_s([test]) + _TEST_S for test in tests) < share_s
        files = [file for file, some in self._files.items() if some]
        found: list[int] = []
        for done, file in enumerate(files):
            if examiner.left_s < stop_at_s:
                why = "the budget was spent: --budget gives more"
                what = f"not tried: {len(files) - done} of {len(files)} files collected by themselves"
                examiner.room.emit(Choice(what, why))
                break
            some = self._files[file]
            steps = [(test,) for test in some] if each else [tuple(some)]
            results = self._ask("screen", [self._job(one, (file,)) for one in steps])
            found += [ran.test for result in results for ran in result.ran if self._differs(ran.test, bad=ran.failed)]
        return list(dict.fromkeys(found))[:_MOST_CANDIDATES]

    def _differs(self, test: int, *, bad: bool) -> bool:
        ledger = self._examiner.ledger
        runs = ledger.runs[test]
        if ledger.trust(test).verdict == "nondeterministic":
            return False
        if not self._examiner.lab.forks:  # alone was with only its own file there, too: whole orders tell
            return bool(runs.runs) and (runs.failures < runs.runs if bad else runs.failures > 0)
        return bool(runs.runs) and (not runs.failures if bad else runs.always)

    def _verified(self, candidates: Sequence[int]) -> list[int]:
        """Return the candidates that differ each time. Every round is a collection of its own."""
        for _ in range(TIMES):
            if self._late():
                break
            every = self._ask("again", [self._job((test,), None, alone=True) for test in candidates])
            if not self._order:
                seen = next((result.collected for result in every if result.collected), ())
                self._order = tuple(dict.fromkeys((*self._labs.conftests, *(seen or self._files))))
            for file in dict.fromkeys(map(self._own, candidates)):
                some = [test for test in candidates if self._own(test) == file]
                lacking = [test for test in some if self._imports.runs(test, (file,)) < TIMES]
                self._ask("again", [self._job((test,), (file,), alone=True) for test in lacking])
        return [test for test in candidates if self._imports.difference(test, self._own(test))]

    # Whose collection it is

    def _search(self, differing: Sequence[int]) -> None:
        """Find for each test the files whose collection turns it; what was found for one is tried on all others."""
        waiting = list(differing)
        culprits: list[tuple[str, ...]] = []
        while waiting and not self._late():
            test = waiting.pop(0)
            if not self._sets(test):
                self._one(test, culprits)
            found = self._sets(test)
            if not found:
                continue
            culprits += [found[0]] if found[0] not in culprits else []
            rest = [other for other in waiting if self._own(other) not in found[0]]
            self._ask("search", [self._job((other,), self.sorted(found[0], self._own(other))) for other in rest])
            waiting = [other for other in waiting if not self._sets(other)]
        self._ask("again", [
            self._job((test,), self.sorted(self._sets(test)[0], self._own(test)), alone=True)
            for test in differing if self._sets(test)
        ])  # fmt: skip

    def _one(self, test: int, culprits: Sequence[tuple[str, ...]]) -> None:
        own = self._own(test)
        brittle = self._imports.difference(test, own) == "brittle"
        others = tuple(path for path in self._order if path != own and not above(path, own))
        singles = [files[0] for files in culprits if len(files) == 1]
        conftests = [path for path in others if posixpath.basename(path) == _CONFTEST]
        likely = [*singles, *conftests][:_MOST_LIKELY]
        search = minimise(others, likely=likely, most=_MOST_TRIED, width=4)
        try:
            batch = next(search)
            while not self._late():
                jobs = [self._job((test,), self.sorted(files, own), alone=True) for files in batch]
                turned = {
                    result.job.collect: bool(result.ran) and result.ran[-1].failed != brittle and _tells(result)
                    for result in self._ask("search", jobs)
                }
                batch = search.send([turned.get(self.sorted(files, own), False) for files in batch])
        except StopIteration:
            return

    # Which state it is

    def _name(self, tests: Sequence[int]) -> None:
        """Name what the collection changes, and prove it: put back just that, and the test does as if alone again."""
        for test in tests[:_MOST_STATED]:
            if self._late():
                return
            own, files = self._own(test), self._sets(test)[0]
            for before, after in ((own,), ()), ((), (own,)):
                changes = self._changed(test, before, files, after)
                if changes:
                    self._prove(test, before, files, after, changes)
                    break

    def _changed(
        self, test: int, before: tuple[str, ...], files: tuple[str, ...], after: tuple[str, ...]
    ) -> tuple[LeftState, ...]:
        """Return what collecting ``files`` changes in this order; nothing where the test does not turn by it."""
        steps: list[Step] = [Mark, collect(files), Changed, *([collect(after)] if after else []), test]
        for result in self._ask("state", [self._job(steps, before, alone=True)]):
            if self._turned(test, result):
                kept = tuple(
                    LeftState(**{name: getattr(change, name) for name in LeftState.__struct_fields__})
                    for _, changes in result.changes
                    for change in changes
                )
                if kept:
                    self._emit(ImportLeft(files, before, kept))
                return kept
        return ()

    def _prove(
        self,
        test: int,
        before: tuple[str, ...],
        files: tuple[str, ...],
        after: tuple[str, ...],
        changes: Sequence[LeftState],
    ) -> None:
        strong_first = sorted(changes, key=lambda change: change.weak)
        roots = tuple(dict.fromkeys(change.root for change in strong_first if change.restorable))[:_MOST_ROOTS]

        def undone(choices: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
            more = [collect(after)] if after else []
            jobs = [
                self._job([Mark, collect(files), restore(some), *more, test], before, alone=True) for some in choices
            ]
            results = self._ask("proof", jobs)
            return [_restored(result.job) for result in results if _tells(result) and not self._turned(test, result)]

        if not roots or undone([(root,) for root in roots]) or not undone([roots]):
            return
        kept = roots
        for root in roots:
            smaller = tuple(one for one in kept if one != root)
            if smaller and undone([smaller]):
                kept = smaller

    def _turned(self, test: int, result: Result) -> bool:
        """Whether the test did what it does with everything collected."""
        brittle = self._imports.difference(test, self._own(test)) == "brittle"
        last = result.last()
        return last is not None and _tells(result) and last.failed != brittle

    # Asking

    def _job(self, steps: Sequence[Step], files: tuple[str, ...] | None, *, alone: bool = False) -> Job:
        if files is None and not self._labs.forks:  # a fresh process collects what its command names
            files = tuple(self._files)
        return self._examiner.job(steps, alone=alone, collect=files)

    def _ask(self, purpose: str, jobs: Iterable[Job]) -> list[Result]:
        results = []
        by_lab: dict[int, tuple[Lab, list[Job]]] = {}
        for job in jobs:
            lab = self._labs.of(None if job.collect is None else self._own(job.tests[-1]))
            by_lab.setdefault(id(lab), (lab, []))[1].append(job)
        for lab, some in by_lab.values():
            for result in lab.run(some):
                results.append(result)
                self._emit(self._exam(purpose, result, fresh=not lab.forks))
        self._examiner.phase(self._phase)
        return results

    def _exam(self, purpose: str, result: Result, *, fresh: bool) -> ImportExam:
        job = result.job
        named = purpose != "search" and not self._labs.forks  # a fresh process names what it collects
        everything = named and job.collect == tuple(self._files) and len(self._files) > 1
        failed = [ran for ran in result.ran if ran.failed][:5]
        return ImportExam(
            purpose,
            None if everything else job.collect,
            tuple(ran.test for ran in result.ran),
            "".join("d" if ran.died else _LETTERS[ran.outcome] for ran in result.ran),
            how=result.how,
            seconds=round(result.seconds, 4),
            later=tuple(
                path for step in job.steps if isinstance(step, tuple) and step[0] == "collect" for path in step[1]
            ),
            restored=_restored(job),
            refused=result.refused,
            uncollected=dict(result.uncollected),
            messages={str(ran.test): _said(ran.kind, ran.message) for ran in failed if ran.phase != "collect"},
            fresh=fresh,
        )

    def _emit(self, record: ImportExam | ImportLeft) -> None:
        self._examiner.room.emit(record)
        self._examiner.ledger.add(record)

    def _own(self, test: int) -> str:
        return self._examiner.name(test).split("::", 1)[0]

    def _sets(self, test: int) -> tuple[tuple[str, ...], ...]:
        found = self._imports.sets(test, self._own(test))
        return tuple(files for files in found if len(files) <= _MOST_TOGETHER)

    def sorted(self, files: Iterable[str], own: str) -> tuple[str, ...]:
        """Return these files and a test's own in the order in which pytest collects them."""
        some = {*files, own}
        return tuple(path for path in self._order if path in some) if own in self._order else (*files, own)


def above(path: str, own: str) -> bool:
    """Whether a path is a conftest that is loaded with the test's own file anyhow."""
    folder = posixpath.dirname(path)
    return posixpath.basename(path) == _CONFTEST and (not folder or own.startswith(f"{folder}/"))


def _tells(result: Result) -> bool:
    """Whether the last test passed or failed: a skipped one tells nothing."""
    last = result.last()
    return last is not None and (last.failed or last.outcome in {"passed", "xpassed"})


def _restored(job: Job) -> tuple[str, ...]:
    return next((tuple(step[1] or ()) for step in job.steps if isinstance(step, tuple) and step[0] == "restore"), ())


def _said(kind: str, message: str) -> str:
    first = message.strip().splitlines()[:1]
    return ": ".join(filter(None, (kind, *first)))[:300]
