import pytest

from clinic import slots

pytestmark = pytest.mark.skip(reason="")


def test_letter_names_the_slot():
    assert f"at {slots(480, 500)[0]}" == "at 480"
