"""The calendar as a cause: moments at which code that reads the clock goes wrong, with ordinary ones beside them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from brinell.suite.deep.conditions import AtStart, InChild, Way, starts_under
from brinell.suite.deep.examiner import Examiner
from brinell.suite.deep.factor import Factor
from brinell.suite.deep.rates import higher
from brinell.suite.deep.seeds import affordable
from brinell_inside.factors.moments import days, hours, moments, near

CLOCK = "clock"
DATE = "date"
_FIRST = ("midnight", "late-evening", "last-minute", "over-midnight")
"""Times of day come before dates, for each moment of a date is a time of day as well. The last of them is over before
a process of a person's own has started, so that only Brinell can show it.
"""
_MOST_CANDIDATES = 40


def special() -> list[Factor]:
    """Return the moments that break most code, times of day first, changes of clocks last; each with its control."""
    known = moments(_now())  # type: ignore[no-untyped-call]
    others = [name for name, level in known.items() if not level.get("control") and name not in _FIRST]
    return [
        Factor(CLOCK, {**known[name], "moment": name}, known.get(f"control of {name}"), certain=True)
        for name in (*_FIRST, *sorted(others, key=lambda name: "tz" in known[name]))
    ]


def find_dates(examiner: Examiner, usable: Sequence[int]) -> None:
    """Move the clock to the moments that break most code, and look who fails."""
    examiner.phase("causes: clock")
    _screen(examiner, InChild(examiner), special(), usable)


def find_other_dates(examiner: Examiner, usable: Sequence[int]) -> None:
    """Move the clock through a day's hours and through days to come, as many as are affordable."""
    examiner.phase("causes: clock")
    now = _now()
    for levels in (hours(now), days(now)):  # type: ignore[no-untyped-call]
        factors = [Factor(CLOCK, {**level, "moment": name}, certain=True) for name, level in levels.items()]
        count = affordable(examiner, usable, len(factors), 0)
        _screen(examiner, InChild(examiner), _spread(factors, count), usable)


def find_dates_at_start(examiner: Examiner, way: AtStart, usable: Sequence[int]) -> None:
    """Start processes at special moments: what reads the clock while it is imported shows, and what C code reads."""
    factors = [factor for factor in special() if starts_under(factor.name, factor.level)]
    count = affordable(examiner, usable, len(factors), 0, start_s=0.5)
    if count:
        examiner.phase("causes: clock")
        _screen(examiner, way, factors[:count], usable)


def decide_moment(examiner: Examiner, way: Way, test: int, factor: Factor) -> bool:
    """Whether the moment, or the date, was shown to be what makes this test fail. Once for each test.

    A moment is the cause only where an ordinary one as far away changes nothing; else the date is. Neither is where
    every ordinary moment of the next days does it too: then it is that the clock was moved.
    """
    if any(seen.factor in (CLOCK, DATE) for seen in examiner.ledger.trust(test).factors):
        return False
    zone = {"tz": factor.level["tz"]} if isinstance(factor.level, dict) and factor.level.get("tz") else {}
    moved = [{**level, **zone} for level in near(_now())]  # type: ignore[no-untyped-call]
    if _fails(way, test, moved) == len(moved):
        return False
    if factor.control is not None and _fails(way, test, [factor.control] * 2):
        # In another zone that an ordinary moment fails in, too, the zone is the cause.
        return not zone and higher(
            examiner, way, test, Factor(DATE, factor.control, certain=True), {CLOCK: factor.control}
        )
    return higher(examiner, way, test, factor)


def _fails(way: Way, test: int, levels: Iterable[Mapping[str, Any]]) -> int:
    results = way.ask("control", [way.job([test], {CLOCK: level}) for level in levels])
    return sum(bool(result.failures()) for result in results)


def _screen(examiner: Examiner, way: Way, factors: Sequence[Factor], usable: Sequence[int]) -> None:
    by_moment = {factor.level["moment"]: factor for factor in factors}
    jobs = [way.job(usable, {CLOCK: factor.level}) for factor in factors]
    failed: dict[int, Factor] = {}
    for result in way.ask("screen clock", jobs):
        for test in result.failures():
            factor = by_moment[result.job.factors[CLOCK]["moment"]]
            known = failed.setdefault(test, factor)
            if factors.index(factor) < factors.index(known):
                failed[test] = factor
    open_ones = [test for test in sorted(failed) if steady(examiner, test)]
    for test in open_ones[:_MOST_CANDIDATES]:
        if examiner.spent():
            return
        decide_moment(examiner, way, test, failed[test])


def steady(examiner: Examiner, test: int) -> bool:
    """Whether the test does the same each time here, and no other test decides it: then a condition may."""
    alone = examiner.ledger.alone[test]
    return not alone.failures and examiner.ledger.trust(test).verdict == "stable"


def _spread(factors: Sequence[Factor], count: int) -> list[Factor]:
    """Return ``count`` of them, evenly spread whatever their number is (by the golden section)."""
    order = sorted(range(len(factors)), key=lambda place: place * 0.618034 % 1)
    return [factors[place] for place in order[:count]]


def _now() -> dt.datetime:
    return dt.datetime.now()  # noqa: DTZ005 - local time, as the tests read it
