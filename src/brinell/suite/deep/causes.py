"""Causes by intervention: change one factor, hold the rest, compare failure rates. No keyword is guessed at.

The whole suite runs once under a factor (or under several of the environment's at once); who fails there and not
otherwise is run alone, with and without one factor, alternately, until a sequential test decides.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from brinell.core.flaky_rates import TwoRates
from brinell.core.observation import Choice
from brinell.suite.deep.examiner import Examiner
from brinell.suite.lab.job import BESIDE, Job, Lab, Result
from brinell_inside.factors.moments import moments

_MOST_CANDIDATES = 40
_PAIRS = 4  # runs with and without that are asked for at a time; even, for a test beside itself
_MOST_RUNS = 60
_HASH_SEEDS = (1, 2, 3, 4)
_SEED_RUNS = 6  # all failures under one seed and none under the other: p < 0.001
_CLOCK = "clock"
_DATE = "date"
_OPEN = frozenset({"stable", "nondeterministic"})  # verdicts that a factor can explain
_CHANCES = 4  # runs of the suite under a factor that only raises a probability
_QUIET = frozenset({"cpu"})  # it would disturb whatever ran beside it

ENVIRONMENT: Mapping[str, tuple[Any, ...]] = {
    "tz": ("Pacific/Kiritimati", "America/St_Johns"),
    "locale": ("C", "tr_TR.UTF-8", "de_DE.UTF-8"),
    "umask": ("077", "000"),
    "home": ("missing", "read-only"),
    "network": ("blocked",),
    "nofile": (64,),
}
"""Factors of the machine, with the levels that are tried. The first levels are screened all at once."""

SEEDS: Mapping[str, tuple[int, ...]] = {"rng": tuple(range(1, 9)), "entropy": tuple(range(1, 7))}
"""Seeds that are tried: a test that fails under one each time and never under another reads random numbers."""

VARYING: Mapping[str, tuple[Any, ...]] = {
    "switch": (1e-6,),
    "threads": ("slow-start",),
    "sleep": ("long",),
    "cpu": ("starved", "jitter"),
}
"""Factors that differ between two ordinary runs by themselves."""


class Factor(msgspec.Struct, frozen=True):
    """A factor at a level; ``control`` is the level that must change nothing for the factor to be the cause."""

    name: str
    level: Any
    control: Any = None


def find_causes(examiner: Examiner, fresh: Lab) -> None:
    """Screen every factor on the whole suite, then decide on each test that failed under one."""
    ledger = examiner.ledger
    unsteady = [test for test in ledger.suspicious() if ledger.trust(test).verdict == "nondeterministic"]
    usable = [test for test in range(examiner.count) if test not in examiner.killers]
    skipped: list[str] = []
    for name, seeds in SEEDS.items():
        if examiner.left_s < 0:
            skipped.append(name)
            continue
        examiner.phase(f"causes: {name}")
        both = _both_ways(examiner, name, seeds, usable) | set(unsteady)
        for test in sorted(both)[:_MOST_CANDIDATES]:
            _between_seeds(examiner, test, name, seeds)
    for group in _groups(list(_factors())):
        names = ", ".join(dict.fromkeys(factor.name for factor in group))
        if examiner.left_s < 0:
            skipped.append(names)
            continue
        examiner.phase(f"causes: {names}")
        candidates = _screened(examiner, group, usable) | set(unsteady)
        for factor in group:
            for test in sorted(candidates)[:_MOST_CANDIDATES]:
                _decide(examiner, test, factor)
    if examiner.left_s < 0:
        skipped.append("hash")
    else:
        examiner.phase("causes: hash seed")
        _hash_seeds(examiner, fresh, usable)
    if skipped:
        names = ", ".join(dict.fromkeys(skipped))
        examiner.room.emit(Choice(f"not tried: {names}", "the budget was spent: --budget gives more"))


def decide_causes(examiner: Examiner, fresh: Lab, tests: Sequence[int], levels: Mapping[str, Any]) -> None:
    """Decide on these tests without screening: every factor, or the ``levels`` that were asked for only."""
    for factor in [Factor(name, level) for name, level in levels.items()] or _factors():
        for test in tests:
            if factor.name != "hash" and examiner.left_s > 0:
                examiner.phase(f"causes: {factor.name}")
                _decide(examiner, test, factor)
    for name, seeds in SEEDS.items():
        for test in tests if not levels else ():
            examiner.phase(f"causes: {name}")
            _between_seeds(examiner, test, name, seeds)
    if not levels or "hash" in levels:
        examiner.phase("causes: hash seed")
        asked = [int(levels["hash"])] if "hash" in levels else []
        _hash_seeds(examiner, fresh, tests, asked)


def beside_itself(examiner: Examiner) -> None:
    """Run each test beside itself: a fixed port or file shows. Then alternately, beside itself and alone."""
    if not examiner.lab.forks:
        return
    examiner.phase("causes: beside itself")
    beside = Factor("beside", 2)
    for test in range(examiner.count):
        if examiner.left_s < 0:
            return
        if test in examiner.killers or examiner.ledger.alone[test].failures:
            continue
        pair = [_job(examiner, test, {beside.name: beside.level})] * 2
        if any(result.failures() for result in examiner.ask("screen beside", pair)):
            _decide(examiner, test, beside)


def _factors() -> Iterable[Factor]:
    for name, levels in ENVIRONMENT.items():
        yield from (Factor(name, level) for level in levels)
    for name, levels in VARYING.items():
        yield from (Factor(name, level) for level in levels)
    known = moments(dt.datetime.now())  # type: ignore[no-untyped-call]  # noqa: DTZ005 - local time, as the tests read it
    for name, level in known.items():
        if not level.get("control"):
            yield Factor(_CLOCK, {**level, "moment": name}, known.get(f"control of {name}"))


def _groups(factors: Sequence[Factor]) -> list[list[Factor]]:
    """Return what is screened together: levels of the environment that do not exclude each other; else one by one."""
    rounds: list[list[Factor]] = []
    singles: list[list[Factor]] = []
    for factor in factors:
        if factor.name not in ENVIRONMENT:
            singles.append([factor])
            continue
        place = next((group for group in rounds if factor.name not in {one.name for one in group}), None)
        if place is None:
            rounds.append([factor])
        else:
            place.append(factor)
    return rounds + singles


def _screened(examiner: Examiner, group: Sequence[Factor], usable: Sequence[int]) -> set[int]:
    """Return the tests that fail in default order under these factors and do not fail anyhow."""
    levels = {factor.name: factor.level for factor in group}
    job = examiner.job(usable, factors=levels, alone=bool(_QUIET & levels.keys()))
    times = _CHANCES if VARYING.keys() & levels.keys() else 1
    results = examiner.ask("screen " + ", ".join(levels), [job] * times)
    failed = {test for result in results for test in result.failures()}
    trusts = [examiner.ledger.trust(test) for test in failed if not examiner.ledger.alone[test].always]
    return {trust.test for trust in trusts if trust.verdict in _OPEN}


def _decide(examiner: Examiner, test: int, factor: Factor) -> None:
    """Run the test alone with and without the factor until a difference, or its absence, is shown.

    A moment of the calendar is the cause only where an ordinary moment as far away changes nothing; else the date is.
    """
    if not _higher(examiner, test, factor.name, factor.level):
        return
    if factor.name == _CLOCK and factor.control is not None:
        again = examiner.ask("control", [_job(examiner, test, {_CLOCK: factor.control}) for _ in range(2)])
        if any(result.failures() for result in again):
            _higher(examiner, test, _DATE, factor.control)


def _higher(examiner: Examiner, test: int, name: str, level: Any) -> bool:
    levels = {_CLOCK if name == _DATE else name: level}
    rates = TwoRates(max_runs=_MOST_RUNS)
    purpose = f"factor {name}"
    while rates.decision is None:
        for changed in (True, False):
            jobs = [_job(examiner, test, levels if changed else {}) for _ in range(_PAIRS)]
            for result in examiner.ask(purpose, jobs):
                if result.unsupported or not result.ran:
                    return False
                rates.add(changed, bool(result.failures()))
        if examiner.left_s < -10:
            return False
    return rates.decision == "higher"


def _job(examiner: Examiner, test: int, levels: Mapping[str, Any]) -> Job:
    job = examiner.job([test], factors=dict(levels), alone=bool(_QUIET & levels.keys()))
    return msgspec.structs.replace(job, alone=False) if BESIDE in levels else job


def _both_ways(examiner: Examiner, name: str, seeds: Sequence[int], usable: Sequence[int]) -> set[int]:
    """Return the tests that fail under some of the seeds and pass under others, the suite in default order."""
    seen: dict[int, set[bool]] = {}
    for result in examiner.ask(f"screen {name}", [examiner.job(usable, factors={name: seed}) for seed in seeds]):
        for ran in result.ran:
            seen.setdefault(ran.test, set()).add(ran.failed)
    return {test for test, outcomes in seen.items() if len(outcomes) > 1}


def _between_seeds(examiner: Examiner, test: int, name: str, seeds: Sequence[int]) -> None:
    """Run a test alone under the seeds; then often under one that fails it and one that does not."""
    alone = examiner.ask(f"factor {name}", [_job(examiner, test, {name: seed}) for seed in seeds])
    failed = {result.job.factors[name]: bool(result.failures()) for result in alone}
    bad = [seed for seed, failure in failed.items() if failure][:1]
    good = [seed for seed, failure in failed.items() if not failure][:1]
    if bad and good:
        again = [_job(examiner, test, {name: seed}) for seed in (*bad, *good) for _ in range(_SEED_RUNS - 1)]
        examiner.ask(f"factor {name}", again)


def _hash_seeds(examiner: Examiner, fresh: Lab, usable: Sequence[int], asked: Sequence[int] = ()) -> None:
    """Run the tests under hash seeds, each in an interpreter of its own; who differs is run alone under two of them."""
    failing: dict[int, set[int]] = {}
    passing: dict[int, set[int]] = {}
    for result in _fresh(examiner, fresh, "screen hash", usable, dict.fromkeys((*asked, *_HASH_SEEDS))):
        seed = result.job.hash_seed or 0
        for ran in result.ran:
            (failing if ran.failed else passing).setdefault(ran.test, set()).add(seed)
    both = failing.keys() & passing.keys()
    if examiner.lab.forks:  # all children have one hash seed: what goes both ways there does so for another reason
        both = {test for test in both if not examiner.ledger.alone[test].mixed}
    for test in sorted(both)[:_MOST_CANDIDATES]:
        bad, good = min(failing[test]), min(passing[test])
        outcomes = _fresh(examiner, fresh, "factor hash", [test], [bad, good] * 2)
        if {result.job.hash_seed for result in outcomes if result.failures()} == {bad}:
            _fresh(examiner, fresh, "factor hash", [test], [bad, good])


def _fresh(examiner: Examiner, fresh: Lab, purpose: str, tests: Sequence[int], seeds: Iterable[int]) -> list[Result]:
    jobs = [msgspec.structs.replace(examiner.job(tests), hash_seed=seed) for seed in seeds]
    results = []
    for result in fresh.run(jobs):
        results.append(result)
        examiner.write(purpose, result)
    return results
