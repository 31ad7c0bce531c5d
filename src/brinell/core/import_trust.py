"""Pollution at import or collection time: what a test does with only its own file collected, and with everything.

Pure, like ``core.trust``, which asks it. A *brittle* test of this class passes only where another file is collected
too, a *victim* fails there; no test of that file has to run.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from brinell.core.examination import Confirmation, LeftState
from brinell.core.import_records import ImportExam, ImportLeft

CAUSE = "import-time"
ONLY, COLLECTED, SHORT = "only-file", "collected", "collected-and-run"
"""Purposes of confirmations: the test with only its file; with the files that matter collected; these run, too."""
TIMES = 3
"""Times that only the file, and everything, must give the same before a difference counts."""
_BAD = frozenset("fed")
_TELLS = _BAD | frozenset("pX")  # a skipped test tells nothing
_MOST_TOGETHER = 8  # files in a set; a longer one was not narrowed down


class _Count(msgspec.Struct):
    runs: int = 0
    failures: int = 0

    @property
    def always(self) -> bool:
        return 0 < self.runs == self.failures

    @property
    def never(self) -> bool:
        return self.runs > 0 and not self.failures


class Imports:
    """Adds records up; ``verdict`` says what they mean for a test."""

    def __init__(self) -> None:
        self._alone: dict[int, dict[tuple[str, ...] | None, _Count]] = defaultdict(dict)
        self._proofs: dict[int, dict[tuple[str, ...], _Count]] = defaultdict(dict)
        self._messages: dict[int, str] = {}
        self.left: dict[tuple[str, ...], tuple[LeftState, ...]] = {}  # by the files whose collection does it

    def add(self, record: ImportExam | ImportLeft) -> None:
        """Take a record."""
        if isinstance(record, ImportLeft):
            known = {state.root: state for state in self.left.get(record.files, ())}
            self.left[record.files] = tuple((known | {state.root: state for state in record.changes}).values())
            return
        if len(record.tests) != 1 or record.outcomes not in _TELLS:
            return  # tests behind others, or nothing that can be compared
        test, failed = record.tests[0], record.outcomes in _BAD
        if record.restored:
            count = self._proofs[test].setdefault(record.restored, _Count())
        elif record.later:
            return  # collected in another order than pytest would
        else:
            count = self._alone[test].setdefault(record.collected, _Count())
        count.runs += 1
        count.failures += failed
        if failed and not record.restored:
            said = record.messages.get(str(test)) or next(iter(record.uncollected.values()), "")
            self._messages[test] = said or self._messages.get(test, "")

    def candidates(self) -> list[int]:
        """Return the tests that were tried with everything collected and with their file only."""
        return sorted(test for test, known in self._alone.items() if None in known)

    def runs(self, test: int, collected: tuple[str, ...] | None) -> int:
        """Return how often a test was run so."""
        count = self._alone.get(test, {}).get(collected)
        return count.runs if count else 0

    def difference(self, test: int, own: str) -> str:
        """Return ``brittle`` or ``victim`` where only ``own`` collected and everything differ each time, else ""."""
        known = self._alone.get(test, {})
        only, every = known.get((own,)), known.get(None)
        if only is None or every is None or min(only.runs, every.runs) < TIMES:
            return ""
        if only.always and every.never:
            return "brittle"
        return "victim" if only.never and every.always else ""

    def sets(self, test: int, own: str) -> tuple[tuple[str, ...], ...]:
        """Return the sets of other files whose collection turns it each time, shortest first.

        Of several files every one is needed: without it the others were tried, and did not turn it.
        """
        verdict = self.difference(test, own)
        turns: dict[frozenset[str], bool] = {}
        named: dict[frozenset[str], tuple[str, ...]] = {}
        for files, count in self._alone.get(test, {}).items():
            if files and own in files:
                others = tuple(file for file in files if file != own)
                named[frozenset(others)] = others
                turns[frozenset(others)] = count.never if verdict == "brittle" else count.always and verdict == "victim"
        found = [
            named[some]
            for some, turned in turns.items()
            if turned and not any(turns.get(some - {one}, True) for one in some)
        ]
        return tuple(sorted(found, key=len))

    def proved(self, test: int, own: str) -> tuple[str, ...]:
        """Return the smallest roots that were put back after the collection of the others and undid its effect."""
        brittle = self.difference(test, own) == "brittle"
        shown = [
            roots for roots, count in self._proofs.get(test, {}).items() if (count.always if brittle else count.never)
        ]
        return min(shown, key=len) if shown else ()

    def verdict(self, test: int, own: str, said: Iterable[Confirmation]) -> dict[str, Any]:
        """Return the members of a ``Trust``; nothing without a difference and the files that make it, or where a fresh
        process denied it.
        """
        verdict = self.difference(test, own)
        if not verdict:
            return {}
        brittle = verdict == "brittle"
        tried = {one.purpose: one for one in said if one.outcomes}
        bad = {purpose: one.outcomes[-1] in _BAD for purpose, one in tried.items()}
        if bad.get(ONLY, brittle) != brittle or bad.get(COLLECTED, not brittle) == brittle:
            return {}
        sets = tuple(some for some in self.sets(test, own) if len(some) <= _MOST_TOGETHER)
        if not sets:
            return {}
        found: dict[str, Any] = {
            "verdict": verdict,
            "cause": CAUSE,
            "files": sets,
            "leaked": self.proved(test, own),
            "message": self._messages.get(test, ""),
        }
        if ONLY in tried and COLLECTED in tried:
            shown = tried[SHORT] if bad.get(SHORT) == (not brittle) else tried[COLLECTED]
            found |= {"confirmed": True, "command": shown.command, "env": shown.env}
        return found


def left_by(imports: Imports, sets: Iterable[tuple[str, ...]]) -> Mapping[str, LeftState]:
    """Return the state, by root, that the collection of the first of these sets changes that is known."""
    for some in sets:
        if some in imports.left:
            return {state.root: state for state in imports.left[some]}
    return {}
