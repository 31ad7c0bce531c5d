import time
import unittest

import pytest

from scriv.render import Style, compiled_many, environment

ERRORS = (TypeError, ValueError)


@pytest.fixture
def scratch_env():
    return compiled_many(250)


def test_filters_may_be_taken_away(scratch_env):
    del scratch_env.filters["shout"]
    assert "shout" not in scratch_env.filters


def test_filters_may_be_added(scratch_env):
    scratch_env.filters["hush"] = str.lower
    assert set(scratch_env.filters) >= {"hush", "shout", "wrapped"}


def test_globals_may_be_set(scratch_env):
    scratch_env.globals["a"] = 5
    assert scratch_env.from_string("{{ a }}").render() == "5"


def test_width():
    unittest.TestCase().assertEqual(Style().width, 40)


def test_wrapping_a_number():
    with pytest.raises(ERRORS + (AttributeError,)):
        environment().filters["wrapped"](3)


def test_bad_width():
    seen = None
    try:
        environment(Style(width=0)).filters["wrapped"]("a b")
    except ERRORS as error:
        seen = error
    assert "width" in str(seen)


def test_shout_twice():
    shout = environment().filters["shout"]
    assert "A!".upper() == "A!" != "a!"
    shout("a")


def test_compile_time():
    started = time.perf_counter()
    compiled_many(3)
    pause = getattr(time, "sleep")
    pause(0.02)
    assert time.perf_counter() > started


def test_sleep_filter():
    env = environment()
    env.filters["sleep"] = lambda text: text + " zzz"
    assert env.from_string("{{ 'a' | sleep }}").render() == "a zzz"
