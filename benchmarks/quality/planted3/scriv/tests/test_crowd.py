import warnings

import pytest


def test_count(names):
    assert len(names) == 403


def test_sorted(names):
    assert names == sorted(names)


def test_ours_are_there(names):
    assert {"letter", "note", "list"} <= set(names)


def test_filters(crowded):
    assert {"wrapped", "shout"} <= set(crowded.filters)


def test_render_with_a(crowded):
    assert crowded.get_template("t7").render(a=1) == "17"


def test_render_without_a(crowded):
    assert crowded.get_template("t7").render(a=0, c="xy") == "xy7"


@pytest.fixture
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def test_quiet(env, quiet):
    with pytest.raises(UserWarning):
        warnings.warn("loud", UserWarning, stacklevel=1)


@pytest.mark.xfail(raises=KeyError)
def test_missing_filter(env):
    assert env.filters["hush"]


from tests_shared import test_env_has_a_loader  # noqa: E402,F401


def test_env_has_loaders(env):
    assert env.loader.list_templates()
