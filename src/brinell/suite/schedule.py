"""Which tests go together in a parallel run, and in which order workers pull them from one queue.

List scheduling: who is free takes the next chunk, the longest first (LPT). It ends within 4/3 of the shortest possible
time (Graham, SIAM J. Appl. Math. 17, 1969) as long as what ends last is either at most a third of the mean load of a
worker or a single test; hence the finest limit. Chunks are as coarse as the bound allows: each piece of a module sets
its fixtures up again.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from math import inf, isfinite
from typing import NamedTuple

MOST_CHUNKS = 16_000
"""More chunks than this are never made: the shortest are put together."""

BOUND = 4 / 3
_LIMITS = (inf, 1.0, 2 / 3, 1 / 2, 1 / 3)  # longest piece that may still be split, in mean loads of a worker
_ALONE = MOST_CHUNKS // 2 - 1  # so many of the longest pieces are never put together with others
_TAIL = MOST_CHUNKS // 4  # next-fit fills any two bins in a row beyond their size: at most twice as many bins as this


class ModuleLoad(NamedTuple):
    """The tests of a module in its order, all three of one length.

    ``seconds`` is None where no duration is known. ``classes`` names the class each test is in, "" for plain functions.
    """

    path: str
    tests: tuple[int, ...]
    seconds: tuple[float | None, ...]
    classes: tuple[str, ...]


class Chunk(NamedTuple):
    """Tests for one worker, in this order. ``seconds`` is what they are taken to need (1 each if nothing is known)."""

    tests: tuple[int, ...]
    seconds: float


class _Piece(NamedTuple):
    """Neighbours in one module, or a chunk of several such: then ``path`` is None."""

    tests: tuple[int, ...]
    seconds: float
    path: str | None


class _Unit(NamedTuple):
    """A class or a plain function: splitting between two of them repeats the module's fixtures only."""

    tests: tuple[int, ...]
    each_s: tuple[float, ...]

    @property
    def seconds(self) -> float:
        return sum(self.each_s)


def cut(tests: Sequence[str], durations: Mapping[str, float], workers: int) -> list[list[int]]:
    """Return ``chunks`` as lists of places in ``tests``: node ids in default order, with durations in seconds."""
    return [list(chunk.tests) for chunk in chunks(modules_of(tests, durations), workers)]


def modules_of(tests: Sequence[str], durations: Mapping[str, float]) -> list[ModuleLoad]:
    """Return the modules of these node ids, a test's number being its place.

    Where tests of other modules come in between (pytest groups by parameters of session fixtures) it is in parts.
    """
    found = []
    for path, numbers in groupby(range(len(tests)), lambda number: tests[number].split("::", 1)[0]):
        some = tuple(numbers)
        known = tuple(durations.get(tests[number]) for number in some)
        found.append(ModuleLoad(path, some, known, tuple(_class_of(tests[number]) for number in some)))
    return found


def _class_of(test: str) -> str:
    inside = test.partition("::")[2].split("[", 1)[0]  # parameters may hold anything
    return inside.rpartition("::")[0]


def chunks(modules: Sequence[ModuleLoad], workers: int) -> list[Chunk]:
    """Return chunks in the order in which ``workers`` pull them; every test is in one.

    A test without a (finite, non-negative) duration counts as the mean of the others. Modules are cut between classes
    before inside one, and only if whole ones would take longer than 4/3 of max(mean load, longest test). Inside a chunk
    a module's tests keep their order; so do its chunks in the queue, but for single tests longer than a piece may be
    and beyond ``MOST_CHUNKS``. Raises ValueError for no workers or a module whose tuples differ in length.

    With up to 1,333 workers it takes at most 4/3 of the optimum, if tests take what they are taken to, fixtures apart.
    """
    if workers < 1:
        raise ValueError(f"a schedule needs workers: {workers}")
    units = _units(modules)
    each_s = [seconds for _, module in units for unit in module for seconds in unit.each_s]
    if not each_s:
        return []
    mean_load_s = sum(each_s) / workers
    enough_s = BOUND * max(mean_load_s, *each_s)
    queue: list[_Piece] = []
    for limit in _LIMITS:
        limit_s = limit * mean_load_s
        pieces = [piece for path, module in units for piece in _split(module, path, limit_s)]
        queue = _in_order(_merged(pieces), limit_s)
        if makespan((piece.seconds for piece in queue), workers) <= enough_s:
            break
    return [Chunk(piece.tests, piece.seconds) for piece in queue]


def makespan(seconds: Iterable[float], workers: int) -> float:
    """Return after how many seconds the last worker ends, if each takes the next chunk as soon as it is free."""
    if workers < 1:
        raise ValueError(f"a schedule needs workers: {workers}")
    free_at = [0.0] * workers
    for one in seconds:
        heapq.heapreplace(free_at, free_at[0] + one)
    return max(free_at)


def _units(modules: Sequence[ModuleLoad]) -> list[tuple[str, list[_Unit]]]:
    known = [seconds for module in modules for seconds in module.seconds if _is_known(seconds)]
    total = sum(seconds or 0.0 for seconds in known)
    mean = total / len(known) if total else 1.0
    return [(module.path, list(_units_of(module, mean, all_same=not total))) for module in modules]


def _is_known(seconds: float | None) -> bool:
    return seconds is not None and isfinite(seconds) and seconds >= 0


def _units_of(module: ModuleLoad, mean: float, *, all_same: bool) -> Iterator[_Unit]:
    tests: list[int] = []
    each_s: list[float] = []
    inside = ""
    for test, seconds, name in zip(module.tests, module.seconds, module.classes, strict=True):
        if tests and not (name and name == inside):
            yield _Unit(tuple(tests), tuple(each_s))
            tests, each_s = [], []
        tests.append(test)
        each_s.append(mean if all_same or seconds is None or not _is_known(seconds) else seconds)
        inside = name
    if tests:
        yield _Unit(tuple(tests), tuple(each_s))


def _split(units: Sequence[_Unit], path: str, limit_s: float) -> Iterator[_Piece]:
    """Yield the module in pieces of at most ``limit_s``, or of a single test; whole where it is short enough."""
    if sum(unit.seconds for unit in units) <= limit_s:
        limit_s = inf  # summed in another order it could come out a last digit higher
    tests: list[int] = []
    piece_s = 0.0
    for part, seconds, begins in _parts(units, limit_s):
        if tests and (begins or piece_s + seconds > limit_s):
            yield _Piece(tuple(tests), piece_s, path)
            tests, piece_s = [], 0.0
        tests += part
        piece_s += seconds
    if tests:
        yield _Piece(tuple(tests), piece_s, path)


def _parts(units: Sequence[_Unit], limit_s: float) -> Iterator[tuple[tuple[int, ...], float, bool]]:
    """Yield what is not cut, its seconds, and whether it begins a piece: so a long class is cut into few."""
    for unit in units:
        if unit.seconds <= limit_s:
            yield unit.tests, unit.seconds, False
        else:
            for place, (test, seconds) in enumerate(zip(unit.tests, unit.each_s, strict=True)):
                yield (test,), seconds, place == 0


def _merged(pieces: list[_Piece]) -> list[_Piece]:
    """Return at most ``MOST_CHUNKS`` pieces: the shortest put together, to at most a 4,000th of their sum or one."""
    if len(pieces) <= MOST_CHUNKS:
        return pieces
    longest_first = sorted(range(len(pieces)), key=lambda place: (-pieces[place].seconds, place))
    tail = [pieces[place] for place in sorted(longest_first[_ALONE:])]
    size_s = sum(piece.seconds for piece in tail) / _TAIL
    found = [pieces[place] for place in sorted(longest_first[:_ALONE])]
    together = tail[0]
    for piece in tail[1:]:
        if together.seconds + piece.seconds > size_s:
            found.append(together)
            together = piece
        else:
            together = _Piece(together.tests + piece.tests, together.seconds + piece.seconds, None)
    return [*found, together]


def _in_order(pieces: list[_Piece], limit_s: float) -> list[_Piece]:
    """Return the longest first, but the pieces of one module in its order, in the places these have.

    Single tests longer than a piece may be stay where they are: only for them the bound rests on the order.
    """
    queue = sorted(pieces, key=lambda piece: -piece.seconds)
    places: dict[str, list[int]] = defaultdict(list)
    for place, piece in enumerate(queue):
        if piece.path is not None and piece.seconds <= limit_s:
            places[piece.path].append(place)
    free = {path: iter(some) for path, some in places.items()}
    for piece in pieces:
        if piece.path is not None and piece.seconds <= limit_s:
            queue[next(free[piece.path])] = piece
    return queue
