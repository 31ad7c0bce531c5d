"""A test beside itself: does it fail when it runs twice at the same time, and over what?

Both copies begin together, in one TMPDIR, as two runs of the suite on one machine do. Where a test uses something
under the same name each time, one copy also waits in the midst of it until the other is through: what is held for a
millisecond is met all the same. The same wait alone, with nothing beside, must change nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from brinell.core.examination import Exam
from brinell.core.flaky_rates import TwoRates
from brinell.core.touch_records import Clash, Resource
from brinell.suite.deep.examiner import Examiner
from brinell.suite.lab.job import BESIDE, Job, Lab, Ran, Result

_HOLD_S = 0.5  # and some times the test's own duration, for the other copy to come through
_HOLD_TIMES = 5
_PAIRS = 4  # that are asked for at a time: twice that shows always against never
_MOST_RUNS = 60
_OVERTIME_S = 10.0
_PROOF_PAIRS = 5
_CONTROLS = 3
_HOLDS = (1, 2, 3)  # uses of what it shares, after which the first copy waits
_LATER = 0.4  # of the test's duration, by which the second copy begins later
_SLACK_S = 10.0
_FILES = frozenset({"file", "database", "directory"})
_groups = itertools.count(1)


class Meeting(msgspec.Struct, frozen=True):
    """How two copies meet: the second begins ``offset_s`` later; or the first waits after using ``hold`` some times."""

    offset_s: float = 0.0
    hold: tuple[str, ...] = ()
    after: int = 1


def beside_itself(examiner: Examiner, fresh: Lab, tests: Sequence[int]) -> None:
    """Run each test beside itself, and decide on those that failed; then say over what. ``fresh`` imports anew."""
    if not examiner.lab.forks or examiner.slots < 2:
        return
    examiner.phase("causes: beside itself")
    usable = [test for test in tests if test not in examiner.killers and _passes(examiner, test)]
    met: dict[int, Meeting] = {}
    for number, ways in enumerate(zip(*(_ways(examiner, test) for test in usable), strict=True)):
        if examiner.spent():
            break
        pairs = [(test, way) for test, way in zip(usable, ways, strict=True) if way is not None and test not in met]
        for test, way in _failing(examiner, pairs, slow=number > 0):
            met.setdefault(test, way)
    for test, way in sorted(met.items()):
        if examiner.spent():
            return
        if _meets_by_our_import(examiner, fresh, test):
            continue
        surest = _surest(examiner, test, way)
        if _decide(examiner, test, surest):
            _over_what(examiner, test, surest)


def _meets_by_our_import(examiner: Examiner, fresh: Lab, test: int) -> bool:
    """Whether nothing that both copies used has that name in a process with imports of its own.

    Forked copies share what the imports drew: ``os.getpid()``, a random or temporary name. Two runs do not.
    """
    if not examiner.touches.fixed(test):
        return False
    for result in fresh.run([examiner.job([test], alone=True)]):
        if result.complete:
            examiner.touches.elsewhere(result)
    return not examiner.touches.fixed(test)


def _surest(examiner: Examiner, test: int, way: Meeting) -> Meeting:
    """Return the way to meet by which it fails most often: one that works now and then may decide nothing."""
    surest, most = way, 0
    others = (other for other in _ways(examiner, test) if other is not None and other.hold and other != way)
    for candidate in (way, *others):
        failed = sum(map(bool, _meetings(examiner, test, candidate, together=True)))
        if failed > most:
            surest, most = candidate, failed
        if most >= _PAIRS:
            break
    return surest


def _passes(examiner: Examiner, test: int) -> bool:
    return not examiner.ledger.alone[test].failures and examiner.ledger.trust(test).verdict == "stable"


def _ways(examiner: Examiner, test: int) -> list[Meeting | None]:
    """Return how the copies meet, in turn: at once; and, where they use something by name, held and later."""
    names = tuple(dict.fromkeys(one.name for one in examiner.touches.fixed(test)))
    if not names:
        return [Meeting(), *[None] * (len(_HOLDS) + 1)]
    later = Meeting(_LATER * examiner.seconds.get(test, 0.0))
    return [Meeting(), *(Meeting(hold=names, after=after) for after in _HOLDS), later]


def _failing(examiner: Examiner, pairs: Sequence[tuple[int, Meeting]], *, slow: bool) -> Iterator[tuple[int, Meeting]]:
    """Run the pairs; yield those of which a copy failed. ``slow``: as many as are affordable."""
    if slow:
        pairs = [one for one in pairs if examiner.expected_s([one[0]]) < max(1.0, examiner.left_s / 40)]
    jobs = [job for test, way in pairs for job in _pair(examiner, test, way)]
    failed = {test for result in examiner.ask("screen beside", jobs) for test in result.failures()}
    yield from ((test, way) for test, way in pairs if test in failed)


def _pair(examiner: Examiner, test: int, way: Meeting, *, apart: Mapping[str, Any] | None = None) -> list[Job]:
    """Return two copies that meet. ``apart``: what the first has to itself (factors), if that is tried."""
    group = next(_groups)
    first = {"group": group, "count": 2, **_held(examiner, test, way)}
    second = {"group": group, "count": 2, "offset_s": way.offset_s, "follow": bool(way.hold)}
    return [_job(examiner, test, first, apart or {}), _job(examiner, test, second, {})]


def _held(examiner: Examiner, test: int, way: Meeting) -> dict[str, Any]:
    hold_s = _HOLD_S + _HOLD_TIMES * examiner.expected_s([test])
    return {"hold": way.hold, "hold_after": way.after, "hold_s": hold_s} if way.hold else {}


def _job(examiner: Examiner, test: int, company: Mapping[str, Any], factors: Mapping[str, Any]) -> Job:
    job = examiner.job([test], factors={BESIDE: 2, **factors})
    return msgspec.structs.replace(
        job, alone=False, beside=company, deadline_s=job.deadline_s + _SLACK_S, stall_s=job.stall_s + _SLACK_S
    )


def _decide(examiner: Examiner, test: int, way: Meeting) -> bool:
    if way.hold and not _passes_held(examiner, test, way):
        return False

    rates = TwoRates(max_runs=_MOST_RUNS)
    while rates.decision is None:
        for together in (True, False):
            for failures in _meetings(examiner, test, way, together=together):
                rates.add(together, bool(failures))
                examiner.tried(_exam(test, failures, together=together))
        if examiner.left_s < -_OVERTIME_S:
            return False
    return rates.decision == "higher"


def _meetings(examiner: Examiner, test: int, way: Meeting, *, together: bool) -> list[list[Ran]]:
    """Run pairs of copies; of each, who failed. Two runs with nothing beside them are a pair as well."""
    if not together:
        alone = examiner.ask("factor-pair", [examiner.job([test], alone=True)] * (2 * _PAIRS))
        return [_failed(alone[at : at + 2]) for at in range(0, len(alone) - 1, 2)]
    pairs: dict[int, list[Result]] = {}
    jobs = [job for _ in range(_PAIRS) for job in _pair(examiner, test, way)]
    for result in examiner.ask("factor-pair beside", jobs):
        pairs.setdefault(int((result.job.beside or {})["group"]), []).append(result)
    return [_failed(pair) for pair in pairs.values()]


def _failed(pair: Sequence[Result]) -> list[Ran]:
    return [ran for result in pair for ran in result.ran if ran.failed]


def _exam(test: int, failures: Sequence[Ran], *, together: bool) -> Exam:
    """Return the record of one pair: it failed if one of its runs did."""
    said = {str(test): f"{ran.kind}: {ran.message}".partition("\n")[0][:300] for ran in failures[:1]}
    factors = {BESIDE: 2} if together else {}
    return Exam("factor beside", (test,), "f" if failures else "p", factors=factors, messages=said)


def _passes_held(examiner: Examiner, test: int, way: Meeting) -> bool:
    """Whether it passes with the same waits and nothing beside it."""
    held = _held(examiner, test, way)
    company = [{"group": next(_groups), "count": 1, **held} for _ in range(_CONTROLS)]
    jobs = [msgspec.structs.replace(_job(examiner, test, one, {}), alone=True) for one in company]
    return not any(result.failures() for result in examiner.ask("control", jobs))


def _over_what(examiner: Examiner, test: int, way: Meeting) -> None:
    """Say what both copies had touched; proved, where giving each its own makes them pass."""
    found = examiner.touches.fixed(test)
    addresses = tuple(one for one in found if one.kind == "address")
    temporary = tuple(one for one in found if one.name.startswith("$TMPDIR/"))
    others = tuple(one for one in found if one.kind in _FILES and one not in temporary)
    proved: tuple[Resource, ...] = ()
    if addresses and _heals(examiner, test, way, {"network": "apart"}):
        proved = addresses
    elif temporary and _heals(examiner, test, way, None):
        proved = temporary
    ruled_out = bool(addresses) and bool(temporary or others) and not proved and _was_apart(examiner, test)
    seen = proved or ((*others, *temporary) if ruled_out else (*addresses, *others, *temporary))
    if seen:
        record = Clash(test, seen, proved=bool(proved))
        examiner.room.emit(record)
        examiner.ledger.add(record)


def _heals(examiner: Examiner, test: int, way: Meeting, factors: Mapping[str, Any] | None) -> bool:
    """Whether the copies pass, each time, when the first has its own network (``factors``), or each its own TMPDIR."""
    jobs = []
    for _ in range(_PROOF_PAIRS):
        pair = _pair(examiner, test, way, apart=factors)
        if factors is None:
            pair = [msgspec.structs.replace(job, beside={**(job.beside or {}), "own": True}) for job in pair]
        jobs += pair
    results = examiner.ask("apart", jobs)
    return not any(result.unsupported or result.failures() or not result.complete for result in results)


def _was_apart(examiner: Examiner, test: int) -> bool:
    """Whether this machine gives a test a network of its own: then a failure there was not over an address."""
    job = examiner.job([test], factors={"network": "apart"}, alone=True)
    return not any(result.unsupported for result in examiner.ask("apart", [job]))
