from decimal import Decimal

from hypothesis import given, strategies as st

from orders import Line, Order


@given(st.lists(st.integers(min_value=1, max_value=50), max_size=5))
def test_total_is_sum_of_quantities(quantities):
    order = Order(1, "ann", [Line("pen", quantity, Decimal(1)) for quantity in quantities])
    assert order.total == sum(quantities)


def test_equal_lines_are_equal():
    line = Line("pen", 1, Decimal(1))
    assert (
        line == Line("pen", 1, Decimal("1.00"))
    ), "the price's scale is of no matter"
    assert line == Line("pen", 1, Decimal("1.0"))
