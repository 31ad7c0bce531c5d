from __future__ import annotations

from collections import Counter
from itertools import islice, pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.suite.orders import Coverage, covered, followers, module_rows, rows

COUNTS = st.integers(0, 25)
SEEDS = st.integers(0, 2**32)


@given(COUNTS, SEEDS)
def test_every_row_is_a_permutation_and_the_first_two_are_the_default_and_its_reverse(count, seed):
    every = list(rows(count, seed))
    default = tuple(range(count))
    assert all(tuple(sorted(row)) == default for row in every)
    assert every[:2] == [default, default[::-1]][: min(count, 2)]
    assert len(every) == {0: 0, 1: 1, 2: 2}.get(count, 2 + count * (1 + count % 2))


@given(st.integers(3, 24), SEEDS)
def test_the_design_holds_each_pair_of_neighbours_equally_often(count, seed):
    design = list(rows(count, seed))[2:]
    seen = Counter(pair for row in design for pair in pairwise(row))
    assert seen == dict.fromkeys(permutations(range(count), 2), 1 + count % 2)


@given(st.integers(3, 25), SEEDS)
def test_each_row_of_the_design_is_followed_by_its_reverse(count, seed):
    design = list(rows(count, seed))[2:]
    assert all(row[::-1] == following for row, following in zip(design[::2], design[1::2], strict=True))
    assert len(set(design)) == len(design)


@given(st.integers(2, 12).map(lambda half: 2 * half), SEEDS, st.integers(1, 10))
def test_each_row_of_an_even_design_adds_only_new_pairs(count, seed, first):
    some = list(islice(rows(count, seed), 2, 2 + first))
    assert covered(some).neighbours == len(some) * (count - 1)


@given(st.lists(st.permutations(range(8)), max_size=6))
def test_coverage_is_what_counting_gives(some):
    before = {(p, v) for row in some for i, v in enumerate(row) for p in row[:i]}
    neighbours = {pair for row in some for pair in pairwise(row)}
    assert covered(some) == Coverage(8 if some else 0, len(neighbours), len(before))


def test_default_and_reverse_cover_every_order_of_two_but_few_neighbours():
    coverage = covered(islice(rows(10, 1), 2))
    assert (coverage.pairs, coverage.before, coverage.neighbours) == (90, 90, 18)
    assert (coverage.before_share, coverage.neighbour_share) == (1, 0.2)
    assert covered([(0,)]).neighbour_share == covered([]).before_share == 1


def test_seeds_decide():
    assert list(rows(9, 3)) == list(rows(9, 3))
    assert list(rows(9, 3)) != list(rows(9, 4))


@pytest.mark.parametrize("count", [7, 12])
def test_a_healer_between_them_hides_no_victim_from_the_design(count):
    """One polluter, one victim, everything else heals: only neighbours show it, and some row has them."""
    for polluter, victim in permutations(range(count), 2):
        assert any((polluter, victim) in pairwise(row) for row in rows(count, 5))


@given(st.lists(st.integers(1, 4), max_size=7), SEEDS)
def test_modules_move_whole(sizes, seed):
    starts = [sum(sizes[:i]) for i in range(len(sizes))]
    modules = [tuple(range(start, start + size)) for start, size in zip(starts, sizes, strict=True)]
    for row in module_rows(modules, seed):
        assert sorted(row) == list(range(sum(sizes)))
        for module in modules:
            place = row.index(module[0])
            assert row[place : place + len(module)] == module


@given(st.sets(st.integers(0, 30)), st.integers(0, 30), SEEDS)
def test_followers_come_after_the_polluter(neutral, polluter, seed):
    order = followers(polluter, sorted(neutral), seed)
    assert order[0] == polluter
    assert sorted(order[1:]) == sorted(neutral - {polluter})
    assert order == followers(polluter, sorted(neutral), seed)
