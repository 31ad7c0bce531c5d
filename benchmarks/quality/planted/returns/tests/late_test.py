from returns import refund


def test_sixty_days():
    assert refund(100, 60) == 50
