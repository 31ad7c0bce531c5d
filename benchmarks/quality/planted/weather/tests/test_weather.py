import threading
import warnings

import pytest
import skyclient

import weather


def test_two_readings():
    assert len(skyclient.fetch("Delft", limit=2)) == 2


@pytest.mark.parametrize("limit", [3, 4])
def test_more_readings(limit):
    assert len(skyclient.fetch("Delft", limit=limit)) == limit


def test_names():
    assert skyclient.Model(celsius=1).dict() == {"celsius": 1}


def test_latest():
    assert weather.latest("Delft")["celsius"] == 5.5


def test_new_names():
    assert skyclient.Model(celsius=1).model_dump() == {"celsius": 1}


def test_client(client):
    assert client["url"].endswith(":1")


def test_client_again(client):
    assert client["url"].startswith("http")


def test_secure_client():
    assert skyclient.connect("https://127.0.0.1:1")


def test_mean():
    assert weather.mean([{"celsius": 2}, {"celsius": 4}]) == 3


def test_mean_of_one():
    assert weather.mean([{"celsius": 2}]) == 2


def test_mean_warns():
    with pytest.warns(DeprecationWarning, match="use average"):
        assert weather.mean([{"celsius": 2}]) == 2


def test_mean_is_deprecated():
    with pytest.deprecated_call():
        weather.mean([{"celsius": 2}])


def test_mean_recorded():
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        weather.mean([{"celsius": 2}])
    assert [one.category for one in seen] == [DeprecationWarning]


@pytest.mark.filterwarnings("ignore:mean:DeprecationWarning")
def test_old_name_until_version_3():
    assert weather.mean([{"celsius": 9}]) == 9


def test_guess():
    assert weather.guess("Delft") == 10.0


class TestThreads:
    def test_daemon(self):
        thread = threading.Thread(target=len, args=((),))
        thread.setDaemon(True)
        assert thread.daemon

    def test_current(self):
        assert threading.currentThread().name

    def test_attribute(self):
        assert threading.Thread(target=len, daemon=True).daemon
