from returns import refund


def test_late_refund():
    assert refund(100, 45) == 50
