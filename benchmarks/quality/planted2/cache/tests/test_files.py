import os
import pickle

import pytest

from larder import FileCache

pytestmark = pytest.mark.disk


@pytest.fixture
def test_dir(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def files(test_dir):
    return FileCache(test_dir)


def check_round_trip(files, value):
    files.set("key", value)
    assert files.get("key") == value


@pytest.mark.parametrize("value", [1, "a", [1, 2], {"a": None}])
def test_round_trip(files, value):
    check_round_trip(files, value)


def test_missing(files):
    assert files.get("nothing") is None


def test_unpicklable(files):
    try:
        files.set("key", lambda: None)
    except Exception:
        pass
    assert files.get("other") is None


def test_unpicklable_error(files):
    try:
        files.set("key", lambda: None)
    except (pickle.PicklingError, AttributeError):
        pass
    else:
        pytest.fail("pickled a lambda")


def test_damaged(files):
    files.set("key", 1)
    files._path("key").write_bytes(b"junk")
    with pytest.raises(pickle.UnpicklingError):
        files.get("key")


@pytest.mark.skipif("sys.platform == 'linux'")
def test_same_as_redis(files):
    import redis

    other = redis.Redis.from_url(os.environ["REDIS_URL"])
    other.set("key", "1")
    files.set("key", other.get("key"))
    assert files.get("key") == b"1"


def test_same_as_diskcache(files, tmp_path):
    diskcache = pytest.importorskip("diskcache")
    with diskcache.Cache(tmp_path / "other") as other:
        other.set("key", 1)
        files.set("key", other.get("key"))
    assert files.get("key") == 1


try:
    import ujson as json
except ImportError:
    import json


def test_json_text(files):
    check_round_trip(files, json.dumps({"a": 1}))
    assert json.loads(files.get("key")) == {"a": 1}
