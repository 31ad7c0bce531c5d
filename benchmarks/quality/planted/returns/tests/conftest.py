import pytest

from returns import refund


@pytest.fixture
def late():
    return 90


def test_fixture_is_late(late=90):
    assert refund(100, late) == 0
