import dataclasses
import unittest

import pytest

from contracts import FakeTill, RefundContract, test_day_thirty
from returns import refund

__all__ = ["test_day_thirty"]


@dataclasses.dataclass
class TestOrder:
    cents: int
    __test__ = False


class TestSmall(RefundContract):
    cents = 1


class TestTill:
    def test_answers(self):
        assert FakeTill().test_connection()

    class TestInner:
        def test_nested_class(self):
            assert refund(4, 31) == 2


class RefundTests:
    def test_half(self):
        assert refund(100, 31) == 50


class TestWithInit:
    def __init__(self):
        self.cents = 100

    def test_all(self):
        assert refund(self.cents, 3) == self.cents


class LateRefunds(unittest.TestCase):
    def test_nothing(self):
        self.assertEqual(refund(100, 61), 0)


def test_order():
    assert refund(TestOrder(5).cents, 1) == 5

    def test_order_late():
        assert refund(TestOrder(5).cents, 99) == 5


def test_with_callback():
    seen = []

    def test_value(cents):
        seen.append(refund(cents, 1))

    for cents in (1, 2):
        test_value(cents)
    assert seen == [1, 2]


def _test_negative_days():
    assert refund(100, -1) == 100


def refund_of_one_cent_test():
    assert refund(1, 45) == 0


@pytest.mark.parametrize("days", [61, 100])
def testLate(days):
    assert refund(100, days) == 0


if __name__ == "__main__":

    def test_by_hand():
        assert refund(100, 1) == 100

    test_by_hand()
