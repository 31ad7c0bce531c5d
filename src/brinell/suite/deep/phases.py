"""What is asked, in the order of what it tells per second. Each phase ends by itself and within the budget."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

from brinell.suite.deep.examiner import Examiner, failed_last
from brinell.suite.lab.job import Job, Result
from brinell.suite.orders import followers, rows

_MOST_PARTS = 20  # processes that tests may kill before we stop restarting behind them
_ROWS = 12  # default, reverse, and ten of the Williams design: 95 % of victims show in ten random orders
_ORDER_SHARE = 0.25  # of what is left of the budget, for whole orders
_ALONE_SHARE = 0.3
_PAIR_SHARE = 0.35
_REMAINING_SHARE = 0.6
_REMAINING_SHARE_IF_CLEAN = 0.15
_WATCHED_S = 0.05  # what a test alone costs when the state around it is looked at


def default_order(examiner: Examiner) -> None:
    """Run everything once in default order, with nothing beside it: durations, and whether project files change.

    A test that ends its process costs nobody else the run: it goes on behind it, without it.
    """
    examiner.phase("default order")
    rest = list(range(examiner.count))
    for _ in range(_MOST_PARTS):
        results = examiner.ask("order", [examiner.job(rest, alone=True)])
        begun = {one.test for result in results for one in result.ran}
        rest = [test for test in rest if test not in begun]
        if not rest or not begun:
            return


def whole_orders(examiner: Examiner, seed: int) -> None:
    """Run whole orders: default again, reversed, and rows that bring other neighbours together."""
    examiner.phase("whole orders")
    stop_at_s = examiner.left_s * (1 - _ORDER_SHARE)
    usable = [test for test in range(examiner.count) if test not in examiner.killers]

    def jobs() -> Iterator[Job]:
        for row in itertools.islice(rows(len(usable), seed), _ROWS):
            yield examiner.job([usable[position] for position in row])

    for job in jobs():
        if examiner.left_s < stop_at_s:
            return
        first = examiner.ask("order", [job])
        if any(result.failures() for result in first):
            examiner.ask("order", [job])  # the same again: what differs now does not depend on the order


def each_alone(examiner: Examiner, tests: Sequence[int], times: int = 1) -> None:
    """Run every test in a process of its own; what fails, once more.

    Where that is affordable, watched: in a whole order, what the first of many leaves hides what the others leave. And
    by itself, where the suite changes files of the project: which test does is what the files say then.
    """
    examiner.phase("each test alone")
    stop_at_s = examiner.left_s * (1 - _ALONE_SHARE)
    watch = len(tests) * _WATCHED_S < examiner.left_s * _ALONE_SHARE
    if not watch and times == 1 and examiner.lab.forks:
        return  # the first of the two runs in ``each_twice`` tells as much, and saves a process for each test
    jobs = (examiner.job([test], watch=watch, alone=examiner.write_files) for test in tests)
    results = examiner.ask("alone", jobs, until=lambda: examiner.left_s < stop_at_s)
    for result in results:
        examiner.left(result)
    failed = [result.job.tests[0] for result in results if result.failures()]
    examiner.ask("alone", (examiner.job([test]) for test in failed), until=examiner.spent)
    more = (examiner.job([test]) for test in tests for _ in range(times - 1))
    examiner.ask("alone", more, until=examiner.spent)


def each_twice(examiner: Examiner, tests: Sequence[int]) -> None:
    """Run every test twice in one process; what fails then, once more, and behind those that touch its state."""
    examiner.phase("each test twice")
    stop_at_s = examiner.left_s * (1 - _ALONE_SHARE)
    alone = examiner.ledger.alone
    healthy = [test for test in tests if test not in examiner.deadly and not alone[test].failures]
    unknown = [test for test in healthy if not alone[test].runs]
    if unknown:  # two phases' worth of the budget, for it is the work of both
        stop_at_s = examiner.left_s * (1 - _ALONE_SHARE) ** 2
    jobs = (examiner.job([test, test], alone=examiner.write_files and test not in examiner.watched) for test in healthy)
    results = examiner.ask("twice", jobs, until=lambda: examiner.left_s < stop_at_s)
    unclear = {result.job.tests[0] for result in results if result.failures()} & set(unknown)
    examiner.ask("alone", (examiner.job([test]) for test in sorted(unclear) for _ in range(2)), until=examiner.spent)
    again = [
        test for test in (result.job.tests[0] for result in results if failed_last(result)) if not alone[test].failures
    ]
    examiner.ask("twice", (examiner.job([test, test]) for test in again))
    watch(examiner, again)
    touching = [(other, test) for test in again for other in _sharing(examiner, test)]
    examiner.ask("pair", (examiner.job(pair) for pair in touching), until=examiner.spent)


def watch(examiner: Examiner, tests: Iterable[int]) -> None:
    """Name what these tests leave changed, run alone, where that is not known yet."""
    unseen = [test for test in dict.fromkeys(tests) if test not in examiner.watched]
    for result in examiner.ask("watch", [examiner.job([test], watch=True) for test in unseen]):
        examiner.left(result)


def _sharing(examiner: Examiner, test: int) -> list[int]:
    """Return the other tests that change state which ``test`` changes, too."""
    own = roots(examiner, test)
    return [other for other in leavers(examiner) if other != test and own & roots(examiner, other)]


def roots(examiner: Examiner, test: int) -> set[str]:
    """Return the state that a test leaves changed, beyond what nearly every test does."""
    return {state.root for state in examiner.ledger.left.get(test, ()) if not state.weak}


def leavers(examiner: Examiner) -> list[int]:
    """Return tests that leave state changed (beyond what nearly every test does), most changes first."""
    strong = {
        test: sum(not change.weak for change in changes)
        for test, changes in examiner.ledger.left.items()
        if test >= 0 and test not in examiner.deadly
    }
    return sorted((test for test, count in strong.items() if count), key=lambda test: -strong[test])


def followed(examiner: Examiner, seed: int) -> None:
    """Let every test that leaves something be followed by all that leave nothing: nobody heals, so a victim shows.

    Then the pairs of those that leave something. A failure behind a polluter is tried as a pair, which is the evidence.
    """
    examiner.phase("polluters and those after them")
    polluters = leavers(examiner)
    leaving = set(polluters)
    alone_bad = {test for test in range(examiner.count) if examiner.ledger.alone[test].failures}
    neutral = [
        test
        for test in range(examiner.count)
        if test not in leaving and test not in examiner.killers and test not in alone_bad
    ]
    stop_at_s = examiner.left_s * (1 - _PAIR_SHARE)

    def late() -> bool:
        return examiner.left_s < stop_at_s

    results = examiner.ask(
        "follow", (examiner.job(followers(polluter, neutral, seed)) for polluter in polluters), until=late
    )
    hit = [(result.job.tests[0], ran.test) for result in results for ran in result.ran[1:] if ran.failed]
    pairs = [pair for pair in dict.fromkeys(hit) if not decided(examiner, pair)]
    examiner.ask("pair", (examiner.job(pair) for pair in pairs), until=late)
    among = [(a, b) for a in polluters for b in polluters if a != b and b not in alone_bad]
    among = [pair for pair in among if not decided(examiner, pair)]
    # Two tests that change the same state are likelier to disturb each other.
    among.sort(key=lambda pair: (not roots(examiner, pair[0]) & roots(examiner, pair[1]), examiner.expected_s(pair)))
    examiner.ask("pair", (examiner.job(pair) for pair in among), until=late)


def remaining_pairs(examiner: Examiner) -> None:
    """Try the pairs that nothing has covered yet, where the budget allows for all: state may be out of sight.

    Where no order made a difference and nobody leaves anything, there is little to find, and causes need the time.
    """
    examiner.phase("remaining pairs")
    leak = bool(leavers(examiner)) or bool(examiner.ledger.suspicious())
    stop_at_s = examiner.left_s * (1 - (_REMAINING_SHARE if leak else _REMAINING_SHARE_IF_CLEAN))
    tests = [test for test in range(examiner.count) if test not in examiner.deadly]
    good = [test for test in tests if not examiner.ledger.alone[test].failures]
    expected = sum(examiner.expected_s([test]) for test in tests) / max(1, len(tests)) * 2 + 0.01
    if len(tests) * len(good) * expected > 4 * (examiner.left_s - stop_at_s):
        return
    pairs = ((a, b) for a in tests for b in good if a != b and not decided(examiner, (a, b)))
    examiner.ask("pair", (examiner.job(pair) for pair in pairs), until=lambda: examiner.left_s < stop_at_s)


def repeat(examiner: Examiner, purpose: str, sequence: Sequence[int], times: int) -> list[Result]:
    """Do the same sequence again."""
    return examiner.ask(purpose, [examiner.job(sequence) for _ in range(times)])


def decided(examiner: Examiner, pair: tuple[int, int]) -> bool:
    """Whether the second test was run behind the first alone."""
    known = examiner.ledger.after.get(pair[1], {}).get((pair[0],))
    return known is not None and known.runs > 0
