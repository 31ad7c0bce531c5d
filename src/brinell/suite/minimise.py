"""Which of the tests that ran before a victim make it fail: a search that asks for trials and never runs one.

Each search is a generator: it yields a batch of candidates, each a sequence of tests to run before the victim, to be
tried side by side; it takes back, in the same order, whether the victim failed; ``StopIteration.value`` is the answer.
The victim itself is in no candidate. Every set reported was seen to fail, so nothing rests on an assumption about
how tests interact; on monotone cases (no healers) the search is short: about 2 k log2 n trials for k of n tests.

Sources: Zeller & Hildebrandt, IEEE TSE 28 (2002), ddmin and 1-minimality; Zeller, ESEC/FSE 1999, for interference.
"""

from __future__ import annotations

from collections.abc import Generator, Hashable, Iterator, Sequence
from typing import Generic, NamedTuple, TypeAlias, TypeVar

T = TypeVar("T", bound=Hashable)
R = TypeVar("R")
Search: TypeAlias = Generator[list[tuple[T, ...]], Sequence[bool], R]
_Places: TypeAlias = tuple[int, ...]  # ascending indices into the prefix

MOST = 1000


class Minimal(NamedTuple, Generic[T]):
    """The answer of ``minimise``.

    ``subsequence`` is in the prefix's order, () where the victim fails after nothing. ``one_minimal``: without any
    single one of its tests it was seen to pass. ``tried`` counts trials. ``fails`` is False where nothing failed at
    all; the subsequence is then the whole prefix, and it is not one-minimal.
    """

    subsequence: tuple[T, ...]
    one_minimal: bool
    tried: int
    fails: bool = True


class _SpentError(Exception):
    """The next trial would be one too many."""


class _Trials(Generic[T]):
    """What was tried, and the smallest that failed. No candidate is asked for twice."""

    def __init__(self, prefix: Sequence[T], most: int, width: int) -> None:
        self.prefix = prefix
        self.known: dict[_Places, bool] = {}
        self.best: _Places | None = None
        self._most = most
        self._width = width

    def first_failing(self, candidates: Sequence[_Places]) -> Search[T, int | None]:
        """Try candidates, a few side by side, until one fails; return the first that does or None."""
        for start in range(0, len(candidates), self._width):
            some = candidates[start : start + self._width]
            new = list(dict.fromkeys(places for places in some if places not in self.known))
            if any(self.known.get(places) for places in some):
                new = []
            if len(self.known) + len(new) > self._most:
                raise _SpentError
            if new:
                self._learn(new, (yield [tuple(self.prefix[place] for place in places) for places in new]))
            for offset, places in enumerate(some):
                if self.known.get(places):
                    return start + offset
        return None

    def _learn(self, tried: Sequence[_Places], failed: Sequence[bool]) -> None:
        for places, fails in zip(tried, failed, strict=True):
            self.known[places] = fails
            if fails and (self.best is None or len(places) < len(self.best)):
                self.best = places


def minimise(
    prefix: Sequence[T], *, likely: Sequence[T] = (), most: int = MOST, width: int = 2
) -> Search[T, Minimal[T]]:
    """Search a one-minimal subsequence of ``prefix`` after which the victim fails.

    ``likely`` tests, best first, are tried alone before anything is halved (those not in the prefix are ignored).
    At most ``width`` candidates make a batch, at most ``most`` are tried in all. Raises ValueError where either is
    less than 1, or where a batch is answered by another number of results.
    """
    if most < 1 or width < 1:
        raise ValueError(f"a search needs trials: most {most}, width {width}")
    trials = _Trials(prefix, most, width)
    one_minimal = False
    try:
        yield from _search(trials, likely)
        one_minimal = trials.best is not None
    except _SpentError:
        pass
    fails = trials.best is not None
    places = tuple(range(len(prefix))) if trials.best is None else trials.best
    return Minimal(tuple(prefix[place] for place in places), one_minimal, len(trials.known), fails)


def _search(trials: _Trials[T], likely: Sequence[T]) -> Search[T, None]:
    whole = tuple(range(len(trials.prefix)))
    place_of = {test: place for place, test in reversed(list(enumerate(trials.prefix)))}
    yield from trials.first_failing([(), whole])
    if trials.known.get(()):
        return
    singles = [(place_of[test],) for test in dict.fromkeys(likely) if test in place_of]
    if (yield from trials.first_failing(singles)) is not None:
        return
    if not trials.known[whole]:
        return
    found = yield from _needed(trials, whole, ())
    yield from _prune(trials, found)


def _needed(trials: _Trials[T], places: _Places, kept: _Places) -> Search[T, _Places]:
    """Return a part of ``places`` that fails together with ``kept``, where all of them do and ``kept`` alone passes."""
    if len(places) == 1:
        return places
    halves = places[: len(places) // 2], places[len(places) // 2 :]
    failing = yield from trials.first_failing([_together(half, kept) for half in halves])
    if failing is not None:
        return (yield from _needed(trials, halves[failing], kept))
    later = yield from _needed(trials, halves[1], _together(halves[0], kept))
    kept_later = _together(later, kept)
    if (yield from trials.first_failing([kept_later])) is not None:
        return later  # not monotone: what passed as a half fails as a part of it, so the other half only healed
    earlier = yield from _needed(trials, halves[0], kept_later)
    return _together(earlier, later)


def _prune(trials: _Trials[T], places: _Places) -> Search[T, None]:
    """Leave out one test after the other until every single one is needed."""
    while True:
        fewer = [places[:i] + places[i + 1 :] for i in range(len(places))]
        failing = yield from trials.first_failing(fewer)
        if failing is None:
            break
        places = fewer[failing]
    trials.best = places  # the set of which that was shown, even where another of its size came first


def _together(one: _Places, other: _Places) -> _Places:
    return tuple(sorted({*one, *other}))


def all_polluters(candidates: Sequence[T]) -> Search[T, tuple[T, ...]]:
    """Try every candidate alone, all in one batch; return those after which the victim failed."""
    tests = list(dict.fromkeys(candidates))
    failed = (yield [(test,) for test in tests]) if tests else ()
    return tuple(test for test, fails in zip(tests, failed, strict=True) if fails)


def healers(polluters: Sequence[T], between: Sequence[T], victim: T) -> Search[T, tuple[T, ...]]:
    """Return the single tests of ``between`` that, run between the polluters and the victim, make it pass again.

    The polluters alone are tried with them: where the victim passes after these already, nothing heals, and () comes.
    """
    sequence = tuple(polluters)
    tests = [test for test in dict.fromkeys(between) if test != victim and test not in sequence]
    failed = yield [sequence, *((*sequence, test) for test in tests)]
    alone, *healed = failed
    return tuple(_passing(tests, healed)) if alone else ()


def _passing(tests: Sequence[T], failed: Sequence[bool]) -> Iterator[T]:
    return (test for test, fails in zip(tests, failed, strict=True) if not fails)
