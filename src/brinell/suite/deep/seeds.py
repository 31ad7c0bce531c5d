"""Seeds: of random numbers, of the system's entropy, and of str hashes. Two of them are compared, all else the same.

A test that fails under one seed each time and under another never depends on what the seed decides. Which two is found
out first, in runs that do not count.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from brinell.core.flaky_rates import runs_to_see
from brinell.core.trust import SEED_RUNS
from brinell.suite.deep.conditions import AtStart, InChild
from brinell.suite.deep.examiner import Examiner
from brinell.suite.lab.job import Result

_LEAST_SEEDS = 8
_SEEDS = runs_to_see(0.05, 0.95)  # a test that fails for 1 seed in 20 is missed by 1 search in 20
_HASH_SEEDS = runs_to_see(0.12, 0.95)  # each costs an interpreter and its imports; two of nine words first, say
_LEAST_HASH_SEEDS = 4
_SHARE = 0.15  # of the budget that is left, for one kind of seeds
_SIDE_BY_SIDE = min(8, os.cpu_count() or 1)
_BATCH = 8
_FIRST = 2  # runs under each of the two, before the others are worth it
_MOST_CANDIDATES = 40
_OPEN = frozenset({"stable", "nondeterministic"})  # verdicts that chance can explain


def find_seeds(examiner: Examiner, usable: Sequence[int], unsteady: Iterable[int]) -> None:
    """Run the suite under seeds of all random numbers; who differs, or did so before, is asked which seed it is."""
    examiner.phase("causes: random numbers")
    count = affordable(examiner, usable, _SEEDS, _LEAST_SEEDS)
    jobs = [examiner.job(usable, factors={"rng": seed, "entropy": seed}) for seed in range(1, count + 1)]
    differing = _both_ways(examiner.ask("screen rng, entropy", jobs))
    differing = {test for test in differing if examiner.ledger.trust(test).verdict in _OPEN}
    for test in sorted(differing | set(unsteady))[:_MOST_CANDIDATES]:
        if examiner.spent():
            return
        between_seeds(examiner, test)


def between_seeds(examiner: Examiner, test: int) -> bool:
    """Compare two seeds of each generator, the likelier one first; whether one of them decides."""
    # What goes both ways in children of one process does not read the generators that they all inherit.
    mixed = examiner.ledger.alone[test].mixed
    return any(_compare(examiner, test, name) for name in (("entropy", "rng") if mixed else ("rng", "entropy")))


def _compare(examiner: Examiner, test: int, name: str) -> bool:
    way = InChild(examiner)
    bad: int | None = None
    good: int | None = None
    for first in range(1, _SEEDS + 1, _BATCH):
        jobs = [way.job([test], {name: seed}) for seed in range(first, first + _BATCH)]
        for result in sorted(way.ask(f"search {name}", jobs), key=lambda one: int(one.job.factors[name])):
            if result.unsupported or not result.ran:
                return False
            seed = result.job.factors[name]
            bad, good = (bad or seed, good) if result.failures() else (bad, good or seed)
        if bad and good:
            break
    else:
        return False
    for times in (_FIRST, SEED_RUNS[name] - _FIRST):
        results = way.ask(f"factor {name}", [way.job([test], {name: seed}) for seed in (bad, good)] * times)
        if any(bool(result.failures()) != (result.job.factors[name] == bad) for result in results):
            return False
    return True


def find_hash_seeds(examiner: Examiner, way: AtStart, usable: Sequence[int], asked: Sequence[int] = ()) -> None:
    """Run the tests under hash seeds, each in an interpreter of its own; who differs is run alone under two of them."""
    count = affordable(examiner, usable, _HASH_SEEDS, _LEAST_HASH_SEEDS, start_s=0.5)
    seeds = dict.fromkeys((*asked, *range(1, count + 1)))
    results = way.ask("screen hash", [way.job(usable, {}, hash_seed=seed) for seed in seeds])
    failing: dict[int, set[int]] = {}
    passing: dict[int, set[int]] = {}
    for result in results:
        for ran in result.ran:
            (failing if ran.failed else passing).setdefault(ran.test, set()).add(result.job.hash_seed or 0)
    both = failing.keys() & passing.keys()
    if examiner.lab.forks:  # all children have one hash seed: what goes both ways there does so for another reason
        both = {test for test in both if not examiner.ledger.alone[test].mixed}
    for test in sorted(both)[:_MOST_CANDIDATES]:
        if examiner.spent():
            return
        _compare_hashes(way, test, min(failing[test]), min(passing[test]))


def _compare_hashes(way: AtStart, test: int, bad: int, good: int) -> None:
    for times in (_FIRST, SEED_RUNS["hash"] - _FIRST):
        jobs = [way.job([test], {}, hash_seed=seed) for seed in (bad, good)] * times
        results = way.ask("factor hash", jobs)
        if any(bool(result.failures()) != (result.job.hash_seed == bad) for result in results):
            return


def affordable(examiner: Examiner, tests: Sequence[int], most: int, least: int, start_s: float = 0.0) -> int:
    """Return how often these tests can be run within a share of what is left of the budget, side by side."""
    each_s = (start_s + examiner.expected_s(tests)) / (1 if examiner.serial else _SIDE_BY_SIDE)
    return max(least, min(most, int(examiner.left_s * _SHARE / each_s)))


def _both_ways(results: Iterable[Result]) -> set[int]:
    seen: dict[int, set[bool]] = {}
    for result in results:
        for ran in result.ran:
            seen.setdefault(ran.test, set()).add(ran.failed)
    return {test for test, outcomes in seen.items() if len(outcomes) > 1}
