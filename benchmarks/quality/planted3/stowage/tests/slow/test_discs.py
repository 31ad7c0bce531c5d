import pytest

pytestmark = [pytest.mark.slow, pytest.mark.skip(reason="the disc drive was sold in 2023")]


def test_disc(vault):
    assert vault.disc.eject()
