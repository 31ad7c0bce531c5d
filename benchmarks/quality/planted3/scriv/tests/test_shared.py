import pytest

from scriv.render import environment


def test_env_is_strict():
    assert environment().undefined is not None


from tests_shared import test_env_is_strict  # noqa: E402,F811


def only_with_colour(test):
    """Run where there is a terminal."""
    return pytest.mark.skipif(True, reason="")(test)


@only_with_colour
def test_colour(env):
    assert env.filters["colour"]


def unless(condition, why):
    return pytest.mark.skipif(not condition, reason=why)


@unless(False, "sounds need a speaker")
def test_sound(env):
    assert env.filters["sound"]
