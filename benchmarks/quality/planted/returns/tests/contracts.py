"""Cases and helpers that test modules use."""

from returns import refund


class RefundContract:
    """Inherited by the test classes of each kind of refund."""

    cents = 100

    def test_first_day(self):
        assert refund(self.cents, 0) == self.cents

    def test_far_future(self):
        assert refund(self.cents, 10_000) == 0


def test_day_thirty():
    assert refund(10, 30) == 10


class FakeTill:
    """Stands for the till."""

    def test_connection(self):
        return True
