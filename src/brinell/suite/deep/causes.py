"""Causes by intervention: change one factor, hold the rest, compare failure rates. No keyword is guessed at.

The whole suite runs once under a factor (or under several of the environment's at once); who fails there and not
otherwise is run alone, with and without one factor, alternately, until a sequential test decides. Conditions of the
environment are changed in a forked child first, and before a process starts for what only shows there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from brinell.core.observation import Choice
from brinell.suite.deep.conditions import AtStart, InChild, starts_under
from brinell.suite.deep.dates import (
    CLOCK,
    decide_moment,
    find_dates,
    find_dates_at_start,
    find_other_dates,
    special,
    steady,
)
from brinell.suite.deep.examiner import Examiner
from brinell.suite.deep.factor import Factor
from brinell.suite.deep.rates import higher
from brinell.suite.deep.seeds import affordable, between_seeds, find_hash_seeds, find_seeds
from brinell.suite.deep.timing import decide_timing, find_timing
from brinell.suite.lab.job import Lab

_MOST_CANDIDATES = 40
_OPEN = frozenset({"stable", "nondeterministic"})  # verdicts that a factor can explain
_MAY_COME_AND_GO = frozenset({"network"})  # of the environment: what else there is the same in all runs here
_ASCII = ("locale", "C")
"""Decided before Python starts: in a child of this process it would switch to UTF-8 by itself (PEP 540)."""

ENVIRONMENT: Mapping[str, tuple[Any, ...]] = {
    "tz": ("Pacific/Kiritimati", "America/St_Johns", "Europe/Berlin", "Australia/Lord_Howe"),
    "locale": ("de_DE.UTF-8", "tr_TR.UTF-8", {"variable": "de_DE.UTF-8"}),
    "umask": ("077", "000"),
    "home": ("missing", "read-only"),
    "network": ("apart", "blocked"),
    "nofile": (64,),
}
"""Factors of the machine, with the levels that are tried. The first levels are screened all at once."""


def find_causes(examiner: Examiner, fresh: Lab) -> None:
    """Screen every factor on the whole suite, then decide on each test that failed under one."""
    ledger = examiner.ledger
    unsteady = {test for test in ledger.suspicious() if ledger.trust(test).verdict == "nondeterministic"}
    usable = [test for test in range(examiner.count) if test not in examiner.killers]
    way = AtStart(examiner, fresh)
    skipped: list[str] = []

    def affords(names: str) -> bool:
        if examiner.spent():
            skipped.append(names)
        return not examiner.spent()

    if affords("rng, entropy"):
        find_seeds(examiner, usable, unsteady)
        unsteady = {test for test in unsteady if not ledger.trust(test).factors}  # chance that was drawn is explained
    for group in _groups(_factors()):
        names = ", ".join(dict.fromkeys(factor.name for factor in group))
        if affords(names):
            examiner.phase(f"causes: {names}")
            _decide_group(examiner, group, _screened(examiner, group, usable), unsteady)
    if affords(CLOCK):
        find_dates(examiner, usable)
    if affords("hash"):
        examiner.phase("causes: hash seed")
        find_hash_seeds(examiner, way, usable)
    if affords("cpu, sleep, interleaving, threads"):
        find_timing(examiner, usable, unsteady)
    if affords("environment of a new process"):
        _find_at_start(examiner, way, usable)
    if affords("other dates"):
        find_other_dates(examiner, usable)
        find_dates_at_start(examiner, way, usable)
    if skipped:
        names = ", ".join(dict.fromkeys(", ".join(skipped).split(", ")))
        examiner.room.emit(Choice(f"not tried: {names}", "the budget was spent: --budget gives more"))


def decide_causes(examiner: Examiner, fresh: Lab, tests: Sequence[int], levels: Mapping[str, Any]) -> None:
    """Decide on these tests without screening: every factor, or the ``levels`` that were asked for only."""
    way = AtStart(examiner, fresh)
    for factor in [Factor(name, level) for name, level in levels.items()] or [*_factors(), *special()]:
        for test in tests:
            if factor.name != "hash" and not examiner.spent():
                examiner.phase(f"causes: {factor.name}")
                _decide(examiner, test, factor, way if (factor.name, factor.level) == _ASCII else None)
    if not levels:
        for test in tests:
            examiner.phase("causes: random numbers")
            between_seeds(examiner, test)
        decide_timing(examiner, tests)
        _find_at_start(examiner, way, tests)
        find_other_dates(examiner, tests)
    if not levels or "hash" in levels:
        examiner.phase("causes: hash seed")
        find_hash_seeds(examiner, way, tests, [int(levels["hash"])] if "hash" in levels else [])


def _factors() -> list[Factor]:
    return [Factor(name, level, certain=True) for name, levels in ENVIRONMENT.items() for level in levels]


def _groups(factors: Sequence[Factor]) -> list[list[Factor]]:
    """Return what is screened together: levels that do not exclude each other."""
    rounds: list[list[Factor]] = []
    for factor in factors:
        place = next((group for group in rounds if factor.name not in {one.name for one in group}), None)
        if place is None:
            rounds.append([factor])
        else:
            place.append(factor)
    return rounds


def _screened(examiner: Examiner, group: Sequence[Factor], usable: Sequence[int]) -> set[int]:
    """Return the tests that fail in default order under these factors and do not fail anyhow."""
    levels = {factor.name: factor.level for factor in group}
    job = InChild(examiner).job(usable, levels)
    results = examiner.ask("screen " + ", ".join(levels), [job])
    failed = {test for result in results for test in result.failures()}
    trusts = [examiner.ledger.trust(test) for test in failed if not examiner.ledger.alone[test].always]
    return {trust.test for trust in trusts if trust.verdict in _OPEN}


def _decide_group(examiner: Examiner, group: Sequence[Factor], failed: set[int], unsteady: set[int]) -> None:
    """Decide on who failed, and on who goes both ways here where the factor may be why; one level of each is enough."""
    for factor in group:
        varies = factor.name in _MAY_COME_AND_GO
        candidates = failed | unsteady if varies else {test for test in failed if steady(examiner, test)}
        for test in sorted(candidates)[:_MOST_CANDIDATES]:
            shown = {seen.factor for seen in examiner.ledger.trust(test).factors}
            if factor.name not in shown and not examiner.spent():
                _decide(examiner, test, factor)


def _decide(examiner: Examiner, test: int, factor: Factor, way: AtStart | None = None) -> bool:
    """Run the test alone with and without the factor until a difference, or its absence, is shown."""
    decide = InChild(examiner) if way is None else way
    if factor.name == CLOCK:
        return decide_moment(examiner, decide, test, factor)
    return higher(examiner, decide, test, factor)


def _find_at_start(examiner: Examiner, way: AtStart, usable: Sequence[int]) -> None:
    """Start processes under what a forked child cannot change any more, or changes too late for what is imported."""
    examiner.phase("causes: environment of a new process")
    others = [_first_that_starts(name, levels) for name, levels in ENVIRONMENT.items()]
    group = [factor for factor in others if factor is not None]
    groups = [
        [Factor(*_ASCII, certain=True)],
        *([group] if affordable(examiner, usable, 4, 0, start_s=0.5) == 4 else []),
    ]
    (plain,) = way.ask("screen start", [way.job(usable, {})])
    passed = {ran.test for ran in plain.ran if not ran.failed}
    for together in groups:
        for factors, failed in _runnable(examiner, way, together, usable):
            for test in sorted(failed & passed)[:_MOST_CANDIDATES]:
                for factor in factors:
                    if not examiner.spent() and _is_open(examiner, test, factor):
                        _decide(examiner, test, factor, way)


def _is_open(examiner: Examiner, test: int, factor: Factor) -> bool:
    """Whether this factor was neither shown for the test yet, nor tried at this level."""
    tried = [trial.level for trial in examiner.ledger.factors.get(test, {}).get(factor.name, ())]
    shown = [seen.factor for seen in examiner.ledger.trust(test).factors]
    return steady(examiner, test) and factor.level not in tried and factor.name not in shown


def _runnable(
    examiner: Examiner, way: AtStart, group: Sequence[Factor], usable: Sequence[int]
) -> Iterable[tuple[Sequence[Factor], frozenset[int]]]:
    """Yield factors and who failed under them: all at once, or one by one where nothing runs under all of them."""
    levels = {factor.name: factor.level for factor in group}
    (result,) = way.ask("screen " + ", ".join(levels), [way.job(usable, levels)])
    if result.ran or len(group) == 1:
        yield group, result.failures()
        return
    for factor in group:
        if not examiner.spent():
            yield from _runnable(examiner, way, [factor], usable)


def _first_that_starts(name: str, levels: Sequence[Any]) -> Factor | None:
    return next((Factor(name, level, certain=True) for level in levels if starts_under(name, level)), None)
