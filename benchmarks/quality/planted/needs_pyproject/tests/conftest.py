import importlib.util

import pytest

if importlib.util.find_spec("freezegun") is not None:
    import freezegun


@pytest.fixture
def broker():
    import redis

    return redis.Redis()


@pytest.fixture
def noon():
    if importlib.util.find_spec("freezegun") is None:
        pytest.skip("no freezegun here")
    with freezegun.freeze_time("2026-01-01 12:00"):
        yield
