from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from brinell.core.property_cost import Cost
from brinell.suite.property.measuring import LEAST, measuring_sizes, rounds, unsure


def costing(each_s, sd_s=0.0, seen=10):
    return Cost(0.0, each_s, each_s, sd_s, sd_s, seen, seen, None, 1.0, 0)


def test_what_fits_gets_all_examples():
    assert measuring_sizes({"a": costing(0.001), "b": costing(0.002)}, 200, 10.0) == {"a": 200, "b": 200}


def test_the_costly_ones_give_up_and_the_cheap_ones_do_not():
    sizes = measuring_sizes({"cheap": costing(0.001), "costly": costing(1.0)}, 200, 60.0)
    assert sizes["cheap"] == 200
    assert LEAST < sizes["costly"] <= 60


@given(
    st.dictionaries(st.text(max_size=3), st.builds(costing, st.floats(0, 10))), st.integers(1, 500), st.floats(0.1, 500)
)
def test_never_more_than_the_effort_unless_it_is_the_least(costs, most, effort_s):
    sizes = measuring_sizes(costs, most, effort_s)
    assert set(sizes) == set(costs)
    assert all(1 <= size <= most for size in sizes.values())
    total = sum(cost.predict(sizes[test]).seconds for test, cost in costs.items())
    assert total <= effort_s * 1.001 or all(size == min(LEAST, most) or size <= LEAST for size in sizes.values())


def test_only_what_is_a_matter_of_luck_is_tried_again():
    costs = {"even": costing(0.01), "uneven": costing(0.01, 0.02), "short": costing(0.0001, 0.001)}
    planned = rounds(costs, dict.fromkeys(costs, 50), (3, 12), 60.0)
    assert planned == [("even", "uneven", "short")] * 3 + [("uneven",)] * 9


def test_the_cheap_ones_are_tried_again_first_and_no_more_than_there_is_time():
    costs = {"costly": costing(1.0, 2.0), "cheap": costing(0.01, 0.02)}
    planned = rounds(costs, dict.fromkeys(costs, 50), (1, 5), 3.0)
    assert planned == [("costly", "cheap"), *[("cheap",)] * 4]
    assert rounds(costs, dict.fromkeys(costs, 50), (1, 5), 0.0) == [("costly", "cheap"), (), (), (), ()]


def test_what_is_known_or_short_is_not_measured_again():
    costs = {"known": costing(0.01, 0.02, 10_000), "unknown": costing(0.01, 0.02, 100), "short": costing(0.0001, 0.001)}
    assert list(unsure(costs, 200)) == ["unknown"]
