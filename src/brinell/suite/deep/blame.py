"""Which tests make this one fail, or pass: single ones first, then the smallest sequence."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from brinell.suite.deep.examiner import Examiner, failed_last, passed_last
from brinell.suite.deep.phases import leavers, repeat, roots
from brinell.suite.lab.job import Result
from brinell.suite.minimise import minimise

_MOST_TRIED = 400
_MOST_SETTERS = 60  # tried one by one, where no order made the test pass
_MOST_HEALERS = 60
_MANY = 24  # candidates: beyond, halving what ran before costs less than a process for each
_TIMES = 3  # that the same sequence must do the same, before it is blamed
_MOST_SPENT = 4  # tests in a sequence that is repeated even when the budget is spent
_ENOUGH = 2  # polluters of one victim that are searched for; others are still found on the way


def find_polluters(examiner: Examiner, test: int, suspects: Sequence[int] = ()) -> None:
    """Find after which tests ``test`` fails; ``suspects`` (polluters of other victims) are tried first."""
    ledger = examiner.ledger
    failing = _failing_prefixes(examiner, test)
    candidates = _ranked(examiner, test, suspects, failing)
    known = {before[0] for before in ledger.after[test] if len(before) == 1}
    fresh = [polluter for polluter in candidates if polluter not in known]
    likely = {*suspects, *leavers(examiner)}
    pairs = [one for one in fresh if one in likely] if len(fresh) > _MANY else fresh
    _try_pairs(examiner, test, pairs)
    if failing and not _single(examiner, test) and not examiner.spent():
        _shrink(examiner, test, min(failing, key=len), failed_last)
    if min(map(len, examiner.ledger.polluters(test)), default=_MANY) >= _MOST_SPENT:
        _try_pairs(examiner, test, [one for one in fresh if one not in set(pairs)])


def _try_pairs(examiner: Examiner, test: int, polluters: Sequence[int]) -> None:
    examiner.ask(
        "pair",
        (examiner.job([polluter, test]) for polluter in polluters),
        until=lambda: examiner.spent() or len(_single(examiner, test)) >= _ENOUGH,
    )


def again(examiner: Examiner, test: int) -> None:
    """Repeat the shortest sequence on which a verdict would rest: what fails now and then fails after anybody once."""
    ledger = examiner.ledger
    found = ledger.setters(test) if ledger.alone[test].failures else ledger.polluters(test)
    if found and not ledger.alone[test].mixed and (len(found[0]) < _MOST_SPENT or not examiner.spent()):
        known = ledger.after[test][found[0]]
        repeat(examiner, "sequence", [*found[0], test], max(0, _TIMES - known.runs))


def find_setters(examiner: Examiner, test: int) -> None:
    """Find which tests, run before it, make ``test`` pass that fails alone."""
    passing = [*examiner.ledger.setters(test), *examiner.passed_after(test)]
    if not passing:
        likely = [one for one in leavers(examiner) if one != test][:_MOST_SETTERS]
        examiner.ask("pair", (examiner.job([one, test]) for one in likely), until=examiner.spent)
        passing = examiner.ledger.setters(test)
    if not passing:
        return
    prefix = min(passing, key=len)
    if len(prefix) > 1:
        _shrink(examiner, test, prefix, passed_last)


def find_cleaners(examiner: Examiner, test: int) -> None:
    """Where an order passes although a polluter ran in it, find a test that heals: polluter, healer, and it passes."""
    found = examiner.ledger.polluters(test)
    if not found or examiner.ledger.trust(test).cleaners:
        return
    polluter = found[0]
    healed = [before for before in examiner.passed_after(test) if _in_order(polluter, before)]
    if not healed:
        return
    order = min(healed, key=len)
    between = order[order.index(polluter[-1]) + 1 :]
    own = set().union(*(roots(examiner, one) for one in polluter))
    likely = [one for one in leavers(examiner) if one in set(between)]
    likely.sort(key=lambda one: not own & roots(examiner, one))
    tried = [one for one in dict.fromkeys([*likely, *between]) if one != test and one not in polluter]
    examiner.ask(
        "cleaner",
        (examiner.job([*polluter, one, test]) for one in tried[:_MOST_HEALERS]),
        until=lambda: examiner.spent() or bool(examiner.ledger.trust(test).cleaners),
    )


def _in_order(part: Sequence[int], whole: Sequence[int]) -> bool:
    rest = iter(whole)
    return all(one in rest for one in part)


def _shrink(examiner: Examiner, test: int, prefix: Sequence[int], holds: Callable[[Result], bool]) -> None:
    """Reduce ``prefix`` to the smallest sequence after which ``test`` still does the same, and do that once more."""
    confirmed = repeat(examiner, "sequence", [*prefix, test], 1)
    if not any(holds(result) for result in confirmed):
        return
    leaving = set(leavers(examiner))
    likely = tuple(one for one in prefix if one in leaving)
    search = minimise(tuple(prefix), likely=likely, most=_MOST_TRIED, width=4)
    try:
        batch = next(search)
        while not examiner.spent():
            results = examiner.ask("sequence", [examiner.job([*candidate, test]) for candidate in batch])
            held = {result.job.tests[:-1]: holds(result) for result in results}
            batch = search.send([held.get(tuple(candidate), False) for candidate in batch])
    except StopIteration:
        return


def _failing_prefixes(examiner: Examiner, test: int) -> list[tuple[int, ...]]:
    return [before for before, count in examiner.ledger.after[test].items() if count.always and test not in before]


def _single(examiner: Examiner, test: int) -> list[int]:
    known = examiner.ledger.after[test]
    return [before[0] for before, count in known.items() if len(before) == 1 and count.always and before[0] != test]


def _ranked(examiner: Examiner, test: int, suspects: Sequence[int], failing: Sequence[tuple[int, ...]]) -> list[int]:
    """Candidates: polluters of others, then who leaves state and preceded each failure, then who preceded it."""
    preceding = set.intersection(*map(set, failing)) if failing else set(range(examiner.count))
    leaving = [one for one in leavers(examiner) if one in preceding]
    rest = sorted(preceding, key=lambda one: examiner.seconds.get(one, 0.0))
    ordered = dict.fromkeys([*suspects, *leaving, *rest])
    return [one for one in ordered if one != test and one not in examiner.deadly]
