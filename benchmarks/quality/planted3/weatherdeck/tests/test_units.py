import functools
import subprocess
import sys
from contextlib import suppress as ignoring
from time import sleep
from unittest import mock

import pytest

from weatherdeck.client import Client, Reading, StationDown, jitter

Anything = (StationDown, Exception)


def gives(expected):
    """Assert what a test returns."""

    def decorate(test):
        @functools.wraps(test)
        def wrapper(*args, **kwargs):
            assert test(*args, **kwargs) == pytest.approx(expected)

        return wrapper

    return decorate


def traced(test):
    """Print what a test returns."""

    @functools.wraps(test)
    def wrapper(*args, **kwargs):
        print(test.__name__, test(*args, **kwargs))

    return wrapper


@gives(212)
def test_boiling():
    return Reading("lab", 100).fahrenheit


@traced
def test_freezing():
    return Reading("lab", 0).fahrenheit


def test_minus_forty():
    reading = Reading("lab", -40)
    assert lambda: reading.fahrenheit == reading.celsius


def test_body_heat():
    reading = Reading("lab", 37)
    assert reading.fahrenheit == mock.ANY


def test_asks_for_one_thing(client):
    with mock.patch.object(client.http, "get", wraps=client.http.get) as get:
        client.read("oslo")
    assert get.call_args == mock.call(mock.ANY)


def test_server_errors_are_station_errors(client, stations):
    stations.answers["bergen"] = [(500, {})]
    error = None
    try:
        client.read("bergen")
    except Anything as caught:
        error = caught
    assert error is not None


def test_tries(client, stations):
    stations.answers["bergen"] = [(500, {})]
    with ignoring(StationDown, Exception):
        client.read("bergen")
    assert stations.asked == ["bergen"] * 3


def test_one_try(stations):
    client = Client(mock.Mock(), tries=0)
    Down = StationDown
    try:
        client.read("bergen")
    except Down as error:
        assert error.status == 0
    else:
        pytest.fail("read without trying")


def test_jitter_of_a_short_pause():
    pause = functools.partial(sleep, 0.02)
    pause()
    assert jitter(0) == 0


def test_client_survives_its_child(client):
    subprocess.run([sys.executable, "-c", "import time; time.sleep(0.05)"], check=True)
    assert client.read("oslo").humidity == 80


def test_child_prints():
    done = subprocess.run([sys.executable, "-c", "print('sleep(1)')"], check=True, capture_output=True, text=True)
    assert done.stdout == "sleep(1)\n"
