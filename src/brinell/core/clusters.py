"""Unreliable tests put together by what makes them so, those first whose repair saves most time.

One reason often breaks many tests: Parry et al. (Systemic Flakiness, EASE 2025) found three in four flaky tests of 24
projects in clusters that fail in the same runs. They cut each project's dendrogram (average linkage, Jaccard distance
of failing runs) where the mean silhouette is highest; here the cut is fixed, for one test more must not move others.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from math import isfinite
from typing import Literal, NamedTuple, TypeAlias

Kind: TypeAlias = Literal["polluter", "setter", "file", "state", "cause", "runs", "alone"]

MOST_APART = 0.5
"""Mean Jaccard distance up to which two groups fail together: then both fail in half of the runs in which any does."""

MOST_SETS = 1000
"""So many different sets of failing runs are compared: those of the tests that cost most time. Others stay alone."""

_OFTEN = 0.5  # two tests that fail more often than this, each by itself, are less than 2/3 apart by chance alone
_LEAST_RUNS = 2  # once together may be chance
_ROUNDING = 1e-9


class Unreliable(NamedTuple):
    """What is known of a test that is not stable.

    Each of ``polluters`` is enough to make it fail, each of ``setters`` to make it pass; all of a set are needed. Sets
    name culprits: leave out whole orders that were not narrowed down. A self-polluting test is its own polluter.
    ``roots`` is leaked state that was proved to matter. ``cause`` is a factor; it counts where neither of these is
    known (the cause "order" joins strangers). ``probability`` is that of failing in an ordinary run of the suite,
    ``seconds`` what a run costs in which it fails: as a rule, the suite once more.
    """

    test: int
    polluters: tuple[tuple[int, ...], ...] = ()
    roots: tuple[str, ...] = ()
    cause: str | None = None
    probability: float = 0.0
    seconds: float = 0.0
    failing_runs: frozenset[Hashable] = frozenset()
    setters: tuple[tuple[int, ...], ...] = ()
    files: tuple[tuple[str, ...], ...] = ()  # as polluters and setters, for what their collection does


class Cluster(NamedTuple):
    """Tests with one reason, ascending: polluter or setter (test), file, state or cause by name, or runs they share.

    ``seconds_saved`` is what repairing it saves in each run of the suite on average, at least: the highest
    ``probability`` x ``seconds`` of its tests. They fail together, so the sum would count the same run many times.
    ``probability``, of a run that fails by it, is in the same way the highest of theirs.
    """

    kind: Kind
    reason: int | str | None  # None for "runs" and "alone"
    tests: tuple[int, ...]
    probability: float
    seconds_saved: float


_Reasons: TypeAlias = Callable[[Unreliable], Collection[tuple[Kind, int | str]]]


def clusters(tests: Iterable[Unreliable]) -> list[Cluster]:
    """Return clusters, each test in one: by time saved, then by size, then by the first test.

    Tests join by the first that they share: a polluter or setter (greedy set cover: the one of most tests first),
    leaked state, a cause (if nothing better is known of them), failing runs. A test that shares nothing is a cluster,
    named after what is known of it. The order of ``tests`` does not matter. Raises ValueError where a test comes
    twice, or for numbers that cannot be.
    """
    left = {test.test: test for test in sorted(_checked(tests), key=lambda test: test.test)}
    found: list[Cluster] = []
    reasons: tuple[_Reasons, ...] = (_decisive, _state, _cause)
    for reasons_of in reasons:
        for (kind, reason), members in _cover(list(left.values()), reasons_of):
            found.append(_cluster(kind, reason, members))
            for member in members:
                del left[member.test]
    unexplained = [test for test in left.values() if not (_decisive(test) or _state(test) or _cause(test))]
    for members in _failing_together(unexplained):
        found.append(_cluster("runs", None, members))
        for member in members:
            del left[member.test]
    found += [_cluster(*_best(test, reasons), [test]) for test in left.values()]
    return sorted(found, key=lambda one: (-one.seconds_saved, -len(one.tests), one.tests[0]))


def _best(test: Unreliable, reasons: Iterable[_Reasons]) -> tuple[Kind, int | str | None]:
    for reasons_of in reasons:
        for kind, reason in reasons_of(test):
            return kind, reason
    return "alone", None


def _checked(tests: Iterable[Unreliable]) -> list[Unreliable]:
    every = list(tests)
    times = Counter(test.test for test in every)
    for test in every:
        if times[test.test] > 1:
            raise ValueError(f"test {test.test} comes {times[test.test]} times")
        if not 0 <= test.probability <= 1 or not isfinite(test.seconds) or test.seconds < 0:
            raise ValueError(f"test {test.test} cannot fail with {test.probability} and cost {test.seconds} s")
    return every


def _decisive(test: Unreliable) -> list[tuple[Kind, int | str]]:
    """Return polluters, setters and files, those of the smallest sets first."""
    kinds: tuple[tuple[Kind, tuple[tuple[int, ...], ...]], ...] = (
        ("polluter", test.polluters),
        ("setter", test.setters),
    )
    found: list[tuple[Kind, int | str]] = [
        (kind, one) for kind, sets in kinds for some in sorted(sets, key=len) for one in some
    ]
    return found + [("file", one) for some in sorted(test.files, key=len) for one in some]


def _state(test: Unreliable) -> list[tuple[Kind, int | str]]:
    return [("state", root) for root in test.roots]


def _cause(test: Unreliable) -> list[tuple[Kind, int | str]]:
    explained = test.cause is None or test.polluters or test.setters or test.files or test.roots
    return [] if explained else [("cause", test.cause or "")]


def _cover(tests: Sequence[Unreliable], reasons_of: _Reasons) -> list[tuple[tuple[Kind, int | str], list[Unreliable]]]:
    """Return reasons that two tests or more share, with these, each test once: greedy, the widest reason first."""
    holders: dict[tuple[Kind, int | str], dict[int, Unreliable]] = defaultdict(dict)
    for test in tests:
        for reason in reasons_of(test):
            holders[reason][test.test] = test
    found = []
    while holders:
        # Within one kind reasons are of one type; kinds are compared before them.
        widest = min(holders, key=lambda reason: (-len(holders[reason]), reason))
        members = holders.pop(widest)
        if len(members) < 2:
            break
        found.append((widest, list(members.values())))
        for member in members.values():
            for reason in reasons_of(member):
                holders.get(reason, {}).pop(member.test, None)
    return found


def _cluster(kind: Kind, reason: int | str | None, members: Sequence[Unreliable]) -> Cluster:
    return Cluster(
        kind,
        reason,
        tuple(sorted(member.test for member in members)),
        max(member.probability for member in members),
        max(_lost_s(member) for member in members),
    )


def _lost_s(test: Unreliable) -> float:
    return test.probability * test.seconds


def _failing_together(tests: Sequence[Unreliable]) -> list[list[Unreliable]]:
    """Return groups of two tests or more that fail in the same runs."""
    same: dict[frozenset[Hashable], list[Unreliable]] = defaultdict(list)
    for test in tests:
        if len(test.failing_runs) >= _LEAST_RUNS and test.probability <= _OFTEN:
            same[test.failing_runs].append(test)
    costly = sorted(same, key=lambda runs: (-max(map(_lost_s, same[runs])), same[runs][0].test))[:MOST_SETS]
    sets = sorted(costly, key=lambda runs: same[runs][0].test)
    groups = linked(sets, [len(same[runs]) for runs in sets])
    together = [[test for place in group for test in same[sets[place]]] for group in groups]
    return [group for group in together if len(group) > 1]


def linked(sets: Sequence[frozenset[Hashable]], sizes: Sequence[int]) -> list[list[int]]:
    """Return which sets (by place) average linkage joins up to a mean Jaccard distance of ``MOST_APART``.

    ``sizes`` says how many equal sets each stands for. Nearest-neighbour chain (Murtagh, Computer Journal 26, 1983):
    n^2 time and memory; among equally near ones it goes on with the one it came from, else with the first.
    """
    apart = _distances(sets)
    weight = list(sizes)
    groups = [[place] for place in range(len(sets))]
    alive = dict.fromkeys(range(len(sets)))
    chain: list[int] = []
    while len(alive) > 1:
        if not chain:
            chain.append(next(iter(alive)))
        here, before = chain[-1], chain[-2] if len(chain) > 1 else -1
        row = apart[here]
        nearest = min((place for place in alive if place != here), key=lambda place: (row[place], place != before))
        if nearest != before and row[nearest] <= MOST_APART + _ROUNDING:
            chain.append(nearest)
        elif nearest != before:
            # Nothing near enough is left for it, and joining others brings nothing nearer: it is done.
            del alive[here]
            chain.pop()
        else:
            del chain[-2:]
            _join(before, here, apart, weight, alive)
            groups[before] += groups[here]
            groups[here] = []
            del alive[here]
    return [sorted(group) for group in groups if group]


def _join(one: int, other: int, apart: list[list[float]], weight: list[int], alive: Iterable[int]) -> None:
    """Make ``one`` the union of both (Lance & Williams: the distance to a union is the weighted mean)."""
    both = weight[one] + weight[other]
    for place in alive:
        mean = (weight[one] * apart[one][place] + weight[other] * apart[other][place]) / both
        apart[one][place] = apart[place][one] = mean
    weight[one] = both


def _distances(sets: Sequence[frozenset[Hashable]]) -> list[list[float]]:
    """Return 1 - shared / all runs, for each pair of sets; bit masks make it quick."""
    bits: dict[Hashable, int] = {}
    masks = [sum(1 << bits.setdefault(run, len(bits)) for run in runs) for runs in sets]
    return [[1 - (one & other).bit_count() / ((one | other).bit_count() or 1) for other in masks] for one in masks]
