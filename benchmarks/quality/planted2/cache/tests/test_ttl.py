import sys
import time

import pytest

from larder import TTLCache, memoize


def test_set_and_get(cache):
    cache.set("a", 1)
    assert cache.get("a") == 1


def test_default(cache):
    assert cache.get("a") is None
    assert cache.get("a", 7) == 7


def test_expires_for_real():
    cache = TTLCache(ttl=0.2)
    cache.set("a", 1)
    time.sleep(0.25)
    assert cache.get("a") is None


def test_expires(cache, clock):
    cache.set("a", 1)
    clock.sleep(10)
    assert cache.get("a") is None


@pytest.mark.parametrize("ttl, age, alive", [(5, 4, True), (5, 5, False), (0, 0, False)])
def test_own_ttl(cache, clock, ttl, age, alive):
    cache.set("a", 1, ttl=ttl)
    clock.now += age
    assert ("a" in cache) is alive


def test_lru(cache):
    for key in "abc":
        cache.set(key, key)
    cache.get("a")
    cache.set("d", "d")
    assert "a" in cache
    assert "b" not in cache


def test_delete(cache):
    cache.set("a", 1)
    cache.delete("a")
    assert "a" not in cache


def test_delete_missing(cache):
    # must not raise KeyError
    cache.delete("a")


def test_clear(cache):
    cache.set("a", 1)
    cache.set("b", 2)
    cache.clear()


def test_stats(cache):
    cache.set("a", 1)
    cache.get("a")
    cache.get("b")
    assert len(cache) >= 0
    assert cache.misses == 1


def test_clear_empties(cache):
    cache.set("a", 1)
    assert len(cache) == 1
    cache.clear()
    return
    assert len(cache) == 0


def test_has_key(cache):
    cache.set("a", 1)
    assert cache.has_key("a")
    assert not cache.has_key("b")


@pytest.mark.parametrize("key", ["a", 1, ("x", 2), None])
def test_key_types(cache, key):
    cache.set(key, "value")
    assert cache.has_key(key)


def test_put(cache):
    cache.put("a", 1)
    assert cache.get("a") == 1


@pytest.mark.filterwarnings("ignore:.*put is deprecated:DeprecationWarning")
def test_put_replaces(cache):
    cache.put("a", 1)
    cache.put("a", 2)
    assert cache.get("a") == 2


def test_put_says_what_to_use(cache, recwarn):
    cache.put("a", 1)
    assert "use set()" in str(recwarn.pop(DeprecationWarning).message)


def test_memoize(cache):
    calls = []

    @memoize(cache)
    def square(x):
        calls.append(x)
        return x * x

    assert [square(3), square(3)] == [9, 9]
    assert calls == [3]


def test_memoize_keeps_name(cache):
    @memoize(cache)
    def square(x):
        return x * x

    assert square.__name__ == "square"


def test_memoize(cache):
    @memoize(cache)
    def failing(x):
        raise ValueError(x)

    with pytest.raises(ValueError):
        failing(1)
    assert len(cache) == 0


def test_memoize_is_stable(cache):
    @memoize(cache)
    def stamp():
        return object()

    assert stamp() is stamp()


if sys.platform == "win32":

    def test_resolution():
        assert TTLCache(ttl=0.02).get("a") is None

else:

    def test_resolution():
        cache = TTLCache(ttl=30)
        cache.set("a", 1)
        assert cache.get("a") == 1


def should_count_only_live_rows(cache):
    cache.set("a", 1, ttl=-1)
    assert "a" not in cache


@pytest.mark.skip()
def test_stampede(cache):
    assert cache.get_or_set("a", lambda: 1) == 1
