"""Time and threads as a cause: too little processor, and other interleavings.

What waits for too short a time fails while its whole process stands still again and again, for that moves no thread
past another one. What lacks a lock fails while threads pause at their lines. Many tests with tight limits fail under
both, since pauses cost time; so a test that standing still makes fail most of the time is said to be in want of time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from brinell.core.flaky_rates import TwoRates
from brinell.core.observation import Choice
from brinell.suite.deep.examiner import Examiner
from brinell.suite.lab.job import Job, Result

_MOST_CANDIDATES = 40
_PAIRS = 4  # runs with and without that are asked for at a time: twice that shows always against never
_MOST_RUNS = 120  # half against never is shown in 54, one against half in 54, 0.5 against 0.05 in 80
_OVERTIME_S = 10.0  # a decision that has begun may end
_SHARE = 0.2  # of the budget that is left, for one screening
_CLEAR = 0.5  # lift of want of time, from which on nothing else is looked for
_OPEN = frozenset({"stable", "nondeterministic"})
_HUNG = frozenset({"deadline", "killed"})


class Disturbance(msgspec.Struct, frozen=True):
    """A factor at a level. ``times``: runs in which chance may show it; ``slower``: how much longer tests may take, and
    ``costs`` how much longer they do.
    """

    factor: str
    level: Any
    times: int
    slower: float
    costs: float
    hangs: bool = False  # a test that never ends under it has failed: it may be a deadlock


WAITS = (
    Disturbance("cpu", "slow", 1, 12.0, 6.0),
    Disturbance("cpu", "paused", 2, 12.0, 4.0),
    Disturbance("sleep", "long", 1, 5.0, 2.0),
)
RACES = (Disturbance("interleaving", "lines", 3, 4.0, 1.5, hangs=True),)
LATE = (Disturbance("threads", "slow-start", 1, 3.0, 1.5),)
"""A thread that begins late: shows who does not wait for it at all, and says nothing of a race."""


def find_timing(examiner: Examiner, usable: Sequence[int], unsteady: Iterable[int]) -> None:
    """Run the suite under each disturbance, and decide on who failed, or goes both ways by itself."""
    for family in (WAITS, RACES, LATE):
        for one in family:
            examiner.phase(f"causes: {one.factor}")
            if examiner.spent():
                examiner.room.emit(Choice(f"not tried: {one.factor}", "the budget was spent: --budget gives more"))
                continue
            open_ones = [test for test in usable if not examiner.ledger.trust(test).factors]
            candidates = _screened(examiner, one, open_ones) | set(unsteady)
            for test in sorted(candidates)[:_MOST_CANDIDATES]:
                _decide(examiner, test, one)


def decide_timing(examiner: Examiner, tests: Iterable[int]) -> None:
    """Decide on these tests without screening."""
    for test in tests:
        for one in (*WAITS, *RACES, *LATE):
            examiner.phase(f"causes: {one.factor}")
            _decide(examiner, test, one)


def _screened(examiner: Examiner, one: Disturbance, usable: Sequence[int]) -> set[int]:
    """Return the tests that fail under it and may do so for this reason; long tests are left out if time is short."""
    tests = _affordable(examiner, one, usable)
    if len(tests) < len(usable):
        what = f"not tried: {one.factor} on {len(usable) - len(tests)} tests"
        examiner.room.emit(Choice(what, "they would take too much of the budget: --budget gives more"))
    jobs = [_job(examiner, part, one) for part in _parts(examiner, tests)] * one.times
    failed = {test for result in examiner.ask(f"screen {one.factor}", jobs) for test in _failures(one, result)}
    trusts = [examiner.ledger.trust(test) for test in failed if not examiner.ledger.alone[test].always]
    return {trust.test for trust in trusts if trust.verdict in _OPEN}


def _affordable(examiner: Examiner, one: Disturbance, usable: Sequence[int]) -> list[int]:
    left_s = examiner.left_s * _SHARE * 2 / (one.times * one.costs)
    chosen = []
    for test in sorted(usable, key=lambda test: examiner.expected_s([test])):
        left_s -= examiner.expected_s([test])
        if left_s < 0:
            break
        chosen.append(test)
    return sorted(chosen)


def _parts(examiner: Examiner, tests: Sequence[int]) -> list[list[int]]:
    """Halve them by time: what stands still leaves the processor to another."""
    half_s, first = examiner.expected_s(tests) / 2, 0
    while first < len(tests) and half_s > 0:
        half_s -= examiner.expected_s([tests[first]])
        first += 1
    return [list(part) for part in (tests[:first], tests[first:]) if part]


def _decide(examiner: Examiner, test: int, one: Disturbance) -> None:
    shown = examiner.ledger.trust(test).factors
    family = {other.factor for other in (WAITS if one in WAITS else RACES)} | {one.factor}
    clear = any(seen.factor in {w.factor for w in WAITS} and seen.lift >= _CLEAR for seen in shown)
    if clear or (one in LATE and shown) or any(seen.factor in family for seen in shown) or examiner.spent():
        return
    compare(
        examiner,
        f"factor {one.factor}",
        lambda changed: [_job(examiner, [test], one if changed else None)] * _PAIRS,
        lambda result: _failed(one, result),
    )


def compare(
    examiner: Examiner,
    purpose: str,
    jobs: Callable[[bool], Sequence[Job]],
    failed: Callable[[Result], bool | None],
) -> bool:
    """Whether a test fails more often with a change than without: both, alternately, until a sequential test decides.

    ``jobs`` gives some with the change or without; ``failed`` says None of a run that tells nothing, which ends it.
    """
    rates = TwoRates(max_runs=_MOST_RUNS)
    while rates.decision is None:
        for changed in (True, False):
            for result in examiner.ask(purpose, jobs(changed)):
                bad = failed(result)
                if bad is None:
                    return False
                rates.add(changed, bad)
        if examiner.left_s < -_OVERTIME_S:
            return False
    return rates.decision == "higher"


def _job(examiner: Examiner, tests: Sequence[int], one: Disturbance | None) -> Job:
    """Return a job that may run beside others, with time enough for what it is put through."""
    job = examiner.job(tests, factors={} if one is None else {one.factor: one.level})
    slower = 1.0 if one is None else one.slower
    return msgspec.structs.replace(job, deadline_s=job.deadline_s * slower, stall_s=job.stall_s * slower)


def _failures(one: Disturbance, result: Result) -> frozenset[int]:
    hung = result.how in _HUNG and not one.hangs
    return frozenset(ran.test for ran in result.ran if ran.failed and not (hung and ran.died))


def _failed(one: Disturbance, result: Result) -> bool | None:
    if result.unsupported or not result.ran or (result.how in _HUNG and not one.hangs):
        return None
    return bool(result.failures())
