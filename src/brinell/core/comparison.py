"""Two judgements side by side: what differs, and no verdict on it. Whether something got slower takes a blessed
baseline and more than one run (``checks.suite_regression``); a duration here is one run against another.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from brinell.core.cache_judgement import Cache
from brinell.core.judgement import Judgement, Load, TestEntry
from brinell.core.load_comparison import LoadChange, changes, differing, load_change
from brinell.core.measured import Numbers
from brinell.core.measured_cache import cache_conditions, cache_measured
from brinell.core.measured_capacity import HIGHEST, capacity_change, capacity_conditions
from brinell.core.scenario_numbers import Named, cache_numbers, capacity_numbers, limit_numbers, load_numbers
from brinell.core.verdicts import Verdict

MOVERS = 20
FAILURES = frozenset({"failed", "error"})


class _Part(msgspec.Struct, frozen=True, kw_only=True):
    """Base of the comparison's parts; ``a`` is the earlier run's value, ``b`` the later's, None where it has none."""


class Texts(_Part, frozen=True):
    """A word of both runs."""

    a: str | None
    b: str | None


class Mover(_Part, frozen=True):
    """A test whose duration changed; ``single_run``: at least one side is a single run, and chance may explain it."""

    test: str
    seconds: Numbers
    single_run: bool


class TestChanges(_Part, frozen=True):
    """Tests by what became of them. ``regressed`` passed or were skipped before and fail now, ``fixed`` the reverse;
    ``changed`` are other differences of outcome. ``new_failing`` are among ``new``.
    """

    __test__ = False  # not a test class for pytest, whatever its name

    regressed: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    new_failing: tuple[str, ...] = ()
    vanished: tuple[str, ...] = ()
    changed: dict[str, Texts] = {}
    movers: tuple[Mover, ...] = ()


class BugChanges(_Part, frozen=True):
    """Bugs by signature, which survives moved lines: signature -> title."""

    new: dict[str, str] = {}
    gone: dict[str, str] = {}
    still: dict[str, str] = {}


class Comparison(_Part, frozen=True):
    """What differs between run ``a`` and run ``b``. ``fingerprint`` holds only facts that differ: where there are any,
    times do not compare. ``load`` is scenario -> metric -> numbers, of connections that stay and of caches, too
    (``kinds`` says which is what); ``capacity`` the same by name of the search, ``drills`` by name of the drill.
    """

    a: str
    b: str
    verdict: Texts
    exit_code: Numbers
    fingerprint: dict[str, Texts]
    findings: dict[str, Texts]
    tests: TestChanges
    bugs: BugChanges
    suite_seconds: Numbers
    load: dict[str, dict[str, Numbers]]
    load_changes: dict[str, LoadChange] = {}  # scenarios of both runs, with what chance may explain
    kinds: dict[str, str] = {}  # scenario -> load, websocket or cache
    capacity: dict[str, dict[str, Numbers]] = {}
    capacity_changes: dict[str, LoadChange] = {}
    drills: dict[str, dict[str, Numbers]] = {}

    @property
    def worse(self) -> bool:
        """Whether the later run's verdict is worse."""
        order = [Verdict.PASS.value, Verdict.UNKNOWN.value, Verdict.FAIL.value]
        return order.index(self.verdict.b or "") > order.index(self.verdict.a or "")


def compare(a: Judgement, b: Judgement) -> Comparison:
    """Put the earlier run ``a`` and the later run ``b`` side by side."""
    verdicts = [{finding.id: finding.verdict.value for finding in judgement.findings} for judgement in (a, b)]
    return Comparison(
        a=a.run.id,
        b=b.run.id,
        verdict=Texts(a=a.verdict.value, b=b.verdict.value),
        exit_code=Numbers(a=a.run.exit_code, b=b.run.exit_code),
        fingerprint=_differing(a.run.fingerprint, b.run.fingerprint),
        findings=_differing(*verdicts),
        tests=_tests(_by_id(a), _by_id(b)),
        bugs=_bugs(a, b),
        suite_seconds=Numbers(
            a=a.suite.execution_time_seconds if a.suite else None, b=b.suite.execution_time_seconds if b.suite else None
        ),
        load=_all_sides(_scenarios(a), _scenarios(b)),
        load_changes=_load_changes(a, b),
        kinds=_kinds(a) | _kinds(b),
        capacity=_all_sides(*({one.name: capacity_numbers(one) for one in run.capacity} for run in (a, b))),
        capacity_changes=_capacity_changes(a, b),
        drills=_all_sides(_drills(a), _drills(b)),
    )


def pressed(judgement: Judgement) -> dict[str, Load]:
    """Return what was pressed on at a rate, by scenario: requests, and messages over connections that stay."""
    return {
        one.scenario: one for one in (*judgement.load, *judgement.websocket) if not getattr(one, "one_by_one", False)
    }


def _differing(a: Mapping[str, str], b: Mapping[str, str]) -> dict[str, Texts]:
    names = dict.fromkeys([*a, *b])
    return {name: Texts(a=a.get(name), b=b.get(name)) for name in names if a.get(name) != b.get(name)}


def _by_id(judgement: Judgement) -> dict[str, TestEntry]:
    return {test.id: test for test in judgement.suite.tests} if judgement.suite else {}


def _failed(test: TestEntry) -> bool:
    return test.teardown_error or test.outcome in FAILURES


def _word(test: TestEntry) -> str:
    return f"{test.outcome}, teardown error" if test.teardown_error else test.outcome


def _tests(before: Mapping[str, TestEntry], after: Mapping[str, TestEntry]) -> TestChanges:
    both = [name for name in before if name in after]
    worse = tuple(name for name in both if not _failed(before[name]) and _failed(after[name]))
    better = tuple(name for name in both if _failed(before[name]) and not _failed(after[name]))
    other = [name for name in both if _word(before[name]) != _word(after[name])]
    new = tuple(name for name in after if name not in before)
    return TestChanges(
        regressed=worse,
        fixed=better,
        new=new,
        new_failing=tuple(name for name in new if _failed(after[name])),
        vanished=tuple(name for name in before if name not in after),
        changed={
            name: Texts(a=_word(before[name]), b=_word(after[name])) for name in other if name not in {*worse, *better}
        },
        movers=_movers([(before[name], after[name]) for name in both if name not in other]),
    )


def _movers(pairs: list[tuple[TestEntry, TestEntry]]) -> tuple[Mover, ...]:
    """The tests whose seconds changed most, either way; only where the outcome is the same."""
    timed = [(old.id, _total_s(old), _total_s(new), old.trust, new.trust) for old, new in pairs]
    timed.sort(key=lambda row: (-abs(row[2] - row[1]), row[0]))
    return tuple(
        Mover(test=test, seconds=Numbers(a=a, b=b), single_run=set(trusts) != {"repeated"})
        for test, a, b, *trusts in timed[:MOVERS]
        if a != b
    )


def _total_s(test: TestEntry) -> float:
    phases = (test.seconds.setup, test.seconds.call, test.seconds.teardown)
    return sum(seconds for seconds in phases if seconds is not None)


def _bugs(a: Judgement, b: Judgement) -> BugChanges:
    before, after = ({bug.signature: bug.title for bug in judgement.bugs} for judgement in (a, b))
    return BugChanges(
        new={key: title for key, title in after.items() if key not in before},
        gone={key: title for key, title in before.items() if key not in after},
        still={key: title for key, title in after.items() if key in before},
    )


def _scenarios(judgement: Judgement) -> dict[str, Named]:
    found = {name: load_numbers(load) for name, load in pressed(judgement).items()}
    for cache in judgement.cache:
        found[cache.scenario] = found.get(cache.scenario, {}) | cache_numbers(cache)
    for one in judgement.websocket:
        if one.limit is not None:
            found[one.scenario] = limit_numbers(one.limit)
    return found


def _kinds(judgement: Judgement) -> dict[str, str]:
    found = dict.fromkeys((one.scenario for one in judgement.load), "load")
    found |= dict.fromkeys((one.scenario for one in judgement.websocket), "websocket")
    return found | dict.fromkeys((one.scenario for one in judgement.cache), "cache")


def _drills(judgement: Judgement) -> dict[str, Named]:
    return {
        one.name: {name: value for name, value in one.measured.items() if _is_number(value)} for one in judgement.drills
    }


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _load_changes(a: Judgement, b: Judgement) -> dict[str, LoadChange]:
    before, after = pressed(a), pressed(b)
    found = {name: load_change(load, after[name]) for name, load in before.items() if name in after}
    caches = {one.scenario: one for one in b.cache}
    for one in a.cache:
        if one.scenario in caches and one.scenario in found:
            found[one.scenario] = _with_cache(found[one.scenario], one, caches[one.scenario])
    return found


def _with_cache(load: LoadChange, a: Cache, b: Cache) -> LoadChange:
    return LoadChange(
        conditions=load.conditions | differing(cache_conditions(a), cache_conditions(b)),
        changes=load.changes | changes(cache_measured(a), cache_measured(b)),
    )


def _capacity_changes(a: Judgement, b: Judgement) -> dict[str, LoadChange]:
    after = {one.name: one for one in b.capacity}
    return {
        one.name: LoadChange(
            conditions=differing(capacity_conditions(one), capacity_conditions(after[one.name])),
            changes={HIGHEST: capacity_change(one, after[one.name])},
        )
        for one in a.capacity
        if one.name in after
    }


def _all_sides(before: Mapping[str, Named], after: Mapping[str, Named]) -> dict[str, dict[str, Numbers]]:
    return {name: _sides(before.get(name, {}), after.get(name, {})) for name in dict.fromkeys([*before, *after])}


def _sides(a: Named, b: Named) -> dict[str, Numbers]:
    return {name: Numbers(a=a.get(name), b=b.get(name)) for name in dict.fromkeys([*a, *b])}
