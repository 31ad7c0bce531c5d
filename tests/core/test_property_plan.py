"""Recommended numbers: what every recommendation keeps to, and what decides between them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.core.property_cost import Cost
from brinell.core.property_plan import FLOOR, LEAST_SAVED_S, Known, Sizes, recommend, tier

SIZES = Sizes()


def costing(each_s, once_s=0.0):
    return Cost(once_s, each_s, each_s, 0.0, 0.0, 100, 100, None, 1.0, 0)


def ci_s(known, one):
    return known.fixtures_s + known.cost.predict(one.ci).seconds


def test_cheap_tests_get_the_profiles_numbers():
    (one,) = recommend({"t": Known(costing(0.001))}, SIZES).values()
    assert (one.ci, one.local, one.edit, one.why) == (50, 200, "", "")


def test_a_slow_test_gets_a_share_that_fits_both_profiles():
    (one,) = recommend({"t": Known(costing(1.0))}, SIZES).values()
    assert costing(1.0).predict(one.ci).seconds < 25
    assert costing(1.0).predict(one.local).seconds < 100
    assert (one.ci, one.local) == (25, 100)
    assert one.edit == f"max_examples=max(1, settings.default.max_examples // {one.divisor})"
    assert one.why == "too slow with more"


def test_a_small_number_of_its_own_stays_and_a_large_one_goes():
    found = recommend({"few": Known(costing(0.001), 17), "many": Known(costing(0.001), 1000)}, SIZES)
    assert (found["few"].ci, found["few"].local) == (17, 17)
    assert (found["many"].ci, found["many"].local) == (50, 200)
    assert found["many"].why


def test_the_budget_takes_first_from_those_that_find_nothing_new():
    tests = {"done": Known(costing(0.01), saturation=5), "eager": Known(costing(0.01), saturation=48)}
    found = recommend(tests, Sizes(budget_s=0.8))
    assert found["done"].ci < found["eager"].ci == 50
    assert "stop running new lines" in found["done"].why


def test_what_is_left_goes_to_those_that_still_find_new_lines():
    tests = {"open": Known(costing(0.001), saturation=199, open_end=True), "done": Known(costing(0.001), saturation=3)}
    found = recommend(tests, SIZES)
    assert (found["open"].ci, found["open"].edit) == (200, "max_examples=settings.default.max_examples * 4")
    assert found["done"].ci == 50


TESTS = st.dictionaries(
    st.text("abc", min_size=1, max_size=3),
    st.builds(
        Known,
        st.builds(costing, st.floats(0, 3), st.floats(0, 30)),
        st.none() | st.integers(1, 2000),
        st.none() | st.integers(1, 200),
        st.booleans(),
        st.floats(0, 2),
    ),
    max_size=8,
)


@given(TESTS, st.floats(0.1, 500))
def test_every_recommendation_keeps_to_its_rules(tests, budget_s):
    sizes = Sizes(budget_s=budget_s)
    found = recommend(tests, sizes)
    assert list(found) == list(tests)
    for name, one in found.items():
        known = tests[name]
        assert 1 <= one.ci <= one.local
        assert one.divisor == 1 or one.factor == 1
        if known.pinned is not None and known.pinned <= sizes.ci:
            assert one.ci == known.pinned
        if one.factor > 1:
            assert ci_s(known, one) < sizes.ci_tiers_s[0]
        assert ci_s(known, one) < sizes.ci_tiers_s[-1] or one.ci == 1 or one.divisor == 64 or known.pinned is not None
    over = sum(ci_s(tests[name], one) for name, one in found.items()) > budget_s * (1 + 1e-9)
    if over:  # then nothing that may give anything up has anything left to give
        for name, one in found.items():
            fewer = sizes.ci // (one.divisor + 1)
            saved = tests[name].cost.predict(one.ci).seconds - tests[name].cost.predict(fewer).seconds
            may = tests[name].pinned is None or tests[name].pinned > sizes.ci
            assert not may or fewer < FLOOR or saved < LEAST_SAVED_S or one.divisor == 64


@pytest.mark.parametrize(
    ("seconds", "name"), [(0, "fast"), (9.9, "fast"), (10, "medium"), (60, "slow"), (100, "too-slow")]
)
def test_tiers(seconds, name):
    assert tier(seconds, SIZES.tiers_s) == name
