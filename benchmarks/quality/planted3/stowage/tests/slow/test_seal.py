import sys

import pytest

from stowage.vault import sealed

pytestmark = [pytest.mark.slow]


def test_length(seal):
    assert len(seal) == 128


def test_is_bytes(seal):
    assert isinstance(seal, bytes)


def test_is_not_the_password(seal):
    assert b"open sesame" not in seal


def test_is_not_zero(seal):
    assert any(seal)


def test_two_passwords(seal, other_seal):
    assert seal != other_seal


def test_other_length(other_seal):
    assert len(other_seal) == 128


def test_same_again(other_seal):
    assert sealed("open barley") == other_seal


def _skip_on_slow_machines():
    if sys.flags.dev_mode is False:
        pytest.skip("")


def test_many_rounds():
    _skip_on_slow_machines()
    assert sealed("x", 10_000_000)


def _needs(module):
    if module not in sys.modules:
        pytest.skip(f"{module} is not loaded")


def test_gpu():
    _needs("stowage.gpu")
    assert sys.modules["stowage.gpu"].sealed("x")
