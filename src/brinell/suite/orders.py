"""Orders of a suite that cover pairs of tests: each row is a permutation of indices into the default order.

A Williams design (Williams, Australian J. Sci. Res. A2, 1949) has every test directly after every other one equally
often, with as few rows as that takes; Wei et al. (TACAS 2021) and Li et al. (ISSTA 2023) use it to find victims.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from random import Random
from typing import NamedTuple


def rows(count: int, seed: int) -> Iterator[tuple[int, ...]]:
    """Yield the default order, the reversed one, and the rows of a Williams design over randomly relabelled tests.

    For even ``count`` the design has ``count`` rows that hold each ordered pair of neighbours once; for odd ones, twice
    as many that hold each twice. Each row is followed by its reverse (any two rows so cover every "p before v"), and
    the rows themselves come in random order: rows that stand next to each other in the design differ little.
    """
    if count < 1:
        return
    yield tuple(range(count))
    if count == 1:
        return
    yield tuple(reversed(range(count)))
    if count == 2:
        return  # there are no other orders
    draw = Random(seed)  # noqa: S311 - a reproducible order, no secret
    labels = draw.sample(range(count), count)
    shifts = count // 2 if count % 2 == 0 else count  # with an even count, half of the rows are the others reversed
    zigzag = _zigzag(count)
    for shift in draw.sample(range(shifts), shifts):
        row = tuple(labels[(step + shift) % count] for step in zigzag)
        yield row
        yield row[::-1]


def _zigzag(count: int) -> list[int]:
    """Return 0, n - 1, 1, n - 2, ...: the steps between neighbours are all different modulo n."""
    return [place // 2 if place % 2 == 0 else count - 1 - place // 2 for place in range(count)]


def module_rows(modules: Sequence[Sequence[int]], seed: int) -> Iterator[tuple[int, ...]]:
    """Yield such rows of whole modules, the order inside each kept: reproducible by naming the files in that order."""
    for row in rows(len(modules), seed):
        yield tuple(test for module in row for test in modules[module])


def followers(polluter: int, neutral: Sequence[int], seed: int) -> tuple[int, ...]:
    """Return one order: the polluter, then the tests that leave nothing behind (none can heal it), shuffled."""
    rest = [test for test in neutral if test != polluter]
    return polluter, *Random(seed).sample(rest, len(rest))  # noqa: S311 - a reproducible order, no secret


class Coverage(NamedTuple):
    """How many ordered pairs of ``tests`` tests some rows held: as neighbours, and as "p somewhere before v"."""

    tests: int
    neighbours: int
    before: int

    @property
    def pairs(self) -> int:
        """All ordered pairs there are."""
        return self.tests * (self.tests - 1)

    @property
    def neighbour_share(self) -> float:
        """Share of pairs that were neighbours; 1 where there is no pair."""
        return self.neighbours / self.pairs if self.pairs else 1.0

    @property
    def before_share(self) -> float:
        """Share of pairs that stood in this order; 1 where there is no pair."""
        return self.before / self.pairs if self.pairs else 1.0


def covered(rows: Iterable[Sequence[int]]) -> Coverage:
    """Count what these rows cover, of the tests that occur in any of them. Rows hold no test twice.

    Time is rows x tests^2 / 64 word operations, memory tests^2 / 8 bytes: 12 MB for 10,000 tests.
    """
    neighbours: set[tuple[int, int]] = set()
    before: dict[int, int] = {}  # by test: bit p is set once p stood before it
    for row in rows:
        neighbours.update(pairwise(row))
        seen = 0
        for test in row:
            before[test] = before.get(test, 0) | seen
            seen |= 1 << test
    return Coverage(len(before), len(neighbours), sum(mask.bit_count() for mask in before.values()))
