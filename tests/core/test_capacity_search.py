from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.core.capacity_search import (
    CONNECTIONS,
    ENDINGS,
    INVALID,
    RATE,
    Bracket,
    Search,
    Stop,
    Tried,
    Try,
    ahead,
    bracket,
    next_step,
)
from brinell.core.sequential import BROKEN, HELD

LEVELS = st.floats(1, 50_000)


def search(**more):
    return Search(**{"quantity": RATE, "start": 50, "limit": 100_000, "tolerance": 0.05, "budget_s": 1e9, **more})


def play(plan, verdict, most=500):
    """Search until it stops; ``verdict`` is asked with each move and what was tried before it."""
    tried = []
    while not isinstance(move := next_step(plan, tried), Stop):
        assert len(tried) < most
        tried.append(Tried(move.level, verdict(move, tried), 1.0))
    return move, tried


def truth(capacity):
    return lambda move, _: HELD if move.level <= capacity else BROKEN


@given(capacity=LEVELS, start=LEVELS, tolerance=st.floats(0.005, 0.5))
def test_of_a_quiet_subject_the_bracket_holds_the_truth_and_is_narrow(capacity, start, tolerance):
    stop, tried = play(search(start=start, tolerance=tolerance), truth(capacity))
    found = bracket(tried)
    assert stop == Stop("found")
    assert found.low <= capacity < found.high
    assert found.confirmed
    assert found.high / found.low <= 1 + max(tolerance, 0.0021)  # four digits of a rate
    assert [one.verdict for one in tried if one.level == found.low] == [HELD] * 3
    assert [one.verdict for one in tried if one.level == found.high] == [BROKEN] * 2


@given(capacity=st.integers(1, 9_999), start=st.integers(1, 10_000), tolerance=st.floats(0.005, 0.5))
def test_connections_are_whole(capacity, start, tolerance):
    plan = search(quantity=CONNECTIONS, start=start, tolerance=tolerance, limit=10_000)
    stop, tried = play(plan, truth(capacity + 0.5))
    found = bracket(tried)
    assert all(one.level == int(one.level) for one in tried)
    assert stop == Stop("found")
    assert found.low <= capacity < found.high
    assert found.high <= max(found.low * (1 + tolerance), found.low + 1)


@given(verdicts=st.lists(st.sampled_from([HELD, BROKEN, INVALID]), min_size=60, max_size=60), start=LEVELS)
def test_whatever_comes_it_ends_and_stays_within_its_bounds(verdicts, start):
    plan = search(start=start, limit=60_000)
    stop, tried = play(plan, lambda _, before: verdicts[len(before)], most=plan.most_steps + 1)
    assert stop.why in ENDINGS
    assert all(plan.least <= one.level <= plan.limit for one in tried)
    found = bracket(tried)
    assert found.high is None or found.low < found.high


@given(seed=st.integers(0, 10_000), capacity=LEVELS, cut=st.integers(0, 30))
def test_it_goes_on_where_it_was_cut(seed, capacity, cut):
    noise = random.Random(seed)  # noqa: S311 - a subject that wavers
    verdict = lambda move, _: HELD if move.level <= capacity * noise.uniform(0.95, 1.05) else BROKEN  # noqa: E731 - one line
    _, tried = play(search(), verdict)
    cut = min(cut, len(tried) - 1)
    assert next_step(search(), tried[:cut]) == next_step(search(), list(tried[:cut]))
    assert next_step(search(), tried[:cut]).level == tried[cut].level


@given(seed=st.integers(0, 10_000), capacity=st.floats(20, 50_000))
def test_of_a_wavering_subject_the_answer_is_near_the_truth(seed, capacity):
    noise = random.Random(seed)  # noqa: S311 - a subject that wavers
    _, tried = play(search(), lambda move, _: HELD if move.level <= capacity * noise.uniform(0.97, 1.03) else BROKEN)
    assert 0.85 * capacity <= bracket(tried).low <= 1.03 * capacity


def test_one_hiccup_on_the_way_up_does_not_decide_the_answer():
    def verdict(move, before):
        return BROKEN if len(before) == 2 else truth(1000)(move, before)

    stop, tried = play(search(), verdict)
    assert tried[2] == Tried(200, BROKEN, 1.0)
    assert stop == Stop("found")
    assert 950 <= bracket(tried).low <= 1000


@given(capacity=st.floats(200, 50_000), share=st.floats(0.6, 0.9), start=LEVELS)
def test_of_a_subject_that_remembers_an_overload_the_answer_is_what_it_recovers_to(capacity, share, start):
    """It is slower in the step after one that broke."""

    def verdict(move, before):
        hurt = bool(before) and before[-1].verdict == BROKEN
        return HELD if move.level <= capacity * (share if hurt else 1) else BROKEN

    stop, tried = play(search(start=start), verdict)
    found = bracket(tried)
    assert stop == Stop("found")
    assert found.low <= share * capacity < found.high
    assert found.high / found.low <= 1.0521
    assert found.confirmed
    assert found.from_below is None or found.low < found.from_below <= capacity


def test_one_of_the_steps_that_prove_the_answer_comes_after_an_overload():
    _, tried = play(search(), truth(1000))
    low = bracket(tried).low
    assert any((early.verdict, late) == (BROKEN, Tried(low, HELD, 1.0)) for early, late in pairwise(tried))


def test_what_held_by_itself_and_breaks_after_an_overload_is_told_beside_the_answer():
    tried = [Tried(100, HELD), Tried(140, HELD), Tried(200, BROKEN), Tried(140, BROKEN), Tried(100, HELD)]
    found = bracket(tried)
    assert (found.low, found.high, found.from_below) == (100, 140, None)  # once may be chance
    assert next_step(search(), tried).level == 200  # so that what comes next follows an overload
    assert next_step(search(), [*tried, Tried(200, BROKEN)]).level == 118.3
    again = [*tried, Tried(200, BROKEN), Tried(140, BROKEN)]
    assert bracket(again).from_below == 140
    assert bracket([*again, Tried(100, HELD), Tried(140, BROKEN)]).from_below is None  # it breaks by itself, too


def test_what_comes_and_goes_by_itself_is_proved_for_the_longest_time():
    sure = [Tried(100, HELD), Tried(104, BROKEN), Tried(104, BROKEN)]
    assert next_step(search(), sure) == Try(100, "the highest that held, once more (1 of 1 so far)", whole=True)
    assert next_step(search(), [Tried(96, HELD), Tried(96, BROKEN), Tried(96, HELD), *sure]).long


def test_a_failed_confirmation_lowers_the_bracket():
    tried = [Tried(100, HELD), Tried(200, BROKEN), Tried(141.4, HELD), Tried(141.4, BROKEN)]
    assert bracket(tried) == Bracket(100, 141.4, None, confirmed=False)
    assert next_step(search(), tried).level == 118.9


def test_a_level_that_wavers_without_end_is_broken():
    tried = [Tried(100, HELD)] * 4 + [Tried(100, BROKEN)] * 2
    assert bracket(tried).low == 0.0


def test_a_subject_that_holds_nothing_has_none():
    stop, tried = play(search(start=800), truth(0.5))
    assert stop == Stop("nothing")
    assert bracket(tried) == Bracket(0.0, 1.0, None, confirmed=False)
    assert [one.level for one in tried] == [800, 200, 50, 12.5, 3.125, 1, 1]


def test_a_subject_that_never_breaks_holds_the_limit():
    stop, tried = play(search(limit=333), truth(1e9))
    assert stop == Stop("limit")
    assert bracket(tried) == Bracket(333, None, None, confirmed=True)


def test_an_invalid_step_is_tried_once_more_and_then_bounds_the_answer():
    def verdict(move, _):
        return INVALID if move.level > 300 else HELD

    stop, tried = play(search(), verdict)
    assert stop == Stop("generator")
    found = bracket(tried)
    assert found.high is None
    assert 240 <= found.low <= 300 < found.ceiling
    assert [one.verdict for one in tried if one.level == 400] == [INVALID, INVALID]


def test_an_invalid_step_that_is_valid_with_more_changes_nothing():
    def verdict(move, before):
        return INVALID if len(before) == 3 else truth(1000)(move, before)

    stop, tried = play(search(), verdict)
    assert next_step(search(), tried[:4]) == Try(
        400, "once more, with more of what the generator lacked", more=True, whole=True
    )
    assert stop == Stop("found")
    assert 950 <= bracket(tried).low <= 1000


@given(capacity=LEVELS, wanted=LEVELS)
def test_what_is_asked_for_is_tried_itself_unless_it_is_far_from_the_answer(capacity, wanted):
    stop, tried = play(search(at_least=wanted), truth(capacity))
    found = bracket(tried)
    assert stop == Stop("found")
    assert found.low >= wanted if capacity >= wanted else found.high <= wanted


@pytest.mark.parametrize(("bound", "why"), [({"budget_s": 4.5}, "budget"), ({"most_steps": 5}, "steps")])
def test_time_and_steps_are_bounded(bound, why):
    stop, tried = play(search(**bound), truth(1000))
    assert (stop, len(tried)) == (Stop(why), 5)


@given(capacity=LEVELS, start=LEVELS)
def test_how_many_steps_are_left_is_about_right(capacity, start):
    plan = search(start=start)
    _, tried = play(plan, truth(capacity))
    assert ahead(plan, []) is None
    assert ahead(plan, tried) == (0, 0)
    for made in range(len(tried)):
        left = ahead(plan, tried[:made])
        assert left is None or abs(sum(left) - (len(tried) - made)) <= 1


def test_only_what_bounds_the_answer_takes_its_whole_time():
    moves = []
    play(search(), lambda move, before: moves.append(move) or truth(1000)(move, before))
    assert [move.whole for move in moves[:6]] == [False] * 6
    assert [move.whole for move in moves[-3:]] == [True] * 3


@pytest.mark.parametrize(
    ("subject", "limit", "why"),
    [(truth(930), 1e5, "found"), (truth(1e9), 400, "limit"), (truth(0), 1e5, "nothing")],
)
def test_an_answer_that_is_there_when_the_time_is_up_is_the_answer(subject, limit, why):
    stop, tried = play(search(limit=limit), subject)
    assert stop == Stop(why)
    for bound in ({"budget_s": float(len(tried))}, {"most_steps": len(tried)}):  # used up by the very last step
        assert play(search(limit=limit, **bound), subject) == (stop, tried)
    for bound in ({"budget_s": len(tried) - 1.0}, {"most_steps": len(tried) - 1}):
        assert play(search(limit=limit, **bound), subject)[0].why in {"budget", "steps"}
