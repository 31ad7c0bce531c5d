import time

import pytest

from relay import Relay


@pytest.fixture
def received():
    return []


@pytest.fixture
def relay(received):
    relay = Relay(received.append)
    relay.start()
    yield relay
    relay.stop()


@pytest.fixture
def warm_relay(relay):
    relay.send("warm up")
    time.sleep(0.05)
    return relay
