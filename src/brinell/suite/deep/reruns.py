"""Running tests again, where that tells most: new and changed ones first, cheap ones more often.

Tests run one behind the other, in collection order, in one process with nothing beside it: a fork for each would cost
more than most tests do, and a failure beside others would prove nothing. The same sequence is done again where one of
its tests fails, and that test is run alone: what differs then is no matter of order.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from brinell.core.flaky_rates import runs_to_see
from brinell.core.observation import Choice
from brinell.core.spending import AGAIN, Tried, next_reruns
from brinell.suite.deep.examiner import Examiner
from brinell.suite.deep.recent import Recent
from brinell.suite.lab.job import Result

BEFORE_CAUSES = 0.1  # of what is left of the budget
_ENOUGH = runs_to_see(1 / 200, 0.95)  # runs of a test: what they missed is rarer than the report's 1 in 200
_BATCH_S = 0.5
_MOST_TESTS = 500  # in one process
_TIMES = 3
_ALONE = 5
_MOST_SETTLED = 5  # tests of one process: where more fail it is their order
_NEAR, _RETRIED = 0.03, 1.0  # suspicion: as for a new test, more or less; it was seen to go both ways


def reruns(examiner: Examiner, recent: Recent, retried: Collection[int] = (), share: float = BEFORE_CAUSES) -> set[int]:
    """Run again what is steady so far, for ``share`` of what is left of the budget; return the tests that did something
    else. ``retried`` had to be repeated before.

    Says how many runs went to which tests.
    """
    examiner.phase("again, new and changed tests first")
    stop_at_s = examiner.left_s * (1 - share)
    tests = [test for test in range(examiner.count) if _open(examiner, test)]
    if not tests or examiner.left_s <= stop_at_s:
        return set()
    tried = [_tried(examiner, test, recent, retried) for test in tests]
    place = {test: at for at, test in enumerate(tests)}
    before = [one.runs for one in tried]
    different: set[int] = set()
    for batch in _batches(tried, examiner.left_s - stop_at_s):
        if examiner.left_s <= stop_at_s:
            break
        for result in examiner.ask("rerun", [examiner.job([tests[at] for at in batch], alone=True, anew=True)]):
            failed = [ran.test for ran in result.ran if ran.failed and not tried[place[ran.test]].failed]
            _count(tried, place, result)
            different.update(failed)
            for test in failed[:_MOST_SETTLED]:
                _settle(examiner, result, test)
    _tell(examiner, recent, [one.runs - count for one, count in zip(tried, before, strict=True)], tests)
    return different


def _open(examiner: Examiner, test: int) -> bool:
    """Whether running it again could tell something: it ran, always passed, and ended its process never."""
    known = examiner.ledger.runs[test]
    return bool(known.runs) and not known.failures and test not in examiner.killers


def _tried(examiner: Examiner, test: int, recent: Recent, retried: Collection[int]) -> Tried:
    return Tried(
        examiner.seconds.get(test, 0.0),
        passed=examiner.ledger.runs[test].runs,
        new=test in recent.new or test in recent.changed,
        suspicion=_RETRIED * (test in retried) + _NEAR * (test in recent.near),
    )


def _batches(tried: list[Tried], budget_s: float) -> Iterator[list[int]]:
    """Yield what comes next, no test twice in a batch, each in collection order."""
    batch: list[int] = []
    taken: set[int] = set()
    seconds = 0.0
    for at in next_reruns(tried, budget_s, _ENOUGH):
        if at in taken or seconds > _BATCH_S or len(batch) >= _MOST_TESTS:
            yield sorted(batch)
            batch, taken, seconds = [], set(), 0.0
        batch.append(at)
        taken.add(at)
        seconds += tried[at].seconds
    if batch:
        yield sorted(batch)


def _count(tried: list[Tried], place: dict[int, int], result: Result) -> None:
    for ran in result.ran:
        known = tried[place[ran.test]]
        known.failed += ran.failed
        known.passed += not ran.failed


def _settle(examiner: Examiner, result: Result, test: int) -> None:
    """Do the same once more, some times, and the test alone."""
    tests = result.job.tests
    sequence = tests[: tests.index(test) + 1]
    same = [examiner.job(sequence, alone=True, anew=True) for _ in range(_TIMES)]
    examiner.ask("rerun", same)
    examiner.ask("alone", [examiner.job([test], alone=True, anew=True) for _ in range(_ALONE)])


def _tell(examiner: Examiner, recent: Recent, more: list[int], tests: Iterable[int]) -> None:
    runs = dict(zip(tests, more, strict=True))
    first = [runs.get(test, 0) for test in recent.new | recent.changed]
    rest = sorted(count for test, count in runs.items() if test not in recent.new | recent.changed)
    words = recent.words()
    if words:
        words = f"first those that are {words}: {sum(first):,} runs of them"
        words += f", {rest[len(rest) // 2]:,} of the typical other test" if rest else ""
    else:
        words = "neither a baseline nor git says which tests are new or changed: all have the same chance"
    said = f"{sum(more):,} runs of tests that had passed each time, by what they may tell per second; {words}"
    examiner.room.emit(Choice(AGAIN, said))
