import pytest

from jobline.queue import Broker, Queue


@pytest.fixture
def queue():
    return Queue()


@pytest.fixture
def broker():
    return Broker()


@pytest.fixture
def fresh_broker():
    return Broker(warm_up=0)
