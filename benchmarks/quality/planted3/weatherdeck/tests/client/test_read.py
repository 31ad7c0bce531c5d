import math
import random
import time
from typing import TYPE_CHECKING

import pytest

from weatherdeck.client import Client, Reading, StationDown, jitter

if TYPE_CHECKING:
    from pandas import DataFrame

try:
    import orjson
except ImportError:
    orjson = None

import numpy as np
from jinja2 import Template


class TestRead:
    def test_reading(self, client):
        assert client.read("oslo") == Reading("oslo", -3.5, 80)

    def test_fahrenheit(self, client):
        assert np.isclose(client.read("oslo").fahrenheit, 25.7)

    def test_unknown_station(self, client):
        with pytest.raises(StationDown, match="bergen answers 404"):
            client.read("bergen")

    def test_retries(self, client, stations, naps):
        stations.answers["oslo"].insert(0, (503, {}))
        client.read("oslo")
        assert naps == [0.5]

    def test_gives_up(self, client, stations, naps):
        stations.answers["bergen"] = [(500, {})]
        with pytest.raises(Exception):
            client.read("bergen")
            assert naps == [0.5, 1.0, 2.0, 4.0]

    def test_pauses_double(self, client, stations, naps):
        stations.answers["bergen"] = [(500, {})]
        client.sleep(7)
        with pytest.raises(StationDown):
            client.read("bergen")
        assert naps == [7, 0.5, 1.0, 2.0]

    def test_real_pause(self, stations):
        client = Client(None, pause=0)
        client.sleep(0.04)
        assert client.sleep is time.sleep

    def test_cache(self, client):
        client.read("oslo")
        assert isinstance(client.cache["oslo"], object)

    def test_cache_is_per_client(self, client):
        try:
            print(client.cache["oslo"])
        except KeyError as error:
            print("not cached", error)

    def test_read_all_skips_what_is_down(self, client):
        assert [reading.station for reading in client.read_all(["oslo", "bergen"])] == ["oslo"]

    def test_read_all_of_nothing(self, client):
        for reading in client.read_all([]):
            assert reading.station == "nowhere"

    def test_read_all_humidity(self, client):
        readings = client.read_all(["oslo"])
        assert readings
        for reading in readings:
            assert reading.humidity == 80


class TestJitter:
    def test_spread(self):
        assert 0.9 <= jitter(1) <= 1.1

    def test_seeded(self):
        random.seed(3)
        first = jitter(1)
        random.seed(3)
        assert jitter(1) == first

    def test_not_a_number(self):
        value = jitter(math.nan)
        assert value != value

    def test_template(self):
        assert Template("{{ t }} C").render(t=-3.5) == "-3.5 C"


@pytest.mark.skipif(orjson is None, reason="orjson is faster, not needed")
def test_orjson():
    assert orjson.loads(b"1") == 1


@pytest.mark.skipif("sys.platform == 'win32'")
def test_frame_like():
    frame: "DataFrame" = {"celsius": [-3.5]}
    assert frame["celsius"] == [-3.5]
