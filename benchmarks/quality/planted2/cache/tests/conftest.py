import logging

import pytest

from larder import TTLCache


class TestClock:
    def __init__(self, now=1000.0):
        self.now = now

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


@pytest.fixture
def quiet_log():
    logging.disable(logging.INFO)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def clock():
    return TestClock()


@pytest.fixture
def cache(clock):
    return TTLCache(maxsize=3, ttl=10, clock=clock)


def test_fixture_cache_is_empty(cache):
    assert len(cache) == 0
