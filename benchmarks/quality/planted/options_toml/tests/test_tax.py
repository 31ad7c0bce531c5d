import pytest

from invoice import with_tax


@pytest.mark.parametrize(("cents", "expected"), [(100, 121), (1, 1), (0, 0)])
def test_with_tax(cents, expected):
    assert with_tax(cents, 21) == expected
