"""Two tests that share something, beside each other: is it so that one of them fails?

What is shared was seen; here it is tried, for as many things as are affordable. The one that writes waits after its
first use of it until the other is through.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from brinell.core.touch_records import BesideEachOther, Touched
from brinell.suite.deep.examiner import Examiner
from brinell.suite.lab.job import BESIDE, Job

_MOST = 12  # things that are tried
_PAIRS = 6
_ALONE = 3  # runs of each of the two
_CLEAR = 4  # of the pairs must fail, and none alone: by chance, of a test that fails as often alone, 1 in 20
_HOLD_S = 0.5
_HOLD_TIMES = 5
_SLACK_S = 10.0
_PROCESS = frozenset({"environment", "cwd"})
_groups = itertools.count(1_000_000)


def try_conflicts(examiner: Examiner, touched: Sequence[Touched]) -> None:
    """Run pairs of tests that share something, and write down those that fail only together."""
    if not examiner.lab.forks or examiner.slots < 2:
        return
    examiner.phase("tests beside each other")
    for name, first, second in itertools.islice(_pairs(touched), _MOST):
        if examiner.spent():
            return
        if _stable(examiner, first) and _stable(examiner, second):
            _try(examiner, name, first, second)


def _pairs(touched: Iterable[Touched]) -> Iterator[tuple[str, int, int]]:
    """Yield what is shared, one that writes it, and another that uses it: two that write, where there are."""
    writers: dict[str, list[int]] = {}
    others: dict[str, list[int]] = {}
    for one in touched:
        writes = {resource.name for resource in one.resources if resource.writes and resource.kind not in _PROCESS}
        for name in sorted({resource.name for resource in one.resources}):
            (writers if name in writes else others).setdefault(name, []).append(one.test)
    for name, tests in writers.items():
        users = [*tests, *others.get(name, ())]
        if len(users) > 1:
            yield name, users[0], users[1]


def _stable(examiner: Examiner, test: int) -> bool:
    return test not in examiner.killers and examiner.ledger.trust(test).verdict == "stable"


def _try(examiner: Examiner, name: str, first: int, second: int) -> None:
    failed = _together(examiner, name, first, second, 1)
    if failed:
        failed += _together(examiner, name, first, second, _PAIRS - 1)
    if failed < _CLEAR:
        return
    held = [_job(examiner, first, _held(examiner, name, second, count=1)) for _ in range(_ALONE)]
    jobs = [msgspec.structs.replace(job, alone=True) for job in held]
    jobs += [examiner.job([second], alone=True)] * _ALONE
    alone = sum(bool(result.failures()) for result in examiner.ask("control", jobs))
    if not alone:
        examiner.room.emit(BesideEachOther((first, second), (failed, _PAIRS), (alone, len(jobs))))


def _together(examiner: Examiner, name: str, first: int, second: int, times: int) -> int:
    """Return in how many of the pairs one of the two failed."""
    jobs = [job for _ in range(times) for job in _pair(examiner, name, first, second)]
    failed: dict[int, bool] = {}
    for result in examiner.ask("beside each other", jobs):
        group = int((result.job.beside or {})["group"])
        failed[group] = failed.get(group, False) or bool(result.failures())
    return sum(failed.values())


def _pair(examiner: Examiner, name: str, first: int, second: int) -> list[Job]:
    held = _held(examiner, name, second, count=2)
    return [_job(examiner, first, held), _job(examiner, second, {"group": held["group"], "count": 2, "follow": True})]


def _held(examiner: Examiner, name: str, other: int, *, count: int) -> dict[str, Any]:
    hold_s = _HOLD_S + _HOLD_TIMES * examiner.expected_s([other])
    return {"group": next(_groups), "count": count, "hold": (name,), "hold_s": hold_s}


def _job(examiner: Examiner, test: int, company: dict[str, Any]) -> Job:
    job = examiner.job([test], factors={BESIDE: company["count"]})
    return msgspec.structs.replace(
        job, alone=False, beside=company, deadline_s=job.deadline_s + _SLACK_S, stall_s=job.stall_s + _SLACK_S
    )
