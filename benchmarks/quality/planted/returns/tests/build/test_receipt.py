from returns import refund


def test_receipt():
    assert f"{refund(100, 1)} ct" == "100 ct"
