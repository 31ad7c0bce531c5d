from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from noticeboard.settings import Settings, SettingsError


def test_defaults():
    settings = Settings.from_environment({})
    assert settings == Settings()
    assert settings.database == "sqlite:///data/notices.db"
    assert settings.cache_path == Path("data/cache")


def test_everything_can_be_set():
    settings = Settings.from_environment(
        {
            "DATA_DIR": "/var/lib/noticeboard",
            "POOL_SIZE": " 8 ",
            "CACHE_TTL_S": "0.5",
            "LOG_LEVEL": "debug",
            "DATABASE_URL": "postgresql://db.test/notes",
            "CACHE_DIR": "/var/cache/noticeboard",
            "ROOM_MEMBERS": "",
        }
    )
    assert settings.pool_size == 8
    assert settings.cache_ttl_s == 0.5
    assert settings.log_level == "debug"
    assert settings.database == "postgresql://db.test/notes"
    assert settings.cache_path == Path("/var/cache/noticeboard")
    assert settings.room_members == Settings().room_members
    elsewhere = Settings(data_dir="/d")
    assert (elsewhere.database, str(elsewhere.cache_path)) == ("sqlite:////d/notices.db", "/d/cache")


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("POOL_SIZE", "0", "POOL_SIZE must be a whole number from 1 to 64, not '0'"),
        ("POOL_SIZE", "65", "POOL_SIZE must be a whole number from 1 to 64, not '65'"),
        ("POOL_SIZE", "2.5", "POOL_SIZE must be a whole number from 1 to 64, not '2.5'"),
        ("CACHE_TTL_S", "nan", "CACHE_TTL_S must be a number from 0.01 to 86400.0, not 'nan'"),
        ("CACHE_TTL_S", "soon", "CACHE_TTL_S must be a number from 0.01 to 86400.0, not 'soon'"),
        ("LOG_LEVEL", "loud", "LOG_LEVEL must be one of debug, info, warning, error, not 'loud'"),
        (
            "DATABASE_URL",
            "mysql://db",
            "DATABASE_URL must begin with sqlite:///, postgresql:// or postgres://, not 'mysql://db'",
        ),
    ],
)
def test_what_is_wrong_is_told(variable, value, told):
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({variable: value})
    assert str(caught.value) == told


def test_everything_that_is_wrong_is_told_at_once():
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({"POOL_SIZE": "x", "LOG_LEVEL": "y"})
    assert len(str(caught.value).splitlines()) == 2


def test_defaults_are_within_their_own_limits():
    environment = {
        declared.metadata["variable"]: str(declared.default)
        for declared in dataclasses.fields(Settings)
        if declared.default != ""
    }
    assert Settings.from_environment(environment) == Settings()


def test_every_variable_is_documented():
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    for declared in dataclasses.fields(Settings):
        assert f"`{declared.metadata['variable']}`" in readme
