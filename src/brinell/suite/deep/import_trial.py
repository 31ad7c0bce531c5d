"""The search for pollution at import as a step of an examination: where it is done, and its reproducers."""

from __future__ import annotations

import contextlib
import posixpath
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from brinell.core.examination import Confirmation
from brinell.core.import_trust import CAUSE, COLLECTED, ONLY, SHORT
from brinell.core.observation import Choice
from brinell.core.trust import Trust
from brinell.suite.deep.examiner import Examiner
from brinell.suite.deep.importing import Importing, above
from brinell.suite.lab.early import EarlyLab
from brinell.suite.lab.job import Lab
from brinell.suite.lab.plain import Asked, PlainRuns
from brinell.suite.lab.server import Command, ServerProcess

_READY_S = 60.0  # for plug-ins and the first conftests
_MOST_SERVERS = 8
_LEAST_S = 20.0
_MOST_ALIKE = 5  # tests of one file that depend on the same files: so many are confirmed
_OVERTIME_S = 15.0  # beyond the budget, for what was already found
_ON_TOP = 0.25  # of the budget, for the same
_SHORT_S = 5.0  # what the tests of the other files may take, for them to run as well
_NO_TESTS_RAN = (2, 4)  # exit statuses: something could not be collected, or was not found

_Wanted = tuple[str, tuple[str, ...]]  # purpose and arguments


@dataclass
class Importable:
    """What the search needs of the examination: ``command`` collects the suite as asked, ``bare`` names no path and
    runs in the project's root. ``options`` keep plug-ins quiet. ``fresh`` does the work where forking is not sound.
    """

    command: Command
    bare: Command
    options: tuple[str, ...]
    slots: int
    fresh: Lab
    _importing: Importing | None = None

    def look(self, examiner: Examiner, tests: Iterable[int]) -> None:
        """Find what depends on the collection of other files."""
        if examiner.spent():
            examiner.room.emit(Choice("not tried: each file collected by itself", "the budget was spent"))
            return
        with contextlib.ExitStack() as opened:
            self._importing = Importing(examiner, _Opened(self, examiner, opened), tests)
            self._importing.run()

    def confirm(self, examiner: Examiner) -> None:
        """Show what was found in fresh processes."""
        found = [trust for trust in examiner.ledger.remarkable() if trust.cause == CAUSE]
        if self._importing is None or not found:
            return
        examiner.phase("confirming in fresh processes")
        runs = PlainRuns(examiner.room, self.bare, self.slots)
        stop_at_s = min(examiner.left_s, 0.0) - max(_OVERTIME_S, examiner.budget_s * _ON_TOP)
        for trust in _one_of_each_first(examiner, found):
            own = examiner.ledger.file(trust.test)
            if examiner.left_s < stop_at_s:
                examiner.room.emit(
                    Choice("not confirmed: some tests that depend on collection", "the budget was spent")
                )
                return
            files = self._importing.sorted(trust.files[0], own)
            self._run(examiner, runs, trust.test, _wanted(examiner, files, own, trust.test))
            if not examiner.ledger.trust(trust.test).confirmed:
                self._run(examiner, runs, trust.test, _in_order(examiner, files, own, trust.test))

    def _run(self, examiner: Examiner, runs: PlainRuns, test: int, wanted: Sequence[_Wanted]) -> None:
        deadline_s = _LEAST_S + 20 * examiner.expected_s([test])
        asked = [Asked(words, self.options, deadline_s=deadline_s, key=key) for key, (_, words) in enumerate(wanted)]
        for answer in runs.run(asked):
            purpose, words = wanted[answer.asked.key]
            unseen = "e" if answer.exit_status in _NO_TESTS_RAN else ""
            command, outcome = ("pytest", *self.options, *words), answer.outcomes[-1:] or unseen
            said, seconds = answer.message, round(answer.seconds, 3)
            examiner.tried(Confirmation(purpose, command, (test,), outcome, seconds, message=said))


class _Opened:
    """Servers that fork before collection, started when they are needed; ``fresh`` where that is not sound."""

    def __init__(self, how: Importable, examiner: Examiner, opened: contextlib.ExitStack) -> None:
        self._how = how
        self._examiner = examiner
        self._opened = opened
        self._others: dict[str, Lab] = {}  # by folder: files in one have the same conftests
        self.conftests: tuple[str, ...] = ()
        self._asked = self._start(how.command)
        self.forks = self._asked.forks

    def of(self, own: str | None) -> Lab:
        """As ``Labs`` says: pytest loads conftests of ``test*`` folders at once, where no file is named."""
        if own is None or not self.forks or all(above(path, own) for path in self.conftests):
            return self._asked
        folder = posixpath.dirname(own)
        if folder not in self._others and len(self._others) == _MOST_SERVERS:
            return self._how.fresh
        if folder not in self._others:
            bare, loaded = self._how.bare, self.conftests
            self._others[folder] = self._start(Command(bare.python, (*bare.args, own), bare.cwd, bare.env))
            self.conftests = loaded
        return self._others[folder]

    def _start(self, command: Command) -> Lab:
        server = ServerProcess(self._examiner.room, command, self._how.slots, lambda _: None, early=True)
        self._opened.callback(server.close)
        if server.wait_ready(_READY_S):
            self.conftests = server.conftests
            return EarlyLab(self._examiner.room, server, self._examiner.lab.tests)
        why = server.why or "the process that was to fork ended"
        choice = Choice("files collected by themselves in a process each", f"no fork before collection: {why}")
        self._examiner.room.emit(choice)
        return self._how.fresh


def _one_of_each_first(examiner: Examiner, trusts: Iterable[Trust]) -> list[Trust]:
    """Return what is to be confirmed: the first few of those that are alike, one of every kind before the second."""
    alike: Counter[tuple[str, tuple[str, ...]]] = Counter()
    ranked = []
    for trust in trusts:
        if trust.files and trust.test not in examiner.writers:
            kind = (examiner.ledger.file(trust.test), trust.files[0])
            ranked.append((alike[kind], trust))
            alike[kind] += 1
    return [trust for rank, trust in sorted(ranked, key=lambda one: one[0]) if rank < _MOST_ALIKE]


def _wanted(examiner: Examiner, files: Sequence[str], own: str, test: int) -> list[_Wanted]:
    """Return what to run: the test; with the other files collected and not run; with them run, where that is cheap."""
    name = examiner.name(test)
    holding = _holding(examiner, files, own)
    paths = tuple(name if file == own else file for file in files)
    wanted = [(ONLY, (name,)), (COLLECTED, (*paths, *_aside(holding)))]
    theirs = [one for tests in holding.values() for one in tests]
    harmless = examiner.killers.isdisjoint(theirs) and examiner.writers.isdisjoint(theirs)
    if holding and harmless and examiner.expected_s(theirs) < _SHORT_S:
        wanted.append((SHORT, paths))
    return wanted


def _in_order(examiner: Examiner, files: Sequence[str], own: str, test: int) -> list[_Wanted]:
    """Return the same in the order in which the suite imports these files, where that is another one.

    pytest imports the file of an argument with ``::`` before the files that are named as a whole.
    """
    holding = _holding(examiner, files, own)
    if not any(file in holding for file in files[: files.index(own)]):
        return []
    first = {own: test, **{file: tests[0] for file, tests in holding.items()}}
    paths = tuple(examiner.name(first[file]) if file in first else file for file in files)
    return [(COLLECTED, (*paths, *_aside(holding)))]


def _holding(examiner: Examiner, files: Sequence[str], own: str) -> dict[str, list[int]]:
    """Return the other files that have tests, with these."""
    found: dict[str, list[int]] = {file: [] for file in files if file != own}
    for test in range(examiner.count):
        if examiner.ledger.file(test) in found:
            found[examiner.ledger.file(test)].append(test)
    return {file: tests for file, tests in found.items() if tests}


def _aside(files: Iterable[str]) -> tuple[str, ...]:
    """Return the options by which the tests of these files are collected and not run."""
    return tuple(word for file in files for word in ("--deselect", file))
