"""Numbers of examples for each property test, chosen from what its examples cost and find.

Two profiles, ``ci`` and ``local``, give every test the same number; a test that needs another one says so as a share of
whatever the loaded profile says (``settings.default.max_examples // 4``), so that both profiles keep their meaning. The
share is a whole divisor or factor. It is chosen so that

1. no test is predicted to take longer than the slow tier (100 s local, 25 s in CI);
2. all together take no longer than the time budget of the ``ci`` profile: first those whose examples stopped running
   new lines give some up, then those that cost most, none below ``FLOOR`` examples;
3. what is left of the budget goes to those that still ran new lines at the end, the cheapest first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from brinell.core.property_cost import Cost

FLOOR = 10
LEAST_SAVED_S = 0.001  # examples are not given up for less
_MOST_DIVISOR = 64
_MOST_FACTOR = 4


class Sizes(msgspec.Struct, frozen=True):
    """What the recommendation has to keep to: examples of both profiles, budget and tiers in seconds."""

    ci: int = 50
    local: int = 200
    budget_s: float = 60.0
    tiers_s: tuple[float, float, float] = (10.0, 60.0, 100.0)
    ci_tiers_s: tuple[float, float, float] = (3.0, 15.0, 25.0)


class Known(NamedTuple):
    """What is known of one test. ``pinned`` is its own ``@settings(max_examples=...)``, None where a profile decides.

    ``saturation``: the example after which no new lines were run; None: not known. ``open_end``: new lines still came
    among the last tenth of the examples. ``fixtures_s`` comes on top of each run, whatever its size.
    """

    cost: Cost
    pinned: int | None = None
    saturation: int | None = None
    open_end: bool = False
    fixtures_s: float = 0.0


class Recommended(NamedTuple):
    """Examples of one test under both profiles. ``divisor`` and ``factor`` (one of them 1) make its edit; ``why`` is
    empty where the profiles' own numbers are right.
    """

    ci: int
    local: int
    divisor: int = 1
    factor: int = 1
    why: str = ""

    @property
    def edit(self) -> str:
        """What ``max_examples`` of the test has to be; empty: nothing has to be written."""
        if self.divisor > 1:
            return f"max_examples=max(1, settings.default.max_examples // {self.divisor})"
        return f"max_examples=settings.default.max_examples * {self.factor}" if self.factor > 1 else ""


def recommend(tests: Mapping[str, Known], sizes: Sizes) -> dict[str, Recommended]:
    """Return the recommendation for each test."""
    chosen = {test: _alone(known, sizes) for test, known in tests.items()}
    spent = sum(_ci_s(tests[test], one) for test, one in chosen.items())
    if spent > sizes.budget_s:
        _save(tests, chosen, sizes, spent)
    else:
        _spend(tests, chosen, sizes, spent)
    return chosen


def tier(seconds: float, bounds_s: tuple[float, float, float]) -> str:
    """Return fast, medium, slow or too-slow."""
    names = ("fast", "medium", "slow")
    return next((name for name, bound in zip(names, bounds_s, strict=True) if seconds < bound), "too-slow")


def _alone(known: Known, sizes: Sizes) -> Recommended:
    """What is right for a test whatever the others cost."""
    if known.pinned is not None and known.pinned <= sizes.ci:
        return Recommended(known.pinned, known.pinned)
    for divisor in range(1, _MOST_DIVISOR + 1):
        one = _share(sizes, divisor=divisor)
        local_s = known.fixtures_s + known.cost.predict(one.local).seconds
        if (_ci_s(known, one) < sizes.ci_tiers_s[-1] and local_s < sizes.tiers_s[-1]) or one.ci == 1:
            break
    if divisor > 1:
        return one._replace(why="too slow with more")
    return one._replace(why="" if known.pinned is None else "its own number rules the profiles out")


def _share(sizes: Sizes, *, divisor: int = 1, factor: int = 1) -> Recommended:
    return Recommended(max(1, sizes.ci // divisor) * factor, max(1, sizes.local // divisor) * factor, divisor, factor)


def _ci_s(known: Known, one: Recommended) -> float:
    return known.fixtures_s + known.cost.predict(one.ci).seconds


def _adjustable(known: Known, sizes: Sizes) -> bool:
    return known.pinned is None or known.pinned > sizes.ci


def _save(tests: Mapping[str, Known], chosen: dict[str, Recommended], sizes: Sizes, spent: float) -> None:
    """Lower numbers until the budget holds, or nothing can be lowered any more."""
    for saturated in (True, False):
        while spent > sizes.budget_s:
            offers = []
            for test, one in chosen.items():
                known = tests[test]
                less = _share(sizes, divisor=one.divisor + 1)
                if not _adjustable(known, sizes) or less.ci < FLOOR or one.divisor >= _MOST_DIVISOR:
                    continue
                if saturated and (known.saturation is None or known.open_end or known.saturation > less.ci):
                    continue
                offers.append((_ci_s(known, one) - _ci_s(known, less), test, less))
            if not offers or max(offers)[0] < LEAST_SAVED_S:
                break
            saved, test, less = max(offers)
            why = "its examples stop running new lines early, and the budget is short" if saturated else "the budget"
            chosen[test] = less._replace(why=chosen[test].why or why)
            spent -= saved


def _spend(tests: Mapping[str, Known], chosen: dict[str, Recommended], sizes: Sizes, spent: float) -> None:
    """Give more examples to tests that still run new lines, the cheapest first."""
    eager = [test for test, known in tests.items() if known.open_end and known.pinned is None]
    for test in sorted(eager, key=lambda name: (tests[name].cost.per_example_s, name)):
        known = tests[test]
        for factor in (_MOST_FACTOR, _MOST_FACTOR // 2):
            more = _share(sizes, factor=factor)
            extra = _ci_s(known, more) - _ci_s(known, chosen[test])
            local_s = known.fixtures_s + known.cost.predict(more.local).seconds
            fits = _ci_s(known, more) < sizes.ci_tiers_s[0] and local_s < sizes.tiers_s[0]
            if chosen[test].divisor == 1 and fits and spent + extra <= sizes.budget_s:
                chosen[test] = more._replace(why="its last examples still ran new lines")
                spent += extra
                break
