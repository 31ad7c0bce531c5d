import pytest

pytestmark = pytest.mark.skip


def test_tape(vault):
    assert vault.tape.rewind()


def test_tapes(vault):
    assert vault.tapes == []
