"""Whether a test can be trusted: from what it did alone, twice, after others, and under changed conditions.

Pure. The trial asks it what to try next, the judge asks it for the verdict; both give it the same records. Words after
Shi et al., iFixFlakies, FSE 2019 (victim, polluter, brittle, state-setter, cleaner) and Wei et al., ICSE 2022 (NIO:
self-polluting).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

import msgspec

from brinell.core.examination import Confirmation, Exam, ExamStarted, FixTried, Left, LeftState
from brinell.core.flaky_rates import TwoRates
from brinell.core.import_records import ImportExam, ImportLeft
from brinell.core.import_trust import Imports
from brinell.core.observation import Record
from brinell.core.touch_records import Clash

BAD = frozenset("fed")
VARYING = frozenset({"hash", "rng", "entropy", "clock"})
"""Factors that differ between any two ordinary runs. The others belong to the machine and to what else it does: a test
that only they make fail passes in every ordinary run here, and *depends on* them.
"""
_CAUSES = {
    "hash": "hash-seed",
    "rng": "random-seed",
    "entropy": "random-seed",
    "tz": "time-zone",
    "nofile": "descriptors",
    "cpu": "async-wait",
    "sleep": "async-wait",
    "switch": "concurrency",
    "interleaving": "concurrency",
    "threads": "async-wait",
    "beside": "beside-itself",
}
_MOMENTS = dict.fromkeys(("midnight", "over-midnight", "late-evening", "last-minute"), "time-of-day") | dict.fromkeys(
    ("dst-forward", "after-dst-forward", "dst-back", "after-dst-back"), "time-zone"
)
_ALONE = "alone"
_WHOLE = frozenset({"order", "rerun"})
"""Purposes of long sequences that are run again as they were: what differs then is no matter of order."""
SEED_RUNS = {"hash": 7, "rng": 8, "entropy": 8}
"""Runs that must agree under each of two seeds: by chance they do so with at most 4 ** -runs, less than ``ALPHA``."""
_SHORT = 2  # tests before this one in a process, up to which every history is kept in full
_MOST_KEPT = 10_000_000  # tests in histories that are kept, together: some 80 MB


class Count(msgspec.Struct):
    """Runs of one kind."""

    runs: int = 0
    failures: int = 0

    def add(self, failure: int, *, unless: bool = False) -> None:
        """Count one, ``unless`` it says nothing: 1 or True for a failure."""
        if unless:
            return
        self.runs += 1
        self.failures += failure

    @property
    def always(self) -> bool:
        """Whether it failed each time."""
        return 0 < self.runs == self.failures

    @property
    def mixed(self) -> bool:
        """Whether the same thing went both ways."""
        return 0 < self.failures < self.runs


class FactorSeen(msgspec.Struct, frozen=True):
    """What a test did with a factor changed, and with nothing changed, alternately."""

    factor: str
    level: Any
    with_factor: tuple[int, int]  # failures, runs
    without: tuple[int, int]

    @property
    def lift(self) -> float:
        """How much more often it fails with the factor."""
        return self.with_factor[0] / self.with_factor[1] - self.without[0] / self.without[1]


class FactorTrial:
    """Runs of one test with a factor at one level, and without, as they came."""

    def __init__(self, level: Any) -> None:
        self.level = level
        self.rates = TwoRates()


def _unclear(exam: Exam, ran: list[tuple[int, str]]) -> bool:
    """Whether one test ran twice and failed the second time only: that may be the teardown of what both times share."""
    return exam.purpose == "twice" and [letter in BAD for _, letter in ran] == [False, True]


def _clearest(trials: Iterable[FactorTrial]) -> tuple[Any, tuple[int, int, int, int]] | None:
    shown = [trial for trial in trials if trial.rates.decision == "higher"]
    if not shown:
        return None
    best = max(shown, key=lambda trial: (trial.rates.rates.with_factor or 0.0) - (trial.rates.rates.without or 0.0))
    return best.level, best.rates.counts


def _between_seeds(trials: Iterable[FactorTrial], runs: int) -> tuple[Any, tuple[int, int, int, int]] | None:
    """A seed under which it failed each time, and one under which it never did, at least ``runs`` times each."""
    counts = {trial.level: trial.rates.counts[:2] for trial in trials}
    bad = [level for level, (failures, times) in counts.items() if failures == times >= runs]
    good = [level for level, (failures, times) in counts.items() if not failures and times >= runs]
    return (bad[0], (*counts[bad[0]], *counts[good[0]])) if bad and good else None


def _shared(clash: Clash) -> str:
    """Return the cause: of several resources the first speaks. A SQLite database is a file; a service is none."""
    first = clash.resources[0]
    if first.kind != "address":
        return "shared-file"
    bound = any(one.how == "bind" and one.name == first.name for one in clash.resources)
    return "shared-port" if bound else "shared-database"


class Trust(msgspec.Struct, frozen=True):
    """What is known of one test. Sequences are tests (indices) in order, the test itself not among them."""

    test: int
    verdict: str = "stable"  # stable | victim | brittle | self-polluting | nondeterministic
    polluters: tuple[tuple[int, ...], ...] = ()  # each is enough; more than one test in one: needs them all, in order
    setters: tuple[tuple[int, ...], ...] = ()
    cleaners: tuple[int, ...] = ()
    cause: str | None = None
    factors: tuple[FactorSeen, ...] = ()
    leaked: tuple[str, ...] = ()  # roots that were proved: put back, the test passes again
    alone: tuple[int, int] = (0, 0)  # failures, runs
    all_runs: tuple[int, int] = (0, 0)
    confirmed: bool = False
    command: tuple[str, ...] = ()
    env: dict[str, str] = {}
    fixture: str | None = None
    message: str = ""
    always_fails: bool = False
    depends_on: str | None = None
    files: tuple[tuple[str, ...], ...] = ()  # whose collection is enough to pollute or to set, at import time


class Ledger:
    """Adds records up, in any order of tests; ``trust`` gives the verdict on one."""

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self.tests: tuple[str, ...] = ()
        self.forks = True
        self.imports = Imports()
        self.alone: dict[int, Count] = defaultdict(Count)
        self.runs: dict[int, Count] = defaultdict(Count)
        self.twice: dict[int, Count] = defaultdict(Count)  # the second time, where the first passed
        self.after: dict[int, dict[tuple[int, ...], Count]] = defaultdict(dict)
        self._histories: dict[int, Count] = {}  # of test and all before it, by a hash of both
        self._kept = 0
        self.left: dict[int, tuple[LeftState, ...]] = {}
        self.proofs: dict[int, dict[tuple[str, ...], Count]] = defaultdict(lambda: defaultdict(Count))
        self.factors: dict[int, dict[str, list[FactorTrial]]] = defaultdict(dict)
        self.confirmed: dict[int, list[Confirmation]] = defaultdict(list)
        self.fixes: dict[int, list[FixTried]] = defaultdict(list)
        self.messages: dict[int, Counter[str]] = defaultdict(Counter)
        self.clashes: dict[int, Clash] = {}  # over what a test failed beside itself
        self.conflicts: set[int] = set()  # failed beside something else, and not when nothing ran beside it
        for record in records:
            self.add(record)

    def add(self, record: Record) -> None:
        """Take a record; kinds that say nothing about single tests are ignored."""
        match record:
            case ExamStarted():
                self.tests, self.forks = record.tests, record.forks
            case ImportExam() | ImportLeft():
                self.imports.add(record)
            case Exam():
                self._exam(record)
            case Left():
                known = {state.root: state for state in self.left.get(record.test, ())}
                self.left[record.test] = tuple((known | {state.root: state for state in record.changes}).values())
            case Confirmation() if record.tests:
                self.confirmed[record.tests[-1]].append(record)
            case Clash():
                self.clashes[record.test] = record
            case FixTried():
                self.fixes[record.test].append(record)
            case _:
                pass

    def _exam(self, exam: Exam) -> None:
        ran = list(zip(exam.tests, exam.outcomes, strict=False))
        if exam.purpose == "conflict":
            self.conflicts.update(
                test for at, (test, letter) in enumerate(ran) if letter in BAD and not self._failed(exam, at)
            )
            return
        if exam.restored:
            if len(ran) == len(exam.tests):
                self.proofs[ran[-1][0]][exam.restored].add(ran[-1][1] in BAD)
            return
        if exam.factors or exam.purpose.startswith(("factor", "screen")):
            self._factor(exam, ran)
            return
        history = 0
        for position, (test, letter) in enumerate(ran):
            failed = letter in BAD
            history = hash((history, test))
            self.runs[test].add(failed)
            if failed and str(test) in exam.messages:
                self.messages[test][exam.messages[str(test)]] += 1
            if not position:
                self.alone[test].add(failed, unless=_unclear(exam, ran))
                continue
            last = position == len(exam.tests) - 1
            before = exam.tests[:position] if self._tells(position, failed or last) else ()
            if before and set(before) == {test}:
                if ran[0][1] not in BAD:
                    self.twice[test].add(failed)
                continue
            # Passing in the middle of an order is kept by its hash alone: it counts once the same history fails.
            if before or exam.purpose in _WHOLE or history in self._histories:
                count = self._histories.setdefault(history, Count())
                count.add(failed)
                if before:
                    self.after[test][before] = count

    def _failed(self, exam: Exam, position: int) -> bool:
        """Whether the test there has failed after the same tests with nothing beside it."""
        test, before = exam.tests[position], exam.tests[:position]
        count = self.after[test].get(before) if before else self.alone[test]
        return count is not None and count.failures > 0

    def _tells(self, position: int, wanted: bool) -> bool:  # noqa: FBT001 - the answer to one question
        """Whether a history is kept in full: it is short, or wanted while there is room (all tests may fail)."""
        if position >= _SHORT and (not wanted or self._kept > _MOST_KEPT):
            return False
        self._kept += position
        return True

    def _factor(self, exam: Exam, ran: list[tuple[int, str]]) -> None:
        kind, _, name = exam.purpose.partition(" ")
        if kind != "factor" or len(exam.tests) != 1 or not ran:
            return  # a screening of the whole suite: only what a test does alone decides
        test, failed = ran[0][0], ran[0][1] in BAD
        trials = self.factors[test].setdefault(name, [])
        level = next(iter(exam.factors.values()), None)
        if name in SEED_RUNS:  # any two seeds can be compared
            trial = next((trial for trial in trials if trial.level == level), None)
        else:
            trial = next((trial for trial in reversed(trials) if not exam.factors or trial.level == level), None)
        if trial is None:
            trial = FactorTrial(level)
            trials.append(trial)
        trial.rates.add(bool(exam.factors), failed)
        if failed and str(test) in exam.messages:
            self.messages[test][exam.messages[str(test)]] += 1
        if not exam.factors:
            self.alone[test].add(failed)
            self.runs[test].add(failed)

    # What it means

    def polluters(self, test: int) -> list[tuple[int, ...]]:
        """Return sequences after which it failed each time, shortest first, none a part of another."""
        found: list[tuple[int, ...]] = []
        known = self.after.get(test, {})
        for before in sorted((before for before, count in known.items() if count.always), key=len):
            if test not in before and not any(set(less) <= set(before) for less in found):
                found.append(before)
        return found

    def setters(self, test: int) -> list[tuple[int, ...]]:
        """Return sequences after which it passed each time, shortest first, none a part of another."""
        found: list[tuple[int, ...]] = []
        known = self.after.get(test, {})
        for before in sorted((before for before, count in known.items() if not count.failures), key=len):
            if test not in before and not any(set(less) <= set(before) for less in found):
                found.append(before)
        return found

    def suspicious(self) -> set[int]:
        """Return the tests that did not do the same everywhere."""
        tests = set()
        for test, count in self.runs.items():
            if count.mixed or self.twice[test].failures:
                tests.add(test)
        return tests

    def remarkable(self) -> list[Trust]:
        """Return what is known of every test that is not simply stable, in collection order."""
        candidates = self.suspicious() | {test for test in self.factors if self._factors(test)}
        candidates |= set(self.imports.candidates())
        trusts = map(self.trust, sorted(candidates))
        return [trust for trust in trusts if trust.verdict != "stable" or trust.cause is not None]

    def trust(self, test: int) -> Trust:
        """Return the verdict on ``test`` and what it rests on."""
        alone, runs, twice = self.alone[test], self.runs[test], self.twice[test]
        factors = self._factors(test)
        base = Trust(
            test,
            factors=factors,
            alone=(alone.failures, alone.runs),
            all_runs=(runs.failures, runs.runs),
            message=next((text for text, _ in self.messages[test].most_common(1)), ""),
            always_fails=runs.always and runs.runs > 1,
        )
        cause = self._cause(test, factors[0]) if factors else None
        if alone.mixed or twice.mixed or any(count.mixed for count in self.after[test].values()):
            found: dict[str, Any] = {"verdict": "nondeterministic", "cause": cause}
            found |= self._confirmation(test, "factor") or self._both_ways(test)
        else:
            found = self._by_order(test)
            found = self._imported(test, found) or found
        if not found and cause is not None:
            varying = factors[0].factor in VARYING
            found = {"verdict": "nondeterministic" if varying else "stable", "cause": cause}
            found |= {"depends_on": None if varying else cause, **self._confirmation(test, "factor")}
        return msgspec.structs.replace(base, **found)

    def file(self, test: int) -> str:
        """Return the file that a test is in."""
        return self.tests[test].split("::", 1)[0] if test < len(self.tests) else ""

    def _imported(self, test: int, found: dict[str, Any]) -> dict[str, Any]:
        """Return verdict and evidence of a test that depends on which files are collected; empty for any other.

        What children of one collection show has the import-time state of all files in place: a verdict of theirs that
        fresh processes confirmed stands. Without them alone means with only its own file collected.
        """
        if found.get("confirmed") and self.forks:
            return {}
        imported = self.imports.verdict(test, self.file(test), self.confirmed.get(test, ()))
        return imported if not found or not self.forks or imported.get("confirmed") else {}

    def _cause(self, test: int, seen: FactorSeen) -> str:
        """Return the word for what a factor stands for."""
        if seen.factor == "clock" and isinstance(seen.level, dict):
            moment = str(seen.level.get("moment"))
            return "time-of-day" if moment.startswith("hour-") else _MOMENTS.get(moment, "date")
        if seen.factor == "beside" and test in self.clashes:
            return _shared(self.clashes[test])
        return _CAUSES.get(seen.factor, seen.factor)

    def _by_order(self, test: int) -> dict[str, Any]:
        """Return verdict, cause and evidence of a test that depends on what ran before it; empty for any other."""
        alone, runs = self.alone[test], self.runs[test]
        setters = self.setters(test) if alone.always and not runs.always else []
        if setters:
            found: dict[str, Any] = {"verdict": "brittle", "setters": tuple(setters)}
            return {"cause": "order", **found, **self._confirmation(test, "sequence", good=True)}
        polluters = self.polluters(test) if alone.runs and not alone.failures else []
        if polluters:
            found = {"verdict": "victim", "polluters": tuple(polluters), "cleaners": self._cleaners(test, polluters)}
            found |= self._confirmation(test, "sequence")
        elif self.twice[test].always:
            found = {"verdict": "self-polluting", **self._confirmation(test, "twice")}
        else:
            return {}
        return {"cause": "order", "leaked": self._leaked(test), "fixture": self._fixture(test), **found}

    def _factors(self, test: int) -> tuple[FactorSeen, ...]:
        """Return the factors that were shown to make a difference, the clearest first; one level of each."""
        seen = []
        for name, trials in self.factors.get(test, {}).items():
            found = _between_seeds(trials, SEED_RUNS[name]) if name in SEED_RUNS else _clearest(trials)
            if found is not None:
                level, (failures, runs, plain_failures, plain_runs) = found
                seen.append(FactorSeen(name, level, (failures, runs), (plain_failures, plain_runs)))
        return tuple(sorted(seen, key=lambda one: (one.factor not in VARYING, -one.lift)))

    def _confirmation(self, test: int, purpose: str, *, good: bool = False) -> dict[str, Any]:
        """Return ``confirmed``, ``command`` and ``env``: a fresh process did what the verdict says."""
        for said in self.confirmed.get(test, ()):
            if said.purpose.partition(" ")[0] == purpose and said.outcomes and (said.outcomes[-1] in BAD) != good:
                alone = [one for one in self.confirmed[test] if one.purpose == _ALONE and one.outcomes]
                agrees = purpose != "sequence" or any((one.outcomes[-1] in BAD) == good for one in alone)
                return {"confirmed": agrees, "command": said.command, "env": said.env}
        return {}

    def _both_ways(self, test: int) -> dict[str, Any]:
        """Return what ``_confirmation`` does: fresh processes ran the test alone and did not agree."""
        alone = [one for one in self.confirmed.get(test, ()) if one.purpose == _ALONE and one.outcomes]
        bad = [one for one in alone if one.outcomes[-1] in BAD]
        return {"confirmed": True, "command": bad[0].command, "env": bad[0].env} if 0 < len(bad) < len(alone) else {}

    def _leaked(self, test: int) -> tuple[str, ...]:
        proved = [roots for roots, count in self.proofs.get(test, {}).items() if not count.failures]
        return min(proved, key=len) if proved else ()

    def _fixture(self, test: int) -> str | None:
        return next((fix.source for fix in self.fixes.get(test, ()) if fix.worked), None)

    def _cleaners(self, test: int, polluters: list[tuple[int, ...]]) -> tuple[int, ...]:
        """Return tests that heal: the sequence fails, and passes with one of them put before the victim."""
        healers = set()
        for before, count in self.after[test].items():
            if len(before) > 1 and not count.failures and before[:-1] in polluters:
                healers.add(before[-1])
        return tuple(sorted(healers))
