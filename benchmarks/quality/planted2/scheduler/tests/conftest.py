import pytest

from almanac import Scheduler


class Clock:
    def __init__(self):
        self._now = 0.0

    @property
    def now(self):
        return self._now

    @now.setter
    def now(self, value):
        if value < self._now:
            raise ValueError("time runs forward")
        self._now = value

    def __call__(self):
        return self._now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def scheduler(clock):
    return Scheduler(now=clock)


@pytest.fixture
def running():
    scheduler = Scheduler()
    thread = scheduler.start()
    yield scheduler
    scheduler.stop()
    thread.join(5)
    assert not thread.is_alive()
