from returns import refund


def test_refund_within_a_week():
    assert refund(100, 7) == 100


def test_refund_of_nothing():
    assert refund(0, 7) == 0
