from __future__ import annotations

from math import ceil, log2

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from brinell.suite.minimise import Minimal, all_polluters, healers, minimise


def answer(search, fails):
    """Run a search on a simulated truth; return its answer and the batches it asked for."""
    batches = []
    try:
        batch = next(search)
        while True:
            batches.append(batch)
            batch = search.send([fails(candidate) for candidate in batch])
    except StopIteration as end:
        return end.value, batches


def truth(conjunctions, healing=()):
    """The victim fails after all tests of a conjunction, unless one of ``healing`` came after the last of them."""

    def fails(candidate):
        left = [set(conjunction) for conjunction in conjunctions]
        for test in candidate:
            if test in healing:
                left = [set(conjunction) for conjunction in conjunctions]
            for conjunction in left:
                conjunction.discard(test)
        return not all(left)

    return fails


def is_one_minimal(subsequence, fails):
    return fails(subsequence) and not any(
        fails(subsequence[:i] + subsequence[i + 1 :]) for i in range(len(subsequence))
    )


def bound(n, k):
    return 2 + 2 * k * (ceil(log2(max(n, 2))) + 1) + k


@st.composite
def monotone(draw):
    n = draw(st.integers(1, 300))
    sets = st.sets(st.integers(0, n - 1), min_size=1, max_size=3)
    return n, draw(st.lists(sets, min_size=1, max_size=4))


@given(st.integers(1, 5000), st.data())
def test_one_polluter_is_found_in_two_trials_a_halving(n, data):
    polluter = data.draw(st.integers(0, n - 1))
    minimal, batches = answer(minimise(range(n)), truth([{polluter}]))
    assert minimal[:2] == ((polluter,), True)
    assert minimal.tried == sum(map(len, batches)) <= 2 + 2 * ceil(log2(n))


@given(monotone(), st.integers(1, 5))
def test_several_polluters_and_conjunctions(case, width):
    n, conjunctions = case
    fails = truth(conjunctions)
    minimal, batches = answer(minimise(range(n), width=width), fails)
    assert minimal.one_minimal
    assert minimal.fails
    assert set(minimal.subsequence) in conjunctions
    assert list(minimal.subsequence) == sorted(minimal.subsequence)
    assert minimal.tried <= bound(n, len(minimal.subsequence))
    asked = [candidate for batch in batches for candidate in batch]
    assert len(asked) == len(set(asked)) == minimal.tried
    assert all(1 <= len(batch) <= width for batch in batches)


@given(monotone(), st.data())
def test_healers_in_between_never_spoil_the_answer(case, data):
    n, conjunctions = case
    healing = data.draw(st.sets(st.integers(0, n - 1), max_size=10)) - set().union(*conjunctions)
    fails = truth(conjunctions, healing)
    minimal, _ = answer(minimise(range(n)), fails)
    if fails(tuple(range(n))):
        assert minimal.one_minimal
        assert is_one_minimal(minimal.subsequence, fails)
        assert minimal.tried <= 40 + 12 * ceil(log2(max(n, 2)))
    else:
        assert minimal == Minimal(tuple(range(n)), one_minimal=False, tried=2, fails=False)


@given(st.integers(1, 10), st.binary(min_size=1, max_size=64))
@example(4, b"\x80")
def test_any_victim_whatsoever(n, table):
    """No rule at all behind what fails: what comes out was seen to fail, and is one-minimal."""
    asked = {}

    def fails(candidate):
        code = sum(1 << test for test in candidate)
        return asked.setdefault(candidate, code == 2**n - 1 or bool(table[code // 8 % len(table)] >> code % 8 & 1))

    minimal, _ = answer(minimise(range(n), most=5000), fails)
    assert is_one_minimal(minimal.subsequence, fails)
    assert asked[minimal.subsequence]
    assert minimal.tried == len(asked) <= 5000


@given(monotone(), st.integers(1, 40))
def test_never_more_trials_than_allowed_and_the_best_so_far(case, most):
    n, conjunctions = case
    fails = truth(conjunctions)
    minimal, batches = answer(minimise(range(n), most=most), fails)
    assert minimal.tried == sum(map(len, batches)) <= most
    seen = [candidate for batch in batches for candidate in batch if fails(candidate)]
    assert minimal.fails == bool(seen)
    if seen:
        assert len(minimal.subsequence) == min(map(len, seen))
    if minimal.one_minimal:
        assert is_one_minimal(minimal.subsequence, fails)


def test_likely_ones_are_tried_first():
    minimal, batches = answer(minimise(range(1000), likely=[2000, 5, 700, 9], width=2), truth([{700}]))
    assert minimal == Minimal((700,), one_minimal=True, tried=4)
    assert batches[1] == [(5,), (700,)]


def test_a_likely_one_is_found_though_the_whole_prefix_heals_it():
    minimal, _ = answer(minimise("abc", likely="b"), truth([{"b"}], healing="c"))
    assert minimal[:2] == (("b",), True)


def test_a_victim_that_fails_after_nothing_needs_nothing():
    assert answer(minimise("abc"), lambda _: True)[0] == Minimal((), one_minimal=True, tried=2)
    assert answer(minimise(""), lambda _: False)[0] == Minimal((), one_minimal=False, tried=1, fails=False)


@pytest.mark.parametrize("options", [{"most": 0}, {"width": 0}])
def test_a_search_needs_trials(options):
    with pytest.raises(ValueError, match="needs trials"):
        next(minimise("ab", **options))


def test_answers_must_match_the_batch():
    search = minimise("ab")
    next(search)
    with pytest.raises(ValueError, match="zip"):
        search.send([True])


@given(st.integers(0, 30), st.sets(st.integers(0, 30)))
def test_all_polluters_are_named_in_one_batch(n, polluters):
    named, batches = answer(all_polluters(range(n)), truth([{p} for p in polluters]))
    assert set(named) == polluters & set(range(n))
    assert len(batches) == (n > 0)


@given(st.sets(st.integers(1, 20)), st.booleans())
def test_healers_are_named(healing, reproduces):
    fails = truth([{0}] if reproduces else [], healing)
    named, batches = answer(healers([0], range(21), 20), fails)
    assert set(named) == (healing - {20} if reproduces else set())
    assert all(20 not in candidate for candidate in batches[0])
