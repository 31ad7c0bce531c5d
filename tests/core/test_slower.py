from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.core.slower import CANNOT_TELL, LEAST_RATIO, NOT_REGRESSED, REGRESSED, Times, decide

SIDES = st.lists(st.tuples(st.floats(0.5, 50), st.floats(0.5, 50)), min_size=1, max_size=20)


def series(n, *, effect=0.0, noise=0.01, wall_noise=0.0, waits=False, starved=True):
    """Pairs of runs of ten seconds, three of them waiting; ``wall_noise`` is waiting for a processor."""
    chance = np.random.default_rng(0)
    sides = []
    for more in (0.0, effect):
        rows = []
        for _ in range(n):
            cpu_s = (7.0 + (0 if waits else 10 * more)) * math.exp(chance.normal(0, noise))
            free_s = cpu_s + 3.0 + (10 * more if waits else 0)
            stolen_s = abs(chance.normal(0, wall_noise)) * free_s
            rows.append(Times(free_s + stolen_s, cpu_s, stolen_s if starved else None))
        sides.append(rows)
    return sides


@given(SIDES)
def test_any_times_have_an_answer_and_too_few_have_none(pairs):
    found = decide([Times(a) for a, _ in pairs], [Times(b) for _, b in pairs])
    assert found.answer in (REGRESSED, NOT_REGRESSED, CANNOT_TELL)
    if len(pairs) < 8:
        assert found.answer == CANNOT_TELL
    assert (found.why == "") is (found.answer != CANNOT_TELL)


@given(SIDES, st.floats(0.1, 10))
def test_what_regressed_did_not_also_not_regress_the_other_way_round(pairs, scale):
    old, new = [Times(a * scale) for a, _ in pairs], [Times(b * scale) for _, b in pairs]
    if decide(old, new, least_s=0).answer == REGRESSED:
        assert decide(new, old, least_s=0).answer == NOT_REGRESSED


@pytest.mark.parametrize(
    ("n", "how", "answer"),
    [
        (8, {"effect": 0.2}, REGRESSED),
        (8, {"effect": 0.0}, NOT_REGRESSED),
        (8, {"effect": -0.2}, NOT_REGRESSED),
        (7, {"effect": 0.5}, CANNOT_TELL),
        (30, {"effect": 0.05, "noise": 0.03}, CANNOT_TELL),  # at the limit
        (8, {"effect": 0.2, "wall_noise": 0.5}, REGRESSED),  # a busy machine, that tells
        (8, {"effect": 0.2, "wall_noise": 0.5, "starved": False}, CANNOT_TELL),  # one that does not
        (8, {"effect": 0.2, "waits": True}, CANNOT_TELL),
        (12, {"effect": 0.2, "waits": True}, REGRESSED),
        (12, {"effect": 0.2, "waits": True, "starved": False}, CANNOT_TELL),
        (17, {"effect": 0.2, "waits": True, "starved": False}, REGRESSED),
    ],
)
def test_the_answer_on_pairs_of_known_effect(n, how, answer):
    found = decide(*series(n, **how))
    assert found.answer == answer
    assert found.n == n


def test_seconds_count_as_well_as_ratios():
    old, new = [Times(0.1, 0.1)] * 8, [Times(0.15 + i / 1e6, 0.15) for i in range(8)]
    assert decide(old, new).answer == NOT_REGRESSED
    assert decide(old, new, least_s=0.01).answer == REGRESSED


def test_how_many_more_pairs_are_told_only_where_they_help():
    unclear = decide(*series(8, effect=0.08, noise=0.03))
    assert unclear.answer == CANNOT_TELL
    assert unclear.more_pairs > 0
    assert decide(*series(8, effect=0.2)).more_pairs is None


def test_a_machine_whose_speed_drifts_is_no_judge():
    speed = [1.0, 1.0, 1.5, 1.5] * 4  # every second pair is slower
    old = [Times(10 * s, 10 * s) for s in speed[::2]]
    new = [Times(13 * s, 13 * s) for s in speed[::2]]
    found = decide(old, new)
    assert found.answer == CANNOT_TELL
    assert "drifts" in found.why


def test_identical_runs_are_hardly_ever_called_regressed():
    """Noise with a heavy tail, on both sides alike, 2,000 comparisons of one look each."""
    chance = np.random.default_rng(1)
    wrong = 0
    for _ in range(2000):
        times = 10 * np.exp(chance.standard_t(2, size=(2, 8)) * 0.05)
        wrong += decide([Times(t, t) for t in times[0]], [Times(t, t) for t in times[1]]).answer == REGRESSED
    assert wrong <= 20  # level(8) = 0.6 %, and the limit above 0 makes it rarer


def test_the_limit_is_the_larger_of_the_two():
    assert decide(*series(8)).limit == pytest.approx(math.log(LEAST_RATIO))
    assert decide([Times(1.0)] * 8, [Times(1.0)] * 8).limit == pytest.approx(math.log(1.1))
