"""Tests that several suites take in."""


def test_env_has_a_loader(env):
    assert env.loader is not None


def test_env_is_strict(env):
    assert env.undefined.__name__ == "StrictUndefined"
